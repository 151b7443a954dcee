using System;
using System.Linq;
using Curia.Node.Peers;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Everything that can happen to a node. A closed family: <see cref="CuriaNode.Step"/> has an arm for
/// each.</summary>
public abstract record Input
{
    private Input()
    {
    }

    /// <summary>The process has bound its listeners and opened an empty ledger directory: begin a new
    /// service.</summary>
    /// <param name="Now">The host's time; input from the enemy, used only forwards.</param>
    public sealed record Start(DateTimeOffset Now) : Input;

    /// <summary>Time passes.</summary>
    /// <param name="Now">The host's time.</param>
    public sealed record Tick(DateTimeOffset Now) : Input;

    /// <summary>An executed transaction wants its place in the order.</summary>
    /// <param name="Ticket">Names the waiting client in <see cref="Effect.Reply"/>; the shell never uses one
    /// twice.</param>
    /// <param name="Proposed">What <see cref="CuriaNode.Execute"/> returned.</param>
    /// <param name="WaitForCommit">Whether <see cref="Answer.Finished"/> is wanted after
    /// <see cref="Answer.Ordered"/>.</param>
    public sealed record Submit(long Ticket, Execution.Proposed Proposed, bool WaitForCommit) : Input;

    /// <summary>A linearisable read was executed here and may be answered once this node has shown that it is still the
    /// primary and what was read has committed: then <see cref="Answer.Finished"/> says so. With any other answer
    /// nothing of what was read may be told.</summary>
    /// <param name="Ticket">Names the waiting client.</param>
    /// <param name="Read">What <see cref="CuriaNode.Execute"/> returned.</param>
    public sealed record Confirm(long Ticket, Execution.Unconfirmed Read) : Input;

    /// <summary>A client waits until a TxID is final.</summary>
    /// <param name="Ticket">Names the waiting client.</param>
    /// <param name="TxId">What it waits for.</param>
    public sealed record Await(long Ticket, TxId TxId) : Input;

    /// <summary>A client no longer waits: it has its time-out or is gone.</summary>
    /// <param name="Ticket">Names the client.</param>
    public sealed record Forget(long Ticket) : Input;

    /// <summary>All blocks up to one are on disk and synced.</summary>
    /// <param name="Number">That of the <see cref="Effect.StoreBlock"/> of the last of these blocks.</param>
    public sealed record Stored(ulong Number) : Input;

    /// <summary>Another node said something.</summary>
    /// <param name="From">The node at the other end of the connection.</param>
    /// <param name="Content">As <see cref="CuriaNode.TryRead"/> gave it.</param>
    public sealed record Message(NodeId From, PeerMessage Content) : Input
    {
        /// <summary>The bytes of its blocks, which it keeps in memory.</summary>
        public long BlockBytes => Content is PeerMessage.Consensus { Blocks: { Count: > 0 } blocks }
            ? blocks.Sum(received => (long)received.Block.Bytes.Length)
            : 0;
    }

    /// <summary>The answer to <see cref="Effect.LoadState"/>.</summary>
    /// <param name="State">The state; null when it could not be made.</param>
    /// <param name="Problem">Why not; empty otherwise.</param>
    public sealed record StateLoaded(LoadedState? State, string Problem) : Input;

    /// <summary>A block could not be written or synced. The node stops; it never retries (DESIGN 4,
    /// "Durability").</summary>
    /// <param name="Reason">What the operating system said.</param>
    public sealed record StoreFailed(string Reason) : Input;

    /// <summary>Somebody asked for a transaction whose block is not in memory.</summary>
    /// <param name="SeqNo">Any seqno of the block.</param>
    public sealed record LoadHistory(SeqNo SeqNo) : Input;

    /// <summary>The answer to <see cref="Effect.ReadBlock"/>: bytes from disk, not yet believed.</summary>
    /// <param name="SeqNo">The seqno that was asked for.</param>
    /// <param name="Block">The block's bytes, or null when the file is missing or unreadable.</param>
    public sealed record BlockRead(SeqNo SeqNo, ReadOnlyMemory<byte>? Block) : Input;

    /// <summary>The answer to <see cref="Effect.RecallBlocks"/>.</summary>
    /// <param name="Node">The node that needs the blocks.</param>
    /// <param name="Blocks">What was read; null when it could not be.</param>
    public sealed record BlocksRecalled(NodeId Node, RecalledBlocks? Blocks) : Input;

    /// <summary>The answer to <see cref="Effect.MakeSnapshot"/>.</summary>
    /// <param name="SeqNo">The state's position.</param>
    /// <param name="Evidence">What <see cref="SnapshotJob.Run"/> returned, or null when it could not be
    /// written.</param>
    public sealed record SnapshotMade(SeqNo SeqNo, SnapshotEvidence? Evidence) : Input;

    /// <summary>Take no more transactions; what is ordered is sealed and stored.</summary>
    public sealed record Drain : Input;
}
