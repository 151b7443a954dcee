using System;
using System.Collections.Generic;

namespace Curia.Simulation;

/// <summary>Who reaches whom, and how long it takes.</summary>
internal sealed class CoreNetwork(SeededRandom random, CoreSettings settings)
{
    private readonly HashSet<(int From, int To)> cut = [];
    private readonly Dictionary<(int From, int To), long> arrivals = [];

    /// <summary>Once faults stop: nothing is lost, and all is quick.</summary>
    public bool IsQuiet { get; set; }

    public bool Reaches(int from, int to) => cut.Count == 0 || !cut.Contains((from, to));

    public void Cut(int from, int to) => cut.Add((from, to));

    public void Heal() => cut.Clear();

    /// <summary>After how long a message arrives: never, once, or twice.</summary>
    public (long? First, long? Second) Delays(int from, int to, long now)
    {
        if (IsQuiet) return (InOrder(from, to, now, random.Between(200, 1_000)), null);
        if (settings.DropPercent > 0 && random.Percent(settings.DropPercent)) return (null, null);
        long first = Delay();
        if (settings.KeepsOrder) first = InOrder(from, to, now, first);
        return (first, settings.DuplicatePercent > 0 && random.Percent(settings.DuplicatePercent) ? Delay() : null);
    }

    // Most are near the usual time, a few are far from it.
    private long Delay()
    {
        int usual = random.Between(settings.DelayMicroseconds / 4, settings.DelayMicroseconds);
        return settings.WithFaults && random.Percent(3) ? usual * 8L : usual;
    }

    private long InOrder(int from, int to, long now, long delay)
    {
        long at = Math.Max(now + delay, arrivals.GetValueOrDefault((from, to)));
        arrivals[(from, to)] = at;
        return at - now;
    }
}
