using System;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>Evidence of nodes: what it must bind, and how it is appraised (docs/attestation.md, "Evidence of
/// nodes").</summary>
public static class NodeAttestation
{
    private const int ReportDataSize = 64;

    /// <summary>What the evidence of a node binds: SHA-256 of its public key, which is its id, and beside it what it
    /// is for: the charter that a founder goes by (DESIGN 1), or network and governance of a node that joins; 32 zeros
    /// where there is no charter.</summary>
    public static byte[] ReportDataOf(NodeId node, Digest? bound = null)
    {
        byte[] data = new byte[ReportDataSize];
        node.Value.CopyTo(data);
        bound?.CopyTo(data.AsSpan(Digest.Size));
        return data;
    }

    /// <summary>Whether accepted claims are about the key of a node, whatever else they bind.</summary>
    public static bool Binds(AttestationClaims claims, NodeId node)
    {
        ArgumentNullException.ThrowIfNull(claims);
        return claims.ReportData.Length == ReportDataSize
            && claims.ReportData.Span[..Digest.Size].SequenceEqual(node.Value.ToArray());
    }

    /// <summary>Appraises the evidence of a node by the strictest policy: genuine, and bound to its key.</summary>
    /// <param name="evidence">What it gave out.</param>
    /// <param name="node">Whose it must be.</param>
    /// <param name="at">The time.</param>
    /// <param name="cache">What has been verified before; null verifies all.</param>
    public static AttestationResult Appraise(
        AttesterEvidence evidence, NodeId node, DateTimeOffset at, EndorsementCache? cache = null) =>
        EvidenceAppraiser.Appraise(
            evidence, new ReferenceValues { ReportData = ReportDataOf(node) }, AppraisalPolicy.Strict, at, cache);

    /// <summary>The name of the platform that accepted claims are of, as the nodes map has it: what a virtual platform
    /// plays is a name of its own.</summary>
    public static string PlatformOf(AttestationClaims claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        return claims.Platform == AttestationPlatform.Virtual
            ? claims.Processor
            : AttesterEvidence.NameOf(claims.Platform);
    }
}
