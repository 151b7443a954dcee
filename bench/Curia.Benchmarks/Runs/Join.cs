using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.Linq;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Benchmarks.Runs;

/// <summary>A fourth node joins three that are under load and hold many entries: how long it takes, and what it costs
/// the others.</summary>
internal static class Join
{
    private const int SecondsBefore = 8;
    private const int SecondsMax = 60;
    private static readonly TimeSpan warmUp = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan interval = TimeSpan.FromMilliseconds(200);

    /// <summary>Writes, lets it join, and tells.</summary>
    public static async Task RunAsync(RunArguments arguments)
    {
        arguments.Expect("--entries", "--in-flight");
        int entries = arguments.Number("--entries", 1_000_000);
        string inFlight = $"{arguments.Number("--in-flight", 256)}";
        string load = Comparison.LoadAverage();
        if (!Comparison.IsQuiet(load)) Console.Error.WriteLine($"the machine is not quiet (load average {load})");
        using RunFolder folder = new("join");
        using FailoverNetwork network = await FailoverNetwork.OpenAsync(folder.Path, electionTimeout: null);
        try
        {
            Console.Error.WriteLine($"writing {entries} messages");
            await CuriaCommand.RunJsonAsync(
                folder.Path, "bench", "--target", "net", "--requests", $"{entries}", "--messages", $"{entries}",
                "--in-flight", inFlight);
            await MeasureAsync(folder.Path, network, inFlight);
        }
        finally
        {
            await network.StopAsync();
        }
    }

    private static async Task MeasureAsync(string folder, FailoverNetwork network, string inFlight)
    {
        (FailoverNode primary, _, _) = await network.AgreeAsync();
        Task<JsonNode> load = CuriaCommand.RunJsonAsync(
            folder, "bench", "--target", "net", "--seconds", $"{SecondsMax}", "--messages", "10000", "--in-flight",
            inFlight);
        using CancellationTokenSource ending = new();
        Task<List<(long At, ulong SeqNo)>> watching = WatchAsync(primary, ending.Token);
        await Task.Delay(TimeSpan.FromSeconds(SecondsBefore));
        long begun = Stopwatch.GetTimestamp();
        await CuriaCommand.RunAsync(folder, "node", "add", "--dir", "net");
        long ended = Stopwatch.GetTimestamp();
        await Task.Delay(warmUp);
        await ending.CancelAsync();
        List<(long At, ulong SeqNo)> seen = await watching;
        double before = Rate(seen, begun - (SecondsBefore - 3) * Stopwatch.Frequency, begun);
        double during = Rate(seen, begun, ended);
        Tell("entries of the ledger when it began to join",
            string.Create(CultureInfo.InvariantCulture, $"{seen.Last(one => one.At <= begun).SeqNo:N0}"));
        double seconds = Stopwatch.GetElapsedTime(begun, ended).TotalSeconds;
        Tell("join, from the command until it serves", string.Create(
            CultureInfo.InvariantCulture, $"{seconds:0.0} s"));
        Tell("committed before; while it joins", string.Create(
            CultureInfo.InvariantCulture,
            $"{before:N0}/s; {during:N0}/s, {100 * (1 - during / before):0} % less"));
        Console.Error.WriteLine("waiting for the end of the load");
        await Task.WhenAny(load); // it ends by itself, or with the network
    }

    private static async Task<List<(long At, ulong SeqNo)>> WatchAsync(FailoverNode node, CancellationToken cancel)
    {
        List<(long At, ulong SeqNo)> seen = [];
        while (!cancel.IsCancellationRequested)
        {
            JsonNode commit = (await node.Client.GetFromJsonAsync<JsonNode>("/node/commit", CancellationToken.None))!;
            string txId = commit["transaction_id"]!.GetValue<string>();
            seen.Add((Stopwatch.GetTimestamp(), ulong.Parse(txId.Split('.')[1], CultureInfo.InvariantCulture)));
            await Task.Delay(interval, CancellationToken.None);
        }

        return seen;
    }

    private static double Rate(List<(long At, ulong SeqNo)> seen, long from, long until)
    {
        (long At, ulong SeqNo)[] within = [.. seen.Where(one => one.At >= from && one.At <= until)];
        return within.Length < 2
            ? 0
            : (within[^1].SeqNo - within[0].SeqNo) / Stopwatch.GetElapsedTime(within[0].At, within[^1].At).TotalSeconds;
    }

    private static void Tell(string what, string figures) => Console.WriteLine($"{what}: {figures}");
}
