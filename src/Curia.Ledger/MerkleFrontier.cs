using System;
using System.Collections.Immutable;
using System.Linq;
using System.Numerics;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>A Merkle tree reduced to what is needed to go on: the roots of its complete subtrees, largest
/// first.</summary>
/// <param name="Size">The number of leaves.</param>
/// <param name="Peaks">One digest for each bit that is set in the size, highest bit first.</param>
public sealed record MerkleFrontier(ulong Size, ImmutableArray<Digest> Peaks)
{
    /// <summary>The largest encoding: size, count and 64 peaks.</summary>
    public const int EncodedBytesMax = sizeof(ulong) + 1 + 64 * Digest.Size;

    /// <summary>The most leaves: one for each seqno and leaf 0.</summary>
    public static readonly ulong SizeMax = SeqNo.Max.Value + 1;

    /// <summary>Whether the size is one of a ledger and the number of peaks is that of the size.</summary>
    public bool IsWellFormed =>
        !Peaks.IsDefault && Size <= SizeMax && Peaks.Length == BitOperations.PopCount(Size);

    /// <summary>The size of the encoding in bytes.</summary>
    public int EncodedBytes => sizeof(ulong) + 1 + Peaks.Length * Digest.Size;

    /// <summary>The root of the tree.</summary>
    /// <exception cref="InvariantException">The tree has no leaf.</exception>
    public Digest Root()
    {
        Invariant.Holds(IsWellFormed && Size > 0, "an empty tree has no root");
        Digest root = Peaks[^1];
        for (int i = Peaks.Length - 2; i >= 0; i--) root = Digest.OfPair(Peaks[i], root);
        return root;
    }

    /// <summary>Equal by value; the array of a record would be compared by reference.</summary>
    public bool Equals(MerkleFrontier? other) =>
        other is not null && Size == other.Size && Peaks.AsSpan().SequenceEqual(other.Peaks.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Size, Peaks.IsDefaultOrEmpty ? default : Peaks.Last());

    internal void Write(ref ByteWriter writer)
    {
        writer.U64(Size);
        writer.U8((byte)Peaks.Length);
        foreach (Digest peak in Peaks) writer.Digest(peak);
    }

    /// <summary>Reads size, count and peaks; null when bytes are missing, the size is that of no ledger or the
    /// count is not that of the size.</summary>
    internal static MerkleFrontier? Read(ref ByteReader reader)
    {
        ulong size = reader.U64();
        int count = reader.U8();
        if (reader.Failed || size > SizeMax || count != BitOperations.PopCount(size)) return null;
        ImmutableArray<Digest>.Builder peaks = ImmutableArray.CreateBuilder<Digest>(count);
        for (int i = 0; i < count; i++) peaks.Add(reader.Digest());
        return reader.Failed ? null : new MerkleFrontier(size, peaks.MoveToImmutable());
    }
}
