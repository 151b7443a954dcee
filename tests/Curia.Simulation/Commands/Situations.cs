using System.Collections.Generic;
using System.Linq;

namespace Curia.Simulation;

/// <summary>Counts how often each rare situation was reached. A simulation that never gets there proves nothing about
/// it.</summary>
internal sealed class Situations
{
    private readonly SortedDictionary<string, long> counts = new(System.StringComparer.Ordinal);

    public IReadOnlyDictionary<string, long> Counts => counts;

    public void Reached(string situation, long times = 1) =>
        counts[situation] = counts.GetValueOrDefault(situation) + times;

    public void Add(Situations other)
    {
        foreach ((string situation, long times) in other.counts) Reached(situation, times);
    }

    public IReadOnlyList<string> Missing(IEnumerable<string> required) =>
        [.. required.Where(situation => !counts.ContainsKey(situation))];

    public override string ToString() => string.Join(", ", counts.Select(pair => $"{pair.Key} {pair.Value}"));
}
