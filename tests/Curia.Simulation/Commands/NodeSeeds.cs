using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using Curia.Vocabulary;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary><c>run --nodes 1</c>: one node on a disk that lies; seeds of old failures first, then new ones.</summary>
internal sealed class NodeSeeds(SeedOptions options)
{
    // Every fifth run is made twice: enough to notice when something does not repeat, cheap enough to be always on.
    private const int TwiceEvery = 5;

    /// <returns>0 when every seed passed and every rare situation was reached, else 1.</returns>
    public int Execute()
    {
        Situations situations = new();
        RunSize size = default;
        int failed = 0;
        using IncrementalHash traces = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        List<ulong> seeds =
        [
            .. Regressions.Of("node-*.seeds"),
            .. Enumerable.Range(0, options.Seeds).Select(n => options.From + (ulong)n),
        ];
        foreach (ulong seed in seeds)
        {
            SeedResult result = seed % TwiceEvery == 0
                ? SeedRun.ExecuteTwice(seed, options.WithFaults, () => Subject.Real)
                : SeedRun.Execute(seed, options.WithFaults, Subject.Real);
            situations.Add(result.Situations);
            traces.AppendData(result.Trace.ToArray());
            size += result.Size;
            if (result.Violation is null) continue;
            failed++;
            Print(result);
        }

        string digest = new Digest(traces.GetHashAndReset()).ToString()[..16];
        Console.Out.WriteLine(Invariant(
            $"{seeds.Count} seeds, {size.Events} events, {size.Epochs} epochs, {size.Blocks} blocks, ")
            + Invariant($"{size.Transactions} transactions, ")
            + $"trace {digest}; reached: {situations}");
        int missing = PrintMissing(situations);
        Console.Out.WriteLine(Invariant($"{seeds.Count - failed} passed, {failed + missing} failed"));
        return failed + missing == 0 ? 0 : 1;
    }

    private int PrintMissing(Situations situations)
    {
        if (!options.MustReachAll) return 0;
        IEnumerable<string> required = RareSituations.Always;
        if (options.WithFaults) required = required.Concat(RareSituations.WithFaults);
        IReadOnlyList<string> missing = situations.Missing(required);
        foreach (string situation in missing) Console.Out.WriteLine($"never reached: {situation}");
        return missing.Count;
    }

    private void Print(SeedResult result)
    {
        foreach (string line in result.Tail) Console.Out.WriteLine(line);
        Console.Out.WriteLine(Invariant($"seed {result.Seed} failed: {result.Violation!.Message}"));
        Console.Out.WriteLine(options.Repeat("run", result.Seed));
    }
}
