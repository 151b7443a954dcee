using System;
using System.Collections.Generic;
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
        await File.WriteAllBytesAsync(file, Chunk(Changed(blocks)), TestContext.Current.CancellationToken);
        said = Assert.Single(await SecondReader.ReadAsync([folder.FullName]));
        Assert.Contains("is not signed", said.GetRawText(), StringComparison.Ordinal);
        folder.Delete(recursive: true);
    }

    [Fact]
    public void An_audit_names_a_signature_that_was_changed()
    {
        using TestNetwork network = TestNetwork.Diverse(2, 2);
        WriteAndRun(network);
        WriteAndRun(network);
        AuditReport report = Audit(Changed(network.Primary.Blocks()));
        Assert.Contains(report.Problems, one => one.Reason.Contains("has not signed", StringComparison.Ordinal));
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

    // Up to the last acknowledgements, one of which is changed by a bit.
    private static List<Block> Changed(List<Block> blocks)
    {
        int last = blocks.FindLastIndex(block => !block.Signature.Acknowledgements.IsEmpty);
        byte[] bytes = blocks[last].Bytes.ToArray();
        ReadOnlySpan<byte> signature = blocks[last].Signature.Acknowledgements[0].By[0].Signature.Span;
        bytes[bytes.AsSpan().IndexOf(signature)] ^= 1;
        Assert.True(Block.TryDecode(bytes, out Block? changed));
        return [.. blocks.Take(last), changed];
    }
}
