using System.Linq;
using Curia.Consensus;
using Curia.Endpoints;
using Curia.Governance;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

public sealed class NetworkTests
{
    [Fact]
    public void A_node_that_joins_is_given_a_vote_and_the_secrets_and_serves_the_state()
    {
        using TestNetwork network = new();
        network.Primary.Write("before", "1");
        network.Run(1);
        TestNetwork.Member joiner = network.Join();
        network.Primary.Write("after", "2");
        network.Run(100);
        Assert.True(joiner.IsOpen);
        Assert.Equal(2, network.Primary.Node.View.Configurations[^1].Voters.Count);
        Assert.Equal(("1", "2"), (joiner.Read("before"), joiner.Read("after")));
        Assert.Equal(network.Primary.Node.View.Committed, joiner.Node.View.Committed);
    }

    // DESIGN 6, "Secrets": until its admission has committed a node stores and acknowledges blocks unopened.
    [Fact]
    public void A_node_hears_no_secret_before_its_admission_has_committed()
    {
        using TestNetwork network = TestNetwork.Of(2);
        int before = network.SecretsSent.Count;
        network.Cut(network.Nodes[1]);
        TestNetwork.Member joiner = network.Join();
        network.Run(20);
        Assert.Equal(NodeRecord.Pending, network.StatusOf(joiner)); // and not committed
        network.Nodes[0].Step(new Input.Message(joiner.Id, new PeerMessage.AskForSecrets()));
        Assert.Equal(before, network.SecretsSent.Count);
        network.Heal();
        network.Run(300);
        Assert.Equal(NodeRecord.Trusted, network.StatusOf(joiner));
        Assert.Equal([joiner.Id], network.SecretsSent.Skip(before).Distinct());
        Assert.True(joiner.IsOpen);
    }

    [Fact]
    public void A_new_primary_goes_on_with_everything_that_was_committed()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member old = network.Primary;
        TxId written = old.Write("a", "1");
        network.Run(20);
        old.IsDead = true;
        network.Run(400);
        TestNetwork.Member next = network.Primary;
        Assert.NotSame(old, next);
        Assert.Equal("1", next.Read("a"));
        Assert.Equal("Committed", next.StatusOf(written));
        TxId after = next.Write("a", "2");
        network.Run(20);
        Assert.All(network.Alive, node => Assert.Equal("2", node.Read("a")));
        Assert.All(network.Alive, node => Assert.Equal("Committed", node.StatusOf(after)));
    }

    // DESIGN 4: a primary that loses its role drops its open block; what it sealed and nobody else has goes too.
    [Fact]
    public void What_only_a_deposed_primary_had_becomes_invalid_and_its_clients_are_told()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member old = network.Primary;
        network.Cut(old);
        long sealedTicket = old.Submit("a", "sealed");
        long openTicket = old.Submit("a", "open");
        TxId lost = Assert.IsType<Answer.Ordered>(old.Answers[sealedTicket][0]).TxId;
        TxId dropped = Assert.IsType<Answer.Ordered>(old.Answers[openTicket][0]).TxId;
        network.Run(400);
        Assert.Equal(ReplicaRole.PreCandidate, old.Node.View.Role);
        Assert.Equal(new Answer.Finished(dropped, TransactionStatus.Invalid), old.Answers[openTicket][1]);
        Assert.Single(old.Answers[sealedTicket]); // it may yet come back
        network.Primary.Write("a", "won");
        network.Heal();
        network.Run(50);
        Assert.Equal(new Answer.Finished(lost, TransactionStatus.Invalid), old.Answers[sealedTicket][1]);
        Assert.All(network.Nodes, node => Assert.Equal("won", node.Read("a")));
        Assert.All(network.Nodes, node => Assert.Equal("Invalid", node.StatusOf(lost)));
        Assert.All(network.Nodes, node => Assert.Equal("Invalid", node.StatusOf(dropped)));
        Assert.Equal(network.Primary.Disk.Count, old.Disk.Count);
    }

    [Fact]
    public void A_node_that_comes_back_from_a_partition_does_not_depose_a_healthy_primary()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member away = network.Nodes.Last(node => node != network.Primary);
        View view = network.Primary.Node.View.View;
        network.Cut(away);
        network.Run(500);
        network.Primary.Write("a", "1");
        network.Heal();
        network.Run(50);
        Assert.Equal(view, network.Primary.Node.View.View);
        Assert.Equal("1", away.Read("a"));
    }

    // DESIGN 4, "Reconfiguration": retirement ends with a second transaction.
    [Fact]
    public void A_node_that_is_retired_learns_of_it_and_the_others_go_on()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member leaving = network.Nodes.Last(node => node != network.Primary);
        network.Primary.Ask(network.Retire(leaving));
        network.Run(100);
        Assert.Equal(ReplicaRole.Retired, leaving.Node.View.Role);
        Assert.Equal(2, network.Primary.Node.View.Configurations[^1].Voters.Count);
        Assert.Empty(network.Primary.Node.View.Configurations[^1].Learners);
        network.Primary.Write("a", "1");
        network.Run(10);
        Assert.Equal(network.Primary.Node.View.Last, network.Primary.Node.View.Committed);

        // What it would tell of the state was true when it left.
        foreach (string path in (string[])["/app/names/a", "/app/tx?transaction_id=2.2", "/node/ready/app"])
        {
            Response refused = Assert.IsType<Execution.Answered>(leaving.Execute("GET", path)).Response;
            Assert.Equal(503, refused.Status);
            Assert.Contains("NodeRetired", System.Text.Encoding.UTF8.GetString(refused.Body.Span));
        }

        Assert.Equal(
            200, Assert.IsType<Execution.Answered>(leaving.Execute("GET", "/node/state")).Response.Status);
    }

    // The machine may go when the second transaction has committed: until then the others may need it.
    [Fact]
    public void A_node_is_removable_when_its_retirement_is_over()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member leaving = network.Nodes.Last(node => node != network.Primary);
        Assert.Empty(network.Primary.Removable());
        foreach (TestNetwork.Member node in network.Alive) node.IsDiskStill = true;
        network.Primary.Ask(network.Retire(leaving));
        network.Run(5);
        Assert.Equal(NodeRecord.Retired, network.StatusOf(leaving));
        Assert.Empty(network.Primary.Removable());
        foreach (TestNetwork.Member node in network.Alive) node.IsDiskStill = false;
        network.Run(100);
        Assert.All(network.Alive.Where(node => node != leaving),
            node => Assert.Equal([leaving.Id.ToString()], node.Removable()));
    }

    [Fact]
    public void A_primary_that_is_retired_hands_over_when_the_second_transaction_has_committed()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member leaving = network.Primary;
        leaving.Ask(network.Retire(leaving));
        network.Run(100);
        Assert.Equal(ReplicaRole.Retired, leaving.Node.View.Role);
        TestNetwork.Member next = network.Primary;
        Assert.NotSame(leaving, next);
        next.Write("a", "1");
        network.Run(10);
        Assert.Equal(next.Node.View.Last, next.Node.View.Committed);
    }

    [Fact]
    public void A_planned_stop_hands_over_without_an_election_timeout()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member leaving = network.Primary;
        leaving.Write("a", "1");
        leaving.Step(new Input.Drain());
        network.Run(5);
        TestNetwork.Member next = network.Primary;
        Assert.NotSame(leaving, next);
        Assert.Equal("1", next.Read("a"));
        Assert.True(leaving.Node.View.MayEnd);
    }

    [Fact]
    public void All_nodes_can_be_replaced_one_after_the_other()
    {
        using TestNetwork network = TestNetwork.Of(3);
        for (int round = 0; round < 3; round++)
        {
            TestNetwork.Member oldest = network.Alive[0];
            network.Primary.Write($"key{round}", $"{round}");
            network.Join();
            network.Run(150);
            network.Primary.Ask(network.Retire(oldest));
            network.Run(300);
            oldest.IsDead = true;
        }

        network.Run(300);
        Assert.Equal(3, network.Primary.Node.View.Configurations[^1].Voters.Count);
        Assert.All(network.Alive, node => Assert.Equal("0", node.Read("key0")));
        Assert.All(network.Alive, node => Assert.Equal("2", node.Read("key2")));
    }

    [Fact]
    public void A_learner_receives_and_serves_and_never_votes()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member learner = network.Join(NodeRequest.Learner);
        network.Run(100);
        network.Primary.Write("a", "1");
        network.Run(20);
        Assert.True(learner.IsOpen);
        Assert.Equal("1", learner.Read("a"));
        Configuration newest = network.Primary.Node.View.Configurations[^1];
        Assert.Equal((3, 1), (newest.Voters.Count, newest.Learners.Count));
    }

    // What History no longer holds is null, and so read from disk; it once was sent as no bytes at all. What the
    // primary does not remember is recalled from its ledger.
    [Theory]
    [InlineData(5, 16_384)]
    [InlineData(100, 2)]
    public void A_node_that_was_away_gets_blocks_that_are_only_on_disk(int writes, int remembered)
    {
        using TestNetwork network = TestNetwork.Of(
            3, new NodeLimits { HistoryBytesMax = 1, BlocksRememberedMax = remembered });
        TestNetwork.Member away = network.Nodes.Last(node => node != network.Primary);
        network.Cut(away);
        for (int write = 0; write < writes; write++)
        {
            network.Primary.Write($"key{write}", $"{write}");
            network.Run(2);
        }

        network.Heal();
        network.Run(200);
        Assert.Equal("0", away.Read("key0"));
        Assert.Equal($"{writes - 1}", away.Read($"key{writes - 1}"));
        Assert.Equal(network.Primary.Node.View.Committed, away.Node.View.Committed);
    }

    // The first blocks that a new primary commits can be of the view before its own.
    [Fact]
    public void A_new_primary_makes_a_snapshot_of_a_block_of_an_older_view()
    {
        using TestNetwork network = TestNetwork.Of(3, new NodeLimits { SnapshotInterval = 1 });
        TestNetwork.Member old = network.Primary;
        network.Deafen(old);
        TxId written = old.Write("a", "1");
        network.Run(2);
        Assert.True(old.Node.View.Committed < written);
        old.IsDead = true;
        network.Run(400);
        Assert.Equal("Committed", network.Primary.StatusOf(written));
    }

    [Fact]
    public void What_a_client_was_told_of_a_dropped_transaction_is_told_to_others_too()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member old = network.Primary;
        network.Cut(old);
        TxId pending = old.Write("a", "sealed");
        long ticket = old.Submit("a", "open");
        TxId dropped = Assert.IsType<Answer.Ordered>(old.Answers[ticket][0]).TxId;
        network.Run(400);
        Assert.Equal(new Answer.Finished(dropped, TransactionStatus.Invalid), old.Answers[ticket][1]);
        Assert.Equal("Invalid", old.StatusOf(dropped));
        Assert.Equal("Pending", old.StatusOf(pending));
    }

    // Who led last may be gone, and what a node that cannot stand has stored may keep the others from being elected.
    [Fact]
    public void A_node_asks_others_for_secrets_when_the_primary_does_not_answer()
    {
        using TestNetwork network = TestNetwork.Of(2);
        network.Primary.HearsNoQuestions = true;
        TestNetwork.Member joiner = network.Join();
        network.Run(300);
        Assert.Equal(NodeRecord.Trusted, network.StatusOf(joiner));
        Assert.True(joiner.IsOpen);
    }

    // Else those that can lead might end first, and leave a majority that cannot.
    [Fact]
    public void A_node_gets_its_vote_when_it_can_open_the_ledger()
    {
        using TestNetwork network = TestNetwork.Of(2);
        foreach (TestNetwork.Member node in network.Nodes) node.HearsNoQuestions = true;
        TestNetwork.Member joiner = network.Join();
        network.Run(300);
        Assert.Equal(network.Primary.Node.View.Committed, joiner.Node.View.Committed);
        Assert.False(joiner.IsOpen);
        Assert.Equal(NodeRecord.Pending, network.StatusOf(joiner));
        foreach (TestNetwork.Member node in network.Nodes) node.HearsNoQuestions = false;
        network.Run(300);
        Assert.True(joiner.IsOpen);
        Assert.Equal(NodeRecord.Trusted, network.StatusOf(joiner));
    }

    // It goes on telling until it votes, whoever leads by then.
    [Fact]
    public void A_node_that_can_open_the_ledger_gets_its_vote_from_the_next_primary()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member old = network.Primary;
        foreach (TestNetwork.Member node in network.Nodes) node.HearsNoQuestions = true;
        TestNetwork.Member joiner = network.Join();
        network.Run(200);
        Assert.Equal(NodeRecord.Pending, network.StatusOf(joiner));
        foreach (TestNetwork.Member node in network.Nodes) node.HearsNoQuestions = false;
        old.IsDead = true;
        network.Run(600);
        Assert.NotSame(old, network.Primary);
        Assert.True(joiner.IsOpen);
        Assert.Equal(NodeRecord.Trusted, network.StatusOf(joiner));
    }

    [Fact]
    public void Nobody_gets_a_vote_by_saying_that_it_can_open_the_ledger()
    {
        using TestNetwork network = TestNetwork.Of(2);
        TestNetwork.Member joiner = network.Join(NodeRequest.Learner);
        network.Run(200);
        Assert.True(joiner.IsOpen);
        NodeId stranger = new(Digest.Of("stranger"u8));
        network.Primary.Step(new Input.Message(joiner.Id, new PeerMessage.CanOpen()));
        network.Primary.Step(new Input.Message(stranger, new PeerMessage.CanOpen()));
        network.Run(200);
        Assert.Equal(NodeRecord.Learner, network.StatusOf(joiner));
        Assert.Equal(
            1, network.Primary.Node.View.Counters.MessagesIgnored[IgnoredMessages.NotTrusted]);
    }
}
