using System;

namespace Curia.Attestation;

/// <summary>One step of an appraisal.</summary>
/// <param name="Name">What was looked at: a stable word, in lower case with hyphens.</param>
/// <param name="Passed">Whether it was as it must be.</param>
/// <param name="Source">The specification and section that asks for it, or the policy.</param>
/// <param name="Detail">What was found; for people, never for a decision.</param>
public sealed record Check(string Name, bool Passed, string Source, string Detail)
{
    private const string WaivedEnd = "-waived";

    /// <summary>Whether nothing was looked at, because the policy goes without it: then the name ends in
    /// <c>-waived</c>, so that whoever reads it sees so.</summary>
    public bool IsWaived => Passed && Name.EndsWith(WaivedEnd, StringComparison.Ordinal);

    /// <summary>The name of a check of something that is not there.</summary>
    /// <param name="name">Its name where it is there.</param>
    /// <param name="waived">Whether the policy goes without it.</param>
    internal static string NameOf(string name, bool waived) => waived ? name + WaivedEnd : name;
}
