using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Curia.Consensus;
using Curia.Endpoints;
using Curia.Governance;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>The diversity rule in whole nodes (DESIGN 4, "Diversity rule"; decision 16).</summary>
public sealed class DiversityTests
{
    // One node meets no rule, so a network begins without it and says so in the ledger.
    [Fact]
    public void The_rule_counts_from_the_first_configuration_that_survives_the_loss_of_any_one_node()
    {
        using TestNetwork network = new(3, rule: new DiversityRule(2, 2, LossWaived: false, InForce: false));
        network.Primary.Write("a", "1");
        network.Join(kind: 1);
        network.Run(100);
        Assert.Equal((2, 0), (RuleOf(network).Voters, RuleOf(network).Operators));
        network.Join(kind: 2);
        network.Run(100);
        Assert.Equal((3, 2), (RuleOf(network).Voters, RuleOf(network).Operators));
        Assert.All(network.Nodes, node => Assert.Equal(
            network.Primary.Node.View.Configurations[^1], node.Node.View.Configurations[^1]));
        Assert.Equal((200, true), NetworkRule(network));
    }

    [Fact]
    public void With_the_loss_waived_the_rule_counts_as_soon_as_all_nodes_together_meet_it()
    {
        using TestNetwork network = TestNetwork.Diverse(2, 2, nodes: 2, isLossWaived: true);
        Assert.Equal((2, 2), (RuleOf(network).Voters, RuleOf(network).Operators));
    }

    [Fact]
    public void A_block_commits_only_when_enough_kinds_have_stored_it()
    {
        using TestNetwork network = FiveNodesOfThreeOwners();
        network.Cut(network.Nodes[2]);
        network.Cut(network.Nodes[3]);
        TxId written = network.Primary.Write("a", "1");
        network.Run(20);

        // Three of five have it, all of one owner.
        Assert.Equal("Pending", network.Nodes[0].StatusOf(written));
        network.Heal();
        network.Run(20);
        Assert.Equal("Committed", network.Primary.StatusOf(written));
    }

    [Fact]
    public void Who_could_not_commit_does_not_lead_and_writes_are_refused_with_what_is_missing()
    {
        using TestNetwork network = FiveNodesOfThreeOwners();
        TestNetwork.Member[] lost = [network.Nodes[2], network.Nodes[3]];
        foreach (TestNetwork.Member node in lost) network.Cut(node);
        network.Run(400);
        TestNetwork.Member left = network.Nodes[0];
        Assert.NotEqual(ReplicaRole.Primary, left.Node.View.Role);
        Execution.Answered refused =
            Assert.IsType<Execution.Answered>(left.Execute("PUT", "/app/names/a", """{"value":"1"}"""));
        JsonElement error = JsonDocument.Parse(refused.Response.Body).RootElement.GetProperty("error");
        Assert.Equal((503, "DiversityNotMet"), (refused.Response.Status, error.GetProperty("code").GetString()));
        string message = error.GetProperty("message").GetString()!;
        Assert.All(lost, node => Assert.Contains(node.Id.ToString(), message, StringComparison.Ordinal));
        network.Heal();
        network.Run(400);
        network.Primary.Write("a", "2");
        network.Run(20);
        Assert.Equal(network.Primary.Node.View.Last, network.Primary.Node.View.Committed);
        Assert.All(network.Nodes, node => Assert.Null(node.Node.View.DiversityLack));
    }

    [Fact]
    public void Who_the_rule_cannot_spare_is_not_retired()
    {
        using TestNetwork network = TestNetwork.Diverse(2, 2);
        JsonElement answer = network.Primary.Ask(network.Retire(network.Nodes[2]));
        Assert.Equal("DiversityAtRisk", CodeOf(answer));
        network.Join(kind: 1);
        network.Run(100);
        answer = network.Primary.Ask(network.Retire(network.Nodes[2]));
        Assert.Equal("DiversityAtRisk", CodeOf(answer)); // of one owner, two would be left without the other
        network.Join(kind: 2);
        network.Run(100);
        Assert.Equal("Accepted", StateOf(network.Primary.Ask(network.Retire(network.Nodes[2]))));
        network.Run(100);
        Assert.Equal((4, 2), (RuleOf(network).Voters, RuleOf(network).Operators));
    }

    [Fact]
    public void With_the_loss_waived_only_a_configuration_that_could_never_commit_is_refused()
    {
        using TestNetwork network = TestNetwork.Diverse(1, 2, nodes: 3, isLossWaived: true);
        Assert.Equal("Accepted", StateOf(network.Primary.Ask(network.Retire(network.Nodes[2]))));
        network.Run(100);
        Assert.Equal("DiversityAtRisk", CodeOf(network.Primary.Ask(network.Retire(network.Nodes[1]))));
    }

    // Nobody is made an operator by others.
    [Fact]
    public void A_request_stays_open_until_the_owner_has_signed()
    {
        using TestNetwork network = new(3, rule: new DiversityRule(2, 2, LossWaived: false, InForce: false));
        byte[] payload = JsonSerializer.SerializeToUtf8Bytes(Add(network, "virtual-1", network.Members[2].Id),
            JsonFormat.Options);
        Assert.Equal("Open", Sign(network, 0, payload));
        Assert.Equal("Open", Sign(network, 1, payload));
        Assert.Equal("Accepted", Sign(network, 2, payload));
    }

    [Fact]
    public void A_node_whose_kind_is_not_clear_is_refused()
    {
        using TestNetwork network = new(3, rule: new DiversityRule(2, 2, LossWaived: false, InForce: false));
        MemberId stranger = new(Digest.Of("stranger"u8));
        Assert.Equal("OwnerMissing", CodeOf(network.Primary.Ask(Add(network, "virtual", null))));
        Assert.Equal("UnknownOwner", CodeOf(network.Primary.Ask(Add(network, "virtual", stranger))));
        MemberId owner = network.Members[1].Id;
        string tooLong = $"virtual-{new string('a', 33)}";
        foreach (string platform in (string[])["sgx", "virtual-", "virtual-SNP", "virtuals", tooLong])
            Assert.Equal("UnknownPlatform", CodeOf(network.Primary.Ask(Add(network, platform, owner))));
    }

    // Each node computes the rule from the ledger alike, also one that reads it back from disk.
    [Fact]
    public void The_rule_is_read_back_from_the_ledger()
    {
        using TestNetwork network = TestNetwork.Diverse(2, 2);
        Assert.Null(ObstacleOf(network, network.Genesis));
        Assert.Contains("genesis.commit_rule", ObstacleOf(network, network.Genesis with { Rule = null }));
        MemberId other = network.Members[1].Id;
        Assert.Contains("genesis.owner", ObstacleOf(network, network.Genesis with { Owner = other }));
        Assert.Contains("genesis.plays", ObstacleOf(network, network.Genesis with { Plays = null }));
    }

    // A formation that could not commit by the rule is not founded: it waits for more disks.
    [Fact]
    public void A_cold_restart_waits_for_the_disks_of_enough_kinds()
    {
        using TestNetwork network = FiveNodesOfThreeOwners();
        network.Run(100);
        ColdRestart[] all = [.. network.Nodes.Select(node => network.Restart(node))];
        ColdRestart[] ofOneOwner = [.. ((ColdRestart[])[all[0], all[1], all[4]])
            .OrderByDescending(one => one.Own.Last).ThenBy(one => one.Own.Node)];
        Hear(ofOneOwner[0], ofOneOwner.AsSpan(1));
        Assert.Null(ofOneOwner[0].Find(new HashSet<NodeId>()));
        Hear(ofOneOwner[0], all[2]);
        Assert.Equal(4, ofOneOwner[0].Find(new HashSet<NodeId>())!.Members.Count);
        foreach (ColdRestart one in all) one.Dispose();
    }

    // The founder's owner has three of them, two others one each.
    private static TestNetwork FiveNodesOfThreeOwners()
    {
        TestNetwork network = new(3, rule: new DiversityRule(1, 2, LossWaived: false, InForce: false));
        foreach (int kind in (int[])[0, 1, 2, 0])
        {
            network.Join(kind: kind);
            network.Run(100);
        }

        Assert.Equal((5, 2), (RuleOf(network).Voters, RuleOf(network).Operators));
        return network;
    }

    private static string? ObstacleOf(TestNetwork network, GenesisSettings settings)
    {
        using LedgerReplay replay = network.Replay(network.Nodes[1]);
        return replay.FindObstacle(settings, NodeSetup.VirtualPlatform);
    }

    private static NodeRequest Add(TestNetwork network, string platform, MemberId? owner) => new(
        network.Primary.Node.View.Genesis, NodeRequest.Add, new NodeId(Digest.Of("newcomer"u8)), platform, "new:1", [],
        NodeRequest.Voter, owner);

    private static string Sign(TestNetwork network, int member, byte[] payload) =>
        StateOf(network.Primary.Post(network.Members[member].Sign(payload, network.Now)).Answer);

    private static string StateOf(JsonElement answer) => answer.GetProperty("state").GetString()!;

    private static string? CodeOf(JsonElement answer) =>
        answer.GetProperty("error").GetProperty("code").GetString();

    private static void Hear(ColdRestart one, params ReadOnlySpan<ColdRestart> others)
    {
        foreach (ColdRestart other in others)
            Assert.True(one.TryTake(other.Claim.Span, default, out _, out string reason), reason);
    }

    private static (int Voters, int Operators) RuleOf(TestNetwork network)
    {
        Configuration newest = network.Primary.Node.View.Configurations[^1];
        return (newest.Voters.Count, newest.Rule.Operators);
    }

    private static (int Status, bool InForce) NetworkRule(TestNetwork network)
    {
        Execution.Answered answer =
            Assert.IsType<Execution.Answered>(network.Primary.Execute("GET", "/node/network"));
        return (answer.Response.Status, JsonDocument.Parse(answer.Response.Body).RootElement
            .GetProperty("commit_rule").GetProperty("in_force").GetBoolean());
    }
}
