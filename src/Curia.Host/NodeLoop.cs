using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using Curia.Host.Peers;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>Why the loop ended.</summary>
/// <param name="Reason">What went wrong; null when the node was drained.</param>
internal sealed record LoopEnd(string? Reason);

/// <summary>Feeds the node, one step at a time: inputs in order of arrival, then what the node wants done, in
/// order.</summary>
/// <remarks>Whoever brings an input while nobody steps the node does so itself: a thread that had to be woken for it
/// would cost more than the step, and a write among three nodes passes ten of them. What comes meanwhile is taken by a
/// thread of the loop's own, which also ticks. Nothing here waits for a disk, a socket or a handler, so that ticks come
/// on time (docs/one-transaction.md, steps 2 and 11).</remarks>
internal sealed class NodeLoop
{
    // Finer than any time-out of the node, coarser than what an idle machine would notice.
    private static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(10);

    private const int FewReplies = 8;

    private readonly CuriaNode node;
    private readonly LedgerFiles ledger;
    private readonly SnapshotFiles snapshots;
    private readonly SealedFiles sealedFiles;
    private readonly NodePeers? peers;
    private readonly StateLoader states;
    private readonly HostMetrics metrics;
    private readonly HostLog log;
    private readonly Action<Effect.Open> open;
    private readonly InputQueue inputs;
    private readonly Dictionary<long, PendingReply> replies = new(InputQueue.RequestsQueuedMax);
    private readonly List<PendingReply> late = [];
    private readonly TaskCompletionSource<LoopEnd> ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly object rest = new();
    private readonly Thread thread;
    private int turn;
    private long lastTick;
    private bool isWoken;
    private volatile bool isOpen;
    private ReplyChain completed;
    private long lastTicket;
    private volatile bool stopping;
    private SeqNo committed;
    private bool draining;

    /// <summary>Takes what effects are performed on; <see cref="Start"/> begins.</summary>
    public NodeLoop(
        CuriaNode node, InputQueue inputs, LedgerFiles ledger, SnapshotFiles snapshots, SealedFiles sealedFiles,
        NodePeers? peers, StateLoader states, HostMetrics metrics, HostLog log, Action<Effect.Open> open)
    {
        this.peers = peers;
        this.states = states;
        this.node = node;
        this.inputs = inputs;
        this.ledger = ledger;
        this.snapshots = snapshots;
        this.sealedFiles = sealedFiles;
        this.metrics = metrics;
        this.log = log;
        this.open = open;
        thread = new Thread(Run) { IsBackground = true, Name = "node loop" };
        inputs.Arrived = StepIfNobodyDoes;
    }

    /// <summary>So many ticks are so many milliseconds, or a little less.</summary>
    public static int TicksOf(int milliseconds) => Math.Max(1, milliseconds / (int)TickInterval.TotalMilliseconds);

    /// <summary>Done when the loop has ended: drained, or stopped for a reason.</summary>
    public Task<LoopEnd> Ended => ended.Task;

    /// <summary>Starts the node and its thread.</summary>
    public void Start()
    {
        inputs.Add(new Input.Start(DateTimeOffset.UtcNow));
        thread.Start();
    }

    /// <summary>Orders what a request wrote.</summary>
    /// <returns>Null when too much waits already.</returns>
    public PendingReply? TrySubmit(Execution.Proposed proposed, bool waitForCommit, TimeSpan patience)
    {
        PendingReply reply = NewReply(waitForCommit, patience);
        return inputs.TryAddRequest(new Input.Submit(reply.Ticket, proposed, waitForCommit), reply) ? reply : null;
    }

    /// <summary>Waits until what was read may be told.</summary>
    /// <returns>Null when too much waits already.</returns>
    public PendingReply? TryConfirm(Execution.Unconfirmed read, TimeSpan patience)
    {
        PendingReply reply = NewReply(untilFinished: true, patience);
        return inputs.TryAddRequest(new Input.Confirm(reply.Ticket, read), reply) ? reply : null;
    }

    /// <summary>Waits until a transaction has its final status.</summary>
    /// <returns>Null when too much waits already.</returns>
    public PendingReply? TryAwait(TxId txId, TimeSpan patience)
    {
        PendingReply reply = NewReply(untilFinished: true, patience);
        reply.Ordered = txId;
        return inputs.TryAddRequest(new Input.Await(reply.Ticket, txId), reply) ? reply : null;
    }

    /// <summary>Tells the node something that nobody waits for; dropped when too much waits already.</summary>
    public void Tell(Input input) => inputs.TryAddRequest(input, null);

    /// <summary>Seals and stores what is open, then ends.</summary>
    public void Drain() => inputs.Add(new Input.Drain());

    /// <summary>Ends the loop after the step that it is in, whatever is still open.</summary>
    /// <returns>False when that step did not end in time: what it works with must not be disposed then.</returns>
    public bool Stop(TimeSpan patience)
    {
        stopping = true;
        Wake();
        return thread.Join(patience);
    }

    private PendingReply NewReply(bool untilFinished, TimeSpan patience) => new(
        Interlocked.Increment(ref lastTicket), untilFinished,
            Environment.TickCount64 + (long)patience.TotalMilliseconds);

    // One batch, and not more: the thread has work of its own. While many wait, a thread that is woken finds many at a
    // time, and each block costs two signatures. What opens a node takes long, and files are written for it. A tick
    // that is late goes first: only the loop's thread ticks.
    private void StepIfNobodyDoes()
    {
        bool isTickLate = Stopwatch.GetElapsedTime(Volatile.Read(ref lastTick)) > 2 * TickInterval;
        if (!isOpen || isTickLate || replies.Count > FewReplies)
        {
            // Either who gives the turn back sees what was added, or its giving is seen here.
            Interlocked.MemoryBarrier();
            if (Volatile.Read(ref turn) == 0 && !Volatile.Read(ref isWoken)) Wake();
            return;
        }

        if (!TryTakeTurn()) return; // who has it looks again before it rests
        Guard(StepOnce);
        GiveTurn();
        if (inputs.Count > 0) Wake();
    }

    private void Run()
    {
        Volatile.Write(ref lastTick, Stopwatch.GetTimestamp());
        while (!ended.Task.IsCompleted)
        {
            if (!TryTakeTurn())
            {
                Rest(1);
                continue;
            }

            Guard(stopping ? static () => new LoopEnd(null) : StepOnce);
            TimeSpan untilTick = TickInterval - Stopwatch.GetElapsedTime(lastTick);
            if (untilTick <= TimeSpan.Zero)
            {
                Volatile.Write(ref lastTick, Stopwatch.GetTimestamp());
                Guard(Tick);
            }

            GiveTurn();
            if (inputs.Count > 0) continue;

            // Rounded up: less than a millisecond is no wait at all, and the last one before each tick would be spent
            // asking again and again, a tenth of a core for nothing.
            if (inputs.Count == 0 && untilTick > TimeSpan.Zero)
                Rest((int)Math.Ceiling(untilTick.TotalMilliseconds));
        }
    }

    private void Rest(int milliseconds)
    {
        lock (rest)
        {
            if (!isWoken) Monitor.Wait(rest, milliseconds);
            isWoken = false;
        }
    }

    private void Wake()
    {
        lock (rest)
        {
            isWoken = true;
            Monitor.Pulse(rest);
        }
    }

    private bool TryTakeTurn() => Interlocked.Exchange(ref turn, 1) == 0;

    // Whoever adds from here on finds it free; who added before and did not is seen by a look at the queue after this.
    private void GiveTurn() => Interlocked.Exchange(ref turn, 0);

    private void Guard(Func<LoopEnd?> work)
    {
        if (ended.Task.IsCompleted) return;
        LoopEnd? end;
        try
        {
            end = work();
        }
        catch (InvariantException e)
        {
            end = new LoopEnd($"A promise of the program is broken: {e.Message}");
        }
        catch (StartFailure e)
        {
            end = new LoopEnd(e.Message);
        }
#pragma warning disable CA1031 // The last line of defence: whatever it is, the node must stop and say so.
        catch (Exception e)
#pragma warning restore CA1031
        {
            end = new LoopEnd($"The node loop failed: {Fault.Describe(e)}");
        }

        if (end is not null) End(end);
    }

    private void End(LoopEnd end)
    {
        foreach (QueuedInput queued in inputs.Close()) Register(queued);
        foreach (PendingReply reply in replies.Values)
        {
            reply.NodeEnds = true;
            completed.Add(reply, null);
        }

        completed.Release();
        ended.TrySetResult(end);
    }

    private void Register(QueuedInput queued)
    {
        if (queued.Reply is PendingReply reply) replies.Add(reply.Ticket, reply);
    }

    private LoopEnd? StepOnce()
    {
        List<QueuedInput> taken = inputs.TakeAll();

        // All of them before the first step: if one of the steps is the last, the others are told as well.
        foreach (QueuedInput queued in taken) Register(queued);
        for (int i = 0; i < taken.Count; i++)
        {
            if (Step(taken[i].Input, moreWait: i < taken.Count - 1) is LoopEnd end) return end;
        }

        return null;
    }

    private LoopEnd? Tick()
    {
        GiveUpLateReplies();
        return Step(new Input.Tick(DateTimeOffset.UtcNow));
    }

    private LoopEnd? Step(Input input, bool moreWait = false)
    {
        draining |= input is Input.Drain;
        LoopEnd? end = null;
        IReadOnlyList<Effect> effects = node.Step(input, moreWait).InOrder;
        for (int i = 0; i < effects.Count; i++) end ??= Perform(effects[i]);
        completed.Release();

        TxId now = node.View.Committed;
        if (now.SeqNo != committed)
        {
            committed = now.SeqNo;
            ledger.Committed(committed);
        }

        return end ?? (draining && !moreWait && node.View.MayEnd ? new LoopEnd(null) : null);
    }

    /// <summary>The second switch: everything a node can do.</summary>
    private LoopEnd? Perform(Effect effect)
    {
        switch (effect)
        {
            case Effect.Reply reply:
                Answer(reply);
                return null;
            case Effect.StoreSecrets own:
                sealedFiles.Write(own); // once, before anybody is served: the loop may wait for the disk here
                return null;
            case Effect.StoreBlock block:
                metrics.BlockSealed(block.Bytes.Length);
                ledger.Append(block);
                return null;
            case Effect.TruncateLedger truncation:
                ledger.Truncate(truncation);
                return null;
            case Effect.Peers others:
                peers?.Set(others.Addresses);
                return null;
            case Effect.Send send:
                peers!.Send(send);
                return null;
            case Effect.SendSecrets secrets:
                peers!.Send(secrets);
                return null;
            case Effect.LoadState load:
                ledger.Load(load, states.Load);
                return null;
            case Effect.ReadBlock read:
                ledger.Read(read.SeqNo);
                return null;
            case Effect.RecallBlocks recall:
                ledger.Recall(recall);
                return null;
            case Effect.MakeSnapshot snapshot:
                snapshots.Make(snapshot.Job);
                return null;
            case Effect.FinishSnapshot snapshot:
                snapshots.Finish(snapshot);
                return null;
            case Effect.Open opened:
                open(opened);
                isOpen = true;
                return null;
            case Effect.Log line:
                log.Write(line.Severity, line.Message);
                return null;
            case Effect.Stop stop:
                return new LoopEnd(stop.Reason);
            default:
                throw new UnreachableException($"Effect {effect.GetType().Name} has no arm");
        }
    }

    private void Answer(Effect.Reply effect)
    {
        if (!replies.TryGetValue(effect.Ticket, out PendingReply? waiting)) return; // its time was up
        if (effect.Answer is Node.Answer.Ordered ordered)
        {
            waiting.Ordered = ordered.TxId;
            if (waiting.UntilFinished) return;
        }

        replies.Remove(effect.Ticket);
        completed.Add(waiting, effect.Answer);
    }

    // A timer for each request would cost more than looking at some thousand deadlines a hundred times a second.
    private void GiveUpLateReplies()
    {
        long now = Environment.TickCount64;
        foreach (PendingReply reply in replies.Values)
        {
            if (reply.Deadline <= now) late.Add(reply);
        }

        foreach (PendingReply reply in late)
        {
            replies.Remove(reply.Ticket);
            completed.Add(reply, null);
            inputs.Add(new Input.Forget(reply.Ticket));
        }

        completed.Release();

        late.Clear();
    }
}
