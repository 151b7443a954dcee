using System;
using System.CommandLine;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Benchmark;
using Curia.Cli.Benchmark.Load;
using Curia.Cli.Networks;
using Curia.Cli.Sandbox;
using Curia.Cli.Terminal;
using Spectre.Console;

namespace Curia.Cli.Commands;

/// <summary><c>curia bench</c>: a closed loop of requests.</summary>
internal static class BenchCommand
{
    private const int ConnectionsAtFirst = 16;
    private const int InFlightAtFirst = 256;
    private const int SecondsAtFirst = 10;
    private const int SecondsMax = 86_400;
    private const int ConnectionsMax = 1000; // what a listener of a sandbox admits

    private static readonly Option<int> nodes = Number("--nodes", 1, "How many nodes the network gets that is made.");

    private static readonly Option<int?> connections = Optional(
        "--connections", "How many connections. [default: 16; with --http 1.1 as many as --in-flight]");

    private static readonly Option<int?> inFlight = Optional(
        "--in-flight", "How many requests at a time, over all connections. [default: 256]");

    private static readonly Option<int?> seconds = Optional(
        "--seconds", "How long to measure. [default: 10; with --requests as long as they take]");

    private static readonly Option<int?> requests = Optional(
        "--requests", "How many requests to send at most. [default: as many as fit]");

    private static readonly Option<int> warmUp =
        Number("--warm-up", 1, "How many seconds to send before anything is counted.");

    private static readonly Option<int> payload = Number("--payload", 100, "The size of a message in bytes.");

    private static readonly Option<int> messages =
        Number("--messages", 100_000, "How many messages are written over and over.");

    private static readonly Option<string> http = new("--http")
    {
        Description = "2, or 1.1: one request in flight on each connection.",
        HelpName = "2|1.1",
        DefaultValueFactory = _ => "2",
    };

    private static readonly Option<string> workload = new("--workload")
    {
        Description = "write, read, mixed: nine reads for one write; echo: parsed and answered, nothing written.",
        HelpName = "write|read|mixed|echo",
        DefaultValueFactory = _ => "write",
    };

    private static readonly Option<string> wait = CallCommand.WaitOption("committed");

    private static readonly Option<string> target = new("--target")
    {
        Description = "A running sandbox; without it one is made and removed.",
        HelpName = "DIR",
    };

    public static Command Build()
    {
        Command bench = new("bench", "Measure throughput and latency.")
        {
            nodes, connections, inFlight, http, seconds, requests, warmUp, workload, payload, messages, wait, target,
        };
        bench.SetAction((parsed, cancel) =>
        {
            int number = Between(nodes, parsed, 1, SandboxOptions.NodesMax);
            return RunAsync(Screen.For(parsed), OptionsOf(parsed), number, parsed.GetValue(target), cancel);
        });
        return bench;
    }

    private static BenchOptions OptionsOf(ParseResult parsed)
    {
        bool isHttp1 = parsed.GetValue(http) switch
        {
            "2" => false,
            "1.1" => true,
            string version => throw CommandFailure.WrongUsage($"--http {version}: there is 2 and 1.1."),
            _ => throw CommandFailure.WrongUsage("--http is 2 or 1.1."),
        };
        int? connectionsGiven = Between(connections, parsed, 1, ConnectionsMax);
        int? inFlightGiven = Between(inFlight, parsed, 1, isHttp1 ? ConnectionsMax : 100_000);
        int inFlightWanted = inFlightGiven ?? (isHttp1 ? connectionsGiven : null) ?? InFlightAtFirst;
        int connectionsWanted = connectionsGiven ?? (isHttp1 ? inFlightWanted : ConnectionsAtFirst);
        if (inFlightWanted < connectionsWanted)
            throw CommandFailure.WrongUsage(
                "--in-flight is at least --connections: every connection carries one request.");
        if (isHttp1 && inFlightWanted > connectionsWanted)
            throw CommandFailure.WrongUsage(
                "with --http 1.1 every connection carries one request: --in-flight is as many as --connections.");
        int? requestsGiven = Between(requests, parsed, 1, int.MaxValue);
        return new BenchOptions(
            WorkloadOf(parsed.GetValue(workload)!),
            isHttp1,
            connectionsWanted,
            inFlightWanted,
            TimeSpan.FromSeconds(Between(warmUp, parsed, 0, 3600)),
            TimeSpan.FromSeconds(
                Between(seconds, parsed, 1, SecondsMax) ?? (requestsGiven is null ? SecondsAtFirst : SecondsMax)),
            requestsGiven,
            Between(messages, parsed, 1, LoadRequest.NumbersMax),
            Between(payload, parsed, 0, 1 << 20),
            parsed.GetValue(wait) == "committed");
    }

    private static Option<int> Number(string name, int standard, string description) =>
        new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard };

    private static Option<int?> Optional(string name, string description) =>
        new(name) { Description = description, HelpName = "N" };

    private static int Between(Option<int> option, ParseResult parsed, int least, int most) =>
        Between(option.Name, parsed.GetValue(option), least, most);

    private static int? Between(Option<int?> option, ParseResult parsed, int least, int most) =>
        parsed.GetValue(option) is int value ? Between(option.Name, value, least, most) : null;

    private static int Between(string name, int value, int least, int most) => value >= least && value <= most
        ? value
        : throw CommandFailure.WrongUsage($"{name} is a number from {least} to {most}.");

    private static Workload WorkloadOf(string name) => name switch
    {
        "write" => Workload.Write,
        "read" => Workload.Read,
        "mixed" => Workload.Mixed,
        "echo" => Workload.Echo,
        "js" => throw CommandFailure.NotYet($"--workload {name}"),
        _ => throw CommandFailure.WrongUsage($"--workload {name}: there is write, read, mixed and echo."),
    };

    private static async Task<int> RunAsync(
        Screen screen, BenchOptions options, int nodes, string? target, CancellationToken cancel)
    {
        await SocketThreads.TakeAnswersAsync().ConfigureAwait(false);
        BenchReport report;
        if (target is not null)
        {
            report = await MeasureAsync(screen, SandboxFile.Read(target), options, cancel).ConfigureAwait(false);
        }
        else
        {
            await using BenchSandbox own = await BenchSandbox.OpenAsync(nodes, cancel).ConfigureAwait(false);
            report = await MeasureAsync(screen, own.Sandbox, options, cancel).ConfigureAwait(false);
        }

        if (screen.Json) Screen.Document(report.ToJson());
        else report.Print(screen);
        if (report.Load.Errors == 0) return ExitCode.Done;
        string ended = report.Usage.NodesCpuMicroseconds is null && OperatingSystem.IsLinux()
            ? " A node ended meanwhile; its log may say why."
            : "";
        string first = report.Load.FirstError?.TrimEnd('.') ?? "no answer";
        Console.Error.WriteLine($"curia: {report.Load.Errors} requests failed; the first one: {first}.{ended}");
        return ExitCode.Refused;
    }

    private static async Task<BenchReport> MeasureAsync(
        Screen screen, SandboxFile sandbox, BenchOptions options, CancellationToken cancel)
    {
        using LoadDriver driver = await LoadDriver.OpenAsync(sandbox, options, cancel).ConfigureAwait(false);
        if (!screen.IsLive) return await driver.RunAsync(cancel).ConfigureAwait(false);
        BenchReport? report = null;
        string title = $"{options.Workload} for {options.Duration.TotalSeconds:0} s, {options.InFlight} in flight";
        await screen.Console.Status().Spinner(Spinner.Known.Dots)
            .StartAsync(title, async _ => report = await driver.RunAsync(cancel).ConfigureAwait(false))
            .ConfigureAwait(false);
        return report!;
    }
}
