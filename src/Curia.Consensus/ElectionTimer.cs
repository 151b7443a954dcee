using System;

namespace Curia.Consensus;

/// <summary>Counts ticks without a primary, up to a limit that is drawn anew each time.</summary>
internal sealed class ElectionTimer
{
    private readonly int timeoutTicks;
    private readonly int spreadTicks;
    private ulong state;

    public ElectionTimer(int timeoutTicks, int spreadTicks, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(timeoutTicks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(spreadTicks, 1);
        this.timeoutTicks = timeoutTicks;
        this.spreadTicks = spreadTicks;
        state = seed;
        Restart();
    }

    /// <summary>Goes on where another one is, by itself.</summary>
    public ElectionTimer(ElectionTimer other)
    {
        timeoutTicks = other.timeoutTicks;
        spreadTicks = other.spreadTicks;
        state = other.state;
        Remaining = other.Remaining;
    }

    /// <summary>Ticks that are left.</summary>
    public int Remaining { get; private set; }

    /// <summary>Starts to count again.</summary>
    public void Restart() => Remaining = timeoutTicks + (int)(Draw() % (ulong)spreadTicks);

    /// <summary>One tick went by.</summary>
    /// <returns>True when the time is up.</returns>
    public bool Tick() => --Remaining <= 0;

    // SplitMix64 (Steele, Lea, Flood 2014): a spread of timeouts needs no secrecy, only to differ and to repeat.
    private ulong Draw()
    {
        state = unchecked(state + 0x9E3779B97F4A7C15);
        ulong mixed = state;
        mixed = unchecked((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB);
        return mixed ^ (mixed >> 31);
    }
}
