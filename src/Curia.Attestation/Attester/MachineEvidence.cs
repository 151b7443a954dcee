using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;

namespace Curia.Attestation;

/// <summary>What an attester gives out: evidence, and the endorsements that its machine had beside it (RFC 9334 section
/// 8). Nobody has appraised any of it.</summary>
/// <remarks>One type for all platforms; <see cref="ToFiles"/> is what travels.</remarks>
public sealed record MachineEvidence
{
    /// <summary>The largest report or quote in bytes. An SNP report has 1184, a quote some 8,000.</summary>
    public const int ReportSizeMax = 64 * 1024;

    /// <summary>The largest policy of a container in bytes, so that evidence with it is one that travels
    /// (<see cref="AttesterEvidence.SizeMax"/>). Real ones have up to some 100,000.</summary>
    public const int PolicySizeMax = 256 * 1024;

    /// <summary>The platform that the evidence is from.</summary>
    public required AttestationPlatform Platform { get; init; }

    /// <summary>The report or quote of the hardware.</summary>
    public required ReadOnlyMemory<byte> Report { get; init; }

    /// <summary>The certificates that the machine had, DER, that of the key which signed the report first; empty when
    /// it had none.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; init; } = [];

    /// <summary>The revocation list that the machine had, DER; null when it had none.</summary>
    public ReadOnlyMemory<byte>? RevocationList { get; init; }

    /// <summary>The endorsement of the measurement (<see cref="Attestation.UvmEndorsement"/>); null when there is
    /// none.</summary>
    public ReadOnlyMemory<byte>? UvmEndorsement { get; init; }

    /// <summary>The policy of a confidential container, as it was hashed; null when there is none.</summary>
    public ReadOnlyMemory<byte>? ContainerPolicy { get; init; }

    /// <summary>The evidence as <see cref="SnpVerifier"/> takes it.</summary>
    /// <exception cref="InvalidOperationException">It is of another platform.</exception>
    public SnpEvidence ToSnpEvidence() => Platform == AttestationPlatform.Snp
        ? new SnpEvidence { Report = Report, ContainerPolicy = ContainerPolicy }
        : throw new InvalidOperationException($"The evidence is of {Platform}.");

    /// <summary>The endorsements as <see cref="SnpVerifier"/> takes them; null when the machine had no
    /// certificate.</summary>
    /// <exception cref="InvalidOperationException">The evidence is of another platform.</exception>
    public SnpEndorsements? ToSnpEndorsements()
    {
        if (Platform != AttestationPlatform.Snp)
            throw new InvalidOperationException($"The evidence is of {Platform}.");
        if (Certificates.Count == 0) return null;
        List<ReadOnlyMemory<byte>> chain = [.. Certificates];
        chain.RemoveAt(0);
        return new SnpEndorsements
        {
            Leaf = Certificates[0],
            Chain = chain,
            RevocationList = RevocationList,
            UvmEndorsement = UvmEndorsement,
        };
    }

    /// <summary>The same as named files (docs/attestation.md, "Files"): how evidence travels.</summary>
    public AttesterEvidence ToFiles()
    {
        Dictionary<string, byte[]> files = new(StringComparer.Ordinal);
        if (Platform != AttestationPlatform.Snp)
        {
            files[EvidenceBundle.QuoteFile] = Report.ToArray();
            return new AttesterEvidence(AttesterEvidence.NameOf(Platform), files);
        }

        files[EvidenceBundle.SnpReportFile] = Report.ToArray();
        if (Certificates.Count > 0) files[EvidenceBundle.SnpLeafFile] = Certificates[0].ToArray();
        if (Certificates.Count > 1)
        {
            files[EvidenceBundle.SnpChainFile] = Encoding.ASCII.GetBytes(string.Concat(
                Certificates.Skip(1).Select(der => PemEncoding.WriteString("CERTIFICATE", der.Span) + "\n")));
        }

        if (RevocationList is { } list) files[EvidenceBundle.SnpRevocationListFile] = list.ToArray();
        if (UvmEndorsement is { } endorsement) files[EvidenceBundle.UvmEndorsementFile] = endorsement.ToArray();
        if (ContainerPolicy is { } policy)
            files[EvidenceBundle.ContainerPolicyFile] = Encoding.ASCII.GetBytes(Convert.ToBase64String(policy.Span));
        return new AttesterEvidence(AttesterEvidence.NameOf(Platform), files);
    }
}
