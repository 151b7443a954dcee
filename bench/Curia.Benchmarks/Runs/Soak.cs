using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

namespace Curia.Benchmarks.Runs;

/// <summary>A long run over a state of constant size: what a node holds in memory must not grow with it.</summary>
internal static class Soak
{
    // The least-squares line over the samples after the first third of the run, in which heap and caches fill.
    private const double GrowthMiBPerMinuteMax = 0.5;

    /// <summary>Runs, samples each minute, and tells the growth.</summary>
    public static async Task<int> RunAsync(RunArguments arguments)
    {
        arguments.Expect("--minutes", "--messages", "--in-flight", "--sample-seconds");
        int minutes = arguments.Number("--minutes", 30);
        int interval = arguments.Number("--sample-seconds", 60);
        using RunFolder folder = new();
        await CuriaCommand.OpenSandboxAsync(folder.Path);
        try
        {
            Task<JsonNode> load = CuriaCommand.RunJsonAsync(
                folder.Path, "bench", "--target", "net", "--seconds", $"{minutes * 60}",
                "--messages", $"{arguments.Number("--messages", 10_000)}",
                "--in-flight", $"{arguments.Number("--in-flight", 256)}");
            List<NodeMemory> samples = [];
            Console.WriteLine(NodeMemory.Header);
            while (!load.IsCompleted)
            {
                await Task.WhenAny(load, Task.Delay(TimeSpan.FromSeconds(interval)));
                if (load.IsCompleted) break;
                samples.Add(await NodeMemory.SampleAsync(folder.Path));
                Console.WriteLine(samples[^1].ToRow(samples[0]));
            }

            JsonNode result = await load;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"\n{result["requests"]} writes, {result["throughput_per_second"]!.GetValue<double>():N0}/s"));
            return Judge(samples);
        }
        finally
        {
            await CuriaCommand.RunAsync(folder.Path, "sandbox", "stop", "--dir", "net");
        }
    }

    private static int Judge(List<NodeMemory> samples)
    {
        NodeMemory[] settled = [.. samples.Skip(samples.Count / 3)];
        if (settled.Length < 3)
        {
            Console.WriteLine("Too few samples to judge by.");
            return 1;
        }

        double resident = SlopePerMinute(settled, sample => sample.ResidentMiB);
        double heap = SlopePerMinute(settled, sample => sample.HeapMiB);
        bool isFlat = resident <= GrowthMiBPerMinuteMax && heap <= GrowthMiBPerMinuteMax;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"After the first third: resident {resident:+0.00;-0.00} MiB a minute, GC heap {heap:+0.00;-0.00}; "
            + $"{(isFlat ? "no growth" : "GROWTH")} (the bound is {GrowthMiBPerMinuteMax})."));
        return isFlat ? 0 : 1;
    }

    private static double SlopePerMinute(NodeMemory[] samples, Func<NodeMemory, double> value)
    {
        double timeMean = samples.Average(sample => sample.At.TotalMinutes);
        double valueMean = samples.Average(value);
        double covariance = samples.Sum(sample => (sample.At.TotalMinutes - timeMean) * (value(sample) - valueMean));
        double variance = samples.Sum(sample => Math.Pow(sample.At.TotalMinutes - timeMean, 2));
        return covariance / variance;
    }
}

/// <summary>What a node has in memory at a moment.</summary>
internal sealed record NodeMemory(
    TimeSpan At, double ResidentMiB, double HeapMiB, double CommittedMiB, double Ordered, double LedgerMiB)
{
    public const string Header =
        "| minute | resident MiB | GC heap MiB | GC committed MiB | transactions | ledger MiB | writes/s so far |\n"
        + "|---|---|---|---|---|---|---|";

    /// <summary>Reads it from the process and from <c>/metrics</c>.</summary>
    public static async Task<NodeMemory> SampleAsync(string folder)
    {
        JsonNode told = await CuriaCommand.RunJsonAsync(folder, "call", "GET", "/metrics", "--dir", "net");
        string metrics = told["body"]!.GetValue<string>();
        return new NodeMemory(
            TimeSpan.FromMilliseconds(Environment.TickCount64),
            ResidentOf(CuriaCommand.PidOf(folder)),
            Sum(metrics, "dotnet_gc_last_collection_heap_size_bytes") / (1 << 20),
            Sum(metrics, "dotnet_gc_last_collection_memory_committed_size_bytes") / (1 << 20),
            Sum(metrics, "curia_transactions_ordered_total"),
            Sum(metrics, "curia_ledger_written_bytes_total") / (1 << 20));
    }

    /// <summary>A row of the table.</summary>
    public string ToRow(NodeMemory first)
    {
        double seconds = (At - first.At).TotalSeconds;
        double rate = seconds > 0 ? (Ordered - first.Ordered) / seconds : 0;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"| {(At - first.At).TotalMinutes:0.0} | {ResidentMiB:0.0} | {HeapMiB:0.0} | {CommittedMiB:0.0} "
            + $"| {Ordered:N0} | {LedgerMiB:N0} | {rate:N0} |");
    }

    private static double ResidentOf(int pid) => File.ReadLines($"/proc/{pid}/status")
        .Where(line => line.StartsWith("VmRSS:", StringComparison.Ordinal))
        .Select(line => double.Parse(line.Split(':')[1].Replace("kB", "").Trim(), CultureInfo.InvariantCulture) / 1024)
        .Single();

    private static double Sum(string metrics, string name) => metrics.Split('\n')
        .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length
            && line[name.Length] is '{' or ' ')
        .Sum(line => double.Parse(
            line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0], CultureInfo.InvariantCulture));
}
