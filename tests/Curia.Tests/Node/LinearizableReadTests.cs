using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>DESIGN 4: a linearisable read runs on the newest state of the primary, and is answered when a round begun
/// after the request has confirmed the primary and what was read has committed.</summary>
public sealed class LinearizableReadTests
{
    [Fact]
    public void A_read_is_answered_when_a_round_has_confirmed_the_primary()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TxId written = network.Primary.Write("a", "1");
        network.Run(2);
        long ticket = network.Primary.AskForNewest("a", out string? value);
        Assert.Null(network.Primary.Told(ticket));
        network.Deliver();
        Answer.Finished told = Assert.IsType<Answer.Finished>(network.Primary.Told(ticket));
        Assert.Equal((TransactionStatus.Committed, "1"), (told.Status, value));
        Assert.True(told.TxId >= written);
    }

    // That a name is not there is an answer like any other.
    [Fact]
    public void An_error_of_the_handler_is_confirmed_too()
    {
        using TestNetwork network = TestNetwork.Of(3);
        Execution.Unconfirmed read = network.Primary.ExecuteNewest("nobody");
        Assert.Equal(404, read.Response.Status);
        long ticket = network.Primary.Confirm(read);
        network.Deliver();
        Assert.IsType<Answer.Finished>(network.Primary.Told(ticket));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_primary_that_others_have_replaced_does_not_tell_what_it_reads(bool isCutOff)
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member old = ReplacedUnheard(network);
        if (isCutOff) network.Cut(old);
        long ticket = old.AskForNewest("a", out string? value);

        // What it has is old, and it does not know: without a round it would say so.
        Assert.Equal(("old", "old"), (value, old.Read("a")));
        Assert.Equal(ReplicaRole.Primary, old.Node.View.Role);
        Assert.Null(old.Told(ticket));
        network.Run(400);
        Assert.Same(Answer.NotConfirmed.Instance, old.Told(ticket));
        Assert.NotEqual(ReplicaRole.Primary, old.Node.View.Role);
        Assert.Equal(0, old.Node.View.Counters.WaitingReplies);
    }

    // Between its two views others have ordered.
    [Fact]
    public void What_was_read_in_an_older_view_is_not_confirmed_in_a_newer_one_of_the_same_primary()
    {
        using TestNetwork network = TestNetwork.Of(2);
        TestNetwork.Member first = network.Primary;
        first.Write("a", "old");
        network.Run(2);
        Execution.Unconfirmed read = first.ExecuteNewest("a");
        first.Step(new Input.Drain());
        network.Run(5);
        TestNetwork.Member second = network.Primary;
        Assert.NotSame(first, second);
        second.Write("a", "new");
        network.Run(2);
        second.Step(new Input.Drain());
        network.Run(5);
        Assert.Same(first, network.Primary);
        Assert.Equal("new", first.Read("a"));
        long ticket = first.Confirm(read);
        network.Run(5);
        Assert.Same(Answer.NotPrimary.Instance, first.Told(ticket));
    }

    // Rule L2: until a block of its own view has committed, it does not know what the one before has committed.
    [Fact]
    public void A_new_primary_answers_with_what_was_acknowledged_by_the_one_before()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member old = network.Primary;
        long written = old.Submit("a", "1");
        network.Run(2);
        Assert.IsType<Answer.Finished>(old.Told(written));
        old.IsDead = true;
        foreach (TestNetwork.Member other in network.Alive) other.IsDiskStill = true;
        network.Run(400);
        TestNetwork.Member next = network.Primary;
        Assert.True(next.Node.View.Committed.View < next.Node.View.View);
        long ticket = next.AskForNewest("a", out string? value);
        network.Run(5);
        Assert.Null(next.Told(ticket));
        foreach (TestNetwork.Member other in network.Alive) other.IsDiskStill = false;
        network.Run(5);
        Assert.IsType<Answer.Finished>(next.Told(ticket));
        Assert.Equal("1", value);
    }

    [Fact]
    public void A_read_waits_for_the_commit_of_what_it_has_read()
    {
        using TestNetwork network = new();
        TestNetwork.Member alone = network.Primary;
        alone.IsDiskStill = true;
        TxId written = alone.Write("a", "pending");
        long ticket = alone.AskForNewest("a", out string? value);
        network.Run(5);
        Assert.Equal("pending", value);
        Assert.Null(alone.Told(ticket));
        alone.IsDiskStill = false;
        network.Deliver();
        Assert.True(Assert.IsType<Answer.Finished>(alone.Told(ticket)).TxId >= written);
    }

    // A read of what an election takes away is not answered with it.
    [Fact]
    public void What_was_read_of_an_open_block_is_not_told_when_that_is_dropped()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member old = network.Primary;
        network.Cut(old);
        old.Write("a", "sealed");
        old.Write("a", "open");
        long ticket = old.AskForNewest("a", out string? value);
        network.Run(400);
        Assert.Equal("open", value);
        Assert.Same(Answer.NotConfirmed.Instance, old.Told(ticket));
    }

    [Fact]
    public void Reads_that_come_while_a_round_is_under_way_share_the_next_one()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member primary = network.Primary;
        primary.Write("a", "1");
        network.Run(2);
        long before = primary.Node.View.Counters.ReadRounds;
        List<long> tickets = [.. Enumerable.Range(0, 100).Select(_ => primary.AskForNewest("a", out string? _))];
        Assert.Equal(100, primary.Node.View.Counters.WaitingReplies);
        network.Deliver();
        Assert.All(tickets, ticket => Assert.IsType<Answer.Finished>(primary.Told(ticket)));
        Assert.Equal(2, primary.Node.View.Counters.ReadRounds - before);
        Assert.Equal(0, primary.Node.View.Counters.WaitingReplies);
    }

    // A message with a round may be lost; the next heartbeat asks again.
    [Fact]
    public void A_round_that_was_lost_on_the_way_is_answered_with_the_next_heartbeat()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member primary = network.Primary;
        network.Cut(primary);
        long ticket = primary.AskForNewest("a", out string? _);
        network.Deliver();
        network.Heal();
        Assert.Null(primary.Told(ticket));
        network.Run(20);
        Assert.IsType<Answer.Finished>(primary.Told(ticket));
    }

    [Fact]
    public void Who_leaves_waits_no_longer_and_too_many_are_refused()
    {
        using TestNetwork network = TestNetwork.Of(3, new NodeLimits { WaitingRepliesMax = 2 });
        TestNetwork.Member primary = network.Primary;
        network.Cut(primary);
        long inRound = primary.AskForNewest("a", out string? _);
        long next = primary.AskForNewest("a", out string? _);
        long third = primary.AskForNewest("a", out string? _);
        Assert.Equal("TooManyWaiting", Assert.IsType<Answer.Refused>(primary.Told(third)).Code);
        primary.Step(new Input.Forget(inRound));
        primary.Step(new Input.Forget(next));
        Assert.Equal(0, primary.Node.View.Counters.WaitingReplies);
        network.Heal();
        network.Run(20);
        Assert.Null(primary.Told(inRound));
        long ticket = primary.AskForNewest("a", out string? _);
        network.Deliver();
        Assert.IsType<Answer.Finished>(primary.Told(ticket));
    }

    [Fact]
    public void A_backup_hands_a_read_over_and_sends_a_client_to_the_primary_where_the_endpoint_says_so()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member backup = network.Alive.First(node => node != network.Primary);
        Execution.Elsewhere read = Assert.IsType<Execution.Elsewhere>(backup.Execute("GET", "/app/newest/a"));
        Assert.Null(read.Addresses);
        Execution.Elsewhere written = Assert.IsType<Execution.Elsewhere>(backup.Execute("DELETE", "/app/names/a"));
        Assert.Equal([$"127.0.0.1:800{network.Nodes.IndexOf(network.Primary)}"], written.Addresses);
        Assert.IsType<Execution.Proposed>(network.Primary.Execute("DELETE", "/app/names/a"));
    }

    [Fact]
    public void Without_a_primary_a_client_is_sent_nowhere()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member backup = network.Alive.First(node => node != network.Primary);
        network.Cut(backup);
        network.Run(400);
        Assert.Null(backup.Node.View.Primary);
        Execution.Answered refused = Assert.IsType<Execution.Answered>(backup.Execute("DELETE", "/app/names/a"));
        Assert.Equal(NodeResponses.NoPrimary, refused.Response);
        Assert.Contains(new KeyValuePair<string, string>("Retry-After", "1"), refused.Response.Headers);
    }

    // Another one has ordered while this one stood still, and it still takes itself for the primary.
    private static TestNetwork.Member ReplacedUnheard(TestNetwork network)
    {
        TestNetwork.Member old = network.Primary;
        old.Write("a", "old");
        network.Run(2);
        old.IsDead = true;
        network.Run(400);
        long written = network.Primary.Submit("a", "new");
        network.Run(2);
        Assert.Equal(
            TransactionStatus.Committed, Assert.IsType<Answer.Finished>(network.Primary.Told(written)).Status);
        old.IsDead = false;
        return old;
    }
}
