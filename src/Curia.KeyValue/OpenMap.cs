using System;
using System.Collections.Generic;

namespace Curia.KeyValue;

/// <summary>A map as one transaction holds it: snapshot, own writes, and what was read.</summary>
internal sealed class OpenMap(ReadOnlyTransaction owner, string name, bool isTracked)
{
    private readonly ReadSet? reads = isTracked ? new ReadSet() : null;
    private Tree snapshot;
    private bool isFixed;

    public string Name { get; } = name;

    /// <summary>The own writes, removals included.</summary>
    public Tree Writes { get; private set; }

    public Record Find(byte[] key, bool presenceOnly = false)
    {
        Record own = Writes.Find(key);
        if (own.IsNone) return FindInSnapshot(key, presenceOnly);
        return own.IsRemoval ? default : own;
    }

    public Record FindInSnapshot(byte[] key, bool presenceOnly = false)
    {
        Record record = Snapshot().Find(key);
        reads?.AddKey(key, record, presenceOnly);
        return record;
    }

    public long Count()
    {
        Tree before = Snapshot();
        reads?.AddWholeMap(Writes);
        long count = before.Count;
        for (TreeCursor own = new(Writes, KeyInterval.All); !own.IsEnded; own.Move())
        {
            bool was = !before.Find(own.Current.Key).IsNone;
            count += (own.Current.IsRemoval ? 0 : 1) - (was ? 1 : 0);
        }

        return count;
    }

    /// <summary>Merges snapshot and own writes as they are when the reading begins.</summary>
    public IEnumerable<Record> Scan(KeyInterval interval, int limit, bool descending)
    {
        if (limit == 0) yield break;
        Tree ownWrites = Writes;
        TreeCursor theirs = new(Snapshot(), interval, descending);
        TreeCursor own = new(ownWrites, interval, descending);
        RangeRead? read = reads?.AddRange(interval, ownWrites, descending);
        while (!theirs.IsEnded || !own.IsEnded)
        {
            Record record = NextOf(theirs, own, descending);
            if (record.IsRemoval) continue;
            read?.ReachedKey(record.KeyMemory);
            yield return record;
            if (--limit == 0) yield break;
        }

        read?.ReachedEnd();
    }

    public void Put(byte[] key, byte[] value)
    {
        owner.RequireWrite(Name);
        owner.NoteSize(key.Length, value.Length);
        Writes = Writes.With(Record.Put(key, value));
    }

    public void Remove(byte[] key)
    {
        owner.RequireWrite(Name);
        owner.NoteSize(key.Length, 0);
        Writes = Writes.With(Record.Removal(key));
    }

    public void Clear()
    {
        owner.RequireWrite(Name);
        Tree before = Snapshot();
        reads?.AddWholeMap(Writes);
        Tree removals = Writes;
        for (TreeCursor own = new(Writes, KeyInterval.All); !own.IsEnded; own.Move())
        {
            removals = removals.With(Record.Removal(own.Current.Key));
        }

        for (TreeCursor theirs = new(before, KeyInterval.All); !theirs.IsEnded; theirs.Move())
        {
            removals = removals.With(Record.Removal(theirs.Current.Key));
        }

        Writes = removals;
    }

    /// <summary>Whether a run of the transaction on this tree would read what this run has read.</summary>
    public bool ReadsHoldIn(Tree current) => reads is null || !isFixed || reads.Holds(Snapshot(), current);

    private Tree Snapshot()
    {
        if (isFixed) return snapshot;
        snapshot = owner.FixedState().TreeOf(Name);
        isFixed = true;
        return snapshot;
    }

    private static Record NextOf(TreeCursor theirs, TreeCursor own, bool descending)
    {
        int order = theirs.IsEnded ? 1 : own.IsEnded ? -1 : theirs.Current.Key.SequenceCompareTo(own.Current.Key);
        if (descending && !theirs.IsEnded && !own.IsEnded) order = -order;
        Record next = order < 0 ? theirs.Current : own.Current;
        if (order <= 0) theirs.Move();
        if (order >= 0) own.Move();
        return next;
    }
}
