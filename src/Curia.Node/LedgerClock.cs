using System;

namespace Curia.Node;

/// <summary>Time as the node uses it: host time is input from the enemy, so it is believed forwards only
/// (DESIGN 6, "Time": the larger of the host's time and the newest time in the ledger).</summary>
internal sealed class LedgerClock
{
    private long ticks = DateTimeOffset.UnixEpoch.Ticks;

    /// <summary>The newest time that was seen or recorded. Safe to read from any thread.</summary>
    public DateTimeOffset Now => new(System.Threading.Interlocked.Read(ref ticks), TimeSpan.Zero);

    /// <summary>Takes the host's word when it is later.</summary>
    public void Observe(DateTimeOffset host)
    {
        if (host.UtcTicks > ticks) System.Threading.Interlocked.Exchange(ref ticks, host.UtcTicks);
    }
}
