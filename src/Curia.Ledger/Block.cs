using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The entries since the last block, ending with a signature transaction: what consensus replicates and
/// commits, and what stands on disk.</summary>
/// <remarks>Immutable; any thread. It gives receipts for all its entries alone: the frontier stands in its signature
/// transaction. Decoding checks the structure; <see cref="ServiceIdentity.Verify"/> checks root and signatures.
/// docs/ledger-format.md, "Block".</remarks>
public sealed class Block
{
    /// <summary>The version of the block format that this code writes and reads.</summary>
    public const byte FormatVersion = 1;

    /// <summary>Version, length, view, first, last, node id.</summary>
    public const int HeaderSize = 1 + 4 + 8 + 8 + 8 + Digest.Size;

    /// <summary>The largest block: the largest entry (68 MiB) may join an open block that is not yet sealed and has
    /// less than 60 MiB, which is far above any size at which a node seals.</summary>
    public const int BytesMax = 128 * 1024 * 1024;

    /// <summary>The most entries: as many as fit at the size of an entry that holds almost nothing.</summary>
    public const int EntriesMax = BytesMax / 128;

    private ImmutableArray<Digest> leaves;
    private MerkleTree? tree;

    private Block(ReadOnlyMemory<byte> bytes, BlockHeader header, ImmutableArray<LedgerEntry> entries,
        SignatureTransaction signature)
    {
        Bytes = bytes;
        Header = header;
        Entries = entries;
        Signature = signature;
    }

    /// <summary>The whole block.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>The header.</summary>
    public BlockHeader Header { get; }

    /// <summary>The view of all its entries.</summary>
    public View View => Header.View;

    /// <summary>The seqno of its first entry.</summary>
    public SeqNo First => Header.First;

    /// <summary>The seqno of its signature transaction.</summary>
    public SeqNo Last => Header.Last;

    /// <summary>The node that sealed and signed it.</summary>
    public NodeId NodeId => Header.NodeId;

    /// <summary>Its entries in order; the last one is the signature transaction.</summary>
    public ImmutableArray<LedgerEntry> Entries { get; }

    /// <summary>The content of its last entry.</summary>
    public SignatureTransaction Signature { get; }

    /// <summary>SHA-256 of the whole block, computed at each call. That of the first block is the name of the
    /// network.</summary>
    public Digest Digest => Digest.Of(Bytes.Span);

    /// <summary>Puts a block together from entries that are sealed already. <see cref="BlockSealer"/> does it without
    /// the copy.</summary>
    /// <param name="nodeId">The node that sealed and signed them.</param>
    /// <param name="view">The view of all entries.</param>
    /// <param name="first">The seqno of the first entry.</param>
    /// <param name="entries">In order, ending with the signature transaction.</param>
    /// <exception cref="InvariantException">No entry, or more than a block holds.</exception>
    public static byte[] Encode(NodeId nodeId, View view, SeqNo first, IReadOnlyList<byte[]> entries)
    {
        ArgumentNullException.ThrowIfNull(entries);
        Invariant.Holds(entries.Count is > 0 and <= EntriesMax, $"a block of {entries.Count} entries");
        long length = HeaderSize;
        foreach (byte[] entry in entries) length += entry.Length;
        Invariant.Holds(length <= BytesMax, $"a block of {length} bytes");
        byte[] block = new byte[length];
        SeqNo last = new(first.Value + (ulong)entries.Count - 1);
        new BlockHeader((int)length, view, first, last, nodeId).Write(block);
        int offset = HeaderSize;
        foreach (byte[] entry in entries)
        {
            entry.CopyTo(block, offset);
            offset += entry.Length;
        }

        return block;
    }

    /// <summary>The size of the block that begins here.</summary>
    /// <returns>False when the bytes do not begin with a block header.</returns>
    public static bool TryReadLength(ReadOnlySpan<byte> header, out int total)
    {
        bool read = BlockHeader.TryDecode(header, out BlockHeader decoded, out _);
        total = decoded.Length;
        return read;
    }

    /// <summary>Takes the first of blocks that stand back to back, by the length that it says itself; nothing is
    /// believed by it.</summary>
    /// <param name="blocks">The blocks; then those after the first.</param>
    /// <param name="bytes">The bytes of the first.</param>
    /// <returns>False, and nothing is taken, when no whole block begins there.</returns>
    public static bool TryTake(ref ReadOnlyMemory<byte> blocks, out ReadOnlyMemory<byte> bytes)
    {
        bytes = default;
        if (!TryReadLength(blocks.Span, out int length) || length > blocks.Length) return false;
        bytes = blocks[..length];
        blocks = blocks[length..];
        return true;
    }

    /// <summary>Reads exactly one block; trailing bytes are refused. The block keeps the memory.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out Block? block) =>
        TryDecode(bytes, out block, out _);

    /// <summary>Reads exactly one block and says what is wrong when there is none.</summary>
    /// <param name="bytes">One block.</param>
    /// <param name="block">The block, which keeps the memory.</param>
    /// <param name="reason">Empty, or a sentence for the auditor.</param>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out Block? block, out string reason)
    {
        block = null;
        if (!BlockHeader.TryDecode(bytes.Span, out BlockHeader header, out reason)) return false;
        if (header.Length != bytes.Length)
        {
            reason = $"a block says {header.Length} bytes where there are {bytes.Length}";
            return false;
        }

        if (!TryReadEntries(bytes, header, out ImmutableArray<LedgerEntry> entries, out reason)) return false;
        reason = "the block ends with a signature transaction that cannot be read";
        if (!SignatureTransaction.TryDecode(entries[^1].Public, out SignatureTransaction? signature)) return false;
        reason = "the signature transaction names another TxID";
        if (signature.Header.TxId != entries[^1].TxId) return false;
        reason = "the frontier does not end where the block begins";
        if (signature.Frontier.Size != header.First.Value) return false;
        reason = "the block knows its own transactions as committed";
        if (signature.Committed.SeqNo >= header.First) return false;
        reason = string.Empty;
        block = new Block(bytes, header, entries, signature);
        return true;
    }

    /// <summary>The entry at a seqno of this block.</summary>
    /// <exception cref="InvariantException">The seqno is not in the block.</exception>
    public LedgerEntry EntryAt(SeqNo seqNo)
    {
        Invariant.Holds(seqNo >= First && seqNo <= Last, $"seqno {seqNo} is not in the block {First} to {Last}");
        return Entries[(int)(seqNo.Value - First.Value)];
    }

    /// <summary>The path from an entry to the root that the block signs. That of the signature transaction is empty:
    /// its receipt begins at the root itself (anchors: CCF receipts).</summary>
    /// <exception cref="InvariantException">The seqno is not in the block.</exception>
    public MerkleProof ProofOf(SeqNo seqNo)
    {
        Invariant.Holds(seqNo >= First && seqNo <= Last, $"seqno {seqNo} is not in the block {First} to {Last}");
        return seqNo == Last ? MerkleProof.Empty : Tree().Path(seqNo.Value, Last.Value);
    }

    /// <summary>The root over frontier and leaves, computed and not believed.</summary>
    public Digest ComputeRoot() => Tree().Root();

    /// <summary>The frontier after its last entry, from its own frontier on, computed and not believed. The tree that
    /// gives the root is used again.</summary>
    public MerkleFrontier FrontierAfter()
    {
        MerkleTree after = MerkleTree.FromFrontier(Tree().Frontier());
        after.Append(Entries[^1].Leaf);
        return after.Frontier();
    }

    /// <summary>The leaves of its entries, that of the signature transaction included.</summary>
    public ImmutableArray<Digest> Leaves()
    {
        if (leaves.IsDefault) leaves = ImmutableArray.CreateRange(Entries, entry => entry.Leaf);
        return leaves;
    }

    // Built once and only read after that; two threads that come first build the same tree.
    private MerkleTree Tree()
    {
        if (tree is not null) return tree;
        MerkleTree built = MerkleTree.FromFrontier(Signature.Frontier);
        for (int i = 0; i < Entries.Length - 1; i++) built.Append(Entries[i].Leaf);
        return tree = built;
    }

    // Empty when the entry is in its place. An audit reads millions of entries, so no sentence is made before it is
    // needed.
    private static string ProblemOf(LedgerEntry entry, TxId expected, BlockHeader header)
    {
        if (entry.TxId != expected) return $"entry {entry.TxId} stands where {expected} belongs";
        if (entry.Type == EntryType.Signature != (expected.SeqNo == header.Last))
            return $"entry {expected}: a signature transaction is the last entry of a block and no other";
        return entry.Type == EntryType.Epoch && header.Count != 2
            ? $"entry {expected}: an epoch begins with a block of its own"
            : string.Empty;
    }

    private static bool TryReadEntries(
        ReadOnlyMemory<byte> bytes, BlockHeader header, out ImmutableArray<LedgerEntry> entries, out string reason)
    {
        entries = default;
        // An entry has a smallest size, so the count is bounded by the bytes before anything is allocated for it.
        reason = $"a block of {bytes.Length} bytes cannot hold {header.Count} entries";
        if (header.Count > (ulong)(bytes.Length - HeaderSize) / LedgerEntry.HeaderSize) return false;
        ImmutableArray<LedgerEntry>.Builder read = ImmutableArray.CreateBuilder<LedgerEntry>((int)header.Count);
        int offset = HeaderSize;
        for (ulong seqNo = header.First.Value; seqNo <= header.Last.Value; seqNo++)
        {
            ReadOnlyMemory<byte> rest = bytes[offset..];
            if (!LedgerEntry.TryReadLength(rest.Span, out int length, out reason)) return false;
            if (length > rest.Length)
            {
                reason = $"entry {seqNo} goes beyond the end of its block";
                return false;
            }

            if (!LedgerEntry.TryDecode(rest[..length], out LedgerEntry? entry, out reason)) return false;
            reason = ProblemOf(entry, new TxId(header.View, new SeqNo(seqNo)), header);
            if (reason.Length != 0) return false;
            read.Add(entry);
            offset += length;
        }

        reason = $"{bytes.Length - offset} bytes follow the last entry of the block";
        if (offset != bytes.Length) return false;
        reason = string.Empty;
        entries = read.MoveToImmutable();
        return true;
    }
}
