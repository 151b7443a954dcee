using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;
using static Curia.Tests.Consensus.Given;

namespace Curia.Tests.Consensus;

/// <summary>docs/consensus.md, "Commit" and "Reads", as far as they go beyond the Raft paper.</summary>
public sealed class CommitTests
{
    // A library that took the median of those that answered committed with 2 of 5.
    [Fact]
    public void Commit_is_counted_over_all_voters_not_over_those_that_answered()
    {
        OneReplica primary = OneReplica.Primary(5);
        primary.Propose(Block(2, 1, 2));
        primary.Receive(2, Appended(2, At(2, 2)));
        primary.Receive(2, Appended(2, At(2, 2)));
        Assert.Equal(TxId.Zero, primary.Replica.Committed);
        primary.Receive(3, Appended(2, At(2, 2)));
        Assert.Equal(At(2, 2), primary.Replica.Committed);
    }

    [Fact]
    public void Who_has_no_vote_does_not_count_for_a_commit()
    {
        OneReplica primary = OneReplica.Primary(First(3).With(4, 5), Options);
        primary.Propose(Block(2, 1, 2));
        primary.Receive(4, Appended(2, At(2, 2)));
        primary.Receive(5, Appended(2, At(2, 2)));
        Assert.Equal(TxId.Zero, primary.Replica.Committed);
    }

    // Raft thesis, section 10.2.1: the disk of the primary is one of many.
    [Fact]
    public void The_primary_counts_for_what_is_on_its_own_disk()
    {
        OneReplica primary = OneReplica.Primary(3);
        primary.HasSlowDisk = true;
        primary.Propose(Block(2, 1, 2));
        primary.Receive(2, Appended(2, At(2, 2)));
        Assert.Equal(TxId.Zero, primary.Replica.Committed);
        primary.Receive(3, Appended(2, At(2, 2)));
        Assert.Equal(At(2, 2), primary.Replica.Committed);
    }

    [Theory]
    [InlineData("45", false)]
    [InlineData("23", false)]
    [InlineData("24", true)]
    [InlineData("345", true)]
    public void A_block_that_makes_a_configuration_commits_in_that_and_in_the_one_before(
        string acknowledged, bool isCommitted)
    {
        OneReplica primary = OneReplica.Primary(3);
        primary.Propose(Block(2, 1, 2, Voters(2, 1, 4, 5)));
        foreach (char node in acknowledged) primary.Receive(node - '0', Appended(2, At(2, 2)));
        Assert.Equal(isCommitted ? At(2, 2) : TxId.Zero, primary.Replica.Committed);
    }

    [Fact]
    public void A_later_configuration_does_not_hold_up_an_earlier_block()
    {
        OneReplica primary = OneReplica.Primary(3);
        primary.Propose(Block(2, 1, 2));
        primary.Propose(Block(2, 3, 4, Voters(3, 1, 4, 5)));
        primary.Receive(2, Appended(2, At(2, 4)));
        Assert.Equal(At(2, 2), primary.Replica.Committed);
        primary.Receive(4, Appended(2, At(2, 4)));
        Assert.Equal(At(2, 4), primary.Replica.Committed);
    }

    [Fact]
    public void A_configuration_that_commits_ends_all_older_ones_and_more_may_commit_by_that()
    {
        OneReplica primary = OneReplica.Primary(3);
        Configuration alone = Voters(2, 1).With(2, 3);
        primary.Propose(Block(2, 1, 2, alone));
        primary.Propose(Block(2, 3, 4));
        Assert.Equal(TxId.Zero, primary.Replica.Committed);
        primary.Receive(2, Appended(2, At(2, 2)));
        Assert.Equal([alone], primary.Replica.Configurations);
        Assert.Equal(At(2, 4), primary.Replica.Committed);
    }

    [Fact]
    public void A_backup_commits_no_further_than_its_log_is_proved()
    {
        OneReplica backup = OneReplica.Backup(3, 2, Log(2, 2, 2));
        backup.Receive(3, Append(3, At(2, 1)) with { Committed = At(3, 3) });
        Assert.Equal(At(2, 1), backup.Replica.Committed);
        backup.Receive(3, Append(3, At(2, 1), Block(2, 2, 2)) with { Committed = At(3, 3) });
        Assert.Equal(At(2, 2), backup.Replica.Committed);
        backup.Receive(3, Append(3, At(2, 2), Block(3, 3, 3)) with { Committed = At(3, 3) });
        Assert.Equal(At(3, 3), backup.Replica.Committed);
    }

    [Fact]
    public void A_backup_never_commits_less()
    {
        OneReplica backup = new(1, First(3));
        backup.Receive(2, Append(2, TxId.Zero, Log(2, 2)) with { Committed = At(2, 2) });
        Assert.Empty(backup.Receive(2, Append(2, At(2, 2)) with { Committed = At(2, 1) })
            .OfType<ReplicaEffect.Committed>());
        Assert.Equal(At(2, 2), backup.Replica.Committed);
    }

    // DESIGN 4, "Diversity rule".
    [Fact]
    public void A_block_waits_for_as_many_kinds_as_the_rule_asks_for()
    {
        OneReplica primary = OneReplica.Primary(ElectionTests.TwoPlatforms, Options);
        primary.Propose(Block(2, 1, 2));
        primary.Receive(2, Appended(2, At(2, 2)));
        Assert.Equal(TxId.Zero, primary.Replica.Committed);
        primary.Receive(3, Appended(2, At(2, 2)));
        Assert.Equal(At(2, 2), primary.Replica.Committed);
    }

    [Fact]
    public void Two_rules_hold_beside_each_other_each_over_its_own_voters()
    {
        Configuration strict = ElectionTests.TwoPlatforms;
        OneReplica primary = OneReplica.Primary(3);
        primary.Propose(Block(2, 1, 2, Voters(2, 1, 2, 3) with { Rule = strict.Rule }));
        primary.Receive(2, Appended(2, At(2, 2)));
        Assert.Equal((TxId.Zero, 2), (primary.Replica.Committed, primary.Replica.Configurations.Count));
        primary.Receive(3, Appended(2, At(2, 2)));
        Assert.Equal((At(2, 2), 1), (primary.Replica.Committed, primary.Replica.Configurations.Count));
    }

    [Fact]
    public void A_voter_of_unknown_kind_counts_for_the_majority_alone()
    {
        CommitRule rule = new(0, 2, ImmutableSortedDictionary.CreateRange([
            new KeyValuePair<NodeId, VoterKind>(Id(1), new VoterKind("snp", "a")),
            new KeyValuePair<NodeId, VoterKind>(Id(3), new VoterKind("snp", "b")),
        ]));
        OneReplica primary = OneReplica.Primary(First(3) with { Rule = rule }, Options);
        primary.Propose(Block(2, 1, 2));
        primary.Receive(2, Appended(2, At(2, 2)));
        Assert.Equal(TxId.Zero, primary.Replica.Committed);
        primary.Receive(3, Appended(2, At(2, 2)));
        Assert.Equal(At(2, 2), primary.Replica.Committed);
    }

    // Raft thesis, section 6.4.
    [Fact]
    public void A_read_is_confirmed_when_a_majority_answered_a_round_that_began_after_it()
    {
        OneReplica primary = Opened();
        Assert.All(
            OneReplica.Sent<ReplicaMessage.Append>(primary.Step(new ReplicaInput.Confirm())),
            sent => Assert.Equal(1UL, sent.Message.Round));
        Assert.Empty(primary.Receive(2, Appended(2, At(2, 2))).OfType<ReplicaEffect.Confirmed>());
        Assert.Equal(
            [new ReplicaEffect.Confirmed(1)],
            primary.Receive(2, Appended(2, At(2, 2), round: 1)).OfType<ReplicaEffect.Confirmed>());
    }

    [Fact]
    public void A_refusal_confirms_too_and_a_later_round_confirms_earlier_ones()
    {
        OneReplica primary = Opened();
        for (int asked = 0; asked < 3; asked++) primary.Step(new ReplicaInput.Confirm());
        Assert.Equal(
            [new ReplicaEffect.Confirmed(2)],
            primary.Receive(3, new ReplicaMessage.NotAppended(View(2), At(2, 2), TxId.Zero, 2))
                .OfType<ReplicaEffect.Confirmed>());
        Assert.Equal(
            [new ReplicaEffect.Confirmed(3)],
            primary.Receive(2, Appended(2, TxId.Zero, round: 9)).OfType<ReplicaEffect.Confirmed>());
    }

    // Raft paper, section 8: until then it may not know all that is committed.
    [Fact]
    public void No_read_is_confirmed_before_a_block_of_the_own_view_has_committed()
    {
        OneReplica primary = OneReplica.Primary(3, 3, Log(2, 2));
        primary.Step(new ReplicaInput.Confirm());
        Assert.Empty(primary.Receive(2, Appended(3, At(2, 2), round: 1)).OfType<ReplicaEffect.Confirmed>());
        primary.Propose(Block(3, 3, 3));
        Assert.Contains(new ReplicaEffect.Confirmed(1), primary.Receive(2, Appended(3, At(3, 3), round: 1)));
    }

    // Node 2 is of the older configuration, node 4 of the newer one.
    [Theory]
    [InlineData(2, 4)]
    [InlineData(4, 2)]
    public void A_read_is_confirmed_in_each_configuration(int first, int second)
    {
        OneReplica primary = Opened();
        primary.Propose(Block(2, 3, 4, Voters(3, 1, 4, 5)));
        primary.Step(new ReplicaInput.Confirm());
        Assert.Empty(primary.Receive(first, Appended(2, TxId.Zero, round: 1)).OfType<ReplicaEffect.Confirmed>());
        Assert.Contains(new ReplicaEffect.Confirmed(1), primary.Receive(second, Appended(2, TxId.Zero, round: 1)));
    }

    [Fact]
    public void A_backup_confirms_nothing()
    {
        OneReplica backup = OneReplica.Backup(3, 2, Log(2));
        Assert.Empty(backup.Step(new ReplicaInput.Confirm()));
    }

    private static OneReplica Opened()
    {
        OneReplica primary = OneReplica.Primary(3);
        primary.Propose(Block(2, 1, 2));
        primary.Receive(2, Appended(2, At(2, 2)));
        return primary;
    }
}
