using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Governance;

/// <summary>What the founding slots must be, so that the rules of the charter can hold from the first block
/// on.</summary>
internal static class FoundingRules
{
    public static void Check(CharterContent charter)
    {
        CharterSlot[] slots = [.. charter.Slots.Values];
        int needed = charter.FoundersNeeded;
        CharterRules.Require(needed <= slots.Length, CharterFault.TooManyFounders, "founders_needed",
            $"is {needed}, and there are {slots.Length} slots");

        // DESIGN 1: two disjoint halves could each found a network otherwise.
        CharterRules.Require(2 * needed > slots.Length, CharterFault.TooFewFounders, "founders_needed",
            $"is {needed}, which is no more than half of {slots.Length} slots");
        int owners = slots.Select(slot => slot.Owner).Distinct().Count();
        CharterRules.RequireRange(charter.Admission.Appraisers, 1, int.MaxValue, "admission.appraisers");
        CharterRules.Require(charter.Admission.Appraisers <= owners, CharterFault.TooManyAppraisers,
            "admission.appraisers", $"is {charter.Admission.Appraisers}, and {owners} members own founding nodes");
        CheckCommitRule(charter.Consensus, slots, needed);
    }

    // DESIGN 4, "Diversity rule". Nobody knows which of the slots will be there, so each choice of as many as are
    // needed must do; and after the loss of one node the others must be a majority that does.
    private static void CheckCommitRule(ConsensusRules rules, CharterSlot[] slots, int needed)
    {
        if (rules is { Platforms: <= 1, Operators: <= 1 }) return;
        const string path = "consensus.commit_rule";
        CharterRules.Require(Lack(rules, slots, needed) is null, CharterFault.RuleNotMet, path,
            $"cannot be met: {Lack(rules, slots, needed)}");
        if (rules.LossWaived) return;
        CharterRules.Require(needed - 1 > needed / 2, CharterFault.RuleNotMetAfterLoss, path,
            $"cannot be met without one of {needed} nodes: the others are no majority");
        CharterRules.Require(Lack(rules, slots, needed - 1) is null, CharterFault.RuleNotMetAfterLoss, path,
            $"cannot be met after the loss of one node: {Lack(rules, slots, needed - 1)}");
    }

    private static string? Lack(ConsensusRules rules, CharterSlot[] slots, int present)
    {
        int platforms = FewestKinds(slots.Select(slot => slot.Platform), present);
        if (platforms < rules.Platforms)
            return $"some {present} founders have {platforms} platforms among them, and it asks for {rules.Platforms}";
        int operators = FewestKinds(slots.Select(slot => slot.Owner), present);
        return operators < rules.Operators
            ? $"some {present} founders have {operators} owners among them, and it asks for {rules.Operators}"
            : null;
    }

    // The worst choice takes whole kinds, the largest first.
    private static int FewestKinds(IEnumerable<string> kinds, int present)
    {
        int found = 0;
        foreach (int size in kinds.GroupBy(kind => kind, StringComparer.Ordinal).Select(group => group.Count())
            .OrderDescending())
        {
            if (present <= 0) break;
            present -= size;
            found++;
        }

        return found;
    }
}
