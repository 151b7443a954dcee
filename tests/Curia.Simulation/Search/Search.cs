using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>A search, breadth first, through all that can happen in a small network. A message that was sent stays: it
/// may come at any later time, again and again, or never, which is loss, delay, disorder and doubling in one. States
/// that differ only in the names of nodes count once.</summary>
internal sealed class Search
{
    private readonly SearchModel model;
    private readonly int statesMax;
    private readonly IReadOnlyList<int[]> symmetries;
    private readonly SearchMessages messages;
    private readonly SearchNodes nodes;
    private readonly HashSet<UInt128> seen = [];
    private readonly List<int> alive = [];
    private readonly List<(int Parent, sbyte Node, int Input)> steps = [];

    public Search(SearchModel model, int statesMax)
    {
        this.model = model;
        this.statesMax = statesMax;
        symmetries = model.Symmetries();
        messages = new SearchMessages(symmetries);
        nodes = new SearchNodes(model, messages);
    }

    /// <summary>A state of the network: its nodes, what was sent and may still matter, who was elected in each view,
    /// and what may still be asked.</summary>
    private readonly record struct State(
        int Number, SearchNode[] Nodes, int[] Sent, int[] Elected, int Blocks, int Heartbeats);

    public int States => steps.Count;

    public int Depth { get; private set; }

    public bool IsComplete { get; private set; }

    public long Transitions { get; private set; }

    public int NodeStates => nodes.Count;

    public int Messages => messages.Count;

    public bool HasCommittedChange { get; private set; }

    public int BlocksCommitted { get; private set; }

    /// <summary>Searches until something is wrong, or nothing is left.</summary>
    /// <returns>The way to what is wrong, step by step; null when nothing is.</returns>
    public (Violation Violation, IReadOnlyList<string> Way)? Run()
    {
        State first = new(
            0, [.. Enumerable.Range(0, SearchModel.Nodes).Select(nodes.Beginning)], [], new int[model.Views],
            model.Blocks, model.Heartbeats);
        steps.Add((-1, 0, 0));
        seen.Add(KeyOf(first));
        List<State> frontier = [first];
        for (; frontier.Count > 0; Depth++)
        {
            List<State> next = [];
            foreach (State state in frontier)
            {
                foreach ((int node, int input) in Choices(state))
                {
                    try
                    {
                        Take(state, node, input, next);
                    }
                    catch (Violation violation)
                    {
                        return (violation, WayTo(state.Number, node, input));
                    }
                }

                if (States > statesMax) return null;
            }

            frontier = next;
        }

        IsComplete = true;
        return null;
    }

    private IEnumerable<(int Node, int Input)> Choices(State state)
    {
        foreach (int message in state.Sent) yield return (messages[message].To, message);
        ulong newest = state.Nodes.Max(node => node.View.Value);
        for (int at = 0; at < SearchModel.Nodes; at++)
        {
            SearchNode node = state.Nodes[at];
            if (node.Storing.Length > 0) yield return (at, SearchNodes.DiskIsDone);
            if (node.View < model.LastView) yield return (at, SearchNodes.Stands);
            for (ulong view = node.View.Value + 1; view <= newest; view++)
                yield return (at, SearchNodes.HearsOfView - (int)view);

            if (node.Role != ReplicaRole.Primary) continue;
            if (state.Heartbeats > 0) yield return (at, SearchNodes.Heartbeat);
            if (state.Blocks == 0 || !node.Replica.CanPropose) continue;
            yield return (at, SearchNodes.Proposes);
            if (model.Second is not null && !node.Log.Any(block => block.Configuration is not null))
                yield return (at, SearchNodes.ProposesChange);
        }
    }

    private void Take(State state, int at, int input, List<State> next)
    {
        Transitions++;
        SearchNode before = state.Nodes[at];
        SearchStep step = nodes.Step(before, input);
        if (step.Broken is { } broken) throw new Violation(CoreRules.CoreHolds, broken);
        bool isNothing = step.Then == before && step.Sent.All(one => Array.BinarySearch(state.Sent, one) >= 0);
        if (isNothing) return;
        SearchNode[] then = [.. state.Nodes];
        then[at] = step.Then;
        State made = state with
        {
            Number = States,
            Nodes = then,
            Sent = Alive(state.Sent, step.Sent, then),
            Elected = Forget(step.Elected is { } view ? Elect(state.Elected, view, at) : state.Elected, then),
            Blocks = state.Blocks - (input is SearchNodes.Proposes or SearchNodes.ProposesChange ? 1 : 0),
            Heartbeats = state.Heartbeats - (input == SearchNodes.Heartbeat ? 1 : 0),
        };
        if (!seen.Add(KeyOf(made))) return;
        Check(made, at);
        steps.Add((state.Number, (sbyte)at, input));
        next.Add(made);
    }

    private static int[] Elect(int[] elected, View view, int node)
    {
        int[] then = [.. elected];
        int at = (int)(view.Value - Replica.BeforeFirstView.Value) - 1;
        if (then[at] != 0)
            throw new Violation(CoreRules.OnePrimary, $"n{node + 1} becomes primary of view {view} after n{then[at]}");
        then[at] = node + 1;
        return then;
    }

    // In a view that all have left nobody can be elected any more.
    private static int[] Forget(int[] elected, SearchNode[] then)
    {
        ulong left = then.Min(node => node.View.Value) - Replica.BeforeFirstView.Value;
        int[] kept = elected;
        for (int at = 0; at + 1 < (int)left; at++)
        {
            if (kept[at] == 0) continue;
            if (kept == elected) kept = [.. elected];
            kept[at] = 0;
        }

        return kept;
    }

    // What can never do anything again is forgotten, else states would differ by it for ever.
    private int[] Alive(int[] sent, int[] more, SearchNode[] then)
    {
        alive.Clear();
        int at = 0;
        foreach (int number in sent)
        {
            while (at < more.Length && more[at] < number) Add(more[at++]);
            if (at < more.Length && more[at] == number) at++;
            Add(number);
        }

        while (at < more.Length) Add(more[at++]);
        alive.RemoveAll(number => IsSpent(number, then, mayAnswer: true));
        return [.. alive];

        void Add(int number)
        {
            SearchMessage one = messages[number];
            if (!IsIgnored(one.Message, then[one.To])) alive.Add(number);
        }
    }

    // It was heard in this view, and what it did then it would do again.
    private bool IsSpent(int number, SearchNode[] then, bool mayAnswer)
    {
        SearchMessage one = messages[number];
        SearchNode to = then[one.To];
        if (one.Message.View != to.View || one.Message is ReplicaMessage.NotAppended) return false;
        SearchStep step = nodes.Step(to, number);
        if (step.Then != to) return false;
        foreach (int answer in step.Sent)
        {
            SearchMessage sent = messages[answer];
            if (sent.Message is ReplicaMessage.NotAppended) return false;
            if (IsIgnored(sent.Message, then[sent.To]) || alive.Contains(answer)) continue;
            if (!mayAnswer || !IsSpent(answer, then, mayAnswer: false)) return false;
        }

        return true;
    }

    // The answer to something old tells of a newer view, and nothing else: that is a choice of its own.
    private static bool IsIgnored(ReplicaMessage message, SearchNode to) =>
        to.Role is ReplicaRole.Retired or ReplicaRole.Stopped || message.View < to.View || message switch
        {
            ReplicaMessage.Vote vote => !vote.IsGranted
                || (message.View == to.View && to.Role != ReplicaRole.Candidate),
            ReplicaMessage.Appended or ReplicaMessage.NotAppended =>
                message.View == to.View && to.Role != ReplicaRole.Primary,
            _ => false,
        };

    private void Check(State state, int changed)
    {
        SearchNode node = state.Nodes[changed];
        if (node.Committed > BlocksCommitted) BlocksCommitted = node.Committed;
        foreach (SearchNode other in state.Nodes)
        {
            if (other == node) continue;
            int both = Math.Min(node.Committed, other.Committed);
            if (!IsPrefix(node, other, both))
                throw new Violation(
                    CoreRules.PrefixesAgree, $"n{node.Node + 1} and n{other.Node + 1} committed others");
            ExpectCommitted(node, other);
            ExpectCommitted(other, node);
        }

        for (int index = 0; index < node.Committed && !HasCommittedChange; index++)
            HasCommittedChange = node.Log[index].Configuration is not null;
    }

    // What was committed in a view is in the log of its primary and of every later one.
    private static void ExpectCommitted(SearchNode primary, SearchNode other)
    {
        if (primary.Role != ReplicaRole.Primary || other.View > primary.View) return;
        if (!IsPrefix(primary, other, other.Committed))
        {
            throw new Violation(
                CoreRules.CommittedStays,
                $"n{primary.Node + 1} is primary of view {primary.View} without what n{other.Node + 1} committed");
        }
    }

    private static bool IsPrefix(SearchNode one, SearchNode other, int blocks)
    {
        if (one.Log.Length < blocks || other.Log.Length < blocks) return false;
        for (int index = 0; index < blocks; index++)
        {
            if (!one.Log[index].Equals(other.Log[index])) return false;
        }

        return true;
    }

    // The least over all names that the nodes could have.
    private UInt128 KeyOf(State state)
    {
        UInt128 least = UInt128.MaxValue;
        for (int at = 0; at < symmetries.Count; at++)
        {
            int[] order = symmetries[at];
            UInt128 key = (UInt128)(uint)((state.Blocks * 100) + state.Heartbeats);
            foreach (SearchNode node in state.Nodes) key += node.Keys[at];
            foreach (int message in state.Sent) key += messages[message].Keys[at];
            for (int view = 0; view < state.Elected.Length; view++)
            {
                int named = state.Elected[view] == 0 ? 0 : order[state.Elected[view] - 1] + 1;
                key += (UInt128)(uint)named << (64 + (8 * view));
            }

            if (key < least) least = key;
        }

        return least;
    }

    private List<string> WayTo(int state, int node, int input)
    {
        List<string> way = [nodes.Describe(node, input)];
        for (int at = state; steps[at].Parent >= 0; at = steps[at].Parent)
            way.Add(nodes.Describe(steps[at].Node, steps[at].Input));
        way.Reverse();
        return way;
    }
}
