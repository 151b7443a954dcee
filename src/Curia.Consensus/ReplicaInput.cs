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

    /// <summary>Everything up to the end of a block is on this node's disk, synced.</summary>
    /// <param name="Last">The last seqno of a block whose <see cref="ReplicaEffect.Store"/> was returned
    /// before.</param>
    public sealed record Stored(SeqNo Last) : ReplicaInput;

    /// <summary>A block could not be written or synced. Nothing is retried after it (DESIGN 4, "Durability").</summary>
    public sealed record StoreFailed : ReplicaInput;

    /// <summary>The primary could not seal or sign a block and gives up the view, so that no seqno is sealed twice in
    /// it (DESIGN 5, "Keys").</summary>
    public sealed record GiveUp : ReplicaInput;
}
