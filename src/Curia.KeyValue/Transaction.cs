using System;
using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.KeyValue;

/// <summary>Reads a snapshot that is fixed at the first read and never changes afterwards.</summary>
/// <remarks>Any thread may use it, one at a time. It needs no end: whoever holds it keeps its snapshot alive.</remarks>
public class ReadOnlyTransaction
{
    private readonly Func<State> newest;

    // In ordinal order of name. Most transactions open two or three maps, so a list is smaller and faster than a tree.
    private readonly List<OpenMap> maps = [];
    private State? snapshot;

    internal ReadOnlyTransaction(Func<State> newest, MapAccess access)
    {
        this.newest = newest;
        Access = access;
    }

    /// <summary>Whose code runs the transaction.</summary>
    public MapAccess Access { get; private protected set; }

    /// <summary>The state that the reads come from; none before the first read.</summary>
    public TxId? ReadVersion => snapshot?.TxId;

    private protected virtual bool IsTracked => false;

    /// <summary>Opens a map for reading. Reads nothing yet.</summary>
    /// <exception cref="MapAccessException">The transaction may not read this map, or opens too many.</exception>
    public ReadOnlyMapView<TKey, TValue> Map<TKey, TValue>(Map<TKey, TValue> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return new ReadOnlyMapView<TKey, TValue>(map, Open(map.Name));
    }

    internal List<OpenMap> OpenMaps => maps;

    internal State FixedState() => snapshot ??= newest();

    internal virtual void RequireWrite(string name) =>
        throw new MapAccessException($"Map {name} is open for reading only.");

    internal virtual void NoteSize(int keyBytes, int valueBytes)
    {
    }

    private protected OpenMap Open(string name)
    {
        // Also of a map that is open: the node may have opened it, for itself.
        if (!MapNames.MayRead(name, Access))
        {
            throw new MapAccessException($"Map {name} belongs to the node; the application cannot read it.");
        }

        int at = PlaceOf(name);
        if (at >= 0) return maps[at];

        if (maps.Count == SizeLimits.MapsMax)
        {
            throw new MapAccessException(
                $"A transaction opens at most {SizeLimits.MapsMax} maps; identifiers belong into keys.");
        }

        OpenMap open = new(this, name, IsTracked);
        maps.Insert(~at, open);
        return open;
    }

    // The place of the map, or the complement of the place where it belongs.
    private int PlaceOf(string name)
    {
        int low = 0;
        int high = maps.Count - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = string.CompareOrdinal(maps[middle].Name, name);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return ~low;
    }
}

/// <summary>Reads a snapshot, collects writes, and is handed to <see cref="KeyValueStore.Commit"/>, which takes all of
/// it or nothing.</summary>
/// <remarks>Every read is answered from one snapshot and the own writes, also in a transaction that will conflict later
/// (opacity), so application code never sees a state that did not exist.</remarks>
public sealed class Transaction : ReadOnlyTransaction
{
    private bool isCommitted;

    internal Transaction(Func<State> newest, MapAccess access) : base(newest, access)
    {
    }

    /// <summary>The digest that the leaf of this transaction will carry.</summary>
    public ClaimsDigest Claims { get; private set; }

    /// <summary>Whether any write was made, even one that changes nothing.</summary>
    public bool HasWrites => OpenMaps.Exists(static map => map.Writes.Count > 0);

    private protected override bool IsTracked => true;

    /// <summary>The key or value that no transaction may hold, if one was written.</summary>
    internal CommitOutcome.TooLarge? Oversized { get; private set; }

    /// <summary>Opens a map for reading and writing. Reads nothing yet.</summary>
    /// <exception cref="MapAccessException">The transaction may not read this map, or opens too many.</exception>
    public new MapView<TKey, TValue> Map<TKey, TValue>(Map<TKey, TValue> map)
    {
        ArgumentNullException.ThrowIfNull(map);
        return new MapView<TKey, TValue>(map, Open(map.Name));
    }

    /// <summary>Binds a digest of the application's claims into the leaf; the last call counts.</summary>
    public void SetClaims(ClaimsDigest claims) => Claims = claims;

    internal override void RequireWrite(string name)
    {
        if (isCommitted) throw new InvalidOperationException("The transaction is committed; begin another to write.");
        if (!MapNames.MayWrite(name, Access))
        {
            throw new MapAccessException(
                $"Map {name} belongs to the node and its governance; the application cannot write it.");
        }
    }

    internal override void NoteSize(int keyBytes, int valueBytes)
    {
        if (keyBytes > SizeLimits.KeyBytesMax)
        {
            Oversized ??= new CommitOutcome.TooLarge(keyBytes, SizeLimits.KeyBytesMax) { Part = "key" };
        }
        else if (valueBytes > SizeLimits.ValueBytesMax)
        {
            Oversized ??= new CommitOutcome.TooLarge(valueBytes, SizeLimits.ValueBytesMax) { Part = "value" };
        }
    }

    internal void RunAs(MapAccess access, Action<Transaction> work)
    {
        MapAccess before = Access;
        Access = access;
        try
        {
            work(this);
        }
        finally
        {
            Access = before;
        }
    }

    internal void MarkCommitted()
    {
        Invariant.Holds(!isCommitted, "a transaction was committed twice");
        isCommitted = true;
    }
}
