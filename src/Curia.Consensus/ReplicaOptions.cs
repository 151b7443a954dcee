namespace Curia.Consensus;

/// <summary>The settings of a replica that no promise to others rests on.</summary>
public sealed record ReplicaOptions
{
    /// <summary>Ticks without a primary until a backup asks for votes; drawn from this number up to twice of
    /// it.</summary>
    /// <remarks>Raft paper, section 5.2: the spread keeps two backups from asking at the same time for ever.</remarks>
    public int ElectionTimeoutTicks { get; init; } = 10;

    /// <summary>The most blocks that may be proposed and not yet committed; beyond it the primary takes no
    /// more.</summary>
    /// <remarks>Back-pressure: what is uncommitted is held in memory and may have to be rolled back. 64 blocks keep a
    /// disk and a network busy; more would only add latency.</remarks>
    public int UncommittedBlocksMax { get; init; } = 64;

    /// <summary>Where the spread of the election timeout comes from, so that a run repeats; differs between
    /// nodes.</summary>
    public ulong Seed { get; init; }
}
