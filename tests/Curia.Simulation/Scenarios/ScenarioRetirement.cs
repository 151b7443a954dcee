using System.Collections.Generic;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>How far a node has gone on its way out, as its own ledger tells.</summary>
internal static class ScenarioRetirement
{
    /// <returns>The words of the scenario language; null for a node that stays.</returns>
    public static string? PhaseOf(ScenarioNode node)
    {
        IReadOnlyList<ScenarioEntry> entries = node.Entries;
        Configuration? before = null;
        int votesNoMore = -1;
        int takesPartNoMore = -1;
        for (int index = 0; index < entries.Count; index++)
        {
            if (entries[index].Configuration is not { } made) continue;
            if (before is not null && before.Voters.Contains(node.Id) && !made.Voters.Contains(node.Id))
                votesNoMore = index;
            if (before is not null && before.Has(node.Id) && !made.Has(node.Id)) takesPartNoMore = index;
            before = made;
        }

        if (votesNoMore < 0) return null;
        if (IsCommitted(node, takesPartNoMore)) return "RetiredCommitted";
        if (IsCommitted(node, votesNoMore)) return "Completed";
        return SignedAt(entries, votesNoMore) is null ? "Ordered" : "Signed";
    }

    private static bool IsCommitted(ScenarioNode node, int from) =>
        from >= 0 && SignedAt(node.Entries, from) is { } signed && signed <= node.Committed;

    // The seqno of the first signature from a place on.
    private static SeqNo? SignedAt(IReadOnlyList<ScenarioEntry> entries, int from)
    {
        for (int index = from; index < entries.Count; index++)
        {
            if (entries[index].IsSignature) return new SeqNo((ulong)index + 1);
        }

        return null;
    }
}
