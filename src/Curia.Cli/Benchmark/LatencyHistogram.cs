using System.Numerics;

namespace Curia.Cli.Benchmark;

/// <summary>Counts latencies in buckets that are at most 1.6 % wide, so that memory does not grow with the
/// run.</summary>
/// <remarks>One thread at a time. 64 buckets for each power of two, as in HdrHistogram.</remarks>
internal sealed class LatencyHistogram
{
    private const int SubBits = 6;
    private const int SubBuckets = 1 << SubBits;

    private readonly long[] counts = new long[(64 - SubBits + 1) * SubBuckets];
    private long total;

    /// <summary>The longest latency, in microseconds.</summary>
    public long Max { get; private set; }

    /// <summary>Counts one latency.</summary>
    public void Record(long microseconds)
    {
        if (microseconds < 0) microseconds = 0;
        counts[BucketOf((ulong)microseconds)]++;
        total++;
        if (microseconds > Max) Max = microseconds;
    }

    /// <summary>Counts what another one counted.</summary>
    public void Add(LatencyHistogram other)
    {
        for (int bucket = 0; bucket < counts.Length; bucket++) counts[bucket] += other.counts[bucket];
        total += other.total;
        if (other.Max > Max) Max = other.Max;
    }

    /// <summary>The latency in microseconds that a share of all does not exceed.</summary>
    public long Percentile(double share)
    {
        long rank = (long)System.Math.Ceiling(share * total);
        long seen = 0;
        for (int bucket = 0; bucket < counts.Length; bucket++)
        {
            seen += counts[bucket];
            if (seen >= rank && counts[bucket] > 0) return System.Math.Min(UpperEndOf(bucket), Max);
        }

        return Max;
    }

    // Values below 64 have a bucket of their own; above, the six bits after the leading one choose it.
    private static int BucketOf(ulong value)
    {
        if (value < SubBuckets) return (int)value;
        int shift = 63 - BitOperations.LeadingZeroCount(value) - SubBits;
        return ((shift + 1) << SubBits) + (int)((value >> shift) & (SubBuckets - 1));
    }

    private static long UpperEndOf(int bucket)
    {
        if (bucket < SubBuckets) return bucket;
        int shift = (bucket >> SubBits) - 1;
        return (((long)(bucket & (SubBuckets - 1)) + SubBuckets + 1) << shift) - 1;
    }
}
