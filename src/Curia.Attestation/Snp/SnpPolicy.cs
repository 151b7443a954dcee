using System;
using System.Collections.Generic;

namespace Curia.Attestation;

/// <summary>What evidence of SEV-SNP must be like beside being genuine (RFC 9334 section 8.5). All of it is data;
/// what is not said is strict.</summary>
/// <remarks>A guest that may be debugged is refused by every policy.</remarks>
public sealed record SnpPolicy
{
    /// <summary>The policy to start from when nodes are admitted: whatever can be refused is refused.</summary>
    public static SnpPolicy Strict { get; } = new();

    /// <summary>For who holds a report and its certificates and nothing else: a revocation list need not be there,
    /// and a VLEK may be of any provider. The rest is strict.</summary>
    public static SnpPolicy Standalone { get; } =
        new() { RevocationListRequired = false, Providers = null };

    /// <summary>The roots that endorsements may chain to.</summary>
    public IReadOnlyList<SnpRoot> Roots { get; init; } = SnpRoot.Amd;

    /// <summary>Whether evidence without a revocation list is refused. A list that is there is always held
    /// to.</summary>
    public bool RevocationListRequired { get; init; } = true;

    /// <summary>When the oldest revocation list was made that is taken: who sends it may choose among those that are
    /// still valid, and one holds for months. Null takes each of them.</summary>
    public DateTimeOffset? RevocationListsSince { get; init; }

    /// <summary>The providers whose VLEK is taken, by the cspID of the certificate; null takes all. A VLEK is in the
    /// hands of the provider, so this says whom one believes besides AMD.</summary>
    public IReadOnlyList<string>? Providers { get; init; } = [];

    /// <summary>The generations of processors that are taken; null takes all that <see cref="MinimumTcb"/>
    /// takes.</summary>
    public IReadOnlyList<SnpProcessor>? Processors { get; init; }

    /// <summary>The oldest security versions, for each generation. With none listed there is no minimum; as soon as one
    /// is, a generation that is not listed is refused: nobody has said what is old there.</summary>
    public IReadOnlyDictionary<SnpProcessor, SnpTcb> MinimumTcb { get; init; } =
        new Dictionary<SnpProcessor, SnpTcb>();

    /// <summary>The oldest firmware; null takes every one.</summary>
    public SnpFirmware? MinimumFirmware { get; init; }

    /// <summary>The oldest security version of the guest.</summary>
    public uint MinimumGuestSvn { get; init; }

    /// <summary>The oldest security version of a utility machine whose endorsement is taken, whoever endorses it
    /// (<see cref="UvmEndorser.MinimumSvn"/>): endorsements have no end.</summary>
    public ulong MinimumUvmSvn { get; init; }

    /// <summary>SHA-384 of the keys that may have signed the guest's identity; null takes all, and guests without
    /// one.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>>? IdKeyDigests { get; init; }

    /// <summary>SHA-384 of the keys that may have certified that key; null takes all, and guests without
    /// one.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>>? AuthorKeyDigests { get; init; }

    /// <summary>The privilege levels that may have asked for the report: 0, or those under a paravisor.</summary>
    public IReadOnlyList<uint> Vmpls { get; init; } = [0];

    /// <summary>Whether a host may mask the name of its processor in a report that a VCEK signed.</summary>
    public bool MaskedChipIdAllowed { get; init; }

    /// <summary>Whether a migration agent may be allowed to move the guest, and so to read it.</summary>
    public bool MigrationAgentAllowed { get; init; }

    /// <summary>Bits that the guest's policy must have.</summary>
    public SnpGuestPolicy RequiredGuestPolicy { get; init; }

    /// <summary>Bits that the guest's policy must not have, besides those that are never taken.</summary>
    public SnpGuestPolicy ForbiddenGuestPolicy { get; init; } = SnpGuestPolicy.CxlAllowed;

    /// <summary>Bits that the host must report.</summary>
    public SnpPlatformInfo RequiredPlatformInfo { get; init; }

    /// <summary>Bits that the host must not report.</summary>
    public SnpPlatformInfo ForbiddenPlatformInfo { get; init; }

    /// <summary>Mitigations that must be on at launch and now. A report before version 5 has none.</summary>
    public ulong RequiredMitigations { get; init; }
}
