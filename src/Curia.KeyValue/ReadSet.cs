using System;
using System.Collections.Generic;

namespace Curia.KeyValue;

/// <summary>What a transaction has read of one map: keys with what was found, and parts of the order of keys.</summary>
internal sealed class ReadSet
{
    // Beyond this the list is cleaned of repeated reads before it grows, so a loop over one key does not fill the
    // memory.
    private const int KeysUncleanedMax = 64;

    // Most transactions read one key of a map, and many none.
    private List<KeyRead>? keys;
    private List<RangeRead>? ranges;
    private int cleanAt = KeysUncleanedMax;

    /// <summary>Notes what was found under a key; whether it was there is all that counts when only presence was
    /// asked.</summary>
    public void AddKey(byte[] key, Record found, bool presenceOnly)
    {
        keys ??= new List<KeyRead>(1);
        if (keys.Count >= cleanAt) RemoveRepeatedKeys(keys);
        keys.Add(new KeyRead(found.IsNone ? (byte[])key.Clone() : null, found, presenceOnly));
    }

    public void AddWholeMap(Tree ownWrites)
    {
        RangeRead read = new(KeyInterval.All, ownWrites, false, true);
        read.ReachedEnd();
        (ranges ??= []).Add(read);
    }

    public RangeRead AddRange(KeyInterval interval, Tree ownWrites, bool descending)
    {
        RangeRead read = new(interval, ownWrites, descending, false);
        (ranges ??= []).Add(read);
        return read;
    }

    /// <summary>Whether reading the current tree would give the same as reading the snapshot did.</summary>
    public bool Holds(Tree snapshot, Tree current)
    {
        if (snapshot.IsSame(current)) return true;
        return (keys is null || keys.TrueForAll(read => read.Holds(current.Find(read.Key))))
            && (ranges is null || ranges.TrueForAll(read => read.Holds(snapshot, current)));
    }

    private void RemoveRepeatedKeys(List<KeyRead> keys)
    {
        keys.Sort();
        int kept = 0;
        foreach (KeyRead read in keys.ToArray())
        {
            if (kept == 0 || !keys[kept - 1].Key.SequenceEqual(read.Key)) keys[kept++] = read;
        }

        keys.RemoveRange(kept, keys.Count - kept);
        cleanAt = Math.Max(KeysUncleanedMax, 2 * kept);
    }

    private readonly struct KeyRead(byte[]? absentKey, Record found, bool presenceOnly) : IComparable<KeyRead>
    {
        private readonly Record found = found;
        private readonly bool presenceOnly = presenceOnly;

        public ReadOnlySpan<byte> Key => absentKey is null ? found.Key : absentKey;

        public bool Holds(Record now) => found.IsSame(now) || (presenceOnly && !found.IsNone && !now.IsNone);

        /// <summary>By key, and of one key the read that asks for more comes first.</summary>
        public int CompareTo(KeyRead other)
        {
            int order = Key.SequenceCompareTo(other.Key);
            return order != 0 ? order : presenceOnly.CompareTo(other.presenceOnly);
        }
    }
}

/// <summary>The part of a map's order that a scan has seen so far, and the own writes that lay over it.</summary>
internal sealed class RangeRead(KeyInterval interval, Tree ownWrites, bool descending, bool keysOnly)
{
    private ReadOnlyMemory<byte> reached;
    private bool hasReached;
    private bool isComplete;

    public void ReachedKey(ReadOnlyMemory<byte> key)
    {
        reached = key;
        hasReached = true;
    }

    public void ReachedEnd() => isComplete = true;

    /// <summary>Compares the part in both trees, leaving out what they share.</summary>
    public bool Holds(Tree snapshot, Tree current)
    {
        if (!isComplete && !hasReached) return true;
        KeyInterval seen = Seen();
        TreeCursor before = new(snapshot, seen);
        TreeCursor now = new(current, seen);
        while (!before.IsEnded || !now.IsEnded)
        {
            if (before.TrySkipShared(now)) continue;
            int order = before.IsEnded ? 1 : now.IsEnded ? -1 : before.Current.Key.SequenceCompareTo(now.Current.Key);
            if (!IsUnchanged(before, now, order)) return false;
            if (order <= 0) before.Move();
            if (order >= 0) now.Move();
        }

        return true;
    }

    /// <summary>The record is in both trees, or an own write hid it from the scan.</summary>
    private bool IsUnchanged(TreeCursor before, TreeCursor now, int order)
    {
        if (order == 0 && (keysOnly || before.Current.IsSame(now.Current))) return true;
        Record changed = order <= 0 ? before.Current : now.Current;
        return !ownWrites.Find(changed.Key).IsNone;
    }

    private KeyInterval Seen()
    {
        if (isComplete) return interval;
        KeyEnd last = new(reached.ToArray(), true);
        return descending ? interval with { Lower = last } : interval with { Upper = last };
    }
}
