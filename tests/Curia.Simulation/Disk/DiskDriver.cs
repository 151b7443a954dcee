using System;
using System.Collections.Generic;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>The part of the shell that stores and reads blocks: a few blocks are written, then one sync makes them
/// durable, then the node hears of it. Here things go wrong.</summary>
internal sealed class DiskDriver(World world, ChunkFiles chunks, FaultPlan plan, SeededRandom random)
{
    private readonly Queue<Effect.StoreBlock> waiting = new();
    private readonly Queue<Effect.StoreBlock> batch = new();
    private ulong written;

    /// <summary>A write or a sync has returned an error; the shell does nothing more.</summary>
    public bool HasFailed { get; private set; }

    public bool IsIdle { get; private set; } = true;

    /// <summary>Reads give what was written; set when a run that went well is looked at in the end.</summary>
    public bool IsHonest { get; set; }

    public void Store(Effect.StoreBlock block)
    {
        if (HasFailed) return;
        waiting.Enqueue(block);
        if (IsIdle) Begin();
    }

    /// <summary>Reads the block that holds a seqno, or gives the node something else.</summary>
    public void Read(SeqNo seqNo) => world.Agenda.After(Latency(), () =>
    {
        ReadOnlyMemory<byte>? bytes = chunks.Find(seqNo)?.Read();
        if (!IsHonest && random.Percent(plan.BadReadPercent)) bytes = Lie(bytes);
        world.Deliver(new Input.BlockRead(seqNo, bytes));
    });

    /// <summary>The host delivers a block that nobody asked for, true or not.</summary>
    public void ReadUnasked()
    {
        if (IsHonest || chunks.Blocks.Count == 0 || !random.Percent(plan.UnaskedReadPercent)) return;
        world.Situations.Reached("block read that nobody asked for");
        StoredBlock block = random.Pick(chunks.Blocks);
        ReadOnlyMemory<byte>? bytes = block.Read();
        world.Deliver(new Input.BlockRead(block.First, random.Percent(50) ? Lie(bytes) : bytes));
    }

    /// <summary>Chunks that have committed to their end get their final names, some time later.</summary>
    public void NameCommitted(SeqNo committed) => world.Agenda.After(random.Between(0, 5_000), () =>
    {
        if (!HasFailed) Try(() => chunks.NameCommitted(committed));
    });

    private void Begin()
    {
        IsIdle = false;
        for (int count = random.Between(1, 4); count > 0 && waiting.Count > 0; count--)
        {
            batch.Enqueue(waiting.Dequeue());
        }

        if (batch.Count > 1) world.Situations.Reached("one sync for several blocks");
        world.Agenda.After(Latency(), WriteNext);
    }

    private void WriteNext()
    {
        if (HasFailed) return;
        if (batch.Count == 0)
        {
            world.Agenda.After(Latency(), Sync);
            return;
        }

        Effect.StoreBlock block = batch.Dequeue();
        if (!Try(() => chunks.Append(block))) return;
        written = block.Number;
        world.Agenda.After(Latency(), WriteNext);
    }

    private void Sync()
    {
        if (HasFailed || !Try(chunks.Sync)) return;
        ulong last = written;
        IsIdle = true;
        bool more = waiting.Count > 0;
        if (more) Begin();
        if (more && random.Percent(20))
        {
            // The shell may tell of several syncs at once: the next one covers this one too.
            world.Situations.Reached("one word for several syncs");
            return;
        }

        world.Deliver(new Input.Stored(last));
        if (random.Percent(5)) world.Deliver(new Input.Stored(last));
    }

    private bool Try(Action work)
    {
        try
        {
            work();
            return true;
        }
        catch (DiskError error)
        {
            HasFailed = true;
            IsIdle = true;
            waiting.Clear();
            batch.Clear();
            world.StoreFails(error.Message);
            return false;
        }
    }

    private ReadOnlyMemory<byte>? Lie(ReadOnlyMemory<byte>? bytes)
    {
        world.Situations.Reached("wrong bytes read back");
        if (bytes is not { } truth || truth.Length == 0) return null;
        switch (random.Below(6))
        {
            case 0:
                return null;
            case 4:
                world.Situations.Reached("block of another service read back");
                return random.Pick(ForeignLedger.Blocks);
            case 1:
                return truth[..random.Below(truth.Length)];
            case 2:
                return (byte[])[.. truth.Span, 0];
            case 3:
                return random.Pick(chunks.Blocks).Read();
            default:
                byte[] flipped = truth.ToArray();
                flipped[random.Below(flipped.Length)] ^= (byte)(1 << random.Below(8));
                return flipped;
        }
    }

    private long Latency()
    {
        long usual = random.Between(1, plan.DiskMicroseconds);
        if (!random.Percent(plan.SlowPercent)) return usual;
        world.Situations.Reached("slow disk");
        return usual * 100;
    }
}
