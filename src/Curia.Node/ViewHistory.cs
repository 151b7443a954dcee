using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Which view each position of the ledger was ordered in. Immutable.</summary>
public sealed class ViewHistory
{
    private readonly ImmutableArray<TxId> starts;

    private ViewHistory(ImmutableArray<TxId> starts) => this.starts = starts;

    /// <summary>No view yet.</summary>
    public static ViewHistory Empty { get; } = new([]);

    /// <summary>The first transaction of each view that has one, in order.</summary>
    public IReadOnlyList<TxId> Starts => starts;

    /// <summary>Adds a view.</summary>
    /// <param name="first">The view and the first seqno that it ordered.</param>
    public ViewHistory With(TxId first)
    {
        Invariant.Holds(
            starts.IsEmpty || (first.View > starts[^1].View && first.SeqNo > starts[^1].SeqNo),
            "a view began before the one before it");
        return new ViewHistory(starts.Add(first));
    }

    /// <summary>Takes back the views that begin after a position.</summary>
    public ViewHistory TruncateAfter(SeqNo last) =>
        starts.IsEmpty || starts[^1].SeqNo <= last
            ? this
            : new ViewHistory(starts.RemoveAll(start => start.SeqNo > last));

    /// <summary>The view in which a position was ordered, of the positions up to the last one.</summary>
    /// <returns>View 0 for a position before the first view.</returns>
    public View ViewAt(SeqNo seqNo)
    {
        for (int i = starts.Length - 1; i >= 0; i--)
        {
            if (starts[i].SeqNo <= seqNo) return starts[i].View;
        }

        return default;
    }
}

/// <summary>What can truthfully be said of a TxID.</summary>
public static class TransactionStatuses
{
    /// <summary>The status of a transaction, given what this node holds.</summary>
    /// <param name="txId">The transaction asked for.</param>
    /// <param name="committed">The last committed transaction.</param>
    /// <param name="last">The last transaction ordered, as far as this node knows.</param>
    /// <param name="views">The views of all positions up to <paramref name="last"/>.</param>
    /// <remarks>Invalid is final, so it is said only where nothing can make it wrong: at a committed position that
    /// another view holds, or in a view older than the committed one. An uncommitted position that a later view holds
    /// proves nothing yet: a later election may bring the older entry back. So that is Unknown.</remarks>
    public static TransactionStatus Of(TxId txId, TxId committed, TxId last, ViewHistory views)
    {
        ArgumentNullException.ThrowIfNull(views);
        if (txId.SeqNo == SeqNo.Zero || txId.View.Value == 0) return TransactionStatus.Invalid;
        if (txId.SeqNo <= committed.SeqNo)
        {
            return views.ViewAt(txId.SeqNo) == txId.View ? TransactionStatus.Committed : TransactionStatus.Invalid;
        }

        if (txId.View < committed.View) return TransactionStatus.Invalid;
        return txId.SeqNo <= last.SeqNo && views.ViewAt(txId.SeqNo) == txId.View
            ? TransactionStatus.Pending
            : TransactionStatus.Unknown;
    }
}
