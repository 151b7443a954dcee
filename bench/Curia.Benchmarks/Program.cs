using System;
using System.Globalization;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Running;
using Curia.Benchmarks.Micro;
using Curia.Benchmarks.References;
using Curia.Benchmarks.Runs;
using Curia.Cli.Benchmark;

namespace Curia.Benchmarks;

/// <summary>Runs of whole processes (the scripts in <c>bench/</c> start them), the references that they are compared
/// with, or the micro-benchmarks.</summary>
internal static class Program
{
    private static readonly TimeSpan MachineCostTime = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan BuildTime = TimeSpan.FromMinutes(10); // each run builds everything once more

    public static async Task<int> Main(string[] args)
    {
        try
        {
            return await RunAsync(args);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }
    }

    private static async Task<int> RunAsync(string[] args)
    {
        RunArguments arguments = new(args.Length > 0 ? args[1..] : []);
        switch (args is [var verb, ..] ? verb : "")
        {
            case "compare": await Comparison.RunAsync(arguments); return 0;
            case "cluster": await ClusterComparison.RunAsync(arguments); return 0;
            case "soak": return await Soak.RunAsync(arguments);
            case "restart": await Restart.RunAsync(arguments); return 0;
            case "establish": await Establish.RunAsync(arguments); return 0;
            case "join": await Join.RunAsync(arguments); return 0;
            case "failover": return await Failover.RunAsync(arguments);
            case "etcd": return await EtcdAsync(arguments);
            case "flush": return Print(MachineCost.Flushes(Environment.CurrentDirectory, MachineCostTime));
            case "signature": return Print(MachineCost.Signatures(MachineCostTime));
            default:
                // A benchmark gives back an object, not one of our types: the project that is made around it sees this
                // one alone, and one type that it does not know ends all benchmarks.
                IConfig config = ManualConfig.Create(DefaultConfig.Instance).WithBuildTimeout(BuildTime);
                return BenchmarkSwitcher.FromAssembly(typeof(KeyValueBenchmarks).Assembly).Run(args, config)
                    .All(run => !run.HasCriticalValidationErrors && run.Reports.All(report => report.Success)) ? 0 : 1;
        }
    }

    private static async Task<int> EtcdAsync(RunArguments arguments)
    {
        arguments.Expect("--url", "--pid", "--connections", "--in-flight", "--seconds", "--warm-up");
        LoadSettings settings = new(
            arguments.Number("--connections", 16),
            arguments.Number("--in-flight", 256),
            PayloadBytes: 100,
            TimeSpan.FromSeconds(arguments.Number("--warm-up", 1)),
            TimeSpan.FromSeconds(arguments.Number("--seconds", 10)));
        int[] pids =
        [
            .. (arguments.Text("--pid") ?? "1").Split(',').Select(pid => int.Parse(pid, CultureInfo.InvariantCulture)),
        ];
        Uri url = new(arguments.Text("--url") ?? "http://127.0.0.1:2379");
        Console.WriteLine((await EtcdLoad.MeasureAsync(settings, url, pids)).ToJsonString());
        return 0;
    }

    // In the shape of a load with one client.
    private static int Print(LatencyHistogram latency)
    {
        double p50 = latency.Percentile(0.5) / 1000.0;
        JsonObject json = new()
        {
            ["throughput_per_second"] = 1000 / p50,
            ["latency_ms"] = new JsonObject { ["p50"] = p50, ["p99"] = latency.Percentile(0.99) / 1000.0 },
            ["cpu_us_per_request"] = new JsonObject { ["driver"] = null, ["nodes"] = null },
        };
        Console.WriteLine(json.ToJsonString());
        return 0;
    }
}
