using System.Collections.Immutable;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>What replicas tell each other. Messages may be lost, doubled, delayed and reordered; their sender is who
/// the connection says it is (docs/consensus.md, "Messages").</summary>
/// <param name="View">The view of the sender.</param>
public abstract record ReplicaMessage(View View)
{
    /// <summary>The primary of <see cref="ReplicaMessage.View"/> has these blocks after a place in its log. Without
    /// blocks it is a heartbeat.</summary>
    /// <param name="View">The view of the sender.</param>
    /// <param name="Previous">The last transaction of the block before the first one here.</param>
    /// <param name="Blocks">Blocks without a gap, the oldest first; the shell sends their bytes along.</param>
    /// <param name="Committed">What the primary knows as committed.</param>
    /// <param name="Round">The newest round of questions whether it still is the primary.</param>
    public sealed record Append(
        View View, TxId Previous, ImmutableArray<BlockInfo> Blocks, TxId Committed, ulong Round)
        : ReplicaMessage(View)
    {
        /// <summary>The last transaction that the message speaks of.</summary>
        public TxId End => Blocks.Length > 0 ? Blocks[^1].LastTxId : Previous;
    }

    /// <summary>The sender's log is that of the primary up to a place, and is on disk up to there.</summary>
    /// <param name="View">The view of the sender.</param>
    /// <param name="Matched">The last transaction of the last block that both is on disk and was proved by messages of
    /// this view to be the primary's.</param>
    /// <param name="Round">The newest round that was heard of.</param>
    public sealed record Appended(View View, TxId Matched, ulong Round) : ReplicaMessage(View);

    /// <summary>The sender's log does not hold what an <see cref="Append"/> follows on, or it is in a newer
    /// view.</summary>
    /// <param name="View">The view of the sender.</param>
    /// <param name="Refused"><see cref="Append.Previous"/> of the message that was refused.</param>
    /// <param name="Hint">The last block of the sender that the primary could have too.</param>
    /// <param name="Round">The newest round that was heard of.</param>
    public sealed record NotAppended(View View, TxId Refused, TxId Hint, ulong Round) : ReplicaMessage(View);

    /// <summary>Asks for a vote in <see cref="ReplicaMessage.View"/>, or before an election whether one would be
    /// granted in the view after it.</summary>
    /// <param name="View">The view of the sender.</param>
    /// <param name="IsPreVote">Whether nothing is asked for yet but an opinion.</param>
    /// <param name="Last">The end of the sender's log.</param>
    public sealed record VoteRequest(View View, bool IsPreVote, TxId Last) : ReplicaMessage(View);

    /// <summary>Answers a <see cref="VoteRequest"/>.</summary>
    /// <param name="View">The view of the sender.</param>
    /// <param name="IsPreVote">As in the request.</param>
    /// <param name="IsGranted">Whether it has the vote.</param>
    public sealed record Vote(View View, bool IsPreVote, bool IsGranted) : ReplicaMessage(View);

    /// <summary>The primary leaves: the receiver has all that it has, and should ask for votes at once.</summary>
    /// <param name="View">The view of the sender.</param>
    public sealed record HandOver(View View) : ReplicaMessage(View);

    /// <summary>A part of a snapshot, for a node that needs blocks which the primary no longer remembers.</summary>
    /// <param name="View">The view of the sender.</param>
    /// <param name="Snapshot">Which snapshot.</param>
    /// <param name="Chunk">Which part of it, from 0; the shell sends its bytes along.</param>
    public sealed record SnapshotChunk(View View, SnapshotInfo Snapshot, int Chunk) : ReplicaMessage(View);

    /// <summary>The sender has so many parts of a snapshot.</summary>
    /// <param name="View">The view of the sender.</param>
    /// <param name="At">Which snapshot.</param>
    /// <param name="Next">The next part that it needs.</param>
    public sealed record SnapshotProgress(View View, TxId At, int Next) : ReplicaMessage(View);
}

/// <summary>What consensus knows of a snapshot.</summary>
/// <param name="At">The last transaction of a committed block, whose state it is.</param>
/// <param name="Digest">What the ledger records of it.</param>
/// <param name="Chunks">In how many parts it is sent, at least 1.</param>
/// <param name="Configuration">The newest configuration that is committed there; the older ones no longer
/// count.</param>
public sealed record SnapshotInfo(TxId At, Digest Digest, int Chunks, Configuration Configuration);
