using Curia.Governance;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>Who may hand over requests of its clients: a node that is trusted with the secrets, by what has committed
/// (docs/node-protocol.md, "What calls ask for").</summary>
public sealed class ForwardingRightTests
{
    [Fact]
    public void A_stranger_may_not()
    {
        using TestNetwork network = TestNetwork.Of(2);
        Assert.All(
            network.Nodes, node => Assert.False(node.Node.View.MayForward(new NodeId(Digest.Of("stranger"u8)))));
    }

    [Fact]
    public void A_node_that_waits_for_its_vote_may_not_and_one_that_votes_may()
    {
        using TestNetwork network = new();
        TestNetwork.Member joiner = network.Join();
        network.Cut(joiner);
        network.Run(100);
        Assert.Equal(NodeRecord.Pending, network.StatusOf(joiner));
        Assert.False(network.Primary.Node.View.MayForward(joiner.Id));
        network.Heal();
        network.Run(100);
        Assert.Equal(NodeRecord.Trusted, network.StatusOf(joiner));
        Assert.True(network.Primary.Node.View.MayForward(joiner.Id));
        Assert.True(joiner.Node.View.MayForward(network.Primary.Id));
    }

    [Fact]
    public void A_learner_may_once_its_admission_has_committed_and_not_before()
    {
        using TestNetwork network = new();
        network.Primary.IsDiskStill = true;
        TestNetwork.Member learner = network.Join(NodeRequest.Learner);
        network.Run(20);
        Assert.False(network.Primary.Node.View.MayForward(learner.Id));
        network.Primary.IsDiskStill = false;
        network.Run(100);
        Assert.Equal(NodeRecord.Learner, network.StatusOf(learner));
        Assert.True(network.Primary.Node.View.MayForward(learner.Id));
    }

    [Fact]
    public void A_node_that_is_retired_may_until_that_has_committed()
    {
        using TestNetwork network = TestNetwork.Of(3);
        TestNetwork.Member primary = network.Primary;
        TestNetwork.Member leaving = network.Nodes[2];
        Assert.NotSame(primary, leaving);
        Assert.True(primary.Node.View.MayForward(leaving.Id));
        primary.Ask(network.Retire(leaving));
        Assert.True(primary.Node.View.MayForward(leaving.Id));
        network.Run(100);
        Assert.Equal(NodeRecord.Retired, network.StatusOf(leaving));
        Assert.False(primary.Node.View.MayForward(leaving.Id));
    }
}
