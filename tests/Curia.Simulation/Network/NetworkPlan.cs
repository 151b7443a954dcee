using Curia.Node;

namespace Curia.Simulation.Network;

/// <summary>The size of a run of a whole network and what goes wrong in it, chosen from its seed. Chances are of one
/// thousand.</summary>
internal sealed record NetworkPlan
{
    /// <summary>How many nodes are to vote.</summary>
    public required int Nodes { get; init; }

    /// <summary>Whether nodes of two owners must have stored a block.</summary>
    public bool IsDiverse { get; init; }

    /// <summary>Whether anything goes wrong besides nodes that come and go as planned.</summary>
    public required bool WithFaults { get; init; }

    /// <summary>So many blocks must have committed before faults stop.</summary>
    public int Blocks { get; init; } = 210;

    /// <summary>Faults go on for at least so many election timeouts.</summary>
    public int FaultTimeouts { get; init; }

    public int Clients { get; init; }

    public int Keys { get; init; }

    public int ThinkMicroseconds { get; init; }

    public int WireMicroseconds { get; init; }

    public int Dropped { get; init; }

    public int Doubled { get; init; }

    public int Late { get; init; }

    /// <summary>Messages to one node may overtake each other always, and not only after a fault.</summary>
    public bool Reorders { get; init; }

    /// <summary>Of so many messages a damaged copy arrives too.</summary>
    public int Damaged { get; init; }

    public int DiskMicroseconds { get; init; }

    public int SlowDisk { get; init; }

    /// <summary>The operator and the host think of something new about so often, in election timeouts.</summary>
    public int Calm { get; init; }

    public required NodeLimits Limits { get; init; }

    /// <summary>An election timeout in virtual time.</summary>
    public long TimeoutMicroseconds => Limits.ElectionTimeoutTicks * NetworkWorld.TickMicroseconds;

    public static NetworkPlan From(SeededRandom random, int? nodes, bool withFaults)
    {
        int size = nodes ?? random.Pick([1, 2, 3, 3, 3, 3, 4, 5, 5, 7]);
        int heartbeat = random.Pick([1, 2, 3]);
        int timeout = random.Pick([10, 20, 40]);
        bool rough = withFaults && random.Percent(60);
        return new NetworkPlan
        {
            Nodes = size,
            WithFaults = withFaults,
            FaultTimeouts = random.Between(12, 36),
            Clients = random.Between(2, 6),
            Keys = random.Pick([2, 8, 40]),

            // Faults go by election timeouts, and what happens between two of them should not grow with these.
            ThinkMicroseconds = random.Pick([8_000, 20_000, 40_000]) * timeout / 10,
            WireMicroseconds = random.Pick([300, 2_000, 8_000]),
            Dropped = rough ? random.Pick([0, 5, 30, 100]) : 0,
            Doubled = rough ? random.Pick([0, 20]) : 0,
            Late = rough ? random.Pick([0, 10, 40]) : 0,
            Reorders = rough && random.Percent(30),
            Damaged = withFaults ? random.Pick([0, 3, 10]) : 0,
            DiskMicroseconds = random.Pick([100, 1_000, 5_000]),
            SlowDisk = withFaults ? random.Pick([0, 5, 30]) : 0,
            Calm = random.Pick([1, 2, 5]),
            Limits = new NodeLimits
            {
                HeartbeatTicks = heartbeat,
                ElectionTimeoutTicks = timeout,
                BlockTransactions = random.Pick([1, 3, 1_000]),
                BlocksInFlightMax = random.Pick([1, 2, 4, 8]),
                SnapshotInterval = (ulong)random.Pick([60, 10_000]),
                HistoryBytesMax = random.Pick([20_000, 64 << 20]),
                UncommittedTransactionsMax = random.Pick([20, 10_000]),
                BlocksRememberedMax = random.Pick([2, 10, 16_384]),
            },
            IsDiverse = size >= 3 && random.Percent(25),
        };
    }
}
