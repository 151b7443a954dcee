using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Fuzz.Targets;

/// <summary>The ledger from the block down to the signature transaction.</summary>
internal static class BlockTargets
{
    public static IEnumerable<FuzzTarget> All =>
    [
        new("block",
            ["BlockHeader.TryDecode", "Block.TryReadLength", "Block.TryDecode", "ServiceIdentity.Verify",
                "GenesisBlock.TryRead"], TryBlock),
        new("entry", ["LedgerEntry.TryDecode", "EntrySealer.TryOpen", "GenesisBlock.TryDecodePublic"], TryEntry),
        new("signature", ["SignatureTransaction.TryDecode", "SignatureHeader.TryDecode"], TrySignature),
    ];

    private static void TryBlock(ReadOnlyMemory<byte> input)
    {
        bool begins = BlockHeader.TryDecode(input.Span, out BlockHeader header, out string reason);
        Must.Hold(begins == (reason.Length == 0), "a header has a reason when it is refused and none otherwise");
        Must.Hold(Block.TryReadLength(input.Span, out int length) == begins && length == header.Length,
            "header and length agree");
        if (!Block.TryDecode(input, out Block? block, out reason))
        {
            Must.Hold(reason.Length > 0, "a block is refused with a reason");
            return;
        }

        Must.Hold(begins && block.Header == header, "the header of a block is that of its start");
        Must.BeSame(
            Block.Encode(block.NodeId, block.View, block.First, [.. block.Entries.Select(e => e.Bytes.ToArray())]),
            input.Span, "block");
        Digest root = block.ComputeRoot();
        foreach (LedgerEntry entry in block.Entries[..^1])
        {
            Must.Hold(block.ProofOf(entry.TxId.SeqNo).Fold(entry.Leaf) == root, "a path leads to the root");
            Must.Hold(block.EntryAt(entry.TxId.SeqNo) == entry, "an entry is found at its seqno");
        }

        // A new one each time: an identity remembers the last node, and one input must not depend on the one before.
        bool verified = new ServiceIdentity(Reference.ServiceCertificate).Verify(block, out reason);
        Must.Hold(verified == (reason.Length == 0), "a block has a reason when it is not verified and none otherwise");
        Must.Hold(!verified || Reference.HasBlock(input.Span), "only what was signed is verified");
        if (GenesisBlock.TryRead(block, out GenesisBlock? genesis))
            Must.Hold(genesis.Digest == Digest.Of(input.Span), "the digest of a genesis block is that of its bytes");
    }

    private static void TryEntry(ReadOnlyMemory<byte> input)
    {
        if (!LedgerEntry.TryDecode(input, out LedgerEntry? entry, out string reason))
        {
            Must.Hold(reason.Length > 0, "an entry is refused with a reason");
            return;
        }

        Must.BeSame(Encode(entry), input.Span, "entry");
        Must.Hold(LeafOf(entry) == entry.Leaf, "the leaf is that of the parts");
        using EntrySealer sealer = new(Reference.Secret, Reference.Blocks[0].NodeId);
        bool opened = sealer.TryOpen(entry, out byte[] privateBytes);
        Must.Hold(!opened || entry.SealedPrivate.IsEmpty || IsKnown(entry), "only what was sealed is opened");
        Must.Hold(opened || privateBytes.Length == 0, "what is not opened shows nothing");
        bool split = GenesisBlock.TryDecodePublic(entry.Public, out Certificate? service, out var writes);
        if (split)
            Must.BeSame(GenesisBlock.EncodePublic(service!.Der.Span, writes.Span), entry.Public.Span, "genesis");
    }

    private static void TrySignature(ReadOnlyMemory<byte> input)
    {
        if (SignatureHeader.TryDecode(input, out SignatureHeader? header))
            Must.BeSame(header.Encode(), input.Span, "signature header");
        if (!SignatureTransaction.TryDecode(input, out SignatureTransaction? signature)) return;
        Must.BeSame(signature.Encode(), input.Span, "signature transaction");
        Must.Hold(signature.Acknowledgements.All(one => one.FindForged(Digest.Zero, signature.Root) is not null),
            "nobody has acknowledged anything in the network without a name");
        MerkleTree tree = MerkleTree.FromFrontier(signature.Frontier);
        Must.Hold(tree.Frontier() == signature.Frontier, "a tree has the frontier that it was made of");
        if (tree.Size > 0) Must.Hold(tree.Root() == signature.Frontier.Root(), "tree and frontier have one root");
        Digest leaf = signature.Root;
        tree.Append(leaf);
        Must.Hold(tree.Path(tree.Size - 1, tree.Size).Fold(leaf) == tree.Root(), "a path leads to the root");
    }

    private static bool IsKnown(LedgerEntry entry) =>
        Reference.Entries.TryGetValue(entry.TxId, out LedgerEntry? known)
        && known.Bytes.Span.SequenceEqual(entry.Bytes.Span);

    // docs/ledger-format.md, "Entry", written down a second time.
    private static byte[] Encode(LedgerEntry entry)
    {
        byte[] header = new byte[LedgerEntry.HeaderSize];
        header[0] = LedgerEntry.FormatVersion;
        header[1] = (byte)entry.Type;
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(2), entry.TxId.View.Value);
        BinaryPrimitives.WriteUInt64BigEndian(header.AsSpan(10), entry.TxId.SeqNo.Value);
        entry.Claims.Value.CopyTo(header.AsSpan(18));
        entry.EvidenceDigest.CopyTo(header.AsSpan(50));
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(82), entry.Public.Length);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(86), entry.SealedPrivate.Length);
        using MemoryStream stream = new();
        stream.Write(header);
        stream.Write(entry.Public.Span);
        stream.Write(entry.SealedPrivate.Span);
        return stream.ToArray();
    }

    private static Digest LeafOf(LedgerEntry entry) => new(SHA256.HashData(
        [.. SHA256.HashData(entry.Bytes.Span), .. entry.EvidenceDigest.ToArray(), .. entry.Claims.Value.ToArray()]));
}
