using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;
using static Curia.Tests.Consensus.Given;

namespace Curia.Tests.Consensus;

/// <summary>docs/consensus.md, "Configurations", "Joining and leaving", "Handing over".</summary>
public sealed class ReconfigurationTests
{
    [Fact]
    public void A_node_that_joins_from_nothing_learns_its_configuration_with_the_log()
    {
        OneReplica joiner = new(4, configuration: null);
        Assert.Empty(joiner.Tick(3 * Timeout));
        Assert.IsType<ReplicaMessage.NotAppended>(joiner.Answer(1, Append(2, At(2, 2))));
        Configuration first = First(3);
        Configuration next = Voters(3, 1, 2, 3, 4);
        Assert.Equal(
            Appended(2, At(2, 4)),
            joiner.Answer(1, Append(2, TxId.Zero, Block(2, 1, 2, first), Block(2, 3, 4, next))));
        Assert.Equal([first, next], joiner.Replica.Configurations);
        joiner.Tick(Timeout);
        Assert.Equal(ReplicaRole.Candidate, joiner.Role);
    }

    [Fact]
    public void A_node_that_was_never_admitted_is_not_let_go()
    {
        OneReplica joiner = new(4, configuration: null);
        joiner.Receive(1, Append(2, TxId.Zero, Block(2, 1, 2, First(3))) with { Committed = At(2, 2) });
        Assert.Equal((ReplicaRole.Backup, At(2, 2)), (joiner.Role, joiner.Replica.Committed));
    }

    [Fact]
    public void A_node_near_the_end_of_the_log_may_be_given_a_vote()
    {
        OneReplica primary = OneReplica.Primary(First(3).With(4), Options with { WindowBlocks = 2 });
        primary.Propose(Block(2, 1, 1));
        Assert.False(primary.Replica.IsWithinAWindow(Id(4)));
        primary.Receive(4, Appended(2, At(2, 1)));
        Assert.True(primary.Replica.IsWithinAWindow(Id(4)));
        for (ulong last = 2; last <= 4; last++) primary.Propose(Block(2, last, last));
        Assert.False(primary.Replica.IsWithinAWindow(Id(4)));
        Assert.False(primary.Replica.IsWithinAWindow(Id(9)));
    }

    // Raft thesis, section 4.1.
    [Fact]
    public void A_configuration_counts_on_a_backup_while_its_block_is_in_the_log()
    {
        Configuration next = Voters(2, 1, 4, 5);
        OneReplica backup = OneReplica.Backup(3, 2, Block(2, 1, 1), Block(2, 2, 2, next));
        Assert.Equal([First(3), next], backup.Replica.Configurations);
        backup.Receive(3, Append(3, At(2, 1), Block(3, 2, 2)));
        Assert.Equal([First(3)], backup.Replica.Configurations);
    }

    [Fact]
    public void Who_loses_its_vote_stays_a_learner_until_the_second_configuration_commits()
    {
        OneReplica leaving = new(1, First(3));
        BlockInfo first = Block(2, 1, 2, Voters(2, 2, 3).With(1));
        leaving.Receive(2, Append(2, TxId.Zero, first) with { Committed = At(2, 2) });
        Assert.Equal(ReplicaRole.Backup, leaving.Role);

        // It goes on to store and to answer.
        Assert.Equal(Appended(2, At(2, 3)), leaving.Answer(2, Append(2, At(2, 2), Block(2, 3, 3))));
        BlockInfo second = Block(2, 4, 5, Voters(4, 2, 3));
        Assert.Equal(Appended(2, At(2, 5)), leaving.Answer(2, Append(2, At(2, 3), second)));
        Assert.Equal(ReplicaRole.Backup, leaving.Role);
        leaving.Receive(2, Append(2, At(2, 5)) with { Committed = At(2, 5) });
        Assert.Equal(ReplicaRole.Retired, leaving.Role);
        Assert.Empty(leaving.Receive(2, Append(2, At(2, 5), Block(2, 6, 6))));
        Assert.Empty(leaving.Receive(3, VoteRequest(9, At(9, 9))));
        Assert.Empty(leaving.Tick(3 * Timeout));
    }

    // Raft thesis, section 4.2.2. Node 2 has not heard that {2,3} has committed and still needs node 1, which has the
    // longer log and does not vote for it; so node 1 stands. Its own vote is none.
    [Fact]
    public void Who_has_lost_its_vote_by_a_commit_may_stand_until_it_is_let_go()
    {
        OneReplica leaving = new(1, First(3));
        BlockInfo first = Block(2, 1, 2, Voters(2, 2, 3).With(1));
        leaving.Receive(2, Append(2, TxId.Zero, first) with { Committed = At(2, 2) });
        leaving.Tick(Timeout);
        Assert.Equal(ReplicaRole.Candidate, leaving.Role);
        leaving.Receive(2, Vote(3));
        Assert.Equal(ReplicaRole.Candidate, leaving.Role);
        leaving.Receive(3, Vote(3));
        Assert.Equal(ReplicaRole.Primary, leaving.Role);
    }

    // A node of an older configuration that is not committed is not admitted by it: it may be taken back.
    [Fact]
    public void A_node_is_no_member_by_a_configuration_that_is_taken_back()
    {
        OneReplica joiner = new(4, configuration: null);
        ReplicaMessage.Append both =
            Append(2, TxId.Zero, Block(2, 1, 2, First(3)), Block(2, 3, 4, Voters(3, 1, 2, 3, 4)));
        joiner.Receive(1, both with { Committed = At(2, 2) });
        joiner.Receive(2, Append(3, At(2, 2), Block(3, 3, 4, Voters(3, 1, 2))) with { Committed = At(3, 4) });
        Assert.Equal((ReplicaRole.Backup, At(3, 4)), (joiner.Role, joiner.Replica.Committed));
    }

    [Fact]
    public void Who_is_let_go_hears_of_the_commit_that_does_it_and_of_nothing_after_it()
    {
        OneReplica primary = OneReplica.Primary(First(2).With(3), Options);
        primary.Propose(Block(2, 1, 2, Voters(2, 1, 2)));
        IReadOnlyList<ReplicaEffect> effects = primary.Receive(2, Appended(2, At(2, 2)));
        Assert.Contains(
            OneReplica.Sent<ReplicaMessage.Append>(effects),
            sent => sent.To == Id(3) && sent.Message.Committed == At(2, 2));
        Assert.DoesNotContain(OneReplica.Sent<ReplicaMessage.Append>(primary.Tick(1)), sent => sent.To == Id(3));
        OneReplica.AssertIgnored(primary.Receive(3, Appended(2, At(2, 2))), MessageRefusal.UnknownNode);
    }

    [Fact]
    public void A_primary_that_leaves_stays_until_the_second_commit_and_names_its_successor()
    {
        OneReplica primary = OneReplica.Primary(3);
        primary.Propose(Block(2, 1, 2, Voters(2, 2, 3).With(1)));
        primary.Receive(2, Appended(2, At(2, 2)));
        Assert.Equal(TxId.Zero, primary.Replica.Committed);
        primary.Receive(3, Appended(2, At(2, 2)));
        Assert.Equal((ReplicaRole.Primary, At(2, 2)), (primary.Role, primary.Replica.Committed));

        // It has no vote: its own disk does not count.
        primary.Propose(Block(2, 3, 4, Voters(3, 2, 3)));
        primary.Receive(3, Appended(2, At(2, 4)));
        Assert.Equal(ReplicaRole.Primary, primary.Role);
        IReadOnlyList<ReplicaEffect> effects = primary.Receive(2, Appended(2, At(2, 4)));
        Assert.Equal(ReplicaRole.Retired, primary.Role);
        Assert.Contains(Assert.Single(OneReplica.Sent<ReplicaMessage.HandOver>(effects)).To, new[] { Id(2), Id(3) });
        Assert.Equal(
            ProposalRefusal.NotPrimary,
            Assert.Single(primary.Propose(Block(2, 5, 5)).OfType<ReplicaEffect.Refused>()).Reason);
    }

    [Fact]
    public void A_group_goes_on_after_its_primary_has_left()
    {
        ReplicaGroup group = new(3);
        group.Elect(1);
        group.Propose(1, Voters(2, 2, 3).With(1));
        group.Settle();
        group.Propose(1, Voters(3, 2, 3));
        group.Settle();
        Assert.Equal(ReplicaRole.Retired, group[1].Role);
        int next = group[2].Role == ReplicaRole.Primary ? 2 : 3;
        Assert.Equal((ReplicaRole.Primary, View(3)), (group[next].Role, group[next].Replica.View));
        group.Propose(next);
        group.Settle();
        Assert.Equal(6UL, group.Committed(next));
    }

    // Raft thesis, section 3.10.
    [Fact]
    public void Who_is_told_to_take_over_stands_at_once()
    {
        OneReplica backup = new(1, First(3), WithPreVote);
        backup.Receive(2, Append(2, TxId.Zero, Log(2)));
        backup.Receive(2, new ReplicaMessage.HandOver(View(2)));
        Assert.Equal((ReplicaRole.Candidate, View(3)), (backup.Role, backup.Replica.View));
    }

    [Fact]
    public void Only_the_primary_hands_over()
    {
        OneReplica backup = OneReplica.Backup(3, 2, Log(2));
        OneReplica.AssertIgnored(
            backup.Receive(3, new ReplicaMessage.HandOver(View(2))), MessageRefusal.NotFromPrimary);
        Assert.Equal(ReplicaRole.Backup, backup.Role);
        OneReplica learner = new(1, Voters(1, 2, 3).With(1));
        learner.Receive(2, Append(2, TxId.Zero));
        Assert.Empty(learner.Receive(2, new ReplicaMessage.HandOver(View(2))));
        Assert.Equal((ReplicaRole.Backup, View(2)), (learner.Role, learner.Replica.View));
    }

    [Fact]
    public void A_primary_hands_over_to_who_has_most_when_that_has_all()
    {
        OneReplica primary = OneReplica.Primary(3);
        primary.Propose(Block(2, 1, 1));
        primary.Propose(Block(2, 2, 2));
        primary.Receive(3, Appended(2, At(2, 1)));
        Assert.Empty(OneReplica.Sent<ReplicaMessage.HandOver>(primary.Step(new ReplicaInput.HandOver())));
        Assert.Empty(OneReplica.Sent<ReplicaMessage.HandOver>(primary.Receive(2, Appended(2, At(2, 2)))));
        IReadOnlyList<ReplicaEffect> effects = primary.Receive(3, Appended(2, At(2, 2)));
        Assert.Equal(Id(3), Assert.Single(OneReplica.Sent<ReplicaMessage.HandOver>(effects)).To);
    }

    [Fact]
    public void A_primary_that_hands_over_proposes_nothing_until_it_gives_that_up()
    {
        OneReplica primary = OneReplica.Primary(3);
        primary.Propose(Block(2, 1, 1));
        primary.Receive(2, Appended(2, At(2, 1)));
        primary.Step(new ReplicaInput.HandOver());
        Assert.False(primary.Replica.CanPropose);
        Assert.Equal(
            ProposalRefusal.HandingOver,
            Assert.Single(primary.Propose(Block(2, 2, 2)).OfType<ReplicaEffect.Refused>()).Reason);
        for (int tick = 0; tick < Timeout; tick++)
        {
            Assert.False(primary.Replica.CanPropose);
            primary.Receive(3, Appended(2, TxId.Zero));
            primary.Tick(1);
        }

        Assert.True(primary.Replica.CanPropose);
    }

    [Fact]
    public void A_hand_over_takes_no_timeout()
    {
        ReplicaGroup group = new(3, WithPreVote);
        group.Elect(1);
        group.Propose(1);
        group.Settle();
        group.Step(1, new ReplicaInput.HandOver());
        group.Settle();
        Assert.Equal(ReplicaRole.Backup, group[1].Role);
        Assert.Single(new[] { 2, 3 }, number => group[number].Role == ReplicaRole.Primary);
    }
}
