using System;
using System.Linq;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>A request that is sent again with its key is answered as the first one was, on each node and across
/// elections (docs/http.md, "Several nodes").</summary>
public sealed class IdempotencyTests
{
    [Fact]
    public void A_repeat_gets_the_first_place_and_writes_nothing()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member primary = network.Primary;
        (TxId? first, _) = primary.WriteOnce("a", "1", "key");
        network.Run(20);
        TxId last = primary.Node.View.Last;
        Assert.Equal((first, null), primary.WriteOnce("a", "1", "key"));
        Assert.Equal(last, primary.Node.View.Last);
        Assert.NotEqual(first, primary.WriteOnce("a", "1", "another-key").TxId);
    }

    [Fact]
    public void After_an_election_the_new_primary_gives_the_first_place_too()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member old = network.Primary;
        (TxId? first, _) = old.WriteOnce("a", "1", "key");
        network.Run(20);
        network.Primary.Write("a", "2");
        network.Run(20);
        old.IsDead = true;
        network.Run(400);
        Assert.NotSame(old, network.Primary);
        Assert.Equal((first, null), network.Primary.WriteOnce("a", "1", "key"));
        Assert.Equal("2", network.Primary.Read("a"));
    }

    // What an election took away has not happened: the repeat does it, at a place of its own.
    [Fact]
    public void A_repeat_of_what_an_election_took_away_is_done()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member old = network.Primary;
        network.Cut(old);
        (TxId? lost, _) = old.WriteOnce("a", "1", "key");
        network.Run(400);
        TestNetwork.Member next = network.Alive.Where(node => node != old)
            .Single(node => node.Node.View.IsPrimary);
        (TxId? done, _) = next.WriteOnce("a", "1", "key");
        Assert.NotEqual(lost, done);
        network.Heal();
        network.Run(400);
        Assert.Equal("Invalid", network.Primary.StatusOf(lost!.Value));
        Assert.Equal((done, null), network.Primary.WriteOnce("a", "1", "key"));
        Assert.Equal("1", network.Primary.Read("a"));
    }

    // A host that moves its clock would have requests done twice.
    [Fact]
    public void A_reply_ages_by_time_and_by_what_came_after_it()
    {
        using TestNetwork network = TestNetwork.Of(1);
        TestNetwork.Member node = network.Primary;
        (TxId? first, _) = node.WriteOnce("a", "1", "key");
        network.Run(2);
        for (int writes = 0; writes < 10_000; writes++)
        {
            if (writes % 100 == 0) network.Run(2);
            node.Write("b", $"{writes}");
            if (writes != 5_000) continue;
            network.Jump(TimeSpan.FromDays(2)); // users are known for longer
            network.Run(2);
            Assert.Null(node.WriteOnce("c", "1", "after-the-jump").Refusal);
            network.Run(2);
            Assert.Equal((first, null), node.WriteOnce("a", "1", "key"));
        }

        network.Run(2);
        Assert.Null(node.WriteOnce("c", "2", "another-one").Refusal); // lets the oldest go
        network.Run(2);
        Assert.NotEqual(first, node.WriteOnce("a", "1", "key").TxId);
    }

    [Fact]
    public void A_key_is_for_one_request()
    {
        using TestNetwork network = TestNetwork.Of(1);
        network.Primary.WriteOnce("a", "1", "key");
        network.Run(20);
        Assert.Equal((null, "IdempotencyKeyReused"), network.Primary.WriteOnce("a", "2", "key"));
        Assert.Equal((null, "IdempotencyKeyReused"), network.Primary.WriteOnce("b", "1", "key"));
        Assert.Equal("1", network.Primary.Read("a"));
    }
}
