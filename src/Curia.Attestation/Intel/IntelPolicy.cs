using System;
using System.Collections.Generic;

namespace Curia.Attestation;

/// <summary>The parts of what Intel's service gives out.</summary>
[Flags]
public enum IntelCollateral
{
    /// <summary>No part.</summary>
    None = 0,

    /// <summary>The revocation list of the root.</summary>
    RootRevocationList = 1,

    /// <summary>The revocation list of the authority of PCK certificates.</summary>
    PckRevocationList = 2,

    /// <summary>The identity of the quoting enclave.</summary>
    QeIdentity = 4,

    /// <summary>The security versions of the platform.</summary>
    TcbInfo = 8,

    /// <summary>All of them.</summary>
    All = RootRevocationList | PckRevocationList | QeIdentity | TcbInfo,
}

/// <summary>What evidence of TDX and SGX must be like beside being genuine (RFC 9334 section 8.5). All of it is data;
/// what is not said is strict.</summary>
/// <remarks>What may be debugged is refused by every policy.</remarks>
public abstract record IntelPolicy
{
    private protected IntelPolicy()
    {
    }

    /// <summary>The roots that certificates and collateral may chain to.</summary>
    public IReadOnlyList<IntelRoot> Roots { get; init; } = IntelRoot.Intel;

    /// <summary>The collateral without which evidence is refused. What is there is always held to.</summary>
    public IntelCollateral RequiredCollateral { get; init; } = IntelCollateral.All;

    /// <summary>The statuses that are taken.</summary>
    public IReadOnlyList<TcbStatus> AcceptedTcbStatuses { get; init; } =
        [TcbStatus.UpToDate, TcbStatus.SwHardeningNeeded];

    /// <summary>The oldest evaluation by Intel whose statuses are taken: who sends collateral may choose among those
    /// that are still valid.</summary>
    public int MinimumTcbEvaluationNumber { get; init; }

    /// <summary>When the oldest revocation lists were made that are taken, for the same reason; null takes each that is
    /// valid.</summary>
    public DateTimeOffset? RevocationListsSince { get; init; }
}

/// <summary>What evidence of TDX must be like beside being genuine (RFC 9334 section 8.5).</summary>
public sealed record TdxPolicy : IntelPolicy
{
    /// <summary>The policy to start from when nodes are admitted: whatever can be refused is refused.</summary>
    public static TdxPolicy Strict { get; } = new();

    /// <summary>For who holds a quote and nothing else: no collateral need be there. The rest is strict.</summary>
    public static TdxPolicy Standalone { get; } = new() { RequiredCollateral = IntelCollateral.None };

    /// <summary>Attributes that a domain may have. Those of the group that puts it under debugging are never
    /// taken.</summary>
    /// <remarks>Not among them, because hosts or others gain by them: migration by a service domain, performance
    /// counters, and what no evidence that we know has.</remarks>
    public TdxAttributes AllowedAttributes { get; init; } = TdxAttributes.SeptVeDisabled | TdxAttributes.Lass
        | TdxAttributes.ProtectionKeys | TdxAttributes.KeyLocker;

    /// <summary>Attributes that a domain must have.</summary>
    public TdxAttributes RequiredAttributes { get; init; }

    /// <summary>Features of the processor that a domain must have, by their bits in XFAM.</summary>
    public ulong RequiredXfam { get; init; }

    /// <summary>Features of the processor that a domain must not have, by their bits in XFAM.</summary>
    public ulong ForbiddenXfam { get; init; }

    /// <summary>The TDX modules that are taken, by MRSEAM; null takes every one that Intel signed.</summary>
    public IReadOnlyList<Measurement>? Modules { get; init; }

    /// <summary>Whether a domain may be bound to service domains, which may read it; TDX 1.5 tells.</summary>
    public bool ServiceDomainsAllowed { get; init; }
}

/// <summary>What evidence of SGX must be like beside being genuine (RFC 9334 section 8.5).</summary>
public sealed record SgxPolicy : IntelPolicy
{
    /// <summary>The policy to start from when nodes are admitted: whatever can be refused is refused.</summary>
    public static SgxPolicy Strict { get; } = new();

    /// <summary>For who holds a quote and nothing else: no collateral need be there. The rest is strict.</summary>
    public static SgxPolicy Standalone { get; } = new() { RequiredCollateral = IntelCollateral.None };

    /// <summary>Flags that an enclave may have. Keys of the platform are for enclaves of Intel.</summary>
    public SgxAttributes AllowedAttributes { get; init; } = SgxAttributes.Initialised | SgxAttributes.Mode64
        | SgxAttributes.ControlFlow | SgxAttributes.KeySeparation | SgxAttributes.ExitNotification;

    /// <summary>Flags that an enclave must have.</summary>
    public SgxAttributes RequiredAttributes { get; init; } = SgxAttributes.Initialised;

    /// <summary>SHA-256 of the keys that may have signed the enclave (MRSIGNER); null takes all.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>>? Signers { get; init; }

    /// <summary>The number of the product (ISVPRODID), which means something under one signer; null takes
    /// all.</summary>
    public ushort? ProductId { get; init; }

    /// <summary>The oldest security version of the enclave (ISVSVN).</summary>
    public ushort MinimumSecurityVersion { get; init; }
}
