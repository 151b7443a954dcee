using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Curia.Node;
using static System.FormattableString;

namespace Curia.Simulation.Network;

/// <summary>What clients saw of each key: every write that committed, from when it was asked for until somebody was
/// told; and reads on the newest primary of states that committed, each at its moment.</summary>
/// <remarks>An operation on several keys counts on each of them by itself: being linearisable is a matter of each key
/// (Herlihy and Wing 1990). Answers that speak of all keys at once are held to the model instead.</remarks>
internal sealed class KeyHistories
{
    private readonly SortedDictionary<(string Map, ulong Key), List<Func<KeyOperation>>> keys = [];

    /// <summary>Operations that were held to it.</summary>
    public long Count { get; private set; }

    public void Add(OrderedWrite write)
    {
        switch (write.Operation)
        {
            case Operation.Add add:
                string sum = Encoding.UTF8.GetString(write.Response.Body.Span);
                Add(Maps.Counters, add.Key, write, value => Number(value) + add.Amount == Number(sum) ? sum : Never);
                break;
            case Operation.Move move when move.From != move.To:
                string rest = Encoding.UTF8.GetString(write.Response.Body.Span);
                Add(Maps.Counters, move.From, write, value => Number(value) == Number(rest) + move.Amount
                    ? rest
                    : Never);
                Add(Maps.Counters, move.To, write, value => Invariant($"{Number(value) + move.Amount}"));
                break;
            case Operation.Move move:
                Add(Maps.Counters, move.From, write, value => Invariant($"{Number(value)}"));
                break;
            case Operation.Put put:
                Add(put.Map, put.Key, write, _ => put.Value);
                break;
            case Operation.Remove remove:
                Add(remove.Map, remove.Key, write, _ => null);
                break;
            case Operation.Fill fill:
                for (int n = 0; n < fill.Count; n++)
                    Add(Maps.Private, fill.First + (ulong)n, write, _ => fill.Value);
                break;
        }
    }

    public void Add(ServedRead read)
    {
        if (read.Operation is not Operation.Get { Map: not Maps.Totals } get) return;
        bool isThere = read.Answer.Response.Status == 200;
        string? body = isThere ? Encoding.UTF8.GetString(read.Answer.Response.Body.Span) : null;
        Add((get.Map, get.Key), () => new KeyOperation(
            read.At, read.At, value => value == body ? new KeyStep(value) : null, $"read {body} at {read.TxId}"));
    }

    /// <summary>A read that was confirmed: it saw one moment between question and answer.</summary>
    public void Add(Operation.Get get, Execution.Unconfirmed read, long asked, long told)
    {
        if (get.Map == Maps.Totals) return;
        string? body = read.Response.Status == 200 ? Encoding.UTF8.GetString(read.Response.Body.Span) : null;
        Add((get.Map, get.Key), () => new KeyOperation(
            asked, told, value => value == body ? new KeyStep(value) : null, $"confirmed {body} at {read.TxId}"));
    }

    /// <returns>Null when all of it can be put in order.</returns>
    public string? FindProblem()
    {
        foreach (((string map, ulong key), List<Func<KeyOperation>> made) in keys)
        {
            KeyOperation[] operations = [.. made.Select(make => make())];
            bool? verdict = LinearizabilityChecker.IsLinearizable(operations);
            if (verdict == false)
                return $"{map}[{key}]: " + string.Join("; ", operations.TakeLast(20).Select(one => one.Name));
        }

        return null;
    }

    private const string Never = "never";

    private static ulong Number(string? value) =>
        value is null ? 0 : ulong.Parse(value, CultureInfo.InvariantCulture);

    // When it was told is known only at the end.
    private void Add(string map, ulong key, OrderedWrite write, Func<string?, string?> after) =>
        Add((map, key), () => new KeyOperation(
            write.Asked,
            write.Told ?? long.MaxValue,
            value => after(value) is var next && next == Never ? null : new KeyStep(next),
            $"{write.TxId} {write.Operation.Target}"));

    private void Add((string Map, ulong Key) key, Func<KeyOperation> operation)
    {
        if (!keys.TryGetValue(key, out List<Func<KeyOperation>>? list)) keys.Add(key, list = []);
        list.Add(operation);
        Count++;
    }
}
