using System;

namespace Curia.Attestation;

/// <summary>What evidence of any platform must be like: a policy for each.</summary>
public sealed record AppraisalPolicy
{
    /// <summary>Whatever can be refused is refused.</summary>
    public static AppraisalPolicy Strict { get; } = new();

    /// <summary>For SEV-SNP.</summary>
    public SnpPolicy Snp { get; init; } = SnpPolicy.Strict;

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
    /// <returns>The verdict, with the checks in their order.</returns>
    public static AttestationResult Appraise(
        AttesterEvidence evidence, ReferenceValues reference, AppraisalPolicy policy, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(policy);
        Appraisal checks = new();
        if (!checks.Require("evidence-files", Files, evidence.IsBounded, "evidence-files-out-of-bounds"))
            return checks.Conclude(finished: false, null);
        switch (AttesterEvidence.Platforms[evidence.Platform])
        {
            case AttestationPlatform.Virtual:
                return evidence.Find(AttesterEvidence.VirtualFile) is { } bytes
                    ? VirtualVerifier.Appraise(bytes, reference, policy.Virtual)
                    : Missing(AttesterEvidence.VirtualFile);
            default:
                return Missing("report");
        }

        AttestationResult Missing(string file)
        {
            checks.Require("evidence-files", Files, false, "evidence-file-missing", file);
            return checks.Conclude(finished: false, null);
        }
    }
}
