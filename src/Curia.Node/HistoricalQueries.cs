using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Old transactions and their receipts, from blocks in memory or read back from disk. A block that comes back
/// is verified before it is believed, and nothing of an uncommitted block is ever told.</summary>
/// <remarks><c>TryFind</c> and <see cref="IsUnreadable"/> are for any thread, everything else is the loop's.
/// The lock guards which blocks are held, a matter of a few look-ups; decoding and opening happen outside.</remarks>
internal sealed class HistoricalQueries
{
    // Each is one read of a block, which can be as large as the largest. Beyond it a client just asks again later.
    private const int ReadsMax = 8;

    // A block that could not be read is not tried again for so many ticks, about a second: each try is a read, a
    // verification and a line in the log, and anybody may ask. Ticks, because the host could hold its clock still.
    private const long UnreadableTicks = 100;
    private const int UnreadableMax = 1_000;

    // Of blocks that were read back: a receipt under a diversity rule needs two, and both may be more together than
    // what is held.
    private const int EndingsMax = 256;

    private readonly Lock gate = new();
    private readonly Dictionary<SeqNo, BlockEnding> endings = [];
    private readonly SortedSet<SeqNo> firsts = [];
    private readonly Dictionary<SeqNo, LinkedListNode<HeldBlock>> held = [];
    private readonly LinkedList<HeldBlock> byUse = new();
    private readonly HashSet<SeqNo> reading = [];
    private readonly Dictionary<SeqNo, long> unreadable = [];
    private readonly long bytesMax;
    private readonly ServiceEpochs epochs;
    private readonly Func<NodeId, byte[]?> endorsementOf;
    private long bytesHeld;
    private long ticks;

    /// <param name="epochs">Which keys hold where.</param>
    /// <param name="bytesMax">How much is held.</param>
    /// <param name="endorsementOf">What the owner of a node has signed of it; null where nobody did.</param>
    public HistoricalQueries(ServiceEpochs epochs, long bytesMax, Func<NodeId, byte[]?> endorsementOf)
    {
        this.epochs = epochs;
        this.endorsementOf = endorsementOf;
        this.bytesMax = bytesMax;
    }

    /// <summary>Blocks read back from disk and verified.</summary>
    public long BlocksReadBack { get; private set; }

    /// <summary>Finds a committed transaction in memory, and under a diversity rule who has acknowledged it.</summary>
    /// <param name="seqNo">Where it is.</param>
    /// <param name="view">What the node knows.</param>
    /// <param name="transaction">The transaction, or null.</param>
    /// <param name="missing">Where the block is that has to be read back first, when there is one.</param>
    public bool TryFind(SeqNo seqNo, NodeView view, out HistoricalTransaction? transaction, out SeqNo missing)
    {
        transaction = null;
        missing = seqNo;
        if (!TryHold(seqNo, out HeldBlock? found)) return false;
        Block block = found!.Decoded();
        ReceiptAcknowledgements? acknowledgements = null;
        if (view.Configurations[^1].Rule.IsStricterThanMajority
            && !TryFindAcknowledgements(block, view, out acknowledgements, out missing))
        {
            return false;
        }

        transaction = Found(block, seqNo, acknowledgements);
        return true;
    }

    /// <summary>Finds a committed transaction in memory, whoever has acknowledged it.</summary>
    public bool TryFind(SeqNo seqNo, out HistoricalTransaction? transaction)
    {
        bool isHeld = TryHold(seqNo, out HeldBlock? found);
        transaction = isHeld ? Found(found!.Decoded(), seqNo, acknowledgements: null) : null;
        return isHeld;
    }

    /// <summary>Whether the block was asked for lately and could not be read or believed.</summary>
    public bool IsUnreadable(SeqNo seqNo)
    {
        lock (gate) return unreadable.TryGetValue(seqNo, out long until) && ticks < until;
    }

    /// <summary>A block has committed: hold it, it will soon be asked for. Decoded only when it is.</summary>
    public void Hold(AppendedBlock block)
    {
        lock (gate) Hold(new HeldBlock(block.Info.First, block.Info.Last, block.Bytes, null));
    }

    /// <summary>The bytes of a committed block; null when they are on disk only.</summary>
    public ReadOnlyMemory<byte>? BytesOf(SeqNo first)
    {
        // The type is written out: null alone would become empty bytes.
        lock (gate)
        {
            return held.TryGetValue(first, out LinkedListNode<HeldBlock>? node)
                ? node.Value.Bytes
                : (ReadOnlyMemory<byte>?)null;
        }
    }

    /// <summary>Time passes.</summary>
    public void Tick()
    {
        lock (gate) ticks++;
    }

    /// <summary>Asks the shell for a block, once.</summary>
    public void Load(SeqNo seqNo, Effects effects)
    {
        if (TryHold(seqNo, out _) || IsUnreadable(seqNo)) return;
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
            Remember(seqNo);
            return;
        }

        BlocksReadBack++;
        lock (gate)
        {
            if (endings.Count >= EndingsMax) endings.Clear();
            endings[block!.First] = BlockEnding.CopyOf(block);
            Hold(new HeldBlock(block.First, block.Last, bytes!.Value, block));
        }
    }

    private string? Check(SeqNo seqNo, ReadOnlyMemory<byte>? bytes, ViewHistory views, out Block? block)
    {
        block = null;
        if (bytes is null) return "cannot be read from disk";
        if (!Block.TryDecode(bytes.Value, out block, out string damage)) return $"is damaged on disk: {damage}";
        if (block!.First > seqNo || block.Last < seqNo || block.View != views.ViewAt(seqNo))
        {
            return $"is not what the disk returned (that is {block.View}.{block.First} to {block.View}.{block.Last})";
        }

        return epochs.At(seqNo).Identity.Verify(block, out string reason) ? null : $"is damaged on disk: {reason}";
    }

    private bool TryHold(SeqNo seqNo, out HeldBlock? block)
    {
        lock (gate)
        {
            block = null;
            if (firsts.Count == 0 || firsts.Min > seqNo) return false;
            LinkedListNode<HeldBlock> node = held[firsts.GetViewBetween(firsts.Min, seqNo).Max];
            if (node.Value.Last < seqNo) return false;
            byUse.Remove(node);
            byUse.AddFirst(node);
            block = node.Value;
            return true;
        }
    }

    private void Remember(SeqNo seqNo)
    {
        lock (gate)
        {
            if (unreadable.Count >= UnreadableMax) unreadable.Clear();
            unreadable[seqNo] = ticks + UnreadableTicks;
        }
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

    private WriteSet WritesOf(Block block, LedgerEntry entry)
    {
        if (entry.Type == EntryType.Signature) return WriteSet.Empty;

        // A sealer of its own for each call: a key serves one thread at a time.
        using EntrySealer sealer = new(epochs.At(block.First).Secret, block.NodeId);
        WriteSet? writes = null;
        Invariant.Holds(
            LedgerOutline.TryFindWrites(entry, out ReadOnlyMemory<byte> publicBytes)
            && sealer.TryOpen(entry, out byte[] privateBytes)
            && WriteSet.TryDecode(publicBytes.Span, privateBytes, out writes),
            "a verified entry of this node cannot be opened");
        return writes;
    }

    private HistoricalTransaction Found(Block block, SeqNo seqNo, ReceiptAcknowledgements? acknowledgements)
    {
        LedgerEntry entry = block.EntryAt(seqNo);
        return new HistoricalTransaction(
            entry.TxId,
            KeyValueStore.ReadAt(() => State.Empty.After(entry.TxId, WritesOf(block, entry)), MapAccess.Application),
            () => ReceiptFor(block, entry, acknowledgements).ToJson(epochs.EndorsementsOf(entry.TxId.SeqNo)),
            () => ReceiptFor(block, entry).ToCose());
    }

    private Receipt ReceiptFor(Block block, LedgerEntry entry, ReceiptAcknowledgements? acknowledgements = null)
    {
        CommitEvidence? evidence = entry.Type == EntryType.Signature
            ? null
            : epochs.At(block.First).Secret.EvidenceFor(entry.TxId);
        return Receipt.Of(block, entry.TxId.SeqNo, evidence, acknowledgements);
    }

    // They stand in the first block that calls this one committed, which is one of the next few, or nowhere.
    private bool TryFindAcknowledgements(
        Block block, NodeView view, out ReceiptAcknowledgements? found, out SeqNo missing)
    {
        found = null;
        missing = block.Last;
        for (int looked = 0; looked < BlockAcknowledgements.BlocksMax; looked++)
        {
            missing = missing.Next;
            if (missing > view.Committed.SeqNo || IsUnreadable(missing)) return true;
            if (FindEnding(missing) is not { } later) return false;
            missing = later.Last;
            if (later.Committed < block.Last) continue;
            TxId end = block.Entries[^1].TxId;
            foreach (BlockAcknowledgements one in later.Acknowledgements)
            {
                if (one.Block == end) found = Endorsed(one, view.Genesis);
            }

            return true;
        }

        return true;
    }

    private BlockEnding? FindEnding(SeqNo first)
    {
        lock (gate)
        {
            if (endings.TryGetValue(first, out BlockEnding? known)) return known;
        }

        return TryHold(first, out HeldBlock? block) ? BlockEnding.Of(block!.Decoded()) : null;
    }

    private ReceiptAcknowledgements Endorsed(BlockAcknowledgements recorded, Digest genesis) => new(
        genesis, recorded.Block,
        [.. recorded.By.Select(by => new EndorsedAcknowledgement(by, endorsementOf(by.Node) ?? []))]);

    private sealed record BlockEnding(
        SeqNo Last, SeqNo Committed, IReadOnlyList<BlockAcknowledgements> Acknowledgements)
    {
        public static BlockEnding Of(Block block) =>
            new(block.Last, block.Signature.Committed.SeqNo, block.Signature.Acknowledgements);

        // What is not copied would keep the bytes of the whole block.
        public static BlockEnding CopyOf(Block block) => Of(block) with
        {
            Acknowledgements =
            [
                .. block.Signature.Acknowledgements.Select(one => one with
                {
                    By = [.. one.By.Select(by => new Acknowledgement(by.NodeKey.ToArray(), by.Signature.ToArray()))],
                }),
            ],
        };
    }

    private sealed class HeldBlock(SeqNo first, SeqNo last, ReadOnlyMemory<byte> bytes, Block? block)
    {
        // Two threads may decode the same bytes at the same time; they get equal blocks, and one of them stays.
        private volatile Block? block = block;

        public SeqNo First => first;

        public SeqNo Last => last;

        public ReadOnlyMemory<byte> Bytes => bytes;

        public Block Decoded()
        {
            if (block is { } known) return known;
            Invariant.Holds(Block.TryDecode(bytes, out Block? decoded), "a block that was sealed here does not decode");
            block = decoded;
            return decoded!;
        }
    }
}
