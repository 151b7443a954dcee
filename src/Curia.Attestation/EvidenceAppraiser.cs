using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Attestation;

/// <summary>What evidence of any platform must be like: a policy for each.</summary>
public sealed record AppraisalPolicy
{
    /// <summary>Whatever can be refused is refused.</summary>
    public static AppraisalPolicy Strict { get; } = new();

    /// <summary>For SEV-SNP.</summary>
    public SnpPolicy Snp { get; init; } = SnpPolicy.Strict;

    /// <summary>For TDX.</summary>
    public TdxPolicy Tdx { get; init; } = TdxPolicy.Strict;

    /// <summary>For SGX.</summary>
    public SgxPolicy Sgx { get; init; } = SgxPolicy.Strict;

    /// <summary>For the virtual platform.</summary>
    public VirtualPolicy Virtual { get; init; } = VirtualPolicy.Strict;
}

/// <summary>Appraises evidence of any platform: finds the verifier. A function of what it is given.</summary>
public static class EvidenceAppraiser
{
    private const string Files = "docs/attestation.md, \"Files\"";

    /// <summary>Appraises evidence; nothing throws, whatever the bytes are.</summary>
    /// <param name="evidence">What the attester gave out.</param>
    /// <param name="reference">What the claims are compared with.</param>
    /// <param name="policy">What is taken.</param>
    /// <param name="at">The moment at which certificates, lists and collateral must be valid.</param>
    /// <param name="cache">What has been verified before; null verifies all.</param>
    /// <returns>The verdict, with the checks in their order.</returns>
    public static AttestationResult Appraise(
        AttesterEvidence evidence, ReferenceValues reference, AppraisalPolicy policy, DateTimeOffset at,
        EndorsementCache? cache = null)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(policy);
        Appraisal checks = new();
        if (!checks.Require("evidence-files", Files, evidence.IsBounded, "evidence-files-out-of-bounds"))
            return checks.Conclude(finished: false, null);
        AttestationPlatform platform = AttesterEvidence.Platforms[evidence.Platform];
        IReadOnlyList<string> known = EvidenceBundle.FilesOf(platform);
        string[] missing = [.. EvidenceBundle.RequiredFilesOf(platform).Where(file => !IsThere(evidence, file))];
        string? unknown = evidence.Files.Keys.Order(StringComparer.Ordinal).FirstOrDefault(
            file => !known.Contains(file, StringComparer.Ordinal));
        bool complete = (reference.Platforms is not { } platforms || checks.Require("platform", SnpSource.Reference,
                platforms.Contains(platform), "platform-not-expected", evidence.Platform))
            && checks.Require("evidence-files-there", Files, missing.Length == 0, "evidence-file-missing",
                string.Join(", ", missing))
            && checks.Require("evidence-files-known", Files, unknown is null, "evidence-file-unknown");
        if (!complete) return checks.Conclude(finished: false, null);
        EvidenceBundle files = new(evidence.Find);
        switch (platform)
        {
            case AttestationPlatform.Snp:
                files.TryGetSnp(out SnpEvidence? snp, out SnpEndorsements? amd, out _);
                return SnpVerifier.Appraise(snp!, amd!, reference, policy.Snp, at, cache);
            case AttestationPlatform.Tdx:
                files.TryGetTdx(out TdxEvidence? tdx, out IntelEndorsements? intel, out _);
                return TdxVerifier.Appraise(tdx!, intel!, reference, policy.Tdx, at, cache);
            case AttestationPlatform.Sgx:
                files.TryGetSgx(out SgxEvidence? sgx, out intel, out _);
                return SgxVerifier.Appraise(sgx!, intel!, reference, policy.Sgx, at, cache);
            default:
                return VirtualVerifier.Appraise(
                    evidence.Find(AttesterEvidence.VirtualFile)!.Value, reference, policy.Virtual);
        }
    }

    // The report may be in that of a paravisor.
    private static bool IsThere(AttesterEvidence evidence, string file) => evidence.Files.ContainsKey(file)
        || (file == EvidenceBundle.SnpReportFile && evidence.Files.ContainsKey(EvidenceBundle.HclReportFile));
}
