using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>What processes that were started on disks of one network tell each other and believe (docs/consensus.md,
/// "Cold restart").</summary>
public sealed class ColdRestartTests : IDisposable
{
    private static readonly HashSet<NodeId> nobody = [];

    private readonly TestShell shell = new();

    public ColdRestartTests()
    {
        shell.Write("a", "1");
        shell.Sync();
    }

    public void Dispose() => shell.Dispose();

    [Fact]
    public void A_claim_is_believed_when_the_service_key_has_signed_it()
    {
        using ColdRestart one = On(shell, shell.Node.View.NodeId);
        using ColdRestart other = On(shell, shell.Node.View.NodeId);
        Assert.True(one.TryTake(other.Claim.Span, default, out RestartClaim? claim, out string reason), reason);
        Assert.Equal(other.Own.Node, claim.Node);
        Assert.Equal(shell.Node.View.Committed, claim.Last);
        Assert.Equal(claim, one.ClaimOf(other.Own.Node));
    }

    [Fact]
    public void A_claim_with_a_changed_byte_is_refused()
    {
        using ColdRestart one = On(shell, shell.Node.View.NodeId);
        using ColdRestart other = On(shell, shell.Node.View.NodeId);
        byte[] claim = other.Claim.ToArray();
        for (int place = 0; place < claim.Length; place++)
        {
            claim[place] ^= 1;
            Assert.False(one.TryTake(claim, default, out _, out string reason), $"byte {place}");
            Assert.NotEmpty(reason);
            claim[place] ^= 1;
        }

        Assert.Null(one.ClaimOf(other.Own.Node));
    }

    [Fact]
    public void A_claim_of_another_network_is_refused()
    {
        using TestShell elsewhere = new();
        using ColdRestart one = On(shell, shell.Node.View.NodeId);
        using ColdRestart other = On(elsewhere, elsewhere.Node.View.NodeId);
        Assert.False(one.TryTake(other.Claim.Span, default, out _, out string reason));
        Assert.Equal("it is of another network", reason);
    }

    // Else whoever promised once could never be asked again: it refuses all views up to that one.
    [Fact]
    public void A_promise_makes_the_next_formation_begin_higher_for_all_that_hear_of_it()
    {
        using ColdRestart one = On(shell, shell.Node.View.NodeId);
        using ColdRestart other = On(shell, shell.Node.View.NodeId);
        View first = one.Find(nobody)!.View;
        Assert.Equal(new View(shell.Node.View.Committed.View.Value + 2), first);
        other.Promise(first);
        Assert.True(one.TryTake(other.Claim.Span, default, out _, out string reason), reason);
        Assert.Equal(new View(first.Value + 2), one.Find(nobody)!.View);
        one.Promise(new View(first.Value + 2));
        Assert.Equal(new View(first.Value + 4), one.Find(nobody)!.View);
    }

    [Fact]
    public void A_disk_of_no_node_that_takes_part_is_no_member()
    {
        using ColdRestart one = On(shell, shell.Node.View.NodeId);
        using ColdRestart retired = On(shell, new NodeId(Digest.Of("retired"u8)));
        Assert.True(one.TryTake(retired.Claim.Span, default, out _, out string reason), reason);
        Assert.Equal([one.Own.Node], one.Find(nobody)!.Ids);
    }

    [Fact]
    public void Who_is_left_out_is_no_member()
    {
        using ColdRestart one = On(shell, shell.Node.View.NodeId);
        using ColdRestart other = On(shell, shell.Node.View.NodeId);
        Assert.True(one.TryTake(other.Claim.Span, default, out _, out _));
        Assert.Equal([one.Own.Node], one.Find(new HashSet<NodeId> { other.Own.Node })!.Ids);
    }

    // R5: the first block of an epoch says that what is before it is committed, which is so only once it is itself.
    [Fact]
    public void The_configuration_before_an_epoch_counts_until_a_block_of_the_epoch_says_that_it_has_committed()
    {
        using TestShell second = shell.Restart();
        using ColdRestart opened = On(second, second.Node.View.NodeId);
        NodeId[][] both = [[shell.Node.View.NodeId], [second.Node.View.NodeId]];
        Assert.Equal(both, opened.Own.Active);
        second.Write("b", "2");
        second.Sync();
        using ColdRestart committed = On(second, second.Node.View.NodeId);
        Assert.Equal([[second.Node.View.NodeId]], committed.Own.Active);
    }

    // R6: or disks would be asked for that may be gone.
    [Fact]
    public void Disks_of_those_who_voted_before_are_not_asked_for_once_others_do()
    {
        using TestNetwork network = TestNetwork.Of(3);
        network.Run(10);
        using ColdRestart grown = network.Restart(network.Nodes[1]);
        Assert.Equal([3], grown.Own.Active.Select(voters => voters.Count));
        network.Primary.Ask(network.Retire(network.Nodes[2]));
        network.Run(50);
        using ColdRestart shrunk = network.Restart(network.Nodes[1]);
        Assert.All(shrunk.Own.Active, voters => Assert.Equal(2, voters.Count)); // learners may differ
        TxId last = network.Primary.Node.View.Last;
        network.Run(50);
        Assert.Equal(last, network.Primary.Node.View.Last);
    }

    // It was found while one had not been heard yet; that one is not to be left out because it comes just now.
    [Fact]
    public void A_formation_is_complete_by_its_members_and_not_by_the_claims_of_a_moment_later()
    {
        using TestNetwork network = TestNetwork.Of(3);
        network.Run(10);
        using ColdRestart one = network.Restart(network.Nodes[0]);
        using ColdRestart other = network.Restart(network.Nodes[1]);
        using ColdRestart late = network.Restart(network.Nodes[2]);
        Assert.True(one.TryTake(other.Claim.Span, default, out _, out _));
        Formation ofTwo = one.Find(nobody)!;
        Assert.True(one.TryTake(late.Claim.Span, default, out _, out _));
        Assert.False(one.IsComplete(ofTwo));
        Assert.True(one.IsComplete(one.Find(nobody)!));
    }

    // The first block of the epoch needs all members, and this one could not store what is in the ledger.
    [Fact]
    public void A_process_whose_program_is_too_old_for_the_ledger_is_no_member()
    {
        using TestNetwork network = TestNetwork.Of(3);
        network.Run(10);
        using ColdRestart one = network.Restart(network.Nodes[0]);
        using ColdRestart other = network.Restart(network.Nodes[1]);
        using ColdRestart old = network.Restart(network.Nodes[2], LedgerFormat.Oldest);
        Assert.True(one.TryTake(old.Claim.Span, default, out _, out _));
        Assert.Null(one.Find(nobody));
        Assert.True(one.TryTake(other.Claim.Span, default, out _, out _));
        Assert.Equal(2, one.Find(nobody)!.Members.Count);
    }

    [Fact]
    public void Whoever_goes_on_with_others_has_no_claim_any_more()
    {
        using TestNetwork network = TestNetwork.Of(3);
        network.Run(10);
        using ColdRestart one = network.Restart(network.Nodes[0]);
        using ColdRestart other = network.Restart(network.Nodes[1]);
        Assert.True(one.TryTake(other.Claim.Span, default, out _, out _));
        Assert.NotNull(one.Find(nobody));
        one.ForgetAt(other.Own.PeerAddress);
        Assert.Null(one.Find(nobody));
        Assert.NotNull(one.ClaimOf(one.Own.Node));
    }

    // Else a node that died while it searched would be waited for by all others, for ever.
    [Fact]
    public void Who_is_not_heard_for_longer_than_the_time_of_a_claim_is_waited_for_no_longer()
    {
        using TestNetwork network = TestNetwork.Of(3);
        network.Run(10);
        using ColdRestart one = network.Restart(network.Nodes[0]);
        using ColdRestart other = network.Restart(network.Nodes[1]);
        network.Primary.Write("b", "2");
        network.Run(10);
        using ColdRestart furthest = network.Restart(network.Nodes[2]);
        TimeSpan start = TimeSpan.FromHours(1);
        Assert.True(one.TryTake(furthest.Claim.Span, start, out _, out string reason), reason);
        Assert.True(one.TryTake(other.Claim.Span, start, out _, out _));
        Assert.Equal(furthest.Own.Node, one.Find(nobody)!.Founder.Node);

        TimeSpan last = start + ColdRestart.ClaimTime;
        Assert.Empty(one.ForgetSilent(last));
        Assert.True(one.TryTake(other.Claim.Span, last, out _, out _)); // this one is heard again
        Assert.Equal([furthest.Own.Node], one.ForgetSilent(last + TimeSpan.FromTicks(1)).Select(gone => gone.Node));
        Formation left = one.Find(nobody)!;
        Assert.Equal([one.Own.Node, other.Own.Node], left.Ids.ToHashSet());
        Assert.Contains(network.Nodes[2].Id.ToString(), Assert.Single(one.Missing()), StringComparison.Ordinal);
        Assert.Equal([other.Own.Node], one.ForgetSilent(last * 2).Select(gone => gone.Node));
        Assert.Null(one.Find(nobody));
        Assert.Empty(one.ForgetSilent(last * 3)); // never itself
    }

    // Claims are told to whoever asks.
    [Fact]
    public void A_claim_that_another_node_repeats_changes_nothing()
    {
        using ColdRestart one = On(shell, shell.Node.View.NodeId);
        using ColdRestart other = On(shell, shell.Node.View.NodeId);
        NodeId stranger = new(Digest.Of("stranger"u8));
        Assert.False(one.TryTake(other.Claim.Span, default, out _, out string reason, stranger));
        Assert.Equal("another node has sent it", reason);
        Assert.Null(one.ClaimOf(other.Own.Node));

        Assert.True(one.TryTake(other.Claim.Span, default, out _, out reason, other.Own.Node), reason);
        TimeSpan later = ColdRestart.ClaimTime * 2;
        Assert.False(one.TryTake(other.Claim.Span, later, out _, out _, stranger));
        Assert.NotNull(one.ClaimOf(other.Own.Node));
        Assert.Single(one.ForgetSilent(later)); // nor is it heard by that
    }

    [Fact]
    public void An_older_claim_takes_no_promise_back()
    {
        using ColdRestart one = On(shell, shell.Node.View.NodeId);
        using ColdRestart other = On(shell, shell.Node.View.NodeId);
        byte[] before = other.Claim.ToArray();
        other.Promise(one.Find(nobody)!.View);
        Assert.True(one.TryTake(other.Claim.Span, default, out _, out string reason), reason);
        Formation after = one.Find(nobody)!;
        Assert.True(one.TryTake(before, default, out RestartClaim? claim, out reason), reason);
        Assert.Equal(other.Own.Promised, claim.Promised);
        Assert.Equal(other.Own.Promised, one.ClaimOf(other.Own.Node)!.Promised);
        Assert.Equal(after.View, one.Find(nobody)!.View);
    }

    [Fact]
    public void A_process_that_another_one_has_followed_on_its_disk_does_not_come_back()
    {
        using ColdRestart one = On(shell, shell.Node.View.NodeId);
        using ColdRestart ended = On(shell, shell.Node.View.NodeId);
        using ColdRestart next = On(shell, ended.Own.Node);
        Assert.True(one.TryTake(ended.Claim.Span, default, out _, out _));
        Assert.True(one.TryTake(next.Claim.Span, default, out _, out _));
        Assert.Null(one.ClaimOf(ended.Own.Node));
        Assert.False(one.TryTake(ended.Claim.Span, default, out _, out string reason));
        Assert.Equal("a later process of the same disk is here", reason);
    }

    [Fact]
    public void Another_process_at_an_address_ends_the_claim_of_the_one_before()
    {
        using ColdRestart one = On(shell, shell.Node.View.NodeId);
        using ColdRestart before = On(shell, shell.Node.View.NodeId);
        using ColdRestart now = On(shell, shell.Node.View.NodeId);
        Assert.True(one.TryTake(before.Claim.Span, default, out _, out _));
        Assert.True(one.TryTake(now.Claim.Span, default, out _, out _));
        one.ForgetAt(now.Own.PeerAddress, now.Own.Node);
        Assert.Null(one.ClaimOf(before.Own.Node));
        Assert.NotNull(one.ClaimOf(now.Own.Node));
        Assert.NotNull(one.ClaimOf(one.Own.Node));
    }

    [Fact]
    public void Missing_are_the_disks_of_each_configuration_that_lacks_more_than_half()
    {
        using TestShell second = shell.Restart();
        using ColdRestart other = On(second, new NodeId(Digest.Of("another disk"u8)));
        NodeId[] lacking = [shell.Node.View.NodeId, second.Node.View.NodeId];
        Assert.Equal(lacking.Select(node => $"{node} (no address)"), other.Missing());
    }

    private static ColdRestart On(TestShell disk, NodeId earlier)
    {
        LedgerReplay replay = disk.Read();
        Assert.Empty(replay.Finish().Problems);
        Assert.Null(replay.FindObstacle(disk.Genesis, NodeSetup.VirtualPlatform));
        NodeSetup setup = new()
        {
            NodeKey = EcdsaSigner.Generate(new SystemEntropy()),
            Entropy = new SystemEntropy(),
            NewSigner = source => EcdsaSigner.Generate(source),
            Application = new Curia.Endpoints.EndpointTableBuilder("test", "1.0.0").Build(),
            Genesis = disk.Genesis,
            SubjectAlternativeNames = [],
            PublishedAddresses = ["127.0.0.1:8000"],
            PeerAddress = "127.0.0.1:9000",
        };
        NodeId node = new(Digest.Of(setup.NodeKey.SubjectPublicKeyInfo.Span));
        return new ColdRestart(setup, replay, [earlier, node], default);
    }
}
