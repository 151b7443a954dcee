using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Cryptography;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

/// <summary>What was written once is read for ever (tests/Curia.Tests/Ledger/old/README.md).</summary>
public sealed class OldLedgerTests
{
    public static TheoryData<string> Formats { get; } = ["format-1"];

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_reader_of_today_verifies_it_against_every_anchor(string format)
    {
        OldLedger old = OldLedger.Read(format);
        Assert.True(TxId.TryParse(old.One("last"), out TxId last));
        Assert.True(Digest.TryParseHex(old.One("genesis"), out Digest genesis));
        Assert.True(Certificate.TryFromPem(File.ReadAllText(Path.Combine(old.Folder, "service_cert.pem")),
            out Certificate? service));
        List<ExpectedLeaf> leaves = [];
        foreach (string[] leaf in old.All("leaf"))
        {
            Assert.True(TxId.TryParse(leaf[0], out TxId txId) && Digest.TryParseHex(leaf[1], out _));
            leaves.Add(new ExpectedLeaf(txId, new Digest(Convert.FromHexString(leaf[1])), leaf[0]));
        }

        AuditReport report = SampleLedger.Audit(old.Chunks, new AuditOptions
        {
            ServiceCertificate = service,
            Genesis = genesis,
            Expect = last,
            Leaves = leaves,
            Roots = [.. old.All("root").Select(root =>
                new ExpectedRoot(new Digest(Convert.FromHexString(root[1])), root[0]))],
        });
        Assert.Empty(report.Problems);
        Assert.Equal(last, report.LastTxId);
        Assert.Equal((ulong)leaves.Count, report.Transactions);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void The_reader_of_today_reproduces_its_leaves_and_roots(string format)
    {
        OldLedger old = OldLedger.Read(format);
        MerkleTree tree = MerkleTree.OfEmptyLedger();
        List<string> leaves = [];
        List<string> roots = [];
        foreach (Block block in Blocks(old))
        {
            foreach (LedgerEntry entry in block.Entries)
            {
                if (entry.Type == EntryType.Signature) roots.Add($"{entry.TxId} {tree.Root()}");
                tree.Append(entry.Leaf);
                leaves.Add($"{entry.TxId} {entry.Leaf}");
            }
        }

        Assert.Equal(old.All("leaf").Select(line => string.Join(' ', line)), leaves);
        Assert.Equal(old.All("root").Select(line => string.Join(' ', line)), roots);
    }

    [Fact]
    public void Its_private_parts_are_opened_and_the_writer_of_today_seals_them_to_the_same_bytes()
    {
        OldLedger old = OldLedger.Read("format-1");
        using LedgerSecret secret = new(new SecretBytes(old.Hex("ledger_secret")));
        LedgerSecrets secrets = new();
        secrets.Add(new SeqNo(1), secret);
        using BlockOpener opener = new(secrets);
        Dictionary<string, string> expected = old.All("private").ToDictionary(line => line[0], line => line[1]);
        foreach (Block block in Blocks(old))
        {
            Assert.Equal(old.One("node_id"), block.NodeId.ToString());
            using EntrySealer sealer = new(secret, block.NodeId);
            foreach (LedgerEntry entry in block.Entries)
            {
                Assert.True(opener.TryOpen(block, entry.TxId.SeqNo, out byte[] opened));
                Assert.Equal(expected.GetValueOrDefault(entry.TxId.ToString(), ""), Convert.ToHexStringLower(opened));
                Assert.Equal(
                    entry.Bytes.ToArray(), sealer.Seal(entry.Type, entry.TxId, entry.Claims, entry.Public.Span,
                        opened));
                if (entry.Type == EntryType.WriteSet)
                    Assert.True(WriteSet.TryDecode(entry.Public.Span, opened, out _), entry.TxId.ToString());
            }
        }
    }

    [Fact]
    public void Its_snapshot_is_read_opened_and_gives_the_state_that_its_ledger_gives()
    {
        OldLedger old = OldLedger.Read("format-1");
        using LedgerSecret secret = new(new SecretBytes(old.Hex("ledger_secret")));
        Assert.True(Snapshot.TryDecode(old.BytesOf("snapshot_9_10.committed"), out Snapshot? snapshot));
        Assert.True(snapshot.TryOpen(secret, out IReadOnlyList<byte[]> opened));
        StateImport import = new();
        Assert.All(snapshot.Public, frame => Assert.True(import.TryAdd(frame.Span)));
        Assert.All(opened, frame => Assert.True(import.TryAdd(frame)));
        State state = import.Finish(snapshot.Header.TxId);
        Assert.Equal(snapshot.Header.StateDigest, state.ComputeDigest());

        Block[] blocks = [.. Blocks(old)];
        Block evidence = blocks.Single(block => block.First.Value == 10);
        Assert.Equal(snapshot.Digest, evidence.Entries[0].Claims);
        Assert.Equal(snapshot.Header.Frontier, evidence.Signature.Frontier);
        Assert.Equal(Valid(old, snapshot.Receipt), evidence.Entries[0].TxId);
    }

    [Theory]
    [InlineData("receipt_3.json")]
    [InlineData("receipt_3.cose")]
    public void Its_receipts_are_valid(string file)
    {
        OldLedger old = OldLedger.Read("format-1");
        Assert.Equal(new TxId(new View(2), new SeqNo(3)), Valid(old, old.BytesOf(file)));
    }

    private static TxId? Valid(OldLedger old, ReadOnlyMemory<byte> receipt)
    {
        Assert.True(Certificate.TryFromPem(File.ReadAllText(Path.Combine(old.Folder, "service_cert.pem")),
            out Certificate? service));
        ReceiptReport report = ReceiptVerifier.Verify(receipt, new ReceiptVerifyOptions
        {
            Keys =
            ServiceKeys.Of(service!)
        });
        Assert.Equal((ReceiptVerdict.Valid, true), (report.Verdict, report.Receipts[0].ProvesCommit));
        return report.TxId;
    }

    private static IEnumerable<Block> Blocks(OldLedger old)
    {
        foreach ((_, byte[] bytes) in old.Chunks)
        {
            ReadOnlyMemory<byte> rest = bytes.AsMemory(LedgerChunk.HeaderSize);
            while (!rest.IsEmpty)
            {
                Assert.True(Block.TryReadLength(rest.Span, out int length));
                Assert.True(Block.TryDecode(rest[..length], out Block? block));
                yield return block;
                rest = rest[length..];
            }
        }
    }
}
