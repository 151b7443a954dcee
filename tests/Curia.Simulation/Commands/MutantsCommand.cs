using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Simulation.Network;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary><c>mutants [node|network|core|search]</c>: each must be caught by a rule that it breaks. Of one node on its
/// disk, of networks, and of consensus alone; all of them unless told otherwise.</summary>
internal sealed record MutantsCommand(bool OfNode, bool OfNetworks, bool OfCore, bool OfSearch)
{
    // A mutant that shows in fewer than one of sixty runs would also get through a run of 200 seeds now and then.
    private const ulong SeedsMax = 60;

    /// <returns>False, and what is wrong, for anything else than one known word or none.</returns>
    public static bool TryParse(string[] which, out MutantsCommand command, out string problem)
    {
        command = new MutantsCommand(
            which is [] or ["node"], which is [] or ["network"], which is [] or ["core"], which is [] or ["search"]);
        bool isKnown = command.OfNode || command.OfNetworks || command.OfCore || command.OfSearch;
        problem = isKnown ? "" : $"There are no mutants of {string.Join(' ', which)}.";
        return isKnown;
    }

    /// <returns>0 when every mutant was caught, else 1.</returns>
    public int Execute()
    {
        List<(string Name, Func<(string? Caught, string Others)> Hunt)> hunts = [];
        if (OfCore) hunts.AddRange(CoreMutants.All.Select(one => (one.Name, Of(() => CoreHunt.Find(one)))));
        if (OfSearch)
        {
            hunts.AddRange(CoreMutants.ForSearch.Select(one => (
                $"{one.Mutant.Name}, in the model \"{one.Model}\"",
                Of(() => CoreHunt.SearchFor(one.Mutant, one.Model)))));
        }

        if (OfNetworks)
            hunts.AddRange(NetworkMutants.All.Select(one => (one.Name, Of(() => NetworkMutants.Hunt(one)))));
        if (OfNode) hunts.AddRange(Mutants.All.Select(one => (one.Name, Of(() => Hunt(one)))));
        string[] verdicts = new string[hunts.Count];
        int missed = 0;
        int next = -1;
        Parallel.For(0, Environment.ProcessorCount, _ =>
        {
            for (int at = Interlocked.Increment(ref next); at < hunts.Count; at = Interlocked.Increment(ref next))
            {
                (string? caught, string others) = TryHunt(hunts[at].Hunt);
                if (caught is null) Interlocked.Increment(ref missed);
                verdicts[at] = $"{others}{hunts[at].Name}: {caught ?? "NOT CAUGHT"}";
            }
        });
        foreach (string verdict in verdicts) Console.Out.WriteLine(verdict);
        Console.Out.WriteLine(Invariant($"{hunts.Count - missed} passed, {missed} failed"));
        return missed == 0 ? 0 : 1;
    }

    private static (string? Caught, string Others) TryHunt(Func<(string? Caught, string Others)> hunt)
    {
        try
        {
            return hunt();
        }
        catch (InvalidOperationException broken)
        {
            return (null, $"  {broken.Message}\n");
        }
    }

    private static Func<(string? Caught, string Others)> Of(Func<(string? Caught, string Others)> hunt) => hunt;

    private static (string? Caught, string Others) Hunt(Mutant mutant)
    {
        string others = "";
        for (ulong seed = 1; seed <= SeedsMax; seed++)
        {
            SeedResult result = mutant.Rules.Contains(Rules.RunsRepeat)
                ? SeedRun.ExecuteTwice(seed, withFaults: true, mutant.Make)
                : SeedRun.Execute(seed, withFaults: true, mutant.Make());
            if (result.Violation is not { } violation) continue;
            if (mutant.Rules.Contains(violation.Rule))
                return (Invariant($"caught after {seed} seeds: {violation.Rule}"), others);
            others += Invariant($"  seed {seed} broke another rule: {violation.Message}\n");
        }

        return (null, others);
    }
}
