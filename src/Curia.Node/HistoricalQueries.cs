using System;
using System.Collections.Generic;
using System.Threading;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Old transactions and their receipts, from blocks in memory or read back from disk. A block that comes back
/// is verified before it is believed, and nothing of an uncommitted block is ever told.</summary>
/// <remarks><see cref="TryFind"/> is called from any thread, everything else from the loop.</remarks>
internal sealed class HistoricalQueries : IDisposable
{
    // Each is one read from disk. Beyond it a client just asks again later.
    private const int ReadsMax = 64;

    private readonly Lock gate = new();
    private readonly SortedSet<SeqNo> firsts = [];
    private readonly Dictionary<SeqNo, LinkedListNode<HeldBlock>> held = [];
    private readonly LinkedList<HeldBlock> byUse = new();
    private readonly HashSet<SeqNo> reading = [];
    private readonly long bytesMax;
    private readonly EntrySealer sealer;
    private readonly LedgerSecret secret;
    private readonly ServiceIdentity service;
    private long bytesHeld;

    public HistoricalQueries(LedgerSecret secret, NodeId nodeId, Certificate service, long bytesMax)
    {
        this.secret = secret;
        this.service = new ServiceIdentity(service);
        this.bytesMax = bytesMax;
        sealer = new EntrySealer(secret, nodeId);
    }

    /// <summary>Blocks read back from disk and verified.</summary>
    public long BlocksReadBack { get; private set; }

    /// <summary>Finds a committed transaction in memory.</summary>
    public bool TryFind(SeqNo seqNo, out HistoricalTransaction? transaction)
    {
        transaction = null;
        Block? block;
        ReadOnlyTransaction writes;
        LedgerEntry entry;
        lock (gate)
        {
            if (!TryFindBlock(seqNo, out block)) return false;
            entry = block!.EntryAt(seqNo);
            writes = WritesOf(entry);
        }

        transaction = new HistoricalTransaction(
            entry.TxId, writes, () => ReceiptFor(block, entry).ToJson(), () => ReceiptFor(block, entry).ToCose());
        return true;
    }

    /// <summary>A block has committed: hold it, it will soon be asked for. Decoded only when it is.</summary>
    public void Hold(SealedBlock block)
    {
        lock (gate) Hold(new HeldBlock(block.First, block.Last, block.Bytes, null));
    }

    /// <summary>Asks the shell for a block, once.</summary>
    public void Load(SeqNo seqNo, Effects effects)
    {
        lock (gate)
        {
            if (TryFindBlock(seqNo, out _)) return;
        }

        if (reading.Count < ReadsMax && reading.Add(seqNo)) effects.Add(new Effect.ReadBlock(seqNo));
    }

    /// <summary>Takes bytes that the host says are the block: they are its word until they verify.</summary>
    public void Receive(SeqNo seqNo, ReadOnlyMemory<byte>? bytes, ViewHistory views, Effects effects)
    {
        if (!reading.Remove(seqNo)) return;
        string? problem = Check(seqNo, bytes, views, out Block? block);
        if (problem is not null)
        {
            effects.Add(new Effect.Log(LogSeverity.Error, $"the block with seqno {seqNo} {problem}; look at the disk"));
            return;
        }

        BlocksReadBack++;
        lock (gate) Hold(new HeldBlock(block!.First, block.Last, bytes!.Value, block));
    }

    public void Dispose() => sealer.Dispose();

    private string? Check(SeqNo seqNo, ReadOnlyMemory<byte>? bytes, ViewHistory views, out Block? block)
    {
        block = null;
        if (bytes is null) return "cannot be read from disk";
        if (!Block.TryDecode(bytes.Value, out block, out string damage)) return $"is damaged on disk: {damage}";
        if (block!.First > seqNo || block.Last < seqNo || block.View != views.ViewAt(seqNo))
        {
            return $"is not what the disk returned (that is {block.View}.{block.First} to {block.View}.{block.Last})";
        }

        return service.Verify(block, out string reason) ? null : $"is damaged on disk: {reason}";
    }

    private bool TryFindBlock(SeqNo seqNo, out Block? block)
    {
        block = null;
        if (firsts.Count == 0 || firsts.Min > seqNo) return false;
        LinkedListNode<HeldBlock> node = held[firsts.GetViewBetween(firsts.Min, seqNo).Max];
        if (node.Value.Last < seqNo) return false;
        byUse.Remove(node);
        byUse.AddFirst(node);
        block = node.Value.Decoded();
        return true;
    }

    private void Hold(HeldBlock block)
    {
        if (!firsts.Add(block.First)) return;
        held.Add(block.First, byUse.AddFirst(block));
        bytesHeld += block.Bytes.Length;
        while (bytesHeld > bytesMax && byUse.Count > 1)
        {
            HeldBlock oldest = byUse.Last!.Value;
            byUse.RemoveLast();
            held.Remove(oldest.First);
            firsts.Remove(oldest.First);
            bytesHeld -= oldest.Bytes.Length;
        }
    }

    private ReadOnlyTransaction WritesOf(LedgerEntry entry)
    {
        WriteSet? writes = WriteSet.Empty;
        if (entry.Type != EntryType.Signature)
        {
            ReadOnlyMemory<byte> publicBytes = entry.Public;
            Invariant.Holds(
                (entry.Type != EntryType.Genesis || GenesisBlock.TryDecodePublic(entry.Public, out _, out publicBytes))
                && sealer.TryOpen(entry, out byte[] privateBytes)
                && WriteSet.TryDecode(publicBytes.Span, privateBytes, out writes),
                "a verified entry of this node cannot be opened");
        }

        return KeyValueStore.ReadAt(State.Empty.After(entry.TxId, writes), MapAccess.Application);
    }

    private Receipt ReceiptFor(Block block, LedgerEntry entry)
    {
        SignatureTransaction signature = block.Signature;
        return entry.Type == EntryType.Signature
            ? Receipt.OfSignatureTransaction(
                signature.Root, signature.NodeCertificate, signature.NodeSignature, signature.CoseSignature)
            : new Receipt(
                entry.WriteSetDigest,
                secret.EvidenceFor(entry.TxId).Text,
                entry.Claims,
                block.ProofOf(entry.TxId.SeqNo),
                signature.NodeCertificate,
                signature.NodeSignature,
                signature.CoseSignature);
    }

    private sealed class HeldBlock(SeqNo first, SeqNo last, ReadOnlyMemory<byte> bytes, Block? block)
    {
        private Block? block = block;

        public SeqNo First => first;

        public SeqNo Last => last;

        public ReadOnlyMemory<byte> Bytes => bytes;

        public Block Decoded()
        {
            if (block is null)
            {
                Invariant.Holds(Block.TryDecode(bytes, out block), "a block that was sealed here does not decode");
            }

            return block!;
        }
    }
}
