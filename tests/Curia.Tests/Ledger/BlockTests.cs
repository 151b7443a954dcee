using System;
using System.Linq;
using CsCheck;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

public sealed class BlockTests
{
    [Fact]
    public void A_block_is_read_back_and_verified_with_the_service_certificate_alone()
    {
        using SampleLedger ledger = SampleLedger.Written();
        foreach (SealedBlock written in ledger.Blocks)
        {
            Assert.True(Block.TryDecode(written.Bytes, out Block? block));
            Assert.Equal((written.View, written.First, written.Last), (block.View, block.First, block.Last));
            Assert.Equal(ledger.NodeId, block.NodeId);
            Assert.Equal(written.Digest, block.Digest);
            Assert.Equal(written.Root, block.Signature.Root);
            Assert.True(new ServiceIdentity(ledger.ServiceCertificate).Verify(block, out string reason), reason);
            Assert.True(Block.TryReadLength(written.Bytes.Span[..Block.HeaderSize], out int length));
            Assert.Equal(written.Bytes.Length, length);
        }
    }

    [Fact]
    public void A_block_alone_proves_each_of_its_entries()
    {
        using SampleLedger ledger = SampleLedger.Written();
        foreach (SealedBlock written in ledger.Blocks)
        {
            Assert.True(Block.TryDecode(written.Bytes, out Block? block));
            Assert.Equal(block.Signature.Root, ledger.Tree.Root(block.Last.Value));
            for (SeqNo seqNo = block.First; seqNo < block.Last; seqNo = seqNo.Next)
            {
                MerkleProof proof = block.ProofOf(seqNo);
                Assert.Equal(block.Signature.Root, proof.Fold(block.EntryAt(seqNo).Leaf));
                Assert.Equal(ledger.Tree.Path(seqNo.Value, block.Last.Value), proof);
            }

            Assert.Equal(MerkleProof.Empty, block.ProofOf(block.Last));
        }
    }

    [Fact]
    public void Private_parts_are_opened_with_the_ledger_secret_or_a_disclosed_data_key_and_stand_nowhere_in_clear()
    {
        using SampleLedger ledger = SampleLedger.Written();
        LedgerSecrets secrets = new();
        secrets.Add(new SeqNo(1), ledger.Secret);
        using BlockOpener node = new(secrets);
        using SecretBytes key = ledger.Secret.DataKey();
        using BlockOpener auditor = new([new DisclosedPeriod(new SeqNo(1), key)]);
        using BlockOpener stranger = new([new DisclosedPeriod(new SeqNo(5), key)]);
        Assert.True(Block.TryDecode(ledger.Blocks[1].Bytes, out Block? block));
        string[] hidden = ["private one", "", "private three"];
        for (int i = 0; i < hidden.Length; i++)
        {
            byte[] expected = System.Text.Encoding.UTF8.GetBytes(hidden[i]);
            SeqNo seqNo = new(block.First.Value + (ulong)i);
            Assert.True(node.TryOpen(block, seqNo, out byte[] opened));
            Assert.Equal(expected, opened);
            Assert.True(auditor.TryOpen(block, seqNo, out opened));
            Assert.Equal(expected, opened);
            if (expected.Length > 0) Assert.Equal(-1, block.Bytes.Span.IndexOf(expected));
        }

        Assert.False(stranger.TryOpen(block, block.First, out _));
    }

    [Fact]
    public void The_two_ways_to_make_a_block_give_the_same_bytes()
    {
        using SampleLedger ledger = SampleLedger.Written();
        foreach (SealedBlock written in ledger.Blocks)
        {
            Assert.True(Block.TryDecode(written.Bytes, out Block? block));
            byte[] again = Block.Encode(
                block.NodeId, block.View, block.First, [.. block.Entries.Select(entry => entry.Bytes.ToArray())]);
            Assert.Equal(written.Bytes.ToArray(), again);
            Assert.Equal(block.Entries[^1].Public.ToArray(), block.Signature.Encode());
        }
    }

    [Fact]
    public void The_signature_says_what_was_committed_when_and_by_whom()
    {
        using SampleLedger ledger = SampleLedger.Written();
        Assert.True(Block.TryDecode(ledger.Blocks[1].Bytes, out Block? block));
        SignatureHeader header = block.Signature.Header;
        Assert.Equal(new TxId(new View(2), new SeqNo(6)), header.TxId);
        Assert.Equal(new TxId(new View(2), new SeqNo(2)), block.Signature.Committed);
        Assert.Equal(SampleLedger.Start.AddMilliseconds(500), block.Signature.Time);
        Assert.Equal(ledger.ServiceCertificate.KeyDigest, header.KeyId);
        Assert.Equal(("service.example.com", "ledger.signature"), (header.Issuer, header.Subject));
        Assert.True(SignatureHeader.TryDecode(header.Encode(), out SignatureHeader? again));
        Assert.Equal(header, again);
    }

    [Fact]
    public void The_first_block_names_the_service_and_the_network()
    {
        using SampleLedger ledger = SampleLedger.Written();
        Assert.True(Block.TryDecode(ledger.Blocks[0].Bytes, out Block? block));
        Assert.True(GenesisBlock.TryRead(block, out GenesisBlock? genesis));
        Assert.Equal(ledger.ServiceCertificate.Fingerprint, genesis.ServiceCertificate.Fingerprint);
        Assert.Equal(ledger.GenesisDigest, genesis.Digest);
        Assert.Equal("genesis"u8, genesis.PublicWrites.Span);
        Assert.True(Block.TryDecode(ledger.Blocks[1].Bytes, out Block? second));
        Assert.False(GenesisBlock.TryRead(second, out _));
    }

    [Fact]
    public void A_block_of_another_service_is_refused()
    {
        using SampleLedger ledger = SampleLedger.Written();
        using SampleLedger other = SampleLedger.Written("other");
        Assert.True(Block.TryDecode(ledger.Blocks[1].Bytes, out Block? block));
        Assert.False(new ServiceIdentity(other.ServiceCertificate).Verify(block, out string reason));
        Assert.Contains("did not issue", reason);
    }

    [Fact]
    public void Any_bytes_give_a_block_or_a_reason()
    {
        using SampleLedger ledger = SampleLedger.Written();
        byte[] good = ledger.Blocks[1].Bytes.ToArray();
        ServiceIdentity service = new(ledger.ServiceCertificate);
        Bytes.Around(good).Sample(
            bytes => Block.TryDecode(bytes, out Block? block, out string reason)
                ? bytes.AsSpan().SequenceEqual(good) || !service.Verify(block, out reason)
                : block is null && reason.Length > 0,
            iter: 1500);
    }

    [Fact]
    public void Any_bytes_give_a_signature_transaction_or_none()
    {
        using SampleLedger ledger = SampleLedger.Written();
        Assert.True(Block.TryDecode(ledger.Blocks[3].Bytes, out Block? block));
        byte[] good = block.Entries[^1].Public.ToArray();
        Bytes.Around(good).Sample(
            bytes => !SignatureTransaction.TryDecode(bytes, out SignatureTransaction? signature)
                || signature.Encode().AsSpan().SequenceEqual(bytes),
            iter: 3000);
        byte[] header = block.Signature.Header.Encode();
        Bytes.Around(header).Sample(
            bytes => !SignatureHeader.TryDecode(bytes, out SignatureHeader? read)
                || read.Encode().AsSpan().SequenceEqual(bytes),
            iter: 3000);
    }

    [Fact]
    public void A_header_that_promises_a_million_entries_costs_no_memory()
    {
        using SampleLedger ledger = SampleLedger.Written();
        byte[] block = ledger.Blocks[1].Bytes.ToArray();
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64BigEndian(block.AsSpan(21), 1_000_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(Block.TryDecode(block, out _, out string reason));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 64 * 1024);
        Assert.Contains("cannot hold", reason);
    }

    [Fact]
    public void An_open_block_takes_the_next_transaction_of_its_view_and_no_other()
    {
        OpenBlock open = new(new View(2), new SeqNo(5));
        void Add(ulong view, ulong seqNo, EntryType type = EntryType.WriteSet) => open.Add(
            new TxId(new View(view), new SeqNo(seqNo)), type, ClaimsDigest.None, "p"u8.ToArray(), "s"u8.ToArray());
        Add(2, 5);
        Assert.Throws<InvariantException>(() => Add(2, 5));
        Assert.Throws<InvariantException>(() => Add(2, 7));
        Assert.Throws<InvariantException>(() => Add(3, 6));
        Assert.Throws<InvariantException>(() => Add(2, 6, EntryType.Signature));
        Assert.Throws<InvariantException>(() => Add(2, 6, EntryType.Genesis));
        Add(2, 6);
        Assert.Equal(2, open.Count);
        Assert.Equal(2 * LedgerEntry.SizeOf(1, 1), open.Bytes);
        Assert.Equal(new SeqNo(7), open.Next);
        Assert.True(open.HasRoomFor(64 * 1024 * 1024, 0));
        Assert.False(open.HasRoomFor(Block.BytesMax, 0));
    }

    [Fact]
    public void A_block_is_sealed_only_where_the_tree_ends()
    {
        using SampleLedger ledger = SampleLedger.Written();
        OpenBlock early = new(new View(3), new SeqNo(ledger.Last.SeqNo.Value));
        Assert.Throws<InvariantException>(() => ledger.Seal(early));
        OpenBlock own = new(new View(3), ledger.Last.SeqNo.Next);
        Assert.Throws<InvariantException>(() => ledger.Seal(own, new TxId(new View(3), ledger.Last.SeqNo.Next)));
    }
}
