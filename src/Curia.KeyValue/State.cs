using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using Curia.Vocabulary;

namespace Curia.KeyValue;

/// <summary>An entry of a map as stored: encoded key and value, and the seqno of the transaction that wrote
/// it.</summary>
public readonly record struct StateEntry(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Value, SeqNo Version);

/// <summary>The size and form of a map, for metrics and for judging the tree.</summary>
/// <param name="Entries">Entries of the map.</param>
/// <param name="Bytes">Bytes of its keys and values, without overhead.</param>
/// <param name="Nodes">Nodes of the tree.</param>
/// <param name="Depth">Nodes on the way to an entry.</param>
public readonly record struct MapShape(long Entries, long Bytes, long Nodes, int Depth);

/// <summary>All maps as they were after one transaction. Never changes; any thread reads it for as long as it
/// likes.</summary>
/// <remarks>States share what they have in common: the next one costs the changed paths. A map without entries does not
/// exist, so equal content means equal states, however it came about.</remarks>
public sealed class State
{
    /// <summary>No maps, before the first transaction.</summary>
    public static readonly State Empty =
        new(TxId.Zero, ImmutableSortedDictionary.Create<string, Tree>(StringComparer.Ordinal));

    private readonly ImmutableSortedDictionary<string, Tree> maps;

    internal State(TxId txId, ImmutableSortedDictionary<string, Tree> maps)
    {
        TxId = txId;
        this.maps = maps;
    }

    /// <summary>The transaction that made this state.</summary>
    public TxId TxId { get; }

    /// <summary>The names of the maps that have entries, in ordinal order.</summary>
    public IEnumerable<string> MapNames => maps.Keys;

    /// <summary>The number of entries of all maps.</summary>
    public long EntryCount
    {
        get
        {
            long count = 0;
            foreach ((_, Tree tree) in maps) count += tree.Count;
            return count;
        }
    }

    /// <summary>The number of entries of a map, 0 when it does not exist.</summary>
    public long Count(string map) => TreeOf(map).Count;

    /// <summary>Reads one encoded key.</summary>
    public bool TryGet(string map, ReadOnlySpan<byte> key, out ReadOnlyMemory<byte> value, out SeqNo version)
    {
        Record record = TreeOf(map).Find(key);
        value = record.IsNone ? default : record.ValueMemory;
        version = record.IsNone ? SeqNo.Zero : record.Version;
        return !record.IsNone;
    }

    /// <summary>The entries of a map in the order of their encoded keys.</summary>
    public IEnumerable<StateEntry> Entries(string map)
    {
        for (TreeCursor cursor = new(TreeOf(map), KeyInterval.All); !cursor.IsEnded; cursor.Move())
        {
            Record record = cursor.Current;
            yield return new StateEntry(record.KeyMemory, record.ValueMemory, record.Version);
        }
    }

    /// <summary>The state after one more transaction. Does not ask whether it is the next one.</summary>
    public State After(TxId id, WriteSet changes)
    {
        ArgumentNullException.ThrowIfNull(changes);
        ImmutableSortedDictionary<string, Tree> next = maps;
        foreach (MapWrites map in changes.OwnMaps)
        {
            Tree tree = TreeOf(map.Name);
            foreach (KeyWrite write in map.Writes)
            {
                tree = write.Value is { } value
                    ? tree.With(Record.Put(write.Key.Span, value.Span, id.SeqNo))
                    : tree.Without(write.Key.Span);
            }

            next = Replaced(next, map.Name, tree);
        }

        return new State(id, next);
    }

    /// <summary>The entries of every map of a domain as frames for a snapshot: the same state gives the same
    /// bytes.</summary>
    /// <param name="domain">Which maps.</param>
    /// <param name="frameBytesMax">The size at which a frame ends; one larger entry makes one larger frame.</param>
    /// <returns>Frames made as they are asked for; none when the domain is empty. docs/ledger-format-write-sets.md,
    /// "State export".</returns>
    public IEnumerable<ReadOnlyMemory<byte>> Export(Domain domain, int frameBytesMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(frameBytesMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(frameBytesMax, SizeLimits.StateFrameBytesMax);
        return StateFormat.Frames(maps, domain, frameBytesMax);
    }

    /// <summary>A digest of the content and the TxID, the same on every node that holds this state.</summary>
    /// <remarks>SHA-256 over the digests of both domains, so that whoever knows the digest of the private part can
    /// check the public one. Reads every byte: a job for a thread other than the loop.</remarks>
    public Digest ComputeDigest() =>
        StateFormat.DigestOf(TxId, ComputeDigest(Domain.Public), ComputeDigest(Domain.Private));

    /// <summary>A digest of the maps of one domain, whatever the TxID.</summary>
    public Digest ComputeDigest(Domain domain) => StateFormat.DigestOf(maps, domain);

    /// <summary>Counts a map's bytes and nodes; reads all of it.</summary>
    public MapShape ShapeOf(string map)
    {
        Tree tree = TreeOf(map);
        long bytes = 0;
        for (TreeCursor cursor = new(tree, KeyInterval.All); !cursor.IsEnded; cursor.Move())
        {
            bytes += cursor.Current.Key.Length + cursor.Current.Value.Length;
        }

        int depth = 0;
        for (TreeNode? node = tree.Root; node is not null; node = (node as Branch)?.Children[0]) depth++;
        return new MapShape(tree.Count, bytes, NodesBelow(tree.Root), depth);
    }

    internal Tree TreeOf(string map) => maps.GetValueOrDefault(map);

    /// <summary>The state after a transaction's own writes, which become part of it.</summary>
    internal (State Next, WriteSet Changes) AfterOwnWrites(TxId id, List<OpenMap> openMaps)
    {
        ImmutableSortedDictionary<string, Tree> next = maps;
        List<MapWrites> changes = [];
        foreach (OpenMap map in openMaps)
        {
            if (map.Writes.Count == 0) continue;
            Tree tree = TreeOf(map.Name);
            KeyWrite[] writes = new KeyWrite[map.Writes.Count];
            int at = 0;
            for (TreeCursor own = new(map.Writes, KeyInterval.All); !own.IsEnded; own.Move())
            {
                Record record = own.Current;
                record.Stamp(id.SeqNo);
                ReadOnlyMemory<byte>? value = record.IsRemoval ? default(ReadOnlyMemory<byte>?) : record.ValueMemory;
                writes[at++] = new KeyWrite(record.KeyMemory, value);
                tree = record.IsRemoval ? tree.Without(record.Key) : tree.With(record);
            }

            next = Replaced(next, map.Name, tree);
            changes.Add(new MapWrites(map.Name, writes));
        }

        return (new State(id, next), new WriteSet(changes));
    }

    private static ImmutableSortedDictionary<string, Tree> Replaced(
        ImmutableSortedDictionary<string, Tree> maps, string name, Tree tree) =>
        tree.Count == 0 ? maps.Remove(name) : maps.SetItem(name, tree);

    private static long NodesBelow(TreeNode? node)
    {
        if (node is null) return 0;
        long nodes = 1;
        if (node is Branch branch)
        {
            foreach (TreeNode child in branch.Children) nodes += NodesBelow(child);
        }

        return nodes;
    }
}
