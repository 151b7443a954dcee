using System;
using System.Linq;
using System.Reflection;
using System.Runtime.Loader;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary>Looks for a seed that shows a mutant of the core.</summary>
internal static class CoreHunt
{
    // Seeds of the core are a hundred times faster than those of nodes, and rarer things are looked for.
    private const int SeedsMax = 5_000;

    /// <returns>After how many seeds it was caught and by which rule, null when it was not; and what other rule was
    /// broken first.</returns>
    /// <exception cref="InvalidOperationException">The mutant does not fit the sources.</exception>
    public static (string? Caught, string Others) Find(CoreMutant mutant) =>
        InContextOf(mutant, nameof(Run), mutant.Rules);

    /// <returns>After how many states the search found it and by which rule, null when it did not.</returns>
    /// <exception cref="InvalidOperationException">The mutant does not fit the sources.</exception>
    public static (string? Caught, string Others) SearchFor(CoreMutant mutant, string model) =>
        InContextOf(mutant, nameof(Explore), model);

    private static (string? Caught, string Others) InContextOf(CoreMutant mutant, string method, object argument)
    {
        AssemblyLoadContext context = mutant.Load();
        try
        {
            Type type = context.LoadFromAssemblyName(typeof(CoreHunt).Assembly.GetName())
                .GetType(typeof(CoreHunt).FullName!)!;
            string?[] found = (string?[])type.GetMethod(method, BindingFlags.Static | BindingFlags.NonPublic)!
                .Invoke(null, [argument])!;
            return (found[0], found[1]!);
        }
        finally
        {
            context.Unload();
        }
    }

    private static string?[] Explore(string name)
    {
        SearchModel model = SearchModel.All.Single(one => one.Name == name);
        Search search = new(model, int.MaxValue);
        return search.Run() is { } found
            ? [Invariant(
                $"found after {search.States} states, {found.Way.Count} steps away: {found.Violation.Rule}"), ""]
            : [null, ""];
    }

    // Called in the context of the mutant, so with types of the platform alone.
    private static string?[] Run(string[] rules)
    {
        string others = "";
        for (int seed = 1; seed <= SeedsMax; seed++)
        {
            if (CoreRun.Execute((ulong)seed, null, withFaults: true).Violation is not { } violation) continue;
            if (Array.IndexOf(rules, violation.Rule) >= 0)
                return [Invariant($"caught after {seed} seeds: {violation.Rule}"), others];
            if (others.Length == 0) others = Invariant($"  seed {seed} broke another rule: {violation.Message}\n");
        }

        return [null, others];
    }
}
