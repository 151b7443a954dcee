using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Curia.Vocabulary;

namespace Curia.KeyValue;

/// <summary>Makes a state from many write sets of which nobody needs the states between: a ledger that is read
/// back.</summary>
/// <remarks>One thread. A write costs one look-up in a hash table instead of a path of the tree; the trees are made once,
/// at the end, with full nodes.</remarks>
public sealed class StateBuilder
{
    private readonly Dictionary<string, HashSet<Record>> maps = new(StringComparer.Ordinal);

    /// <summary>The last transaction that was applied; zero before the first one.</summary>
    public TxId TxId { get; private set; }

    /// <summary>Applies the next transaction.</summary>
    /// <param name="id">The next seqno, in a view not before that of the last one.</param>
    /// <param name="changes">Its writes; none for a signature transaction.</param>
    /// <exception cref="InvariantException">The seqno is not the next one, or the view goes back.</exception>
    public void Apply(TxId id, WriteSet changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        Invariant.Holds(id.SeqNo == TxId.SeqNo.Next, "a transaction did not take the next seqno");
        Invariant.Holds(id.View >= TxId.View, "a transaction was ordered in an earlier view");
        TxId = id;
        foreach (MapWrites map in changes.Maps)
        {
            if (!maps.TryGetValue(map.Name, out HashSet<Record>? records))
                maps.Add(map.Name, records = new HashSet<Record>(SameKey.Instance));
            foreach (KeyWrite write in map.Writes)
            {
                // The older record must go: adding one that is equal would keep the one that is there.
                Record record = Record.Put(write.Key.Span, write.Value is { } value ? value.Span : [], id.SeqNo);
                records.Remove(record);
                if (write.Value is not null) records.Add(record);
            }
        }
    }

    /// <summary>The state after the last transaction. More may be applied after that.</summary>
    public State ToState()
    {
        ImmutableSortedDictionary<string, Tree>.Builder trees =
            ImmutableSortedDictionary.CreateBuilder<string, Tree>(StringComparer.Ordinal);
        foreach ((string name, HashSet<Record> records) in maps.Where(map => map.Value.Count > 0))
        {
            trees.Add(name, Tree.FromOrdered(Sorted(records)));
        }

        return new State(TxId, trees.ToImmutable());
    }

    // By the first eight bytes as one number, which takes a tenth of the time, and by the whole key where these are equal.
    private static Record[] Sorted(HashSet<Record> records)
    {
        Record[] sorted = [.. records];
        ulong[] starts = Array.ConvertAll(sorted, StartOf);
        Array.Sort(starts, sorted);
        for (int from = 0, to; from < sorted.Length; from = to)
        {
            to = from + 1;
            while (to < sorted.Length && starts[to] == starts[from]) to++;
            if (to - from > 1)
                sorted.AsSpan(from, to - from).Sort(static (left, right) => left.Key.SequenceCompareTo(right.Key));
        }

        return sorted;
    }

    private static ulong StartOf(Record record)
    {
        Span<byte> start = stackalloc byte[sizeof(ulong)];
        start.Clear();
        record.Key[..Math.Min(record.Key.Length, start.Length)].CopyTo(start);
        return BinaryPrimitives.ReadUInt64BigEndian(start);
    }

    // HashCode is seeded at random in each process, so that nobody can choose keys that meet. Nothing depends on the
    // order of the set.
    private sealed class SameKey : IEqualityComparer<Record>
    {
        public static readonly SameKey Instance = new();

        public bool Equals(Record left, Record right) => left.Key.SequenceEqual(right.Key);

        public int GetHashCode(Record record)
        {
            HashCode hash = default;
            hash.AddBytes(record.Key);
            return hash.ToHashCode();
        }
    }
}
