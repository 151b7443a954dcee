using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Curia.Simulation;

/// <summary><c>run [--seeds N] [--from N] [--faults all|none]</c>: seeds of old failures first, then N new ones.</summary>
internal sealed record RunCommand(int Seeds, ulong From, bool WithFaults)
{
    // Every fifth run is made twice: enough to notice when something does not repeat, cheap enough to be always on.
    private const int TwiceEvery = 5;

    // With fewer seeds a rare situation may honestly not come up.
    private const int SeedsToReachAll = 200;

    public static bool TryParse(string[] options, out RunCommand? command, out string problem)
    {
        command = new RunCommand(200, 1, true);
        problem = "";
        for (int at = 0; at < options.Length; at += 2)
        {
            string value = at + 1 < options.Length ? options[at + 1] : "";
            switch (options[at])
            {
                case "--seeds" when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int seeds) && seeds > 0:
                    command = command with { Seeds = seeds };
                    break;
                case "--from" when ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong from):
                    command = command with { From = from };
                    break;
                case "--faults" when value is "all" or "none":
                    command = command with { WithFaults = value == "all" };
                    break;
                default:
                    problem = $"{options[at]} {value} is not an option.";
                    return false;
            }
        }

        return true;
    }

    /// <returns>0 when every seed passed and every rare situation was reached, else 1.</returns>
    public int Execute()
    {
        Situations situations = new();
        RunSize size = default;
        int failed = 0;
        List<ulong> seeds = [.. Regressions(), .. Enumerable.Range(0, Seeds).Select(n => From + (ulong)n)];
        foreach (ulong seed in seeds)
        {
            SeedResult result = seed % TwiceEvery == 0
                ? SeedRun.ExecuteTwice(seed, WithFaults, () => Subject.Real)
                : SeedRun.Execute(seed, WithFaults, Subject.Real);
            situations.Add(result.Situations);
            size = new RunSize(
                size.Events + result.Committed.Events,
                size.Blocks + result.Committed.Blocks,
                size.Transactions + result.Committed.Transactions);
            if (result.Violation is null) continue;
            failed++;
            Print(result);
        }

        string[] missing = Seeds < SeedsToReachAll ? [] : [.. situations.Missing(Required())];
        Console.Out.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{seeds.Count} seeds, {size.Events} events, {size.Blocks} blocks, {size.Transactions} transactions; reached: {situations}"));
        foreach (string situation in missing) Console.Out.WriteLine($"never reached: {situation}");
        failed += missing.Length;
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seeds.Count - Math.Min(failed, seeds.Count)} passed, {failed} failed"));
        return failed == 0 ? 0 : 1;
    }

    private string[] Required() => WithFaults ? [.. RareSituations.Always, .. RareSituations.WithFaults] : RareSituations.Always;

    private void Print(SeedResult result)
    {
        foreach (string line in result.Tail) Console.Out.WriteLine(line);
        Console.Out.WriteLine($"seed {result.Seed} failed: {result.Violation!.Message}");
        Console.Out.WriteLine($"repeat it: run --from {result.Seed} --seeds 1 --faults {(WithFaults ? "all" : "none")}");
    }

    // One seed a line; what follows a # says what it once found.
    private static IEnumerable<ulong> Regressions()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Curia.slnx")))
        {
            folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("This is not run inside of the repository.");
        }

        return
            from file in Directory.GetFiles(Path.Combine(folder, "tests", "Curia.Simulation", "regressions"), "*.seeds")
                .Order(StringComparer.Ordinal)
            from line in File.ReadLines(file)
            let digits = line.Split('#')[0].Trim()
            where digits.Length > 0
            select ulong.Parse(digits, CultureInfo.InvariantCulture);
    }
}
