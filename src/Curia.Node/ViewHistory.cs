using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Which view each position of the ledger was ordered in. Immutable.</summary>
public sealed class ViewHistory
{
    private readonly ImmutableArray<TxId> starts;
    private readonly ImmutableArray<TxId> laidDown;

    private ViewHistory(ImmutableArray<TxId> starts, ImmutableArray<TxId> laidDown)
    {
        this.starts = starts;
        this.laidDown = laidDown;
    }

    /// <summary>No view yet.</summary>
    public static ViewHistory Empty { get; } = new([], []);

    /// <summary>The first transaction of each view that has one, in order.</summary>
    public IReadOnlyList<TxId> Starts => starts;

    /// <summary>Adds a view.</summary>
    /// <param name="first">The view and the first seqno that it ordered.</param>
    public ViewHistory With(TxId first)
    {
        Invariant.Holds(
            starts.IsEmpty || (first.View > starts[^1].View && first.SeqNo > starts[^1].SeqNo),
            "a view began before the one before it");
        return new ViewHistory(starts.Add(first), laidDown);
    }

    /// <summary>Takes back the views that begin after a position.</summary>
    public ViewHistory TruncateAfter(SeqNo last) =>
        starts.IsEmpty || starts[^1].SeqNo <= last
            ? this
            : new ViewHistory(starts.RemoveAll(start => start.SeqNo > last), laidDown);

    /// <summary>This node ordered in a view and does not any more: what it had not sealed never was.</summary>
    /// <param name="last">The view, and the last seqno that stays.</param>
    /// <param name="committed">What is committed; views before it need no memory of their own.</param>
    public ViewHistory WithLaidDown(TxId last, TxId committed) =>
        new(starts, laidDown.RemoveAll(older => older.View < committed.View).Add(last));

    /// <summary>Whether a transaction was dropped with the open block of a view that this node ordered in.</summary>
    public bool IsDropped(TxId txId)
    {
        foreach (TxId last in laidDown)
        {
            if (last.View == txId.View) return txId.SeqNo > last.SeqNo;
        }

        return false;
    }

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
    /// another view holds, in a view older than the committed one, or in the open block that this node dropped when it
    /// ceased to be primary. An uncommitted position that a later view holds
    /// proves nothing yet: a later election may bring the older entry back. So that is Unknown.</remarks>
    public static TransactionStatus Of(TxId txId, TxId committed, TxId last, ViewHistory views)
    {
        ArgumentNullException.ThrowIfNull(views);
        if (txId.SeqNo == SeqNo.Zero || txId.View.Value == 0) return TransactionStatus.Invalid;
        if (txId.SeqNo <= committed.SeqNo)
        {
            return views.ViewAt(txId.SeqNo) == txId.View ? TransactionStatus.Committed : TransactionStatus.Invalid;
        }

        if (txId.View < committed.View || views.IsDropped(txId)) return TransactionStatus.Invalid;
        return txId.SeqNo <= last.SeqNo && views.ViewAt(txId.SeqNo) == txId.View
            ? TransactionStatus.Pending
            : TransactionStatus.Unknown;
    }
}
