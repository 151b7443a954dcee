using System;
using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>What came out of one seed.</summary>
internal sealed record CoreResult(
    ulong Seed, Violation? Violation, ulong Fingerprint, Situations Situations, long Steps, int Blocks);

/// <summary>Runs one seed.</summary>
internal static class CoreRun
{
    public static CoreResult Execute(ulong seed, int? nodes, bool withFaults, Trace? trace = null)
    {
        SeededRandom random = new(seed);
        CoreSettings settings = CoreSettings.From(random.Fork(), nodes, withFaults);
        CoreWorld world = new(random, settings, trace);
        Violation? violation = null;
        try
        {
            world.Run();
        }
        catch (Violation found)
        {
            violation = found;
        }
        catch (Exception broken) when (broken is InvariantException or ArgumentException or KeyNotFoundException)
        {
            violation = new Violation(CoreRules.CoreHolds, broken.ToString());
        }

        return new CoreResult(
            seed, violation, world.Fingerprint, world.Counts.InWords(), world.Steps, world.Checker.Blocks);
    }

    /// <summary>The same run, told line by line.</summary>
    /// <returns>The end of the trace.</returns>
    public static IReadOnlyCollection<string> Tell(ulong seed, int? nodes, bool withFaults, int lines)
    {
        using Trace trace = new(lines);
        Execute(seed, nodes, withFaults, trace);
        return trace.Tail;
    }
}
