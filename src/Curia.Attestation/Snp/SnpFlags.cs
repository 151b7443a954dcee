using System;

namespace Curia.Attestation;

/// <summary>The bits of the policy that a guest was launched under (AMD 56860 section 4.3).</summary>
[Flags]
public enum SnpGuestPolicy : ulong
{
    /// <summary>No bit.</summary>
    None = 0,

    /// <summary>Two threads may share a core.</summary>
    SmtAllowed = 1ul << 16,

    /// <summary>Reserved, always one.</summary>
    ReservedOne = 1ul << 17,

    /// <summary>A migration agent may move the guest, and so read it.</summary>
    MigrationAgentAllowed = 1ul << 18,

    /// <summary>The host may read and write the guest's memory for debugging.</summary>
    DebugAllowed = 1ul << 19,

    /// <summary>The guest runs on one socket only.</summary>
    SingleSocket = 1ul << 20,

    /// <summary>Memory may be attached by CXL.</summary>
    CxlAllowed = 1ul << 21,

    /// <summary>Memory is encrypted with AES-256 in XTS mode.</summary>
    MemoryAes256Xts = 1ul << 22,

    /// <summary>The power meter is off.</summary>
    RaplDisabled = 1ul << 23,

    /// <summary>The host does not see the ciphertext of memory.</summary>
    CiphertextHiding = 1ul << 24,

    /// <summary>The host cannot swap pages out.</summary>
    PageSwapDisabled = 1ul << 25,
}

/// <summary>What a report says of its host (AMD 56860 section 7.3, PLATFORM_INFO). Newer firmware sets bits that have
/// no name here.</summary>
[Flags]
public enum SnpPlatformInfo : ulong
{
    /// <summary>No bit.</summary>
    None = 0,

    /// <summary>Two threads share a core.</summary>
    Smt = 1ul << 0,

    /// <summary>All memory is encrypted.</summary>
    TransparentMemoryEncryption = 1ul << 1,

    /// <summary>Memory corrects errors.</summary>
    Ecc = 1ul << 2,

    /// <summary>The power meter is off.</summary>
    RaplDisabled = 1ul << 3,

    /// <summary>The host does not see the ciphertext of memory.</summary>
    CiphertextHiding = 1ul << 4,

    /// <summary>Firmware has checked that memory modules do not lie about their size.</summary>
    AliasCheckComplete = 1ul << 5,

    /// <summary>Trusted devices are possible.</summary>
    TrustedIo = 1ul << 7,
}

/// <summary>The key that signed a report (AMD 56860 section 7.3, SIGNING_KEY).</summary>
public enum SnpKeyKind
{
    /// <summary>Versioned Chip Endorsement Key: of one processor, endorsed by AMD.</summary>
    Vcek = 0,

    /// <summary>Versioned Loaded Endorsement Key: of a cloud provider, who loads it into his processors.</summary>
    Vlek = 1,
}

/// <summary>A version of SNP firmware.</summary>
/// <param name="Major">Major version of the ABI.</param>
/// <param name="Minor">Minor version of the ABI.</param>
/// <param name="Build">Build.</param>
public readonly record struct SnpFirmware(byte Major, byte Minor, byte Build)
{
    /// <summary>Whether it is the other one or newer.</summary>
    public bool IsAtLeast(SnpFirmware other) =>
        (Major, Minor, Build).CompareTo((other.Major, other.Minor, other.Build)) >= 0;

    /// <inheritdoc/>
    public override string ToString() => $"{Major}.{Minor}.{Build}";
}
