using System;
using System.Collections.Immutable;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>The diversity rule: of how many kinds the nodes must be that acknowledge a block, on top of the majority
/// (DESIGN 4, "Diversity rule").</summary>
/// <remarks>It belongs to a configuration and changes like it: while two configurations are active, the rule of each
/// holds over its own voters.</remarks>
public sealed record CommitRule
{
    /// <summary>A majority is enough.</summary>
    public static readonly CommitRule Majority = new(0, 0, ImmutableSortedDictionary<NodeId, VoterKind>.Empty);

    /// <summary>A rule.</summary>
    /// <param name="platforms">TEE platforms that must have acknowledged; 0 and 1 ask for nothing.</param>
    /// <param name="operators">Operators whose nodes must have acknowledged; 0 and 1 ask for nothing.</param>
    /// <param name="kinds">What each voter is; one that is missing counts for the majority alone.</param>
    public CommitRule(int platforms, int operators, ImmutableSortedDictionary<NodeId, VoterKind> kinds)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(platforms);
        ArgumentOutOfRangeException.ThrowIfNegative(operators);
        ArgumentNullException.ThrowIfNull(kinds);
        Platforms = platforms;
        Operators = operators;
        Kinds = kinds;
    }

    /// <summary>How many platforms must have acknowledged.</summary>
    public int Platforms { get; }

    /// <summary>Nodes of how many operators must have acknowledged.</summary>
    public int Operators { get; }

    /// <summary>What each voter is.</summary>
    public ImmutableSortedDictionary<NodeId, VoterKind> Kinds { get; }

    /// <summary>Whether it asks for more than a majority.</summary>
    public bool IsStricterThanMajority => Platforms > 1 || Operators > 1;

    /// <summary>Equal when both ask for the same of the same nodes.</summary>
    public bool Equals(CommitRule? other)
    {
        if (other is null || Platforms != other.Platforms || Operators != other.Operators
            || Kinds.Count != other.Kinds.Count)
        {
            return false;
        }

        foreach ((NodeId id, VoterKind kind) in Kinds)
        {
            if (!other.Kinds.TryGetValue(id, out VoterKind? its) || its != kind) return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Platforms, Operators, Kinds.Count);
}

/// <summary>What makes a voter different from others.</summary>
/// <param name="Platform">Its TEE platform, <c>snp</c> for example.</param>
/// <param name="Operator">The actor that owns it.</param>
public sealed record VoterKind(string Platform, string Operator);
