using System;
using System.Collections.Immutable;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>One level of a path from a leaf to the root.</summary>
/// <param name="IsLeft">The sibling stands to the left of what was folded so far.</param>
/// <param name="Sibling">The digest of the other half.</param>
public readonly record struct MerkleStep(bool IsLeft, Digest Sibling);

/// <summary>The path from a leaf to a root: who folds the leaf along it gets the root (RFC 6962 section
/// 2.1.1).</summary>
/// <param name="Steps">From the leaf upwards.</param>
public sealed record MerkleProof(ImmutableArray<MerkleStep> Steps)
{
    /// <summary>The most steps a path can have: one for each bit of a seqno.</summary>
    public const int StepsMax = 64;

    /// <summary>The path of a tree with one leaf.</summary>
    public static readonly MerkleProof Empty = new(ImmutableArray<MerkleStep>.Empty);

    /// <summary>The root that belongs to a leaf.</summary>
    public Digest Fold(Digest leaf)
    {
        Digest root = leaf;
        foreach (MerkleStep step in Steps)
            root = step.IsLeft ? Digest.OfPair(step.Sibling, root) : Digest.OfPair(root, step.Sibling);
        return root;
    }

    /// <summary>Equal by value; the array of a record would be compared by reference.</summary>
    public bool Equals(MerkleProof? other) => other is not null && Steps.AsSpan().SequenceEqual(other.Steps.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => Steps.IsDefaultOrEmpty ? 0 : HashCode.Combine(Steps.Length, Steps[0]);
}
