using System;
using System.Collections.Immutable;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Tests.Consensus;

public sealed class ReplicaTests
{
    private static readonly NodeId Self = QuorumTests.Id(1);
    private static readonly NodeId Other = QuorumTests.Id(2);

    [Fact]
    public void A_configuration_of_one_elects_itself_at_its_first_step_in_view_2()
    {
        Replica replica = Alone();
        Assert.Equal(ReplicaRole.Backup, replica.Role);
        ReplicaEffect[] effects = [.. replica.Step(new ReplicaInput.Tick()).All];
        Assert.Contains(new ReplicaEffect.RoleChanged(ReplicaRole.Primary, new View(2), Self), effects);
        Assert.Equal((ReplicaRole.Primary, new View(2)), (replica.Role, replica.View));
        Assert.Empty(replica.Step(new ReplicaInput.Tick()).All);
    }

    // Raft paper, section 5.2: who gets no majority of the votes stays candidate and asks in the next view.
    [Fact]
    public void One_vote_of_two_is_no_majority()
    {
        ReplicaOptions options = new() { ElectionTimeoutTicks = 3, PreVote = false };
        Replica replica = new(Self, Pair(1), options, Replica.BeforeFirstView);
        View[] views = [.. Enumerable.Range(0, 40)
            .SelectMany(_ => replica.Step(new ReplicaInput.Tick()).All)
            .OfType<ReplicaEffect.RoleChanged>()
            .Select(changed =>
            {
                Assert.Equal(ReplicaRole.Candidate, changed.Role);
                return changed.View;
            })];
        Assert.NotEmpty(views);
        Assert.Equal(views.Distinct().Order(), views);
        Assert.Equal(ProposalRefusal.NotPrimary, Refusal(replica, Block(replica.View.Value, 1, 2)));
    }

    [Fact]
    public void Who_is_no_voter_asks_for_no_votes()
    {
        Configuration others = Configuration.Of(new SeqNo(1), Other);
        Replica learner = new(Self, others, new ReplicaOptions(), Replica.BeforeFirstView);
        for (int tick = 0; tick < 100; tick++) Assert.Empty(learner.Step(new ReplicaInput.Tick()).All);
    }

    [Fact]
    public void Two_replicas_of_one_seed_act_alike_and_of_another_seed_do_not()
    {
        Assert.Equal(TicksToFirstCandidacy(7), TicksToFirstCandidacy(7));
        Assert.True(Enumerable.Range(0, 20).Select(seed => TicksToFirstCandidacy((ulong)seed)).Distinct().Count() > 3);

        static int TicksToFirstCandidacy(ulong seed)
        {
            Replica replica = new(Self, Pair(1), new ReplicaOptions { Seed = seed }, Replica.BeforeFirstView);
            int ticks = 0;
            while (replica.Role == ReplicaRole.Backup)
            {
                replica.Step(new ReplicaInput.Tick());
                ticks++;
            }

            return ticks;
        }
    }

    [Fact]
    public void Commit_waits_until_the_own_disk_has_the_block()
    {
        Replica replica = Primary();
        BlockInfo block = Block(2, 1, 2);
        Assert.Equal([new ReplicaEffect.Store(block, 1)], replica.Step(new ReplicaInput.Propose(block)).All);
        Assert.Equal((TxId.Zero, new SeqNo(2)), (replica.Committed, replica.Last));
        Assert.Equal([new ReplicaEffect.Committed(block.LastTxId)], Stored(replica, 1));
        Assert.Equal(block.LastTxId, replica.Committed);
        Assert.Equal(0, replica.UncommittedBlocks);
    }

    [Fact]
    public void One_sync_commits_all_blocks_that_it_covers_in_order()
    {
        Replica replica = Primary();
        BlockInfo[] blocks = [Block(2, 1, 2), Block(2, 3, 5), Block(2, 6, 6), Block(2, 7, 9)];
        foreach (BlockInfo block in blocks) replica.Step(new ReplicaInput.Propose(block));
        Assert.Equal(
            [.. blocks[..3].Select(block => new ReplicaEffect.Committed(block.LastTxId))],
            Stored(replica, 3));
        Assert.Equal(1, replica.UncommittedBlocks);
    }

    [Fact]
    public void Commit_never_goes_back()
    {
        Replica replica = Primary();
        foreach (BlockInfo block in (BlockInfo[])[Block(2, 1, 2), Block(2, 3, 4)])
        {
            replica.Step(new ReplicaInput.Propose(block));
        }

        Stored(replica, 2);
        Assert.Empty(Stored(replica, 1));
        Assert.Empty(Stored(replica, 2));
        Assert.Equal(new SeqNo(4), replica.Committed.SeqNo);
    }

    // Raft paper, section 5.4.2 and figure 8.
    [Fact]
    public void A_block_of_an_older_view_commits_only_through_a_block_of_this_view()
    {
        Replica replica = Primary();
        replica.Step(new ReplicaInput.Propose(Block(2, 1, 2)));
        replica.Step(new ReplicaInput.GiveUp());
        Assert.Equal(ReplicaRole.Backup, replica.Role);
        Assert.Empty(Stored(replica, 1));
        BecomePrimaryAgain(replica);
        Assert.Equal(new View(3), replica.View);
        Assert.Empty(Stored(replica, 1));
        Assert.Equal(TxId.Zero, replica.Committed);

        replica.Step(new ReplicaInput.Propose(Block(3, 3, 3)));
        Assert.Empty(Stored(replica, 1));
        Assert.Equal(
            [new ReplicaEffect.Committed(Id(2, 2)), new ReplicaEffect.Committed(Id(3, 3))],
            Stored(replica, 2));
    }

    // DESIGN 5, "Keys": within a process a seqno is never sealed twice in a view.
    [Fact]
    public void A_primary_that_gave_up_its_view_never_proposes_in_it_again()
    {
        Replica replica = Primary();
        replica.Step(new ReplicaInput.Propose(Block(2, 1, 2)));
        replica.Step(new ReplicaInput.GiveUp());
        Assert.Equal(ProposalRefusal.NotPrimary, Refusal(replica, Block(2, 3, 4)));
        BecomePrimaryAgain(replica);
        Assert.Equal(ProposalRefusal.NotPrimary, Refusal(replica, Block(2, 3, 4)));
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 3)]
    [InlineData(4, 5)]
    [InlineData(3, 2)]
    public void A_seqno_that_is_proposed_twice_or_left_out_stops_the_node(ulong first, ulong last)
    {
        Replica replica = Primary();
        replica.Step(new ReplicaInput.Propose(Block(2, 1, 2)));
        Assert.Throws<InvariantException>(() => replica.Step(new ReplicaInput.Propose(Block(2, first, last))));
    }

    [Fact]
    public void A_disk_that_stored_what_was_never_asked_stops_the_node()
    {
        Replica replica = Primary();
        replica.Step(new ReplicaInput.Propose(Block(2, 1, 2)));
        Assert.Throws<InvariantException>(() => Stored(replica, 2));
    }

    // DESIGN 4, "Durability": after a failed fsync the process stops, it never retries.
    [Fact]
    public void After_a_failed_store_nothing_is_committed_proposed_or_elected_any_more()
    {
        Replica replica = Primary();
        replica.Step(new ReplicaInput.Propose(Block(2, 1, 2)));
        Assert.Equal(
            [new ReplicaEffect.RoleChanged(ReplicaRole.Stopped, new View(2), Self)],
            replica.Step(new ReplicaInput.StoreFailed()).All);
        Assert.Empty(Stored(replica, 2));
        Assert.False(replica.CanPropose);
        Assert.Equal(ProposalRefusal.NotPrimary, Refusal(replica, Block(2, 3, 3)));
        for (int tick = 0; tick < 100; tick++) Assert.Empty(replica.Step(new ReplicaInput.Tick()).All);
        Assert.Empty(replica.Step(new ReplicaInput.GiveUp()).All);
        Assert.Equal(TxId.Zero, replica.Committed);
    }

    [Fact]
    public void A_primary_takes_no_more_blocks_than_may_be_uncommitted()
    {
        ReplicaOptions options = new() { UncommittedBlocksMax = 2 };
        Replica replica = new(Self, Configuration.Of(new SeqNo(1), Self), options, Replica.BeforeFirstView);
        replica.Step(new ReplicaInput.Tick());
        for (ulong seqNo = 1; seqNo <= 2; seqNo++)
        {
            Assert.True(replica.CanPropose);
            replica.Step(new ReplicaInput.Propose(Block(2, seqNo, seqNo)));
        }

        Assert.False(replica.CanPropose);
        Assert.Equal(ProposalRefusal.TooManyUncommitted, Refusal(replica, Block(2, 3, 3)));
        Assert.Equal(new SeqNo(2), replica.Last);
        Stored(replica, 1);
        Assert.True(replica.CanPropose);
        BlockInfo next = Block(2, 3, 3);
        Assert.Equal([new ReplicaEffect.Store(next, 3)], replica.Step(new ReplicaInput.Propose(next)).All);
    }

    // Raft thesis, sections 4.1 and 4.3; DESIGN 4, "Reconfiguration"; docs/consensus.md, "Commit".
    [Fact]
    public void A_configuration_counts_from_its_block_on_and_both_must_agree_to_that()
    {
        Replica replica = Primary();
        BlockInfo before = Block(2, 1, 2);
        replica.Step(new ReplicaInput.Propose(before));
        replica.Step(new ReplicaInput.Propose(Block(2, 3, 4) with { Configuration = Pair(3) }));
        replica.Step(new ReplicaInput.Propose(Block(2, 5, 5)));
        Assert.Equal(2, replica.Configurations.Count);

        // The old configuration, this node alone, agrees to all blocks; of the new one half is missing, which counts
        // from its own block on.
        Assert.Equal([new ReplicaEffect.Committed(before.LastTxId)], Stored(replica, 1));
        Assert.Empty(Stored(replica, 2));
        Assert.Empty(Stored(replica, 3));
        Assert.Equal(before.LastTxId, replica.Committed);
    }

    [Fact]
    public void The_older_configuration_counts_until_the_newer_one_commits()
    {
        Replica replica = Primary();
        Configuration first = Configuration.Of(new SeqNo(1), Self);
        Configuration next = Configuration.Of(new SeqNo(4), Self);
        replica.Step(new ReplicaInput.Propose(Block(2, 1, 2) with { Configuration = first }));
        Assert.Single(replica.Configurations);
        replica.Step(new ReplicaInput.Propose(Block(2, 3, 5) with { Configuration = next }));
        Stored(replica, 1);
        Assert.Equal(2, replica.Configurations.Count);
        Stored(replica, 2);
        Assert.Equal([next], replica.Configurations);
    }

    [Fact]
    public void A_candidate_needs_a_majority_of_the_configuration_that_is_not_committed_too()
    {
        Replica replica = Primary();
        replica.Step(new ReplicaInput.Propose(Block(2, 1, 2) with { Configuration = Pair(2) }));
        replica.Step(new ReplicaInput.GiveUp());
        for (int tick = 0; tick < 100; tick++) replica.Step(new ReplicaInput.Tick());
        Assert.Equal(ReplicaRole.PreCandidate, replica.Role);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(5)]
    public void A_configuration_counts_from_a_seqno_of_its_own_block(ulong from)
    {
        Replica replica = Primary();
        replica.Step(new ReplicaInput.Propose(Block(2, 1, 2)));
        Assert.Throws<InvariantException>(
            () => replica.Step(new ReplicaInput.Propose(Block(2, 3, 4) with { Configuration = Pair(from) })));
    }

    [Fact]
    public void A_replica_that_starts_at_the_end_of_a_ledger_goes_on_in_a_later_view()
    {
        Replica replica = new(
            Self, Configuration.Of(new SeqNo(1), Self), new ReplicaOptions(), new View(5), Id(4, 17));
        replica.Step(new ReplicaInput.Tick());
        Assert.Equal((new View(6), Id(4, 17), new SeqNo(17)), (replica.View, replica.Committed, replica.Last));
        replica.Step(new ReplicaInput.Propose(Block(6, 18, 19)));
        Assert.Equal([new ReplicaEffect.Committed(Id(6, 19))], Stored(replica, 1));
    }

    [Fact]
    public void A_configuration_without_voters_cannot_be_built() =>
        Assert.Throws<ArgumentException>(() => new Configuration(new SeqNo(1), []));

    private static Replica Alone() =>
        new(Self, Configuration.Of(new SeqNo(1), Self), new ReplicaOptions(), Replica.BeforeFirstView);

    private static Replica Primary()
    {
        Replica replica = Alone();
        replica.Step(new ReplicaInput.Tick());
        return replica;
    }

    private static void BecomePrimaryAgain(Replica replica)
    {
        for (int tick = 0; replica.Role != ReplicaRole.Primary; tick++)
        {
            Assert.True(tick < 2 * new ReplicaOptions().ElectionTimeoutTicks, "no election within two timeouts");
            replica.Step(new ReplicaInput.Tick());
        }
    }

    private static Configuration Pair(ulong from) => new(new SeqNo(from), ImmutableSortedSet.Create(Self, Other));

    private static TxId Id(ulong view, ulong seqNo) => new(new View(view), new SeqNo(seqNo));

    private static BlockInfo Block(ulong view, ulong first, ulong last) =>
        new(new View(view), new SeqNo(first), new SeqNo(last), Digest.Of([(byte)last]), null);

    // The first block that was proposed has number 1.
    private static ReplicaEffect[] Stored(Replica replica, ulong number) =>
        [.. replica.Step(new ReplicaInput.Stored(number)).All];

    private static ProposalRefusal Refusal(Replica replica, BlockInfo block) =>
        Assert.IsType<ReplicaEffect.Refused>(Assert.Single(replica.Step(new ReplicaInput.Propose(block)).All)).Reason;
}
