using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;
using static Curia.Tests.Consensus.Given;

namespace Curia.Tests.Consensus;

/// <summary>The rules of the Raft paper (Ongaro, Ousterhout 2014) by its sections, in its order. The list of cases is
/// that of the tests of etcd-io/raft.</summary>
public sealed class RaftPaperTests
{
    // Section 5.1.
    [Theory]
    [InlineData(ReplicaRole.Backup)]
    [InlineData(ReplicaRole.Candidate)]
    [InlineData(ReplicaRole.Primary)]
    public void A_newer_view_is_adopted_and_makes_a_backup(ReplicaRole role)
    {
        OneReplica replica = role == ReplicaRole.Primary ? OneReplica.Primary(3) : new OneReplica(1, First(3));
        if (role == ReplicaRole.Candidate) replica.Tick(Timeout);
        Assert.Equal(role, replica.Role);
        replica.Receive(2, Append(7, TxId.Zero));
        Assert.Equal(
            (ReplicaRole.Backup, View(7), (NodeId?)Id(2)),
            (replica.Role, replica.Replica.View, replica.Replica.Primary));
    }

    // Section 5.1.
    [Fact]
    public void What_comes_from_an_older_view_is_refused_and_changes_nothing()
    {
        OneReplica replica = OneReplica.Backup(3, 4, Log(2, 4));
        string before = replica.State;
        Assert.Equal(View(4), Assert.IsType<ReplicaMessage.NotAppended>(
            replica.Answer(3, Append(3, At(2, 1), Block(3, 2, 2)))).View);
        Assert.Equal(Vote(4, isGranted: false), replica.Answer(3, VoteRequest(3, At(3, 9))));
        OneReplica.AssertIgnored(replica.Receive(3, Vote(3)), MessageRefusal.StaleView);
        OneReplica.AssertIgnored(replica.Receive(3, Appended(3, At(2, 1))), MessageRefusal.StaleView);
        OneReplica.AssertIgnored(replica.Receive(3, new ReplicaMessage.HandOver(View(3))), MessageRefusal.StaleView);
        Assert.Equal(before, replica.State);
    }

    // Section 5.2.
    [Fact]
    public void A_replica_starts_as_a_backup() =>
        Assert.Equal(ReplicaRole.Backup, new OneReplica(1, First(3)).Role);

    // Section 5.2.
    [Fact]
    public void A_primary_sends_heartbeats_to_all_others()
    {
        OneReplica primary = new(1, First(3), Options with { HeartbeatTicks = 3 });
        primary.Tick(Timeout);
        primary.Receive(2, Vote(2));
        Assert.Empty(primary.Tick(2));
        IReadOnlyList<(NodeId To, ReplicaMessage.Append Message)> sent =
            OneReplica.Sent<ReplicaMessage.Append>(primary.Tick(1));
        Assert.Equal([.. new[] { Id(2), Id(3) }.Order()], sent.Select(one => one.To));
        Assert.All(sent, one => Assert.Empty(one.Message.Blocks));
    }

    // Sections 5.2 and 5.4.1.
    [Theory]
    [InlineData(ReplicaRole.Backup)]
    [InlineData(ReplicaRole.Candidate)]
    public void Who_hears_no_primary_stands_in_the_next_view_and_asks_all_others(ReplicaRole role)
    {
        OneReplica replica = OneReplica.Backup(3, 2, Log(2, 2));
        if (role == ReplicaRole.Candidate) replica.Tick(Timeout);
        Assert.Equal(role, replica.Role);
        ulong view = replica.Replica.View.Value;
        Assert.Empty(replica.Tick(Timeout - 1));
        IReadOnlyList<ReplicaEffect> effects = replica.Tick(1);
        Assert.Equal((ReplicaRole.Candidate, View(view + 1)), (replica.Role, replica.Replica.View));
        IReadOnlyList<(NodeId To, ReplicaMessage.VoteRequest Message)> asked =
            OneReplica.Sent<ReplicaMessage.VoteRequest>(effects);
        Assert.Equal([.. new[] { Id(2), Id(3) }.Order()], asked.Select(one => one.To).Order());
        Assert.All(asked, one => Assert.Equal(VoteRequest(view + 1, At(2, 2)), one.Message));

        // It has voted for itself.
        Assert.Equal(Vote(view + 1, isGranted: false), replica.Answer(3, VoteRequest(view + 1, At(2, 2))));
    }

    // Section 5.2: granted by the first digits, refused by the others that are there.
    [Theory]
    [InlineData(1, "", "", true)]
    [InlineData(3, "23", "", true)]
    [InlineData(3, "2", "3", true)]
    [InlineData(5, "2345", "", true)]
    [InlineData(5, "23", "45", true)]
    [InlineData(5, "24", "", true)]
    [InlineData(3, "", "23", false)]
    [InlineData(5, "2", "345", false)]
    [InlineData(3, "", "", false)]
    [InlineData(5, "2", "34", false)]
    [InlineData(4, "2", "", false)]
    public void An_election_takes_the_votes_of_more_than_half(int voters, string yes, string no, bool isElected)
    {
        OneReplica replica = new(1, First(voters));
        replica.Tick(voters == 1 ? 1 : Timeout);
        foreach (char voter in yes) replica.Receive(voter - '0', Vote(2));
        foreach (char voter in no) replica.Receive(voter - '0', Vote(2, isGranted: false));
        Assert.Equal(isElected ? ReplicaRole.Primary : ReplicaRole.Candidate, replica.Role);
    }

    // Section 5.2.
    [Theory]
    [InlineData(0, 2, true)]
    [InlineData(0, 3, true)]
    [InlineData(2, 2, true)]
    [InlineData(3, 3, true)]
    [InlineData(2, 3, false)]
    [InlineData(3, 2, false)]
    public void A_node_votes_for_one_candidate_in_a_view(int votedBefore, int candidate, bool isGranted)
    {
        OneReplica replica = new(1, First(3));
        if (votedBefore > 0) replica.Receive(votedBefore, VoteRequest(2, TxId.Zero));
        Assert.Equal(Vote(2, isGranted), replica.Answer(candidate, VoteRequest(2, TxId.Zero)));
    }

    // Section 5.2.
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void A_candidate_that_hears_a_primary_follows_it(ulong view)
    {
        OneReplica replica = new(1, First(3));
        replica.Tick(Timeout);
        replica.Receive(3, Append(view, TxId.Zero));
        Assert.Equal(
            (ReplicaRole.Backup, View(view), (NodeId?)Id(3)),
            (replica.Role, replica.Replica.View, replica.Replica.Primary));
    }

    // Section 5.2.
    [Theory]
    [InlineData(ReplicaRole.Backup)]
    [InlineData(ReplicaRole.Candidate)]
    public void Election_timeouts_are_spread_from_one_to_two_times_the_timeout(ReplicaRole role)
    {
        SortedSet<int> timeouts = [];
        for (ulong seed = 0; seed < 200; seed++) timeouts.Add(TicksToCandidacy(seed, role));
        Assert.Equal(Enumerable.Range(Timeout, Timeout), timeouts);
    }

    // Section 5.2: five nodes, of which two rarely stand in the same tick.
    [Fact]
    public void Timeouts_rarely_end_together()
    {
        int together = 0;
        for (ulong round = 0; round < 200; round++)
        {
            int[] timeouts = [.. Enumerable.Range(0, 5).Select(
                node => TicksToCandidacy(round * 5 + (ulong)node, ReplicaRole.Backup))];
            if (timeouts.Count(ticks => ticks == timeouts.Min()) > 1) together++;
        }

        Assert.InRange(together, 0, 80);
    }

    private static int TicksToCandidacy(ulong seed, ReplicaRole from)
    {
        OneReplica replica = new(1, First(3), Options with { ElectionSpreadTicks = null, Seed = seed });
        while (from == ReplicaRole.Candidate && replica.Role != from) replica.Tick(1);
        View before = replica.Replica.View;
        int ticks = 0;
        for (; replica.Replica.View == before; ticks++) replica.Tick(1);
        return ticks;
    }

    // Section 5.3.
    [Fact]
    public void A_primary_stores_a_block_and_sends_it_to_all_with_what_comes_before_it()
    {
        OneReplica primary = OneReplica.Primary(3, 3, Log(2, 2));
        BlockInfo block = Block(3, 3, 5);
        IReadOnlyList<ReplicaEffect> effects = primary.Propose(block);
        Assert.Equal(block, Assert.Single(effects.OfType<ReplicaEffect.Store>()).Block);
        IReadOnlyList<(NodeId To, ReplicaMessage.Append Message)> sent =
            OneReplica.Sent<ReplicaMessage.Append>(effects);
        Assert.Equal([.. new[] { Id(2), Id(3) }.Order()], sent.Select(one => one.To));
        Assert.All(sent, one => Assert.Equal((At(2, 2), block), (one.Message.Previous, one.Message.Blocks.Single())));
    }

    // Section 5.3.
    [Fact]
    public void A_primary_commits_what_a_majority_stored_and_says_so_with_its_next_message()
    {
        OneReplica primary = OneReplica.Primary(3);
        primary.Propose(Block(2, 1, 2));
        Assert.Equal(TxId.Zero, primary.Replica.Committed);
        Assert.Contains(new ReplicaEffect.Committed(At(2, 2)), primary.Receive(2, Appended(2, At(2, 2))));
        Assert.All(
            OneReplica.Sent<ReplicaMessage.Append>(primary.Tick(1)),
            one => Assert.Equal(At(2, 2), one.Message.Committed));
    }

    // Section 5.3: acknowledged by these nodes beside the primary.
    [Theory]
    [InlineData(1, "", true)]
    [InlineData(3, "", false)]
    [InlineData(3, "2", true)]
    [InlineData(3, "23", true)]
    [InlineData(5, "", false)]
    [InlineData(5, "2", false)]
    [InlineData(5, "23", true)]
    [InlineData(5, "234", true)]
    [InlineData(5, "2345", true)]
    [InlineData(4, "2", false)]
    [InlineData(4, "24", true)]
    public void A_block_commits_when_more_than_half_have_stored_it(int voters, string acknowledged, bool isCommitted)
    {
        OneReplica primary = OneReplica.Primary(voters);
        primary.Propose(Block(2, 1, 2));
        foreach (char node in acknowledged) primary.Receive(node - '0', Appended(2, At(2, 2)));
        Assert.Equal(isCommitted ? At(2, 2) : TxId.Zero, primary.Replica.Committed);
    }

    // Section 5.3.
    [Theory]
    [InlineData()]
    [InlineData(2UL)]
    [InlineData(1UL, 2UL)]
    [InlineData(1UL, 1UL, 2UL)]
    public void With_a_block_all_older_ones_commit_in_order(params ulong[] views)
    {
        BlockInfo[] log = Log(views);
        OneReplica primary = OneReplica.Primary(3, 3, log);
        BlockInfo block = Block(3, (ulong)log.Length + 1, (ulong)log.Length + 1);
        primary.Propose(block);
        Assert.Equal(
            [.. log.Append(block).Select(one => new ReplicaEffect.Committed(one.LastTxId))],
            primary.Receive(2, Appended(3, block.LastTxId)).OfType<ReplicaEffect.Committed>());
    }

    // Section 5.3.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_backup_commits_what_the_primary_says_in_order(ulong committed)
    {
        OneReplica backup = new(1, First(3));
        Assert.Equal(
            [.. Log(2, 2, 2).Take((int)committed).Select(one => new ReplicaEffect.Committed(one.LastTxId))],
            backup.Receive(2, Append(2, TxId.Zero, Log(2, 2, 2)) with { Committed = At(2, committed) })
                .OfType<ReplicaEffect.Committed>());
    }

    // Section 5.3: the log of the backup ends with 2.1, 3.2.
    [Theory]
    [InlineData(0, 0, true)]
    [InlineData(2, 1, true)]
    [InlineData(3, 2, true)]
    [InlineData(2, 2, false)]
    [InlineData(4, 3, false)]
    [InlineData(3, 1, false)]
    public void A_backup_takes_what_follows_on_a_block_that_it_has(ulong view, ulong seqNo, bool isTaken)
    {
        OneReplica backup = OneReplica.Backup(3, 3, Log(2, 3));
        ReplicaMessage answer = backup.Answer(3, Append(5, At(view, seqNo)));
        if (isTaken) Assert.Equal(Appended(5, At(view, seqNo)), answer);
        else Assert.Equal(At(view, seqNo), Assert.IsType<ReplicaMessage.NotAppended>(answer).Refused);
    }

    // Section 5.3: the log is 2.1, 3.2, 4.3; a primary of view 5 sends this after a place.
    [Theory]
    [InlineData(4, 3, new ulong[] { 5 }, new ulong[] { 2, 3, 4, 5 })]
    [InlineData(2, 1, new ulong[] { 4, 5 }, new ulong[] { 2, 4, 5 })]
    [InlineData(0, 0, new ulong[] { 2 }, new ulong[] { 2, 3, 4 })]
    [InlineData(0, 0, new ulong[] { 4 }, new ulong[] { 4 })]
    [InlineData(3, 2, new ulong[] { 4 }, new ulong[] { 2, 3, 4 })]
    [InlineData(0, 0, new ulong[] { 2, 3, 5, 5 }, new ulong[] { 2, 3, 5, 5 })]
    public void A_backup_takes_back_what_contradicts_and_nothing_else(
        ulong view, ulong seqNo, ulong[] sent, ulong[] expected)
    {
        OneReplica backup = OneReplica.Backup(3, 4, Log(2, 3, 4));
        BlockInfo[] blocks = [.. sent.Select((of, index) =>
            Block(of, seqNo + (ulong)index + 1, seqNo + (ulong)index + 1))];
        backup.Receive(3, Append(5, At(view, seqNo), blocks));
        AssertLog(expected, backup);
    }

    // Section 5.3, figure 7: the primary of view 8 and each of the six backups (a) to (f).
    [Theory]
    [InlineData(1, 1, 1, 4, 4, 5, 5, 6, 6)]
    [InlineData(1, 1, 1, 4)]
    [InlineData(1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6)]
    [InlineData(1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7)]
    [InlineData(1, 1, 1, 4, 4, 4, 4)]
    [InlineData(1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3)]
    public void A_primary_brings_any_log_into_line_with_its_own(params int[] views)
    {
        ReplicaGroup group = new(3);
        ulong[] primary = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6];
        group[1].Receive(3, Append(7, TxId.Zero, Log(primary)));
        group[2].Receive(3, Append(7, TxId.Zero, Log([.. views.Select(view => (ulong)view)])));
        group[1].Tick(Timeout);
        group[1].Receive(3, Vote(8));
        Assert.Equal(ReplicaRole.Primary, group[1].Role);
        group.Step(1, new ReplicaInput.Propose(Block(8, 11, 11)));
        group.Settle();
        group.Tick(1);
        AssertLog([.. primary, 8], group[2]);
        Assert.Equal(new SeqNo(11), group[1].Replica.MatchedOf(Id(2)));
    }

    // Section 5.4.1: own log, last block of the candidate, whether it gets the vote.
    [Theory]
    [InlineData(new ulong[] { 2 }, 2, 1, true)]
    [InlineData(new ulong[] { 2 }, 2, 2, true)]
    [InlineData(new ulong[] { 2, 2 }, 2, 1, false)]
    [InlineData(new ulong[] { 2 }, 3, 1, true)]
    [InlineData(new ulong[] { 2 }, 3, 2, true)]
    [InlineData(new ulong[] { 2, 2 }, 3, 1, true)]
    [InlineData(new ulong[] { 3 }, 2, 1, false)]
    [InlineData(new ulong[] { 3 }, 2, 2, false)]
    [InlineData(new ulong[] { 2, 3 }, 2, 9, false)]
    public void A_vote_goes_to_a_log_that_is_not_older_by_its_last_block(
        ulong[] own, ulong view, ulong seqNo, bool isGranted)
    {
        OneReplica voter = OneReplica.Backup(3, 4, Log(own));
        Assert.Equal(Vote(5, isGranted), voter.Answer(3, VoteRequest(5, At(view, seqNo))));
    }

    // Section 5.4.2 and figure 8: acknowledged up to here, committed up to there; the log is 2.1, 3.2 and 4.3 of the
    // primary's own view.
    [Theory]
    [InlineData(2, 1, 0)]
    [InlineData(3, 2, 0)]
    [InlineData(4, 3, 3)]
    public void Only_a_block_of_its_own_view_is_committed_by_counting(ulong view, ulong seqNo, ulong committed)
    {
        OneReplica primary = OneReplica.Primary(3, 4, Log(2, 3));
        primary.Propose(Block(4, 3, 3));
        primary.Receive(2, Appended(4, At(view, seqNo)));
        Assert.Equal(new SeqNo(committed), primary.Replica.Committed.SeqNo);
    }

    private static void AssertLog(ulong[] views, OneReplica replica)
    {
        // A log is seen from the door by its end and by what it agrees to follow on.
        OneReplica fresh = OneReplica.Backup(3, views[^1], Log(views));
        Assert.Equal(LogPart(fresh.State), LogPart(replica.State));
    }

    private static string LogPart(string state) => state.Split(' ').Single(part => part.StartsWith("log"));
}
