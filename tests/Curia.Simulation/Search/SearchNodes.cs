using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>All states that a single node was ever in, each once: so each step of the core is made once, however many
/// states of the network it belongs to.</summary>
internal sealed class SearchNodes(SearchModel model, SearchMessages messages)
{
    /// <summary>Whoever is given this hears nobody for an election timeout, and stands; a primary gives up
    /// first.</summary>
    public const int Stands = -1;

    /// <summary>A primary that is given this sends heartbeats, or finds that nobody answers.</summary>
    public const int Heartbeat = -2;
    public const int DiskIsDone = -3;
    public const int Proposes = -4;
    public const int ProposesChange = -5;

    /// <summary>Minus the newer view that a node hears of and nothing else, in an answer to something old.</summary>
    public const int HearsOfView = -10;

    private readonly Dictionary<string, SearchNode> nodes = [];

    public int Count => nodes.Count;

    /// <summary>Steps of the core that were made.</summary>
    public long Steps { get; private set; }

    public SearchNode Beginning(int node)
    {
        Replica replica = new(
            CoreIds.Node(node + 1), model.Beginners, model.Options, Replica.BeforeFirstView,
            SearchModel.Beginning);
        return Known(new SearchNode(node, replica, [], []));
    }

    /// <param name="node">In which state.</param>
    /// <param name="input">The number of a message, or one of the other inputs.</param>
    public SearchStep Step(SearchNode node, int input)
    {
        if (node.Steps.TryGetValue(input, out SearchStep? step)) return step;
        step = Make(node, input);
        node.Steps.Add(input, step);
        return step;
    }

    public string Describe(int node, int input) => input switch
    {
        Stands => $"n{node + 1} hears nobody and stands",
        Heartbeat => $"n{node + 1} ticks",
        DiskIsDone => $"n{node + 1} has stored a block",
        Proposes => $"n{node + 1} proposes a block",
        ProposesChange => $"n{node + 1} proposes a block that changes who votes",
        < HearsOfView => $"n{node + 1} hears of view {HearsOfView - input}",
        _ => $"n{node + 1} hears n{messages[input].From + 1} {CoreDescribe.Of(messages[input].Message)}",
    };

    private SearchStep Make(SearchNode node, int input)
    {
        Draft draft = new(node);
        try
        {
            foreach (ReplicaInput one in InputsOf(node, input)) Step(draft, one);
            while (!model.IsDiskSlow && draft.Storing.Count > 0) Step(draft, Stored(draft));
        }
        catch (InvariantException broken)
        {
            return new SearchStep(node, [], null, broken.Message);
        }

        SearchNode then = Known(new SearchNode(node.Node, draft.Replica, [.. draft.Log], [.. draft.Storing]));
        int[] sent = [.. draft.Sent.Distinct().Order()];
        return new SearchStep(then, sent, draft.Elected, null);
    }

    private IEnumerable<ReplicaInput> InputsOf(SearchNode node, int input)
    {
        switch (input)
        {
            case Stands:
                IEnumerable<ReplicaInput> ticks =
                    Enumerable.Repeat(new ReplicaInput.Tick(), model.Options.ElectionTimeoutTicks);
                return node.Role == ReplicaRole.Primary ? ticks.Prepend(new ReplicaInput.GiveUp()) : ticks;
            case Heartbeat: return [new ReplicaInput.Tick()];
            case DiskIsDone: return [new ReplicaInput.Stored(node.Storing[0])];
            case Proposes: return [new ReplicaInput.Propose(NextBlock(node, changes: false))];
            case ProposesChange: return [new ReplicaInput.Propose(NextBlock(node, changes: true))];
            case < HearsOfView:
                ReplicaMessage.Vote refusal = new(new View((ulong)(HearsOfView - input)), false, false);
                return [new ReplicaInput.Receive(CoreIds.Node(((node.Node + 1) % SearchModel.Nodes) + 1), refusal)];
            default:
                SearchMessage message = messages[input];
                return [new ReplicaInput.Receive(CoreIds.Node(message.From + 1), message.Message)];
        }
    }

    // Blocks of every other view are longer, so ends differ between views.
    private BlockInfo NextBlock(SearchNode node, bool changes)
    {
        SeqNo first = node.Replica.Last.Next;
        SeqNo last = new(first.Value + (node.View.Value & 1));
        ulong name = (node.View.Value << 32) | (last.Value << 1) | (changes ? 1UL : 0);
        return new BlockInfo(
            node.View, first, last, CoreIds.Digest(name), changes ? model.Change(first) : null);
    }

    private static ReplicaInput.Stored Stored(Draft draft)
    {
        ulong number = draft.Storing[^1];
        draft.Storing.Clear();
        return new ReplicaInput.Stored(number);
    }

    private void Step(Draft draft, ReplicaInput input)
    {
        if (input is ReplicaInput.Stored && draft.Storing.Count > 0) draft.Storing.RemoveAt(0);
        Steps++;
        foreach (ReplicaEffect effect in draft.Replica.Step(input).All)
        {
            switch (effect)
            {
                case ReplicaEffect.Store store:
                    draft.Log.Add(store.Block);
                    draft.Storing.Add(store.Number);
                    break;
                case ReplicaEffect.Truncate truncate:
                    draft.Log.RemoveAll(block => block.Last > truncate.After.SeqNo);
                    break;
                case ReplicaEffect.Send send:
                    draft.Sent.Add(
                        messages.NumberOf(draft.Node, CoreIds.NumberOf(send.To) - 1, send.Message));
                    break;
                case ReplicaEffect.RoleChanged { Role: ReplicaRole.Primary } changed:
                    draft.Elected = changed.View;
                    break;
            }
        }
    }

    private SearchNode Known(SearchNode node)
    {
        string text = node.Describe();
        if (nodes.TryGetValue(text, out SearchNode? known)) return known;
        node.Keys = messages.KeysOf(node.Node, text);
        nodes.Add(text, node);
        return node;
    }

    // What a step is making.
    private sealed class Draft(SearchNode from)
    {
        public int Node { get; } = from.Node;

        public Replica Replica { get; } = from.Replica.Fork();

        public List<BlockInfo> Log { get; } = [.. from.Log];

        public List<ulong> Storing { get; } = [.. from.Storing];

        public List<int> Sent { get; } = [];

        public View? Elected { get; set; }
    }
}
