using System;
using Curia.Node;

namespace Curia.Simulation;

/// <summary>What is under test: the real node on a sound disk, or a mutant of either.</summary>
internal sealed record Subject
{
    public static Subject Real { get; } = new();

    public Func<NodeSetup, NodeUnderTest> Node { get; init; } = setup => new RealNode(setup);

    public Func<int, long, Situations, VirtualDisk> Disk { get; init; } =
        (chunkBytes, capacityBytes, situations) => new VirtualDisk(chunkBytes, capacityBytes, situations);
}
