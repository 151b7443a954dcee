using System;
using System.Collections.Generic;

namespace Curia.Simulation;

/// <summary>Virtual time: what is to happen when. Two things of one moment happen in the order in which they were
/// set.</summary>
internal sealed class Agenda(long beginsAt = 0)
{
    private readonly PriorityQueue<Action, (long Microseconds, long Order)> waiting = new();
    private long order;

    /// <summary>Virtual microseconds since the run began.</summary>
    public long Now { get; private set; } = beginsAt;

    public int Count => waiting.Count;

    public void After(long microseconds, Action happens)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(microseconds);
        waiting.Enqueue(happens, (Now + microseconds, order++));
    }

    /// <summary>Moves time to the next event and lets it happen.</summary>
    /// <returns>False when nothing is left.</returns>
    public bool Next()
    {
        if (!waiting.TryDequeue(out Action? happens, out (long Microseconds, long Order) when)) return false;
        Now = when.Microseconds;
        happens();
        return true;
    }

    public void Clear() => waiting.Clear();
}
