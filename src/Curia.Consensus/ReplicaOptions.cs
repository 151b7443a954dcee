using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>The settings of a replica that no promise to others rests on.</summary>
public sealed record ReplicaOptions
{
    /// <summary>Ticks without a primary until a backup asks for votes; drawn from this number up to twice of
    /// it, or as <see cref="ElectionSpreadTicks"/> says.</summary>
    /// <remarks>Raft paper, section 5.2: the spread keeps two backups from asking at the same time for ever. A primary
    /// that does not hear a quorum for so long steps down, and a backup that heard a primary within it grants no
    /// pre-vote.</remarks>
    public int ElectionTimeoutTicks { get; init; } = 10;

    /// <summary>By how many ticks timeouts differ: each is longer than <see cref="ElectionTimeoutTicks"/> by a number
    /// drawn from 0 up to this one, which it never reaches. Null for as many ticks as the timeout has.</summary>
    /// <remarks>1 takes chance out, for a test that says itself who stands when.</remarks>
    public int? ElectionSpreadTicks { get; init; }

    /// <summary>Ticks between two messages to a node while there is nothing to tell it.</summary>
    public int HeartbeatTicks { get; init; } = 1;

    /// <summary>The most blocks that may be proposed and not yet committed; beyond it the primary takes no
    /// more.</summary>
    /// <remarks>Back-pressure: what is uncommitted is held in memory and may have to be rolled back. 64 blocks keep a
    /// disk and a network busy; more would only add latency.</remarks>
    public int UncommittedBlocksMax { get; init; } = 64;

    /// <summary>The most blocks on their way to one node that it has not acknowledged.</summary>
    public int WindowBlocks { get; init; } = 64;

    /// <summary>The most blocks of one message: what a node that is behind takes in at a time.</summary>
    public int AppendBlocksMax { get; init; } = 16;

    /// <summary>How many committed blocks are remembered, to send them to nodes that are behind; an older one is
    /// forgotten, and a node that needs it gets a snapshot.</summary>
    public int CommittedBlocksKept { get; init; } = 16_384;

    /// <summary>Whether an election begins with the question who would grant a vote (Raft thesis, section
    /// 9.6).</summary>
    public bool PreVote { get; init; } = true;

    /// <summary>Whether a backup that hears a primary refuses pre-votes: a node that comes back from a partition does
    /// not depose a healthy primary.</summary>
    public bool RefusePreVotesWhilePrimaryIsHeard { get; init; } = true;

    /// <summary>Whether it may lead from the start. A node that cannot open the ledger yet receives, acknowledges and
    /// votes, and stands for nothing until <see cref="ReplicaInput.Ready"/>.</summary>
    public bool IsReady { get; init; } = true;

    /// <summary>Nodes that have promised this one their vote before it began: in a cold restart nobody else opens an
    /// epoch with them (docs/consensus.md, "Cold restart").</summary>
    public IReadOnlyList<NodeId> Promised { get; init; } = [];

    /// <summary>Where the spread of the election timeout comes from, so that a run repeats; differs between
    /// nodes.</summary>
    public ulong Seed { get; init; }
}
