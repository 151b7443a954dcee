using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Curia.Benchmarks.References;
using Curia.Cli.Benchmark;

namespace Curia.Benchmarks.Runs;

/// <summary>Measures three nodes beside three nodes of etcd and beside one node, on one machine. Round by round, so
/// that a disturbance of the machine meets all of them; what is not measured idles meanwhile.</summary>
internal static class ClusterComparison
{
    private const int Nodes = 3;
    private const string EchoSpread = "echo on three nodes, spread";
    private const string ReadSpread = "read on three nodes, spread";
    private const string WriteSpread = "write, three nodes, spread";
    private const string WriteMultiplexed = "write, three nodes, multiplexed";
    private const string WriteAlone = "write, one node, multiplexed";
    private const string EtcdMultiplexed = "etcd put, three nodes, multiplexed";
    private const string WriteOne = "write, three nodes, one client";
    private const string EtcdOne = "etcd put, three nodes, one client";

    private static readonly CultureInfo plain = CultureInfo.InvariantCulture;

    /// <summary>Runs all of it and writes the page.</summary>
    public static async Task RunAsync(RunArguments arguments)
    {
        ComparisonSettings settings = ComparisonSettings.Of(arguments);
        string before = Comparison.LoadAverage();
        using RunFolder folder = new();
        using RunFolder alone = new("alone");
        Figures figures = new();
        using EtcdServer? etcd = await EtcdServer.StartAsync(folder.Path, Nodes);
        if (etcd is null) Console.Error.WriteLine("etcd is not installed (Debian: etcd-server); going on without it.");
        await CuriaCommand.OpenSandboxAsync(folder.Path, Nodes);
        await CuriaCommand.OpenSandboxAsync(alone.Path, nodes: 1);
        try
        {
            Console.Error.WriteLine("warming up");
            foreach (string workload in (string[])["write", "read", "echo"])
                await Comparison.BenchAsync(folder.Path, settings with { Seconds = 5 }, workload, []);
            await Comparison.BenchAsync(alone.Path, settings with { Seconds = 5 }, "write", []);
            for (int round = 1; round <= settings.Rounds; round++)
                await RunRoundAsync(folder.Path, alone.Path, settings, etcd, figures, round);
        }
        finally
        {
            await CuriaCommand.RunAsync(folder.Path, "sandbox", "stop", "--dir", "net");
            await CuriaCommand.RunAsync(alone.Path, "sandbox", "stop", "--dir", "net");
        }

        string page = Page(settings, figures, before, Comparison.LoadAverage());
        string path = arguments.Text("--out")
            ?? ComparisonPage.DefaultPath().Replace(".md", "-cluster.md", StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, page);
        Console.WriteLine(page);
    }

    private static async Task RunRoundAsync(
        string net, string alone, ComparisonSettings settings, EtcdServer? etcd, Figures figures, int round)
    {
        string[] spread = ["--http", "1.1", "--in-flight", $"{settings.InFlight}"];
        string[] multiplexed = ["--connections", $"{settings.Connections}", "--in-flight", $"{settings.InFlight}"];
        string[] one = ["--connections", "1", "--in-flight", "1"];
        await CellAsync(EchoSpread, () => Comparison.BenchAsync(net, settings, "echo", spread));
        await CellAsync(ReadSpread, () => Comparison.BenchAsync(net, settings, "read", spread));
        await CellAsync(WriteSpread, () => Comparison.BenchAsync(net, settings, "write", spread));
        await CellAsync(WriteMultiplexed, () => Comparison.BenchAsync(net, settings, "write", multiplexed));
        await CellAsync(WriteAlone, () => Comparison.BenchAsync(alone, settings, "write", multiplexed));
        if (etcd is not null)
            await CellAsync(EtcdMultiplexed, () => EtcdAsync(settings.Connections, settings.InFlight));
        await CellAsync(WriteOne, () => Comparison.BenchAsync(net, settings, "write", one));
        if (etcd is not null) await CellAsync(EtcdOne, () => EtcdAsync(1, 1));

        Task<JsonNode> EtcdAsync(int over, int inFlight) =>
            Comparison.EtcdAsync(net, settings, etcd, over, inFlight);

        async Task CellAsync(string name, Func<Task<JsonNode>> measure)
        {
            Figure figure = Figure.Of(await measure());
            figures.Add(name, figure);
            Console.Error.WriteLine(string.Create(
                plain,
                $"round {round} of {settings.Rounds}: {name}: {figure.Throughput:N0}/s, p50 {figure.P50:0.000} ms"));
        }
    }

    private static string Page(ComparisonSettings settings, Figures figures, string before, string after)
    {
        StringBuilder page = new();
        page.Append(plain, $"""
            # Three nodes beside three nodes of etcd, commit {MachineDescription.Commit()}

            `bench/cluster.sh`: {settings.Rounds} rounds, {settings.Seconds} s a cell after {settings.WarmUp} s of
            warming up; medians of the rounds. Driver and all nodes share the machine: {MachineDescription.Machine()}.
            Load average {before} before, {after} after.
            Messages of 100 bytes; Curia over TLS with a client certificate, private writes to the primary, replies
            after commit, fsync on all nodes. *Spread*: {settings.InFlight} connections of HTTP/1.1 with one request in
            flight; *multiplexed*: {settings.InFlight} in flight over {settings.Connections} connections of HTTP/2.
            Reads and echo go to all nodes in turn. etcd as it comes, fsync on, gRPC in the clear, to its leader, the
            same driver.

            | Cell | per second | p50 ms | p99 ms | CPU µs per request, driver / all nodes |
            |---|---|---|---|---|

            """);
        foreach (string name in figures.Names)
        {
            Figure figure = figures.Median(name);
            page.AppendLine(string.Create(
                plain,
                $"| {name} | {figure.Throughput:N0} | {figure.P50:0.000} | {figure.P99:0.000} "
                + $"| {figure.DriverCpu:0.0} / {figure.ServerCpu:0.0} |"));
        }

        page.Append("\n| What is aimed at | measured | |\n|---|---|---|\n");
        foreach (string line in Aims(figures)) page.AppendLine(line);
        page.Append("\nRounds, requests per second:\n\n");
        foreach (string name in figures.Names)
        {
            string rounds = string.Join(
                ", ", figures.Rounds(name).Select(figure => figure.Throughput.ToString("N0", plain)));
            page.AppendLine(plain, $"- {name}: {rounds}");
        }

        return page.ToString();
    }

    private static IEnumerable<string> Aims(Figures figures)
    {
        double echo = figures.Median(EchoSpread).Throughput;
        Figure write = figures.Median(WriteMultiplexed);
        if (figures.Has(EtcdMultiplexed))
        {
            yield return ComparisonPage.AtLeast("multiplexed writes at least 3 × etcd's puts",
                write.Throughput / figures.Median(EtcdMultiplexed).Throughput, 3);
            double mine = figures.Median(WriteOne).P50;
            double theirs = figures.Median(EtcdOne).P50;
            yield return string.Create(
                plain,
                $"| one client: p50 at most etcd's, {theirs:0.000} ms | {mine:0.000} ms "
                + $"| {ComparisonPage.Verdict(mine <= theirs)} |");
        }

        yield return ComparisonPage.AtLeast("three nodes at least half of one node's writes",
            write.Throughput / figures.Median(WriteAlone).Throughput, 0.5);
        double spread = figures.Median(WriteSpread).Throughput;
        yield return ComparisonPage.AtLeast("spread writes at least 45 % of echo", spread / echo, 0.45);
        double read = figures.Median(ReadSpread).Throughput;
        yield return ComparisonPage.AtLeast("spread reads at least 85 % of echo", read / echo, 0.85);
    }
}
