using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Benchmarks.Runs;

/// <summary>Clients that write without a pause, each the next message when the last one is accepted.</summary>
internal sealed class FailoverClients : IAsyncDisposable
{
    // Finer than what is measured, and coarse enough to leave the cores to the nodes.
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(2);

    // Far beyond any election: the network is lost.
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource ends = new();
    private readonly ConcurrentQueue<AcceptedWrite> accepted = new();
    private readonly Func<ulong> nextId; // from all clients at a time
    private readonly Task clients;

    /// <summary>Starts them.</summary>
    /// <param name="nodes">Whom they ask: each begins with one, and goes to the next when a write is refused.</param>
    /// <param name="number">How many.</param>
    /// <param name="nextId">Numbers the messages.</param>
    /// <param name="areKeyed">Whether a message has a key, and is sent until it is accepted; otherwise the next one is
    /// sent.</param>
    public FailoverClients(FailoverNode[] nodes, int number, Func<ulong> nextId, bool areKeyed)
    {
        this.nextId = nextId;
        clients = Task.WhenAll(Enumerable.Range(0, number).Select(one => WriteAsync(nodes, one, areKeyed)));
    }

    /// <summary>What was accepted so far, in the order of the answers, or nearly so.</summary>
    public IReadOnlyCollection<AcceptedWrite> Accepted => accepted;

    /// <summary>The key of a message, and its text.</summary>
    public static string KeyOf(ulong id) => $"failover.{id}";

    /// <summary>Waits for the first accepted write of some kind.</summary>
    public async Task<AcceptedWrite> FirstAsync(Func<AcceptedWrite, bool> isMeant)
    {
        while (!clients.IsFaulted)
        {
            AcceptedWrite? first = accepted.Where(isMeant).MinBy(write => write.Answered);
            if (first is not null) return first;
            await Task.Delay(pause, CancellationToken.None);
        }

        await clients;
        throw new UnreachableException("the clients have failed, and say nothing");
    }

    /// <summary>Ends when each has got its answer.</summary>
    public async ValueTask DisposeAsync()
    {
        await ends.CancelAsync();
        await clients;
        ends.Dispose();
    }

    private async Task WriteAsync(FailoverNode[] nodes, int client, bool areKeyed)
    {
        int asked = client;
        ulong id = nextId();
        long lastAccepted = Stopwatch.GetTimestamp();
        while (true)
        {
            AcceptedWrite? write = await nodes[asked % nodes.Length].TryWriteAsync(id, areKeyed ? KeyOf(id) : null);
            bool isDone = write is not null || !areKeyed;
            if (write is not null)
            {
                accepted.Enqueue(write);
                lastAccepted = write.Answered;
            }

            if (ends.IsCancellationRequested && isDone) return;
            if (isDone) id = nextId();
            if (write is not null) continue;
            if (Stopwatch.GetElapsedTime(lastAccepted) > patience)
                throw new InvalidOperationException($"no write was accepted for {patience.TotalSeconds} s");
            asked++;
            await Task.Delay(pause, CancellationToken.None);
        }
    }
}
