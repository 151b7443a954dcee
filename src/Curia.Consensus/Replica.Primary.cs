using System.Collections.Generic;
using System.Collections.Immutable;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <content>The primary (docs/consensus.md, "Replication", "Commit", "Handing over").</content>
public sealed partial class Replica
{
    private readonly SortedDictionary<NodeId, Peer> peers = [];
    private int ticksSinceHeartbeat;

    // To whom the place is handed, and the ticks until that is given up.
    private NodeId? successor;
    private int ticksToHandOver;

    // Questions whether this is still the primary; those up to the second are answered.
    private ulong confirmed;
    private SnapshotInfo? snapshot;

    /// <summary>The number of the newest question whether this is still the primary: see
    /// <see cref="ReplicaInput.Confirm"/>.</summary>
    public ulong Round { get; private set; }

    /// <summary>Up to where a node is known to have stored this primary's log; zero when nothing is known, or when
    /// this is not the primary.</summary>
    public SeqNo MatchedOf(NodeId node) => peers.TryGetValue(node, out Peer? peer) ? peer.Matched : SeqNo.Zero;

    /// <summary>How many ticks ago a node was last heard by this primary; null when it is none of its peers.</summary>
    public int? SilentTicksOf(NodeId node) => peers.TryGetValue(node, out Peer? peer) ? peer.SilentTicks : null;

    /// <summary>Whether a node is near enough to the end of this primary's log to be given a vote: it would not hold up
    /// a commit (DESIGN 4, "Reconfiguration").</summary>
    public bool IsWithinAWindow(NodeId node) =>
        peers.TryGetValue(node, out Peer? peer)
        && peer.SilentTicks < options.ElectionTimeoutTicks
        && peer.Matched > SeqNo.Zero && peer.Matched >= log.Start.SeqNo
        && log.Count - log.CountThrough(peer.Matched) <= options.WindowBlocks;

    private void BecomePrimary()
    {
        peers.Clear();
        primary = self;
        ticksSinceHeartbeat = 0;
        confirmed = Round;
        Become(ReplicaRole.Primary);
        MeetPeers(log.Last.SeqNo.Next);
        foreach ((NodeId id, Peer peer) in peers) SendHeartbeat(id, peer);
    }

    private void LayDown()
    {
        peers.Clear();
        successor = null;
    }

    // Nodes that have come with a configuration.
    private void MeetPeers(SeqNo next)
    {
        foreach (Configuration configuration in configurations)
        {
            foreach (NodeId id in configuration.Voters) Meet(id, next);
            foreach (NodeId id in configuration.Learners) Meet(id, next);
        }
    }

    private void Meet(NodeId id, SeqNo next)
    {
        if (id != self && !peers.ContainsKey(id)) peers.Add(id, new Peer(next));
    }

    // They are told of the commit that lets them go.
    private void LetGo()
    {
        foreach ((NodeId id, Peer peer) in ImmutableArray.CreateRange(peers))
        {
            if (configurations.Exists(configuration => configuration.Has(id))) continue;
            SendHeartbeat(id, peer);
            peers.Remove(id);
        }
    }

    private void TickAsPrimary()
    {
        foreach (Peer peer in peers.Values)
        {
            if (peer.SilentTicks < int.MaxValue) peer.SilentTicks++;
        }

        // Check-quorum (Raft thesis, section 6.2): who cannot commit lets others try.
        if (!HearsAQuorum())
        {
            Follow(null);
            return;
        }

        if (successor is not null && --ticksToHandOver <= 0) successor = null;
        if (++ticksSinceHeartbeat < options.HeartbeatTicks) return;
        ticksSinceHeartbeat = 0;
        foreach ((NodeId id, Peer peer) in peers)
        {
            peer.IsMending = false;
            SendHeartbeat(id, peer);
        }
    }

    private bool HearsAQuorum()
    {
        HashSet<NodeId> heard = [self];
        foreach ((NodeId id, Peer peer) in peers)
        {
            if (peer.SilentTicks < options.ElectionTimeoutTicks) heard.Add(id);
        }

        return Quorum.CouldCommit(configurations, heard);
    }

    private void SendBlocks(NodeId id, Peer peer)
    {
        if (peer.Installing is not null) return;
        if (peer.Next <= log.Start.SeqNo)
        {
            SendForgotten(id, peer);
            return;
        }

        int windowEnd = log.CountThrough(new SeqNo(peer.Base.Value - 1)) + options.WindowBlocks;
        while (!(peer.IsProbing && peer.IsAsked))
        {
            int first = log.CountThrough(new SeqNo(peer.Next.Value - 1));
            int count = System.Math.Min(
                System.Math.Min(log.Count, windowEnd) - first,
                peer.IsProbing ? 1 : options.AppendBlocksMax);
            if (count <= 0) return;
            SendAppend(id, peer, first, count);
        }
    }

    private void SendAppend(NodeId id, Peer peer, int first, int count)
    {
        TxId previous = first == 0 ? log.Start : log[first - 1].LastTxId;
        ImmutableArray<BlockInfo>.Builder blocks = ImmutableArray.CreateBuilder<BlockInfo>(count);
        for (int index = first; index < first + count; index++) blocks.Add(log[index]);
        if (count > 0) peer.Sent(blocks[^1].LastTxId);
        peer.IsAsked = true;
        Send(id, new ReplicaMessage.Append(View, previous, blocks.MoveToImmutable(), Committed, Round));
    }

    // Says where the log should be by now: a node that lost something on the way notices.
    private void SendHeartbeat(NodeId id, Peer peer)
    {
        if (peer.Installing is { } sent)
        {
            Send(id, peer.NextChunk < sent.Chunks
                ? new ReplicaMessage.SnapshotChunk(View, sent, peer.NextChunk)
                : new ReplicaMessage.Append(View, sent.At, [], Committed, Round));
            return;
        }

        if (peer.Next <= log.Start.SeqNo)
        {
            // It hears its primary also while the disk is slow.
            Send(id, new ReplicaMessage.Append(View, peer.Before ?? log.Start, [], Committed, Round));
            if (peer.Before is null) SendForgotten(id, peer);
            return;
        }

        SendAppend(id, peer, log.CountThrough(new SeqNo(peer.Next.Value - 1)), 0);
    }

    private void SendForgotten(NodeId id, Peer peer)
    {
        if (snapshot is not null && snapshot.At.SeqNo >= log.Start.SeqNo)
        {
            peer.Installing = snapshot;
            peer.NextChunk = 0;
            Send(id, new ReplicaMessage.SnapshotChunk(View, snapshot, 0));
            return;
        }

        // What was recalled last may be under way, but nothing before it: so much waits in memory, and no more.
        if (peer.IsRecalling || peer.Base < peer.RecalledFrom || (peer.IsProbing && peer.IsAsked)) return;
        peer.IsRecalling = true;
        effects.Add(new ReplicaEffect.Recall(
            id, peer.Before ?? new TxId(peer.ViewMax ?? View, new SeqNo(peer.Next.Value - 1)),
            peer.IsProbing ? 1 : options.AppendBlocksMax));
    }

    private void Recalled(ReplicaInput.Recalled recalled)
    {
        if (Role != ReplicaRole.Primary || !peers.TryGetValue(recalled.Node, out Peer? peer) || !peer.IsRecalling)
            return;
        peer.IsRecalling = false;

        // What it needs may be another place by now.
        SeqNo previous = recalled.Previous.SeqNo;
        if (recalled.Blocks.IsEmpty || peer.Next > log.Start.SeqNo || previous < peer.Matched || previous >= peer.Next)
            return;
        peer.SentRecalled(previous.Next, recalled.Blocks[^1].LastTxId);
        Send(recalled.Node, new ReplicaMessage.Append(View, recalled.Previous, recalled.Blocks, Committed, Round));
        SendBlocks(recalled.Node, peer);
    }

    private void ReceiveAppended(NodeId from, ReplicaMessage.Appended appended)
    {
        if (PeerThatAnswers(from, appended) is not { } peer) return;
        if (appended.Matched.SeqNo > Last || !log.MayEndABlock(appended.Matched))
        {
            Ignore(from, MessageRefusal.Contradiction);
            return;
        }

        Heard(peer, appended.Round);

        // What is proved is a block end of this log, in this view; an older message proves no less, only less far.
        if (peer.Installing is { } sent)
        {
            if (appended.Matched.SeqNo < sent.At.SeqNo) return;
            peer.Installing = null;
            peer.ExpectAt(appended.Matched.SeqNo.Next);
        }

        peer.Acknowledge(appended.Matched.SeqNo);
        AdvanceCommit();
        if (Role != ReplicaRole.Primary || !peers.ContainsKey(from)) return;
        SendBlocks(from, peer);
        HandOverIfReady(from, peer);
    }

    private void ReceiveNotAppended(NodeId from, ReplicaMessage.NotAppended refused)
    {
        if (PeerThatAnswers(from, refused) is not { } peer) return;
        Heard(peer, refused.Round);
        if (peer.Installing is { } sent)
        {
            // It had all parts and did not take them: once more.
            if (peer.NextChunk < sent.Chunks) return;
            peer.Installing = null;
        }

        if (!peer.IsNews(refused.Refused.SeqNo)) return;

        // A refusal proves nothing about what the node has stored: it moves where to ask next, never the match.
        // One that names no block which this log could have goes back to what is forgotten.
        TxId end = log.BestMatch(refused.Hint);
        SeqNo next = end.SeqNo.Next;
        if (refused.Hint.SeqNo < log.Start.SeqNo) next = refused.Hint.SeqNo.Next;
        else if (refused.Hint.View < log.Start.View) next = log.Start.SeqNo;
        if (next <= peer.Matched) next = peer.Matched.Next;
        if (next > peer.Next) next = peer.Next;

        // A block that both logs have makes them equal up to it (Raft paper, section 5.3).
        peer.MendAt(next, isPlaceKnown: end == refused.Hint && next == end.SeqNo.Next, refused.Hint.View);
        SendBlocks(from, peer);
        if (!peer.IsAsked && peer.Installing is null && !peer.IsRecalling) SendHeartbeat(from, peer);
    }

    private Peer? PeerThatAnswers(NodeId from, ReplicaMessage answer)
    {
        if (answer.View < View)
        {
            Ignore(from, MessageRefusal.StaleView);
            return null;
        }

        if (Role != ReplicaRole.Primary)
        {
            Ignore(from, MessageRefusal.NotAsked);
            return null;
        }

        if (peers.TryGetValue(from, out Peer? peer)) return peer;
        Ignore(from, MessageRefusal.UnknownNode);
        return null;
    }

    private void Heard(Peer peer, ulong round)
    {
        peer.SilentTicks = 0;
        if (round > Round) round = Round;
        if (round <= peer.Round) return;
        peer.Round = round;
        ConfirmRounds();
    }

    private void AdvanceCommit()
    {
        while (FindCommit() is { } last)
        {
            int active = configurations.Count;
            CommitThrough(last);
            ConfirmRounds();

            // With a configuration that no longer counts, more may be committed.
            if (Role != ReplicaRole.Primary || configurations.Count == active) return;
        }
    }

    // A block commits by the configurations that were made at it or before it; one that comes later counts for the
    // blocks from its own on (docs/consensus.md, "Commit").
    private SeqNo? FindCommit()
    {
        int uncommitted = log.CountThrough(Committed.SeqNo);
        if (uncommitted == log.Count) return null;
        SortedDictionary<NodeId, SeqNo> matched = new() { [self] = stored };
        foreach ((NodeId id, Peer peer) in peers) matched[id] = peer.Matched;
        SeqNo[] reached = new SeqNo[configurations.Count];
        for (int index = 0; index < reached.Length; index++)
            reached[index] = Quorum.StoredBy(configurations[index], matched);
        for (int index = log.Count - 1; index >= uncommitted; index--)
        {
            // Raft paper, section 5.4.2 and figure 8: an older view's block that a majority stored can still be
            // replaced; it commits only through a block of this view that comes after it.
            if (log[index].View != View) return null;
            if (IsStored(log[index].Last, reached)) return log[index].Last;
        }

        return null;
    }

    private bool IsStored(SeqNo last, SeqNo[] reached)
    {
        for (int index = 0; index < reached.Length; index++)
        {
            // The oldest always counts: it is the committed one, or the one that the replica began with.
            bool counts = index == 0 || configurations[index].From <= last;
            if (counts && reached[index] < last) return false;
        }

        return true;
    }

    private void Confirm()
    {
        if (Role != ReplicaRole.Primary) return;
        Round++;
        foreach ((NodeId id, Peer peer) in peers) SendHeartbeat(id, peer);
        ConfirmRounds();
    }

    // DESIGN 4, "Linearisable reads": a round counts when a majority of each configuration has answered it, and not
    // before a block of this view has committed, because until then older commits may be unknown here.
    private void ConfirmRounds()
    {
        if (Role != ReplicaRole.Primary || confirmed == Round || Committed.View != View) return;
        SortedDictionary<NodeId, SeqNo> answered = new() { [self] = new SeqNo(Round) };
        foreach ((NodeId id, Peer peer) in peers) answered[id] = new SeqNo(peer.Round);
        ulong round = ulong.MaxValue;
        foreach (Configuration configuration in configurations)
        {
            Configuration majority = configuration with { Rule = CommitRule.Majority };
            round = System.Math.Min(round, Quorum.StoredBy(majority, answered).Value);
        }

        if (round <= confirmed) return;
        confirmed = round;
        effects.Add(new ReplicaEffect.Confirmed(round));
    }

    private void HandOver()
    {
        if (Role != ReplicaRole.Primary || BestSuccessor() is not { } best) return;
        successor = best;
        ticksToHandOver = options.ElectionTimeoutTicks;
        peers[best].IsToldToCampaign = false;
        HandOverIfReady(best, peers[best]);
    }

    private void HandOverIfReady(NodeId id, Peer peer)
    {
        if (successor != id || peer.IsToldToCampaign || peer.Matched < Last) return;
        peer.IsToldToCampaign = true;
        Send(id, new ReplicaMessage.HandOver(View));
    }

    // This node leaves with the commit that it has just seen: whoever has most asks for votes at once.
    private void NominateNow()
    {
        if (BestSuccessor() is { } best) Send(best, new ReplicaMessage.HandOver(View));
    }

    private NodeId? BestSuccessor()
    {
        NodeId? best = null;
        foreach ((NodeId id, Peer peer) in peers)
        {
            if (!configurations[^1].Voters.Contains(id)) continue;
            if (best is null || IsBetter(peer, peers[best.Value])) best = id;
        }

        return best;
    }

    // Who was not heard of lately may have died, however much it had.
    private bool IsBetter(Peer one, Peer other)
    {
        bool isHeard = one.SilentTicks < options.ElectionTimeoutTicks;
        bool isOtherHeard = other.SilentTicks < options.ElectionTimeoutTicks;
        return isHeard == isOtherHeard ? one.Matched > other.Matched : isHeard;
    }
}
