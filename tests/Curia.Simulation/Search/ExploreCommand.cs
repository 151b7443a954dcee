using System;
using System.Collections.Generic;
using System.Diagnostics;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary><c>explore</c>: all that can happen in small networks.</summary>
internal static class ExploreCommand
{
    /// <returns>0 when nothing was wrong and nothing was left out, else 1.</returns>
    public static int Execute(int statesMax)
    {
        int failed = 0;
        foreach (SearchModel model in SearchModel.All)
        {
            Stopwatch watch = Stopwatch.StartNew();
            Search search = new(model, statesMax);
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

        Console.Out.WriteLine(Invariant($"{SearchModel.All.Count - failed} passed, {failed} failed"));
        return failed == 0 ? 0 : 1;
    }
}
