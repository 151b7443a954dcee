using System;
using System.Buffers.Binary;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>Finds blocks behind a part that cannot be read: where they begin is not known there.</summary>
internal static class BlockSearch
{
    // What looks like a later block and is none is never chance; somebody who makes such bytes shall not make an
    // auditor hash them over and over.
    private const int ImpostorsMax = 16;

    /// <summary>The offset of the next whole block after a seqno; the length of the bytes when there is none.</summary>
    /// <param name="file">A chunk file.</param>
    /// <param name="from">Where to begin.</param>
    /// <param name="after">Blocks that begin here or before are copies of what was read already.</param>
    /// <param name="gaveUp">Whether too much looked like a block and was none: what comes after is not known.</param>
    public static int NextWhole(ReadOnlyMemory<byte> file, int from, SeqNo after, out bool gaveUp)
    {
        int impostors = 0;
        gaveUp = false;
        for (int at = from; at < file.Length; at++)
        {
            gaveUp = impostors >= ImpostorsMax;
            if (gaveUp) break;
            if (!MayBegin(file.Span[at..], after, out int length)) continue;
            if (Block.TryDecode(file.Slice(at, length), out Block? block) && IsWhole(block)) return at;
            impostors++;
        }

        return file.Length;
    }

    /// <summary>Whether a block is what a node signed, whoever that was: its root is that of its frontier and entries,
    /// and its node's key signed it. No crash makes such a block out of another.</summary>
    public static bool IsWhole(Block block)
    {
        if (!Certificate.TryFromDer(block.Signature.NodeCertificate.Span, out Certificate? node)
            || node is null || node.KeyDigest != block.NodeId.Value || block.ComputeRoot() != block.Signature.Root)
        {
            return false;
        }

        Span<byte> root = stackalloc byte[Digest.Size];
        block.Signature.Root.CopyTo(root);
        return node.Key.VerifyHash(root, block.Signature.NodeSignature.Span);
    }

    // The header of a block and that of its first entry say the same.
    private static bool MayBegin(ReadOnlySpan<byte> bytes, SeqNo after, out int length)
    {
        length = 0;
        if (bytes.Length < Block.HeaderSize + LedgerEntry.HeaderSize || bytes[0] != Block.FormatVersion
            || !BlockHeader.TryDecode(bytes, out BlockHeader header, out _)
            || header.Length > bytes.Length || header.First <= after)
        {
            return false;
        }

        length = header.Length;
        ReadOnlySpan<byte> entry = bytes[Block.HeaderSize..];
        return entry[0] == LedgerEntry.FormatVersion
            && BinaryPrimitives.ReadUInt64BigEndian(entry[2..]) == header.View.Value
            && BinaryPrimitives.ReadUInt64BigEndian(entry[10..]) == header.First.Value;
    }
}
