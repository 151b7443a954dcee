using System;
using System.Collections.Immutable;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>The set of nodes that vote, from a seqno on.</summary>
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

    /// <summary>How many voters are a majority: more than half of <b>all</b> of them, answering or not.</summary>
    public int Majority => Voters.Count / 2 + 1;

    /// <summary>A configuration of one node.</summary>
    public static Configuration Of(SeqNo from, NodeId only) => new(from, ImmutableSortedSet.Create(only));

    /// <summary>Equal when both count from the same seqno and hold the same voters.</summary>
    public bool Equals(Configuration? other) =>
        other is not null && From == other.From && Voters.SetEquals(other.Voters);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(From, Voters.Count, Voters[0]);
}
