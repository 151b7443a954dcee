using System;
using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>The arithmetic of majorities over the active configurations.</summary>
/// <remarks>Always over <b>all</b> voters of a configuration, never over those that answered, and in <b>each</b>
/// configuration, never over their union: a library that counted responders committed with 2 of 5
/// (DESIGN 4).</remarks>
public static class Quorum
{
    /// <summary>Up to where a majority of one configuration has stored.</summary>
    /// <param name="configuration">Whose voters count.</param>
    /// <param name="matched">What each node is known to have stored; a voter that is missing has stored
    /// nothing.</param>
    public static SeqNo StoredByMajority(Configuration configuration, IReadOnlyDictionary<NodeId, SeqNo> matched)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(matched);
        SeqNo[] stored = new SeqNo[configuration.Voters.Count];
        int voter = 0;
        foreach (NodeId id in configuration.Voters) stored[voter++] = matched.GetValueOrDefault(id);

        // Ascending: the voter at this place and all behind it, a majority together, have at least that much.
        Array.Sort(stored);
        return stored[stored.Length - configuration.Majority];
    }

    /// <summary>Up to where a majority of <b>each</b> configuration has stored.</summary>
    /// <param name="configurations">The active configurations, at least one.</param>
    /// <param name="matched">What each node is known to have stored.</param>
    public static SeqNo StoredByEach(
        IReadOnlyList<Configuration> configurations,
        IReadOnlyDictionary<NodeId, SeqNo> matched)
    {
        ArgumentNullException.ThrowIfNull(configurations);
        if (configurations.Count == 0)
        {
            throw new ArgumentException(
                "Without a configuration there is no quorum.", nameof(configurations));
        }

        SeqNo lowest = new(ulong.MaxValue);
        foreach (Configuration configuration in configurations)
        {
            SeqNo stored = StoredByMajority(configuration, matched);
            if (stored < lowest) lowest = stored;
        }

        return lowest;
    }

    /// <summary>Whether the nodes that granted their vote are a majority of each configuration.</summary>
    /// <param name="configurations">The active configurations, at least one.</param>
    /// <param name="granted">The nodes that granted; votes of nodes that are no voters count nowhere.</param>
    public static bool IsElected(IReadOnlyList<Configuration> configurations, IReadOnlySet<NodeId> granted)
    {
        ArgumentNullException.ThrowIfNull(configurations);
        ArgumentNullException.ThrowIfNull(granted);
        if (configurations.Count == 0)
        {
            throw new ArgumentException(
                "Without a configuration there is no quorum.", nameof(configurations));
        }

        foreach (Configuration configuration in configurations)
        {
            int votes = 0;
            foreach (NodeId id in configuration.Voters)
            {
                if (granted.Contains(id)) votes++;
            }

            if (votes < configuration.Majority) return false;
        }

        return true;
    }
}
