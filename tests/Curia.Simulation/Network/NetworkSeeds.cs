using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Curia.Vocabulary;
using static System.FormattableString;

namespace Curia.Simulation.Network;

/// <summary><c>run</c>: whole networks of the real node; seeds of old failures first, then new ones; several at a
/// time, each by itself.</summary>
internal sealed class NetworkSeeds(SeedOptions options)
{
    // Enough to notice when something does not repeat, cheap enough to be always on.
    private const ulong TwiceEvery = 20;

    /// <returns>0 when every seed passed and every rare situation was reached, else 1.</returns>
    public int Execute()
    {
        ulong[] seeds =
        [
            .. Regressions.Of("network-*.seeds"),
            .. Enumerable.Range(0, options.Seeds).Select(n => options.From + (ulong)n),
        ];
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
        NetworkResult first = Once(seed);
        if (seed % TwiceEvery != 0 || first.Violation is not null) return first;
        NetworkResult second = Once(seed);
        return first.Trace == second.Trace
            ? first
            : first with { Violation = new Violation(Rules.RunsRepeat, $"digests {first.Trace} and {second.Trace}") };
    }

    private NetworkResult Once(ulong seed) =>
        NetworkRun.Execute(seed, options.Nodes, options.WithFaults, NetworkSubject.Real, options.Lines);

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
        IReadOnlyList<string> missing = options.MustReachAll
            ? situations.Missing(NetworkSituations.Of(options.WithFaults))
            : [];
        foreach (string situation in missing) Console.Out.WriteLine($"never reached: {situation}");
        Console.Out.WriteLine(Invariant($"{results.Length - failed} passed, {failed + missing.Count} failed"));
        return failed + missing.Count == 0 ? 0 : 1;
    }

    private void Print(NetworkResult result)
    {
        foreach (string line in result.Tail) Console.Out.WriteLine(line);
        Console.Out.WriteLine(Invariant($"seed {result.Seed} failed: {result.Violation!.Message}"));
        Console.Out.WriteLine(options.Repeat("run", result.Seed));
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
