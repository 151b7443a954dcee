using System;
using System.Collections.Generic;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Node.Peers;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Everything that a node can do. A closed family: the shell has an arm for each and performs them in
/// order.</summary>
public abstract record Effect
{
    private Effect()
    {
    }

    /// <summary>The service exists and is durable: serve it. Comes once.</summary>
    /// <param name="ServiceCertificate">DER, self-signed by the service key; what clients pin.</param>
    /// <param name="NodeCertificate">DER, the node's key endorsed by the service key; what TLS shows.</param>
    /// <param name="Endorsements">The service keys of the epochs before, each certified by the next, DER; oldest
    /// first.</param>
    public sealed record Open(
        ReadOnlyMemory<byte> ServiceCertificate, ReadOnlyMemory<byte> NodeCertificate,
        IReadOnlyList<ReadOnlyMemory<byte>> Endorsements) : Effect;

    /// <summary>Write sealed secrets to a file of their own, whole and durable, before anything that comes after; a
    /// failure stops the node. Comes once, at start.</summary>
    /// <param name="FileName">As <see cref="Curia.Ledger.SealedSecrets.FileName"/> has it.</param>
    /// <param name="Bytes">The file; sealed, so it may leave the TEE.</param>
    public sealed record StoreSecrets(string FileName, ReadOnlyMemory<byte> Bytes) : Effect;

    /// <summary>Append the block and sync it, then <see cref="Input.Stored"/>; on any error
    /// <see cref="Input.StoreFailed"/>.</summary>
    /// <param name="Number">Counts these effects.</param>
    /// <param name="First">First seqno of the block.</param>
    /// <param name="Last">Last seqno of the block.</param>
    /// <param name="Bytes">The block as docs/ledger-format.md has it; sealed, so it may leave the TEE.</param>
    public sealed record StoreBlock(ulong Number, SeqNo First, SeqNo Last, ReadOnlyMemory<byte> Bytes) : Effect;

    /// <summary>Take everything after a block off the end of the ledger, in its place among the
    /// <see cref="StoreBlock"/>s. None of it is committed.</summary>
    /// <param name="Last">The last seqno that stays.</param>
    public sealed record TruncateLedger(SeqNo Last) : Effect;

    /// <summary>Send a message to another node; it may be lost. Messages to one node keep their order.</summary>
    /// <param name="To">The node.</param>
    /// <param name="Message">Its bytes; blocks may have to be read from disk.</param>
    public sealed record Send(NodeId To, OutgoingMessage Message) : Effect;

    /// <summary>Tell another node what trusted nodes know. The bytes are secret: they go into the channel to that node
    /// and nowhere else, and are cleared once the message is made.</summary>
    /// <param name="To">The node.</param>
    /// <param name="Secrets">Taken over.</param>
    public sealed record SendSecrets(NodeId To, SecretBytes Secrets) : Effect;

    /// <summary>These nodes take part: connections to and from them are allowed, to and from others not.</summary>
    /// <param name="Addresses">Where each of them is, this node included.</param>
    public sealed record Peers(IReadOnlyDictionary<NodeId, string> Addresses) : Effect;

    /// <summary>Make the state up to a committed block with the secrets that were told: from a snapshot that the
    /// ledger records and the blocks after it, when one is to be had (<see cref="SnapshotReplay"/>), else from the
    /// whole ledger (<see cref="LedgerReplay"/>); then <see cref="Input.StateLoaded"/>.</summary>
    /// <param name="Secrets">Taken over by what makes the state.</param>
    /// <param name="Last">The last seqno of the state.</param>
    /// <param name="Genesis">The digest of the genesis block.</param>
    /// <param name="Snapshots">What the ledger records, oldest first.</param>
    public sealed record LoadState(
        SealedSecrets Secrets, SeqNo Last, Digest Genesis, IReadOnlyList<RecordedSnapshot> Snapshots) : Effect
    {
        internal IReadOnlyList<EpochIdentity> Epochs { get; init; } = [];
    }

    /// <summary>Read the block that holds a seqno, then <see cref="Input.BlockRead"/>.</summary>
    /// <param name="SeqNo">Any seqno of the block.</param>
    public sealed record ReadBlock(SeqNo SeqNo) : Effect;

    /// <summary>Read committed blocks that another node needs, with <see cref="RecalledBlocks.Read"/>; then
    /// <see cref="Input.BlocksRecalled"/>.</summary>
    /// <param name="Node">The node.</param>
    /// <param name="NotAfter">Wanted are the blocks that follow the last one that ends at this seqno or before
    /// it.</param>
    /// <param name="Count">The most blocks that are wanted.</param>
    public sealed record RecallBlocks(NodeId Node, SeqNo NotAfter, int Count) : Effect;

    /// <summary>Run the job off the loop, write its frames to a temporary file, sync, then
    /// <see cref="Input.SnapshotMade"/>.</summary>
    /// <param name="Job">Reads an immutable state; safe on any thread.</param>
    public sealed record MakeSnapshot(SnapshotJob Job) : Effect;

    /// <summary>The ledger holds the snapshot's digest: append the last frame and give the file its name.</summary>
    /// <param name="SeqNo">The state's position.</param>
    /// <param name="EvidenceSeqNo">The position of the transaction that records its digest.</param>
    /// <param name="ReceiptFrame">The frame with the receipt of that transaction.</param>
    public sealed record FinishSnapshot(SeqNo SeqNo, SeqNo EvidenceSeqNo, ReadOnlyMemory<byte> ReceiptFrame) : Effect;

    /// <summary>Answer a waiting client.</summary>
    /// <param name="Ticket">From <see cref="Input.Submit"/>, <see cref="Input.Confirm"/> or
    /// <see cref="Input.Await"/>.</param>
    /// <param name="Answer">What to tell it.</param>
    public sealed record Reply(long Ticket, Answer Answer) : Effect;

    /// <summary>Say something to the operator. Never holds a secret or anything of a request's content.</summary>
    /// <param name="Severity">How loudly.</param>
    /// <param name="Message">One line.</param>
    public sealed record Log(LogSeverity Severity, string Message) : Effect;

    /// <summary>Stop the process: what it holds can no longer be made durable or believed.</summary>
    /// <param name="Reason">One line for the operator.</param>
    public sealed record Stop(string Reason) : Effect;
}

/// <summary>What a waiting client is told.</summary>
public abstract record Answer
{
    private Answer()
    {
    }

    /// <summary>The transaction has its place; it is pending.</summary>
    public sealed record Ordered(TxId TxId) : Answer;

    /// <summary>The transaction is final: committed or invalid.</summary>
    public sealed record Finished(TxId TxId, TransactionStatus Status) : Answer;

    /// <summary>This node does not order now. The transaction has no effect; whoever is primary may take
    /// it.</summary>
    public sealed record NotPrimary : Answer
    {
        /// <summary>The one value.</summary>
        public static NotPrimary Instance { get; } = new();
    }

    /// <summary>This node lost the place of the primary before it could show that it had it: what it has read may be
    /// old. The read may be sent again.</summary>
    public sealed record NotConfirmed : Answer
    {
        /// <summary>The one value.</summary>
        public static NotConfirmed Instance { get; } = new();
    }

    /// <summary>What the transaction read has changed: execute it again.</summary>
    public sealed record Conflict : Answer
    {
        /// <summary>The one value.</summary>
        public static Conflict Instance { get; } = new();
    }

    /// <summary>The transaction was not ordered and has no effect.</summary>
    /// <param name="Status">The HTTP status.</param>
    /// <param name="Code">The error's name.</param>
    /// <param name="Message">What, why, and what to do.</param>
    public sealed record Refused(int Status, string Code, string Message) : Answer;
}

/// <summary>How loudly a line of the log is said.</summary>
public enum LogSeverity
{
    /// <summary>The ordinary course.</summary>
    Information,

    /// <summary>Something that an operator should look at.</summary>
    Warning,

    /// <summary>Something is wrong.</summary>
    Error,
}

/// <summary>The effects of one step, in the order in which they must be performed.</summary>
/// <remarks>The list is the node's and is used again: it is good until the next step.</remarks>
public sealed class Effects
{
    private readonly List<Effect> effects = [];

    /// <summary>The effects in order.</summary>
    public IReadOnlyList<Effect> InOrder => effects;

    internal void Add(Effect effect) => effects.Add(effect);

    internal void Clear() => effects.Clear();
}
