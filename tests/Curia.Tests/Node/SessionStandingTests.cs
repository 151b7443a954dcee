using System.Linq;
using Curia.Consensus;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>docs/http.md, "Several nodes": on one connection a client never sees a state without what it has seen
/// there. What a connection has seen is the shell's to remember; here is what a node says to it.</summary>
public sealed class SessionStandingTests
{
    [Fact]
    public void A_backup_is_behind_until_it_has_what_was_seen()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member backup = network.Alive.First(node => node != network.Primary);
        network.Cut(backup);
        TxId seen = network.Primary.Write("a", "1");
        network.Run(5);
        Assert.Equal(SessionStanding.Included, network.Primary.Node.View.StandingOf(seen));
        Assert.Equal(SessionStanding.Behind, backup.Node.View.StandingOf(seen));
        network.Heal();
        network.Run(20);
        Assert.Equal(SessionStanding.Included, backup.Node.View.StandingOf(seen));
        Assert.Equal("1", backup.Read("a"));
    }

    [Fact]
    public void Who_has_seen_nothing_is_answered_by_any_node()
    {
        using TestNetwork network = TestNetwork.Of(2);
        Assert.All(network.Nodes, node =>
            Assert.Equal(SessionStanding.Included, node.Node.View.StandingOf(TxId.Zero)));
    }

    [Fact]
    public void What_an_election_took_away_is_lost_on_every_node()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member old = network.Primary;
        network.Cut(old);
        TxId isSealed = old.Write("a", "sealed");
        TxId open = old.Write("a", "open");
        Assert.Equal(SessionStanding.Included, old.Node.View.StandingOf(open));
        network.Run(400);
        Assert.Equal(SessionStanding.Lost, old.Node.View.StandingOf(open));
        Assert.Equal(SessionStanding.Included, old.Node.View.StandingOf(isSealed)); // it may yet come back
        Assert.Equal(SessionStanding.Lost, network.Primary.Node.View.StandingOf(isSealed));
        network.Heal();
        network.Run(50);
        Assert.All(network.Nodes, node => Assert.Equal(SessionStanding.Lost, node.Node.View.StandingOf(isSealed)));
        Assert.All(network.Nodes, node => Assert.Equal(SessionStanding.Lost, node.Node.View.StandingOf(open)));
    }

    // The client has seen it through this very node, which had handed the write over. Being the primary is not having
    // everything: until its own view has committed, nobody knows.
    [Fact]
    public void A_new_primary_without_what_was_seen_is_behind_until_that_is_known_to_be_lost()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member old = network.Primary;
        network.Cut(old);
        TxId seen = old.Write("a", "1");
        foreach (TestNetwork.Member other in network.Alive) other.IsDiskStill = true;
        network.Run(400);
        TestNetwork.Member next = network.Primary;
        Assert.NotSame(old, next);
        Assert.Equal((ReplicaRole.Primary, null), (next.Node.View.Role, next.Read("a")));
        Assert.Equal(SessionStanding.Behind, next.Node.View.StandingOf(seen));
        foreach (TestNetwork.Member other in network.Alive) other.IsDiskStill = false;
        network.Run(5);
        Assert.Equal(SessionStanding.Lost, next.Node.View.StandingOf(seen));
    }

    [Fact]
    public void A_new_primary_includes_what_committed_before_it()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TxId seen = network.Primary.Write("a", "1");
        network.Run(5);
        network.Primary.IsDead = true;
        network.Run(400);
        Assert.Equal(SessionStanding.Included, network.Primary.Node.View.StandingOf(seen));
    }
}
