using System;

namespace Curia.KeyValue;

/// <summary>A node of the tree; never changes. Arrays have exactly the length that is used, since each change makes a
/// new one.</summary>
internal abstract class TreeNode(long count)
{
    /// <summary>The most records of a leaf and children of a branch. A change copies one node a level: 32 references
    /// are 280 bytes, and a million entries need four levels.</summary>
    public const int WidthMax = 32;

    /// <summary>A node that shrinks below this is joined with its neighbour. A quarter, so that removals and additions
    /// at the border do not split and join in turn.</summary>
    public const int WidthMin = WidthMax / 4;

    /// <summary>Records in and below this node.</summary>
    public readonly long Count = count;

    public abstract int Width { get; }
}

/// <summary>Records in order of key.</summary>
internal sealed class Leaf(Record[] records) : TreeNode(records.Length)
{
    public readonly Record[] Records = records;

    public override int Width => Records.Length;

    /// <summary>The position of the key, or the complement of the position where it belongs.</summary>
    public int Search(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = Records.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = Records[middle].Key.SequenceCompareTo(key);
            if (order == 0) return middle;
            if (order < 0) low = middle + 1;
            else high = middle - 1;
        }

        return ~low;
    }
}

/// <summary>Children with the keys that separate them: all keys below child i are smaller than separator i, all keys
/// below child i+1 are not.</summary>
/// <remarks>A separator is a short array of its own, not a record: it would otherwise keep a replaced value
/// alive.</remarks>
internal sealed class Branch(byte[][] separators, TreeNode[] children, long count) : TreeNode(count)
{
    public readonly byte[][] Separators = separators;
    public readonly TreeNode[] Children = children;

    public override int Width => Children.Length;

    /// <summary>The child below which the key is, if it is anywhere: the number of separators that are not
    /// larger.</summary>
    public int ChildOf(ReadOnlySpan<byte> key)
    {
        int low = 0;
        int high = Separators.Length;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (Separators[middle].AsSpan().SequenceCompareTo(key) <= 0) low = middle + 1;
            else high = middle;
        }

        return low;
    }
}
