using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using Curia.Vocabulary;

namespace Curia.KeyValue;

/// <summary>The maps of a node: the committed state and every pending one above it.</summary>
/// <remarks>One thread commits, applies, rolls back and compacts (the loop). Any thread takes <see cref="Current"/> or
/// begins a transaction: that is the read of one reference, and never waits.</remarks>
public sealed class KeyValueStore
{
    // states[0] is the committed one, then one for each pending seqno.
    private readonly List<State> states;
    private readonly Func<State> newest;
    private volatile State current;
    private volatile State committed;

    /// <summary>Starts from a state, which counts as committed; from the empty one when none is given.</summary>
    public KeyValueStore(State? start = null)
    {
        current = committed = start ?? State.Empty;
        states = [current];
        newest = () => current;
    }

    /// <summary>The newest state. Any thread.</summary>
    public State Current => current;

    /// <summary>The state at the last <see cref="Compact"/>. Any thread.</summary>
    public State Committed => committed;

    /// <summary>Begins a transaction. Any thread.</summary>
    public Transaction Begin(MapAccess access) => new(newest, access);

    /// <summary>Lets the node read and write its own maps in a transaction of the application. Whoever runs the
    /// transaction.</summary>
    /// <param name="transaction">One that was begun here.</param>
    /// <param name="work">What the node does; it keeps nothing of the transaction.</param>
    /// <remarks>Application code holds transactions and no store, so it cannot.</remarks>
    public void AsNode(Transaction transaction, Action<Transaction> work)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        ArgumentNullException.ThrowIfNull(work);
        transaction.RunAs(MapAccess.Node, work);
    }

    /// <summary>Begins a transaction that only reads. Any thread.</summary>
    public ReadOnlyTransaction BeginReadOnly(MapAccess access) => new(newest, access);

    /// <summary>Begins a transaction that reads one given state. Any thread.</summary>
    public static ReadOnlyTransaction ReadAt(State state, MapAccess access)
    {
        ArgumentNullException.ThrowIfNull(state);
        return new ReadOnlyTransaction(() => state, access);
    }

    /// <summary>Begins a transaction that reads one state, which is made at the first read. Any thread.</summary>
    public static ReadOnlyTransaction ReadAt(Func<State> state, MapAccess access)
    {
        ArgumentNullException.ThrowIfNull(state);
        return new ReadOnlyTransaction(state, access);
    }

    /// <summary>Gives the transaction the next seqno if what it read still holds. Loop thread.</summary>
    /// <param name="transaction">One that was begun here; after <see cref="CommitOutcome.Committed"/> it is used
    /// up.</param>
    /// <param name="view">The view of the primary that commits, not before that of the current state.</param>
    /// <remarks>Costs one look-up per key read, a comparison of the changed nodes per range read, and one path copy per
    /// write. The result is as if the transaction had run at this moment (strict serialisability).</remarks>
    public CommitOutcome Commit(Transaction transaction, View view)
    {
        ArgumentNullException.ThrowIfNull(transaction);
        if (!transaction.HasWrites) return new CommitOutcome.NothingToCommit(transaction.ReadVersion ?? current.TxId);
        if (transaction.Oversized is { } oversized) return oversized;
        long bytes = WriteSetFormat.SizeOf(transaction.OpenMaps);
        if (bytes > SizeLimits.WriteSetBytesMax)
        {
            return new CommitOutcome.TooLarge(bytes, SizeLimits.WriteSetBytesMax);
        }

        foreach (OpenMap map in transaction.OpenMaps)
        {
            if (!map.ReadsHoldIn(current.TreeOf(map.Name))) return new CommitOutcome.Conflict(map.Name);
        }

        transaction.MarkCommitted();
        TxId id = new(view, current.TxId.SeqNo.Next);
        (State next, WriteSet changes) = current.AfterOwnWrites(id, transaction.OpenMaps);
        Append(next);
        return new CommitOutcome.Committed(id, changes);
    }

    /// <summary>Appends a transaction that was ordered elsewhere, without validation. Loop thread.</summary>
    /// <param name="id">The next seqno, in a view not before that of the current state.</param>
    /// <param name="changes">Its writes; none for a signature transaction.</param>
    /// <exception cref="InvariantException">The seqno is not the next one, or the view goes back.</exception>
    public void Apply(TxId id, WriteSet changes) => Append(current.After(id, changes));

    /// <summary>Drops every state after a seqno. Loop thread.</summary>
    /// <param name="to">The committed seqno or any later one, up to the current one.</param>
    /// <exception cref="InvariantException">The seqno is before the committed one or after the current one.</exception>
    /// <remarks>Transactions that read a dropped state conflict if they read anything that was dropped with
    /// it.</remarks>
    public void Rollback(SeqNo to)
    {
        Invariant.Holds(TryIndexOf(to, out int index), "rollback to a seqno that is committed over or not reached");
        states.RemoveRange(index + 1, states.Count - index - 1);
        current = states[index];
    }

    /// <summary>Makes a pending state the committed one and forgets those before it. Loop thread.</summary>
    /// <param name="committedSeqNo">The committed seqno or any later one, up to the current one.</param>
    /// <exception cref="InvariantException">The seqno is before the committed one or after the current one.</exception>
    public void Compact(SeqNo committedSeqNo)
    {
        Invariant.Holds(TryIndexOf(committedSeqNo, out int index), "commit went back or passed the current seqno");
        states.RemoveRange(0, index);
        committed = states[0];
    }

    /// <summary>The state at the committed seqno or a pending one. Loop thread.</summary>
    public bool TryStateAt(SeqNo seqNo, [NotNullWhen(true)] out State? state)
    {
        state = TryIndexOf(seqNo, out int index) ? states[index] : null;
        return state is not null;
    }

    private void Append(State next)
    {
        Invariant.Holds(next.TxId.SeqNo == current.TxId.SeqNo.Next, "a transaction did not take the next seqno");
        Invariant.Holds(next.TxId.View >= current.TxId.View, "a transaction was ordered in an earlier view");
        states.Add(next);
        current = next;
    }

    private bool TryIndexOf(SeqNo seqNo, out int index)
    {
        ulong first = states[0].TxId.SeqNo.Value;
        bool isHeld = seqNo.Value >= first && seqNo.Value - first < (ulong)states.Count;
        index = isHeld ? (int)(seqNo.Value - first) : -1;
        return isHeld;
    }
}
