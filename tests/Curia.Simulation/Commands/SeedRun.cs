using System;
using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>What came out of one seed.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Trace">The digest over all that happened.</param>
/// <param name="Violation">What was wrong; null when nothing was.</param>
/// <param name="Situations">What was reached.</param>
/// <param name="Tail">The end of the trace.</param>
/// <param name="Committed">Blocks that were sealed, and the events that it took.</param>
internal sealed record SeedResult(
    ulong Seed, Digest Trace, Violation? Violation, Situations Situations, IReadOnlyCollection<string> Tail, RunSize Committed);

/// <summary>How much happened.</summary>
internal readonly record struct RunSize(long Events, long Blocks, long Transactions);

/// <summary>Runs one seed.</summary>
internal static class SeedRun
{
    public static SeedResult Execute(ulong seed, bool withFaults, Subject subject)
    {
        SeededRandom random = new(seed);
        FaultPlan plan = FaultPlan.From(random.Fork());
        using World world = new(random, withFaults ? plan : FaultPlan.None, subject);
        Violation? violation = null;
        try
        {
            world.Run();
        }
        catch (Violation found)
        {
            violation = found;
        }
        catch (InvariantException broken)
        {
            violation = new Violation(Rules.NodeHolds, broken.Message);
        }

        if (violation is not null) world.Trace.Add(world.Agenda.Now, $"VIOLATION {violation.Message}");
        RunSize size = new(world.Events, world.Blocks.Blocks.Count, world.Blocks.Entries.Count);
        return new SeedResult(seed, world.Trace.Finish(), violation, world.Situations, world.Trace.Tail, size);
    }

    /// <summary>Runs a seed twice; both runs must be the same to the byte.</summary>
    public static SeedResult ExecuteTwice(ulong seed, bool withFaults, Func<Subject> subject)
    {
        SeedResult first = Execute(seed, withFaults, subject());
        SeedResult second = Execute(seed, withFaults, subject());
        return first.Violation is not null || first.Trace == second.Trace
            ? first
            : first with { Violation = new Violation(Rules.RunsRepeat, $"digests {first.Trace} and {second.Trace}") };
    }
}
