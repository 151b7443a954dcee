using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Cryptography;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Tests.Architecture;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

/// <summary>Writes the ledger of today's format, once. How: tests/Curia.Tests/Ledger/old/README.md.</summary>
public sealed class OldLedgerWriter : IDisposable
{
    private const string Format = "format-1";
    private const int FrameBytesMax = 1024;

    private static readonly Map<string, string> Service = new("public:ccf.gov.service.info", Codecs.Utf8, Codecs.Utf8);
    private static readonly Map<string, string> PublicLog = new("public:log", Codecs.Utf8, Codecs.Utf8);
    private static readonly Map<ulong, string> PrivateLog = new("log", Codecs.UInt64, Codecs.Utf8);
    private static readonly Map<string, Digest> Evidence =
        new("public:curia.internal.snapshot_evidence", Codecs.Utf8, Codecs.Digest);

    private readonly SampleLedger ledger = new("curia " + Format);
    private readonly KeyValueStore store = new();
    private readonly List<string> expected = [$"# What the writer of {Format} knew; see ../README.md."];

    [Fact(Explicit = true)]
    public void Write_the_ledger_of_this_format_once()
    {
        string folder = Path.Combine(Repository.Root, OldLedger.Root, Format);
        Assert.False(Directory.Exists(folder), $"{folder} is there: what was written stays as it is");
        WriteBlock(2, transaction => transaction.Map(Service).Put("name", "The ledger of format 1"));
        WriteBlock(
            2,
            transaction =>
            {
                transaction.Map(PublicLog).Put("1", "public message");
                transaction.Map(PrivateLog).Put(42, "private message");
                transaction.SetClaims(new ClaimsDigest(Digest.Of("claims of 2.3"u8)));
            },
            transaction => transaction.Map(PrivateLog).Put(43, "only private"));
        WriteBlock(4);
        WriteBlock(
            4,
            transaction => transaction.Map(PublicLog).Put("2", "only public"),
            transaction => transaction.Map(PrivateLog).Remove(43));
        (byte[] snapshot, ClaimsDigest digest, TxId txId) = WriteSnapshot();
        WriteBlock(4, transaction =>
        {
            transaction.Map(Evidence).Put(txId.SeqNo.ToString(), digest.Value);
            transaction.SetClaims(digest);
        });

        Directory.CreateDirectory(folder);
        foreach ((string name, byte[] bytes) in ledger.Files()) File.WriteAllBytes(Path.Combine(folder, name), bytes);
        SeqNo evidence = ledger.Blocks[^1].First;
        Receipt receipt = ReceiptOf(evidence);
        File.WriteAllBytes(
            Path.Combine(folder, Snapshot.FileName(txId.SeqNo, evidence, true)),
            [.. snapshot, .. SnapshotWriter.Receipt(receipt.ToJson())]);
        File.WriteAllText(Path.Combine(folder, "receipt_3.json"), ReceiptOf(new SeqNo(3)).ToJson());
        File.WriteAllBytes(Path.Combine(folder, "receipt_3.cose"), ReceiptOf(new SeqNo(3)).ToCose());
        File.WriteAllText(Path.Combine(folder, "service_cert.pem"), ledger.ServiceCertificate.ToPem());
        Expect();
        File.WriteAllLines(Path.Combine(folder, "expected.txt"), expected);
    }

    public void Dispose() => ledger.Dispose();

    private void WriteBlock(ulong view, params Action<Transaction>[] transactions)
    {
        OpenBlock open = new(new View(view), ledger.Last.SeqNo.Next);
        foreach (Action<Transaction> write in transactions)
        {
            Transaction transaction = store.Begin(MapAccess.Node);
            write(transaction);
            CommitOutcome.Committed done = Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, open.View));
            byte[] publicBytes = done.Changes.Encode(Domain.Public);
            byte[] privateBytes = done.Changes.Encode(Domain.Private);
            bool first = done.Id.SeqNo.Value == 1;
            open.Add(
                done.Id, first ? EntryType.Genesis : EntryType.WriteSet, transaction.Claims,
                first ? GenesisBlock.EncodePublic(ledger.ServiceCertificate.Der.Span, publicBytes) : publicBytes,
                privateBytes);
            if (privateBytes.Length > 0) expected.Add($"private {done.Id} {Convert.ToHexStringLower(privateBytes)}");
        }

        ledger.Seal(open);
        store.Apply(ledger.Last, WriteSet.Empty);
    }

    private (byte[] File, ClaimsDigest Digest, TxId TxId) WriteSnapshot()
    {
        State state = store.Current;
        SnapshotHeader header = new(
            state.TxId, ledger.NodeId, state.ComputeDigest(), FrameBytesMax,
            [new ViewStart(new View(2), new SeqNo(1)), new ViewStart(new View(4), new SeqNo(6))],
                ledger.Tree.Frontier());
        using SnapshotWriter writer = new(header, ledger.Secret);
        List<byte> file = [.. writer.Start()];
        foreach (ReadOnlyMemory<byte> frame in state.Export(Domain.Public, FrameBytesMax))
            file.AddRange(writer.Public(frame.Span));
        foreach (ReadOnlyMemory<byte> frame in state.Export(Domain.Private, FrameBytesMax))
            file.AddRange(writer.Private(frame.Span));
        file.AddRange(writer.End());
        return ([.. file], writer.Digest, state.TxId);
    }

    private Receipt ReceiptOf(SeqNo seqNo)
    {
        SealedBlock written = ledger.Blocks.Single(block => block.First <= seqNo && seqNo <= block.Last);
        Assert.True(Block.TryDecode(written.Bytes, out Block? block));
        return Receipt.Of(block, seqNo, ledger.Secret.EvidenceFor(block.EntryAt(seqNo).TxId));
    }

    private void Expect()
    {
        byte[] secret = new byte[LedgerSecret.Size];
        SeededEntropy entropy = new("curia " + Format);
        using EcdsaSigner service = EcdsaSigner.Generate(entropy);
        using EcdsaSigner node = EcdsaSigner.Generate(entropy);
        entropy.Fill(secret);
        expected.Add($"ledger_secret {Convert.ToHexStringLower(secret)}");
        expected.Add($"node_id {ledger.NodeId}");
        expected.Add($"genesis {ledger.GenesisDigest}");
        expected.Add($"last {ledger.Last}");
        foreach (SealedBlock written in ledger.Blocks)
        {
            Assert.True(Block.TryDecode(written.Bytes, out Block? block));
            foreach (LedgerEntry entry in block.Entries) expected.Add($"leaf {entry.TxId} {entry.Leaf}");
            expected.Add($"root {block.Entries[^1].TxId} {block.Signature.Root}");
        }
    }
}
