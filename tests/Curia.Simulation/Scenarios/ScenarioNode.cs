using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text;
using Curia.Consensus;
using Curia.Vocabulary;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary>A replica with its ledger, its open block and the messages that it has sent and nobody has got.</summary>
/// <remarks>A scenario sends once a tick, ours at once. So what a primary sends because of a proposal or an answer
/// waits here for its next tick, and what then goes to one node is put together. And a disk is done at once here, so a
/// backup answers once. Both are things that a network may do to messages.</remarks>
internal sealed class ScenarioNode
{
    public const int TickMilliseconds = 10;

    private const int Unlimited = 1_000_000;

    // By their digests; shared by all nodes, because blocks travel as what consensus knows of them.
    private readonly Dictionary<Digest, ImmutableArray<ScenarioEntry>> contents;
    private readonly List<BlockInfo> blocks = [];
    private readonly List<ScenarioEntry> open = [];
    private readonly SortedDictionary<NodeId, ReplicaMessage.Append> waiting = [];
    private int milliseconds;

    public ScenarioNode(
        string name,
        bool isFirst,
        bool asksBeforeElections,
        Dictionary<Digest, ImmutableArray<ScenarioEntry>> contents)
    {
        this.contents = contents;
        Name = name;
        Id = IdOf(name);
        ReplicaOptions options = new()
        {
            ElectionTimeoutTicks = 100 / TickMilliseconds,
            ElectionSpreadTicks = 1,
            HeartbeatTicks = 1,
            UncommittedBlocksMax = Unlimited,
            WindowBlocks = Unlimited,
            AppendBlocksMax = Unlimited,
            CommittedBlocksKept = Unlimited,
            PreVote = asksBeforeElections,
            RefusePreVotesWhilePrimaryIsHeard = false,
        };
        Configuration? alone = isFirst ? Configuration.Of(new SeqNo(1), Id) : null;
        Replica = new Replica(Id, alone, options, isFirst ? Replica.BeforeFirstView : default);
        if (!isFirst) return;
        Step(new ReplicaInput.Tick());
        Write("configuration", alone);
    }

    public string Name { get; }

    public NodeId Id { get; }

    public Replica Replica { get; }

    /// <summary>What was sent and is neither delivered nor lost, oldest first.</summary>
    public List<(NodeId To, ReplicaMessage Message)> Sent { get; } = [];

    public bool IsPrimary => Replica.Role == ReplicaRole.Primary;

    public SeqNo Committed => Replica.Committed.SeqNo;

    /// <summary>The whole ledger, with the open block of a primary.</summary>
    public IReadOnlyList<ScenarioEntry> Entries =>
        [.. blocks.SelectMany(block => contents[block.Digest]), .. open];

    public TxId Last
    {
        get
        {
            IReadOnlyList<ScenarioEntry> all = Entries;
            return all.Count == 0 ? TxId.Zero : new TxId(all[^1].View, new SeqNo((ulong)all.Count));
        }
    }

    /// <summary>The newest configuration of the ledger, with the open block.</summary>
    public Configuration? Newest => Entries.LastOrDefault(entry => entry.Configuration is not null)?.Configuration;

    // The order of node ids is that of names, which decides between equals.
    public static NodeId IdOf(string name)
    {
        byte[] bytes = new byte[Digest.Size];
        Encoding.UTF8.GetBytes(name, bytes);
        return new NodeId(new Digest(bytes));
    }

    public bool Holds(BlockInfo block) => blocks.Contains(block);

    /// <summary>Adds a transaction to the open block.</summary>
    public void Write(string text, Configuration? configuration) =>
        open.Add(new ScenarioEntry(Replica.View, text, configuration, false));

    /// <summary>Ends the open block with a signature and proposes it.</summary>
    public void Seal()
    {
        open.Add(ScenarioEntry.Signature(Replica.View));
        ImmutableArray<ScenarioEntry> entries = [.. open];
        open.Clear();
        SeqNo first = Replica.Last.Next;
        SeqNo last = new(Replica.Last.Value + (ulong)entries.Length);
        string text = string.Join('\n', entries.Select(entry => entry.Text));
        Digest digest = Digest.Of(Encoding.UTF8.GetBytes(Invariant($"{Replica.View} {first} {text}")));
        contents[digest] = entries;
        Configuration? made = entries.LastOrDefault(entry => entry.Configuration is not null)?.Configuration;
        Step(new ReplicaInput.Propose(new BlockInfo(Replica.View, first, last, digest, made)));
    }

    /// <summary>Lets time go by. One call ends one wait at most, however long it is.</summary>
    public void Tick(int passed)
    {
        milliseconds += passed;
        ReplicaRole role = Replica.Role;
        for (; milliseconds >= TickMilliseconds; milliseconds -= TickMilliseconds)
        {
            if (Replica.Role == role) Step(new ReplicaInput.Tick());
        }

        foreach ((NodeId to, ReplicaMessage.Append append) in waiting) Sent.Add((to, append));
        waiting.Clear();
    }

    public void Receive(NodeId from, ReplicaMessage message) => Step(new ReplicaInput.Receive(from, message));

    /// <summary>Tells the best backup to stand, and stays primary. Ours proposes nothing any more when it hands over, a
    /// scenario goes on; so a copy hands over.</summary>
    public void Nominate()
    {
        foreach (ReplicaEffect effect in Replica.Fork().Step(new ReplicaInput.HandOver()))
        {
            if (effect is ReplicaEffect.Send { Message: ReplicaMessage.HandOver } send)
                Sent.Add((send.To, send.Message));
        }
    }

    private void Step(ReplicaInput input)
    {
        Queue<ReplicaInput> inputs = new([input]);
        int answered = Sent.Count;
        while (inputs.TryDequeue(out ReplicaInput? next))
        {
            SortedSet<NodeId> known = [.. PeerIds()];
            foreach (ReplicaEffect effect in Replica.Step(next))
            {
                if (effect is ReplicaEffect.Store store) inputs.Enqueue(new ReplicaInput.Stored(store.Number));
                Perform(effect, next, known, answered);
            }

            if (IsPrimary) continue;
            open.Clear();
            waiting.Clear();
        }
    }

    private IEnumerable<NodeId> PeerIds() =>
        from configuration in Replica.Configurations
        from id in configuration.Voters.Concat(configuration.Learners)
        where Replica.SilentTicksOf(id) is not null
        select id;

    private void Perform(ReplicaEffect effect, ReplicaInput cause, SortedSet<NodeId> known, int answered)
    {
        switch (effect)
        {
            case ReplicaEffect.Store store:
                blocks.Add(store.Block);
                break;
            case ReplicaEffect.Truncate truncate:
                blocks.RemoveAll(block => block.Last > truncate.After.SeqNo);
                break;
            case ReplicaEffect.Refused refused:
                throw new ScenarioException(Invariant($"node {Name} refuses a block: {refused.Reason}"));
            case ReplicaEffect.Send { Message: ReplicaMessage.Append append } send:
                SendAppend(send.To, append, MayWait(cause) && known.Contains(send.To));
                break;
            case ReplicaEffect.Send { Message: ReplicaMessage.Appended } send:
                int earlier = Sent.FindIndex(
                    answered, sent => sent.To == send.To && sent.Message is ReplicaMessage.Appended);
                if (earlier >= 0) Sent.RemoveAt(earlier);
                Sent.Add((send.To, send.Message));
                break;
            case ReplicaEffect.Send send:
                Sent.Add((send.To, send.Message));
                break;
        }
    }

    // What a new primary says, and the first message to a new node, goes at once in a scenario too.
    private static bool MayWait(ReplicaInput cause) => cause is ReplicaInput.Tick or ReplicaInput.Propose
        or ReplicaInput.Stored
        or ReplicaInput.Receive { Message: ReplicaMessage.Appended or ReplicaMessage.NotAppended };

    private void SendAppend(NodeId to, ReplicaMessage.Append append, bool mayWait)
    {
        if (waiting.Remove(to, out ReplicaMessage.Append? before) && before.View == append.View
            && before.End == append.Previous)
        {
            append = append with { Previous = before.Previous, Blocks = [.. before.Blocks, .. append.Blocks] };
        }

        // A node that is let go hears of it now or never.
        if (mayWait && IsPrimary && Replica.SilentTicksOf(to) is not null) waiting.Add(to, append);
        else Sent.Add((to, append));
    }
}
