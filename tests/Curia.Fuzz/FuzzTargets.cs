using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Fuzz.Targets;

namespace Curia.Fuzz;

/// <summary>All targets, in the order in which they are run.</summary>
internal static class FuzzTargets
{
    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        .. BlockTargets.All, .. EpochTargets.All, .. LedgerTargets.All, .. StateTargets.All, .. ReceiptTargets.All,
        .. CryptographyTargets.All, .. TextTargets.All, .. RequestTargets.All,
        .. PeerTargets.All, .. FrameTargets.All, .. AttestationTargets.All, .. IntelTargets.All,
        .. EvidenceTargets.All, .. ForwardingTargets.All, .. GovernanceTargets.All,
    ];

    public static bool TryFind(string name, out FuzzTarget? target)
    {
        target = All.FirstOrDefault(candidate => candidate.Name == name);
        if (target is not null) return true;
        string names = string.Join(", ", All.Select(candidate => candidate.Name));
        Console.Error.WriteLine($"There is no target '{name}'; there are {names}.");
        return false;
    }
}
