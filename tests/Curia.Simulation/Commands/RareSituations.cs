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
        "COSE receipt",
        "old transaction read",
        "block loaded for an old transaction",
        "asked for the past of a pending transaction",
        "snapshot finished",
        "snapshot made while writes went on",
        "public marker found in clear",
        "drained under load",
        "status Unknown",
        "status Pending",
        "status Committed",
        "status Invalid",
        "waited for Committed",
        "waited for Invalid",
        "run ended well",
        "audit passed",
    ];

    public static string[] WithFaults { get; } =
    [
        "failed write",
        "failed sync",
        "disk full",
        "slow disk",
        "wrong bytes read back",
        "block of another service read back",
        "block read that nobody asked for",
        "snapshot not written",
        "host clock jumped",
        "power failed within a write",
        "power failed before a sync",
        "power failed after a sync that the node did not hear of",
        "power failed before genesis was stored",
        "power failed before a chunk had its final name",
        "crash loses unsynced writes",
        "crash keeps unsynced writes",
        "crash cuts unsynced writes",
        "crash tears unsynced writes",
        "torn tail audited",
    ];
}
