using System;
using Curia.Node;

namespace Curia.Simulation;

/// <summary>What is under test: the real node on a sound disk in a sound shell, or a mutant of one of them.</summary>
internal sealed record Subject
{
    public static Subject Real { get; } = new();

    public Func<NodeSetup, LedgerReplay?, NodeUnderTest> Node { get; init; } =
        (setup, replay) => new RealNode(setup, replay);

    public Func<Situations, VirtualDisk> Disk { get; init; } = situations => new VirtualDisk(situations);

    public ShellHabits Shell { get; init; } = new();
}

/// <summary>What a shell must do so that nothing is lost; a mutant drops one of them.</summary>
internal sealed record ShellHabits
{
    /// <summary>Sealed secrets are durable before the first block of their epoch is.</summary>
    public bool SealsFirst { get; init; } = true;

    /// <summary>What an earlier process left in open chunks is written anew, not only synced.</summary>
    public bool WritesAnew { get; init; } = true;

    /// <summary>A write that did not finish is cut off.</summary>
    public bool CutsTail { get; init; } = true;

    /// <summary>More is cut off than that.</summary>
    public bool CutsTooMuch { get; init; }

    /// <summary>The secrets of an epoch that did not come to be stay until its block is gone for good.</summary>
    public bool KeepsSecretsOfBlocks { get; init; } = true;

    /// <summary>The secrets of the epoch before stay until the new one is durable.</summary>
    public bool KeepsOlderSecrets { get; init; } = true;
}
