using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text.Json.Serialization;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>The diversity rule as the ledger has it: of how many kinds the nodes must be that acknowledge a block, on
/// top of the majority (DESIGN 4, "Diversity rule"; decision 16).</summary>
/// <param name="Platforms">TEE platforms, 1 to 1000; 1 asks for nothing.</param>
/// <param name="Operators">Owners of nodes, 1 to 1000; 1 asks for nothing.</param>
/// <param name="LossWaived">Whether a configuration is allowed that could not meet it after the loss of some one
/// node.</param>
/// <param name="InForce">Whether it counts: since the first configuration that could meet it.</param>
public sealed record DiversityRule(int Platforms, int Operators, bool LossWaived, bool InForce)
{
    /// <summary>More kinds than a configuration can have voters are never met.</summary>
    public const int KindsMax = Configuration.VotersMax;

    /// <summary>Whether a node may write it.</summary>
    [JsonIgnore]
    public bool IsValid => Platforms is >= 1 and <= KindsMax && Operators is >= 1 and <= KindsMax;

    /// <summary>What consensus counts.</summary>
    /// <param name="nodes">Who votes. A node without an owner is of no kind where operators count.</param>
    internal CommitRule Over(IEnumerable<KeyValuePair<NodeId, NodeRecord>> nodes) => new(
        Platforms, Operators,
        nodes.Where(node => node.Value.Owner is not null || Operators <= 1).ToImmutableSortedDictionary(
            node => node.Key, node => new VoterKind(node.Value.Platform, node.Value.Owner?.ToString() ?? "")));

    /// <summary>Why a configuration that has this rule may not come about; null when it may.</summary>
    internal string? FindRisk(Configuration configuration)
    {
        if (!configuration.IsSatisfiedBy(configuration.Voters.ToHashSet()))
            return Lack(configuration, configuration.Voters);
        if (LossWaived || configuration.FindIndispensable() is not { } lost) return null;
        ImmutableSortedSet<NodeId> others = configuration.Voters.Remove(lost);
        string why = configuration.HasMajority(others.ToHashSet())
            ? Lack(configuration, others)
            : $"{others.Count} of {configuration.Voters.Count} voters are no majority";
        return $"without node {lost}, {why}";
    }

    /// <summary>What a rule asks for that some voters of a configuration are not, and who could bring it.</summary>
    /// <param name="configuration">Whose rule it is.</param>
    /// <param name="nodes">Those who are there.</param>
    internal static string Lack(Configuration configuration, IReadOnlyCollection<NodeId> nodes)
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
