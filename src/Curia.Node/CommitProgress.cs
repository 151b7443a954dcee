using System.Collections.Generic;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>What happens when commit moves: old versions of the state go, and waiting clients are answered.</summary>
internal sealed class CommitProgress(KeyValueStore store)
{
    private readonly PriorityQueue<Waiting, TxId> waiting = new();
    private readonly HashSet<long> tickets = [];

    /// <summary>The last committed transaction.</summary>
    public TxId Committed { get; private set; }

    /// <summary>Clients that wait.</summary>
    public int WaitingCount => tickets.Count;

    /// <summary>A client waits until a transaction is final.</summary>
    public void Await(long ticket, TxId txId)
    {
        tickets.Add(ticket);
        waiting.Enqueue(new Waiting(ticket, txId), txId);
    }

    /// <summary>A client no longer waits. Its place in the queue goes when commit passes it.</summary>
    public void Forget(long ticket) => tickets.Remove(ticket);

    /// <summary>All transactions up to this one are committed.</summary>
    public void Advance(TxId committed, ViewHistory views, Effects effects)
    {
        Invariant.Holds(committed > Committed, "commit went back");
        Committed = committed;
        store.Compact(committed.SeqNo);
        while (waiting.TryPeek(out Waiting client, out TxId txId) && txId <= committed)
        {
            waiting.Dequeue();
            if (!tickets.Remove(client.Ticket)) continue;
            TransactionStatus status = TransactionStatuses.Of(txId, committed, committed, views);
            effects.Add(new Effect.Reply(client.Ticket, new Answer.Finished(txId, status)));
        }
    }

    private readonly record struct Waiting(long Ticket, TxId TxId);
}
