using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Simulation;

/// <summary>What goes wrong in a run, chosen from its seed before it begins.</summary>
internal sealed record FaultPlan
{
    // More than most runs have: enough for a crash in the repair of a crash in the repair of a crash.
    private const int LivesMax = 7;

    /// <summary>How long a write or a sync takes.</summary>
    public required int DiskMicroseconds { get; init; }

    /// <summary>How often a write or a sync takes a hundred times as long, in percent.</summary>
    public required int SlowPercent { get; init; }

    /// <summary>How often the host gives wrong bytes for a block, in percent.</summary>
    public required int BadReadPercent { get; init; }

    /// <summary>How often the host delivers bytes that nobody asked for, in percent of ticks.</summary>
    public required int UnaskedReadPercent { get; init; }

    /// <summary>How often the host's clock jumps, forwards or backwards, in percent of ticks.</summary>
    public required int ClockJumpPercent { get; init; }

    /// <summary>One process after the other.</summary>
    public required IReadOnlyList<LifePlan> Lives { get; init; }

    /// <summary>A disk that keeps its promises, and a process that is drained.</summary>
    public static FaultPlan None { get; } = new()
    {
        DiskMicroseconds = 500,
        SlowPercent = 0,
        BadReadPercent = 0,
        UnaskedReadPercent = 0,
        ClockJumpPercent = 0,
        Lives = [LifePlan.Drained(200)],
    };

    public static FaultPlan From(SeededRandom random) => new()
    {
        DiskMicroseconds = random.Pick([50, 500, 5_000, 20_000]),
        SlowPercent = random.Pick([0, 5, 30]),
        BadReadPercent = random.Pick([0, 20, 60]),
        UnaskedReadPercent = random.Pick([0, 5]),
        ClockJumpPercent = random.Pick([0, 10]),
        Lives = [.. Enumerable.Range(0, CountLives(random)).Select(_ => LifePlan.From(random))],
    };

    /// <summary>Nothing goes wrong, and processes follow each other all the same.</summary>
    public static FaultPlan Restarts(SeededRandom random) => None with
    {
        Lives = [.. Enumerable.Range(0, random.Between(1, 3)).Select(_ => LifePlan.Drained(random.Between(20, 80)))],
    };

    /// <summary>What happens to a copy of the disk: short, for the point is that there are two.</summary>
    public FaultPlan OfCopy(SeededRandom random) => this with
    {
        Lives = [.. Enumerable.Range(0, random.Between(1, 2)).Select(_ => LifePlan.From(random) with
        {
            Operations = random.Between(5, 30),
            Copied = Copied.Never,
        })],
    };

    private static int CountLives(SeededRandom random)
    {
        int count = random.Between(1, 4);
        while (count < LivesMax && random.Percent(35)) count++;
        return count;
    }
}

/// <summary>When a host makes a copy of the disk and starts a second process on it.</summary>
internal enum Copied
{
    Never,
    WhileItRuns,
    AfterItsEnd,
}

/// <summary>One process: how it ends.</summary>
internal sealed record LifePlan
{
    /// <summary>It is drained after this many operations, if nothing ends it before.</summary>
    public required int Operations { get; init; }

    /// <summary>What strikes it, if it gets there.</summary>
    public required IReadOnlyList<Strike> Strikes { get; init; }

    /// <summary>It is killed after this many microseconds, between two steps; null: never.</summary>
    public required int? KilledAfter { get; init; }

    /// <summary>The power fails then, or after the node has stopped; else only the process ends.</summary>
    public required bool PowerFails { get; init; }

    /// <summary>How much more than it holds at the start the disk can take.</summary>
    public required long RoomBytes { get; init; }

    public required Copied Copied { get; init; }

    public static LifePlan Drained(int operations) => new()
    {
        Operations = operations,
        Strikes = [],
        KilledAfter = null,
        PowerFails = false,
        RoomBytes = long.MaxValue,
        Copied = Copied.Never,
    };

    public static LifePlan From(SeededRandom random)
    {
        int ending = random.Below(100);
        bool isUnsynced = ending is >= 84 and < 92;
        return new LifePlan
        {
            Operations = random.Between(5, random.Pick([30, 100])),
            Strikes = ending < 52 ? [StrikeFrom(random)] : ending < 62 ? FailedStart(random)
                : isUnsynced ? [FailedSync(random)] : [],
            KilledAfter = ending is >= 62 and < 76 ? random.Between(1, random.Pick([2_000, 300_000])) : null,
            RoomBytes = ending is >= 76 and < 84
                ? random.Between(1, random.Pick([1_000, 6_000, 40_000]))
                : long.MaxValue,
            PowerFails = !isUnsynced && random.Percent(50),
            Copied = random.Percent(85) ? Copied.Never : random.Pick([Copied.WhileItRuns, Copied.AfterItsEnd]),
        };
    }

    // Seldom come to in the life of a process.
    private static readonly WritePoint[] rare =
    [
        WritePoint.ChunkRename, WritePoint.SnapshotRename, WritePoint.SnapshotFlush, WritePoint.SnapshotRemove,
        WritePoint.RepairSync, WritePoint.RepairRemove,
    ];

    // Some points come once in a life, others many times: both shall be struck.
    private static Strike StrikeFrom(SeededRandom random)
    {
        bool often = random.Percent(40);
        WritePoint point = often
            ? random.Pick([WritePoint.BlockWrite, WritePoint.BlockSync])
            : random.Pick([.. Enum.GetValues<WritePoint>(), .. rare]);
        int occurrence = often ? random.Between(1, random.Pick([3, 8, 25])) : random.Between(1, 2);
        return new Strike(point, occurrence, Any(random));
    }

    // An error before the service is open, and then something while the start is taken back.
    private static Strike[] FailedStart(SeededRandom random) =>
    [
        new Strike(
            random.Pick(
            [
                WritePoint.SecretsSync, WritePoint.SecretsFlush, WritePoint.ChunkHeader, WritePoint.BlockWrite,
                WritePoint.BlockSync, WritePoint.ChunkFlush,
            ]),
            1,
            Fault.Error),
        new Strike(
            random.Pick([WritePoint.ChunkRemove, WritePoint.ChunkFlush, WritePoint.SecretsRemove]),
            random.Between(1, 2),
            Any(random)),
    ];

    // The cache goes on and holds what the platter does not.
    private static Strike FailedSync(SeededRandom random) =>
        new(WritePoint.BlockSync, random.Between(1, 8), Fault.Error);

    private static Fault Any(SeededRandom random) =>
        random.Pick([Fault.Kill, Fault.PowerFailure, Fault.PowerFailure, Fault.Error]);
}
