using System.Collections.Generic;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>What happens when commit moves: old versions of the state go, and waiting clients are answered.</summary>
/// <param name="store">The state, committed so far.</param>
internal sealed class CommitProgress(KeyValueStore store)
{
    // By TxID, so that commit answers from the front; by ticket, so that who leaves is gone at once, however long the
    // disk takes.
    private readonly SortedSet<(TxId TxId, long Ticket)> waiting = [];
    private readonly Dictionary<long, TxId> tickets = [];

    /// <summary>The last committed transaction.</summary>
    public TxId Committed { get; private set; } = store.Committed.TxId;

    /// <summary>Clients that wait.</summary>
    public int WaitingCount => tickets.Count;

    /// <summary>A client waits until a transaction is final.</summary>
    public void Await(long ticket, TxId txId)
    {
        tickets.Add(ticket, txId);
        waiting.Add((txId, ticket));
    }

    /// <summary>A client no longer waits.</summary>
    public void Forget(long ticket)
    {
        if (tickets.Remove(ticket, out TxId txId)) waiting.Remove((txId, ticket));
    }

    /// <summary>A primary dropped its open block: what was in it left this node never and comes back never.</summary>
    /// <param name="after">The last transaction that stays.</param>
    /// <param name="view">The view that ended.</param>
    /// <param name="effects">Takes the answers.</param>
    public void Drop(SeqNo after, View view, Effects effects)
    {
        while (waiting.Count > 0 && waiting.Max is var newest && newest.TxId.View == view
            && newest.TxId.SeqNo > after)
        {
            waiting.Remove(newest);
            tickets.Remove(newest.Ticket);
            effects.Add(new Effect.Reply(
                newest.Ticket, new Answer.Finished(newest.TxId, TransactionStatus.Invalid)));
        }
    }

    /// <summary>All transactions up to this one are committed.</summary>
    public void Advance(TxId committed, ViewHistory views, Effects effects)
    {
        Invariant.Holds(committed > Committed, "commit went back");
        Committed = committed;
        store.Compact(committed.SeqNo);
        while (waiting.Count > 0 && waiting.Min.TxId <= committed)
        {
            (TxId TxId, long Ticket) first = waiting.Min;
            waiting.Remove(first);
            tickets.Remove(first.Ticket);
            TransactionStatus status = TransactionStatuses.Of(first.TxId, committed, committed, views);
            effects.Add(new Effect.Reply(first.Ticket, new Answer.Finished(first.TxId, status)));
        }
    }
}
