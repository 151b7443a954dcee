using System;

namespace Curia.Attestation;

/// <summary>Evidence of TDX (RFC 9334 section 8.1), as it was sent.</summary>
public sealed record TdxEvidence
{
    /// <summary>The quote, of version 4 or 5.</summary>
    public required ReadOnlyMemory<byte> Quote { get; init; }

    /// <summary>The report of Azure's paravisor (<see cref="Attestation.HclReport"/>), whose runtime data the quote
    /// binds; null when there is none.</summary>
    public ReadOnlyMemory<byte>? HclReport { get; init; }
}

/// <summary>Evidence of SGX (RFC 9334 section 8.1), as it was sent.</summary>
public sealed record SgxEvidence
{
    /// <summary>The quote, of version 3.</summary>
    public required ReadOnlyMemory<byte> Quote { get; init; }
}

/// <summary>What Intel says of the attester (RFC 9334 section 8.2), as its Provisioning Certification Service gives it
/// out. The certificate of the processor's key is in the quote.</summary>
public sealed record IntelEndorsements
{
    /// <summary>The largest document that Intel signs, in bytes. Real ones have under 20,000.</summary>
    public const int DocumentSizeMax = 128 * 1024;

    /// <summary>Nothing but what is in the quote.</summary>
    public static IntelEndorsements None { get; } = new();

    /// <summary>The chain of the PCK certificate in PEM, for who has it apart as well: it must be the one in the
    /// quote. Null when there is only that one.</summary>
    public ReadOnlyMemory<byte>? PckChain { get; init; }

    /// <summary>The revocation list of the root, DER; null when nobody has fetched it.</summary>
    public ReadOnlyMemory<byte>? RootRevocationList { get; init; }

    /// <summary>The revocation list of the authority that issued the PCK certificate, DER; null when nobody has
    /// fetched it.</summary>
    public ReadOnlyMemory<byte>? PckRevocationList { get; init; }

    /// <summary>The identity of the quoting enclave with its signature, JSON; null when nobody has fetched
    /// it.</summary>
    public ReadOnlyMemory<byte>? QeIdentity { get; init; }

    /// <summary>The security versions of the platform with their signature, JSON; null when nobody has
    /// fetched them.</summary>
    public ReadOnlyMemory<byte>? TcbInfo { get; init; }

    /// <summary>The certificates of the key that signs both, and of the root, PEM; null when nobody has fetched
    /// them.</summary>
    public ReadOnlyMemory<byte>? TcbSigningChain { get; init; }
}
