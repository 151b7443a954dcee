using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Simulation.Network;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Live;

/// <summary>Holds what clients were told to itself, and to the ledgers that are left.</summary>
internal static class HistoryCheck
{
    /// <summary>Operations of each key must be linearisable: all writes that happened or may have, and the reads that
    /// promise it.</summary>
    public static IEnumerable<string> Linearisable(History history)
    {
        var keys = history.Writes.Where(write => HasHappened(history, write) != false)
            .Select(write => (Id: (write.Map, write.Key), Operation: Of(history, write)))
            .Concat(history.Reads.Where(read => read.IsStrong)
                .Select(read => (Id: (read.Map, read.Key), Operation: Of(read))))
            .GroupBy(one => one.Id);
        foreach (var key in keys)
        {
            KeyOperation[] operations = [.. key.Select(one => one.Operation).OrderBy(one => one.Asked)];
            bool? verdict = LinearizabilityChecker.IsLinearizable(operations);
            if (verdict == true) continue;
            string said = verdict is null ? "too concurrent to be decided" : "not linearisable";
            yield return $"{key.Key}: {said}: "
                + string.Join("; ", operations.Select(one => $"{one.Name} [{one.Asked}..{one.Told}]"));
        }
    }

    /// <summary>All ledgers are one, and it has what was committed and nothing else.</summary>
    public static IEnumerable<string> AgainstLedgers(
        History history, IReadOnlyList<LedgerCopy> ledgers, SeqNo committed)
    {
        foreach (string problem in ledgers.SelectMany(ledger => ledger.Problems)) yield return problem;
        LedgerCopy longest = ledgers.MaxBy(ledger => ledger.Entries.Count)!;
        foreach (LedgerCopy other in ledgers)
        {
            int common = Math.Min(other.Entries.Count, (int)committed.Value);
            int differs = Enumerable.Range(0, common).FirstOrDefault(
                at => other.Entries[at] != longest.Entries[at], -1);
            if (differs >= 0)
                yield return $"{other.Name} has {other.Entries[differs]}, {longest.Name} {longest.Entries[differs]}";
            if (other.Entries.Count < (int)committed.Value)
                yield return $"{other.Name} ends at {other.Entries.Count}, committed is {committed}";
        }

        foreach ((TxId txId, string status) in history.Final)
        {
            if (longest.Has(txId) != (status == "Committed"))
                yield return $"{txId} was {status}, and the ledger {(longest.Has(txId) ? "has" : "does not have")} it";
        }

        foreach (string problem in Messages(history, longest).Concat(Reads(history, longest))) yield return problem;
    }

    private static IEnumerable<string> Messages(History history, LedgerCopy ledger)
    {
        Dictionary<string, LiveWrite> asked =
            history.Writes.Where(write => write.Map == "public").ToDictionary(write => write.Value);
        Dictionary<string, TxId> found = [];
        foreach ((TxId txId, ulong key, string value) in ledger.Messages)
        {
            if (!asked.TryGetValue(value, out LiveWrite? write) || write.Key != key)
                yield return $"nobody asked for {key} = {value}, which is {txId}";
            else if (write.Outcome == WriteOutcome.Never)
                yield return $"{value} was refused, and is {txId}";
            else if (write.Outcome != WriteOutcome.Unknown && write.TxId != txId)
                yield return $"{value} was answered as {write.TxId} and is {txId}";
            if (!found.TryAdd(value, txId)) yield return $"{value} was written twice: {found[value]} and {txId}";
        }

        foreach (LiveWrite write in asked.Values)
        {
            if (write.Outcome == WriteOutcome.Committed && !found.ContainsKey(write.Value))
                yield return $"{write.Value}, committed as {write.TxId}, is lost";
        }
    }

    // A version that committed has the newest value up to it, whichever node was asked.
    private static IEnumerable<string> Reads(History history, LedgerCopy ledger)
    {
        ILookup<ulong, (TxId TxId, ulong Key, string Value)> messages = ledger.Messages.ToLookup(one => one.Key);
        foreach (LiveRead read in history.Reads.Where(read => read.Map == "public" && ledger.Has(read.TxId)))
        {
            string? right = messages[read.Key].LastOrDefault(one => one.TxId.SeqNo <= read.TxId.SeqNo).Value;
            if (right != read.Value)
            {
                yield return $"{read.Key} at {read.TxId} was read as {read.Value ?? "nothing"}, "
                    + $"it was {right ?? "nothing"}";
            }
        }
    }

    private static bool? HasHappened(History history, LiveWrite write) => write.Outcome switch
    {
        WriteOutcome.Committed => true,
        WriteOutcome.Never => false,
        WriteOutcome.Ordered =>
            history.Final.TryGetValue(write.TxId, out string? status) ? status == "Committed" : null,
        _ => null,
    };

    private static KeyOperation Of(History history, LiveWrite write) => new(
        write.Asked,
        HasHappened(history, write) == true ? write.Told : long.MaxValue,
        _ => new KeyStep(write.Value),
        $"write {write.Value} {write.Outcome}");

    private static KeyOperation Of(LiveRead read) => new(
        read.Asked, read.Told, value => value == read.Value ? new KeyStep(value) : null,
        $"read {read.Value ?? "nothing"} at {read.TxId}");
}
