using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Curia.Consensus;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Tests.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>Signed acknowledgements in whole nodes (DESIGN 4, "Diversity rule"; decision 16).</summary>
public sealed class AcknowledgementTests
{
    [Fact]
    public void The_next_block_records_who_has_acknowledged_a_block()
    {
        using TestNetwork network = TestNetwork.Diverse(2, 2);
        TxId first = WriteAndRun(network);
        TxId next = WriteAndRun(network);
        Block recording = network.Primary.BlockOf(next);
        Block recorded = network.Primary.BlockOf(first);
        BlockAcknowledgements only = Assert.Single(recording.Signature.Acknowledgements);
        Assert.Equal(recorded.Entries[^1].TxId, only.Block);
        Assert.Equal(network.Nodes.Select(node => node.Id).Order(), only.By.Select(one => one.Node));
        Assert.Null(only.FindForged(network.Primary.Node.View.Genesis, recorded.Signature.Root));
        Assert.NotNull(only.FindForged(network.Primary.Node.View.Genesis, recording.Signature.Root));
        Assert.NotNull(only.FindForged(default, recorded.Signature.Root));
    }

    // Each block that commits under the rule has as many kinds as the rule asks for, also when blocks overtake answers.
    [Fact]
    public void Every_committed_block_but_the_last_has_acknowledgements_of_enough_kinds()
    {
        using TestNetwork network = TestNetwork.Diverse(2, 2);
        SeqNo from = network.Primary.Node.View.Configurations[^1].From;
        for (int round = 0; round < 30; round++)
        {
            if (round % 3 == 0) network.Cut(network.Nodes[1 + round % 2]);
            network.Primary.Write("a", $"{round}");
            network.Primary.Write("b", $"{round}");
            if (round % 5 == 0) network.Run(3);
            network.Heal();
            if (round % 4 == 0) network.Run(20);
        }

        network.Run(50);
        WriteAndRun(network);
        List<Block> blocks = network.Primary.Blocks();
        HashSet<TxId> acknowledged = [.. blocks.SelectMany(block => block.Signature.Acknowledgements)
            .Where(one => one.By.Length >= 2).Select(one => one.Block)];
        Assert.All(
            blocks.Where(block => block.First > from).SkipLast(1),
            block => Assert.Contains(block.Entries[^1].TxId, acknowledged));
        Assert.Empty(Audit(blocks).Problems);
    }

    [Fact]
    public void Without_a_rule_nothing_is_signed_and_records_are_of_version_1()
    {
        using TestNetwork network = TestNetwork.Of(3);
        WriteAndRun(network);
        Assert.All(network.Primary.Blocks(), block =>
        {
            Assert.Empty(block.Signature.Acknowledgements);
            Assert.Equal(SignatureTransaction.FormatVersion, block.Entries[^1].Public.Span[0]);
        });
    }

    [Fact]
    public void An_acknowledgement_that_is_not_signed_counts_for_nothing()
    {
        using TestNetwork network = TestNetwork.Diverse(2, 2);
        TestNetwork.Member primary = network.Primary;
        TestNetwork.Member[] backups = [.. network.Nodes.Where(node => node != primary)];
        foreach (TestNetwork.Member backup in backups) network.Cut(backup);
        TxId written = primary.Write("a", "1");
        primary.Sync();
        TxId end = primary.Node.View.Last;
        ReplicaMessage.Appended bare = new(primary.Node.View.View, end, 0);
        foreach (TestNetwork.Member backup in backups)
            primary.Step(new Input.Message(backup.Id, new PeerMessage.Consensus(bare, [])));
        Assert.Equal("Pending", primary.StatusOf(written));

        // Nor one that somebody else has signed, nor one over something else.
        using EcdsaSigner stranger = EcdsaSigner.Generate(new SystemEntropy());
        Block block = primary.BlockOf(written);
        Acknowledgement forged =
            Acknowledgement.Sign(stranger, primary.Node.View.Genesis, end, block.Signature.Root);
        foreach (TestNetwork.Member backup in backups)
        {
            primary.Step(new Input.Message(backup.Id, new PeerMessage.SignedAppended(
                bare, forged.NodeKey, [new SignedBlock(end, forged.Signature)])));
            primary.Step(new Input.Message(backup.Id, new PeerMessage.SignedAppended(
                bare, backup.Key.SubjectPublicKeyInfo, [new SignedBlock(end, forged.Signature)])));
        }

        Assert.Equal("Pending", primary.StatusOf(written));
        Assert.Contains(primary.Log, line => line.Contains("has not signed", StringComparison.Ordinal));
        network.Heal();
        network.Run(20);
        Assert.Equal("Committed", primary.StatusOf(written));
    }

    [Fact]
    public void A_new_primary_goes_on_recording()
    {
        using TestNetwork network = TestNetwork.Diverse(2, 2, nodes: 4);
        WriteAndRun(network);
        network.Primary.IsDead = true;
        network.Run(400);
        TxId first = WriteAndRun(network);
        TxId next = WriteAndRun(network);
        Assert.Contains(
            network.Primary.BlockOf(next).Signature.Acknowledgements,
            one => one.Block == network.Primary.BlockOf(first).Entries[^1].TxId && one.By.Length == 3);
        Assert.Empty(Audit(network.Primary.Blocks()).Problems);
    }

    // docs/ledger-format.md is enough to check them.
    [Fact]
    public async Task The_second_reader_checks_them_too()
    {
        using TestNetwork network = TestNetwork.Diverse(2, 2);
        WriteAndRun(network);
        WriteAndRun(network);
        List<Block> blocks = network.Primary.Blocks();
        DirectoryInfo folder = Directory.CreateTempSubdirectory();
        string file = Path.Combine(folder.FullName, LedgerChunk.OpenName(new SeqNo(1)));
        await File.WriteAllBytesAsync(file, Chunk(blocks), TestContext.Current.CancellationToken);
        JsonElement said = Assert.Single(await SecondReader.ReadAsync([folder.FullName]));
        Assert.True(said.GetProperty("ok").GetBoolean());
        folder.Delete(recursive: true);
    }

    // What the service key signs is believed only when the nodes have signed it too.
    [Theory]
    [InlineData("", "")]
    [InlineData("forged", "has not signed the acknowledgement of 2.4")]
    [InlineData("again", "which it is not the first to call committed")]
    [InlineData("elsewhere", "which ends no block of this ledger")]
    public void An_audit_names_an_acknowledgement_that_is_wrong(string what, string reason)
    {
        using MadeLedger ledger = new();
        ledger.Seal(TxId.Zero, EntryType.Genesis);
        SealedBlock known = ledger.Seal(new TxId(new View(2), new SeqNo(2)), EntryType.WriteSet);
        TxId end = new(known.View, known.Last);
        BlockAcknowledgements right = ledger.Acknowledged(end, known.Root);
        BlockAcknowledgements said = what switch
        {
            "forged" => ledger.Acknowledged(end, Digest.Of("another root"u8)),
            "elsewhere" => ledger.Acknowledged(new TxId(known.View, new SeqNo(3)), known.Root),
            _ => right,
        };
        ledger.Seal(end, EntryType.WriteSet, said);
        if (what == "again") ledger.Seal(end, EntryType.WriteSet, right);
        AuditReport report = Audit(ledger.Blocks);
        Assert.Equal(what.Length == 0, report.Ok);
        if (what.Length > 0) Assert.Contains(reason, Assert.Single(report.Problems).Reason, StringComparison.Ordinal);
    }

    // The service key signs their digest: else two nodes could hold different bytes for one block.
    [Fact]
    public void A_block_whose_acknowledgements_were_changed_or_taken_away_is_none()
    {
        using TestNetwork network = TestNetwork.Diverse(2, 2);
        WriteAndRun(network);
        WriteAndRun(network);
        Block whole = network.Primary.Blocks().Last(block => !block.Signature.Acknowledgements.IsEmpty);
        foreach (Acknowledgement one in whole.Signature.Acknowledgements[0].By)
        {
            byte[] bytes = whole.Bytes.ToArray();
            bytes[bytes.AsSpan().IndexOf(one.Signature.Span)] ^= 1;
            Assert.False(Block.TryDecode(bytes, out _));
        }
    }

    private static TxId WriteAndRun(TestNetwork network)
    {
        TxId written = network.Primary.Write("a", "1");
        network.Run(20);
        Assert.Equal("Committed", network.Primary.StatusOf(written));
        return written;
    }

    private static AuditReport Audit(IEnumerable<Block> blocks)
    {
        LedgerAudit audit = new(new AuditOptions());
        audit.AddChunk(LedgerChunk.OpenName(new SeqNo(1)), Chunk(blocks));
        return audit.Finish();
    }

    private static byte[] Chunk(IEnumerable<Block> blocks) =>
        [.. LedgerChunk.Header(new SeqNo(1)), .. blocks.SelectMany(block => block.Bytes.ToArray())];

    /// <summary>Blocks that are sealed and signed as a test likes.</summary>
    private sealed class MadeLedger : IDisposable
    {
        private readonly Entropy entropy = new SystemEntropy();
        private readonly EcdsaSigner nodeKey;
        private readonly EcdsaSigner serviceKey;
        private readonly Certificate service;
        private readonly LedgerSecret secret;
        private readonly BlockSealer sealer;
        private readonly MerkleTree tree = MerkleTree.OfEmptyLedger();
        private Digest genesis;

        public MadeLedger()
        {
            nodeKey = EcdsaSigner.Generate(entropy);
            serviceKey = EcdsaSigner.Generate(entropy);
            secret = LedgerSecret.Generate(entropy);
            DateTimeOffset end = TestShell.Noon.AddYears(1);
            service = Read(CertificateAuthority.SelfSigned(serviceKey, "service", TestShell.Noon, end, entropy));
            Certificate node = Read(CertificateAuthority.Issue(
                serviceKey, service, nodeKey.SubjectPublicKeyInfo.Span, "node0", [], TestShell.Noon, end, entropy));
            sealer = new BlockSealer(secret, nodeKey, node.Der, serviceKey, "test", "ledger.signature");
        }

        public List<Block> Blocks { get; } = [];

        public SealedBlock Seal(TxId committed, EntryType type, params ImmutableArray<BlockAcknowledgements> said)
        {
            OpenBlock open = new(new View(2), new SeqNo(Blocks.Count == 0 ? 1 : Blocks[^1].Last.Value + 1));
            byte[] bytes = type == EntryType.Genesis ? GenesisBlock.EncodePublic(service.Der.Span, []) : [];
            open.Add(new TxId(open.View, open.First), type, ClaimsDigest.None, bytes, default);
            SealedBlock made = sealer.Seal(open, tree, committed, TestShell.Noon, said);
            Assert.True(Block.TryDecode(made.Bytes, out Block? block));
            Blocks.Add(block);
            if (type == EntryType.Genesis) genesis = made.Digest;
            return made;
        }

        public BlockAcknowledgements Acknowledged(TxId block, Digest root) =>
            new(block, [Acknowledgement.Sign(nodeKey, genesis, block, root)]);

        private static Certificate Read(byte[] der)
        {
            Assert.True(Certificate.TryFromDer(der, out Certificate? read));
            return read!;
        }

        public void Dispose()
        {
            sealer.Dispose();
            secret.Dispose();
            nodeKey.Dispose();
            serviceKey.Dispose();
        }
    }
}
