using System;
using System.Collections.Generic;

namespace Curia.Attestation;

/// <summary>What an appraisal comes to.</summary>
public enum AttestationVerdict
{
    /// <summary>Some check failed.</summary>
    Rejected,

    /// <summary>Every check passed.</summary>
    Accepted,
}

/// <summary>The kind of trusted execution environment that evidence is from.</summary>
public enum AttestationPlatform
{
    /// <summary>A simulated platform for development, which proves nothing.</summary>
    Virtual,

    /// <summary>AMD SEV-SNP.</summary>
    Snp,

    /// <summary>Intel TDX.</summary>
    Tdx,

    /// <summary>Intel SGX.</summary>
    Sgx,
}

/// <summary>The security version of one part of the trusted computing base.</summary>
/// <param name="Name">The part, for example <c>microcode</c>.</param>
/// <param name="Level">Its security version; higher is newer.</param>
public readonly record struct TcbComponent(string Name, int Level);

/// <summary>What evidence says of its attester (RFC 9334 section 4.2, "Claims").</summary>
public sealed record AttestationClaims
{
    /// <summary>The kind of environment.</summary>
    public required AttestationPlatform Platform { get; init; }

    /// <summary>The generation of processors, for example <c>Milan</c>; of Intel's the FMSPC in hexadecimal digits, by
    /// which collateral is given out. Empty when the evidence does not say.</summary>
    public required string Processor { get; init; }

    /// <summary>The digest of the launched code.</summary>
    public required Measurement Measurement { get; init; }

    /// <summary>What the attester put in: 64 bytes.</summary>
    public required ReadOnlyMemory<byte> ReportData { get; init; }

    /// <summary>What the host put in at launch. SEV-SNP: 32 bytes; TDX: MRCONFIGID, MROWNER and MROWNERCONFIG, 144;
    /// SGX: CONFIGID, 64.</summary>
    public required ReadOnlyMemory<byte> HostData { get; init; }

    /// <summary>The security versions for which the processor's key stands, in the order of the vendor.</summary>
    public required IReadOnlyList<TcbComponent> Tcb { get; init; }

    /// <summary>The name of the one processor, as the vendor gives it out; empty when the host masks it.</summary>
    public required ReadOnlyMemory<byte> Chip { get; init; }

    /// <summary>What the vendor says of the TCB; null when nobody was asked, and for SEV-SNP, whose vendor says
    /// nothing.</summary>
    public TcbStatus? TcbStatus { get; init; }

    /// <summary>The vendor's advisories that apply at this TCB.</summary>
    public IReadOnlyList<string> Advisories { get; init; } = [];

    /// <summary>What the attester has measured since its launch, register by register; TDX has four.</summary>
    public IReadOnlyList<Measurement> RuntimeMeasurements { get; init; } = [];

    /// <summary>The rest of what a trust domain of TDX says; null for others.</summary>
    public TdxReport? Tdx { get; init; }

    /// <summary>The rest of what an enclave of SGX says; null for others.</summary>
    public SgxReport? Sgx { get; init; }
}

/// <summary>The result of an appraisal (RFC 9334 section 8.4, "Attestation Results").</summary>
public sealed record AttestationResult
{
    /// <summary>The verdict.</summary>
    public required AttestationVerdict Verdict { get; init; }

    /// <summary>A stable name for why evidence was refused; empty when it was accepted.</summary>
    public required string Reason { get; init; }

    /// <summary>The claims to go by: null unless the evidence was accepted.</summary>
    public required AttestationClaims? Claims { get; init; }

    /// <summary>The claims as they were sent, also when nobody vouches for them: to be shown, never to be believed.
    /// Null when they could not be read.</summary>
    public required AttestationClaims? ClaimsAsSent { get; init; }

    /// <summary>The checks in the order in which they were made, up to the first that failed.</summary>
    public required IReadOnlyList<Check> Checks { get; init; }
}
