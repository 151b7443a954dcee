using Curia.Consensus;
using Curia.Vocabulary;
using static Curia.Tests.Consensus.Given;

namespace Curia.Tests.Consensus;

/// <summary>docs/consensus.md, "Cold restart", as far as it is the replica's part.</summary>
public sealed class ColdRestartTests
{
    private static readonly Configuration formation = First(3) with { NeedsAll = true };

    [Fact]
    public void Who_was_promised_all_votes_leads_from_its_first_step()
    {
        OneReplica founder = new(1, formation, Options with { Promised = [Id(1), Id(2), Id(3)] });
        founder.Tick(1);
        Assert.Equal((ReplicaRole.Primary, View(2)), (founder.Role, founder.Replica.View));
    }

    [Fact]
    public void A_promise_less_is_no_promise()
    {
        OneReplica founder = new(1, formation, Options with { Promised = [Id(1), Id(2)] });
        founder.Tick(1);
        Assert.NotEqual(ReplicaRole.Primary, founder.Role);
    }

    [Fact]
    public void The_first_block_commits_when_every_member_has_stored_it()
    {
        OneReplica founder = new(1, formation, Options with { Promised = [Id(2), Id(3)] });
        founder.Tick(1);
        founder.Propose(Block(2, 1, 2, Voters(2, 1, 2, 3)));
        founder.Receive(2, Appended(2, At(2, 2)));
        Assert.Equal(TxId.Zero, founder.Replica.Committed);
        founder.Receive(3, Appended(2, At(2, 2)));
        Assert.Equal(At(2, 2), founder.Replica.Committed);

        // From then on a majority is enough.
        founder.Propose(Block(2, 3, 4));
        founder.Receive(3, Appended(2, At(2, 4)));
        Assert.Equal(At(2, 4), founder.Replica.Committed);
    }
}
