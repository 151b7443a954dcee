using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;
using static Curia.Tests.Consensus.Given;

namespace Curia.Tests.Consensus;

/// <summary>docs/consensus.md, "Snapshots", S7 to S9: what is forgotten is read from the ledger.</summary>
public sealed class RecallTests
{
    private static readonly BlockInfo[] ledger =
        [.. Enumerable.Range(0, 7).Select(number => Block(2, 1 + (2 * (ulong)number), 2 + (2 * (ulong)number)))];

    [Fact]
    public void A_node_that_needs_forgotten_blocks_gets_them_from_the_ledger_two_messages_at_a_time()
    {
        // One block asks whether the place is right.
        OneReplica primary = Forgetful();
        Assert.Equal([Recall(TxId.Zero, 1)], Asked(primary.Receive(3, Refusal(TxId.Zero))));
        IReadOnlyList<ReplicaEffect> probe = Recalled(primary, TxId.Zero, 0, 1);
        Assert.Equal((TxId.Zero, At(2, 2)), Sent(probe));
        Assert.Empty(Asked(probe));
        Assert.Equal([Recall(At(2, 2), 2)], Asked(primary.Receive(3, Appended(2, At(2, 2)))));

        // The second two are read while the first are under way, and the last when those are acknowledged.
        IReadOnlyList<ReplicaEffect> first = Recalled(primary, At(2, 2), 1, 2);
        Assert.Equal((At(2, 2), At(2, 6)), Sent(first));
        Assert.Equal([Recall(At(2, 6), 2)], Asked(first));
        IReadOnlyList<ReplicaEffect> second = Recalled(primary, At(2, 6), 3, 2);
        Assert.Equal((At(2, 6), At(2, 10)), Sent(second));
        Assert.Empty(Asked(second));
        Assert.Equal([Recall(At(2, 10), 2)], Asked(primary.Receive(3, Appended(2, At(2, 6)))));
        Assert.Equal((At(2, 10), At(2, 14)), Sent(Recalled(primary, At(2, 10), 5, 2)));

        // From here on it gets what is remembered.
        primary.Receive(3, Appended(2, At(2, 14)));
        Assert.Equal((At(2, 14), At(2, 15)), Sent(primary.Propose(Block(2, 15, 15))));
    }

    [Fact]
    public void While_blocks_are_read_the_node_hears_its_primary_and_no_more_are_read()
    {
        OneReplica primary = Forgetful();
        primary.Receive(3, Refusal(TxId.Zero));
        IReadOnlyList<ReplicaEffect> later = primary.Tick(1);
        Assert.Equal((At(2, 14), At(2, 14)), Sent(later));
        Assert.Empty(Asked(later));
        Assert.Empty(Asked(primary.Receive(3, Refusal(TxId.Zero))));
        Assert.Equal((TxId.Zero, At(2, 2)), Sent(Recalled(primary, TxId.Zero, 0, 1)));
    }

    [Fact]
    public void What_was_lost_on_the_way_is_read_again()
    {
        OneReplica primary = Forgetful();
        primary.Receive(3, Refusal(TxId.Zero));
        Recalled(primary, TxId.Zero, 0, 1);
        primary.Receive(3, Appended(2, At(2, 2)));
        Recalled(primary, At(2, 2), 1, 2);
        Recalled(primary, At(2, 6), 3, 2);
        Assert.Equal((At(2, 10), At(2, 10)), Sent(primary.Tick(1)));
        Assert.Equal(
            [Recall(At(2, 2), 1)],
            Asked(primary.Receive(3, new ReplicaMessage.NotAppended(View(2), At(2, 10), At(2, 2), 0))));
    }

    [Fact]
    public void What_could_not_be_read_is_asked_for_again_with_the_next_heartbeat()
    {
        OneReplica primary = Forgetful();
        primary.Receive(3, Refusal(TxId.Zero));
        Assert.Empty(Recalled(primary, TxId.Zero, 0, 0));
        Assert.Equal([Recall(TxId.Zero, 1)], Asked(primary.Tick(1)));
    }

    // The backup ends with 1.9, of a view before all that the primary has.
    [Fact]
    public void What_is_of_a_later_view_than_the_hint_is_not_shared()
    {
        OneReplica primary = Forgetful();
        Assert.Equal([Recall(At(1, 9), 1)], Asked(primary.Receive(3, Refusal(At(1, 9)))));
        Assert.Equal((TxId.Zero, At(2, 2)), Sent(Recalled(primary, TxId.Zero, 0, 1)));
        Assert.Equal([Recall(At(2, 2), 2)], Asked(primary.Receive(3, Appended(2, At(2, 2)))));
    }

    [Fact]
    public void An_answer_that_comes_late_or_was_not_asked_for_changes_nothing()
    {
        OneReplica primary = Forgetful();
        Assert.Empty(Recalled(primary, TxId.Zero, 0, 2));
        primary.Receive(3, Refusal(TxId.Zero));
        primary.Receive(3, Appended(2, At(2, 14)));
        Assert.Empty(Recalled(primary, TxId.Zero, 0, 2));
        Assert.Equal(new SeqNo(14), primary.Replica.MatchedOf(Id(3)));
        Assert.Empty(Recalled(OneReplica.Backup(3, 2), TxId.Zero, 0, 2));
    }

    // What a refusal said of views was about the place that it named, and the node has got blocks since.
    [Fact]
    public void A_refusal_of_before_says_nothing_of_a_place_that_was_reached_since()
    {
        OneReplica primary = OneReplica.Primary(
            First(3), Options with { CommittedBlocksKept = 0, WindowBlocks = 1 }, 3, Block(2, 1, 2));
        primary.Propose(Block(3, 3, 4));
        ReplicaMessage refusal = new ReplicaMessage.NotAppended(View(3), At(2, 2), TxId.Zero, 0);
        Assert.Equal((TxId.Zero, At(2, 2)), Sent(primary.Receive(3, refusal)));
        primary.Propose(Block(3, 5, 6));
        primary.Receive(2, Appended(3, At(3, 6)));
        Assert.Equal(At(3, 6), primary.Replica.Committed);
        Assert.Equal([Recall(At(3, 2), 16)], Asked(primary.Tick(1)));
    }

    // Of the newest block: the one thing that node 3 was asked.
    private static ReplicaMessage.NotAppended Refusal(TxId hint) => new(View(2), At(2, 14), hint, 0);

    private static ReplicaEffect.Recall Recall(TxId notAfter, int count) => new(Id(3), notAfter, count);

    private static IReadOnlyList<ReplicaEffect> Recalled(OneReplica primary, TxId previous, int from, int count) =>
        primary.Step(new ReplicaInput.Recalled(Id(3), previous, [.. ledger.Skip(from).Take(count)]));

    private static ReplicaEffect.Recall[] Asked(IReadOnlyList<ReplicaEffect> effects) =>
        [.. effects.OfType<ReplicaEffect.Recall>()];

    private static (TxId Previous, TxId End) Sent(IReadOnlyList<ReplicaEffect> effects)
    {
        ReplicaMessage.Append append = Assert.IsType<ReplicaMessage.Append>(
            Assert.Single(effects.OfType<ReplicaEffect.Send>(), sent => sent.To == Id(3)).Message);
        return (append.Previous, append.End);
    }

    // The primary of view 2 has committed all with node 2 and forgotten it; node 3 was away.
    private static OneReplica Forgetful()
    {
        OneReplica primary = OneReplica.Primary(
            First(3), Options with { CommittedBlocksKept = 0, AppendBlocksMax = 2 });
        foreach (BlockInfo block in ledger) primary.Propose(block);
        primary.Receive(2, Appended(2, At(2, 14)));
        Assert.Equal(At(2, 14), primary.Replica.Committed);
        return primary;
    }
}
