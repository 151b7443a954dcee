using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;
using static Curia.Tests.Consensus.Given;

namespace Curia.Tests.Consensus;

/// <summary>docs/consensus.md, "Replication", as far as it goes beyond the Raft paper.</summary>
public sealed class ReplicationTests
{
    [Fact]
    public void A_block_is_acknowledged_when_it_is_on_disk()
    {
        OneReplica backup = new(1, First(3)) { HasSlowDisk = true };
        Assert.Equal(Appended(2, TxId.Zero), backup.Answer(2, Append(2, TxId.Zero, Log(2, 2))));
        Assert.Equal(
            [new ReplicaEffect.Send(Id(2), Appended(2, At(2, 1)))], backup.Step(new ReplicaInput.Stored(1)));
        Assert.Equal([new ReplicaEffect.Send(Id(2), Appended(2, At(2, 2)))], backup.DiskIsDone());
    }

    [Fact]
    public void What_is_on_disk_is_acknowledged_as_far_as_messages_of_this_view_proved_it()
    {
        OneReplica backup = OneReplica.Backup(3, 2, Log(2, 2, 2));
        Assert.Equal(Appended(3, TxId.Zero), backup.Answer(3, Append(3, TxId.Zero)));
        Assert.Equal(Appended(3, At(2, 1)), backup.Answer(3, Append(3, At(2, 1))));
        Assert.Equal(Appended(3, At(2, 2)), backup.Answer(3, Append(3, At(2, 1), Block(2, 2, 2))));
        Assert.Equal(new SeqNo(3), backup.Replica.Last);
    }

    [Fact]
    public void A_late_message_takes_nothing_back_and_proves_no_less()
    {
        OneReplica backup = OneReplica.Backup(3, 2, Log(2, 2, 2));
        Assert.Equal(Appended(2, At(2, 3)), backup.Answer(2, Append(2, TxId.Zero, Log(2))));
        Assert.Equal(Appended(2, At(2, 3)), backup.Answer(2, Append(2, TxId.Zero)));
        Assert.Equal(new SeqNo(3), backup.Replica.Last);
    }

    [Fact]
    public void What_a_primary_proved_it_cannot_contradict_in_its_view()
    {
        OneReplica backup = OneReplica.Backup(3, 2, Log(2, 2));
        string before = backup.State;
        BlockInfo other = Block(2, 2, 2) with { Digest = Digest.Zero };
        OneReplica.AssertIgnored(backup.Receive(2, Append(2, At(2, 1), other)), MessageRefusal.Contradiction);
        OneReplica.AssertIgnored(backup.Receive(2, Append(2, At(2, 1), Block(2, 2, 3))), MessageRefusal.Contradiction);
        Assert.Equal(before, backup.State);
    }

    [Fact]
    public void What_is_committed_is_not_taken_back_by_anybody()
    {
        OneReplica backup = new(1, First(3));
        backup.Receive(2, Append(2, TxId.Zero, Log(2, 2)) with { Committed = At(2, 2) });
        backup.Receive(3, Append(3, At(2, 2)));
        string before = backup.State;
        OneReplica.AssertIgnored(backup.Receive(3, Append(3, At(2, 1), Block(3, 2, 2))), MessageRefusal.Contradiction);
        Assert.Equal(before, backup.State);
    }

    public static TheoryData<string> Malformed => new("gap", "overlap", "backwards", "older", "to come", "committed",
        "configuration", "empty");

    [Theory]
    [MemberData(nameof(Malformed))]
    public void A_malformed_message_changes_nothing(string what)
    {
        OneReplica backup = OneReplica.Backup(3, 3, Log(2, 3));
        string before = backup.State;
        ReplicaMessage.Append message = what switch
        {
            "gap" => Append(3, At(3, 2), Block(3, 4, 4)),
            "overlap" => Append(3, At(3, 2), Block(3, 3, 4), Block(3, 4, 5)),
            "backwards" => Append(3, At(3, 2), Block(3, 3, 4), Block(3, 3, 3)),
            "older" => Append(3, At(3, 2), Block(2, 3, 3)),
            "to come" => Append(3, At(3, 2), Block(4, 3, 3)),
            "committed" => Append(3, At(3, 2)) with { Committed = At(4, 2) },
            "configuration" => Append(3, At(3, 2), Block(3, 3, 3, Voters(4, 1))),
            _ => Append(3, At(3, 2), Block(3, 3, 2)),
        };
        OneReplica.AssertIgnored(backup.Receive(2, message), MessageRefusal.Malformed);
        Assert.Equal(before, backup.State);
    }

    [Fact]
    public void A_view_has_one_primary()
    {
        OneReplica backup = OneReplica.Backup(3, 2, Log(2));
        string before = backup.State;
        OneReplica.AssertIgnored(backup.Receive(3, Append(2, At(2, 1), Block(2, 2, 2))), MessageRefusal.NotFromPrimary);
        Assert.Equal(before, backup.State);
        OneReplica primary = OneReplica.Primary(3);
        before = primary.State;
        OneReplica.AssertIgnored(primary.Receive(3, Append(2, TxId.Zero)), MessageRefusal.NotFromPrimary);
        Assert.Equal(before, primary.State);
    }

    // The block 2.2 is stored (2), taken back, and stored again (4): only the second report is of what is there.
    [Fact]
    public void A_report_of_a_store_that_was_taken_back_proves_nothing()
    {
        OneReplica backup = new(1, First(3)) { HasSlowDisk = true };
        backup.Receive(2, Append(2, TxId.Zero, Log(2, 2)));
        Assert.Contains(
            new ReplicaEffect.Truncate(At(2, 1)), backup.Receive(3, Append(3, At(2, 1), Block(3, 2, 2))));
        backup.Receive(2, Append(4, At(2, 1), Block(2, 2, 2)));
        Assert.Equal(
            [new ReplicaEffect.Send(Id(2), Appended(4, At(2, 1)))], backup.Step(new ReplicaInput.Stored(2)));
        Assert.Equal(
            [new ReplicaEffect.Send(Id(2), Appended(4, At(2, 1)))], backup.Step(new ReplicaInput.Stored(3)));
        Assert.Equal(
            [new ReplicaEffect.Send(Id(2), Appended(4, At(2, 2)))], backup.Step(new ReplicaInput.Stored(4)));
    }

    [Fact]
    public void A_refusal_names_the_last_block_that_the_primary_could_have_too()
    {
        OneReplica backup = OneReplica.Backup(3, 6, Log(2, 3, 3, 5, 5));
        Assert.Equal(
            new ReplicaMessage.NotAppended(View(6), At(4, 9), At(3, 3), 0), backup.Answer(2, Append(6, At(4, 9))));
        Assert.Equal(
            new ReplicaMessage.NotAppended(View(6), At(6, 9), At(5, 5), 0), backup.Answer(2, Append(6, At(6, 9))));
        Assert.Equal(
            new ReplicaMessage.NotAppended(View(6), At(2, 2), At(2, 1), 0), backup.Answer(2, Append(6, At(2, 2))));
    }

    [Fact]
    public void A_refusal_never_raises_what_is_known_to_be_stored()
    {
        OneReplica primary = OneReplica.Primary(3, 3, Log(2, 2));
        primary.Propose(Block(3, 3, 3));
        foreach (TxId hint in new[] { At(2, 2), At(3, 3), At(3, 9) })
        {
            primary.Receive(2, new ReplicaMessage.NotAppended(View(3), At(3, 3), hint, 0));
            Assert.Equal(SeqNo.Zero, primary.Replica.MatchedOf(Id(2)));
        }

        Assert.Equal(TxId.Zero, primary.Replica.Committed);
    }

    [Theory]
    [InlineData(3, 4)]
    [InlineData(3, 2)]
    [InlineData(2, 3)]
    public void An_acknowledgement_of_what_is_not_in_the_log_counts_for_nothing(ulong view, ulong seqNo)
    {
        OneReplica primary = OneReplica.Primary(3, 3, Log(2));
        primary.Propose(Block(3, 2, 3));
        string before = primary.State;
        OneReplica.AssertIgnored(primary.Receive(2, Appended(3, At(view, seqNo))), MessageRefusal.Contradiction);
        Assert.Equal(before, primary.State);
    }

    [Fact]
    public void A_late_acknowledgement_lowers_nothing()
    {
        OneReplica primary = OneReplica.Primary(3, 3, Log(2, 2));
        primary.Receive(2, Appended(3, At(2, 2)));
        primary.Receive(2, Appended(3, At(2, 1)));
        Assert.Equal(new SeqNo(2), primary.Replica.MatchedOf(Id(2)));
    }

    // A node that joins is such a one: its log ends at 0.0.
    [Fact]
    public void A_node_whose_place_is_known_gets_all_that_it_lacks()
    {
        OneReplica primary = OneReplica.Primary(3, 4, Log(2, 2, 3));
        IReadOnlyList<ReplicaEffect> effects =
            primary.Receive(2, new ReplicaMessage.NotAppended(View(4), At(3, 3), At(2, 1), 0));
        ReplicaMessage.Append sent = Assert.Single(OneReplica.Sent<ReplicaMessage.Append>(effects)).Message;
        Assert.Equal((At(2, 1), At(3, 3)), (sent.Previous, sent.End));
    }

    [Fact]
    public void A_node_whose_place_is_not_known_is_asked_with_one_block()
    {
        OneReplica primary = OneReplica.Primary(3, 5, Log(2, 2, 4, 4));
        IReadOnlyList<ReplicaEffect> effects =
            primary.Receive(2, new ReplicaMessage.NotAppended(View(5), At(4, 4), At(3, 3), 0));
        ReplicaMessage.Append sent = Assert.Single(OneReplica.Sent<ReplicaMessage.Append>(effects)).Message;
        Assert.Equal((At(2, 2), At(4, 3)), (sent.Previous, sent.End));
        Assert.DoesNotContain(
            OneReplica.Sent<ReplicaMessage.Append>(primary.Propose(Block(5, 5, 5))), one => one.To == Id(2));

        // Once it agrees it gets the rest.
        effects = primary.Receive(2, Appended(5, At(4, 3)));
        Assert.Equal(At(5, 5), OneReplica.Sent<ReplicaMessage.Append>(effects)[^1].Message.End);
    }

    [Fact]
    public void Of_many_refusals_one_is_heeded_until_the_next_heartbeat()
    {
        OneReplica primary = OneReplica.Primary(3);
        for (ulong last = 1; last <= 4; last++) primary.Propose(Block(2, last, last));
        Assert.NotEmpty(Refuse(2));
        Assert.Empty(Refuse(3));
        Assert.Empty(Refuse(1));
        primary.Tick(1);
        Assert.NotEmpty(Refuse(3));

        IReadOnlyList<(NodeId To, ReplicaMessage.Append Message)> Refuse(ulong seqNo) =>
            OneReplica.Sent<ReplicaMessage.Append>(
                primary.Receive(2, new ReplicaMessage.NotAppended(View(2), At(2, seqNo), TxId.Zero, 0)));
    }

    [Fact]
    public void No_more_than_a_window_is_on_its_way_to_a_node()
    {
        ReplicaOptions options = Options with { WindowBlocks = 3, AppendBlocksMax = 2 };
        OneReplica primary = OneReplica.Primary(First(3), options);
        int sent = 0;
        for (ulong last = 1; last <= 6; last++) sent += BlocksTo(2, primary.Propose(Block(2, last, last)));
        Assert.Equal(3, sent);
        IReadOnlyList<ReplicaEffect> effects = primary.Receive(2, Appended(2, At(2, 2)));
        Assert.Equal(2, BlocksTo(2, effects));
        effects = primary.Receive(2, Appended(2, At(2, 5)));
        Assert.Equal(1, BlocksTo(2, effects));
    }

    [Fact]
    public void A_message_holds_no_more_blocks_than_the_options_say()
    {
        OneReplica primary = OneReplica.Primary(First(3), Options with { AppendBlocksMax = 2 }, 3, Log(2, 2, 2, 2, 2));
        IReadOnlyList<ReplicaEffect> effects =
            primary.Receive(2, new ReplicaMessage.NotAppended(View(3), At(2, 5), TxId.Zero, 0));
        Assert.Equal(
            [2, 2, 1], OneReplica.Sent<ReplicaMessage.Append>(effects).Select(one => one.Message.Blocks.Length));
    }

    // Only through it can the blocks that fill the primary commit.
    [Fact]
    public void The_first_block_of_a_view_is_taken_however_many_wait()
    {
        OneReplica primary = OneReplica.Primary(First(3), Options with { UncommittedBlocksMax = 2 }, 3, Log(2, 2, 2));
        Assert.True(primary.Replica.CanPropose);
        Assert.Empty(primary.Propose(Block(3, 4, 4)).OfType<ReplicaEffect.Refused>());
        Assert.False(primary.Replica.CanPropose);
        Assert.Equal(
            ProposalRefusal.TooManyUncommitted,
            Assert.Single(primary.Propose(Block(3, 5, 5)).OfType<ReplicaEffect.Refused>()).Reason);
    }

    [Fact]
    public void Who_is_in_no_active_configuration_is_not_listened_to()
    {
        OneReplica primary = OneReplica.Primary(3);
        primary.Propose(Block(2, 1, 1));
        OneReplica.AssertIgnored(primary.Receive(4, Appended(2, At(2, 1))), MessageRefusal.UnknownNode);
        OneReplica backup = OneReplica.Backup(3, 2, Log(2));
        OneReplica.AssertIgnored(backup.Receive(3, Appended(2, At(2, 1))), MessageRefusal.NotAsked);
    }

    private static int BlocksTo(int node, IEnumerable<ReplicaEffect> effects) =>
        OneReplica.Sent<ReplicaMessage.Append>(effects).Where(one => one.To == Id(node)).Sum(
            one => one.Message.Blocks.Length);
}
