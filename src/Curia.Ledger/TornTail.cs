using System;
using System.Buffers.Binary;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>What a crash does to the end of a ledger: writes that were not yet durable are lost, sector by sector, in
/// any order.</summary>
/// <remarks>docs/ledger-format.md, "Torn tail". A sector that never came reads as zeros, or the file ends before
/// it.</remarks>
internal static class TornTail
{
    /// <summary>The least that a disk writes at once. Larger ones, and the pages of a kernel, are whole multiples.
    /// </summary>
    public const int SectorBytes = 512;

    /// <summary>What is not there of the file header or block that begins at an offset; empty when every sector of it
    /// was written, so that whatever is wrong with it is no matter of a crash.</summary>
    /// <param name="file">The whole file.</param>
    /// <param name="offset">Where the header or block begins.</param>
    /// <param name="first">The seqno in the file's name.</param>
    public static string LossAt(ReadOnlySpan<byte> file, int offset, SeqNo first)
    {
        ReadOnlySpan<byte> rest = file[offset..];
        int headerBytes = offset == 0 ? LedgerChunk.HeaderSize : Block.HeaderSize;

        // What is there of a file's header must be that of a ledger: any other file is somebody's.
        if (offset == 0 && !LedgerChunk.IsCutHeader(file, first)) return string.Empty;
        if (rest.Length < headerBytes) return "the file ends within a header";

        // A length that cannot be is itself wrong: then the loss has to be within the bytes that say it.
        uint length = offset == 0 ? (uint)headerBytes : BinaryPrimitives.ReadUInt32BigEndian(rest[1..]);
        if (offset != 0 && (rest[0] != Block.FormatVersion || length is < Block.HeaderSize or > Block.BytesMax))
            length = 1 + sizeof(uint);
        long end = Math.Min(offset + (long)length, file.Length);
        for (int at = offset; at < end; at = (at / SectorBytes + 1) * SectorBytes)
        {
            int sectorEnd = Math.Min((at / SectorBytes + 1) * SectorBytes, file.Length);
            if (file[at..sectorEnd].IndexOfAnyExcept((byte)0) < 0)
                return $"the bytes {at} to {sectorEnd - 1} of the file were never written";
        }

        // A block ends with its frontier: at most the last peak is zero (leaf 0, in the genesis block) and never the
        // count before it. So these zeros were never written, wherever the sector begins.
        if (end == file.Length && rest[^Math.Min(rest.Length, Digest.Size + 1)..].IndexOfAnyExcept((byte)0) < 0)
            return "the file ends with bytes that were never written";
        return length > rest.Length && !HasAllEntries(rest) ? "the file ends within the block" : string.Empty;
    }

    // Whether all entries of the block are there although its length says otherwise: then the length is wrong, and
    // nothing was torn off.
    private static bool HasAllEntries(ReadOnlySpan<byte> block)
    {
        if (!BlockHeader.TryDecode(block, out BlockHeader header, out _)) return false;
        ReadOnlySpan<byte> entries = block[Block.HeaderSize..];
        for (ulong count = 0; count < header.Count; count++)
        {
            if (!LedgerEntry.TryReadLength(entries, out int length, out _) || length > entries.Length) return false;
            entries = entries[length..];
        }

        return true;
    }
}

/// <summary>Where the audit met what may be a torn tail, and how far the ledger was whole then.</summary>
/// <param name="Tail">The tail as the report will name it.</param>
/// <param name="Problems">How many problems were reported before.</param>
/// <param name="Extent">The ledger before the tail.</param>
/// <param name="Anchors">What had been found before the tail.</param>
internal sealed record TailSuspicion(AuditTail Tail, int Problems, ChainExtent Extent, AuditAnchors Anchors);
