using System.Collections.Generic;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>A chain of blocks, kept apart from what the replica remembers: the log that its effects ask for, or what
/// its disk has.</summary>
internal sealed class CoreLog(TxId start)
{
    private readonly List<BlockInfo> blocks = [];

    /// <summary>What comes before the first block: the end of a snapshot, or of the ledger that it began
    /// with.</summary>
    public TxId Start { get; private set; } = start;

    public TxId Last => blocks.Count > 0 ? blocks[^1].LastTxId : Start;

    public int Count => blocks.Count;

    public BlockInfo this[int index] => blocks[index];

    /// <summary>A copy up to a place.</summary>
    public CoreLog CopyThrough(SeqNo last)
    {
        CoreLog copy = new(Start);
        for (int index = 0; index < blocks.Count && blocks[index].Last <= last; index++) copy.blocks.Add(blocks[index]);
        return copy;
    }

    public void Append(BlockInfo block) => blocks.Add(block);

    /// <summary>How many of its blocks end at this place or before it.</summary>
    public int CountThrough(SeqNo last)
    {
        int count = blocks.Count;

        // Nearly every question is about the end.
        while (count > 0 && blocks[count - 1].Last > last)
        {
            if (blocks.Count - count > 8) return Search(last, count);
            count--;
        }

        return count;
    }

    public bool Contains(TxId txId)
    {
        int count = CountThrough(txId.SeqNo);
        return count == 0 ? txId == Start : blocks[count - 1].LastTxId == txId;
    }

    public void TruncateAfter(SeqNo last)
    {
        int count = CountThrough(last);
        blocks.RemoveRange(count, blocks.Count - count);
    }

    public void Reset(TxId at)
    {
        blocks.Clear();
        Start = at;
    }

    private int Search(SeqNo last, int high)
    {
        int low = 0;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (blocks[middle].Last <= last) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
