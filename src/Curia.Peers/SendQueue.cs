using System.Collections.Generic;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Peers;

/// <summary>What waits for one node: what may pass before what keeps its order, the oldest first. Any thread adds, one
/// task takes.</summary>
internal sealed class SendQueue(int messagesMax, long bytesMax)
{
    private readonly Lock gate = new();
    private readonly Queue<Outgoing> passing = [];
    private readonly Queue<Outgoing> ordered = [];
    private readonly Signal signal = new();
    private long bytes;
    private bool isClosed;

    /// <summary>How many wait.</summary>
    public int Count
    {
        get
        {
            lock (gate) return passing.Count + ordered.Count;
        }
    }

    /// <summary>Adds one, and takes out the oldest while there are too many; never the new one.</summary>
    /// <returns>What was taken out; null when the queue is closed and the new one was not added.</returns>
    public IReadOnlyList<Outgoing>? Add(Outgoing item)
    {
        List<Outgoing> dropped = [];
        lock (gate)
        {
            if (isClosed) return null;
            (item.Passes ? passing : ordered).Enqueue(item);
            bytes += item.WaitingBytes;
            while (passing.Count + ordered.Count > 1
                && (passing.Count + ordered.Count > messagesMax || bytes > bytesMax))
            {
                dropped.Add(Remove(ordered.Count > (item.Passes ? 0 : 1) ? ordered : passing));
            }
        }

        signal.Set(item.MayBeWrittenAtOnce);
        return dropped.Count == 0 ? [] : dropped;
    }

    /// <summary>Adds one if there is room.</summary>
    public bool TryAdd(Outgoing item)
    {
        lock (gate)
        {
            if (isClosed || passing.Count + ordered.Count >= messagesMax) return false;
            if (bytes > 0 && bytes + item.WaitingBytes > bytesMax) return false;
            (item.Passes ? passing : ordered).Enqueue(item);
            bytes += item.WaitingBytes;
        }

        signal.Set(item.MayBeWrittenAtOnce);
        return true;
    }

    /// <summary>Takes the next one.</summary>
    /// <param name="passingOnly">Whether one in order is being sent already.</param>
    public Outgoing? Take(bool passingOnly)
    {
        lock (gate)
        {
            if (passing.Count > 0) return Remove(passing);
            return !passingOnly && ordered.Count > 0 ? Remove(ordered) : null;
        }
    }

    /// <summary>Takes no more.</summary>
    /// <returns>What waited.</returns>
    public IReadOnlyList<Outgoing> Close()
    {
        lock (gate)
        {
            isClosed = true;
            List<Outgoing> left = [.. passing, .. ordered];
            passing.Clear();
            ordered.Clear();
            bytes = 0;
            return left;
        }
    }

    /// <summary>Wakes who waits, also when nothing was added.</summary>
    public void Wake() => signal.Set(mayRunHere: false);

    /// <summary>Whether who waited goes on within a call of <see cref="Add"/>, which is not to write for others
    /// too.</summary>
    public bool IsOnAdder => signal.HasRunHere;

    /// <summary>Waits until it is woken since the last time; it may be for nothing.</summary>
    public ValueTask WaitAsync(CancellationToken cancellation) => signal.WaitAsync(cancellation);

    private Outgoing Remove(Queue<Outgoing> lane)
    {
        Outgoing item = lane.Dequeue();
        bytes -= item.WaitingBytes;
        return item;
    }
}
