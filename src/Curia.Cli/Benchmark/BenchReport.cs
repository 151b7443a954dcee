using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.Json.Nodes;
using Curia.Cli.Terminal;
using Spectre.Console;

namespace Curia.Cli.Benchmark;

/// <summary>What a measurement found.</summary>
internal sealed record BenchReport(
    BenchOptions Options,
    int Nodes,
    double Seconds,
    long Requests,
    long Errors,
    string? FirstError,
    LatencyHistogram Latency,
    double? DriverCpuMicroseconds,
    double? NodesCpuMicroseconds,
    IReadOnlyList<double?> PeakMemoryMiB)
{
    private double Throughput => Requests / Seconds;

    /// <summary>As <c>bench --json</c> prints it (DESIGN 7).</summary>
    public JsonObject ToJson() => new()
    {
        ["workload"] = WorkloadName,
        ["nodes"] = Nodes,
        ["connections"] = Options.Connections,
        ["in_flight"] = Options.InFlight,
        ["payload_bytes"] = Options.PayloadBytes,
        ["wait"] = Wait,
        ["seconds"] = Round(Seconds, 3),
        ["requests"] = Requests,
        ["errors"] = Errors,
        ["throughput_per_second"] = Round(Throughput, 1),
        ["latency_ms"] = new JsonObject
        {
            ["p50"] = Milliseconds(0.50),
            ["p90"] = Milliseconds(0.90),
            ["p99"] = Milliseconds(0.99),
            ["max"] = Round(Latency.Max / 1000.0, 3),
        },
        ["cpu_us_per_request"] = new JsonObject
        {
            ["driver"] = PerRequest(DriverCpuMicroseconds),
            ["nodes"] = PerRequest(NodesCpuMicroseconds),
        },
        ["peak_memory_mib"] = new JsonArray([.. PeakMemoryMiB.Select(mebibytes => JsonValue.Create(mebibytes))]),
        ["commit"] = MachineDescription.Commit(),
        ["machine"] = MachineDescription.Machine(),
    };

    /// <summary>For people.</summary>
    public void Print(Screen screen)
    {
        CultureInfo plain = CultureInfo.InvariantCulture;
        string errors = Errors == 0 ? "no errors" : $"[red]{Errors:N0} errors[/]";
        screen.Line(string.Create(plain, $"[bold]{Throughput:N0}[/] requests a second ({WorkloadName}, {Wait}, ")
            + string.Create(plain, $"{Options.PayloadBytes} bytes), {Requests:N0} in {Seconds:0.0} s, {errors}"));
        Table table = new Table().Border(TableBorder.Rounded).AddColumns("", "p50", "p90", "p99", "max");
        table.AddRow(
            "latency, ms",
            Text(Milliseconds(0.50)),
            Text(Milliseconds(0.90)),
            Text(Milliseconds(0.99)),
            Text(Latency.Max / 1000.0));
        screen.Console.Write(table);
        screen.Line(string.Create(plain, $"CPU per request: driver {Known(PerRequest(DriverCpuMicroseconds), "µs")}, ")
            + string.Create(plain, $"node {Known(PerRequest(NodesCpuMicroseconds), "µs")}; ")
            + string.Create(plain, $"node memory at its peak {Known(PeakMemoryMiB.Max(), "MiB")}"));
        screen.Line($"[grey]{Screen.Escape(MachineDescription.Machine())}[/]");

        string Known(double? figure, string unit) =>
            figure is double known ? string.Create(plain, $"{known:0} {unit}") : "unknown";

        string Text(double milliseconds) => milliseconds.ToString("0.00", plain);
    }

    private string WorkloadName => Options.Workload.ToString().ToLowerInvariant();

    private string Wait => Options.WaitForCommit ? "committed" : "pending";

    private static double Round(double value, int digits) => System.Math.Round(value, digits);

    private double Milliseconds(double share) => Round(Latency.Percentile(share) / 1000.0, 3);

    // Without a request there is nothing to divide by.
    private double? PerRequest(double? microseconds) =>
        Requests > 0 && microseconds is double known ? Round(known / Requests, 1) : null;
}
