using System.Collections.Immutable;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>Everything that can happen to a replica.</summary>
public abstract record ReplicaInput
{
    private ReplicaInput()
    {
    }

    /// <summary>A unit of time went by. How long it is, is the shell's choice.</summary>
    public sealed record Tick : ReplicaInput;

    /// <summary>The primary sealed and signed a block and asks to order it.</summary>
    /// <param name="Block">Follows the last block without a gap, in the current view.</param>
    public sealed record Propose(BlockInfo Block) : ReplicaInput;

    /// <summary>A message arrived, its blocks or its part of a snapshot checked: order, roots, signatures.</summary>
    /// <param name="From">The node at the other end of the connection.</param>
    /// <param name="Message">What it says.</param>
    public sealed record Receive(NodeId From, ReplicaMessage Message) : ReplicaInput;

    /// <summary>Everything up to a block is on this node's disk, synced.</summary>
    /// <param name="Number">The number of the <see cref="ReplicaEffect.Store"/> that is done, with all before
    /// it.</param>
    public sealed record Stored(ulong Number) : ReplicaInput;

    /// <summary>A block could not be written or synced. Nothing is retried after it (DESIGN 4, "Durability").</summary>
    public sealed record StoreFailed : ReplicaInput;

    /// <summary>The primary could not seal or sign a block and gives up the view, so that no seqno is sealed twice in
    /// it (DESIGN 5, "Keys").</summary>
    public sealed record GiveUp : ReplicaInput;

    /// <summary>The node can open the ledger now, and so lead: see <see cref="ReplicaOptions.IsReady"/>.</summary>
    public sealed record Ready : ReplicaInput;

    /// <summary>The process stops soon: the primary lets the backup that has most take over, without waiting for a
    /// timeout. It proposes nothing meanwhile.</summary>
    public sealed record HandOver : ReplicaInput;

    /// <summary>Somebody wants to read what is newest: is this still the primary? The answer is
    /// <see cref="ReplicaEffect.Confirmed"/> with the <see cref="Replica.Round"/> of after this step, or a later
    /// one.</summary>
    public sealed record Confirm : ReplicaInput;

    /// <summary>The answer to <see cref="ReplicaEffect.Recall"/>.</summary>
    /// <param name="Node">The node that needs the blocks.</param>
    /// <param name="Previous">The last transaction before the first block.</param>
    /// <param name="Blocks">Committed blocks in order; none when they cannot be read now.</param>
    public sealed record Recalled(NodeId Node, TxId Previous, ImmutableArray<BlockInfo> Blocks) : ReplicaInput;

    /// <summary>A snapshot is on disk that can be sent to others.</summary>
    /// <param name="Snapshot">Which.</param>
    public sealed record SnapshotMade(SnapshotInfo Snapshot) : ReplicaInput;

    /// <summary>The snapshot of <see cref="ReplicaEffect.InstallSnapshot"/> is verified, durable, and now the state of
    /// this node.</summary>
    /// <param name="At">Which.</param>
    public sealed record SnapshotInstalled(TxId At) : ReplicaInput;

    /// <summary>The snapshot of <see cref="ReplicaEffect.InstallSnapshot"/> is not what the ledger records. Its parts
    /// are forgotten.</summary>
    /// <param name="At">Which.</param>
    public sealed record SnapshotRefused(TxId At) : ReplicaInput;
}
