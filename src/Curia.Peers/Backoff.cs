using System;

namespace Curia.Peers;

/// <summary>How long to wait before the next attempt: twice as long each time, and never quite the same, so that nodes
/// that lost each other at one moment do not come back at one moment.</summary>
internal sealed class Backoff(TimeSpan least, TimeSpan most)
{
    private TimeSpan next;

    /// <summary>Begins again with the shortest wait.</summary>
    public void Reset() => next = TimeSpan.Zero;

    /// <summary>The next wait: between a half and the whole of what it has come to.</summary>
    public TimeSpan Next()
    {
        next = next == TimeSpan.Zero ? least : next * 2;
        if (next > most) next = most;
        return next * (0.5 + 0.5 * Random.Shared.NextDouble());
    }
}
