using System;
using System.Collections.Generic;
using Curia.Attestation;

namespace Curia.Evidence;

/// <summary>Where collateral comes from, and how patiently.</summary>
public sealed record CollateralSettings
{
    /// <summary>The folder in which it is kept, and into which an operator may put files by hand.</summary>
    public required string Folder { get; init; }

    /// <summary>AMD's key distribution service or a cache of it, for example <c>https://kds.example/</c>; null to use
    /// the folder alone.</summary>
    public Uri? AmdKds { get; init; }

    /// <summary>A caching service for Intel's certificates; null to use the folder alone.</summary>
    public Uri? IntelPccs { get; init; }

    /// <summary>The roots that AMD's collateral must chain to, as those of a policy.</summary>
    public IReadOnlyList<SnpRoot> AmdRoots { get; init; } = SnpRoot.Amd;

    /// <summary>The roots that Intel's collateral must chain to, as those of a policy.</summary>
    public IReadOnlyList<IntelRoot> IntelRoots { get; init; } = IntelRoot.Intel;

    /// <summary>How long an answer may take from connecting to its last byte.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long is waited after the first failure; then twice as long each time.</summary>
    public TimeSpan RetryMin { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long is waited at most between two attempts, unless a server asks for more.</summary>
    public TimeSpan RetryMax { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>The longest that a server can ask to be left alone.</summary>
    public TimeSpan RetryAfterMax { get; init; } = TimeSpan.FromHours(1);

    /// <summary>What is held is fetched anew after half of the time that it has left, but not sooner than
    /// this.</summary>
    public TimeSpan RefreshMin { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>And not later than this.</summary>
    public TimeSpan RefreshMax { get; init; } = TimeSpan.FromDays(1);

    /// <summary>The address of a server; null when none is set.</summary>
    public Uri? AddressOf(CollateralSource source) => source switch
    {
        CollateralSource.AmdKds => AmdKds,
        _ => IntelPccs,
    };
}
