using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;

namespace Curia.KeyValue;

/// <summary>A persistent B+ tree: every change gives a new tree that shares all but one path with the old
/// one.</summary>
/// <remarks>Any number of threads read any tree; whoever holds a tree holds a snapshot. A change costs the copy of one
/// node per level.</remarks>
internal readonly struct Tree : IEquatable<Tree>
{
    private readonly TreeNode? root;

    private Tree(TreeNode? root) => this.root = root;

    public TreeNode? Root => root;

    public long Count => root is null ? 0 : root.Count;

    /// <summary>Whether both are the same version of the same map; equal content in different nodes does not
    /// count.</summary>
    public bool IsSame(Tree other) => ReferenceEquals(root, other.root);

    /// <summary>As <see cref="IsSame"/>: the dictionary of maps compares what it replaces, and would otherwise do so by
    /// reflection.</summary>
    public bool Equals(Tree other) => IsSame(other);

    public override bool Equals(object? obj) => obj is Tree other && IsSame(other);

    public override int GetHashCode() => root is null ? 0 : RuntimeHelpers.GetHashCode(root);

    /// <summary>The record of a key, or none.</summary>
    public Record Find(ReadOnlySpan<byte> key)
    {
        TreeNode? node = root;
        while (node is Branch branch) node = branch.Children[branch.ChildOf(key)];
        if (node is not Leaf leaf) return default;
        int at = leaf.Search(key);
        return at < 0 ? default : leaf.Records[at];
    }

    /// <summary>This tree with the record, in place of the one that has the same key.</summary>
    public Tree With(Record record)
    {
        if (root is null) return new Tree(new Leaf([record]));
        Halves halves = Insert(root, record, true);
        return halves.Right is null
            ? new Tree(halves.Left)
            : new Tree(NewBranch([halves.Separator!], [halves.Left, halves.Right]));
    }

    /// <summary>This tree without the key; the same tree when it is absent.</summary>
    public Tree Without(ReadOnlySpan<byte> key)
    {
        if (root is null) return this;
        TreeNode? node = Remove(root, key);
        while (node is Branch { Width: 1 } branch) node = branch.Children[0];
        return new Tree(node);
    }

    /// <summary>A tree of records that come in strictly ascending order, with full nodes.</summary>
    public static Tree FromOrdered(IReadOnlyList<Record> records)
    {
        if (records.Count == 0) return default;
        List<TreeNode> level = [];
        List<byte[]> separators = [];
        for (int from = 0; from < records.Count; from += TreeNode.WidthMax)
        {
            Record[] part = new Record[Math.Min(TreeNode.WidthMax, records.Count - from)];
            for (int i = 0; i < part.Length; i++) part[i] = records[from + i];
            if (from > 0) separators.Add(Separator(records[from - 1], part[0]));
            level.Add(new Leaf(part));
        }

        while (level.Count > 1) (level, separators) = LevelAbove(level, separators);
        return new Tree(level[0]);
    }

    private static (List<TreeNode> Level, List<byte[]> Separators) LevelAbove(
        List<TreeNode> level, List<byte[]> separators)
    {
        List<TreeNode> above = [];
        List<byte[]> between = [];
        for (int from = 0; from < level.Count; from += TreeNode.WidthMax)
        {
            int width = Math.Min(TreeNode.WidthMax, level.Count - from);
            if (from > 0) between.Add(separators[from - 1]);
            above.Add(NewBranch([.. separators.GetRange(from, width - 1)], [.. level.GetRange(from, width)]));
        }

        return (above, between);
    }

    private static Halves Insert(TreeNode node, Record record, bool atRightEdge) => node is Leaf leaf
        ? InsertIntoLeaf(leaf, record, atRightEdge)
        : InsertIntoBranch((Branch)node, record, atRightEdge);

    private static Halves InsertIntoLeaf(Leaf leaf, Record record, bool atRightEdge)
    {
        int at = leaf.Search(record.Key);
        if (at >= 0) return new Halves(new Leaf(Replaced(leaf.Records, at, record)));
        at = ~at;
        Record[] records = Inserted(leaf.Records, at, record);
        if (records.Length <= TreeNode.WidthMax) return new Halves(new Leaf(records));

        // Keys that only grow (numbers, times) would leave half-full leaves behind: at the right edge the full leaf
        // stays full.
        int middle = atRightEdge && at == TreeNode.WidthMax ? TreeNode.WidthMax : records.Length / 2;
        return SplitLeaf(records, middle);
    }

    private static Halves SplitLeaf(Record[] records, int middle) => new(
        new Leaf(records[..middle]), Separator(records[middle - 1], records[middle]), new Leaf(records[middle..]));

    private static Halves InsertIntoBranch(Branch branch, Record record, bool atRightEdge)
    {
        int at = branch.ChildOf(record.Key);
        bool isLast = at == branch.Children.Length - 1;
        Halves halves = Insert(branch.Children[at], record, atRightEdge && isLast);
        if (halves.Right is null) return new Halves(WithChild(branch, at, halves.Left));

        byte[][] separators = Inserted(branch.Separators, at, halves.Separator!);
        TreeNode[] children = Inserted(Replaced(branch.Children, at, halves.Left), at + 1, halves.Right);
        if (children.Length <= TreeNode.WidthMax) return new Halves(new Branch(separators, children, branch.Count + 1));
        return SplitBranch(separators, children, atRightEdge && isLast ? TreeNode.WidthMax : children.Length / 2);
    }

    private static Halves SplitBranch(byte[][] separators, TreeNode[] children, int middle) => new(
        NewBranch(separators[..(middle - 1)], children[..middle]),
        separators[middle - 1],
        NewBranch(separators[middle..], children[middle..]));

    /// <summary>The node without the key; the same node when it is absent, null when nothing is left.</summary>
    private static TreeNode? Remove(TreeNode node, ReadOnlySpan<byte> key)
    {
        if (node is Leaf leaf)
        {
            int found = leaf.Search(key);
            if (found < 0) return leaf;
            return leaf.Records.Length == 1 ? null : new Leaf(Removed(leaf.Records, found));
        }

        Branch branch = (Branch)node;
        int at = branch.ChildOf(key);
        TreeNode? child = Remove(branch.Children[at], key);
        if (ReferenceEquals(child, branch.Children[at])) return branch;
        if (child is null) return WithoutChild(branch, at);
        return child.Width >= TreeNode.WidthMin || branch.Width == 1
            ? WithChild(branch, at, child)
            : WithJoined(branch, at, child);
    }

    private static Branch WithChild(Branch branch, int at, TreeNode child) => new(
        branch.Separators,
        Replaced(branch.Children, at, child),
        branch.Count + child.Count - branch.Children[at].Count);

    private static Branch? WithoutChild(Branch branch, int at) => branch.Width == 1
        ? null
        : new Branch(Removed(branch.Separators, Math.Max(at - 1, 0)), Removed(branch.Children, at), branch.Count - 1);

    /// <summary>The branch in which a child that has become too small is joined with a neighbour, or both are evened
    /// out.</summary>
    private static Branch WithJoined(Branch branch, int at, TreeNode child)
    {
        int left = at > 0 ? at - 1 : 0;
        TreeNode first = left == at ? child : branch.Children[left];
        TreeNode second = left == at ? branch.Children[left + 1] : child;
        Halves halves = first is Leaf leaf
            ? Join(leaf, (Leaf)second)
            : Join((Branch)first, branch.Separators[left], (Branch)second);
        if (halves.Right is null)
        {
            TreeNode[] fewer = Removed(branch.Children, left + 1);
            fewer[left] = halves.Left;
            return new Branch(Removed(branch.Separators, left), fewer, branch.Count - 1);
        }

        TreeNode[] children = Replaced(branch.Children, left, halves.Left);
        children[left + 1] = halves.Right;
        return new Branch(Replaced(branch.Separators, left, halves.Separator!), children, branch.Count - 1);
    }

    private static Halves Join(Leaf first, Leaf second)
    {
        Record[] records = [.. first.Records, .. second.Records];
        return records.Length <= TreeNode.WidthMax
            ? new Halves(new Leaf(records))
            : SplitLeaf(records, records.Length / 2);
    }

    private static Halves Join(Branch first, byte[] separator, Branch second)
    {
        byte[][] separators = [.. first.Separators, separator, .. second.Separators];
        TreeNode[] children = [.. first.Children, .. second.Children];
        return children.Length <= TreeNode.WidthMax
            ? new Halves(new Branch(separators, children, first.Count + second.Count))
            : SplitBranch(separators, children, children.Length / 2);
    }

    private static Branch NewBranch(byte[][] separators, TreeNode[] children)
    {
        long count = 0;
        foreach (TreeNode child in children) count += child.Count;
        return new Branch(separators, children, count);
    }

    /// <summary>The shortest key that is larger than the one before and not larger than the one after.</summary>
    private static byte[] Separator(Record before, Record after) =>
        after.Key[..(before.Key.CommonPrefixLength(after.Key) + 1)].ToArray();

    private static T[] Replaced<T>(T[] items, int at, T item)
    {
        T[] copy = items.AsSpan().ToArray();
        copy[at] = item;
        return copy;
    }

    private static T[] Inserted<T>(T[] items, int at, T item)
    {
        T[] copy = new T[items.Length + 1];
        items.AsSpan(0, at).CopyTo(copy);
        copy[at] = item;
        items.AsSpan(at).CopyTo(copy.AsSpan(at + 1));
        return copy;
    }

    private static T[] Removed<T>(T[] items, int at)
    {
        T[] copy = new T[items.Length - 1];
        items.AsSpan(0, at).CopyTo(copy);
        items.AsSpan(at + 1).CopyTo(copy.AsSpan(at));
        return copy;
    }

    /// <summary>A changed node, or the two it became and the separator between them.</summary>
    private readonly record struct Halves(TreeNode Left, byte[]? Separator = null, TreeNode? Right = null);
}
