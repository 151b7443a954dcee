using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using Curia.Vocabulary;

namespace Curia.KeyValue;

/// <summary>A map as a transaction sees it: the snapshot fixed at the first read, plus the transaction's own
/// writes.</summary>
/// <remarks>Used by one thread at a time, like its transaction.</remarks>
public class ReadOnlyMapView<TKey, TValue>
{
    private readonly Map<TKey, TValue> map;
    private readonly OpenMap open;

    internal ReadOnlyMapView(Map<TKey, TValue> map, OpenMap open)
    {
        this.map = map;
        this.open = open;
    }

    /// <summary>The number of entries. Depends on the whole map: it conflicts with every key added or removed
    /// meanwhile.</summary>
    public long Count => open.Count();

    /// <summary>Reads the value of a key, if it has one.</summary>
    /// <exception cref="MapFormatException">The map holds bytes that are no such value.</exception>
    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        Record record = open.Find(map.Keys.Encode(key));
        value = default;
        if (record.IsNone) return false;
        value = DecodeValue(record);
        return true;
    }

    /// <summary>The value of a key that must have one.</summary>
    /// <exception cref="KeyNotFoundException">The key is absent.</exception>
    /// <exception cref="MapFormatException">The map holds bytes that are no such value.</exception>
    public TValue Get(TKey key) => TryGet(key, out TValue? value)
        ? value
        : throw new KeyNotFoundException($"Map {map.Name} does not have this key.");

    /// <summary>Whether the key has a value. Does not conflict with another value being put in its place.</summary>
    public bool Contains(TKey key) => !open.Find(map.Keys.Encode(key), presenceOnly: true).IsNone;

    /// <summary>The position of the transaction that last wrote the key, as of the snapshot: own writes do not
    /// count.</summary>
    public bool TryGetVersion(TKey key, out SeqNo version)
    {
        Record record = open.FindInSnapshot(map.Keys.Encode(key));
        version = record.IsNone ? SeqNo.Zero : record.Version;
        return !record.IsNone;
    }

    /// <summary>The entries between two bounds, in the order of the encoded keys.</summary>
    /// <param name="from">The lower bound, whatever the direction; none for the first key.</param>
    /// <param name="to">The upper bound, whatever the direction; none for the last key.</param>
    /// <param name="limit">The most entries to give; none for all.</param>
    /// <param name="descending">From the largest key to the smallest.</param>
    /// <returns>Entries read as they are asked for. The transaction depends on the part that was read and no more.
    /// Writes made while it is read are not seen by it; asking again sees them.</returns>
    /// <exception cref="MapFormatException">While reading: the map holds bytes that are no such key or
    /// value.</exception>
    public IEnumerable<KeyValuePair<TKey, TValue>> Range(
        Bound<TKey>? from = null, Bound<TKey>? to = null, int? limit = null, bool descending = false)
    {
        if (limit is { } least) ArgumentOutOfRangeException.ThrowIfNegative(least);
        KeyInterval interval = new(EndOf(from), EndOf(to));
        return Decoded(open, interval, limit ?? int.MaxValue, descending);
    }

    private IEnumerable<KeyValuePair<TKey, TValue>> Decoded(
        OpenMap source, KeyInterval interval, int limit, bool descending)
    {
        foreach (Record record in source.Scan(interval, limit, descending))
        {
            if (!map.Keys.TryDecode(record.Key, out TKey? key)) throw Unreadable("key");
            yield return new KeyValuePair<TKey, TValue>(key, DecodeValue(record));
        }
    }

    private KeyEnd EndOf(Bound<TKey>? bound) =>
        bound is { } some ? new KeyEnd((byte[])map.Keys.Encode(some.Key).Clone(), some.Includes) : default;

    private TValue DecodeValue(Record record) =>
        map.Values.TryDecode(record.Value, out TValue? value) ? value : throw Unreadable("value");

    private MapFormatException Unreadable(string what) =>
        new($"Map {map.Name} holds a {what} that is not readable as the type it was asked for.");
}

/// <summary>A map that a transaction reads and writes. Writes are seen by the transaction's own reads at once, by
/// others when it is committed.</summary>
public sealed class MapView<TKey, TValue> : ReadOnlyMapView<TKey, TValue>
{
    private readonly Map<TKey, TValue> map;
    private readonly OpenMap open;

    internal MapView(Map<TKey, TValue> map, OpenMap open) : base(map, open)
    {
        this.map = map;
        this.open = open;
    }

    /// <summary>Sets the value of a key, whether it has one or not. Never conflicts.</summary>
    /// <exception cref="MapAccessException">The transaction may not write this map.</exception>
    public void Put(TKey key, TValue value) => open.Put(map.Keys.Encode(key), map.Values.Encode(value));

    /// <summary>Removes a key, whether it is there or not. Never conflicts.</summary>
    /// <exception cref="MapAccessException">The transaction may not write this map.</exception>
    public void Remove(TKey key) => open.Remove(map.Keys.Encode(key));

    /// <summary>Removes every entry. Depends on the whole map: it conflicts with every key added or removed
    /// meanwhile.</summary>
    /// <exception cref="MapAccessException">The transaction may not write this map.</exception>
    public void Clear() => open.Clear();
}
