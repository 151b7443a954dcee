using System;
using System.Collections.Generic;
using System.Diagnostics;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <summary>One node's part in consensus: inputs in, effects out, nothing else (DESIGN 4).</summary>
/// <remarks>One thread. View and votes are volatile: a process that restarts is a new node with a new id, so it cannot
/// vote twice. A replica of a configuration of one elects itself at its first step and commits what its own disk
/// has.</remarks>
public sealed class Replica
{
    private readonly NodeId self;
    private readonly ReplicaOptions options;
    private readonly ElectionTimer timer;

    // Ascending by From. All of them count; the first is the newest committed one.
    private readonly List<Configuration> configurations = [];

    // Appended and not committed, oldest first. Each block follows the one before it without a gap.
    private readonly List<BlockInfo> uncommitted = [];

    private readonly SortedDictionary<NodeId, SeqNo> matched = [];
    private readonly SortedSet<NodeId> votes = [];
    private readonly List<ReplicaEffect> effects = [];
    private bool started;

    /// <summary>A backup that has just started.</summary>
    /// <param name="self">This node.</param>
    /// <param name="configuration">The configuration to begin with.</param>
    /// <param name="options">Timeouts and limits.</param>
    /// <param name="lastView">The newest view that anything is known of; the first election is for the one after
    /// it.</param>
    /// <param name="committed">Where the ledger ends: the last committed transaction.</param>
    public Replica(
        NodeId self,
        Configuration configuration,
        ReplicaOptions options,
        View lastView,
        TxId committed = default)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.UncommittedBlocksMax, 1);
        if (committed.View > lastView)
        {
            throw new ArgumentException(
                "The ledger ends in a view to come.", nameof(committed));
        }

        this.self = self;
        this.options = options;
        timer = new ElectionTimer(options.ElectionTimeoutTicks, options.Seed);
        configurations.Add(configuration);
        View = lastView;
        Committed = committed;
        Last = committed.SeqNo;
        matched[self] = committed.SeqNo;
    }

    /// <summary>The view before the first one of a service: a new service begins in view 2, as users of CCF know
    /// it.</summary>
    public static readonly View BeforeFirstView = new(1);

    /// <summary>What this replica is in its view.</summary>
    public ReplicaRole Role { get; private set; } = ReplicaRole.Backup;

    /// <summary>The newest view that it knows.</summary>
    public View View { get; private set; }

    /// <summary>The last committed transaction; never goes back.</summary>
    public TxId Committed { get; private set; }

    /// <summary>The end of the log: the last seqno that was appended, committed or not.</summary>
    public SeqNo Last { get; private set; }

    /// <summary>How many blocks are appended and not committed.</summary>
    public int UncommittedBlocks => uncommitted.Count;

    /// <summary>The configurations that count now, oldest first.</summary>
    public IReadOnlyList<Configuration> Configurations => configurations;

    /// <summary>Whether a block that follows <see cref="Last"/> in <see cref="View"/> would be taken now.</summary>
    public bool CanPropose => Role == ReplicaRole.Primary && uncommitted.Count < options.UncommittedBlocksMax;

    /// <summary>Takes one input.</summary>
    /// <returns>What has to be done, in order.</returns>
    /// <exception cref="InvariantException">The node broke the contract of an input: the process must stop.</exception>
    public ReplicaEffects Step(ReplicaInput input)
    {
        ArgumentNullException.ThrowIfNull(input);
        effects.Clear();
        if (!started) Start();
        switch (input)
        {
            case ReplicaInput.Tick: Tick(); break;
            case ReplicaInput.Propose propose: Propose(propose.Block); break;
            case ReplicaInput.Stored stored: Stored(stored.Last); break;
            case ReplicaInput.StoreFailed: Become(ReplicaRole.Stopped); break;
            case ReplicaInput.GiveUp: GiveUp(); break;
            default: throw new UnreachableException($"Input {input.GetType().Name} has no arm");
        }

        return effects.Count == 0 ? ReplicaEffects.None : new ReplicaEffects(effects.ToArray());
    }

    // Nobody else could be primary of a configuration of one, so it need not wait for the time to be up.
    private void Start()
    {
        started = true;
        if (Quorum.IsElected(configurations, new SortedSet<NodeId> { self })) Campaign();
    }

    private void Tick()
    {
        if (Role is ReplicaRole.Backup or ReplicaRole.Candidate && timer.Tick()) Campaign();
    }

    private void Campaign()
    {
        timer.Restart();
        if (!IsVoter()) return;
        Invariant.Holds(View < View.Max, "the views are used up");
        View = View.Next;
        Become(ReplicaRole.Candidate);

        // Raft paper, section 5.2: a candidate votes for itself. Views never repeat, so it votes once in each.
        votes.Clear();
        votes.Add(self);
        if (Quorum.IsElected(configurations, votes)) Become(ReplicaRole.Primary);
    }

    private void GiveUp()
    {
        // The blocks it appended stay: their store may be under way. They commit through a block of a later view.
        if (Role != ReplicaRole.Primary) return;
        timer.Restart();
        Become(ReplicaRole.Backup);
    }

    private void Propose(BlockInfo block)
    {
        if (Role != ReplicaRole.Primary || block.View != View)
        {
            effects.Add(new ReplicaEffect.Refused(block, ProposalRefusal.NotPrimary));
            return;
        }

        // A seqno that comes twice in a view would be a nonce used twice with one key (DESIGN 5, "Keys").
        Invariant.Holds(block.First == Last.Next, "a block does not follow the end of the log");
        Invariant.Holds(block.Last >= block.First, "a block ends before it begins");
        Invariant.Holds(
            block.Configuration is not { } made || (made.From >= block.First && made.From <= block.Last),
            "a configuration counts from a seqno outside of its block");
        if (uncommitted.Count >= options.UncommittedBlocksMax)
        {
            effects.Add(new ReplicaEffect.Refused(block, ProposalRefusal.TooManyUncommitted));
            return;
        }

        Append(block);
        effects.Add(new ReplicaEffect.Store(block));
    }

    private void Append(BlockInfo block)
    {
        uncommitted.Add(block);
        Last = block.Last;

        // Raft thesis, section 4.1: a configuration counts from append, whether its block is committed or not.
        // The genesis block may repeat the configuration that the replica began with.
        if (block.Configuration is null || block.Configuration.Equals(configurations[^1])) return;
        Invariant.Holds(
            block.Configuration.From > configurations[^1].From,
            "a configuration counts from before the one it replaces");
        configurations.Add(block.Configuration);
    }

    private void Stored(SeqNo last)
    {
        // A disk that failed once is not believed again (DESIGN 4, "Durability").
        if (Role == ReplicaRole.Stopped) return;
        Invariant.Holds(last <= Last, "the disk stored past the end of the log");
        Invariant.Holds(
            last <= Committed.SeqNo || uncommitted.Exists(block => block.Last == last),
            "the disk stored a part of a block");
        if (last > matched[self]) matched[self] = last;
        AdvanceCommit();
    }

    private void AdvanceCommit()
    {
        if (Role != ReplicaRole.Primary) return;
        while (true)
        {
            SeqNo stored = Quorum.StoredByEach(configurations, matched);
            int newest = uncommitted.FindLastIndex(block => block.Last <= stored);

            // Raft paper, section 5.4.2 and figure 8: an older view's block that a majority stored can still be
            // replaced; it commits only through a block of this view that comes after it.
            if (newest < 0 || uncommitted[newest].View != View) return;
            if (!CommitThrough(newest)) return;
        }
    }

    /// <returns>True when a configuration committed: those before it no longer count, and more may be
    /// committed.</returns>
    private bool CommitThrough(int newest)
    {
        SeqNo reconfigured = configurations[0].From;
        for (int index = 0; index <= newest; index++)
        {
            BlockInfo block = uncommitted[index];
            Committed = block.LastTxId;
            if (block.Configuration is not null) reconfigured = block.Configuration.From;
            effects.Add(new ReplicaEffect.Committed(Committed));
        }

        uncommitted.RemoveRange(0, newest + 1);
        return configurations.RemoveAll(configuration => configuration.From < reconfigured) > 0;
    }

    private void Become(ReplicaRole role)
    {
        if (Role == ReplicaRole.Stopped) return;
        Role = role;
        effects.Add(new ReplicaEffect.RoleChanged(role, View));
    }

    private bool IsVoter() => configurations.Exists(configuration => configuration.Voters.Contains(self));
}
