using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Curia.Consensus;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>The nodes of the network at one place of the ledger, as the map <see cref="NodeMaps.NodeInfo"/> has them.
/// It is read from public parts alone, so that a node which may not yet open the private ones knows who
/// votes.</summary>
/// <remarks>Immutable.</remarks>
internal sealed class NodeTable
{
    private readonly ImmutableSortedDictionary<NodeId, NodeRecord> records;

    private NodeTable(ImmutableSortedDictionary<NodeId, NodeRecord> records) => this.records = records;

    /// <summary>No node yet.</summary>
    public static NodeTable Empty { get; } = new(ImmutableSortedDictionary<NodeId, NodeRecord>.Empty);

    /// <summary>All nodes that ever were, in the order of their ids.</summary>
    public IReadOnlyDictionary<NodeId, NodeRecord> Records => records;

    /// <summary>The nodes in a state.</summary>
    public static NodeTable Of(State state)
    {
        ReadOnlyTransaction read = KeyValueStore.ReadAt(state, MapAccess.Node);
        NodeTable table = Empty;
        foreach (KeyValuePair<string, NodeRecord> node in read.Map(NodeMaps.NodeInfo).Range())
        {
            NodeTable? next = table.With(node.Key, node.Value);
            Invariant.Holds(next is not null, "a node in the ledger has no id");
            table = next;
        }

        return table;
    }

    /// <summary>The status of a node; null when it is none of this network.</summary>
    public string? StatusOf(NodeId id) => records.TryGetValue(id, out NodeRecord? record) ? record.Status : null;

    /// <summary>What a process is in a cold restart whose disk was that of these nodes:
    /// <see cref="NodeRecord.Trusted"/>, <see cref="NodeRecord.Learner"/>, or null when none of them takes
    /// part.</summary>
    public string? RoleOf(IReadOnlyList<NodeId> earlier)
    {
        string?[] statuses = [.. earlier.Select(StatusOf)];
        if (statuses.Any(status => status is NodeRecord.Trusted or NodeRecord.Pending)) return NodeRecord.Trusted;
        return statuses.Contains(NodeRecord.Learner) ? NodeRecord.Learner : null;
    }

    /// <summary>The table after the public writes of a transaction: the same object when they do not touch it, and null
    /// when what they say cannot be read.</summary>
    public NodeTable? With(WriteSet writes)
    {
        MapWrites? changed = writes.Maps.FirstOrDefault(map => map.Name == NodeMaps.NodeInfo.Name);
        if (changed is null) return this;
        NodeTable? table = this;
        foreach (KeyWrite write in changed.Writes)
        {
            NodeRecord? record = null;
            bool isRead = NodeMaps.NodeInfo.Keys.TryDecode(write.Key.Span, out string? id)
                && (write.Value is not { } value || NodeMaps.NodeInfo.Values.TryDecode(value.Span, out record));
            table = isRead ? table.With(id!, record) : null;
            if (table is null) return null;
        }

        return table;
    }

    /// <summary>Who votes and who receives, from the transaction that made this table.</summary>
    /// <returns>Null when nobody votes.</returns>
    public Configuration? ToConfiguration(SeqNo from)
    {
        ImmutableSortedSet<NodeId> voters = [.. Where(record => record.Status == NodeRecord.Trusted)];
        return voters.IsEmpty
            ? null
            : new Configuration(from, voters) { Learners = [.. Where(record => record.IsLearner)] };
    }

    /// <summary>Where each node that takes part hears the others.</summary>
    public IReadOnlyDictionary<NodeId, string> Addresses() => records
        .Where(node => node.Value.PeerAddress is not null
            && (node.Value.Status == NodeRecord.Trusted || node.Value.IsLearner))
        .ToDictionary(node => node.Key, node => node.Value.PeerAddress!);

    private NodeTable? With(string id, NodeRecord? record)
    {
        if (!Digest.TryParseHex(id, out Digest digest)) return null;
        NodeId node = new(digest);
        return new NodeTable(record is null ? records.Remove(node) : records.SetItem(node, record));
    }

    private IEnumerable<NodeId> Where(Func<NodeRecord, bool> condition) =>
        records.Where(node => condition(node.Value)).Select(node => node.Key);
}
