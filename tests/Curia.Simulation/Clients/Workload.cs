using System.Text;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary>Chooses what clients ask for. Few keys, so that operations meet.</summary>
internal sealed class Workload(SeededRandom random, int keys)
{
    private ulong serial;

    /// <summary>Stands in every private value of this run and nowhere else.</summary>
    public string PrivateMarker { get; } = Invariant($"private-{random.Next():x16}");

    /// <summary>Stands in every public value of this run.</summary>
    public string PublicMarker { get; } = Invariant($"public-{random.Next():x16}");

    public Operation Next() => random.Below(100) switch
    {
        < 22 => new Operation.Put(Maps.Private, Key(), Value(PrivateMarker), random.Percent(20)),
        < 32 => new Operation.Put(Maps.Public, Key(), Value(PublicMarker), random.Percent(20)),
        < 55 => new Operation.Add(Key(), (ulong)random.Between(1, 9)),
        < 65 => new Operation.Move(Key(), Key(), (ulong)random.Between(0, 20)),
        < 70 => new Operation.Total(Key()),
        < 76 => new Operation.Remove(random.Pick([Maps.Private, Maps.Public]), Key()),
        < 79 => new Operation.Fill((ulong)random.Between(1, keys), random.Between(2, 40), Value(PrivateMarker)),
        < 82 => new Operation.Fail(Key(), Value(PrivateMarker)),
        < 94 => Read(isLinearizable: false),
        _ => new Operation.List(random.Pick([Maps.Private, Maps.Public, Maps.Counters, Maps.Totals])),
    };

    /// <summary>A read of one key.</summary>
    public Operation Read(bool isLinearizable) => new Operation.Get(
        random.Pick([Maps.Private, Maps.Public, Maps.Counters, Maps.Totals]), Key(), isLinearizable);

    private ulong Key() => (ulong)random.Between(1, keys);

    private string Value(string marker)
    {
        StringBuilder value = new();
        value.Append(Invariant($"{marker}-{serial++}"));
        for (int padding = random.Pick([0, 10, 300]); padding > 0; padding--)
        {
            value.Append((char)random.Between('a', 'z'));
        }

        return value.ToString();
    }
}
