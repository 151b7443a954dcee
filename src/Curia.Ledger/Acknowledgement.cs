using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Text;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The signed word of one node that it has stored a block: over the network, the block's place and its root.
/// It stands beside no service key, so it says something also where that one is not believed.</summary>
/// <param name="NodeKey">SubjectPublicKeyInfo of the node's key, DER; its digest is the node id.</param>
/// <param name="Signature">ECDSA of the node key; r and s of fixed size.</param>
/// <remarks>docs/ledger-format.md, "Acknowledgements". DESIGN 4, "Diversity rule".</remarks>
public sealed record Acknowledgement(ReadOnlyMemory<byte> NodeKey, ReadOnlyMemory<byte> Signature)
{
    /// <summary>The largest key: DER of one on P-521 has 158 bytes.</summary>
    public const int KeyBytesMax = 160;

    /// <summary>The largest signature: one of a key on P-521.</summary>
    public const int SignatureBytesMax = 132;

    private static readonly byte[] label = Encoding.ASCII.GetBytes("curia acknowledgement 1\n");

    /// <summary>The node.</summary>
    public NodeId Node { get; } = new(Digest.Of(NodeKey.Span));

    internal int EncodedBytes => 2 * sizeof(ushort) + NodeKey.Length + Signature.Length;

    /// <summary>Signs for a block that is on the own disk.</summary>
    /// <param name="nodeKey">The key of the node.</param>
    /// <param name="genesis">The name of the network.</param>
    /// <param name="block">The signature transaction that ends the block.</param>
    /// <param name="root">The root that it signs.</param>
    public static Acknowledgement Sign(Signer nodeKey, Digest genesis, TxId block, Digest root)
    {
        ArgumentNullException.ThrowIfNull(nodeKey);
        byte[] hash = EcdsaSignature.Hash(nodeKey.Curve, Statement(genesis, block, root));
        return new Acknowledgement(nodeKey.SubjectPublicKeyInfo, nodeKey.SignHash(hash));
    }

    /// <summary>Whether the node has signed just this.</summary>
    /// <param name="genesis">The name of the network.</param>
    /// <param name="block">The signature transaction that ends the block.</param>
    /// <param name="root">The root that it signs.</param>
    public bool Verify(Digest genesis, TxId block, Digest root)
    {
        if (!SignatureVerifier.TryFromSubjectPublicKeyInfo(NodeKey.Span, out SignatureVerifier? key)) return false;
        using (key)
        {
            byte[] hash = EcdsaSignature.Hash(key!.Curve, Statement(genesis, block, root));
            return key.VerifyHash(hash, Signature.Span);
        }
    }

    private static byte[] Statement(Digest genesis, TxId block, Digest root)
    {
        byte[] bytes = new byte[label.Length + 2 * Digest.Size + 2 * sizeof(ulong)];
        ByteWriter writer = new(bytes);
        writer.Bytes(label);
        writer.Digest(genesis);
        writer.U64(block.View.Value);
        writer.U64(block.SeqNo.Value);
        writer.Digest(root);
        return bytes;
    }
}

/// <summary>Who has acknowledged one committed block, as a later block records it.</summary>
/// <param name="Block">The signature transaction that ends the block.</param>
/// <param name="By">In strictly ascending order of node ids; at least one.</param>
public sealed record BlockAcknowledgements(TxId Block, ImmutableArray<Acknowledgement> By)
{
    /// <summary>The most nodes for one block: a receipt carries them all, and no rule needs more kinds.</summary>
    public const int NodesMax = 64;

    /// <summary>The most blocks that one block records: more than can commit between two.</summary>
    public const int BlocksMax = 64;

    /// <summary>The most bytes of all that one block records.</summary>
    public const int BytesMax = 64 * 1024;

    /// <summary>The bytes that it takes in a block.</summary>
    public int EncodedBytes
    {
        get
        {
            int bytes = 2 * sizeof(ulong) + 1;
            foreach (Acknowledgement one in By) bytes += one.EncodedBytes;
            return bytes;
        }
    }

    /// <summary>Who of them has not signed what it says; null when all have.</summary>
    /// <param name="genesis">The name of the network.</param>
    /// <param name="root">The root that the block signs.</param>
    public NodeId? FindForged(Digest genesis, Digest root)
    {
        foreach (Acknowledgement one in By)
        {
            if (!one.Verify(genesis, Block, root)) return one.Node;
        }

        return null;
    }

    internal static int BytesOf(ImmutableArray<BlockAcknowledgements> all)
    {
        int bytes = 1;
        foreach (BlockAcknowledgements one in all) bytes += one.EncodedBytes;
        return bytes;
    }

    internal static Digest? DigestOf(ImmutableArray<BlockAcknowledgements> all)
    {
        if (all.IsEmpty) return null;
        byte[] bytes = new byte[BytesOf(all)];
        ByteWriter writer = new(bytes);
        Write(ref writer, all);
        return Digest.Of(bytes);
    }

    internal static void Write(ref ByteWriter writer, ImmutableArray<BlockAcknowledgements> all)
    {
        writer.U8(checked((byte)all.Length));
        foreach (BlockAcknowledgements one in all)
        {
            writer.U64(one.Block.View.Value);
            writer.U64(one.Block.SeqNo.Value);
            writer.U8(checked((byte)one.By.Length));
            foreach (Acknowledgement by in one.By)
            {
                writer.U16(checked((ushort)by.NodeKey.Length));
                writer.Bytes(by.NodeKey.Span);
                writer.U16(checked((ushort)by.Signature.Length));
                writer.Bytes(by.Signature.Span);
            }
        }
    }

    // One value has one encoding: never an empty list, everything in order.
    internal static bool TryRead(
        ReadOnlyMemory<byte> bytes, ref ByteReader reader, out ImmutableArray<BlockAcknowledgements> all)
    {
        all = [];
        int start = reader.Offset;
        int count = reader.U8();
        if (count is 0 or > BlocksMax) return false;
        List<BlockAcknowledgements> read = [];
        for (int index = 0; index < count; index++)
        {
            TxId block = new(new View(reader.U64()), new SeqNo(reader.U64()));
            int nodes = reader.U8();
            if (reader.Failed || nodes is 0 or > NodesMax || block.View > View.Max || block.SeqNo > SeqNo.Max)
                return false;
            if (read.Count > 0 && block.SeqNo <= read[^1].Block.SeqNo) return false;
            if (!TryReadNodes(bytes, ref reader, nodes, out ImmutableArray<Acknowledgement> by)) return false;
            read.Add(new BlockAcknowledgements(block, by));
        }

        all = [.. read];
        return reader.Offset - start <= BytesMax;
    }

    private static bool TryReadNodes(
        ReadOnlyMemory<byte> bytes, ref ByteReader reader, int count, out ImmutableArray<Acknowledgement> by)
    {
        by = [];
        ImmutableArray<Acknowledgement>.Builder read = ImmutableArray.CreateBuilder<Acknowledgement>(count);
        for (int index = 0; index < count; index++)
        {
            if (!TryTake(bytes, ref reader, Acknowledgement.KeyBytesMax, out ReadOnlyMemory<byte> key)
                || !TryTake(bytes, ref reader, Acknowledgement.SignatureBytesMax, out ReadOnlyMemory<byte> signature))
            {
                return false;
            }

            Acknowledgement one = new(key, signature);
            if (index > 0 && read[^1].Node.CompareTo(one.Node) >= 0) return false;
            read.Add(one);
        }

        by = read.MoveToImmutable();
        return true;
    }

    private static bool TryTake(
        ReadOnlyMemory<byte> bytes, ref ByteReader reader, int bytesMax, out ReadOnlyMemory<byte> taken)
    {
        int length = reader.U16();
        int start = reader.Offset;
        bool isThere = length > 0 && length <= bytesMax && reader.Bytes(length).Length == length;
        taken = isThere ? bytes.Slice(start, length) : default;
        return isThere;
    }
}
