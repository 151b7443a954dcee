using System;
using System.Threading;

namespace Curia.Tests.Evidence;

/// <summary>A clock that begins at a moment of the test. Its timers run a hundred times as fast, so that patience costs
/// a test little.</summary>
internal sealed class TestClock(DateTimeOffset start) : TimeProvider
{
    private const int Faster = 100;

    private readonly long began = System.GetTimestamp();

    public override DateTimeOffset GetUtcNow() => start + System.GetElapsedTime(began);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        System.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? dueTime / Faster : dueTime, period);
}
