using System;
using System.CommandLine;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Benchmark;
using Curia.Cli.Networks;
using Curia.Cli.Terminal;
using Spectre.Console;

namespace Curia.Cli.Commands;

/// <summary><c>curia bench</c>: a closed loop of requests through the client that everybody uses.</summary>
internal static class BenchCommand
{
    public static Command Build()
    {
        Option<int> nodes = Number("--nodes", 1, "How many nodes; one, in this version.");
        Option<int> connections = Number("--connections", 16, "How many connections.");
        Option<int> inFlight = Number("--in-flight", 256, "How many requests at a time, over all connections.");
        Option<int> seconds = Number("--seconds", 10, "How long to measure, after a second of warming up.");
        Option<int> payload = Number("--payload", 100, "The size of a message in bytes.");
        Option<string> workload = new("--workload")
        {
            Description = "write, read, or mixed: nine reads for one write.",
            HelpName = "write|read|mixed",
            DefaultValueFactory = _ => "write",
        };
        Option<string> wait = CallCommand.WaitOption("committed");
        Option<string> target = new("--target")
        {
            Description = "A running sandbox; without it one is made and removed.",
            HelpName = "DIR",
        };
        Command bench = new("bench", "Measure throughput and latency.")
        {
            nodes, connections, inFlight, seconds, workload, payload, wait, target,
        };
        bench.SetAction((parsed, cancel) =>
        {
            LaterMilestones.RefuseSeveralNodes(parsed.GetValue(nodes));
            BenchOptions options = new(
                WorkloadOf(parsed.GetValue(workload)!),
                Between(connections, parsed, 1, 1000),
                Between(inFlight, parsed, 1, 100_000),
                TimeSpan.FromSeconds(Between(seconds, parsed, 1, 86_400)),
                Between(payload, parsed, 0, 1 << 20),
                parsed.GetValue(wait) == "committed");
            if (options.InFlight < options.Connections)
                throw CommandFailure.WrongUsage(
                    "--in-flight is at least --connections: every connection carries one request.");
            return RunAsync(Screen.For(parsed), options, parsed.GetValue(target), cancel);
        });
        return bench;
    }

    private static Option<int> Number(string name, int standard, string description) =>
        new(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard };

    private static int Between(Option<int> option, ParseResult parsed, int least, int most)
    {
        int value = parsed.GetValue(option);
        return value >= least && value <= most
            ? value
            : throw CommandFailure.WrongUsage($"{option.Name} is a number from {least} to {most}.");
    }

    private static Workload WorkloadOf(string name) => name switch
    {
        "write" => Workload.Write,
        "read" => Workload.Read,
        "mixed" => Workload.Mixed,
        "echo" or "js" => throw CommandFailure.NotYet($"--workload {name}"),
        _ => throw CommandFailure.WrongUsage($"--workload {name}: there is write, read and mixed."),
    };

    private static async Task<int> RunAsync(
        Screen screen, BenchOptions options, string? target, CancellationToken cancel)
    {
        BenchReport report;
        if (target is not null)
        {
            report = await MeasureAsync(screen, SandboxFile.Read(target), options, cancel).ConfigureAwait(false);
        }
        else
        {
            await using BenchSandbox own = await BenchSandbox.OpenAsync(cancel).ConfigureAwait(false);
            report = await MeasureAsync(screen, own.Sandbox, options, cancel).ConfigureAwait(false);
        }

        if (screen.Json) Screen.Document(report.ToJson());
        else report.Print(screen);
        if (report.Errors == 0) return ExitCode.Done;
        string ended = report.NodesCpuMicroseconds is null && OperatingSystem.IsLinux()
            ? " A node ended meanwhile; its log may say why."
            : "";
        string first = report.FirstError?.TrimEnd('.') ?? "no answer";
        Console.Error.WriteLine($"curia: {report.Errors} requests failed; the first one: {first}.{ended}");
        return ExitCode.Refused;
    }

    private static async Task<BenchReport> MeasureAsync(
        Screen screen, SandboxFile sandbox, BenchOptions options, CancellationToken cancel)
    {
        using LoadDriver driver = new(sandbox, options);
        if (!screen.IsLive) return await driver.RunAsync(cancel).ConfigureAwait(false);
        BenchReport? report = null;
        string title = $"{options.Workload} for {options.Duration.TotalSeconds:0} s, {options.InFlight} in flight";
        await screen.Console.Status().Spinner(Spinner.Known.Dots)
            .StartAsync(title, async _ => report = await driver.RunAsync(cancel).ConfigureAwait(false))
            .ConfigureAwait(false);
        return report!;
    }
}
