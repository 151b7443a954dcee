using Curia.Consensus;

namespace Curia.Simulation;

/// <summary>The size and the weather of a run, chosen from its seed.</summary>
internal sealed record CoreSettings
{
    /// <summary>How long a unit of time of the replicas lasts, while their clocks go right.</summary>
    public const int TickMicroseconds = 10_000;

    public required int Nodes { get; init; }

    public required ReplicaOptions Options { get; init; }

    public required bool WithFaults { get; init; }

    /// <summary>How long things go wrong.</summary>
    public required long Microseconds { get; init; }

    public required int DropPercent { get; init; }

    public required int DuplicatePercent { get; init; }

    public required int DelayMicroseconds { get; init; }

    /// <summary>Whether messages to one node keep their order, as they do on one connection.</summary>
    public required bool KeepsOrder { get; init; }

    public required int DiskMicroseconds { get; init; }

    public required int ProposalMicroseconds { get; init; }

    public required int FaultMicroseconds { get; init; }

    public required int ChangeMicroseconds { get; init; }

    /// <summary>In how many of a hundred proposals the primary is struck right after it.</summary>
    public required int StrikePercent { get; init; }

    /// <summary>How long a new primary takes to open its view.</summary>
    public required int OpeningMicroseconds { get; init; }

    /// <summary>Whether each primary is cut off soon after its election, before or after it opens its view: then the
    /// blocks of several views compete.</summary>
    public required bool Seesaws { get; init; }

    public required bool HasRules { get; init; }

    /// <summary>Whether the run begins on a ledger that is there already, as a recovered service does.</summary>
    public required bool BeginsLate { get; init; }

    /// <summary>Whether more nodes may be lost than the rules survive: then only safety is asked for.</summary>
    public required bool MayLoseMajority { get; init; }

    /// <summary>Committed blocks between two snapshots of a node; null when nobody makes any, and forgotten blocks are
    /// read from the ledger.</summary>
    public required int? SnapshotBlocks { get; init; }

    public int ElectionTimeoutMicroseconds => Options.ElectionTimeoutTicks * TickMicroseconds;

    public static CoreSettings From(SeededRandom random, int? nodes, bool withFaults)
    {
        int kept = random.Pick([4, 12, 100_000]);
        int timeout = random.Pick([3, 5, 5, 10]);
        bool seesaws = withFaults && random.Percent(30);
        bool beginsLate = random.Percent(25);
        return new CoreSettings
        {
            Nodes = nodes ?? (seesaws ? random.Pick([3, 3, 5]) : random.Pick([1, 2, 3, 3, 3, 4, 5, 5, 6, 7])),
            WithFaults = withFaults,
            Microseconds = seesaws ? 3_000_000 : random.Pick([600_000, 1_500_000, 3_000_000]),
            DropPercent = withFaults && !seesaws ? random.Pick([0, 0, 3, 10, 25]) : 0,
            DuplicatePercent = withFaults ? random.Pick([0, 2, 10]) : 0,
            DelayMicroseconds = withFaults && !seesaws ? random.Pick([300, 2_000, 2_000, 15_000]) : 1_000,
            KeepsOrder = !withFaults || random.Percent(40),
            DiskMicroseconds = random.Pick([50, 1_000, seesaws ? 300 : 12_000]),
            ProposalMicroseconds = random.Pick([3_000, 8_000, 30_000]),
            FaultMicroseconds = random.Pick([20_000, 60_000, 200_000]),
            ChangeMicroseconds = random.Pick([40_000, 150_000, 1_000_000]),
            StrikePercent = withFaults && !seesaws ? random.Pick([0, 2, 6, 25]) : 0,
            OpeningMicroseconds = random.Pick([1, 3_000, 60_000]),
            Seesaws = seesaws,
            HasRules = random.Percent(35),
            BeginsLate = beginsLate,
            MayLoseMajority = withFaults && random.Percent(4),
            SnapshotBlocks = beginsLate || random.Percent(60) ? kept / 2 + 1 : null,
            Options = new ReplicaOptions
            {
                ElectionTimeoutTicks = timeout,
                HeartbeatTicks = timeout > 3 ? random.Pick([1, 1, 2]) : 1,
                UncommittedBlocksMax = random.Pick([3, 16, 64]),
                WindowBlocks = random.Pick([1, 2, 8, 64]),
                AppendBlocksMax = random.Pick([1, 3, 16]),
                CommittedBlocksKept = kept,

                // Three ticks of spread are too few for candidates that do not ask first.
                PreVote = timeout <= 3 || random.Percent(75),
                RefusePreVotesWhilePrimaryIsHeard = random.Percent(90),
            },
        };
    }
}
