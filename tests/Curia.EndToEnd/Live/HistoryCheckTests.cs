using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Live;

/// <summary>What the checks of a live run must notice.</summary>
public sealed class HistoryCheckTests
{
    private readonly History history = new();
    private readonly LedgerCopy ledger = new("node0");
    private readonly LedgerCopy other = new("node1");

    // Two writes that committed one after the other, and a read that promises to be linearisable.
    public HistoryCheckTests()
    {
        Write("a", At(1), WriteOutcome.Committed);
        Write("b", At(2), WriteOutcome.Committed);
        Read(LastValue, At(2));
    }

    private string LastValue => history.Writes.Last().Value;

    [Fact]
    public void A_history_that_is_right_is_found_to_be_right() => Assert.Empty(Problems());

    [Fact]
    public void A_read_that_does_not_see_what_was_committed_before_it_is_found()
    {
        Read(history.Writes.First().Value, At(2));
        Assert.Contains(Problems(), problem => problem.Contains("not linearisable"));
        Assert.Contains(Problems(), problem => problem.Contains("was read as"));
    }

    [Fact]
    public void A_committed_write_that_is_lost_is_found()
    {
        ledger.Messages.RemoveAt(1);
        Assert.Contains(Problems(), problem => problem.EndsWith("is lost"));
        ledger.Entries.RemoveAt(1);
        other.Entries.RemoveAt(1);
        Assert.Contains(Problems(), problem => problem.Contains("does not have it"));
    }

    [Fact]
    public void A_write_that_happened_twice_is_found()
    {
        Entry(At(3));
        ledger.Messages.Add((At(3), 1, LastValue));
        Assert.Contains(Problems(), problem => problem.Contains("was written twice"));
    }

    [Fact]
    public void A_write_that_was_refused_or_never_asked_for_is_found_in_the_ledger()
    {
        LiveWrite refused = history.Begin("public", 1, isRepeatable: false);
        history.Told(refused, WriteOutcome.Never, default);
        Entry(At(3));
        ledger.Messages.Add((At(3), 1, refused.Value));
        Assert.Contains(Problems(), problem => problem.Contains("was refused"));
        ledger.Messages[^1] = (At(3), 1, "something");
        Assert.Contains(Problems(), problem => problem.Contains("nobody asked for"));
    }

    [Fact]
    public void A_final_status_that_changes_is_found()
    {
        history.Told(At(2), "Pending", "node1");
        Assert.Empty(Problems());
        history.Told(At(2), "Invalid", "node1");
        Assert.Contains(history.Problems, problem => problem.Contains("was Committed, and is Invalid"));
    }

    [Fact]
    public void What_was_said_to_be_invalid_is_found_in_the_ledger()
    {
        Entry(At(3));
        history.Told(At(3), "Invalid", "node1");
        Assert.Contains(Problems(), problem => problem.Contains("was Invalid, and the ledger has it"));
    }

    [Fact]
    public void Ledgers_that_differ_or_end_too_early_are_found()
    {
        other.Entries[0] = (At(1), Digest.Of("other"u8));
        Assert.Contains(Problems(), problem => problem.Contains("node1 has"));
        other.Entries.Clear();
        Assert.Contains(Problems(), problem => problem.Contains("node1 ends at 0"));
    }

    private static TxId At(ulong seqNo) => new(new View(2), new SeqNo(seqNo));

    private void Write(string leaf, TxId txId, WriteOutcome outcome)
    {
        LiveWrite write = history.Begin("public", 1, isRepeatable: false);
        history.Told(write, outcome, txId);
        Entry(txId, leaf);
        ledger.Messages.Add((txId, 1, write.Value));
    }

    private void Entry(TxId txId, string leaf = "c")
    {
        (TxId TxId, Digest Leaf) entry = (txId, Digest.Of(System.Text.Encoding.UTF8.GetBytes(leaf)));
        ledger.Entries.Add(entry);
        other.Entries.Add(entry);
    }

    private void Read(string? value, TxId txId)
    {
        long asked = Stopwatch.GetTimestamp();
        history.Add(new LiveRead("public", 1, value, asked, Stopwatch.GetTimestamp(), txId, IsStrong: true));
    }

    private List<string> Problems() =>
    [
        .. HistoryCheck.AgainstLedgers(history, [ledger, other], new SeqNo(2)), .. HistoryCheck.Linearisable(history),
    ];
}
