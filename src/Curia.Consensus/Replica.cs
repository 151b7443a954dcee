using System;
using System.Collections.Generic;
using System.Diagnostics;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>One node's part in consensus: inputs in, effects out, nothing else (DESIGN 4, docs/consensus.md).</summary>
/// <remarks>One thread. View and votes are volatile: a process that restarts is a new node with a new id, so it cannot
/// vote twice. A replica of a configuration of one elects itself at its first step and commits what its own disk
/// has. This file has what all roles share; the others have what one role does.</remarks>
public sealed partial class Replica
{
    private readonly NodeId self;
    private readonly ReplicaOptions options;
    private readonly ElectionTimer timer;

    // Ascending by From. All of them count; the first is the newest committed one.
    private readonly List<Configuration> configurations = [];

    // The one that the replica began with, which need not be in its log.
    private readonly Configuration? began;
    private readonly BlockLog log;

    // Stores that were asked for and not reported, oldest first; those of blocks that were truncated are gone.
    private readonly Queue<(ulong Number, TxId Last)> storing = [];
    private readonly List<ReplicaEffect> effects = [];
    private ulong stores;
    private ulong storesDone;
    private SeqNo stored;
    private NodeId? primary;
    private bool isStarted;
    private bool isReady;

    /// <summary>A backup that has just started.</summary>
    /// <param name="self">This node.</param>
    /// <param name="configuration">The configuration to begin with; null when it comes with the log of others, to a
    /// node that joins from nothing.</param>
    /// <param name="options">Timeouts and limits.</param>
    /// <param name="lastView">The newest view that anything is known of; the first election is for the one after
    /// it.</param>
    /// <param name="committed">Where the ledger ends: the last committed transaction, which is on this node's
    /// disk.</param>
    public Replica(
        NodeId self,
        Configuration? configuration,
        ReplicaOptions options,
        View lastView,
        TxId committed = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.UncommittedBlocksMax, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.HeartbeatTicks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.WindowBlocks, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.AppendBlocksMax, 1);
        if (committed.View > lastView)
        {
            throw new ArgumentException(
                "The ledger ends in a view to come.", nameof(committed));
        }

        this.self = self;
        this.options = options;
        isReady = options.IsReady;
        timer = new ElectionTimer(
            options.ElectionTimeoutTicks, options.ElectionSpreadTicks ?? options.ElectionTimeoutTicks, options.Seed);
        began = configuration;
        if (configuration is not null) configurations.Add(configuration);
        isMember = configuration?.Has(self) ?? false;
        View = lastView;
        Committed = committed;
        log = new BlockLog(committed);
        stored = verified = committed.SeqNo;
    }

    // An election a second for twelve days, of which a node that takes part missed every one. Who adopted any view
    // could be sent to the last one there is, where nobody can be elected any more.
    private const ulong ViewsAheadMax = 1 << 20;

    /// <summary>The view before the first one of a service: a new service begins in view 2, as users of CCF know
    /// it.</summary>
    public static readonly View BeforeFirstView = new(1);

    /// <summary>What this replica is in its view.</summary>
    public ReplicaRole Role { get; private set; } = ReplicaRole.Backup;

    /// <summary>The newest view that it knows.</summary>
    public View View { get; private set; }

    /// <summary>The primary of <see cref="View"/>, as far as it is known.</summary>
    public NodeId? Primary => primary;

    /// <summary>The last committed transaction; never goes back.</summary>
    public TxId Committed { get; private set; }

    /// <summary>The end of the log: the last transaction that was appended, committed or not.</summary>
    public TxId LastTxId => log.Last;

    /// <summary>The end of the log: the last seqno that was appended, committed or not.</summary>
    public SeqNo Last => log.Last.SeqNo;

    /// <summary>Up to where the own disk has the log.</summary>
    public SeqNo StoredThrough => stored;

    /// <summary>How many blocks are appended and not committed.</summary>
    public int UncommittedBlocks => log.Count - log.CountThrough(Committed.SeqNo);

    /// <summary>The configurations that count now, oldest first.</summary>
    public IReadOnlyList<Configuration> Configurations => configurations;

    /// <summary>Whether a block that follows <see cref="Last"/> in <see cref="View"/> would be taken now.</summary>
    public bool CanPropose => Role == ReplicaRole.Primary && successor is null && !IsFull;

    /// <summary>Takes one input.</summary>
    /// <returns>What has to be done, in order.</returns>
    /// <exception cref="InvariantException">The node broke the contract of an input: the process must stop.</exception>
    public ReplicaEffects Step(ReplicaInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        effects.Clear();
        if (!isStarted) Start();
        if (Role is ReplicaRole.Stopped or ReplicaRole.Retired && input is not ReplicaInput.Propose)
            return ReplicaEffects.None;
        switch (input)
        {
            case ReplicaInput.Tick: Tick(); break;
            case ReplicaInput.Propose propose: Propose(propose.Block); break;
            case ReplicaInput.Receive receive: Receive(receive.From, receive.Message); break;
            case ReplicaInput.Stored done: Stored(done.Number); break;
            case ReplicaInput.StoreFailed: Become(ReplicaRole.Stopped); break;
            case ReplicaInput.GiveUp: GiveUp(); break;
            case ReplicaInput.HandOver: HandOver(); break;
            case ReplicaInput.Ready: isReady = true; break;
            case ReplicaInput.Confirm: Confirm(); break;
            case ReplicaInput.Recalled recalled: Recalled(recalled); break;
            case ReplicaInput.SnapshotMade made: snapshot = made.Snapshot; break;
            case ReplicaInput.SnapshotInstalled installed: SnapshotInstalled(installed.At); break;
            case ReplicaInput.SnapshotRefused refused: SnapshotRefused(refused.At); break;
            default: throw new UnreachableException($"Input {input.GetType().Name} has no arm");
        }

        return effects.Count == 0 ? ReplicaEffects.None : new ReplicaEffects(effects.ToArray());
    }

    // Nobody else could be primary of a configuration of one, so it need not wait for the time to be up.
    private void Start()
    {
        isStarted = true;
        SortedSet<NodeId> promised = [self, .. options.Promised];
        if (configurations.Count == 0 || !Quorum.IsElected(configurations, promised)) return;
        StandForElection();
        votes.UnionWith(promised);
        if (Role == ReplicaRole.Candidate) TryWin(isPreVote: false);
    }

    private void Tick()
    {
        if (Role == ReplicaRole.Primary)
        {
            TickAsPrimary();
            return;
        }

        if (ticksWithoutPrimary < int.MaxValue) ticksWithoutPrimary++;
        if (timer.Tick()) Campaign();
    }

    // The order of the checks is that of docs/consensus.md, "Receiving".
    private void Receive(NodeId from, ReplicaMessage message)
    {
        if (message.View > View)
        {
            if (message.View.Value - View.Value > ViewsAheadMax)
            {
                Ignore(from, MessageRefusal.Malformed);
                return;
            }

            if (!MayLeaveViewFor(message)) return;
            Adopt(message.View);
        }

        switch (message)
        {
            case ReplicaMessage.Append append: ReceiveAppend(from, append); break;
            case ReplicaMessage.Appended appended: ReceiveAppended(from, appended); break;
            case ReplicaMessage.NotAppended refused: ReceiveNotAppended(from, refused); break;
            case ReplicaMessage.VoteRequest request: ReceiveVoteRequest(from, request); break;
            case ReplicaMessage.Vote vote: ReceiveVote(from, vote); break;
            case ReplicaMessage.HandOver: ReceiveHandOver(from, message.View); break;
            case ReplicaMessage.SnapshotChunk chunk: ReceiveChunk(from, chunk); break;
            case ReplicaMessage.SnapshotProgress progress: ReceiveProgress(from, progress); break;
            default: throw new UnreachableException($"Message {message.GetType().Name} has no arm");
        }
    }

    private void Ignore(NodeId from, MessageRefusal reason) => effects.Add(new ReplicaEffect.Ignored(from, reason));

    private void Send(NodeId to, ReplicaMessage message) => effects.Add(new ReplicaEffect.Send(to, message));

    private void Propose(BlockInfo block)
    {
        if (Role != ReplicaRole.Primary || block.View != View)
        {
            effects.Add(new ReplicaEffect.Refused(block, ProposalRefusal.NotPrimary));
            return;
        }

        // A seqno that comes twice in a view would be a nonce used twice with one key (DESIGN 5, "Keys").
        Invariant.Holds(block.First == Last.Next, "a block does not follow the end of the log");
        Invariant.Holds(
            block.Configuration is not { } made || (made.From >= block.First && made.From <= block.Last),
            "a configuration counts from a seqno outside of its block");
        if (successor is not null || IsFull)
        {
            effects.Add(new ReplicaEffect.Refused(
                block,
                successor is not null ? ProposalRefusal.HandingOver : ProposalRefusal.TooManyUncommitted));
            return;
        }

        Append(block);
        if (block.Configuration is not null) MeetPeers(block.First);
        foreach ((NodeId id, Peer peer) in peers) SendBlocks(id, peer);
    }

    // The blocks that it appended stay: their store may be under way. They commit through a block of a later view.
    private void GiveUp()
    {
        if (Role == ReplicaRole.Primary) Follow(null);
    }

    private void Append(BlockInfo block)
    {
        log.Append(block);
        effects.Add(new ReplicaEffect.Store(block, ++stores));
        storing.Enqueue((stores, block.LastTxId));

        // Raft thesis, section 4.1: a configuration counts from append, whether its block is committed or not.
        // The genesis block may repeat the configuration that the replica began with.
        Configuration? newest = configurations.Count > 0 ? configurations[^1] : null;
        if (block.Configuration is null || block.Configuration.Equals(newest)) return;
        Invariant.Holds(
            newest is null || block.Configuration.From > newest.From,
            "a configuration is not newer than the one before it");
        configurations.Add(block.Configuration);
    }

    private void TruncateAfter(TxId last)
    {
        Invariant.Holds(last.SeqNo >= Committed.SeqNo, "what is committed would be taken back");
        log.TruncateAfter(last.SeqNo);
        configurations.RemoveAll(made => made.From > last.SeqNo && !ReferenceEquals(made, began));
        if (stored > last.SeqNo) stored = last.SeqNo;

        // The same block may come again, with a store of its own: what is reported for this one proves nothing.
        int pending = storing.Count;
        for (int count = 0; count < pending; count++)
        {
            (ulong Number, TxId Last) store = storing.Dequeue();
            if (store.Last.SeqNo <= last.SeqNo) storing.Enqueue(store);
        }

        effects.Add(new ReplicaEffect.Truncate(last));
    }

    private void Stored(ulong number)
    {
        Invariant.Holds(number <= stores, "the disk stored what was never asked");
        if (number <= storesDone) return;
        storesDone = number;
        while (storing.Count > 0 && storing.Peek().Number <= number) stored = storing.Dequeue().Last.SeqNo;
        if (Role == ReplicaRole.Primary) AdvanceCommit();
        else if (primary is { } to) Acknowledge(to);
    }

    /// <summary>Commits the blocks up to one, oldest first.</summary>
    private void CommitThrough(SeqNo last)
    {
        int committedBefore = log.CountThrough(Committed.SeqNo);
        int committed = log.CountThrough(last);
        Configuration? newest = null;
        for (int index = committedBefore; index < committed; index++)
        {
            BlockInfo block = log[index];
            Committed = block.LastTxId;
            newest = block.Configuration ?? newest;
            effects.Add(new ReplicaEffect.Committed(Committed));
        }

        if (newest is not null) ConfigurationCommitted(newest);

        // A backup may know of commits before its own disk is there; what it acknowledges must be remembered.
        log.Forget(stored < Committed.SeqNo ? stored : Committed.SeqNo, options.CommittedBlocksKept);
    }

    // The older ones no longer count. Who is in none that is left hears of this commit and of nothing after it.
    private void ConfigurationCommitted(Configuration newest)
    {
        bool hadVote = isLeaving
            || configurations.Exists(one => one.From < newest.From && one.Voters.Contains(self));
        isLeaving = hadVote && !newest.Voters.Contains(self);
        configurations.RemoveAll(configuration => configuration.From < newest.From);
        if (Role == ReplicaRole.Primary) LetGo();

        // One that is not committed may be taken back, and then this node was never admitted.
        isMember |= configurations[0].Has(self);
        if (configurations.Exists(configuration => configuration.Has(self))) return;

        // DESIGN 4: only the second transaction of a retirement lets a node stop. One that was never in a
        // configuration has not been admitted yet.
        if (!isMember) return;
        if (Role == ReplicaRole.Primary) NominateNow();
        Become(ReplicaRole.Retired);
    }

    private void Become(ReplicaRole role)
    {
        if (Role == ReplicaRole.Stopped) return;
        Role = role;
        effects.Add(new ReplicaEffect.RoleChanged(role, View, primary));
    }

    // The first block of a view is always taken: only through it can those before it commit.
    private bool IsFull => UncommittedBlocks >= options.UncommittedBlocksMax && log.Last.View == View;

    private bool MayStand() => isReady
        && (isLeaving || configurations.Exists(configuration => configuration.Voters.Contains(self)));
}
