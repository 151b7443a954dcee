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
    /// <summary>Up to where nodes have stored that may commit it together: a majority of one configuration, of as many
    /// kinds as its rule asks for.</summary>
    /// <param name="configuration">Whose voters count.</param>
    /// <param name="matched">What each node is known to have stored; a voter that is missing has stored
    /// nothing.</param>
    public static SeqNo StoredBy(Configuration configuration, IReadOnlyDictionary<NodeId, SeqNo> matched)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(matched);
        SeqNo[] stored = new SeqNo[configuration.Voters.Count];
        int voter = 0;
        foreach (NodeId id in configuration.Voters) stored[voter++] = matched.GetValueOrDefault(id);

        // Ascending: the voter at this place and all behind it, a majority together, have at least that much.
        Array.Sort(stored);
        int place = stored.Length - configuration.Majority;
        if (!configuration.Rule.IsStricterThanMajority) return stored[place];

        // The majority bounds it from above; the kinds may ask for voters that have stored less.
        for (; place >= 0; place--)
        {
            HashSet<NodeId> holders = [];
            foreach (NodeId id in configuration.Voters)
            {
                if (matched.GetValueOrDefault(id) >= stored[place]) holders.Add(id);
            }

            if (configuration.IsSatisfiedBy(holders)) return stored[place];
        }

        return SeqNo.Zero;
    }

    /// <summary>Up to where nodes have stored that may commit it in <b>each</b> configuration.</summary>
    /// <param name="configurations">The active configurations, at least one.</param>
    /// <param name="matched">What each node is known to have stored.</param>
    public static SeqNo StoredByEach(
        IReadOnlyList<Configuration> configurations,
        IReadOnlyDictionary<NodeId, SeqNo> matched)
    {
        RequireOne(configurations);
        ArgumentNullException.ThrowIfNull(matched);
        SeqNo lowest = new(ulong.MaxValue);
        foreach (Configuration configuration in configurations)
        {
            SeqNo stored = StoredBy(configuration, matched);
            if (stored < lowest) lowest = stored;
        }

        return lowest;
    }

    /// <summary>Whether the nodes that granted their vote are a majority of each configuration. The kinds of nodes do
    /// not matter here: what committed is known to a majority (DESIGN 4, "Diversity rule").</summary>
    /// <param name="configurations">The active configurations, at least one.</param>
    /// <param name="granted">The nodes that granted; votes of nodes that are no voters count nowhere.</param>
    public static bool IsElected(IReadOnlyList<Configuration> configurations, IReadOnlySet<NodeId> granted)
    {
        RequireOne(configurations);
        foreach (Configuration configuration in configurations)
        {
            if (!configuration.HasMajority(granted)) return false;
        }

        return true;
    }

    /// <summary>Whether a primary that hears these nodes, itself among them, could commit in each
    /// configuration.</summary>
    /// <param name="configurations">The active configurations, at least one.</param>
    /// <param name="heard">The nodes that answer.</param>
    public static bool CouldCommit(IReadOnlyList<Configuration> configurations, IReadOnlySet<NodeId> heard)
    {
        RequireOne(configurations);
        foreach (Configuration configuration in configurations)
        {
            if (!configuration.IsSatisfiedBy(heard)) return false;
        }

        return true;
    }

    private static void RequireOne(IReadOnlyList<Configuration> configurations)
    {
        ArgumentNullException.ThrowIfNull(configurations);
        if (configurations.Count == 0)
        {
            throw new ArgumentException(
                "Without a configuration there is no quorum.", nameof(configurations));
        }
    }
}
