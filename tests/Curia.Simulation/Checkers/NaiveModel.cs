using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace Curia.Simulation;

/// <summary>What the state must be: every value that a key ever had, with the seqno that gave it. No tree, no
/// transactions, one operation after the other.</summary>
internal sealed class NaiveModel
{
    private readonly SortedDictionary<(string Map, ulong Key), List<(ulong SeqNo, string? Value)>> history = [];

    public NaiveModel()
    {
    }

    public NaiveModel(NaiveModel origin)
    {
        foreach (var (key, values) in origin.history) history.Add(key, [.. values]);
    }

    public void Apply(ulong seqNo, IEnumerable<ModelWrite> writes)
    {
        foreach (ModelWrite write in writes)
        {
            if (!history.TryGetValue((write.Map, write.Key), out List<(ulong SeqNo, string? Value)>? values))
            {
                history.Add((write.Map, write.Key), values = []);
            }

            values.Add((seqNo, write.Value));
        }
    }

    /// <summary>What came after a seqno never was.</summary>
    public void Rewind(ulong last)
    {
        foreach (List<(ulong SeqNo, string? Value)> values in history.Values)
            values.RemoveAll(value => value.SeqNo > last);
    }

    public ModelState At(ulong seqNo) => new(this, seqNo);

    private string? ValueAt(string map, ulong key, ulong seqNo) =>
        history.TryGetValue((map, key), out List<(ulong SeqNo, string? Value)>? values)
            ? values.LastOrDefault(value => value.SeqNo <= seqNo).Value
            : null;

    private IEnumerable<(ulong Key, string Value)> AllAt(string map, ulong seqNo) =>
        from entry in history
        where entry.Key.Map == map
        let value = ValueAt(map, entry.Key.Key, seqNo)
        where value is not null
        select (entry.Key.Key, value);

    /// <summary>The state that all operations up to a seqno have left.</summary>
    internal readonly struct ModelState(NaiveModel model, ulong seqNo)
    {
        public string? Get(string map, ulong key) => model.ValueAt(map, key, seqNo);

        public ulong Counter(ulong key) =>
            Get(Maps.Counters, key) is { } digits ? ulong.Parse(digits, CultureInfo.InvariantCulture) : 0;

        public IEnumerable<(ulong Key, string Value)> All(string map) => model.AllAt(map, seqNo);
    }
}

/// <summary>A key gets a value, or loses it when the value is null.</summary>
internal readonly record struct ModelWrite(string Map, ulong Key, string? Value);

/// <summary>The maps of the simulated application.</summary>
internal static class Maps
{
    public const string Private = "records";
    public const string Public = "public:records";
    public const string Counters = "counters";
    public const string Totals = "public:totals";
}
