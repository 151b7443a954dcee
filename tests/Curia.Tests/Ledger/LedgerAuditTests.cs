using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

public sealed class LedgerAuditTests
{
    [Fact]
    public void A_whole_ledger_is_verified_from_its_files_alone()
    {
        using SampleLedger ledger = SampleLedger.Written();
        AuditReport report = SampleLedger.Audit(ledger.Files());
        Assert.Empty(report.Problems);
        Assert.True(report.Ok);
        Assert.False(report.Anchored);
        Assert.Equal(new SeqNo(1), report.FirstSeqNo);
        Assert.Equal(ledger.Last, report.LastTxId);
        Assert.Equal(ledger.Last.SeqNo.Value, report.Transactions);
        Assert.Equal(4ul, report.Signatures);
        Assert.Equal(ledger.GenesisDigest, report.GenesisDigest);
        Assert.Equal(ledger.ServiceCertificate.Fingerprint, report.ServiceCertificate!.Fingerprint);
    }

    [Fact]
    public void A_cut_of_the_newest_file_is_a_valid_shorter_ledger_or_a_torn_tail()
    {
        using SampleLedger ledger = SampleLedger.Written();
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        byte[] whole = files[1].Bytes;
        int third = LedgerChunk.HeaderSize + ledger.Blocks[2].Bytes.Length;
        for (int length = 0; length < whole.Length; length += 11)
        {
            AuditReport report = SampleLedger.Audit([files[0], (files[1].Name, whole[..length])]);
            AuditProblem problem = Assert.Single(report.Problems);
            Assert.Equal(AuditProblemKind.TornTail, problem.Kind);
            Assert.Contains("torn tail", problem.Reason);
            Assert.Equal(files[1].Name, problem.File);
            ulong lastWhole = length < third ? 6ul : 7ul;
            Assert.Equal(new SeqNo(lastWhole), report.LastTxId.SeqNo);
            Assert.Equal(new SeqNo(lastWhole + 1), problem.SeqNo);
        }

        Assert.True(SampleLedger.Audit([files[0], (files[1].Name, whole[..third])]).Ok);
        Assert.True(SampleLedger.Audit([files[0], (files[1].Name, whole[..LedgerChunk.HeaderSize])]).Ok);
    }

    [Fact]
    public void Bytes_that_were_never_written_are_a_torn_tail_too()
    {
        using SampleLedger ledger = SampleLedger.Written();
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        byte[] lengthened = [.. files[1].Bytes, .. new byte[4096]];
        Assert.Equal(AuditProblemKind.TornTail, OnlyProblem([files[0], (files[1].Name, lengthened)]).Kind);
        byte[] half = [.. files[1].Bytes];
        half.AsSpan(^200..).Clear();
        Assert.Equal(AuditProblemKind.TornTail, OnlyProblem([files[0], (files[1].Name, half)]).Kind);
    }

    [Fact]
    public void The_same_cut_in_an_older_file_is_damage()
    {
        using SampleLedger ledger = SampleLedger.Written();
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        AuditReport report = SampleLedger.Audit([(files[0].Name, files[0].Bytes[..^50]), files[1]]);
        Assert.Contains(report.Problems, problem => problem.Kind == AuditProblemKind.Damaged
            && problem.File == files[0].Name);
        Assert.DoesNotContain(report.Problems, problem => problem.Kind == AuditProblemKind.TornTail);
        Assert.Equal(ledger.Last, report.LastTxId);

        AuditReport closed = SampleLedger.Audit([(files[0].Name, files[0].Bytes[..^50])]);
        Assert.DoesNotContain(closed.Problems, problem => problem.Kind == AuditProblemKind.TornTail);
        Assert.False(closed.Ok);
    }

    [Fact]
    public void A_missing_file_is_named_and_what_follows_is_still_verified()
    {
        using SampleLedger ledger = SampleLedger.Written();
        (string, byte[])[] files = OneFileEach(ledger);
        AuditReport middle = SampleLedger.Audit([files[0], files[2], files[3]]);
        AuditProblem problem = Assert.Single(middle.Problems);
        Assert.Equal((AuditProblemKind.Missing, "the ledger from 3 to 6 is missing"), (problem.Kind, problem.Reason));
        Assert.Equal(ledger.Last, middle.LastTxId);

        AuditReport start = SampleLedger.Audit(files[1..], new AuditOptions
        {
            ServiceCertificate =
            ledger.ServiceCertificate
        });
        Assert.Contains(start.Problems, one => one.Reason == "the ledger from 1 to 2 is missing");
        Assert.Equal(new SeqNo(3), start.FirstSeqNo);
        Assert.Contains(SampleLedger.Audit([]).Problems, one => one.Reason == "there is no ledger file");
    }

    [Fact]
    public void Swapped_repeated_and_renamed_files_are_refused()
    {
        using SampleLedger ledger = SampleLedger.Written();
        (string Name, byte[] Bytes)[] files = OneFileEach(ledger);
        Refused([(files[0].Name, files[0].Bytes), (files[1].Name, files[2].Bytes), (files[2].Name, files[1].Bytes),
            files[3]]);
        Refused([files[0], files[1], files[1], files[2], files[3]]);
        Refused([files[1], files[0], files[2], files[3]]);
        Refused([files[0], ("ledger_3-7.committed", files[1].Bytes), files[2], files[3]]);
        Refused([files[0], ("ledger_03-6.committed", files[1].Bytes), files[2], files[3]]);
    }

    // A chunk gets its final name when it has committed; a crash, or an audit of a running node, can come before that.
    [Fact]
    public void Complete_files_that_wait_for_their_final_names_are_whole()
    {
        using SampleLedger ledger = SampleLedger.Written();
        (string Name, byte[] Bytes)[] files = OneFileEach(ledger);
        (string Name, byte[] Bytes) waiting = (LedgerChunk.OpenName(new SeqNo(3)), files[1].Bytes);
        Assert.True(SampleLedger.Audit([files[0], waiting, files[2], files[3]]).Ok);
        Refused([files[0], waiting, files[3]]);
        Refused([files[0], waiting, waiting, files[2], files[3]]);
        Refused([files[0], (waiting.Name, waiting.Bytes[..^1]), files[2], files[3]]);
    }

    [Fact]
    public void Swapped_and_repeated_blocks_within_a_file_are_refused()
    {
        using SampleLedger ledger = SampleLedger.Written();
        SealedBlock[] b = [.. ledger.Blocks];
        string name = LedgerChunk.OpenName(new SeqNo(1));
        Assert.True(SampleLedger.Audit([(name, SampleLedger.Chunk(b))]).Ok);
        Refused([(name, SampleLedger.Chunk(b[0], b[2], b[1], b[3]))]);
        Refused([(name, SampleLedger.Chunk(b[0], b[1], b[1], b[2], b[3]))]);
        Refused([(name, SampleLedger.Chunk(b[0], b[1], b[3]))]);
    }

    // A prefix that ends at a block is a valid ledger: only who knows more from elsewhere sees the cut (DESIGN 5).
    [Fact]
    public void A_cut_at_a_block_is_found_by_an_anchor_and_by_nothing_else()
    {
        using SampleLedger ledger = SampleLedger.Written();
        (string, byte[])[] cut = OneFileEach(ledger)[..3];
        Assert.True(SampleLedger.Audit(cut).Ok);
        Assert.Contains("3.8 is not in this ledger", OnlyProblem(cut, new()
        {
            Expect = new TxId(new View(3),
            new SeqNo(8))
        }).Reason);
        Assert.True(SampleLedger.Audit(cut, new AuditOptions { Expect = new TxId(new View(2), new SeqNo(4)) }).Ok);
        Assert.False(SampleLedger.Audit(cut, new AuditOptions { Expect = new TxId(new View(3), new SeqNo(4)) }).Ok);

        Assert.True(Block.TryDecode(ledger.Blocks[^1].Bytes, out Block? last));
        ExpectedLeaf leaf = new(last.Entries[0].TxId, last.Entries[0].Leaf, "receipt.json");
        ExpectedRoot root = new(last.Signature.Root, "signature.json");
        AuditOptions options = new() { Leaves = [leaf], Roots = [root] };
        Assert.True(SampleLedger.Audit(OneFileEach(ledger), options).Ok);
        AuditReport report = SampleLedger.Audit(cut, options);
        Assert.True(report.Anchored);
        Assert.Equal(2, report.Problems.Count);
        Assert.All(report.Problems, problem => Assert.Equal(AuditProblemKind.Anchor, problem.Kind));
        Assert.Contains("receipt.json", report.Problems[0].Reason);
    }

    [Fact]
    public void Another_network_is_found_by_its_name_or_its_certificate()
    {
        using SampleLedger ledger = SampleLedger.Written();
        using SampleLedger other = SampleLedger.Written("other");
        AuditOptions same = new() { Genesis = ledger.GenesisDigest, ServiceCertificate = ledger.ServiceCertificate };
        Assert.True(SampleLedger.Audit(ledger.Files(), same) is { Ok: true, Anchored: true });
        Assert.Contains("genesis digest", OnlyProblem(ledger.Files(), new() { Genesis = other.GenesisDigest }).Reason);
        Assert.False(SampleLedger.Audit(ledger.Files(), new() { ServiceCertificate = other.ServiceCertificate }).Ok);
    }

    [Fact]
    public void Blocks_of_another_history_of_the_same_service_do_not_fit()
    {
        using SampleLedger ledger = SampleLedger.Written();
        using SampleLedger fork = new();
        fork.WriteGenesis();
        fork.Write(2, ("one", "another"), ("two", ""), ("", "history"));
        fork.Write(3);
        // Another genesis (the signatures differ), and so another tree, under the same keys.
        Assert.Contains("frontier", OnlyProblem(
            [.. OneFileEach(ledger)[..2], (LedgerChunk.OpenName(new SeqNo(7)),
                SampleLedger.Chunk(fork.Blocks[2]))]).Reason);
    }

    [Fact]
    public void The_view_grows_time_goes_on_and_only_ends_of_blocks_are_called_committed()
    {
        static AuditProblem Last(Action<SampleLedger> write)
        {
            using SampleLedger ledger = SampleLedger.Written();
            write(ledger);
            return OnlyProblem(ledger.Files());
        }

        static OpenBlock Next(SampleLedger ledger) => new(new View(3), ledger.Last.SeqNo.Next);
        TxId within = new(new View(2), new SeqNo(4));
        TxId otherView = new(new View(2), new SeqNo(7));
        TxId older = new(new View(2), new SeqNo(2));
        Assert.Contains("time of signing goes back", Last(one => one.Seal(Next(one), time: SampleLedger.Start)).Reason);
        Assert.Contains("ends no block", Last(one => one.Seal(Next(one), otherView)).Reason);
        Assert.Contains("committed TxID goes back", Last(one => one.Seal(Next(one), older)).Reason);
        Assert.Contains("committed TxID goes back", Last(one => one.Seal(Next(one), within)).Reason);
        Assert.Contains("view goes back", Last(one =>
        {
            one.Restart();
            one.Write(2, ("late", "late"));
        }).Reason);
    }

    [Fact]
    public void A_block_signed_by_no_node_of_the_service_is_refused()
    {
        using SampleLedger ledger = SampleLedger.Written();
        using SampleLedger thief = new("thief");
        Assert.Contains("did not issue the node certificate", Forged(ledger, thief.NodeKey, thief.NodeCertificate,
            ledger.ServiceKey));
        Assert.Contains("not that of node", Forged(ledger, thief.NodeKey, ledger.NodeCertificate, ledger.ServiceKey));
        Assert.Contains("names another service key", Forged(ledger, ledger.NodeKey, ledger.NodeCertificate,
            thief.ServiceKey));
        Assert.Contains("node's signature is wrong", Forged(ledger, ledger.NodeKey, ledger.NodeCertificate,
            ledger.ServiceKey,
            (root, node) => new WrongSigner(node, root)));
        Assert.Contains("COSE signature is wrong", Forged(ledger, ledger.NodeKey, ledger.NodeCertificate,
            new WrongSigner(ledger.ServiceKey, Digest.Zero)));
        Assert.Contains("not the signed root", Forged(ledger, ledger.NodeKey, ledger.NodeCertificate, ledger.ServiceKey,
            changeRoot: true));
    }

    // Writes a next block by hand, with whatever is wrong in it, and says what the audit found.
    private static string Forged(
        SampleLedger ledger, EcdsaSigner nodeKey, Certificate nodeCertificate, Signer serviceKey,
        Func<Digest, Signer, Signer>? nodeSigner = null, bool changeRoot = false)
    {
        NodeId nodeId = new(Digest.Of(nodeKey.SubjectPublicKeyInfo.Span));
        using EntrySealer sealer = new(ledger.Secret, nodeId);
        MerkleTree tree = MerkleTree.FromFrontier(ledger.Tree.Frontier());
        TxId txId = new(new View(4), ledger.Last.SeqNo.Next);
        TxId last = new(new View(4), txId.SeqNo.Next);
        byte[] entry = sealer.Seal(EntryType.WriteSet, txId, ClaimsDigest.None, "forged"u8, default);
        MerkleFrontier before = tree.Frontier();
        Assert.True(LedgerEntry.TryDecode(entry, out LedgerEntry? decoded));
        tree.Append(decoded.Leaf);
        Digest root = changeRoot ? Digest.Of("other"u8) : tree.Root();
        SignatureTransaction signature = SignatureTransaction.Sign(
            last, root, before, nodeSigner?.Invoke(root, nodeKey) ?? nodeKey, nodeCertificate.Der, serviceKey,
            ledger.Last, SampleLedger.Start.AddHours(1), "service.example.com", "ledger.signature");
        byte[] signed = sealer.Seal(EntryType.Signature, last, ClaimsDigest.None, signature.Encode(), default);
        byte[] block = Block.Encode(nodeId, txId.View, txId.SeqNo, [entry, signed]);
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        files[1] = (files[1].Name, [.. files[1].Bytes, .. block]);
        return OnlyProblem(files).Reason;
    }

    [Fact]
    public void Any_files_give_a_verdict()
    {
        using SampleLedger ledger = SampleLedger.Written();
        List<(string Name, byte[] Bytes)> files = ledger.Files();
        Bytes.Around(files[1].Bytes).Sample(
            bytes => SampleLedger.Audit([files[0], (files[1].Name,
                bytes)]).Ok == bytes.AsSpan().SequenceEqual(files[1].Bytes)
                || bytes.Length == LedgerChunk.HeaderSize || bytes.Length == LedgerChunk.HeaderSize
                    + ledger.Blocks[2].Bytes.Length,
            iter: 150);
        Gen.Select(Gen.String, Bytes.Around(files[0].Bytes)).Sample(
            (name, bytes) => !SampleLedger.Audit([(name, bytes)]).Ok, iter: 100);
    }

    [Fact]
    public void A_report_is_bounded()
    {
        using SampleLedger ledger = SampleLedger.Written();
        (string Name, byte[] Bytes) file = ledger.Files()[0];
        AuditReport report = SampleLedger.Audit(Enumerable.Repeat(file, 300));
        Assert.Equal(LedgerAudit.ProblemsMax, report.Problems.Count);
        Assert.Contains("more problems", report.Problems[^1].Reason);
    }

    [Theory]
    [InlineData("ledger_1", 1ul, null)]
    [InlineData("ledger_1-57.committed", 1ul, 57ul)]
    [InlineData("ledger_4611686018427387904", 1ul << 62, null)]
    public void Names_of_chunk_files_are_read_and_written(string name, ulong first, ulong? last)
    {
        Assert.True(LedgerChunk.TryParseName(name, out LedgerChunkName read));
        Assert.Equal(new SeqNo(first), read.First);
        Assert.Equal(last, read.Last?.Value);
        Assert.Equal(name, read.ToString());
    }

    [Theory]
    [InlineData("ledger_")]
    [InlineData("ledger_0")]
    [InlineData("ledger_01")]
    [InlineData("ledger_1-57")]
    [InlineData("ledger_57-1.committed")]
    [InlineData("ledger_1.committed")]
    [InlineData("ledger_1-.committed")]
    [InlineData("ledger_-1")]
    [InlineData("Ledger_1")]
    [InlineData("ledger_1-57.committed.recovery")]
    [InlineData("ledger_4611686018427387905")]
    [InlineData("ledger_1-4611686018427387905.committed")]
    [InlineData("ledger_18446744073709551616")]
    public void Other_names_are_not_those_of_chunk_files(string name) =>
        Assert.False(LedgerChunk.TryParseName(name, out _));

    [Fact]
    public void Chunk_files_are_sorted_by_seqno_and_not_by_letters() => Assert.Equal(
        ["ledger_1-9.committed", "ledger_10-99.committed", "ledger_100"],
        LedgerChunk.InOrder(["ledger_100", "snapshot_1_2", "ledger_10-99.committed", "node.pid",
            "ledger_1-9.committed"]));

    private static (string Name, byte[] Bytes)[] OneFileEach(SampleLedger ledger) =>
    [
        .. ledger.Blocks.Select((block, i) => (
            i == ledger.Blocks.Count - 1 ? LedgerChunk.OpenName(block.First)
                : LedgerChunk.ClosedName(block.First, block.Last),
            SampleLedger.Chunk(block))),
    ];

    private static AuditProblem OnlyProblem(IEnumerable<(string Name, byte[] Bytes)> files, AuditOptions? options =
        null) =>
        Assert.Single(SampleLedger.Audit(files, options).Problems);

    private static void Refused(IEnumerable<(string Name, byte[] Bytes)> files) =>
        Assert.False(SampleLedger.Audit(files).Ok);

    /// <summary>A signer that answers with the signature of something else.</summary>
    private sealed class WrongSigner(Signer signer, Digest notThis) : Signer
    {
        public override SigningCurve Curve => signer.Curve;

        public override ReadOnlyMemory<byte> SubjectPublicKeyInfo => signer.SubjectPublicKeyInfo;

        public override byte[] SignHash(ReadOnlySpan<byte> hash) =>
            signer.SignHash(Digest.OfPair(notThis, notThis).ToArray());

        public override SecretBytes Export() => signer.Export();
    }
}
