using System;
using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>What came out of one seed.</summary>
internal sealed record SeedResult
{
    public required ulong Seed { get; init; }

    /// <summary>The digest over all that happened.</summary>
    public required Digest Trace { get; init; }

    /// <summary>What was wrong; null when nothing was.</summary>
    public required Violation? Violation { get; init; }

    public required Situations Situations { get; init; }

    /// <summary>The end of the trace.</summary>
    public required IReadOnlyCollection<string> Tail { get; init; }

    public required RunSize Size { get; init; }
}

/// <summary>How much happened.</summary>
internal readonly record struct RunSize(long Events, long Blocks, long Transactions, long Epochs)
{
    public static RunSize operator +(RunSize left, RunSize right) => new(
        left.Events + right.Events,
        left.Blocks + right.Blocks,
        left.Transactions + right.Transactions,
        left.Epochs + right.Epochs);
}

/// <summary>Runs one seed.</summary>
internal static class SeedRun
{
    public static SeedResult Execute(ulong seed, bool withFaults, Subject subject)
    {
        SeededRandom random = new(seed);
        SeededRandom planning = random.Fork();
        FaultPlan plan = withFaults ? FaultPlan.From(planning) : FaultPlan.Restarts(planning);
        using World world = new(random, plan, subject);
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
            violation = new Violation(Rules.NodeHolds, broken.ToString());
        }

        if (violation is not null) world.Trace.Add(world.Agenda.Now, $"VIOLATION {violation.Message}");
        return new SeedResult
        {
            Seed = seed,
            Trace = world.Trace.Finish(),
            Violation = violation,
            Situations = world.Situations,
            Tail = world.Trace.Tail,
            Size = world.Size,
        };
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
