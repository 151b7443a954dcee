using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>The end of the log as consensus remembers it: committed blocks that others may still need, and all that is
/// not committed. Blocks follow each other without a gap.</summary>
internal sealed class BlockLog
{
    private readonly List<BlockInfo> blocks = [];

    public BlockLog(TxId start) => Start = start;

    public BlockLog(BlockLog other)
    {
        Start = other.Start;
        blocks.AddRange(other.blocks);
    }

    /// <summary>The last transaction before the first block that is remembered.</summary>
    public TxId Start { get; private set; }

    /// <summary>The last transaction of all.</summary>
    public TxId Last => blocks.Count > 0 ? blocks[^1].LastTxId : Start;

    public int Count => blocks.Count;

    public BlockInfo this[int index] => blocks[index];

    /// <summary>How many of the remembered blocks end at this place or before it.</summary>
    public int CountThrough(SeqNo seqNo)
    {
        int low = 0;
        int high = blocks.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (blocks[middle].Last <= seqNo) low = middle + 1;
            else high = middle;
        }

        return low;
    }

    /// <summary>The last transaction of the last block that ends at this place or before it.</summary>
    public TxId EndAtOrBefore(SeqNo seqNo)
    {
        int count = CountThrough(seqNo);
        return count == 0 ? Start : blocks[count - 1].LastTxId;
    }

    /// <summary>Whether a block of the log, or the forgotten part, ends with this transaction.</summary>
    public bool EndsABlock(TxId txId) => EndAtOrBefore(txId.SeqNo) == txId;

    /// <summary>Whether nothing that is remembered contradicts a block that ends where the log has a block
    /// end.</summary>
    public bool Agrees(BlockInfo block)
    {
        int count = CountThrough(block.Last);
        return count == 0 || blocks[count - 1].Equals(block);
    }

    /// <summary>Whether this can be a block end of this log: it is one, or it is forgotten.</summary>
    public bool MayEndABlock(TxId txId) => txId.SeqNo < Start.SeqNo || EndsABlock(txId);

    /// <summary>The last block end that another log could share, of which nothing is known but one of its block ends:
    /// no later, and of no later view (docs/consensus.md, "Conflict hints").</summary>
    public TxId BestMatch(TxId other)
    {
        int count = CountThrough(other.SeqNo);
        while (count > 0 && blocks[count - 1].View > other.View) count--;
        return count == 0 ? Start : blocks[count - 1].LastTxId;
    }

    public void Append(BlockInfo block)
    {
        Invariant.Holds(block.First == Last.SeqNo.Next, "a block does not follow the end of the log");
        Invariant.Holds(block.Last >= block.First, "a block ends before it begins");
        Invariant.Holds(block.View >= Last.View, "a block goes back to an older view");
        blocks.Add(block);
    }

    public void TruncateAfter(SeqNo seqNo)
    {
        int count = CountThrough(seqNo);
        blocks.RemoveRange(count, blocks.Count - count);
    }

    /// <summary>Forgets all but so many of the blocks up to a place. It does so in large steps, so that it costs little
    /// for each block.</summary>
    public void Forget(SeqNo through, int kept)
    {
        int count = CountThrough(through) - kept;
        if (count <= kept / 4) return;
        Start = blocks[count - 1].LastTxId;
        blocks.RemoveRange(0, count);
    }

    /// <summary>Begins again after a snapshot.</summary>
    public void Reset(TxId start)
    {
        blocks.Clear();
        Start = start;
    }
}
