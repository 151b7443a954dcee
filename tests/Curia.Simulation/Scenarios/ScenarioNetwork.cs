using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary>The nodes of a scenario and the links between them.</summary>
internal sealed class ScenarioNetwork
{
    private const int RoundsMax = 5;

    private readonly SortedDictionary<string, ScenarioNode> nodes = new(StringComparer.Ordinal);
    private readonly SortedDictionary<NodeId, ScenarioNode> byId = [];
    private readonly HashSet<(string From, string To)> links = [];
    private readonly Dictionary<Digest, ImmutableArray<ScenarioEntry>> contents = [];

    /// <summary>All nodes, in the order of their names.</summary>
    public IReadOnlyCollection<ScenarioNode> Nodes => nodes.Values;

    /// <summary>Whether nodes from now on ask for opinions before they stand.</summary>
    public bool AsksBeforeElections { get; set; } = true;

    public ScenarioNode this[string name] => nodes.TryGetValue(name, out ScenarioNode? node)
        ? node
        : throw new ScenarioException($"there is no node {name}");

    public void Start(string name)
    {
        if (nodes.Count > 0) throw new ScenarioException("the first node is started already");
        Add(name, isFirst: true);
    }

    /// <summary>Makes a node without a configuration and links it with all others.</summary>
    public void Join(string name)
    {
        Add(name, isFirst: false);
        LinkWithAll(name);
    }

    public void Link(string one, string other)
    {
        links.Add((this[one].Name, this[other].Name));
        links.Add((other, one));
    }

    public void Unlink(string one, string other)
    {
        links.Remove((this[one].Name, this[other].Name));
        links.Remove((other, one));
    }

    public void LinkWithAll(string name)
    {
        foreach (string other in nodes.Keys.Where(other => other != this[name].Name)) Link(name, other);
    }

    public void UnlinkFromAll(string name)
    {
        foreach (string other in nodes.Keys.Where(other => other != this[name].Name)) Unlink(name, other);
    }

    /// <summary>The primary of a view, or with <c>latest</c> the one of the highest view; null when there is no primary
    /// at all.</summary>
    public ScenarioNode? PrimaryOf(string view)
    {
        IEnumerable<ScenarioNode> primaries = nodes.Values.Where(node => node.IsPrimary);
        if (view == "latest") return primaries.MaxBy(node => node.Replica.View);
        return primaries.FirstOrDefault(node => node.Replica.View.Value == ScenarioNumber.Read(view))
            ?? throw new ScenarioException($"view {view} has no primary");
    }

    /// <summary>Delivers what a node has sent, oldest first, up to so many messages that are not lost.</summary>
    public void Deliver(ScenarioNode sender, int most)
    {
        for (int delivered = 0; sender.Sent.Count > 0 && delivered < most;)
        {
            if (Deliver(sender, sender.Sent[0])) delivered++;
        }
    }

    /// <summary>Delivers the first message from one node to another.</summary>
    public void DeliverFirst(ScenarioNode sender, ScenarioNode receiver)
    {
        foreach ((NodeId To, ReplicaMessage Message) sent in sender.Sent)
        {
            if (sent.To != receiver.Id) continue;
            Deliver(sender, sent);
            return;
        }
    }

    /// <summary>Delivers what is under way, but not what is sent meanwhile.</summary>
    public void DeliverRound()
    {
        (ScenarioNode Sender, int Count)[] all = [.. nodes.Values.Select(node => (node, node.Sent.Count))];
        foreach ((ScenarioNode sender, int count) in all) Deliver(sender, count);
    }

    public void DeliverAll()
    {
        for (int round = 0; round < RoundsMax && nodes.Values.Any(node => node.Sent.Count > 0); round++)
            DeliverRound();
    }

    /// <summary>What is committed anywhere is on a majority of each configuration that counts there.</summary>
    public void CheckCommits()
    {
        foreach (ScenarioNode node in nodes.Values) CheckCommit(node);
    }

    public void CheckCommit(ScenarioNode node)
    {
        ScenarioEntry[] committed = [.. node.Entries.Take((int)node.Committed.Value)];
        foreach (Configuration configuration in node.Replica.Configurations)
        {
            if (configuration.From > node.Committed) continue;
            int holders = configuration.Voters.Count(id =>
                byId[id].Entries.Take(committed.Length).SequenceEqual(committed));
            if (holders >= configuration.Majority) continue;
            throw new ScenarioException(Invariant(
                $"unsafe commit: {node.Name} has committed {node.Committed}, which {holders} nodes hold"));
        }
    }

    /// <summary>What differs between nodes, or null.</summary>
    public static string? Difference(IReadOnlyCollection<ScenarioNode> among)
    {
        ScenarioNode first = among.First();
        foreach (ScenarioNode node in among)
        {
            bool isAlike = node.Replica.View == first.Replica.View && node.Committed == first.Committed
                && node.Entries.SequenceEqual(first.Entries);
            if (!isAlike) return $"{Describe(first)}, {Describe(node)}";
        }

        return null;
    }

    private static string Describe(ScenarioNode node) => Invariant(
        $"node {node.Name} is in view {node.Replica.View} at {node.Last} with {node.Committed} committed");

    private void Add(string name, bool isFirst)
    {
        if (nodes.ContainsKey(name)) throw new ScenarioException($"there is a node {name} already");
        ScenarioNode node = new(name, isFirst, AsksBeforeElections, contents);
        nodes.Add(name, node);
        byId.Add(node.Id, node);
    }

    // Blocks are read when they are delivered: what the sender has taken back by then is lost.
    private bool Deliver(ScenarioNode sender, (NodeId To, ReplicaMessage Message) sent)
    {
        sender.Sent.Remove(sent);
        ScenarioNode receiver = byId[sent.To];
        if (!links.Contains((sender.Name, receiver.Name))) return false;
        if (sent.Message is ReplicaMessage.Append append && !append.Blocks.All(sender.Holds)) return false;
        receiver.Receive(sender.Id, sent.Message);
        return true;
    }
}
