using System.Collections.Generic;
using System.Security.Cryptography;

namespace Curia.Simulation;

/// <summary>A Merkle tree as RFC 6962, section 2.1, defines it, over all leaves, with nothing clever but a memory for
/// complete subtrees. Independent of the tree under test.</summary>
internal sealed class NaiveTree
{
    private readonly List<byte[]> leaves = [];
    private readonly Dictionary<(int From, int Count), byte[]> complete = [];

    public int Count => leaves.Count;

    public void Append(byte[] leaf) => leaves.Add(leaf);

    /// <summary>The root over all leaves and some more that are not appended yet.</summary>
    public byte[] RootWith(IReadOnlyCollection<byte[]> more)
    {
        leaves.AddRange(more);
        byte[] root = Root(0, leaves.Count);
        leaves.RemoveRange(leaves.Count - more.Count, more.Count);
        return root;
    }

    private byte[] Root(int from, int count)
    {
        if (count == 1) return leaves[from];
        if (complete.TryGetValue((from, count), out byte[]? known)) return known;
        int left = 1;
        while (left * 2 < count) left *= 2;
        byte[] root = SHA256.HashData([.. Root(from, left), .. Root(from + left, count - left)]);
        if (left * 2 == count) complete.Add((from, count), root);
        return root;
    }
}
