using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json.Nodes;
using Curia.Cli.Benchmark.Load;
using Curia.Cli.Terminal;
using Spectre.Console;

namespace Curia.Cli.Benchmark;

/// <summary>What a load cost; null where it is not known.</summary>
/// <param name="DriverCpuMicroseconds">CPU time of this process.</param>
/// <param name="NodesCpuMicroseconds">CPU time of all nodes.</param>
/// <param name="AllocatedBytes">What the node allocated on its managed heap.</param>
/// <param name="PeakMemoryMiB">The most memory that each node had resident since it started.</param>
internal sealed record BenchUsage(
    double? DriverCpuMicroseconds,
    double? NodesCpuMicroseconds,
    double? AllocatedBytes,
    IReadOnlyList<double?> PeakMemoryMiB);

/// <summary>What a measurement found.</summary>
internal sealed record BenchReport(
    BenchOptions Options, int Nodes, LoadResult Load, BenchUsage Usage)
{
    private double Throughput => Load.Requests / Load.Seconds;

    /// <summary>As <c>bench --json</c> prints it (DESIGN 7).</summary>
    public JsonObject ToJson() => new()
    {
        ["workload"] = WorkloadName,
        ["nodes"] = Nodes,
        ["http"] = Options.IsHttp1 ? "1.1" : "2",
        ["connections"] = Options.Connections,
        ["in_flight"] = Options.InFlight,
        ["payload_bytes"] = Options.PayloadBytes,
        ["wait"] = Wait,
        ["messages"] = Options.Messages,
        ["seconds"] = Round(Load.Seconds, 3),
        ["requests"] = Load.Requests,
        ["errors"] = Load.Errors,
        ["throughput_per_second"] = Round(Throughput, 1),
        ["latency_ms"] = new JsonObject
        {
            ["p50"] = Milliseconds(0.50),
            ["p90"] = Milliseconds(0.90),
            ["p99"] = Milliseconds(0.99),
            ["max"] = Round(Load.Latency.Max / 1000.0, 3),
        },
        ["cpu_us_per_request"] = new JsonObject
        {
            ["driver"] = PerRequest(Usage.DriverCpuMicroseconds),
            ["nodes"] = PerRequest(Usage.NodesCpuMicroseconds),
        },
        ["peak_memory_mib"] = new JsonArray([.. Usage.PeakMemoryMiB.Select(mebibytes => JsonValue.Create(mebibytes))]),
        ["allocated_bytes_per_request"] = PerRequest(Usage.AllocatedBytes),
        ["commit"] = MachineDescription.Commit(),
        ["machine"] = MachineDescription.Machine(),
    };

    /// <summary>For people.</summary>
    public void Print(Screen screen)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        string errors = Load.Errors == 0 ? "no errors" : $"[red]{Load.Errors:N0} errors[/]";
        string what = Options.Workload is Workload.Write or Workload.Mixed ? $"{WorkloadName}, {Wait}" : WorkloadName;
        string load = $"{what}, {Options.InFlight} in flight, {Options.PayloadBytes} bytes";
        screen.Line(string.Create(plain, $"[bold]{Throughput:N0}[/] requests a second ({load}), ")
            + string.Create(plain, $"{Load.Requests:N0} in {Load.Seconds:0.0} s, {errors}"));
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("", "p50", "p90", "p99", "max");
        table.AddRow(
            "latency, ms",
            Text(Milliseconds(0.50)),
            Text(Milliseconds(0.90)),
            Text(Milliseconds(0.99)),
            Text(Load.Latency.Max / 1000.0));
        screen.Console.Write(table);
        screen.Line($"CPU per request: driver {Known(PerRequest(Usage.DriverCpuMicroseconds), "µs")}, "
            + $"node {Known(PerRequest(Usage.NodesCpuMicroseconds), "µs")}; node memory: "
            + $"{Known(PerRequest(Usage.AllocatedBytes), "bytes")} allocated per request, "
            + $"{Known(Usage.PeakMemoryMiB.Max(), "MiB")} at its peak");
        screen.Line($"[grey]{Screen.Escape(MachineDescription.Machine())}[/]");

        string Known(double? figure, string unit) =>
            figure is double known ? string.Create(plain, $"{known:0} {unit}") : "unknown";

        string Text(double milliseconds) => milliseconds.ToString("0.00", plain);
    }

    private string WorkloadName => Options.Workload.ToString().ToLowerInvariant();

    private string Wait => Options.WaitForCommit ? "committed" : "pending";

    private static double Round(double value, int digits) => System.Math.Round(value, digits);

    private double Milliseconds(double share) => Round(Load.Latency.Percentile(share) / 1000.0, 3);

    // Without a request there is nothing to divide by.
    private double? PerRequest(double? amount) =>
        Load.Requests > 0 && amount is double known ? Round(known / Load.Requests, 1) : null;
}
