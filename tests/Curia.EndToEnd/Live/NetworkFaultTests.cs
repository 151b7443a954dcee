using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Live;

/// <summary>Networks of real processes, on machines and a wire that fail, under clients that write down what they are
/// told (DESIGN 4; docs/consensus.md). tests/long-run.sh does it for longer.</summary>
[Collection(Alone)]
public sealed class NetworkFaultTests
{
    /// <summary>Tests that make machines run one after the other: the names of machines are the system's.</summary>
    internal const string Alone = "machines";

    // Together in less than a minute; each of the others has its turn in the long run.
    private const string ShortForm =
        "loss primary-alone one-direction bridge stop-primary kill-primary kill-all";

    [Fact]
    public async Task A_network_of_processes_keeps_its_promises_while_machines_and_the_wire_fail()
    {
        int seed = Number("CURIA_LIVE_SEED", Random.Shared.Next());
        int nodes = Number("CURIA_LIVE_NODES", 3);
        int minutes = Number("CURIA_LIVE_MINUTES", 0);
        string[] names = (Environment.GetEnvironmentVariable("CURIA_LIVE_FAULTS") ?? ShortForm).Split(' ');
        Random choice = new(seed);
        Stopwatch elapsed = Stopwatch.StartNew();
        TimeSpan faultDuration = TimeSpan.FromSeconds(minutes > 0 ? 5 : 2.5);
        using LiveRun run = await LiveRun.BeginAsync(nodes, seed, faultDuration);
        Say($"seed {seed}, {nodes} nodes; the network is open after {elapsed.Elapsed.TotalSeconds:F1} s");
        string? failed = null;
        try
        {
            foreach (string name in minutes > 0 ? Chosen(run, choice, elapsed, minutes) : names)
            {
                if (Faults.WhyNot(name) is { } reason)
                {
                    Say($"{name} is left out: {reason}");
                    continue;
                }

                failed = name;
                await run.HaveAsync(name);
                Say($"{elapsed.Elapsed.TotalSeconds:F1} s: {run.Rows[^1]}");
            }

            failed = null;
            IReadOnlyList<string> problems = await run.FinishAsync();
            Report(seed, nodes, run, problems.Count == 0);
            Assert.True(problems.Count == 0, $"seed {seed}, {problems.Count} problems:\n"
                + string.Join('\n', problems.Take(20)) + $"\nLogs: {run.Logs}");
        }
        catch (LiveException failure)
        {
            Report(seed, nodes, run, isGood: false);
            Assert.Fail($"seed {seed}, {failed}: {failure.Message}\nLogs: {run.Logs}");
        }
    }

    private static IEnumerable<string> Chosen(LiveRun run, Random choice, Stopwatch elapsed, int minutes)
    {
        string[] all = [.. run.Names];
        while (elapsed.Elapsed.TotalMinutes < minutes)
        {
            choice.Shuffle(all);
            foreach (string name in all.TakeWhile(_ => elapsed.Elapsed.TotalMinutes < minutes)) yield return name;
        }
    }

    private static void Report(int seed, int nodes, LiveRun run, bool isGood)
    {
        string verdict = isGood ? "nothing is wrong" : "FAILED";
        Say($"\nseed {seed}, {nodes} nodes: {verdict}\n\n{run.Summary()}");
        if (Environment.GetEnvironmentVariable("CURIA_LIVE_REPORT") is { } path)
            File.WriteAllText(path, $"## {nodes} nodes, seed {seed}: {verdict}\n\n{run.Summary()}");
    }

    private static void Say(FormattableString text) =>
        TestContext.Current.TestOutputHelper?.WriteLine(text.ToString(CultureInfo.InvariantCulture));

    private static int Number(string variable, int otherwise) =>
        Environment.GetEnvironmentVariable(variable) is { } text
            ? int.Parse(text, CultureInfo.InvariantCulture)
            : otherwise;
}
