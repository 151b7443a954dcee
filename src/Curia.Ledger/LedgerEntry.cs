using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>One transaction as bytes on the ledger: a header of fixed size, the public part in clear, the private part
/// sealed.</summary>
/// <remarks>Immutable; docs/ledger-format.md, "Entry".</remarks>
public sealed class LedgerEntry
{
    /// <summary>The version of the entry format that this code writes and reads.</summary>
    public const byte FormatVersion = 1;

    /// <summary>Version, type, view, seqno, claims digest, evidence digest, and the sizes of both parts.</summary>
    public const int HeaderSize = 1 + 1 + 8 + 8 + 2 * Digest.Size + 4 + 4;

    /// <summary>The largest entry: a write set of 64 MiB, the limit of the key-value store, and 4 MiB for its framing
    /// and the certificate of the genesis entry.</summary>
    public const int BytesMax = 68 * 1024 * 1024;

    private const int PublicLengthAt = HeaderSize - 8;
    private const int PrivateLengthAt = HeaderSize - 4;

    private LedgerEntry(ReadOnlyMemory<byte> bytes, int publicLength)
    {
        ReadOnlySpan<byte> span = bytes.Span;
        Bytes = bytes;
        Type = (EntryType)span[1];
        TxId = new TxId(
            new View(BinaryPrimitives.ReadUInt64BigEndian(span[2..])),
            new SeqNo(BinaryPrimitives.ReadUInt64BigEndian(span[10..])));
        Claims = new ClaimsDigest(new Digest(span.Slice(18, Digest.Size)));
        EvidenceDigest = new Digest(span.Slice(50, Digest.Size));
        Public = bytes.Slice(HeaderSize, publicLength);
        SealedPrivate = bytes[(HeaderSize + publicLength)..];
        WriteSetDigest = Digest.Of(span);
        Leaf = LeafOf(WriteSetDigest, EvidenceDigest, Claims);
    }

    /// <summary>What the entry holds.</summary>
    public EntryType Type { get; }

    /// <summary>The transaction.</summary>
    public TxId TxId { get; }

    /// <summary>The application's digest of its own claims.</summary>
    public ClaimsDigest Claims { get; }

    /// <summary>SHA-256 of the commit evidence; zero in a signature transaction, which has none.</summary>
    public Digest EvidenceDigest { get; }

    /// <summary>The public part, in clear.</summary>
    public ReadOnlyMemory<byte> Public { get; }

    /// <summary>Ciphertext and tag of the private part; empty when there is none.</summary>
    public ReadOnlyMemory<byte> SealedPrivate { get; }

    /// <summary>All bytes before the ciphertext; the sealing authenticates them too.</summary>
    public ReadOnlyMemory<byte> AssociatedData => Bytes[..^SealedPrivate.Length];

    /// <summary>The whole entry.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>SHA-256 of the whole entry.</summary>
    public Digest WriteSetDigest { get; }

    /// <summary>The leaf of this entry in the Merkle tree.</summary>
    public Digest Leaf { get; }

    /// <summary>SHA-256(write set digest ‖ SHA-256(commit evidence) ‖ claims digest).</summary>
    public static Digest LeafOf(Digest writeSetDigest, Digest evidenceDigest, ClaimsDigest claims)
    {
        Span<byte> components = stackalloc byte[3 * Digest.Size];
        writeSetDigest.CopyTo(components);
        evidenceDigest.CopyTo(components[Digest.Size..]);
        claims.Value.CopyTo(components[(2 * Digest.Size)..]);
        return Digest.Of(components);
    }

    /// <summary>The size of an entry with parts of these sizes.</summary>
    public static long SizeOf(long publicBytes, long privateBytes) =>
        HeaderSize + publicBytes + (privateBytes == 0 ? 0 : privateBytes + AeadKey.TagSize);

    /// <summary>Reads exactly one entry; trailing bytes are refused. The entry keeps the memory.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out LedgerEntry? entry) =>
        TryDecode(bytes, out entry, out _);

    /// <summary>Reads exactly one entry and says what is wrong when there is none.</summary>
    /// <param name="bytes">One entry.</param>
    /// <param name="entry">The entry, which keeps the memory.</param>
    /// <param name="reason">Empty, or a sentence for the auditor.</param>
    public static bool TryDecode(
        ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out LedgerEntry? entry, out string reason)
    {
        entry = null;
        ReadOnlySpan<byte> span = bytes.Span;
        if (!TryReadLength(span, out int length, out reason)) return false;
        if (length != span.Length)
        {
            reason = $"an entry says {length} bytes where there are {span.Length}";
            return false;
        }

        LedgerEntry read = new(bytes, BinaryPrimitives.ReadInt32BigEndian(span[PublicLengthAt..]));
        reason = read.FindProblem();
        if (reason.Length != 0) return false;
        entry = read;
        return true;
    }

    /// <summary>The size of the entry that begins here, from its header alone.</summary>
    internal static bool TryReadLength(ReadOnlySpan<byte> header, out int length, out string reason)
    {
        length = 0;
        reason = string.Empty;
        if (header.Length < HeaderSize) reason = "an entry ends within its header";
        else if (header[0] != FormatVersion) reason = $"entry version {header[0]} is unknown";
        else if (header[1] > (byte)EntryType.Epoch) reason = $"entry type {header[1]} is unknown";
        if (reason.Length != 0) return false;
        long total = (long)HeaderSize + BinaryPrimitives.ReadUInt32BigEndian(header[PublicLengthAt..])
            + BinaryPrimitives.ReadUInt32BigEndian(header[PrivateLengthAt..]);
        if (total > BytesMax) reason = $"an entry of {total} bytes is larger than {BytesMax}";
        length = total > BytesMax ? 0 : (int)total;
        return reason.Length == 0;
    }

    /// <summary>Writes everything before the ciphertext.</summary>
    internal static void WriteClear(
        Span<byte> target, EntryType type, TxId txId, ClaimsDigest claims, Digest evidenceDigest,
        ReadOnlySpan<byte> publicBytes, int sealedLength)
    {
        ByteWriter writer = new(target);
        writer.U8(FormatVersion);
        writer.U8((byte)type);
        writer.U64(txId.View.Value);
        writer.U64(txId.SeqNo.Value);
        writer.Digest(claims.Value);
        writer.Digest(evidenceDigest);
        writer.U32((uint)publicBytes.Length);
        writer.U32((uint)sealedLength);
        writer.Bytes(publicBytes);
    }

    private string FindProblem()
    {
        if (TxId.View.Value is 0 or > uint.MaxValue) return $"entry {TxId} has a view outside 1 to {uint.MaxValue}";
        if (TxId.SeqNo == SeqNo.Zero) return "an entry has seqno 0";
        if (TxId.SeqNo > SeqNo.Max) return $"entry {TxId} has a seqno above {SeqNo.Max}";
        if (!SealedPrivate.IsEmpty && SealedPrivate.Length <= AeadKey.TagSize)
            return $"entry {TxId} has a private part without bytes";
        if (Type == EntryType.Genesis != (TxId.SeqNo.Value == 1))
            return $"entry {TxId}: genesis is seqno 1, and seqno 1 is genesis";
        bool bare = EvidenceDigest == Digest.Zero && Claims == ClaimsDigest.None && SealedPrivate.IsEmpty;
        if (Type == EntryType.Signature && !bare)
            return $"signature transaction {TxId} has commit evidence, claims or a private part";

        return string.Empty;
    }
}
