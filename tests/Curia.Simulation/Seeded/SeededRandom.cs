using System;
using System.Collections.Generic;

namespace Curia.Simulation;

/// <summary>Every choice of a run comes from here, so a run is its seed.</summary>
internal sealed class SeededRandom
{
    private ulong state;

    public SeededRandom(ulong seed) => state = seed;

    /// <summary>A stream of its own, so that one more choice in one part does not move the choices of the
    /// others.</summary>
    public SeededRandom Fork() => new(Next());

    // SplitMix64 (Steele, Lea, Flood 2014).
    public ulong Next()
    {
        state = unchecked(state + 0x9E3779B97F4A7C15);
        ulong mixed = state;
        mixed = unchecked((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB);
        return mixed ^ (mixed >> 31);
    }

    /// <summary>From 0 up to, not including, the limit.</summary>
    public int Below(int limit)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(limit, 1);
        return (int)(Next() % (ulong)limit);
    }

    /// <summary>From one number to another, both included.</summary>
    public int Between(int least, int most) => least + Below(most - least + 1);

    public bool Percent(int chance) => Below(100) < chance;

    public T Pick<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];

    public void Fill(Span<byte> target)
    {
        foreach (ref byte b in target) b = (byte)Next();
    }
}
