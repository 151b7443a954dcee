using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Benchmarks.Runs;

/// <summary>How long writes stop when the primary of three nodes ends: by kill -9, at default settings and with a short
/// election timeout, and by SIGTERM, after which it hands over.</summary>
internal static class Failover
{
    private const int KillWriters = 2; // one at each node that stays
    private const int RepeatsAtOnce = 16;

    // Until connections and code are warm. What a round adds keeps kills from falling on the same place between two
    // heartbeats.
    private static readonly TimeSpan before = TimeSpan.FromMilliseconds(1000);
    private const int RandomMilliseconds = 200;
    private static readonly TimeSpan after = TimeSpan.FromMilliseconds(1000);

    private static ulong lastId;

    /// <summary>Runs all of it and writes the page.</summary>
    /// <returns>1 when a key was not answered exactly once.</returns>
    public static async Task<int> RunAsync(RunArguments arguments)
    {
        FailoverSettings settings = FailoverSettings.Of(arguments);
        string loadBefore = Comparison.LoadAverage();
        if (!Comparison.IsQuiet(loadBefore))
            Console.Error.WriteLine($"the machine is not quiet (load average {loadBefore})");
        KillFigures standard = await KillAsync("default settings", null, settings.Rounds);
        KillFigures fast = await KillAsync("fast profile", settings.FastMilliseconds, settings.Rounds);
        StopFigures stops = await StopAsync(settings);
        string page = FailoverPage.Write(settings, standard, fast, stops, loadBefore, Comparison.LoadAverage());
        string path = arguments.Text("--out")
            ?? ComparisonPage.DefaultPath().Replace(".md", "-failover.md", StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, page);
        Console.WriteLine(page);
        return stops.Keys.AreAnsweredOnce ? 0 : 1;
    }

    private static async Task<KillFigures> KillAsync(string title, int? electionTimeout, int rounds)
    {
        using RunFolder folder = new();
        using FailoverNetwork network = await FailoverNetwork.OpenAsync(folder.Path, electionTimeout);
        List<double> waits = [];
        ulong elections = 0;
        ulong viewAtEnd = 0;
        try
        {
            for (int round = 1; round <= rounds; round++)
            {
                (FailoverNode primary, FailoverNode[] others, ulong view) = await network.AgreeAsync();
                if (round > 1) elections += view - viewAtEnd;
                waits.Add(await KillAsync(primary, others, view));
                (_, _, viewAtEnd) = await network.AgreeAsync(primary);
                Tell(title, round, rounds, $"{waits[^1]:0} ms, view {view} to {viewAtEnd}");
                await network.ReplaceAsync(primary);
            }
        }
        finally
        {
            await network.StopAsync();
        }

        return new KillFigures(waits, elections);
    }

    private static async Task<double> KillAsync(FailoverNode primary, FailoverNode[] others, ulong view)
    {
        await using FailoverClients writers = new(others, KillWriters, NextId, areKeyed: false);
        await writers.FirstAsync(_ => true);
        await Task.Delay(before + TimeSpan.FromMilliseconds(Random.Shared.Next(RandomMilliseconds)));
        long killed = Stopwatch.GetTimestamp();
        FailoverNetwork.Signal(primary, FailoverNetwork.Kill);

        // In a later view: what the dead primary had answered already is no answer of the others.
        AcceptedWrite first = await writers.FirstAsync(
            write => write.Sent >= killed && write.TxId.View.Value > view);
        return Stopwatch.GetElapsedTime(killed, first.Answered).TotalMilliseconds;
    }

    private static async Task<StopFigures> StopAsync(FailoverSettings settings)
    {
        using RunFolder folder = new();
        using FailoverNetwork network = await FailoverNetwork.OpenAsync(folder.Path, electionTimeout: null);
        List<StopRound> rounds = [];
        List<AcceptedWrite> accepted = [];
        int otherTxIds = 0;
        try
        {
            for (int round = 1; round <= settings.Stops; round++)
            {
                (FailoverNode primary, FailoverNode[] others, _) = await network.AgreeAsync();
                (StopRound result, AcceptedWrite[] written) = await StopAsync(primary, others, settings.Clients);
                rounds.Add(result);
                accepted.AddRange(written);
                Tell("stop", round, settings.Stops,
                    $"{result.Pause:0.0} ms around it, {result.PauseBefore:0.0} ms before it, {written.Length} writes");
                otherTxIds += await RepeatAsync(others, written);
                await network.ReplaceAsync(primary);
            }
        }
        finally
        {
            await network.StopAsync();
        }

        Dictionary<string, int> writes = await network.WritesAsync();
        int once = accepted.Count(write => writes.GetValueOrDefault(FailoverClients.KeyOf(write.Id)) == 1);
        return new StopFigures(rounds, new KeyFigures(accepted.Count, otherTxIds, once, writes.Count));
    }

    private static async Task<(StopRound Round, AcceptedWrite[] Written)> StopAsync(
        FailoverNode primary, FailoverNode[] others, int number)
    {
        FailoverClients clients = new(others, number, NextId, areKeyed: true);
        long warm;
        long stopped;
        long ended;
        await using (clients)
        {
            await clients.FirstAsync(_ => true);
            await Task.Delay(before);
            warm = Stopwatch.GetTimestamp();
            await Task.Delay(before);
            stopped = Stopwatch.GetTimestamp();
            FailoverNetwork.Signal(primary, FailoverNetwork.Terminate);
            await FailoverNetwork.EndOfAsync(primary);
            ended = Stopwatch.GetTimestamp();
            await Task.Delay(after);
        }

        AcceptedWrite[] written = [.. clients.Accepted.OrderBy(write => write.Answered)];
        long until = ended + (long)(after.TotalSeconds * Stopwatch.Frequency / 2);
        StopRound round = new(
            LongestPause(written, stopped, until),
            LongestPause(written, warm, stopped),
            Stopwatch.GetElapsedTime(stopped, ended).TotalMilliseconds);
        return (round, written);
    }

    // Between two answers of which the later one is within the time.
    private static double LongestPause(AcceptedWrite[] written, long from, long until)
    {
        long longest = 0;
        for (int index = 1; index < written.Length; index++)
        {
            if (written[index].Answered < from || written[index - 1].Answered > until) continue;
            longest = Math.Max(longest, written[index].Answered - written[index - 1].Answered);
        }

        return longest * 1000.0 / Stopwatch.Frequency;
    }

    // Each key once more, at each node: how many answers named another transaction than the first one, or none.
    private static async Task<int> RepeatAsync(FailoverNode[] nodes, AcceptedWrite[] written)
    {
        int other = 0;
        foreach (FailoverNode node in nodes)
        {
            ParallelOptions options = new() { MaxDegreeOfParallelism = RepeatsAtOnce };
            await Parallel.ForEachAsync(written, options, async (write, _) =>
            {
                AcceptedWrite? again = await node.TryWriteAsync(write.Id, FailoverClients.KeyOf(write.Id));
                if (again?.TxId != write.TxId) Interlocked.Increment(ref other);
            });
        }

        return other;
    }

    private static ulong NextId() => Interlocked.Increment(ref lastId);

    private static void Tell(string title, int round, int rounds, FormattableString figures) => Console.Error.WriteLine(
        $"{title}, round {round} of {rounds}: {figures.ToString(CultureInfo.InvariantCulture)}");
}

/// <summary>How much.</summary>
internal sealed record FailoverSettings(int Rounds, int Stops, int Clients, int FastMilliseconds)
{
    /// <summary>From the arguments of a run, which takes no others.</summary>
    public static FailoverSettings Of(RunArguments arguments)
    {
        arguments.Expect("--rounds", "--stops", "--clients", "--fast-ms", "--out");
        return new FailoverSettings(
            arguments.Number("--rounds", 20),
            arguments.Number("--stops", 10),
            arguments.Number("--clients", 8),
            arguments.Number("--fast-ms", 200));
    }
}

/// <summary>What kills brought.</summary>
/// <param name="Waits">From each kill to the first write that was accepted again, in milliseconds.</param>
/// <param name="OtherElections">Views that began between two kills, which no kill asked for.</param>
internal sealed record KillFigures(IReadOnlyList<double> Waits, ulong OtherElections);

/// <summary>What a stop brought.</summary>
/// <param name="Pause">The longest pause between two accepted writes around it, in milliseconds.</param>
/// <param name="PauseBefore">The longest one in the second before it.</param>
/// <param name="Ended">From the signal to the end of the process.</param>
internal sealed record StopRound(double Pause, double PauseBefore, double Ended);

/// <summary>What stops brought.</summary>
internal sealed record StopFigures(IReadOnlyList<StopRound> Rounds, KeyFigures Keys);

/// <summary>What became of the keys.</summary>
/// <param name="Sent">The keys that were answered, which are all that were sent.</param>
/// <param name="OtherTxIds">Repeats that got another TxID than the first answer, or none.</param>
/// <param name="WrittenOnce">The keys whose message the ledger has exactly once.</param>
/// <param name="InLedger">The messages of the ledger.</param>
internal sealed record KeyFigures(int Sent, int OtherTxIds, int WrittenOnce, int InLedger)
{
    /// <summary>Whether each key was answered with one transaction, which is the only one of its message.</summary>
    public bool AreAnsweredOnce => OtherTxIds == 0 && WrittenOnce == Sent && InLedger == Sent;
}
