using System;
using System.Collections.Generic;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>The part of the shell that stores and reads blocks: a few blocks are written, then one sync makes them
/// durable, then the node hears of it. Here things go wrong.</summary>
internal sealed class DiskDriver(World world, FaultPlan plan, SeededRandom random)
{
    private readonly Queue<Effect.StoreBlock> waiting = new();
    private readonly Queue<Effect.StoreBlock> batch = new();
    private SeqNo written;
    private int actions;

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
        ReadOnlyMemory<byte>? bytes = world.Disk.Find(seqNo)?.Read();
        if (!IsHonest && random.Percent(plan.BadReadPercent)) bytes = Lie(bytes);
        world.Deliver(new Input.BlockRead(seqNo, bytes));
    });

    /// <summary>The host delivers a block that nobody asked for, true or not.</summary>
    public void ReadUnasked()
    {
        if (IsHonest || world.Disk.Blocks.Count == 0 || !random.Percent(plan.UnaskedReadPercent)) return;
        world.Situations.Reached("block read that nobody asked for");
        StoredBlock block = random.Pick(world.Disk.Blocks);
        ReadOnlyMemory<byte>? bytes = block.Read();
        world.Deliver(new Input.BlockRead(block.First, random.Percent(50) ? Lie(bytes) : bytes));
    }

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
        if (batch.Count == 0)
        {
            world.Agenda.After(Latency(), Sync);
            return;
        }

        Effect.StoreBlock block = batch.Dequeue();
        bool ending = ++actions >= plan.EndingAtDiskAction;
        if (ending && plan.Ending is Ending.Crash or Ending.FailedWrite)
        {
            world.Disk.Write(block.First, block.Last, block.Bytes.Span, random.Below(block.Bytes.Length));
            if (plan.Ending == Ending.Crash) world.PowerFails("within a write");
            else Fail("failed write", "write: input/output error");
            return;
        }

        if (!world.Disk.Write(block.First, block.Last, block.Bytes.Span))
        {
            Fail("disk full", "write: no space left on device");
            return;
        }

        written = block.Last;
        world.Agenda.After(Latency(), WriteNext);
    }

    private void Sync()
    {
        bool ending = ++actions >= plan.EndingAtDiskAction;
        if (ending && plan.Ending == Ending.FailedSync)
        {
            world.Disk.FailSync();
            Fail("failed sync", "fsync: input/output error");
            return;
        }

        bool crash = ending && plan.Ending == Ending.Crash;
        if (crash && random.Percent(50))
        {
            world.PowerFails("before a sync");
            return;
        }

        world.Disk.Sync();
        if (crash)
        {
            world.PowerFails("after a sync that the node did not hear of");
            return;
        }

        SeqNo last = written;
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

    private void Fail(string situation, string reason)
    {
        HasFailed = true;
        IsIdle = true;
        waiting.Clear();
        batch.Clear();
        world.Situations.Reached(situation);
        world.StoreFails(reason);
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
                return random.Pick(world.Disk.Blocks).Read();
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
