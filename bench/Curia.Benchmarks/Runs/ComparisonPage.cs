using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using Curia.Benchmarks.References;
using Curia.Cli.Benchmark;

namespace Curia.Benchmarks.Runs;

/// <summary>The page of a comparison: what was measured where, and how it stands to what is aimed at.</summary>
internal static class ComparisonPage
{
    private const string Loud = ": **other programs were running, so these figures compare with nothing.**";
    private const int FlushAndSignatureFactor = 2;
    private const double AllocatedBytesMax = 8192;

    private static readonly CultureInfo plain = CultureInfo.InvariantCulture;

    /// <summary>By date and commit, beside the pages of earlier runs.</summary>
    public static string DefaultPath() => Path.Combine(
        CuriaCommand.Root, "bench", "results",
        string.Create(plain, $"{DateTime.UtcNow:yyyy-MM-dd}-{MachineDescription.Commit()?[..7] ?? "unknown"}.md"));

    /// <summary>All of it, in Markdown.</summary>
    public static string Write(ComparisonSettings settings, Figures figures, string loadBefore, string loadAfter)
    {
        StringBuilder page = new();
        page.Append(plain, $"""
            # One node beside its references, commit {MachineDescription.Commit()}

            `bench/run.sh`: {settings.Rounds} rounds, {settings.Seconds} s a cell after {settings.WarmUp} s of warming
            up; medians of the rounds. Driver and server share the machine: {MachineDescription.Machine()}.
            Load average {loadBefore} before, {loadAfter} after{(Comparison.IsQuiet(loadBefore) ? "." : Loud)}
            Messages of 100 bytes; Curia over TLS with a client certificate, private writes, replies after commit, fsync
            on. *Spread*: {settings.InFlight} connections of HTTP/1.1 with one request in flight; *multiplexed*:
            {settings.InFlight} in flight over {settings.Connections} connections of HTTP/2. etcd: one node as it comes,
            fsync on, gRPC in the clear, the same driver. *Append and fsync* writes {MachineCost.AppendBytes} bytes,
            which is a block with one small write.

            | Cell | per second | p50 ms | p99 ms | CPU µs per request, driver / server | allocated bytes per request |
            |---|---|---|---|---|---|

            """);
        foreach (string name in figures.Names) page.AppendLine(Row(name, figures.Median(name)));
        page.Append("\n| What is aimed at | measured | |\n|---|---|---|\n");
        foreach (string line in Aims(figures)) page.AppendLine(line);
        page.Append(plain, $"\nPeak memory over the whole run: node {Memory(figures, Comparison.WriteSpread)} MiB");
        if (figures.Has(Comparison.EtcdMultiplexed))
            page.Append(plain, $", etcd {Memory(figures, Comparison.EtcdMultiplexed)} MiB");
        page.Append(".\n\nRounds, requests per second:\n\n");
        foreach (string name in figures.Names)
            page.AppendLine(plain, $"- {name}: {Join(figures.Rounds(name).Select(figure => figure.Throughput))}");
        return page.ToString();
    }

    private static string Row(string name, Figure figure)
    {
        string cpu = figure.ServerCpu is null ? "–" : $"{Text(figure.DriverCpu)} / {Text(figure.ServerCpu)}";
        return string.Create(
            plain,
            $"| {name} | {figure.Throughput:N0} | {Time(figure.P50)} | {Time(figure.P99)} | {cpu} "
            + $"| {(figure.Allocated is double bytes ? bytes.ToString("N0", plain) : "–")} |");
    }

    private static IEnumerable<string> Aims(Figures figures)
    {
        double echo = figures.Median(Comparison.EchoSpread).Throughput;
        yield return AtLeast(
            "spread: writes at least 60 % of echo", figures.Median(Comparison.WriteSpread).Throughput / echo, 0.60);
        yield return AtLeast(
            "spread: reads at least 85 % of echo", figures.Median(Comparison.ReadSpread).Throughput / echo, 0.85);
        if (figures.Has(Comparison.EtcdMultiplexed))
        {
            double etcd = figures.Median(Comparison.EtcdMultiplexed).Throughput;
            yield return AtLeast(
                "multiplexed: writes at least 2 × etcd",
                figures.Median(Comparison.WriteMultiplexed).Throughput / etcd, 2);
        }

        double flush = figures.Median(Comparison.Flush).P50;
        double signature = figures.Median(Comparison.Signature).P50;
        double alone = figures.Median(Comparison.EchoOne).P50;
        double limit = FlushAndSignatureFactor * (flush + signature + alone);
        double write = figures.Median(Comparison.WriteOne).P50;
        yield return string.Create(
            plain,
            $"| one client: p50 of a write at most 2 × (fsync + signature + echo) = 2 × ({flush:0.000} + "
            + $"{signature:0.000} + {alone:0.000}) = {limit:0.000} ms | {write:0.000} ms "
            + $"| {Verdict(write <= limit)} |");
        if (figures.Median(Comparison.WriteMultiplexed).Allocated is double allocated)
        {
            yield return string.Create(
                plain,
                $"| at most 8 KB allocated for a multiplexed write | {allocated:N0} bytes "
                + $"| {Verdict(allocated <= AllocatedBytesMax)} |");
        }

        if (figures.Median(Comparison.WriteSpread).Allocated is double spread)
        {
            yield return string.Create(
                plain,
                $"| at most 8 KB allocated for a spread write | {spread:N0} bytes "
                + $"| {Verdict(spread <= AllocatedBytesMax)} |");
        }
    }

    /// <summary>A line of the table of aims.</summary>
    public static string AtLeast(string aim, double measured, double least) =>
        string.Create(plain, $"| {aim} | {measured:0.00} | {Verdict(measured >= least)} |");

    /// <summary>How an aim stands.</summary>
    public static string Verdict(bool isReached) => isReached ? "reached" : "**missed**";

    private static string Memory(Figures figures, string name) => Text(figures.Median(name).Memory);

    private static string Text(double? value) => value is double known ? known.ToString("0.0", plain) : "unknown";

    private static string Time(double milliseconds) =>
        milliseconds.ToString(milliseconds < 10 ? "0.000" : "0.0", plain);

    private static string Join(IEnumerable<double> values) =>
        string.Join(", ", values.Select(value => value.ToString("N0", plain)));
}
