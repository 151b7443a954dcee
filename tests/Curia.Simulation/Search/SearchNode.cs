using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>One node in one state: a replica that is never stepped again, only copied, and what its effects have made
/// beside it.</summary>
/// <param name="Node">Its place, from 0.</param>
/// <param name="Replica">Not to be stepped.</param>
/// <param name="Log">All blocks that it holds.</param>
/// <param name="Storing">The stores that its disk has not reported yet.</param>
internal sealed partial record SearchNode(
    int Node, Replica Replica, ImmutableArray<BlockInfo> Log, ImmutableArray<ulong> Storing)
{
    /// <summary>What it does with an input, as far as that was asked already.</summary>
    public Dictionary<int, SearchStep> Steps { get; } = [];

    /// <summary>One for each symmetry.</summary>
    public UInt128[] Keys { get; set; } = [];

    /// <summary>How many of its blocks are committed.</summary>
    public int Committed { get; } = Log.Count(block => block.Last <= Replica.Committed.SeqNo);

    public ReplicaRole Role { get; } = Replica.Role;

    public View View { get; } = Replica.View;

    // How long nobody was heard: no timeout of a model depends on it.
    [GeneratedRegex(@" q\d+|((?:True|False),(?:True|False),)\d+(,)")]
    private static partial Regex Clocks();

    /// <summary>Two nodes that are described alike act alike.</summary>
    public string Describe()
    {
        StringBuilder text = new();
        text.Append(Node).Append(' ').Append(Clocks().Replace(Replica.Describe(), "$1$2")).Append(" all");
        foreach (BlockInfo block in Log)
            text.Append(',').Append(block.LastTxId).Append(block.Configuration is null ? "" : "c");
        text.Append(" disk");
        foreach (ulong number in Storing) text.Append(',').Append(number - Storing[0]);
        return text.ToString();
    }
}

/// <summary>What one input did to one node.</summary>
/// <param name="Then">The node after it; the same when nothing has changed.</param>
/// <param name="Sent">Messages, by their numbers.</param>
/// <param name="Elected">The view that it has become primary of.</param>
/// <param name="Broken">A promise of the core to itself that was broken.</param>
internal sealed record SearchStep(SearchNode Then, int[] Sent, View? Elected, string? Broken);
