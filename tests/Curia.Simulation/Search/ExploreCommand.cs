using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary><c>explore [small|MODEL]</c>: all that can happen in small networks, in those of them that take seconds, or
/// in one.</summary>
internal static class ExploreCommand
{
    // Far above what the models have: one that grows beyond it is not what it was meant to be.
    private const int StatesMax = 20_000_000;

    private const string Small = "small";

    /// <returns>False, and what is wrong, for anything else than the name of one model or none.</returns>
    public static bool TryParse(string[] names, out IReadOnlyList<SearchModel> models, out string problem)
    {
        string name = string.Join(' ', names);
        models =
        [
            .. SearchModel.All.Where(
                model => name.Length == 0 || model.Name == name || (name == Small && model.IsSmall)),
        ];
        problem = models.Count > 0 ? "" : $"There is no model {name}.";
        return models.Count > 0;
    }

    /// <returns>0 when nothing was wrong and nothing was left out, else 1.</returns>
    public static int Execute(IReadOnlyList<SearchModel> models)
    {
        int failed = 0;
        foreach (SearchModel model in models)
        {
            Stopwatch watch = Stopwatch.StartNew();
            Search search = new(model, StatesMax);
            (Violation Violation, IReadOnlyList<string> Way)? found = search.Run();
            Console.Out.WriteLine(Invariant(
                $"{model.Name}: {search.States} states, {search.Transitions} steps, depth {search.Depth}, ")
                + Invariant($"{search.NodeStates} states of a node, {search.Messages} messages, ")
                + Invariant($"{search.BlocksCommitted} blocks committed, {watch.Elapsed.TotalSeconds:F0} s"));
            if (found is { } wrong)
            {
                foreach (string step in wrong.Way) Console.Out.WriteLine($"  {step}");
                Console.Out.WriteLine($"{model.Name}: {wrong.Violation.Message}");
            }
            else if (!search.IsComplete)
            {
                Console.Out.WriteLine($"{model.Name}: not finished");
            }

            if (found is not null || !search.IsComplete) failed++;
        }

        Console.Out.WriteLine(Invariant($"{models.Count - failed} passed, {failed} failed"));
        return failed == 0 ? 0 : 1;
    }
}
