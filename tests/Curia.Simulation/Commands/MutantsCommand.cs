using System;
using System.Linq;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary><c>mutants</c>: each must be caught by a rule that it breaks.</summary>
internal static class MutantsCommand
{
    // A mutant that shows in fewer than one of sixty runs would also get through a run of 200 seeds now and then.
    private const ulong SeedsMax = 60;

    /// <returns>0 when every mutant was caught, else 1.</returns>
    public static int Execute()
    {
        int missed = 0;
        foreach (Mutant mutant in Mutants.All)
        {
            string? caught = Hunt(mutant);
            if (caught is null) missed++;
            Console.Out.WriteLine($"{mutant.Name}: {caught ?? "NOT CAUGHT"}");
        }

        Console.Out.WriteLine(Invariant($"{Mutants.All.Count - missed} passed, {missed} failed"));
        return missed == 0 ? 0 : 1;
    }

    private static string? Hunt(Mutant mutant)
    {
        for (ulong seed = 1; seed <= SeedsMax; seed++)
        {
            SeedResult result = mutant.Rules.Contains(Rules.RunsRepeat)
                ? SeedRun.ExecuteTwice(seed, withFaults: true, mutant.Make)
                : SeedRun.Execute(seed, withFaults: true, mutant.Make());
            if (result.Violation is not { } violation) continue;
            if (mutant.Rules.Contains(violation.Rule)) return Invariant($"caught after {seed} seeds: {violation.Rule}");
            Console.Out.WriteLine(Invariant($"  seed {seed} broke another rule: {violation.Message}"));
        }

        return null;
    }
}
