using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>Everything that a replica can ask for or tell.</summary>
public abstract record ReplicaEffect
{
    private ReplicaEffect()
    {
    }

    /// <summary>Write the block to disk and sync; then <see cref="ReplicaInput.Stored"/>, or
    /// <see cref="ReplicaInput.StoreFailed"/>.</summary>
    /// <param name="Block">The block; blocks are stored in the order of these effects.</param>
    /// <param name="Number">Counts these effects, from 1.</param>
    public sealed record Store(BlockInfo Block, ulong Number) : ReplicaEffect;

    /// <summary>Take everything after a block off the end of the ledger, in its order among the
    /// <see cref="Store"/>s. None of it is committed or ever will be.</summary>
    /// <param name="After">The last transaction that stays.</param>
    public sealed record Truncate(TxId After) : ReplicaEffect;

    /// <summary>Send a message; losing it is allowed. Messages to one node keep their order as long as its connection
    /// lasts.</summary>
    /// <param name="To">The node.</param>
    /// <param name="Message">What to tell it; blocks and parts of a snapshot go along.</param>
    public sealed record Send(NodeId To, ReplicaMessage Message) : ReplicaEffect;

    /// <summary>Everything up to this transaction is committed, for good.</summary>
    /// <param name="TxId">The last transaction of a block; one effect for each block, in order.</param>
    public sealed record Committed(TxId TxId) : ReplicaEffect;

    /// <summary>The replica has another role, is in another view, or knows another primary.</summary>
    /// <param name="Role">What it is now.</param>
    /// <param name="View">The view it is in. A new primary opens it with a signed block; nothing older commits
    /// before.</param>
    /// <param name="Primary">The primary of the view, as far as it is known.</param>
    public sealed record RoleChanged(ReplicaRole Role, View View, NodeId? Primary) : ReplicaEffect;

    /// <summary>A proposed block was not taken and never will be: it is in no log and was not stored.</summary>
    /// <param name="Block">The block as it was proposed.</param>
    /// <param name="Reason">Why.</param>
    public sealed record Refused(BlockInfo Block, ProposalRefusal Reason) : ReplicaEffect;

    /// <summary>At some time after the question, this was the primary.</summary>
    /// <param name="Round">All rounds up to this one are answered.</param>
    public sealed record Confirmed(ulong Round) : ReplicaEffect;

    /// <summary>A message makes no sense from this sender now. Nothing was changed by it.</summary>
    /// <param name="From">Who sent it.</param>
    /// <param name="Reason">Why it was left alone.</param>
    public sealed record Ignored(NodeId From, MessageRefusal Reason) : ReplicaEffect;

    /// <summary>Keep a part of a snapshot; parts come in order, the first one replaces what was kept
    /// before.</summary>
    /// <param name="Snapshot">Which snapshot.</param>
    /// <param name="Chunk">Which part.</param>
    public sealed record KeepChunk(SnapshotInfo Snapshot, int Chunk) : ReplicaEffect;

    /// <summary>All parts are here: verify the snapshot against the ledger, make it the state of this node, and forget
    /// the log; then <see cref="ReplicaInput.SnapshotInstalled"/> or
    /// <see cref="ReplicaInput.SnapshotRefused"/>.</summary>
    /// <param name="Snapshot">Which snapshot.</param>
    public sealed record InstallSnapshot(SnapshotInfo Snapshot) : ReplicaEffect;

    /// <summary>A node needs blocks that are no longer remembered here, and there is no snapshot to send: read them
    /// from the ledger, which has them; then <see cref="ReplicaInput.Recalled"/>.</summary>
    /// <param name="Node">The node.</param>
    /// <param name="NotAfter">Wanted are the blocks that follow the last one that ends at this seqno or before it, and
    /// is of this view or an older one.</param>
    /// <param name="Count">The most blocks that are wanted.</param>
    public sealed record Recall(NodeId Node, TxId NotAfter, int Count) : ReplicaEffect;
}

/// <summary>Why a block was refused.</summary>
public enum ProposalRefusal
{
    /// <summary>This replica is not the primary of the block's view.</summary>
    NotPrimary,

    /// <summary>Too many blocks are uncommitted: see <see cref="ReplicaOptions.UncommittedBlocksMax"/>.</summary>
    TooManyUncommitted,

    /// <summary>The primary hands its place to another node.</summary>
    HandingOver,
}

/// <summary>Why a message was left alone.</summary>
public enum MessageRefusal
{
    /// <summary>It comes from an older view.</summary>
    StaleView,

    /// <summary>No active configuration has its sender.</summary>
    UnknownNode,

    /// <summary>It answers something that this replica did not ask in its present role.</summary>
    NotAsked,

    /// <summary>Its sender is not the primary of the view, or this replica is.</summary>
    NotFromPrimary,

    /// <summary>Its blocks have a gap, go backwards, or come from a view to come; or its view is one that nobody can
    /// have reached.</summary>
    Malformed,

    /// <summary>It contradicts what is committed, or what its sender has proved before in this view. An honest primary
    /// sends no such thing.</summary>
    Contradiction,
}

/// <summary>What one step asks for, to be performed in order.</summary>
public sealed class ReplicaEffects
{
    /// <summary>Nothing to do.</summary>
    public static readonly ReplicaEffects None = new([]);

    internal ReplicaEffects(IReadOnlyList<ReplicaEffect> all) => All = all;

    /// <summary>The effects, first to last.</summary>
    public IReadOnlyList<ReplicaEffect> All { get; }

    /// <summary>Goes through the effects, first to last.</summary>
    public IEnumerator<ReplicaEffect> GetEnumerator() => All.GetEnumerator();
}
