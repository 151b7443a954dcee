using System;
using System.Collections.Generic;
using System.Threading;
using Curia.Node;

namespace Curia.Host;

/// <summary>An input on its way to the loop, with the request that waits for the answer to it.</summary>
internal readonly record struct QueuedInput(Input Input, PendingReply? Reply);

/// <summary>What waits for the loop: many threads add, one takes everything at once.</summary>
/// <remarks>Two lists that change places: an input costs a lock without contention and no allocation. The loop is woken
/// after the lock was left: one that is woken inside it would only wait for it (bench/results, profile of
/// 2026-11-26).</remarks>
internal sealed class InputQueue : IDisposable
{
    /// <summary>Inputs of clients that may wait: at some 20 µs a step they are 80 ms of work, which is the longest that
    /// a client should be kept waiting before it is told that the node is busy. Beyond it: 503.</summary>
    public const int RequestsQueuedMax = 4096;

    private readonly Lock gate = new();
    private readonly AutoResetEvent arrived = new(false);
    private List<QueuedInput> waiting = new(RequestsQueuedMax);
    private List<QueuedInput> spare = new(RequestsQueuedMax);
    private bool asleep;
    private bool closed;

    /// <summary>How many inputs wait.</summary>
    public int Count => Volatile.Read(ref waiting).Count;

    /// <summary>Adds what a client asked for.</summary>
    /// <returns>False when too much waits already, or the loop takes nothing more.</returns>
    public bool TryAddRequest(Input input, PendingReply? reply)
    {
        bool wake;
        lock (gate)
        {
            if (closed || waiting.Count >= RequestsQueuedMax) return false;
            wake = AddLocked(new QueuedInput(input, reply));
        }

        if (wake) arrived.Set();
        return true;
    }

    /// <summary>Adds the outcome of an effect. Never refused: the node asked for it, so their number is bounded by the
    /// node.</summary>
    public void Add(Input input)
    {
        bool wake;
        lock (gate)
        {
            wake = !closed && AddLocked(new QueuedInput(input, null));
        }

        if (wake) arrived.Set();
    }

    /// <summary>Everything that waits, in order; waits itself for a while when that is nothing. Only the loop calls it,
    /// and is done with the list when it calls again.</summary>
    public List<QueuedInput> TakeAll(TimeSpan patience)
    {
        bool sleep;
        lock (gate) sleep = asleep = waiting.Count == 0 && patience > TimeSpan.Zero;

        // Rounded up: less than a millisecond is no wait at all, and the last one before each tick would be spent
        // asking again and again, a tenth of a core for nothing.
        if (sleep) arrived.WaitOne((int)Math.Ceiling(patience.TotalMilliseconds));
        lock (gate)
        {
            asleep = false;
            spare.Clear();
            (waiting, spare) = (spare, waiting);
            return spare;
        }
    }

    /// <summary>Nothing more is taken in.</summary>
    /// <returns>What still waited; nobody else sees it any more.</returns>
    public List<QueuedInput> Close()
    {
        lock (gate) closed = true;
        return TakeAll(TimeSpan.Zero);
    }

    /// <summary>After <see cref="Close"/>, when nobody adds any more.</summary>
    public void Dispose() => arrived.Dispose();

    // The first input wakes the loop, the others find it awake. One that comes as the patience ends leaves the event
    // set: then the next sleep is short, and what is taken is nothing.
    private bool AddLocked(QueuedInput input)
    {
        waiting.Add(input);
        bool wake = asleep;
        asleep = false;
        return wake;
    }
}
