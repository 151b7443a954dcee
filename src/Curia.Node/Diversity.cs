using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Curia.Consensus;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>What the diversity rule of a ledger comes to for a configuration (decision 16).</summary>
internal static class Diversity
{
    /// <summary>What consensus counts.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="nodes">Who votes. A node without an owner is of no kind where operators count.</param>
    public static CommitRule Over(
        this DiversityRule rule, IEnumerable<KeyValuePair<NodeId, NodeRecord>> nodes) => new(
        rule.Platforms, rule.Operators,
        nodes.Where(node => node.Value.Owner is not null || rule.Operators <= 1).ToImmutableSortedDictionary(
            node => node.Key, node => new VoterKind(node.Value.Platform, node.Value.Owner?.ToString() ?? "")));

    /// <summary>Why a configuration that has this rule may not come about; null when it may.</summary>
    public static string? FindRisk(this DiversityRule rule, Configuration configuration)
    {
        if (!configuration.IsSatisfiedBy(configuration.Voters.ToHashSet()))
            return Lack(configuration, configuration.Voters);
        if (rule.LossWaived || configuration.FindIndispensable() is not { } lost) return null;
        ImmutableSortedSet<NodeId> others = configuration.Voters.Remove(lost);
        string why = configuration.HasMajority(others.ToHashSet())
            ? Lack(configuration, others)
            : $"{others.Count} of {configuration.Voters.Count} voters are no majority";
        return $"without node {lost}, {why}";
    }

    /// <summary>What a rule asks for that some voters of a configuration are not, and who could bring it.</summary>
    /// <param name="configuration">Whose rule it is.</param>
    /// <param name="nodes">Those who are there.</param>
    public static string Lack(Configuration configuration, IReadOnlyCollection<NodeId> nodes)
    {
        CommitRule rule = configuration.Rule;
        VoterKind[] here = [.. nodes.Where(rule.Kinds.ContainsKey).Select(node => rule.Kinds[node])];
        string[] platforms = [.. here.Select(kind => kind.Platform).Distinct().Order(StringComparer.Ordinal)];
        string[] operators = [.. here.Select(kind => kind.Operator).Distinct().Order(StringComparer.Ordinal)];
        List<string> lacks = [];
        if (platforms.Length < rule.Platforms)
            lacks.Add($"{rule.Platforms} platforms must acknowledge and there is only {Listed(platforms)}");
        if (operators.Length < rule.Operators)
            lacks.Add($"{rule.Operators} operators must acknowledge and there is only {Listed(operators)}");
        string[] absent =
        [
            .. configuration.Voters.Except(nodes).Where(rule.Kinds.ContainsKey)
                .Select(node => (Id: node, Kind: rule.Kinds[node]))
                .Where(node => !platforms.Contains(node.Kind.Platform) || !operators.Contains(node.Kind.Operator))
                .Select(node => $"{node.Id} ({node.Kind.Platform}, {node.Kind.Operator})"),
        ];
        string missing = absent.Length > 0 ? $"; missing: {string.Join(", ", absent)}" : "";
        return string.Join(", and ", lacks) + missing;
    }

    private static string Listed(string[] kinds) => kinds.Length > 0 ? string.Join(", ", kinds) : "none";
}
