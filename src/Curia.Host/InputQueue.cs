using System;
using System.Collections.Generic;
using System.Threading;
using Curia.Node;

namespace Curia.Host;

/// <summary>An input on its way to the loop, with the request that waits for the answer to it.</summary>
internal readonly record struct QueuedInput(Input Input, PendingReply? Reply);

/// <summary>What waits for the node: many threads add, one at a time takes everything at once.</summary>
/// <remarks>Two lists that change places: an input costs a lock without contention and no allocation.</remarks>
internal sealed class InputQueue
{
    /// <summary>Inputs of clients that may wait: at some 20 µs a step they are 80 ms of work, which is the longest that
    /// a client should be kept waiting before it is told that the node is busy. Beyond it: 503.</summary>
    public const int RequestsQueuedMax = 4096;

    /// <summary>Messages of other nodes that may wait, far more than honest ones send before this one has answered.
    /// Beyond it they are lost, as on a network: whoever sent one sends it again.</summary>
    public const int MessagesQueuedMax = 16 * 1024;

    /// <summary>Bytes of the blocks in these messages: twice the largest block.</summary>
    public const long BlockBytesQueuedMax = 256L * 1024 * 1024;

    private readonly Lock gate = new();
    private List<QueuedInput> waiting = new(RequestsQueuedMax);
    private List<QueuedInput> spare = new(RequestsQueuedMax);
    private bool closed;
    private int messages;
    private long blockBytes;

    /// <summary>Called by whoever has added something, on its thread.</summary>
    public Action Arrived { get; set; } = () => { };

    /// <summary>How many inputs wait.</summary>
    public int Count => Volatile.Read(ref waiting).Count;

    /// <summary>Adds what a client asked for.</summary>
    /// <returns>False when too much waits already, or nothing more is taken.</returns>
    public bool TryAddRequest(Input input, PendingReply? reply)
    {
        lock (gate)
        {
            if (closed || waiting.Count >= RequestsQueuedMax) return false;
            waiting.Add(new QueuedInput(input, reply));
        }

        Arrived();
        return true;
    }

    /// <summary>Adds what another node said.</summary>
    /// <returns>False when too much of others waits already.</returns>
    public bool TryAddMessage(Input.Message message)
    {
        long bytes = message.BlockBytes;
        lock (gate)
        {
            if (closed) return true;
            if (messages >= MessagesQueuedMax || bytes > BlockBytesQueuedMax - blockBytes) return false;
            messages++;
            blockBytes += bytes;
            waiting.Add(new QueuedInput(message, null));
        }

        Arrived();
        return true;
    }

    /// <summary>Adds the outcome of an effect. Never refused: the node asked for it, so their number is bounded by the
    /// node.</summary>
    public void Add(Input input)
    {
        lock (gate)
        {
            if (closed) return;
            waiting.Add(new QueuedInput(input, null));
        }

        Arrived();
    }

    /// <summary>Everything that waits, in order. Only who has the turn calls it, and is done with the list when it
    /// calls again.</summary>
    public List<QueuedInput> TakeAll()
    {
        lock (gate)
        {
            spare.Clear();
            messages = 0;
            blockBytes = 0;
            (waiting, spare) = (spare, waiting);
            return spare;
        }
    }

    /// <summary>Nothing more is taken in.</summary>
    /// <returns>What still waited; nobody else sees it any more.</returns>
    public List<QueuedInput> Close()
    {
        lock (gate) closed = true;
        return TakeAll();
    }
}
