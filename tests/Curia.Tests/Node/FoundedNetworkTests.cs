using System;
using System.Linq;
using Curia.Cryptography;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Node;
using Curia.Tests.Governance;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>From what founders have agreed on to a network that is open (DESIGN 1): each of them sees to it that the
/// genesis block is that and nothing else, and nothing comes to be without all of them.</summary>
public sealed class FoundedNetworkTests : IDisposable
{
    private readonly MadeFounder[] founders = MadeFounders.All();

    public void Dispose()
    {
        foreach (MadeFounder founder in founders) founder.Dispose();
    }

    [Fact]
    public void Founders_open_one_network_and_each_goes_on_without_the_first()
    {
        using TestNetwork network = TestNetwork.Founded(founders);
        network.Run(100);
        Assert.All(network.Nodes, node => Assert.True(node.IsOpen));
        Assert.Single(network.Nodes.Select(node => node.Node.View.Genesis).Distinct());
        Assert.Empty(network.SecretsSent); // nobody had to ask
        TestNetwork.Member first = network.Primary;
        Assert.Equal(network.Nodes.Select(node => node.Id).Min(), first.Id);
        TxId written = first.Write("a", "1");
        network.Run(20);
        first.IsDead = true;
        network.Run(400);
        Assert.NotSame(first, network.Primary);
        Assert.Equal(("1", "Committed"), (network.Primary.Read("a"), network.Primary.StatusOf(written)));
        network.Primary.Write("a", "2");
        network.Run(20);
        Assert.All(network.Alive, node => Assert.Equal("2", node.Read("a")));
    }

    [Fact]
    public void The_genesis_block_holds_all_that_shows_how_it_came_to_be()
    {
        using TestNetwork network = TestNetwork.Founded(founders);
        network.Run(100);
        Assert.True(GenesisBlock.TryRead(network.Primary.Blocks()[0], out GenesisBlock? genesis));
        Assert.True(WriteSet.TryDecode(genesis.PublicWrites.Span, default, out WriteSet? writes));
        KeyValueStore store = new();
        store.Apply(new TxId(new View(2), new SeqNo(1)), writes);
        ReadOnlyTransaction state = store.BeginReadOnly(MapAccess.Node);
        Assert.True(state.Map(GenesisMaps.Charter).TryGet("charter", out byte[]? bytes));
        Assert.True(Charter.TryDecode(bytes, out Charter? charter, out _));
        Assert.Equal(MadeFounders.Charter.Digest, charter.Digest);
        foreach (MadeFounder founder in founders)
        {
            string id = founder.Node.ToString();
            Assert.True(state.Map(GenesisMaps.Slots).TryGet(founder.Shown.Slot, out string? node));
            Assert.Equal(id, node);
            Assert.True(state.Map(GenesisMaps.NodeEvidence).TryGet(id, out var evidence));
            Assert.True(state.Map(GenesisMaps.FoundingEndorsements).TryGet(id, out byte[]? endorsement));
            Assert.Null(FounderCheck.Find(
                charter, 1, founder.Node,
                founder.Shown with { Evidence = evidence, Endorsement = endorsement }, MadeFounders.Now));
            Assert.True(state.Map(GenesisMaps.FoundingStatements).TryGet(id, out byte[]? signed));
            Assert.True(SignedFoundingStatement.TryDecode(signed, out SignedFoundingStatement? statement));
            Assert.True(statement.IsBy(founder.Node));
            Assert.True(state.Map(GenesisMaps.NodeInfo).TryGet(id, out NodeRecord? record));
            Assert.Equal(NodeRecord.Trusted, record.Status);
            Assert.Equal(charter.Content.Members[founder.Owner].Id, record.Owner);
            Assert.Equal(charter.Content.Slots[founder.Shown.Slot].Platform, record.Platform);
            Assert.Equal([$"{founder.Shown.Slot}.example:8000"], record.PublishedAddresses);
        }
    }

    // Whoever led it here, a node joins what its owner has approved, and nothing else (DESIGN 1).
    [Fact]
    public void Who_joins_compares_the_ledger_with_what_its_owner_has_approved()
    {
        using TestNetwork network = TestNetwork.Founded(founders);
        network.Run(100);
        LedgerSurvey survey = network.Survey();
        Assert.True(GenesisBlock.TryRead(network.Primary.Blocks()[0], out GenesisBlock? genesis));
        Assert.True(WriteSet.TryDecode(genesis.PublicWrites.Span, default, out WriteSet? writes));
        Digest governance = GovernanceState.Empty.With(writes).Digest;
        Assert.Null(survey.FindObjection(governance));
        Assert.Equal("it has a charter, and nobody has approved its governance", survey.FindObjection(null));
        Assert.Contains($"its governance is {governance}", survey.FindObjection(Digest.Of("other members"u8)),
            StringComparison.Ordinal);
        using TestNetwork without = new(1);
        without.Run(20);
        Assert.Null(without.Survey().FindObjection(null));
        Assert.NotNull(without.Survey().FindObjection(governance));
    }

    [Fact]
    public void Nothing_opens_while_one_founder_has_not_acknowledged()
    {
        using TestNetwork network = TestNetwork.Founded(founders);
        TestNetwork.Member last = network.Nodes[^1];
        last.IsDiskStill = true;
        network.Run(300);
        Assert.All(network.Nodes, node => Assert.False(node.IsOpen));
        Assert.All(network.Nodes, node => Assert.Equal(TxId.Zero, node.Node.View.Committed));
        last.IsDiskStill = false;
        network.Run(100);
        Assert.All(network.Nodes, node => Assert.True(node.IsOpen));
    }

    // Its view ends, and with it its keys: what the others hold opens nothing that was ever committed.
    [Fact]
    public void When_the_first_primary_dies_early_nobody_goes_on_with_its_keys()
    {
        using TestNetwork network = TestNetwork.Founded(founders);
        network.Nodes[^1].IsDiskStill = true;
        network.Run(20);
        network.Nodes[0].IsDead = true;
        network.Nodes[^1].IsDiskStill = false;
        network.Run(1000);
        Assert.All(network.Alive, node => Assert.False(node.IsOpen || node.Node.View.IsPrimary));
    }

    [Fact]
    public void A_primary_that_writes_something_else_is_left_alone()
    {
        AssertRefused(agreement => agreement with { Attempt = 2 });
        Charter other = MadeCharter.Of(MadeFounders.Content() with { RecoveryThreshold = 1 });
        AssertRefused(agreement => agreement with { Charter = other });
        AssertRefused(agreement => agreement with
        {
            Founders =
            [
                .. agreement.Founders.Select(
                    founder => founder with { Shown = founder.Shown with { LedgerFormat = 1 } }),
            ],
        });
        AssertRefused(agreement => agreement with
        {
            Founders =
            [
                .. agreement.Founders.Select(founder =>
                    founder with { Statement = agreement.Founders[0].Statement }),
            ],
        });
    }

    [Fact]
    public void A_founder_that_was_told_other_secrets_acknowledges_nothing()
    {
        using TestNetwork network = TestNetwork.Founded(founders, told: secrets =>
        {
            SecretPeriod period = secrets.Periods[^1];
            return new SealedSecrets(
                secrets.NodeId, secrets.ServiceKey,
                [period with { Secret = new SecretBytes(new byte[32]) }]);
        });
        network.Run(200);
        Assert.All(network.Nodes, node => Assert.False(node.IsOpen));
        Assert.Contains(network.Nodes[1].Log, line =>
            line.Contains("not what the founders have agreed on", StringComparison.Ordinal));
    }

    // Auditors judge everything by the time in the block's signature, so no founder lets one host choose it.
    [Fact]
    public void A_genesis_block_of_another_time_is_not_stored()
    {
        using TestNetwork network = TestNetwork.Founded(founders);
        network.Jump(EstablishmentAudit.TimeDifferenceMax + TimeSpan.FromSeconds(1));
        network.Run(200);
        Assert.All(network.Nodes, node => Assert.False(node.IsOpen));
        Assert.All(network.Nodes.Skip(1), node =>
        {
            Assert.Empty(node.Disk);
            Assert.Contains(node.Log, line =>
                line.Contains("the genesis block was signed at 2026-06-01 12:00:00Z", StringComparison.Ordinal));
        });
    }

    [Fact]
    public void A_genesis_block_of_nearly_the_same_time_is()
    {
        using TestNetwork network = TestNetwork.Founded(founders);
        network.Jump(EstablishmentAudit.TimeDifferenceMax - TimeSpan.FromSeconds(1));
        network.Run(100);
        Assert.All(network.Nodes, node => Assert.True(node.IsOpen));
    }

    [Fact]
    public void What_founders_store_an_auditor_finds_sound()
    {
        using TestNetwork network = TestNetwork.Founded(founders);
        network.Run(100);
        Assert.True(GenesisBlock.TryRead(network.Primary.Blocks()[0], out GenesisBlock? first));
        GenesisRecord recorded = new(
            first.PublicWrites, !first.Block.Entries[0].SealedPrivate.IsEmpty, first.ServiceCertificate,
            first.Block.NodeId, first.Block.Signature.Time);
        Assert.Empty(EstablishmentAudit.Run(recorded)!.Problems);
        Assert.Null(EstablishmentAudit.Run(Alone()));

        static GenesisRecord Alone()
        {
            using TestNetwork alone = new(isAlone: true);
            Assert.True(GenesisBlock.TryRead(alone.Primary.Blocks()[0], out GenesisBlock? one));
            return new GenesisRecord(
                one.PublicWrites, HasPrivatePart: false, one.ServiceCertificate, one.Block.NodeId,
                one.Block.Signature.Time);
        }
    }

    [Fact]
    public void A_process_goes_on_only_by_the_charter_that_founded_the_network()
    {
        using TestNetwork network = TestNetwork.Founded(founders);
        network.Run(100);
        LedgerReplay replay = network.Replay(network.Primary);
        Assert.Null(replay.FindObstacle(network.Genesis, NodeSetup.VirtualPlatform));
        Charter other = MadeCharter.Of(MadeFounders.Content() with { KeyPeriodDays = 31 });
        replay = network.Replay(network.Primary);
        Assert.Equal(
            $"it was founded by the charter {MadeFounders.Charter.Digest} and not by {other.Digest}",
            replay.FindObstacle(GenesisSettings.Of(other), NodeSetup.VirtualPlatform));
    }

    private void AssertRefused(Func<FoundingAgreement, FoundingAgreement> cheat)
    {
        using TestNetwork network = TestNetwork.Founded(founders, cheat);
        network.Run(200);
        Assert.All(network.Nodes, node => Assert.False(node.IsOpen));
        Assert.All(network.Nodes.Skip(1), node =>
        {
            Assert.Empty(node.Disk);
            Assert.Contains(node.Log, line =>
                line.Contains("not what the founders have agreed on", StringComparison.Ordinal));
        });
    }
}
