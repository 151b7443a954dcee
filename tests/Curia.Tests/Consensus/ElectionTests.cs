using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;
using static Curia.Tests.Consensus.Given;

namespace Curia.Tests.Consensus;

/// <summary>docs/consensus.md, "Elections", as far as it goes beyond the Raft paper.</summary>
public sealed class ElectionTests
{
    // Two platforms must be there; nodes 1 and 2 are of one.
    internal static readonly Configuration TwoPlatforms = First(3) with
    {
        Rule = new CommitRule(2, 0, ImmutableSortedDictionary.CreateRange([
            new KeyValuePair<NodeId, VoterKind>(Id(1), new VoterKind("snp", "a")),
            new KeyValuePair<NodeId, VoterKind>(Id(2), new VoterKind("snp", "b")),
            new KeyValuePair<NodeId, VoterKind>(Id(3), new VoterKind("tdx", "c")),
        ])),
    };

    [Fact]
    public void A_former_candidate_does_not_vote_twice_in_its_view()
    {
        OneReplica former = OneReplica.Primary(3);
        former.Step(new ReplicaInput.GiveUp());
        Assert.Equal((ReplicaRole.Backup, View(2)), (former.Role, former.Replica.View));
        Assert.Equal(Vote(2, isGranted: false), former.Answer(3, VoteRequest(2, At(2, 9))));
    }

    [Fact]
    public void A_view_that_nobody_can_have_reached_is_left_alone()
    {
        OneReplica backup = OneReplica.Backup(3, 2, Log(2, 2));
        string before = backup.State;
        foreach (ulong view in (ulong[])[3 + (1 << 20), Curia.Vocabulary.View.Max.Value])
        {
            OneReplica.AssertIgnored(
                backup.Receive(3, VoteRequest(view, At(2, 9))), MessageRefusal.Malformed);
            OneReplica.AssertIgnored(backup.Receive(2, Append(view, At(2, 2))), MessageRefusal.Malformed);
        }

        Assert.Equal(before, backup.State);
        backup.Receive(3, VoteRequest(2 + (1 << 20), At(2, 9)));
        Assert.Equal(View(2 + (1 << 20)), backup.Replica.View);
    }

    [Fact]
    public void A_vote_is_kept_while_the_voter_asks_for_opinions()
    {
        OneReplica voter = new(1, First(3), WithPreVote);
        Assert.Equal(Vote(2), voter.Answer(2, VoteRequest(2, TxId.Zero)));
        voter.Tick(Timeout);
        Assert.Equal((ReplicaRole.PreCandidate, View(2)), (voter.Role, voter.Replica.View));
        Assert.Equal(Vote(2, isGranted: false), voter.Answer(3, VoteRequest(2, TxId.Zero)));
        Assert.Equal(Vote(2), voter.Answer(2, VoteRequest(2, TxId.Zero)));
    }

    [Fact]
    public void A_node_that_knows_the_primary_of_a_view_votes_for_nobody_in_it()
    {
        OneReplica backup = OneReplica.Backup(3, 2);
        Assert.Equal(Vote(2, isGranted: false), backup.Answer(3, VoteRequest(2, At(2, 9))));
    }

    [Theory]
    [InlineData(9, true)]
    [InlineData(0, false)]
    public void Only_a_vote_that_is_granted_gives_the_candidate_time(ulong last, bool isGranted)
    {
        OneReplica voter = OneReplica.Backup(3, 2, Log(2, 2));
        voter.Tick(Timeout - 1);
        Assert.Equal(Vote(2, isGranted: false), voter.Answer(3, VoteRequest(2, At(2, 9))));
        OneReplica other = OneReplica.Backup(3, 3, Log(2, 2));
        other.Step(new ReplicaInput.Receive(Id(3), VoteRequest(4, At(2, last))));
        other.Tick(Timeout - 1);
        other.Answer(3, VoteRequest(4, At(2, last)));
        other.Tick(1);
        Assert.Equal(isGranted ? ReplicaRole.Backup : ReplicaRole.Candidate, other.Role);
        voter.Tick(1);
        Assert.Equal(ReplicaRole.Candidate, voter.Role);
    }

    [Fact]
    public void A_vote_counts_once_however_often_it_comes()
    {
        OneReplica candidate = new(1, First(5));
        candidate.Tick(Timeout);
        for (int times = 0; times < 5; times++) candidate.Receive(2, Vote(2));
        Assert.Equal(ReplicaRole.Candidate, candidate.Role);
    }

    [Fact]
    public void Who_has_no_vote_counts_for_nobody()
    {
        OneReplica candidate = new(1, First(3).With(4, 5));
        candidate.Tick(Timeout);
        candidate.Receive(4, Vote(2));
        candidate.Receive(5, Vote(2));
        candidate.Receive(6, Vote(2));
        Assert.Equal(ReplicaRole.Candidate, candidate.Role);
    }

    // Raft thesis, section 4.3: three of five is no majority of {1,2,3}.
    [Fact]
    public void An_election_is_won_in_each_active_configuration_never_in_their_union()
    {
        OneReplica candidate = OneReplica.Backup(3, 2, Block(2, 1, 2, Voters(2, 1, 4, 5)));
        candidate.Tick(Timeout);
        candidate.Receive(4, Vote(3));
        candidate.Receive(5, Vote(3));
        Assert.Equal(ReplicaRole.Candidate, candidate.Role);
        candidate.Receive(2, Vote(3));
        Assert.Equal(ReplicaRole.Primary, candidate.Role);
    }

    [Fact]
    public void An_opinion_is_asked_in_the_own_view_and_raises_none()
    {
        OneReplica replica = new(1, First(3), WithPreVote);
        Assert.All(
            OneReplica.Sent<ReplicaMessage.VoteRequest>(replica.Tick(Timeout)),
            sent => Assert.Equal(VoteRequest(1, TxId.Zero, isPreVote: true), sent.Message));
        Assert.Equal((ReplicaRole.PreCandidate, View(1)), (replica.Role, replica.Replica.View));
        OneReplica.AssertIgnored(replica.Receive(2, Vote(1)), MessageRefusal.NotAsked);
        replica.Receive(2, Vote(1, isGranted: false, isPreVote: true));
        Assert.Equal(ReplicaRole.PreCandidate, replica.Role);
        replica.Receive(3, Vote(1, isPreVote: true));
        Assert.Equal((ReplicaRole.Candidate, View(2)), (replica.Role, replica.Replica.View));
    }

    [Fact]
    public void An_opinion_binds_to_nothing()
    {
        OneReplica voter = new(1, First(3), WithPreVote);
        Assert.Equal(Vote(1, isPreVote: true), voter.Answer(2, VoteRequest(1, TxId.Zero, isPreVote: true)));
        Assert.Equal(Vote(1, isPreVote: true), voter.Answer(3, VoteRequest(1, TxId.Zero, isPreVote: true)));
        Assert.Equal(Vote(1), voter.Answer(3, VoteRequest(1, TxId.Zero)));
    }

    // Raft thesis, section 9.6.
    [Theory]
    [InlineData(2)]
    [InlineData(7)]
    public void Who_hears_a_primary_refuses_opinions_and_stays_in_its_view(ulong asked)
    {
        OneReplica backup = new(1, First(3), WithPreVote);
        backup.Receive(2, Append(2, TxId.Zero));
        backup.Tick(Timeout - 1);
        backup.Receive(3, VoteRequest(asked, At(2, 9), isPreVote: true));
        Assert.Equal((View(2), (NodeId?)Id(2)), (backup.Replica.View, backup.Replica.Primary));
        OneReplica primary = OneReplica.Primary(First(3), WithPreVote);
        primary.Receive(3, VoteRequest(asked, At(2, 9), isPreVote: true));
        Assert.Equal((ReplicaRole.Primary, View(2)), (primary.Role, primary.Replica.View));

        // When its own time is up, it grants.
        backup.Tick(1);
        Assert.Equal(Vote(2, isPreVote: true), backup.Answer(3, VoteRequest(2, At(2, 9), isPreVote: true)));
    }

    [Fact]
    public void A_node_that_comes_back_does_not_depose_a_healthy_primary()
    {
        ReplicaGroup group = new(3, WithPreVote);
        group.Elect(1);
        group.Cut(3);
        for (int tick = 0; tick < 5 * Timeout; tick++)
        {
            group.Tick(1);
            group.Tick(3);
        }

        Assert.Equal((ReplicaRole.PreCandidate, View(2)), (group[3].Role, group[3].Replica.View));
        group.Heal();
        group.Tick(3, Timeout);
        group.Tick(1);
        Assert.Equal((ReplicaRole.Primary, View(2)), (group[1].Role, group[1].Replica.View));
        Assert.Equal((ReplicaRole.Backup, (NodeId?)Id(1)), (group[3].Role, group[3].Replica.Primary));
    }

    // Raft thesis, section 6.2.
    [Fact]
    public void A_primary_that_hears_no_majority_steps_down_in_its_view()
    {
        OneReplica primary = OneReplica.Primary(5);
        primary.Tick(Timeout - 1);
        primary.Receive(2, Appended(2, TxId.Zero));
        Assert.Equal(ReplicaRole.Primary, primary.Role);
        primary.Tick(1);
        Assert.Equal((ReplicaRole.Backup, View(2)), (primary.Role, primary.Replica.View));
    }

    [Fact]
    public void A_primary_that_hears_a_majority_stays()
    {
        OneReplica primary = OneReplica.Primary(5);
        for (int tick = 0; tick < 5 * Timeout; tick++)
        {
            primary.Tick(1);
            primary.Receive(2, Appended(2, TxId.Zero));
            primary.Receive(3, Appended(2, TxId.Zero));
        }

        Assert.Equal(ReplicaRole.Primary, primary.Role);
    }

    // A refusal is an answer too; what an answer of an older view says does not count.
    [Fact]
    public void A_primary_is_heard_by_any_answer_of_its_view()
    {
        OneReplica primary = OneReplica.Primary(3, 3, Log(2));
        primary.Tick(Timeout - 1);
        primary.Receive(2, new ReplicaMessage.NotAppended(View(3), At(2, 1), TxId.Zero, 0));
        primary.Tick(Timeout - 1);
        Assert.Equal(ReplicaRole.Primary, primary.Role);
        primary.Receive(2, Appended(2, TxId.Zero));
        primary.Tick(1);
        Assert.Equal(ReplicaRole.Backup, primary.Role);
    }

    [Fact]
    public void Who_is_not_ready_votes_and_stores_and_stands_for_nothing()
    {
        OneReplica joining = new(1, First(3), Options with { IsReady = false });
        Assert.Empty(joining.Tick(3 * Timeout));
        Assert.Equal(Vote(2), joining.Answer(2, VoteRequest(2, TxId.Zero)));
        Assert.Equal(Appended(2, At(2, 1)), joining.Answer(2, Append(2, TxId.Zero, Log(2))));
        joining.Receive(2, new ReplicaMessage.HandOver(View(2)));
        Assert.Equal(ReplicaRole.Backup, joining.Role);

        // It tells when nobody leads any more, and still votes once in a view.
        Assert.Equal(Id(2), joining.Replica.Primary);
        ReplicaEffect.RoleChanged told = Assert.Single(joining.Tick(2 * Timeout).OfType<ReplicaEffect.RoleChanged>());
        Assert.Null(told.Primary);
        Assert.Null(joining.Replica.Primary);
        Assert.Equal(Vote(2, isGranted: false), joining.Answer(3, VoteRequest(2, At(2, 9))));
        joining.Step(new ReplicaInput.Ready());
        joining.Tick(Timeout);
        Assert.Equal(ReplicaRole.Candidate, joining.Role);
    }

    // DESIGN 4, "Diversity rule".
    [Fact]
    public void Who_could_not_commit_does_not_stand_but_a_vote_needs_majorities_only()
    {
        OneReplica replica = new(1, TwoPlatforms, WithPreVote);
        replica.Tick(Timeout);
        replica.Receive(2, Vote(1, isPreVote: true));
        Assert.Equal(ReplicaRole.PreCandidate, replica.Role);
        replica.Receive(3, Vote(1, isPreVote: true));
        Assert.Equal(ReplicaRole.Candidate, replica.Role);
        replica.Receive(2, Vote(2));
        Assert.Equal(ReplicaRole.Primary, replica.Role);
    }

    [Fact]
    public void A_primary_that_hears_too_few_kinds_steps_down()
    {
        OneReplica primary = OneReplica.Primary(TwoPlatforms, Options);
        for (int tick = 0; tick < Timeout; tick++)
        {
            primary.Receive(2, Appended(2, TxId.Zero));
            primary.Tick(1);
        }

        Assert.Equal(ReplicaRole.Backup, primary.Role);
    }
}
