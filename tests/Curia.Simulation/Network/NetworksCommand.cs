using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Curia.Vocabulary;
using static System.FormattableString;

namespace Curia.Simulation.Network;

/// <summary><c>networks mutants</c>, or <c>networks [--seeds N] [--from N] [--nodes 1..7] [--faults all|none]
/// [--lines N]</c>: seeds of old failures first, then N new ones; several at a time, each by itself.</summary>
internal sealed record NetworksCommand(int Seeds, ulong From, int? Nodes, bool WithFaults, int Lines)
{
    // Enough to notice when something does not repeat, cheap enough to be always on.
    private const ulong TwiceEvery = 20;

    // With fewer seeds a rare situation may honestly not come up.
    private const int SeedsToReachAll = 200;

    /// <returns>False, and what is wrong, for anything else than known options with values.</returns>
    public static bool TryParse(string[] options, out NetworksCommand command, out string problem)
    {
        command = new NetworksCommand(200, 1, null, true, Trace.LinesKept);
        problem = "";
        if (options is ["mutants"])
        {
            command = command with { HuntsMutants = true };
            return true;
        }

        for (int at = 0; at < options.Length; at += 2)
        {
            string value = at + 1 < options.Length ? options[at + 1] : "";
            bool isNumber = ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number);
            NetworksCommand? next = options[at] switch
            {
                "--seeds" when isNumber && number is > 0 and <= int.MaxValue => command with { Seeds = (int)number },
                "--from" when isNumber => command with { From = number },
                "--nodes" when isNumber && number is >= 1 and <= 7 => command with { Nodes = (int)number },
                "--lines" when isNumber && number <= int.MaxValue => command with { Lines = (int)number },
                "--faults" when value is "all" or "none" => command with { WithFaults = value == "all" },
                _ => null,
            };
            if (next is null)
            {
                problem = $"{options[at]} {value} is not an option.";
                return false;
            }

            command = next;
        }

        return true;
    }

    /// <summary>Instead of runs: <c>networks mutants</c>.</summary>
    public bool HuntsMutants { get; init; }

    /// <returns>0 when every seed passed and every rare situation was reached, else 1.</returns>
    public int Execute()
    {
        if (HuntsMutants) return NetworkMutants.Hunt();
        ulong[] seeds = [.. Regressions(), .. Enumerable.Range(0, Seeds).Select(n => From + (ulong)n)];
        NetworkResult[] results = new NetworkResult[seeds.Length];
        int next = -1;
        Parallel.For(0, Environment.ProcessorCount, _ =>
        {
            for (int at = Interlocked.Increment(ref next); at < seeds.Length; at = Interlocked.Increment(ref next))
                results[at] = Execute(seeds[at]);
        });
        return Report(results);
    }

    private NetworkResult Execute(ulong seed)
    {
        NetworkResult first = NetworkRun.Execute(seed, Nodes, WithFaults, NetworkSubject.Real, Lines);
        if (seed % TwiceEvery != 0 || first.Violation is not null) return first;
        NetworkResult second = NetworkRun.Execute(seed, Nodes, WithFaults, NetworkSubject.Real, Lines);
        return first.Trace == second.Trace
            ? first
            : first with { Violation = new Violation(Rules.RunsRepeat, $"digests {first.Trace} and {second.Trace}") };
    }

    private int Report(NetworkResult[] results)
    {
        Situations situations = new();
        int failed = 0;
        using IncrementalHash traces = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (NetworkResult result in results)
        {
            situations.Add(result.Situations);
            traces.AppendData(result.Trace.ToArray());
            if (result.Violation is null) continue;
            failed++;
            Print(result);
        }

        string digest = new Digest(traces.GetHashAndReset()).ToString()[..16];
        Console.Out.WriteLine(Invariant(
            $"{results.Length} seeds, {results.Sum(one => one.Events)} events, {results.Sum(one => one.Nodes)} nodes, ")
            + Invariant($"{results.Sum(one => one.Blocks)} committed blocks ")
            + Invariant($"(at least {results.Min(one => one.Blocks)}), ")
            + Invariant($"{results.Sum(one => one.Writes)} committed writes, trace {digest}; reached: {situations}"));
        IReadOnlyList<string> missing = Seeds < SeedsToReachAll
            ? []
            : situations.Missing(NetworkSituations.Of(WithFaults, Nodes));
        foreach (string situation in missing) Console.Out.WriteLine($"never reached: {situation}");
        Console.Out.WriteLine(Invariant($"{results.Length - failed} passed, {failed + missing.Count} failed"));
        return failed + missing.Count == 0 ? 0 : 1;
    }

    private void Print(NetworkResult result)
    {
        foreach (string line in result.Tail) Console.Out.WriteLine(line);
        Console.Out.WriteLine(Invariant($"seed {result.Seed} failed: {result.Violation!.Message}"));
        string nodes = Nodes is { } count ? Invariant($" --nodes {count}") : "";
        string faults = WithFaults ? "all" : "none";
        Console.Out.WriteLine(Invariant(
            $"repeat it: networks --from {result.Seed} --seeds 1{nodes} --faults {faults}"));
    }

    // One seed a line; what follows a # says what it once found.
    private static IEnumerable<ulong> Regressions()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Curia.slnx")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new DirectoryNotFoundException("The program is not inside of the repository.");
        }

        string file = Path.Combine(folder, "tests", "Curia.Simulation", "Network", "regressions.txt");
        return from line in File.ReadLines(file)
               let digits = line.Split('#')[0].Trim()
               where digits.Length > 0
               select ulong.Parse(digits, CultureInfo.InvariantCulture);
    }
}

/// <summary>What came out of one seed.</summary>
internal sealed record NetworkResult(
    ulong Seed, Digest Trace, Violation? Violation, Situations Situations, IReadOnlyCollection<string> Tail,
    long Events, int Nodes, int Blocks, long Writes);

/// <summary>Runs one seed.</summary>
internal static class NetworkRun
{
    public static NetworkResult Execute(ulong seed, int? nodes, bool withFaults, NetworkSubject subject, int lines)
    {
        SeededRandom random = new(seed);
        NetworkPlan plan = NetworkPlan.From(random.Fork(), nodes, withFaults);
        using NetworkWorld world = new(random, plan, subject, lines);
        Violation? violation = null;
        try
        {
            world.Run();
        }
        catch (Violation found)
        {
            violation = found;
        }
        catch (InvariantException broken)
        {
            violation = new Violation(Rules.NodeHolds, broken.ToString());
        }
        catch (Exception broken) when (broken is InvalidOperationException or ArgumentException
            or NullReferenceException or IndexOutOfRangeException or KeyNotFoundException or JsonException)
        {
            violation = new Violation(Rules.NodeHolds, broken.ToString());
        }

        if (violation is not null) world.Trace.Add(world.Agenda.Now, $"VIOLATION {violation.Message}");
        return new NetworkResult(
            seed, world.Trace.Finish(), violation, world.Situations, world.Trace.Tail, world.Events,
            world.Processes.Count, world.Checks.Commit.Blocks.Count, world.Served.CommittedWrites);
    }
}
