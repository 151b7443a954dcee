using System.Collections.Generic;
using System.Linq;

namespace Curia.Simulation.Network;

/// <summary>What 200 seeds must reach, or they prove nothing about it.</summary>
internal static class NetworkSituations
{
    public static IEnumerable<string> Of(bool withFaults) => withFaults ? Always.Concat(WithFaults) : Always;

    private static string[] Always { get; } =
    [
        "COSE receipt",
        "JSON receipt",
        "acknowledgements recorded",
        "asked to take over",
        "backup retired",
        "block loaded for a receipt",
        "client sent to the primary",
        "conflict",
        "diversity rule in force",
        "election won",
        "hand-over asked of a primary",
        "join with blocks of a live node",
        "learner added",
        "member signed a request twice",
        "node that joined opened",
        "one sync for several blocks",
        "planned stop",
        "primary retired",
        "read of pending state",
        "read on a backup",
        "receipt of a block that another node sealed",
        "replayed add of a retired node refused",
        "request for another network refused",
        "retirement of the last voter refused",
        "run counted",
        "snapshot finished",
        "states compared",
        "status Committed",
        "status Invalid",
        "status Pending",
        "status Unknown",
        "stranger's request refused",
        "waited for Committed",
    ];

    private static string[] WithFaults { get; } =
    [
        "block of an older view committed",
        "block read from disk for another node",
        "block truncated on a backup",
        "client left before commit",
        "configuration truncated",
        "crash lost unsynced blocks",
        "election over an uncommitted reconfiguration",
        "election over uncommitted blocks",
        "election while a node joins",
        "heard a bit of a block flipped",
        "heard a block left out",
        "heard a block of another network",
        "heard a node that is not yet known",
        "heard another node's name on a block",
        "heard garbage",
        "host clock jumped",
        "join with old files",
        "node fell behind what its primary remembers",
        "node killed",
        "node killed while it joins",
        "node retired while partitioned",
        "node that never learned of its retirement",
        "open block dropped",
        "partition in one direction",
        "partition in two",
        "partition with a bridge",
        "primary cut off",
        "primary deposed",
        "primary killed",
        "primary killed while cut off",
        "primary stood still",
        "read of state that never committed",
        "secrets asked of a node that is not primary",
        "secrets given by a backup",
        "secrets lost on the way",
        "single links broken",
        "slow disk",
        "store failed",
        "transaction held for long",
        "waited for Invalid",
    ];
}
