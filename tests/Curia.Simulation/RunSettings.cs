using Curia.Node;

namespace Curia.Simulation;

/// <summary>The size of a run, chosen from its seed.</summary>
internal sealed record RunSettings(int Clients, int Keys, int ThinkMicroseconds, int ChunkBytes, NodeLimits Limits)
{
    public static RunSettings From(SeededRandom random) => new(
        Clients: random.Between(1, 12),
        Keys: random.Pick([2, 8, 40]),
        ThinkMicroseconds: random.Pick([10, 300, 3_000]),
        ChunkBytes: random.Pick([4_000, 20_000, 5_000_000]),

        // Small limits, so that what is rare at full size is daily life here.
        Limits: new NodeLimits
        {
            BlockTransactions = random.Pick([1, 2, 10, 1_000]),
            BlockBytes = random.Pick([1_500, 1 << 20]),
            BlocksInFlightMax = random.Pick([1, 4, 8]),
            SnapshotInterval = (ulong)random.Pick([4, 8, 40, 10_000]),
            HistoryBytesMax = random.Pick([3_000, 20_000, 64 << 20]),
            UncommittedTransactionsMax = random.Pick([6, 10_000]),
            WaitingRepliesMax = random.Pick([2, 20_000]),
        });
}
