using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using Curia.Vocabulary;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary><c>run [--seeds N] [--from N] [--faults all|none]</c>: seeds of old failures first, then N new
/// ones.</summary>
internal sealed record RunCommand(int Seeds, ulong From, bool WithFaults)
{
    // Every fifth run is made twice: enough to notice when something does not repeat, cheap enough to be always on.
    private const int TwiceEvery = 5;

    // With fewer seeds a rare situation may honestly not come up.
    private const int SeedsToReachAll = 200;

    /// <returns>False, and what is wrong, for anything else than known options with values.</returns>
    public static bool TryParse(string[] options, out RunCommand command, out string problem)
    {
        command = new RunCommand(200, 1, true);
        problem = "";
        for (int at = 0; at < options.Length; at += 2)
        {
            string value = at + 1 < options.Length ? options[at + 1] : "";
            bool isNumber = ulong.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out ulong number);
            RunCommand? next = options[at] switch
            {
                "--seeds" when isNumber && number is > 0 and <= int.MaxValue => command with { Seeds = (int)number },
                "--from" when isNumber => command with { From = number },
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

    /// <returns>0 when every seed passed and every rare situation was reached, else 1.</returns>
    public int Execute()
    {
        Situations situations = new();
        RunSize size = default;
        int failed = 0;
        using IncrementalHash traces = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        List<ulong> seeds = [.. Regressions(), .. Enumerable.Range(0, Seeds).Select(n => From + (ulong)n)];
        foreach (ulong seed in seeds)
        {
            SeedResult result = seed % TwiceEvery == 0
                ? SeedRun.ExecuteTwice(seed, WithFaults, () => Subject.Real)
                : SeedRun.Execute(seed, WithFaults, Subject.Real);
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
        if (Seeds < SeedsToReachAll) return 0;
        IEnumerable<string> required = RareSituations.Always;
        if (WithFaults) required = required.Concat(RareSituations.WithFaults);
        IReadOnlyList<string> missing = situations.Missing(required);
        foreach (string situation in missing) Console.Out.WriteLine($"never reached: {situation}");
        return missing.Count;
    }

    private void Print(SeedResult result)
    {
        foreach (string line in result.Tail) Console.Out.WriteLine(line);
        Console.Out.WriteLine(Invariant($"seed {result.Seed} failed: {result.Violation!.Message}"));
        Console.Out.WriteLine(Invariant($"repeat it: run --from {result.Seed} --seeds 1 --faults {Faults}"));
    }

    private string Faults => WithFaults ? "all" : "none";

    // One seed a line; what follows a # says what it once found.
    private static IEnumerable<ulong> Regressions()
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Curia.slnx")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new DirectoryNotFoundException("The program is not inside of the repository.");
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
