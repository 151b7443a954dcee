using System;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>Where a view begins.</summary>
/// <param name="View">The view.</param>
/// <param name="First">The seqno of its first transaction.</param>
public readonly record struct ViewStart(View View, SeqNo First);

/// <summary>The first frame of a snapshot.</summary>
/// <param name="TxId">The transaction after which the state was taken; the last one of a block.</param>
/// <param name="NodeId">The node that made and sealed it.</param>
/// <param name="StateDigest">The digest of the state; a reader computes it again from what it imported.</param>
/// <param name="FrameBytesMax">The size of the frames that the state was cut into.</param>
/// <param name="Views">Every view up to the TxID with its first seqno, in order.</param>
/// <param name="Frontier">The Merkle tree up to the TxID.</param>
public sealed record SnapshotHeader(
    TxId TxId, NodeId NodeId, Digest StateDigest, int FrameBytesMax, ImmutableArray<ViewStart> Views,
    MerkleFrontier Frontier)
{
    /// <summary>The most views that a header lists: one election a minute for more than a month between two snapshots
    /// of a ledger would still fit, and the frame stays under 1 MiB.</summary>
    public const int ViewsMax = 65_536;

    private const int FixedBytes = 8 + 8 + 2 * Digest.Size + 4 + 4;

    internal byte[] Encode()
    {
        Invariant.Holds(FindProblem().Length == 0, FindProblem());
        byte[] bytes = new byte[FixedBytes + Views.Length * 16 + Frontier.EncodedBytes];
        ByteWriter writer = new(bytes);
        writer.U64(TxId.View.Value);
        writer.U64(TxId.SeqNo.Value);
        writer.Digest(NodeId.Value);
        writer.Digest(StateDigest);
        writer.U32((uint)FrameBytesMax);
        writer.U32((uint)Views.Length);
        foreach (ViewStart view in Views)
        {
            writer.U64(view.View.Value);
            writer.U64(view.First.Value);
        }

        Frontier.Write(ref writer);
        return bytes;
    }

    internal static bool TryDecode(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out SnapshotHeader? header)
    {
        header = null;
        ByteReader reader = new(bytes);
        TxId txId = new(new View(reader.U64()), new SeqNo(reader.U64()));
        NodeId nodeId = new(reader.Digest());
        Digest stateDigest = reader.Digest();
        uint frameBytesMax = reader.U32();
        uint count = reader.U32();
        if (reader.Failed || count > ViewsMax || count > (uint)(bytes.Length - reader.Offset) / 16
            || frameBytesMax > SnapshotFrames.PayloadBytesMax)
        {
            return false;
        }

        ImmutableArray<ViewStart>.Builder views = ImmutableArray.CreateBuilder<ViewStart>((int)count);
        for (uint i = 0; i < count; i++) views.Add(new ViewStart(new View(reader.U64()), new SeqNo(reader.U64())));
        MerkleFrontier? frontier = MerkleFrontier.Read(ref reader);
        if (frontier is null || !reader.IsComplete) return false;
        SnapshotHeader read = new(txId, nodeId, stateDigest, (int)frameBytesMax, views.MoveToImmutable(), frontier);
        if (read.FindProblem().Length != 0) return false;
        header = read;
        return true;
    }

    private string FindProblem()
    {
        if (TxId.View.Value is 0 or > uint.MaxValue || TxId.SeqNo == SeqNo.Zero || TxId.SeqNo > SeqNo.Max)
            return "a snapshot is of a transaction";
        if (FrameBytesMax is <= 0 or > SnapshotFrames.PayloadBytesMax) return "the frames of a snapshot have a size";
        if (Frontier.Size != TxId.SeqNo.Next.Value) return "the tree of a snapshot ends with its transaction";
        if (Views.IsDefaultOrEmpty || Views.Length > ViewsMax || Views[^1].View != TxId.View
            || Views[^1].First > TxId.SeqNo)
            return "the views of a snapshot end with that of its transaction";
        for (int i = 1; i < Views.Length; i++)
        {
            if (Views[i].View <= Views[i - 1].View || Views[i].First <= Views[i - 1].First)
                return "the views of a snapshot grow";
        }

        return string.Empty;
    }
}
