using System;
using System.Collections.Generic;

namespace Curia.Attestation;

/// <summary>Evidence of SEV-SNP (RFC 9334 section 8.1), as it was sent.</summary>
public sealed record SnpEvidence
{
    /// <summary>The report: 1184 bytes, or the report of Azure's paravisor that holds it.</summary>
    public required ReadOnlyMemory<byte> Report { get; init; }

    /// <summary>Whether the report is the one of Azure's paravisor (<see cref="HclReport"/>).</summary>
    public bool InHclReport { get; init; }

    /// <summary>The report for who has it apart as well: it must be the one in the paravisor's. Null when there is only
    /// that one.</summary>
    public ReadOnlyMemory<byte>? ReportApart { get; init; }

    /// <summary>Whether the policy of the container could be read as it was sent; one that could not is that of no host
    /// data.</summary>
    public bool ContainerPolicyIsRead { get; init; } = true;

    /// <summary>The policy of a confidential container, whose SHA-256 is the host data; null when there is none. Bytes
    /// as they were hashed, without Base64.</summary>
    public ReadOnlyMemory<byte>? ContainerPolicy { get; init; }
}

/// <summary>What others say of the attester (RFC 9334 section 8.2): certificates, and what was fetched with
/// them.</summary>
public sealed record SnpEndorsements
{
    /// <summary>The certificate of the VCEK or VLEK, DER.</summary>
    public required ReadOnlyMemory<byte> Leaf { get; init; }

    /// <summary>The certificates of AMD's signing key (ASK or ASVK) and of AMD's root key (ARK), DER, in any
    /// order.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> Chain { get; init; }

    /// <summary>The revocation list of the root key, DER; null when nobody has fetched it.</summary>
    public ReadOnlyMemory<byte>? RevocationList { get; init; }

    /// <summary>The endorsement of a measurement (<see cref="Attestation.UvmEndorsement"/>), COSE; null when there is
    /// none.</summary>
    public ReadOnlyMemory<byte>? UvmEndorsement { get; init; }
}
