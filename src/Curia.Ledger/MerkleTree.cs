using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Numerics;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The Merkle tree of the ledger: the shape of RFC 6962 section 2.1 (an odd node goes up as it is), with
/// SHA-256(left ‖ right) as inner node and without its prefix bytes, as the CCF profile of COSE receipts has
/// it.</summary>
/// <remarks>
/// One thread at a time. An append costs one hash on average, a path or root at most 64. Each level holds its complete
/// nodes alone; <see cref="Flush"/> drops what no later path needs, so memory is 64 bytes for each leaf that is kept.
/// </remarks>
public sealed class MerkleTree
{
    private readonly List<Level> levels = [];

    /// <summary>A tree without leaves.</summary>
    public MerkleTree()
    {
    }

    /// <summary>The number of leaves.</summary>
    public ulong Size { get; private set; }

    /// <summary>The number of leaves at the start that were flushed: paths to them are gone.</summary>
    public ulong Flushed { get; private set; }

    /// <summary>The tree of an empty ledger. Its leaf 0 is 32 zero bytes, so that the index of a leaf is its
    /// seqno.</summary>
    public static MerkleTree OfEmptyLedger()
    {
        MerkleTree tree = new();
        tree.Append(Digest.Zero);
        return tree;
    }

    /// <summary>A tree that goes on where another one ended; all leaves so far count as flushed.</summary>
    /// <exception cref="InvariantException">The number of peaks is not that of the size.</exception>
    public static MerkleTree FromFrontier(MerkleFrontier frontier)
    {
        ArgumentNullException.ThrowIfNull(frontier);
        Invariant.Holds(frontier.IsWellFormed, "a frontier has one peak for each bit of its size");
        MerkleTree tree = new() { Size = frontier.Size, Flushed = frontier.Size };
        int peak = frontier.Peaks.Length;
        for (int k = 0; frontier.Size >> k != 0; k++)
        {
            Level level = new(FirstKept(frontier.Size, k));
            if ((frontier.Size >> k & 1) != 0) level.Add(frontier.Peaks[--peak]);
            tree.levels.Add(level);
        }

        return tree;
    }

    /// <summary>Adds a leaf at the end.</summary>
    public void Append(Digest leaf)
    {
        Digest node = leaf;
        ulong index = Size;
        for (int k = 0; ; k++, index >>= 1)
        {
            if (k == levels.Count) levels.Add(new Level(0));
            levels[k].Add(node);
            if ((index & 1) == 0) break; // a left child waits for its sibling
            node = Digest.OfPair(levels[k][index - 1], node);
        }

        Size++;
    }

    /// <summary>The root over all leaves.</summary>
    /// <exception cref="InvariantException">The tree has no leaf.</exception>
    public Digest Root() => Root(Size);

    /// <summary>The root as it was when the tree had a given size.</summary>
    /// <exception cref="InvariantException">The size is 0, beyond the end, or within the flushed part.</exception>
    public Digest Root(ulong size)
    {
        Invariant.Holds(size > 0, "an empty tree has no root");
        RequireKept(size);
        return Fold(size, BitOperations.Log2(size) + 1);
    }

    /// <summary>The frontier of the whole tree.</summary>
    public MerkleFrontier Frontier() => Frontier(Size);

    /// <summary>The frontier as it was when the tree had a given size.</summary>
    /// <exception cref="InvariantException">The size is beyond the end or within the flushed part.</exception>
    public MerkleFrontier Frontier(ulong size)
    {
        RequireKept(size);
        ImmutableArray<Digest>.Builder peaks = ImmutableArray.CreateBuilder<Digest>(BitOperations.PopCount(size));
        for (int k = levels.Count - 1; k >= 0; k--)
        {
            if ((size >> k & 1) != 0) peaks.Add(levels[k][(size >> k) - 1]);
        }

        return new MerkleFrontier(size, peaks.MoveToImmutable());
    }

    /// <summary>The path from a leaf to the root of the tree as it was at a given size (RFC 6962 section
    /// 2.1.1).</summary>
    /// <exception cref="InvariantException">The leaf was flushed, or the size is not between leaf and end.</exception>
    public MerkleProof Path(ulong index, ulong size)
    {
        Invariant.Holds(index < size && index >= Flushed,
            $"no path for leaf {index} in a tree of {size}, flushed to {Flushed}");
        RequireKept(size);
        ImmutableArray<MerkleStep>.Builder steps = ImmutableArray.CreateBuilder<MerkleStep>();
        for (int k = 0; (size - 1) >> k != 0; k++)
        {
            ulong sibling = (index >> k) ^ 1;
            if (sibling > (size - 1) >> k) continue; // the odd node goes up as it is
            Digest digest = sibling < size >> k ? levels[k][sibling] : Fold(size, k);
            steps.Add(new MerkleStep((index >> k & 1) != 0, digest));
        }

        return new MerkleProof(steps.ToImmutable());
    }

    /// <summary>Gives up the paths to all leaves below an index; roots and frontiers from that size on stay.</summary>
    /// <exception cref="InvariantException">The index is beyond the end.</exception>
    public void Flush(ulong below)
    {
        Invariant.Holds(below <= Size, $"flush to {below} is beyond the end {Size}");
        if (below <= Flushed) return;
        for (int k = 0; k < levels.Count; k++) levels[k].DropBelow(FirstKept(below, k));
        Flushed = below;
    }

    /// <summary>Takes back the newest leaves, down to a size.</summary>
    /// <exception cref="InvariantException">The size is beyond the end or within the flushed part.</exception>
    public void Retract(ulong size)
    {
        RequireKept(size);
        for (int k = 0; k < levels.Count; k++) levels[k].Truncate(size >> k);
        Size = size;
    }

    // A leaf at or after `flushed` has as sibling at level k the node (leaf >> k) ^ 1, and a peak of a size at or after
    // it is the node (size >> k) - 1 where size >> k is odd. Both are at or after this even node.
    private static ulong FirstKept(ulong flushed, int k) => flushed >> k & ~1UL;

    private void RequireKept(ulong size) =>
        Invariant.Holds(size >= Flushed && size <= Size, $"size {size} is not between {Flushed} and {Size}");

    // The root of the leaves at the end that the lowest `bits` bits of the size count.
    private Digest Fold(ulong size, int bits)
    {
        int k = BitOperations.TrailingZeroCount(size);
        Digest root = levels[k][(size >> k) - 1];
        for (k++; k < bits; k++)
        {
            if ((size >> k & 1) != 0) root = Digest.OfPair(levels[k][(size >> k) - 1], root);
        }

        return root;
    }

    /// <summary>The complete nodes of one level from an index on.</summary>
    private sealed class Level(ulong first)
    {
        private const int CountMin = 16;

        // A tree that is flushed after each block fills the same room again: 32 KiB on the lowest level, and half as
        // much on each one above.
        private const int CountKept = 1024;

        private ulong first = first;
        private Digest[] nodes = new Digest[CountMin];
        private int head;
        private int count;

        public Digest this[ulong index] => nodes[head + (int)(index - first)];

        public void Add(Digest node)
        {
            if (head + count == nodes.Length) MakeRoom();
            nodes[head + count++] = node;
        }

        public void DropBelow(ulong index)
        {
            int dropped = (int)(index - first);
            head += dropped;
            count -= dropped;
            first = index;
            if (nodes.Length > CountKept && count < nodes.Length / 4) Move(new Digest[Math.Max(CountMin, 2 * count)]);
        }

        public void Truncate(ulong end) => count = (int)(end - first);

        // At the front where enough of it was dropped, else in a larger array.
        private void MakeRoom() => Move(head >= nodes.Length / 2 ? nodes : new Digest[2 * nodes.Length]);

        private void Move(Digest[] target)
        {
            Array.Copy(nodes, head, target, 0, count);
            nodes = target;
            head = 0;
        }
    }
}
