using System.Linq;

namespace Curia.Simulation;

/// <summary>How a run ends.</summary>
internal enum Ending
{
    /// <summary>The node is drained and everything commits.</summary>
    Drain,

    /// <summary>Power fails in the middle of some write or sync.</summary>
    Crash,

    /// <summary>A write returns an error after some of its bytes.</summary>
    FailedWrite,

    /// <summary>A sync returns an error; what it should have synced is lost without a word (fsync(2), "EIO").</summary>
    FailedSync,

    /// <summary>There is no room for a block.</summary>
    DiskFull,
}

/// <summary>What goes wrong in a run, chosen from its seed before it begins.</summary>
internal sealed record FaultPlan
{
    public required Ending Ending { get; init; }

    /// <summary>The write or sync, counted from the first one, at which the ending comes.</summary>
    public required int EndingAtDiskAction { get; init; }

    /// <summary>The disk has this many bytes.</summary>
    public required long CapacityBytes { get; init; }

    /// <summary>How long a write or a sync takes.</summary>
    public required int DiskMicroseconds { get; init; }

    /// <summary>How often a write or a sync takes a hundred times as long, in percent.</summary>
    public required int SlowPercent { get; init; }

    /// <summary>How often the host gives wrong bytes for a block, in percent.</summary>
    public required int BadReadPercent { get; init; }

    /// <summary>How often the host delivers bytes that nobody asked for, in percent of ticks.</summary>
    public required int UnaskedReadPercent { get; init; }

    /// <summary>How often a snapshot cannot be written, in percent.</summary>
    public required int FailedSnapshotPercent { get; init; }

    /// <summary>How often the host's clock jumps, forwards or backwards, in percent of ticks.</summary>
    public required int ClockJumpPercent { get; init; }

    /// <summary>A disk that keeps its promises.</summary>
    public static FaultPlan None { get; } = new()
    {
        Ending = Ending.Drain,
        EndingAtDiskAction = int.MaxValue,
        CapacityBytes = long.MaxValue,
        DiskMicroseconds = 500,
        SlowPercent = 0,
        BadReadPercent = 0,
        UnaskedReadPercent = 0,
        FailedSnapshotPercent = 0,
        ClockJumpPercent = 0,
    };

    public static FaultPlan From(SeededRandom random)
    {
        Ending[] endings =
        [
            .. Enumerable.Repeat(Ending.Drain, 30),
            .. Enumerable.Repeat(Ending.Crash, 40),
            .. Enumerable.Repeat(Ending.FailedWrite, 8),
            .. Enumerable.Repeat(Ending.FailedSync, 14),
            .. Enumerable.Repeat(Ending.DiskFull, 8),
        ];
        Ending ending = random.Pick(endings);

        // Every tenth run ends before or while genesis is stored.
        bool early = random.Percent(10);
        return new FaultPlan
        {
            Ending = ending,
            EndingAtDiskAction = early ? random.Between(1, 3) : random.Between(4, random.Pick([20, 60, 160])),
            CapacityBytes = ending != Ending.DiskFull ? long.MaxValue
                : early ? random.Between(10, 2_500) : random.Between(5_000, 80_000),
            DiskMicroseconds = random.Pick([50, 500, 5_000]),
            SlowPercent = random.Pick([0, 5, 30]),
            BadReadPercent = random.Pick([0, 20, 60]),
            UnaskedReadPercent = random.Pick([0, 5]),
            FailedSnapshotPercent = random.Pick([0, 30]),
            ClockJumpPercent = random.Pick([0, 10]),
        };
    }
}
