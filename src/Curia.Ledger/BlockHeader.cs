using System;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The first 61 bytes of a block. Every field is said again by the entries and is checked against
/// them.</summary>
/// <param name="Length">The size of the whole block in bytes, header included.</param>
/// <param name="View">The view of all its entries.</param>
/// <param name="First">The seqno of its first entry.</param>
/// <param name="Last">The seqno of its last entry, the signature transaction.</param>
/// <param name="NodeId">The node that sealed and signed it.</param>
public readonly record struct BlockHeader(int Length, View View, SeqNo First, SeqNo Last, NodeId NodeId)
{
    /// <summary>The number of entries.</summary>
    public ulong Count => Last.Value - First.Value + 1;

    /// <summary>Reads the header at the start of the bytes; what follows it is not looked at.</summary>
    /// <param name="bytes">A block or its start.</param>
    /// <param name="header">The header; a size that a block may have, and at least one entry.</param>
    /// <param name="reason">Empty, or a sentence for the auditor.</param>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out BlockHeader header, out string reason)
    {
        header = default;
        reason = string.Empty;
        ByteReader reader = new(bytes);
        byte version = reader.U8();
        uint length = reader.U32();
        View view = new(reader.U64());
        SeqNo first = new(reader.U64());
        SeqNo last = new(reader.U64());
        NodeId nodeId = new(reader.Digest());
        if (reader.Failed) reason = "a block ends within its header";
        else if (version != Block.FormatVersion) reason = $"block version {version} is unknown";
        else if (length is < Block.HeaderSize or > Block.BytesMax) reason = $"a block cannot have {length} bytes";
        else if (view.Value is 0 or > uint.MaxValue) reason = $"a block cannot be in view {view}";
        else if (first == SeqNo.Zero || last < first || last > SeqNo.Max
            || last.Value - first.Value >= Block.EntriesMax)
            reason = $"a block cannot go from {first} to {last}";
        if (reason.Length != 0) return false;
        header = new BlockHeader((int)length, view, first, last, nodeId);
        return true;
    }

    internal void Write(Span<byte> target)
    {
        ByteWriter writer = new(target);
        writer.U8(Block.FormatVersion);
        writer.U32((uint)Length);
        writer.U64(View.Value);
        writer.U64(First.Value);
        writer.U64(Last.Value);
        writer.Digest(NodeId.Value);
    }
}
