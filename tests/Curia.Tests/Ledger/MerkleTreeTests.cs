using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using CsCheck;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

public sealed class MerkleTreeTests
{
    private static readonly Gen<Digest> DigestGen = Gen.Byte.Array[Digest.Size].Select(bytes => new Digest(bytes));

    // RFC 6962 section 2.1, with our inner node: k is the largest power of two smaller than n.
    private static Digest NaiveRoot(ReadOnlySpan<Digest> leaves)
    {
        if (leaves.Length == 1) return leaves[0];
        int k = LargestPowerBelow(leaves.Length);
        byte[] pair = [.. NaiveRoot(leaves[..k]).ToArray(), .. NaiveRoot(leaves[k..]).ToArray()];
        return new Digest(SHA256.HashData(pair));
    }

    // RFC 6962 section 2.1.1.
    private static List<MerkleStep> NaivePath(int index, ReadOnlySpan<Digest> leaves)
    {
        if (leaves.Length == 1) return [];
        int k = LargestPowerBelow(leaves.Length);
        return index < k
            ? [.. NaivePath(index, leaves[..k]), new MerkleStep(false, NaiveRoot(leaves[k..]))]
            : [.. NaivePath(index - k, leaves[k..]), new MerkleStep(true, NaiveRoot(leaves[..k]))];
    }

    private static int LargestPowerBelow(int n)
    {
        int k = 1;
        while (2 * k < n) k *= 2;
        return k;
    }

    private static MerkleTree TreeOf(IEnumerable<Digest> leaves)
    {
        MerkleTree tree = new();
        foreach (Digest leaf in leaves) tree.Append(leaf);
        return tree;
    }

    private static Digest[] Leaves(int count) => [.. Enumerable.Range(0, count).Select(i =>
        Digest.Of(BitConverter.GetBytes(i)))];

    [Fact]
    public void Root_and_every_path_are_those_of_RFC_6962_for_every_size_up_to_70()
    {
        Digest[] leaves = Leaves(70);
        MerkleTree tree = TreeOf(leaves);
        for (int size = 1; size <= leaves.Length; size++)
        {
            Digest root = NaiveRoot(leaves.AsSpan(0, size));
            Assert.Equal(root, tree.Root((ulong)size));
            Assert.Equal(root, tree.Frontier((ulong)size).Root());
            for (int index = 0; index < size; index++)
            {
                MerkleProof proof = tree.Path((ulong)index, (ulong)size);
                Assert.Equal(NaivePath(index, leaves.AsSpan(0, size)), proof.Steps);
                Assert.Equal(root, proof.Fold(leaves[index]));
            }
        }
    }

    [Fact]
    public void The_tree_of_seven_leaves_has_the_shape_printed_in_RFC_6962_section_2_1_3()
    {
        Digest[] d = Leaves(7);
        Digest Pair(Digest a, Digest b) => Digest.OfPair(a, b);
        Digest g = Pair(d[0], d[1]), h = Pair(d[2], d[3]), i = Pair(d[4], d[5]), j = d[6];
        Digest k = Pair(g, h), l = Pair(i, j);
        MerkleTree tree = TreeOf(d);
        Assert.Equal(Pair(k, l), tree.Root());
        Assert.Equal([new(false, d[1]), new(false, h), new(false, l)], tree.Path(0, 7).Steps);
        Assert.Equal([new(false, j), new(true, k)], new[] { tree.Path(4, 7).Steps[1], tree.Path(4, 7).Steps[2] });
        Assert.Equal([new(true, i), new(true, k)], tree.Path(6, 7).Steps);
    }

    [Fact]
    public void The_leaf_before_the_first_transaction_is_32_zero_bytes()
    {
        MerkleTree tree = MerkleTree.OfEmptyLedger();
        Assert.Equal(1ul, tree.Size);
        Assert.Equal(Digest.Zero, tree.Root());
    }

    [Fact]
    public void Append_flush_retract_and_frontier_never_change_what_the_naive_tree_says()
    {
        Gen.Select(Gen.Int[0, 3], Gen.Int[0, 40]).Array[1, 40].Sample(steps =>
        {
            MerkleTree tree = new();
            List<Digest> leaves = [];
            int next = 0;
            foreach ((int what, int amount) in steps)
            {
                Act(ref tree, leaves, ref next, what, amount);
                if (!Agrees(tree, leaves)) return false;
            }

            return true;
        }, iter: 300);
    }

    private static void Act(ref MerkleTree tree, List<Digest> leaves, ref int next, int what, int amount)
    {
        int kept = leaves.Count - (int)tree.Flushed;
        switch (what)
        {
            case 0:
                for (int i = 0; i < amount; i++)
                {
                    leaves.Add(Digest.Of(BitConverter.GetBytes(next++)));
                    tree.Append(leaves[^1]);
                }

                break;
            case 1:
                tree.Flush(tree.Flushed + (ulong)Math.Min(amount, kept));
                break;
            case 2:
                int size = leaves.Count - Math.Min(amount, kept);
                leaves.RemoveRange(size, leaves.Count - size);
                tree.Retract((ulong)size);
                break;
            default:
                tree = MerkleTree.FromFrontier(tree.Frontier());
                break;
        }
    }

    private static bool Agrees(MerkleTree tree, List<Digest> leaves)
    {
        Digest[] all = [.. leaves];
        if (tree.Size != (ulong)all.Length) return false;
        for (int size = Math.Max(1, (int)tree.Flushed); size <= all.Length; size += 7)
        {
            Digest root = NaiveRoot(all.AsSpan(0, size));
            if (tree.Root((ulong)size) != root || tree.Frontier((ulong)size).Root() != root) return false;
            for (int index = (int)tree.Flushed; index < size; index += 5)
            {
                if (!tree.Path((ulong)index, (ulong)size).Steps.SequenceEqual(NaivePath(index, all.AsSpan(0, size))))
                    return false;
            }
        }

        return true;
    }

    [Fact]
    public void A_changed_sibling_direction_or_leaf_gives_another_root()
    {
        Digest[] leaves = Leaves(13);
        MerkleTree tree = TreeOf(leaves);
        MerkleProof proof = tree.Path(6, 13);
        for (int i = 0; i < proof.Steps.Length; i++)
        {
            MerkleStep step = proof.Steps[i];
            MerkleProof turned = new(proof.Steps.SetItem(i, step with { IsLeft = !step.IsLeft }));
            MerkleProof changed = new(proof.Steps.SetItem(i, step with { Sibling = Digest.Of("other"u8) }));
            Assert.NotEqual(tree.Root(), turned.Fold(leaves[6]));
            Assert.NotEqual(tree.Root(), changed.Fold(leaves[6]));
        }

        Assert.NotEqual(tree.Root(), proof.Fold(leaves[7]));
        Assert.Equal(tree.Path(6, 13), proof);
    }

    [Fact]
    public void What_was_flushed_or_is_not_there_stops_the_node()
    {
        MerkleTree tree = TreeOf(Leaves(20));
        tree.Flush(10);
        Assert.Throws<InvariantException>(() => tree.Path(9, 20));
        Assert.Throws<InvariantException>(() => tree.Root(9));
        Assert.Throws<InvariantException>(() => tree.Retract(9));
        Assert.Throws<InvariantException>(() => tree.Flush(21));
        Assert.Throws<InvariantException>(() => tree.Path(20, 20));
        Assert.Throws<InvariantException>(() => new MerkleTree().Root());
        Assert.Throws<InvariantException>(() => MerkleTree.FromFrontier(new MerkleFrontier(3, [Digest.Zero])));
    }

    [Fact]
    public void A_frontier_is_equal_by_value()
    {
        DigestGen.Array[1, 40].Sample(leaves =>
        {
            MerkleTree one = TreeOf(leaves), two = TreeOf(leaves);
            return one.Frontier() == two.Frontier() && one.Frontier().GetHashCode() == two.Frontier().GetHashCode()
                && MerkleTree.FromFrontier(one.Frontier()).Frontier() == one.Frontier();
        }, iter: 100);
    }
}
