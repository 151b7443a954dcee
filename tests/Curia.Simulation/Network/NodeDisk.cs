using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation.Network;

/// <summary>The ledger on the disk of one node: several blocks are written, one sync makes them durable, then the node
/// hears of it. A crash takes what was not synced, or leaves some of it.</summary>
internal sealed class NodeDisk(NetworkWorld world, NodeProcess process, SeededRandom random)
{
    private readonly Queue<Effect> waiting = new();
    private readonly List<Effect> batch = [];
    private bool isIdle = true;
    private bool hasFailed;

    /// <summary>What the process reads back.</summary>
    public List<BlockFacts> Written { get; } = [];

    /// <summary>What a crash leaves in any case.</summary>
    public List<BlockFacts> Synced { get; } = [];

    /// <summary>The next sync fails.</summary>
    public bool FailsNext { get; set; }

    /// <summary>A node that joins brings these.</summary>
    public void Begin(IEnumerable<BlockFacts> blocks)
    {
        foreach (BlockFacts block in blocks)
        {
            Written.Add(block);
            Synced.Add(block);
        }
    }

    /// <summary>Store, truncate or load, in this order and after all before.</summary>
    public void Add(Effect effect)
    {
        if (hasFailed) return;
        waiting.Enqueue(effect);
        if (isIdle) Next();
    }

    public BlockFacts? Find(SeqNo seqNo)
    {
        int low = 0;
        int high = Written.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) / 2;
            Block block = Written[middle].Block;
            if (seqNo < block.First) high = middle - 1;
            else if (seqNo > block.Last) low = middle + 1;
            else return Written[middle];
        }

        return null;
    }

    /// <summary>Some blocks back to back, from the one of a seqno on.</summary>
    public ReadOnlyMemory<byte> Read(SeqNo from, SeqNo last, int count)
    {
        List<byte> blocks = [];
        for (; count > 0 && Find(from) is { } found && found.Block.Last <= last; count--, from = found.Block.Last.Next)
            blocks.AddRange(found.Block.Bytes.Span);
        return blocks.ToArray();
    }

    /// <summary>What is left when the process is killed and the machine with it.</summary>
    public void Crash()
    {
        int kept = batch.Count == 0 ? 0 : random.Between(0, batch.Count);
        if (batch.Count + waiting.Count > 0) world.Situations.Reached("crash lost unsynced blocks");
        foreach (Effect effect in batch.Take(kept)) Apply(effect, Synced);
        hasFailed = true;
    }

    private void Next()
    {
        while (waiting.TryPeek(out Effect? load) && load is Effect.LoadState state)
        {
            waiting.Dequeue();
            process.Load(state);
        }

        isIdle = waiting.Count == 0;
        if (isIdle) return;
        int most = random.Pick([1, 3, 8]);
        while (batch.Count < most && waiting.TryPeek(out Effect? next) && next is not Effect.LoadState)
            batch.Add(waiting.Dequeue());
        if (batch.Count > 1) world.Situations.Reached("one sync for several blocks");
        process.After(Latency(), Write);
    }

    private void Write()
    {
        foreach (Effect effect in batch) Apply(effect, Written);
        process.After(Latency(), Sync);
    }

    private void Sync()
    {
        if (FailsNext)
        {
            hasFailed = true;
            process.StoreFails("the simulated disk is broken");
            return;
        }

        ulong? number = null;
        foreach (Effect effect in batch)
        {
            Apply(effect, Synced);
            if (effect is not Effect.StoreBlock store) continue;
            number = store.Number;
            world.Book.Look(store.Bytes).SyncedBy.Add(process.Id);
        }

        batch.Clear();
        Next();
        if (number is { } last) process.Deliver(new Input.Stored(last));
    }

    private void Apply(Effect effect, List<BlockFacts> blocks)
    {
        switch (effect)
        {
            case Effect.StoreBlock store:
                BlockFacts facts = world.Book.Look(store.Bytes);
                SeqNo end = blocks.Count > 0 ? blocks[^1].Block.Last : SeqNo.Zero;
                if (facts.Block.First != end.Next)
                    throw new Violation(Rules.NodeHolds, $"{process} stores {store.First} after {end}");
                blocks.Add(facts);
                break;
            case Effect.TruncateLedger truncate:
                int count = blocks.FindLastIndex(block => block.Block.Last <= truncate.Last) + 1;
                blocks.RemoveRange(count, blocks.Count - count);
                break;
        }
    }

    private long Latency()
    {
        long usual = random.Between(1, world.Plan.DiskMicroseconds);
        if (!world.HasFaults || random.Below(1000) >= world.Plan.SlowDisk) return usual;
        world.Situations.Reached("slow disk");
        return usual * 60;
    }

    /// <summary>Blocks as one file of the ledger.</summary>
    public static byte[] Chunk(IEnumerable<BlockFacts> blocks)
    {
        using System.IO.MemoryStream file = new();
        file.Write(LedgerChunk.Header(new SeqNo(1)));
        foreach (BlockFacts block in blocks) file.Write(block.Block.Bytes.Span);
        return file.ToArray();
    }
}
