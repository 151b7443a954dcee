using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary><c>core</c>: consensus alone; seeds of old failures first, then new ones.</summary>
internal sealed class CoreSeeds(SeedOptions options)
{
    private const int TwiceEvery = 10;

    /// <returns>0 when every seed passed and every rare situation was reached, else 1.</returns>
    public int Execute()
    {
        Situations situations = new();
        Stopwatch watch = Stopwatch.StartNew();
        ulong traces = 0;
        long steps = 0;
        long blocks = 0;
        int failed = 0;
        List<ulong> seeds =
        [
            .. Regressions.Of("core-*.seeds"),
            .. Enumerable.Range(0, options.Seeds).Select(n => options.From + (ulong)n),
        ];
        foreach (ulong seed in seeds)
        {
            CoreResult result = Run(seed);
            situations.Add(result.Situations);
            traces = unchecked((traces * 31) + result.Fingerprint);
            steps += result.Steps;
            blocks += result.Blocks;
            if (result.Violation is null) continue;
            failed++;
            Print(result);
        }

        double seconds = watch.Elapsed.TotalSeconds;
        Console.Out.WriteLine(Invariant($"{seeds.Count} seeds, {steps} steps ({steps / seconds:F0} a second), ")
            + Invariant($"{blocks} blocks, trace {traces:x16}; reached: {situations}"));
        int missing = PrintMissing(situations);
        Console.Out.WriteLine(Invariant($"{seeds.Count - failed} passed, {failed + missing} failed"));
        return failed + missing == 0 ? 0 : 1;
    }

    private CoreResult Run(ulong seed)
    {
        CoreResult result = CoreRun.Execute(seed, options.Nodes, options.WithFaults);
        if (result.Violation is not null || seed % TwiceEvery != 0) return result;
        CoreResult again = CoreRun.Execute(seed, options.Nodes, options.WithFaults);
        return again.Fingerprint == result.Fingerprint
            ? result
            : result with { Violation = new Violation(CoreRules.RunsRepeat, "two runs differ") };
    }

    private int PrintMissing(Situations situations)
    {
        if (!options.MustReachAll || options.Nodes is not null) return 0;
        IEnumerable<CoreSituation> required = Enum.GetValues<CoreSituation>();
        if (!options.WithFaults) required = required.Where(one => one <= CoreSituation.TwoRulesActive);
        IReadOnlyList<string> missing = situations.Missing(required.Select(CoreCounts.Words));
        foreach (string situation in missing) Console.Out.WriteLine($"never reached: {situation}");
        return missing.Count;
    }

    private void Print(CoreResult result)
    {
        foreach (string line in CoreRun.Tell(result.Seed, options.Nodes, options.WithFaults, options.Lines))
            Console.Out.WriteLine(line);
        Console.Out.WriteLine(Invariant($"seed {result.Seed} failed: {result.Violation!.Message}"));
        Console.Out.WriteLine(options.Repeat("core", result.Seed));
    }
}
