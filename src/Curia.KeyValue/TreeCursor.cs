namespace Curia.KeyValue;

/// <summary>A place in a tree that moves over the records of an interval in one direction.</summary>
/// <remarks>The tree below it never changes, so a cursor stays valid for as long as it is held.</remarks>
internal sealed class TreeCursor
{
    private readonly KeyInterval interval;
    private readonly bool descending;
    private Branch[] branches = [];
    private int[] positions = [];
    private Leaf? leaf;
    private int at;

    /// <summary>Stands on the first record of the interval in this direction, if there is one.</summary>
    public TreeCursor(Tree tree, KeyInterval interval, bool descending = false)
    {
        this.interval = interval;
        this.descending = descending;
        if (tree.Root is not null) Seek(tree.Root);
    }

    /// <summary>Whether the cursor has left the interval.</summary>
    public bool IsEnded => leaf is null;

    public Record Current => leaf!.Records[at];

    public void Move()
    {
        at += descending ? -1 : 1;
        if ((uint)at >= (uint)leaf!.Records.Length) MoveToNeighbour(branches.Length - 1);
        StopAtEnd();
    }

    /// <summary>Leaves the largest part that both cursors still have before them and that is the same nodes in both
    /// trees.</summary>
    /// <returns>False when the cursors stand in different leaves or at different places.</returns>
    /// <remarks>The same leaf at the same place has the same remainder, and so has a branch that both went through to
    /// it, because a node is only once in a tree. All leaves of a tree have the same depth, so equal nodes are equally
    /// far from the leaf.</remarks>
    public bool TrySkipShared(TreeCursor other)
    {
        if (leaf is null || !ReferenceEquals(leaf, other.leaf) || at != other.at) return false;
        int height = 0;
        while (height < branches.Length && height < other.branches.Length && SharesParent(other, height)) height++;
        MoveToNeighbour(branches.Length - 1 - height);
        StopAtEnd();
        other.MoveToNeighbour(other.branches.Length - 1 - height);
        other.StopAtEnd();
        return true;
    }

    private bool SharesParent(TreeCursor other, int height) =>
        ReferenceEquals(branches[branches.Length - 1 - height], other.branches[other.branches.Length - 1 - height]);

    private void Seek(TreeNode root)
    {
        KeyEnd start = descending ? interval.Upper : interval.Lower;
        int depth = 0;
        for (TreeNode node = root; node is Branch branch; node = branch.Children[0]) depth++;
        if (depth > 0)
        {
            branches = new Branch[depth];
            positions = new int[depth];
        }

        TreeNode below = root;
        for (int level = 0; level < depth; level++)
        {
            branches[level] = (Branch)below;
            positions[level] = start.Key is null
                ? descending ? branches[level].Width - 1 : 0
                : branches[level].ChildOf(start.Key);
            below = branches[level].Children[positions[level]];
        }

        leaf = (Leaf)below;
        at = FirstIn(leaf, start);
        if ((uint)at >= (uint)leaf.Records.Length) MoveToNeighbour(depth - 1);
        StopAtEnd();
    }

    private int FirstIn(Leaf inLeaf, KeyEnd start)
    {
        if (start.Key is null) return descending ? inLeaf.Records.Length - 1 : 0;
        int found = inLeaf.Search(start.Key);
        if (found < 0) return descending ? ~found - 1 : ~found;
        if (start.Includes) return found;
        return descending ? found - 1 : found + 1;
    }

    /// <summary>Goes to the next child of the branch at this level, or of the nearest one above that has
    /// another.</summary>
    private void MoveToNeighbour(int level)
    {
        int step = descending ? -1 : 1;
        while (level >= 0 && (uint)(positions[level] + step) >= (uint)branches[level].Children.Length) level--;
        if (level < 0)
        {
            leaf = null;
            return;
        }

        positions[level] += step;
        TreeNode below = branches[level].Children[positions[level]];
        for (level++; level < branches.Length; level++)
        {
            branches[level] = (Branch)below;
            positions[level] = descending ? branches[level].Children.Length - 1 : 0;
            below = branches[level].Children[positions[level]];
        }

        leaf = (Leaf)below;
        at = descending ? leaf.Records.Length - 1 : 0;
    }

    private void StopAtEnd()
    {
        if (leaf is null) return;
        bool inside = descending ? interval.IsAboveLower(Current.Key) : interval.IsBelowUpper(Current.Key);
        if (!inside) leaf = null;
    }
}
