using System;
using System.Diagnostics;
using System.Threading;

namespace Curia.Cli.Benchmark.Load;

/// <summary>One run of a load: what is sent, and until when.</summary>
internal sealed class LoadPhase
{
    private readonly RequestMix mix;
    private readonly long requestsMax;
    private long started;

    /// <summary>Begins now.</summary>
    /// <param name="mix">What is sent.</param>
    /// <param name="duration">For how long requests are begun.</param>
    /// <param name="requestsMax">How many at most; null for as many as fit.</param>
    public LoadPhase(RequestMix mix, TimeSpan duration, long? requestsMax)
    {
        this.mix = mix;
        this.requestsMax = requestsMax ?? long.MaxValue;
        End = Stopwatch.GetTimestamp() + (long)(duration.TotalSeconds * Stopwatch.Frequency);
    }

    /// <summary>When no more requests are begun, as a timestamp of <see cref="Stopwatch"/>.</summary>
    public long End { get; }

    /// <summary>The next request; null when the run is over. Safe from any thread.</summary>
    public RequestForm? Next(long now, out int number)
    {
        number = 0;
        bool isOver = now >= End || Interlocked.Increment(ref started) > requestsMax;
        return isOver ? null : mix.Next(out number);
    }
}
