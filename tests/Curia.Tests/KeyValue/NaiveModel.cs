using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Curia.KeyValue;

namespace Curia.Tests.KeyValue;

/// <summary>One cell of the model: a value, the commit that wrote it (0: absent), and that commit's seqno.</summary>
internal readonly record struct Cell(int Value, int Stamp, ulong Version)
{
    public bool Exists => Stamp != 0;
}

/// <summary>What a model operation shows to the application, and what it depends on.</summary>
internal readonly record struct Observation(string Visible, string Dependency)
{
    public static readonly Observation Nothing = new("", "");
}

/// <summary>The keys that model and store have in common, in byte order, with prefixes, zero bytes and the empty
/// key.</summary>
internal static class ModelKeys
{
    public static byte[][] Of(int count)
    {
        SortedSet<string> texts =
            new(StringComparer.Ordinal) { "", "\0", "a", "a\0", "a\0b", "aa", "\u00ff", "\u00ff\u00ff" };
        for (int i = 0; texts.Count < count; i++) texts.Add(i % 3 == 0 ? $"key-{i:D6}" : Convert.ToString(i, 2));
        return [.. texts.Take(count).Select(text => Encoding.Latin1.GetBytes(text))];
    }
}

/// <summary>Transactional maps as a table of cells that is copied at every turn.</summary>
internal sealed class ModelState(Cell[][] maps, ulong seqNo)
{
    public Cell[][] Maps { get; } = maps;

    public ulong SeqNo { get; } = seqNo;

    public static ModelState Empty(int maps, int keys) =>
        new([.. Enumerable.Range(0, maps).Select(_ => new Cell[keys])], 0);

    public ModelState After(Dictionary<(int Map, int Key), int?> writes, int stamp)
    {
        Cell[][] next = [.. Maps.Select(map => (Cell[])map.Clone())];
        foreach (((int map, int key), int? value) in writes)
        {
            next[map][key] = value is { } some ? new Cell(some, stamp, SeqNo + 1) : default;
        }

        return new ModelState(next, SeqNo + 1);
    }
}

/// <summary>A run of a transaction on one model state.</summary>
internal sealed class ModelRun(ModelState state)
{
    public Dictionary<(int Map, int Key), int?> Writes { get; } = [];

    public Observation Apply(ModelOperation operation) => operation.Kind switch
    {
        OperationKind.Get => Get(operation.Map, operation.Key),
        OperationKind.Contains => Contains(operation.Map, operation.Key),
        OperationKind.Version => Version(operation.Map, operation.Key),
        OperationKind.Count => Count(operation.Map),
        OperationKind.Range => Range(operation),
        OperationKind.Put => Write(operation, operation.Value),
        OperationKind.Remove => Write(operation, null),
        OperationKind.Clear => Clear(operation.Map),
        _ => throw new InvalidOperationException(),
    };

    private Observation Get(int map, int key)
    {
        string shown = Show(Visible(map, key));
        return new Observation(shown, Writes.ContainsKey((map, key)) ? "" : Stamp(map, key));
    }

    private Observation Contains(int map, int key)
    {
        string shown = Visible(map, key) is null ? "no" : "yes";
        return new Observation(shown, Writes.ContainsKey((map, key)) ? "" : shown);
    }

    private Observation Version(int map, int key)
    {
        Cell cell = state.Maps[map][key];
        string shown = cell.Exists ? cell.Version.ToString(CultureInfo.InvariantCulture) : "none";
        return new Observation(shown, Stamp(map, key));
    }

    private Observation Count(int map)
    {
        int count = Enumerable.Range(0, state.Maps[map].Length).Count(key => Visible(map, key) is not null);
        return new Observation(count.ToString(CultureInfo.InvariantCulture), UnwrittenKeys(map));
    }

    private Observation Range(ModelOperation operation)
    {
        StringBuilder visible = new();
        StringBuilder dependency = new();
        IEnumerable<int> keys = Enumerable.Range(0, state.Maps[operation.Map].Length)
            .Where(key => operation.IsInRange(key) && Visible(operation.Map, key) is not null);
        if (operation.Descending) keys = keys.Reverse();
        int taken = 0;
        foreach (int key in keys.Take(operation.Limit ?? int.MaxValue))
        {
            if (taken == operation.Consumed) break;
            taken++;
            visible.Append(CultureInfo.InvariantCulture, $"{key}={Show(Visible(operation.Map, key))};");
            bool isOwn = Writes.ContainsKey((operation.Map, key));
            dependency.Append(CultureInfo.InvariantCulture, $"{key}={(isOwn ? "own" : Stamp(operation.Map, key))};");
        }

        return new Observation(visible.ToString(), dependency.ToString());
    }

    private Observation Write(ModelOperation operation, int? value)
    {
        int end = Math.Min(operation.Key + operation.Run, state.Maps[operation.Map].Length);
        for (int key = operation.Key; key < end; key++) Writes[(operation.Map, key)] = value;
        return Observation.Nothing;
    }

    private Observation Clear(int map)
    {
        string dependency = UnwrittenKeys(map);
        for (int key = 0; key < state.Maps[map].Length; key++)
        {
            if (state.Maps[map][key].Exists || Writes.ContainsKey((map, key))) Writes[(map, key)] = null;
        }

        return new Observation("", dependency);
    }

    private string UnwrittenKeys(int map) => string.Join(',', Enumerable.Range(0, state.Maps[map].Length)
        .Where(key => state.Maps[map][key].Exists && !Writes.ContainsKey((map, key))));

    private int? Visible(int map, int key)
    {
        if (Writes.TryGetValue((map, key), out int? own)) return own;
        Cell cell = state.Maps[map][key];
        return cell.Exists ? cell.Value : null;
    }

    private string Stamp(int map, int key) => state.Maps[map][key].Stamp.ToString(CultureInfo.InvariantCulture);

    private static string Show(int? value) => value?.ToString(CultureInfo.InvariantCulture) ?? "none";
}

internal enum OperationKind
{
    Get, Contains, Version, Count, Range, Put, Remove, Clear,
}

/// <summary>One call on a map view; keys are positions in the table of keys.</summary>
internal sealed record ModelOperation(OperationKind Kind, int Map, int Key, int Run, int Value)
{
    public int? To { get; init; }

    public bool HasFrom { get; init; }

    public bool IncludesFrom { get; init; }

    public bool IncludesTo { get; init; }

    public bool Descending { get; init; }

    public int? Limit { get; init; }

    public int Consumed { get; init; } = int.MaxValue;

    public bool IsInRange(int key) =>
        (!HasFrom || key > Key || (IncludesFrom && key == Key))
        && (To is not { } to || key < to || (IncludesTo && key == to));

    public string ApplyTo(Transaction transaction, Map<byte[], string>[] maps, byte[][] keys)
    {
        MapView<byte[], string> view = transaction.Map(maps[Map]);
        switch (Kind)
        {
            case OperationKind.Get:
                return view.TryGet(keys[Key], out string? value) ? value : "none";
            case OperationKind.Contains:
                return view.Contains(keys[Key]) ? "yes" : "no";
            case OperationKind.Version:
                return view.TryGetVersion(keys[Key], out Curia.Vocabulary.SeqNo version) ? version.ToString() : "none";
            case OperationKind.Count:
                return view.Count.ToString(CultureInfo.InvariantCulture);
            case OperationKind.Range:
                return Scan(view, keys);
            case OperationKind.Clear:
                view.Clear();
                return "";
            default:
                Write(view, keys);
                return "";
        }
    }

    private void Write(MapView<byte[], string> view, byte[][] keys)
    {
        for (int key = Key; key < Math.Min(Key + Run, keys.Length); key++)
        {
            if (Kind == OperationKind.Put) view.Put(keys[key], Value.ToString(CultureInfo.InvariantCulture));
            else view.Remove(keys[key]);
        }
    }

    private string Scan(MapView<byte[], string> view, byte[][] keys)
    {
        Bound<byte[]>? from = HasFrom ? new Bound<byte[]>(keys[Key], IncludesFrom) : null;
        Bound<byte[]>? to = To is { } last ? new Bound<byte[]>(keys[last], IncludesTo) : null;
        StringBuilder shown = new();
        int taken = 0;
        if (Consumed == 0) return "";
        foreach ((byte[] key, string value) in view.Range(from, to, Limit, Descending))
        {
            int at = keys.AsSpan().BinarySearch(new InByteOrder(key));
            shown.Append(CultureInfo.InvariantCulture, $"{at}={value};");
            if (++taken == Consumed) break;
        }

        return shown.ToString();
    }
}

/// <summary>Finds a key in the table of keys.</summary>
internal sealed class InByteOrder(byte[] key) : IComparable<byte[]>
{
    public int CompareTo(byte[]? other) => key.AsSpan().SequenceCompareTo(other);
}
