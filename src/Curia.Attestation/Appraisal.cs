using System.Collections.Generic;

namespace Curia.Attestation;

/// <summary>The checks of one appraisal, in order. The first that fails is the last one: whatever comes after it would
/// be said about bytes that nobody vouches for.</summary>
internal sealed class Appraisal
{
    private readonly List<Check> checks = [];

    /// <summary>The name of the refusal, or nothing so far.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>How many checks there are so far.</summary>
    public int Count => checks.Count;

    /// <summary>Records a check.</summary>
    /// <returns>Whether the appraisal goes on.</returns>
    public bool Require(string name, string source, bool holds, string reason, string detail = "")
    {
        if (Reason.Length > 0) return false;
        checks.Add(new Check(name, holds, source, detail));
        if (!holds) Reason = reason;
        return holds;
    }

    /// <summary>The checks from a place on, to be repeated for the same bytes.</summary>
    public IReadOnlyList<Check> Since(int count) => [.. checks[count..]];

    /// <summary>Takes over checks that the same bytes have passed before.</summary>
    public void Repeat(IReadOnlyList<Check> passed) => checks.AddRange(passed);

    /// <summary>What came out: accepted when nothing failed and the appraisal says that it reached its end.</summary>
    public AttestationResult Conclude(bool finished, AttestationClaims? claims)
    {
        bool accepted = finished && Reason.Length == 0 && claims is not null;
        return new AttestationResult
        {
            Verdict = accepted ? AttestationVerdict.Accepted : AttestationVerdict.Rejected,
            Reason = Reason,
            Claims = accepted ? claims : null,
            ClaimsAsSent = claims,
            Checks = checks,
        };
    }
}
