using System;
using System.Linq;

namespace Curia.Simulation;

/// <summary>What 200 seeds must reach, or they prove nothing about it.</summary>
internal static class RareSituations
{
    public static string[] Always { get; } =
    [
        "conflict",
        "block of several transactions",
        "one sync for several blocks",
        "chunk closed",
        "read of pending state",
        "client left before commit",
        "transaction held for long",
        "one word for several syncs",
        "stranger refused",
        "JSON receipt",
        "JSON receipt of an older epoch",
        "COSE receipt",
        "COSE receipt of an older epoch",
        "receipt of an older epoch verified",
        "old transaction read",
        "transaction of an older epoch read",
        "transaction of an older epoch told as committed",
        "block loaded for an old transaction",
        "asked for the past of a pending transaction",
        "snapshot finished",
        "snapshot made while writes went on",
        "public marker found in clear",
        "ledger folder searched for secrets",
        "secrets folder searched for secrets",
        "snapshots folder searched for secrets",
        "drained under load",
        "status Unknown",
        "status Pending",
        "status Committed",
        "status Invalid",
        "waited for Committed",
        "waited for Invalid",
        "process ended well",
        "epoch opened",
        "identity followed to the next epoch",
        "audit passed",
        "audit passed over three epochs or more",
    ];

    public static string[] WithFaults { get; } =
    [
        // Old snapshots are removed too seldom for 200 seeds; a thousand reach it.
        .. from point in Enum.GetValues<WritePoint>()
           where point != WritePoint.SnapshotRemove
           select $"{point} struck",
        .. from fault in (Fault[])[Fault.Kill, Fault.PowerFailure, Fault.Error]
           from point in (WritePoint[])[WritePoint.BlockWrite, WritePoint.BlockSync, WritePoint.ChunkFlush]
           select $"{fault} at {point}",
        "disk full at BlockWrite",
        "disk full at RepairWrite",
        "disk full at SecretsWrite",
        "slow disk",
        "wrong bytes read back",
        "block of another service read back",
        "block read that nobody asked for",
        "snapshot not written",
        "host clock jumped",
        "killed between two steps",
        "power failed",
        "process ended",
        "start failed",
        "start withdrawn",
        "started on a ledger without a whole genesis block",
        "torn tail cut off",
        "transaction of an older epoch told as invalid",
        "pending write lost",
        "write kept that nobody was told of",
        "lost write repeated",
        "crash loses unsynced writes",
        "crash keeps unsynced writes",
        "crash cuts unsynced writes",
        "crash keeps the length and no data",
        "crash tears between sectors",
        "crash tears between pages",
        "crash with everything synced",
        "crash loses names of the ledger folder",
        "crash loses names of the secrets folder",
        "crash loses names of the snapshots folder",
        "unfinished file of the ledger folder removed",
        "unfinished file of the secrets folder removed",
        "unfinished file of the snapshots folder removed",
        "disk copied after the end",
        "disk copied while the process runs",
        "copy of the disk continued",
        "fork found by a receipt",
        "receipt refused on the other side of a fork",
    ];
}
