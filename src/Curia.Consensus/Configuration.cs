using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>The set of nodes that vote, from a seqno on, and of those that only receive.</summary>
/// <remarks>It counts from the moment its block is appended, not from its commit; until then the older ones count
/// beside it, each with a majority of its own (DESIGN 4, "Reconfiguration"; Raft thesis, section 4.3).</remarks>
public sealed record Configuration
{
    /// <summary>The most voters of one configuration: a block is acknowledged by each, and a quorum is counted per
    /// commit.</summary>
    public const int VotersMax = 1000;

    /// <summary>A configuration of at least one voter.</summary>
    /// <param name="from">The seqno of the transaction that made it.</param>
    /// <param name="voters">The nodes that vote, 1 to <see cref="VotersMax"/>.</param>
    /// <exception cref="ArgumentException">There is no voter, or there are too many.</exception>
    public Configuration(SeqNo from, ImmutableSortedSet<NodeId> voters)
    {
        ArgumentNullException.ThrowIfNull(voters);
        if (voters.Count is 0 or > VotersMax)
        {
            throw new ArgumentException(
                $"A configuration has 1 to {VotersMax} voters, not {voters.Count}.", nameof(voters));
        }

        From = from;
        Voters = voters;
    }

    /// <summary>The seqno of the transaction that made it.</summary>
    public SeqNo From { get; }

    /// <summary>The nodes that vote, in the order of their ids.</summary>
    public ImmutableSortedSet<NodeId> Voters { get; }

    /// <summary>The nodes that receive and serve without a vote: learners, nodes that catch up before they are trusted,
    /// and nodes that leave. A node that leaves stands here from its first transaction of retirement to its second, so
    /// that it hears of the commit (DESIGN 4).</summary>
    public ImmutableSortedSet<NodeId> Learners { get; init; } = [];

    /// <summary>What an acknowledged block needs beside a majority.</summary>
    public CommitRule Rule { get; init; } = CommitRule.Majority;

    /// <summary>Whether a majority is not enough and each of them counts: so the first block of a cold restart commits
    /// (docs/consensus.md, "Cold restart").</summary>
    public bool NeedsAll { get; init; }

    /// <summary>How many voters it takes: more than half of <b>all</b> of them, answering or not.</summary>
    public int Majority => NeedsAll ? Voters.Count : Voters.Count / 2 + 1;

    /// <summary>A configuration of one node.</summary>
    public static Configuration Of(SeqNo from, NodeId only) => new(from, ImmutableSortedSet.Create(only));

    /// <summary>Whether a node takes part at all, with a vote or without.</summary>
    public bool Has(NodeId node) => Voters.Contains(node) || Learners.Contains(node);

    /// <summary>Whether these nodes together may commit, and so whether a primary that hears them may go on: a majority
    /// of the voters, of enough kinds.</summary>
    /// <param name="nodes">Nodes that acknowledged or answered; those that are no voters count nowhere.</param>
    public bool IsSatisfiedBy(IReadOnlySet<NodeId> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        return HasMajority(nodes) && (!Rule.IsStricterThanMajority || HasKinds(nodes));
    }

    /// <summary>Whether these nodes are a majority of the voters, whatever the rule asks for beside it.</summary>
    /// <param name="nodes">Nodes that granted their vote; those that are no voters count nowhere.</param>
    public bool HasMajority(IReadOnlySet<NodeId> nodes)
    {
        ArgumentNullException.ThrowIfNull(nodes);
        int found = 0;
        foreach (NodeId id in Voters)
        {
            if (nodes.Contains(id)) found++;
        }

        return found >= Majority;
    }

    /// <summary>A voter without whom the others could not commit; null when any one of them may be lost.</summary>
    public NodeId? FindIndispensable()
    {
        HashSet<NodeId> others = [.. Voters];
        foreach (NodeId id in Voters)
        {
            others.Remove(id);
            if (!IsSatisfiedBy(others)) return id;
            others.Add(id);
        }

        return null;
    }

    /// <summary>Equal when both count from the same seqno and say the same.</summary>
    public bool Equals(Configuration? other) =>
        other is not null && From == other.From && SaysTheSameAs(other);

    /// <summary>Whether both have the same nodes and the same rule, from whatever seqno on.</summary>
    public bool SaysTheSameAs(Configuration other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Voters.SetEquals(other.Voters) && Learners.SetEquals(other.Learners) && Rule.Equals(other.Rule)
            && NeedsAll == other.NeedsAll;
    }

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(From, Voters.Count, Voters[0]);

    private bool HasKinds(IReadOnlySet<NodeId> nodes)
    {
        HashSet<string> platforms = [];
        HashSet<string> operators = [];
        foreach (NodeId id in Voters)
        {
            if (!nodes.Contains(id) || !Rule.Kinds.TryGetValue(id, out VoterKind? kind)) continue;
            platforms.Add(kind.Platform);
            operators.Add(kind.Operator);
        }

        return platforms.Count >= Rule.Platforms && operators.Count >= Rule.Operators;
    }
}
