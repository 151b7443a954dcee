using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using Curia.Consensus;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>The nodes of the network at one place of the ledger, as the map <see cref="GenesisMaps.NodeInfo"/> has
/// them, and the rule by which they commit, as <see cref="GenesisMaps.CommitRule"/> has it. It is read from
/// public parts alone, so that a node which may not yet open the private ones knows who votes.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class NodeTable
{
    private static readonly byte[] nodeInfo = Encoding.UTF8.GetBytes(GenesisMaps.NodeInfo.Name);
    private static readonly byte[] commitRule = Encoding.UTF8.GetBytes(GenesisMaps.CommitRule.Name);

    private readonly ImmutableSortedDictionary<NodeId, NodeRecord> records;

    private NodeTable(ImmutableSortedDictionary<NodeId, NodeRecord> records, DiversityRule? rule)
    {
        this.records = records;
        Rule = rule;
    }

    /// <summary>No node yet.</summary>
    public static NodeTable Empty { get; } = new(ImmutableSortedDictionary<NodeId, NodeRecord>.Empty, null);

    /// <summary>All nodes that ever were, in the order of their ids.</summary>
    public IReadOnlyDictionary<NodeId, NodeRecord> Records => records;

    /// <summary>What is asked for beside a majority; null for nothing.</summary>
    public DiversityRule? Rule { get; }

    /// <summary>The newest format of the ledger that all nodes read which take part: no node may write a newer one.
    /// It never falls, because who reads less is not added.</summary>
    public int LedgerFormat => records.Values
        .Where(record => record.Status == NodeRecord.Trusted || record.IsLearner)
        .Select(record => record.LedgerFormat ?? Ledger.LedgerFormat.Oldest)
        .DefaultIfEmpty(Ledger.LedgerFormat.Oldest).Min();

    /// <summary>Whether the public part of an entry may touch what this table is made of, by its bytes.</summary>
    public static bool IsNamedIn(ReadOnlySpan<byte> writes) =>
        writes.IndexOf(nodeInfo) >= 0 || writes.IndexOf(commitRule) >= 0;

    /// <summary>Whether a transaction touches what this table is made of.</summary>
    public static bool IsTouchedBy(WriteSet writes) => writes.Maps.Any(
        map => map.Name == GenesisMaps.NodeInfo.Name || map.Name == GenesisMaps.CommitRule.Name);

    /// <summary>The nodes in a state.</summary>
    public static NodeTable Of(State state)
    {
        ReadOnlyTransaction read = KeyValueStore.ReadAt(state, MapAccess.Node);
        read.Map(GenesisMaps.CommitRule).TryGet(GenesisMaps.RuleKeyName, out DiversityRule? rule);
        return Of(read.Map(GenesisMaps.NodeInfo).Range(), rule);
    }

    /// <summary>The table of what the two maps hold.</summary>
    public static NodeTable Of(IEnumerable<KeyValuePair<string, NodeRecord>> nodes, DiversityRule? rule)
    {
        NodeTable table = new(Empty.records, rule);
        foreach (KeyValuePair<string, NodeRecord> node in nodes)
        {
            NodeTable? next = table.With(node.Key, node.Value);
            Invariant.Holds(next is not null, "a node in the ledger has no id");
            table = next;
        }

        return table;
    }

    /// <summary>The same with another record of a node.</summary>
    public NodeTable With(NodeId id, NodeRecord record) => new(records.SetItem(id, record), Rule);

    /// <summary>The same with another rule.</summary>
    public NodeTable With(DiversityRule? rule) => new(records, rule);

    /// <summary>The status of a node; null when it is none of this network.</summary>
    public string? StatusOf(NodeId id) => records.TryGetValue(id, out NodeRecord? record) ? record.Status : null;

    /// <summary>Whether the members want a node among those that can open the ledger.</summary>
    public bool IsAdmitted(NodeId id) => records.TryGetValue(id, out NodeRecord? record) && record.IsAdmitted;

    /// <summary>What a process is in a cold restart whose disk was that of these nodes:
    /// <see cref="NodeRecord.Trusted"/> or <see cref="NodeRecord.Learner"/>, of the platform and
    /// owner of before; null when none of them takes part.</summary>
    public NodeRecord? SuccessorOf(IReadOnlyList<NodeId> earlier)
    {
        NodeRecord[] known = [.. earlier.Where(records.ContainsKey).Select(node => records[node])];
        NodeRecord? voter = known.FirstOrDefault(one => one.Status is NodeRecord.Trusted or NodeRecord.Pending);
        return voter is not null
            ? voter with { Status = NodeRecord.Trusted }
            : known.FirstOrDefault(one => one.Status == NodeRecord.Learner);
    }

    /// <summary>The table after the public writes of a transaction: the same object when they do not touch it, and null
    /// when what they say cannot be read.</summary>
    public NodeTable? With(WriteSet writes)
    {
        NodeTable? table = this;
        foreach (MapWrites changed in writes.Maps)
        {
            if (changed.Name == GenesisMaps.NodeInfo.Name) table = table.WithNodes(changed);
            else if (changed.Name == GenesisMaps.CommitRule.Name) table = table.WithRule(changed);
            if (table is null) return null;
        }

        return table;
    }

    private NodeTable? WithNodes(MapWrites changed)
    {
        NodeTable? table = this;
        foreach (KeyWrite write in changed.Writes)
        {
            NodeRecord? record = null;
            bool isRead = GenesisMaps.NodeInfo.Keys.TryDecode(write.Key.Span, out string? id)
                && (write.Value is not { } value || GenesisMaps.NodeInfo.Values.TryDecode(value.Span, out record));
            table = isRead ? table.With(id!, record) : null;
            if (table is null) return null;
        }

        return table;
    }

    private NodeTable? WithRule(MapWrites changed)
    {
        NodeTable table = this;
        foreach (KeyWrite write in changed.Writes)
        {
            DiversityRule? rule = null;
            bool isRead = GenesisMaps.CommitRule.Keys.TryDecode(write.Key.Span, out string? key)
                && key == GenesisMaps.RuleKeyName
                && (write.Value is not { } value
                    || (GenesisMaps.CommitRule.Values.TryDecode(value.Span, out rule) && rule.IsValid));
            if (!isRead) return null;
            table = table.With(rule);
        }

        return table;
    }

    /// <summary>Whether the same nodes vote by another table, or one node each, which alone is all it takes.</summary>
    public bool HasVotersOf(NodeTable other)
    {
        HashSet<NodeId> voters = [.. Where(record => record.Status == NodeRecord.Trusted)];
        HashSet<NodeId> others = [.. other.Where(record => record.Status == NodeRecord.Trusted)];
        return voters.SetEquals(others) || (voters.Count <= 1 && others.Count <= 1);
    }

    /// <summary>Who votes and who receives, from the transaction that made this table.</summary>
    /// <returns>Null when nobody votes.</returns>
    public Configuration? ToConfiguration(SeqNo from)
    {
        ImmutableSortedSet<NodeId> voters = [.. Where(record => record.Status == NodeRecord.Trusted)];
        if (voters.IsEmpty) return null;
        return new Configuration(from, voters)
        {
            Learners = [.. Where(record => record.IsLearner)],
            Rule = Rule is { InForce: true } rule
                ? rule.Over(records.Where(node => voters.Contains(node.Key)))
                : CommitRule.Majority,
        };
    }

    /// <summary>Where each node that takes part hears the others.</summary>
    public IReadOnlyDictionary<NodeId, string> Addresses() => records
        .Where(node => node.Value.PeerAddress is not null
            && (node.Value.Status == NodeRecord.Trusted || node.Value.IsLearner))
        .ToDictionary(node => node.Key, node => node.Value.PeerAddress!);

    /// <summary>Where a node heard the others last, even if it has left; null where nobody said.</summary>
    public string? AddressOf(NodeId node) =>
        records.TryGetValue(node, out NodeRecord? record) ? record.PeerAddress : null;

    /// <summary>Why who votes by this table may not come about under its rule; null when it may.</summary>
    public string? FindRisk() =>
        Rule is { InForce: true } rule && ToConfiguration(default) is { } made ? rule.FindRisk(made) : null;

    private NodeTable? With(string id, NodeRecord? record)
    {
        if (!Digest.TryParseHex(id, out Digest digest)) return null;
        NodeId node = new(digest);
        return new NodeTable(record is null ? records.Remove(node) : records.SetItem(node, record), Rule);
    }

    private IEnumerable<NodeId> Where(Func<NodeRecord, bool> condition) =>
        records.Where(node => condition(node.Value)).Select(node => node.Key);
}
