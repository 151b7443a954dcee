using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Live;

/// <summary>What a client was told of a write.</summary>
internal enum WriteOutcome
{
    /// <summary>Nothing that decides it.</summary>
    Unknown,

    /// <summary>It has its place, and is not final.</summary>
    Ordered,

    /// <summary>It is committed.</summary>
    Committed,

    /// <summary>It did not happen.</summary>
    Never,
}

/// <summary>A message that a client wanted to be written; no two have the same text.</summary>
internal sealed record LiveWrite(string Map, ulong Key, string Value, bool IsRepeatable, long Asked)
{
    public long Told { get; set; } = long.MaxValue;

    public WriteOutcome Outcome { get; set; }

    public TxId TxId { get; set; }
}

/// <summary>What a client read: the value, null for none, and the version that has it.</summary>
/// <param name="Map"><c>public</c> or <c>private</c>.</param>
/// <param name="Key">The key.</param>
/// <param name="Value">The value.</param>
/// <param name="Asked">When it was asked for.</param>
/// <param name="Told">When it was answered.</param>
/// <param name="TxId">The version.</param>
/// <param name="IsStrong">A write of the same client was committed before, after it was asked for, and is in the
/// version, which is committed too: so is everything that was committed when it was asked for.</param>
internal sealed record LiveRead(
    string Map, ulong Key, string? Value, long Asked, long Told, TxId TxId, bool IsStrong);

/// <summary>All that clients asked for and were told, by the clock of this process. Any thread.</summary>
internal sealed class History
{
    private const int KeysAtATime = 6;
    private const double SecondsOfKeys = 2;

    private readonly ConcurrentQueue<LiveWrite> writes = new();
    private readonly ConcurrentQueue<LiveRead> reads = new();
    private readonly ConcurrentDictionary<TxId, string> final = new();
    private readonly ConcurrentDictionary<TxId, bool> seen = new();
    private readonly ConcurrentQueue<string> problems = new();
    private readonly ConcurrentQueue<long> commits = new();
    private readonly ConcurrentDictionary<string, int> codes = new();
    private readonly long start = Stopwatch.GetTimestamp();
    private long writeNumber;

    public IReadOnlyCollection<LiveWrite> Writes => writes;

    public IReadOnlyCollection<LiveRead> Reads => reads;

    /// <summary>What must not be, as it was found.</summary>
    public IReadOnlyCollection<string> Problems => problems;

    /// <summary>Statuses that cannot change any more.</summary>
    public IReadOnlyDictionary<TxId, string> Final => final;

    /// <summary>Every TxID that some client was given for a write of its own.</summary>
    public ICollection<TxId> Seen => seen.Keys;

    /// <summary>How often each error was answered.</summary>
    public IReadOnlyDictionary<string, int> Codes => codes;

    /// <summary>Keys change with time, so that the history of each is short and has all kinds of requests.</summary>
    public ulong NextKey(Random random)
    {
        long phase = (long)(Stopwatch.GetElapsedTime(start).TotalSeconds / SecondsOfKeys);
        return (ulong)(phase * 100 + random.Next(KeysAtATime));
    }

    public LiveWrite Begin(string map, ulong key, bool isRepeatable)
    {
        string value = $"{map} {key} {Interlocked.Increment(ref writeNumber)}";
        LiveWrite write = new(map, key, value, isRepeatable, Stopwatch.GetTimestamp());
        writes.Enqueue(write);
        return write;
    }

    public void Told(LiveWrite write, WriteOutcome outcome, TxId txId)
    {
        write.Told = Stopwatch.GetTimestamp();
        write.Outcome = outcome;
        write.TxId = txId;
        if (outcome == WriteOutcome.Committed)
        {
            commits.Enqueue(write.Told);
            Told(txId, "Committed", "a reply");
        }
        else if (outcome == WriteOutcome.Ordered)
        {
            seen[txId] = true;
        }
    }

    public void Add(LiveRead read) => reads.Enqueue(read);

    public void Add(string problem) => problems.Enqueue(problem);

    public void CountError(string code) => codes.AddOrUpdate(code, 1, (_, count) => count + 1);

    /// <summary>Somebody told a status.</summary>
    public void Told(TxId txId, string status, string by)
    {
        seen[txId] = true;
        if (status is not ("Committed" or "Invalid")) return;
        string before = final.GetOrAdd(txId, status);
        if (before != status) Add($"{txId} was {before}, and is {status} by {by}");
    }

    /// <summary>One of the TxIDs that were given lately.</summary>
    public TxId? AnyTxId(Random random)
    {
        LiveWrite[] known = [.. writes.Reverse().Where(write => write.TxId != default).Take(100)];
        return known.Length == 0 ? null : known[random.Next(known.Length)].TxId;
    }

    /// <summary>The longest time in which no client was told of a commit.</summary>
    public TimeSpan LongestSilence(long from, long to)
    {
        TimeSpan longest = TimeSpan.Zero;
        long before = from;
        foreach (long commit in commits.Where(one => one > from && one < to).Order().Append(to))
        {
            TimeSpan silence = Stopwatch.GetElapsedTime(before, commit);
            if (silence > longest) longest = silence;
            before = commit;
        }

        return longest;
    }

    /// <summary>Commits that clients were told of.</summary>
    public int Commits(long from, long to) => commits.Count(one => one > from && one < to);
}
