using System.Collections.Generic;
using System.Collections.ObjectModel;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <content>Candidates and voters (docs/consensus.md, "Elections").</content>
public sealed partial class Replica
{
    private readonly HashSet<NodeId> votes = [];

    // Kept until the view rises, also by a candidate that gave up: nobody votes twice in a view.
    private NodeId? votedFor;
    private int ticksWithoutPrimary = int.MaxValue;

    // Whether a committed configuration has taken its vote away and it is still there. It may stand (Raft thesis,
    // section 4.2.2): whoever does not know of that commit yet still needs its vote, and does not get it while its log
    // is the longer one. Whether it is elected, the voters decide.
    private bool isLeaving;

    /// <summary>Who would have this node for primary, or has voted for it, itself among them; of a node that does not
    /// stand nobody.</summary>
    public IReadOnlySet<NodeId> Supporters =>
        Role is ReplicaRole.PreCandidate or ReplicaRole.Candidate ? votes : ReadOnlySet<NodeId>.Empty;

    private void Campaign()
    {
        timer.Restart();
        if (!MayStand())
        {
            Forget();
            return;
        }

        if (options.PreVote) AskForOpinions();
        else StandForElection();
    }

    // Who may not stand, a learner for example, has no primary any more either, and says so to who asks. In this view
    // it still votes for no other one.
    private void Forget()
    {
        if (primary is null) return;
        votedFor ??= primary;
        primary = null;
        Become(Role);
    }

    // Raft thesis, section 9.6: a node that could not win does not raise the view.
    private void AskForOpinions()
    {
        primary = null;
        Become(ReplicaRole.PreCandidate);
        CollectVotes(isPreVote: true);
    }

    private void StandForElection()
    {
        timer.Restart();
        if (!MayStand()) return;
        Invariant.Holds(View < View.Max, "the views are used up");
        EnterView(View.Next);
        Become(ReplicaRole.Candidate);

        // Raft paper, section 5.2: a candidate votes for itself.
        votedFor = self;
        CollectVotes(isPreVote: false);
    }

    private void CollectVotes(bool isPreVote)
    {
        votes.Clear();
        votes.Add(self);
        if (TryWin(isPreVote)) return;
        HashSet<NodeId> asked = [self];
        foreach (Configuration configuration in configurations)
        {
            foreach (NodeId voter in configuration.Voters)
            {
                if (asked.Add(voter)) Send(voter, new ReplicaMessage.VoteRequest(View, isPreVote, log.Last));
            }
        }
    }

    private bool TryWin(bool isPreVote)
    {
        // A pre-vote asks whether a primary could commit; the vote itself needs majorities only (DESIGN 4, "Diversity
        // rule").
        bool isWon = isPreVote
            ? Quorum.CouldCommit(configurations, votes)
            : Quorum.IsElected(configurations, votes);
        if (!isWon) return false;
        if (isPreVote) StandForElection();
        else BecomePrimary();
        return true;
    }

    // A node that asks for opinions in a newer view does not disturb a network that has a primary.
    private bool MayLeaveViewFor(ReplicaMessage message) =>
        message is not ReplicaMessage.VoteRequest { IsPreVote: true } || !RefusesPreVotes();

    private bool RefusesPreVotes() => options.RefusePreVotesWhilePrimaryIsHeard
        && (Role == ReplicaRole.Primary
            || (primary is not null && ticksWithoutPrimary < options.ElectionTimeoutTicks));

    private void Adopt(View view)
    {
        EnterView(view);
        Follow(null);
    }

    // What an older view proved says nothing about the primary of this one, but what is committed it has.
    private void EnterView(View view)
    {
        View = view;
        primary = null;
        votedFor = null;
        verified = Committed.SeqNo;
        roundHeard = 0;
        receiving = null;
    }

    /// <summary>Becomes a backup in the present view.</summary>
    private void Follow(NodeId? leader)
    {
        bool changes = Role != ReplicaRole.Backup || primary != leader;
        if (Role == ReplicaRole.Primary) LayDown();
        primary = leader;
        timer.Restart();
        if (changes || leader is null) Become(ReplicaRole.Backup);
    }

    private void ReceiveVoteRequest(NodeId from, ReplicaMessage.VoteRequest request)
    {
        bool isGranted = request.View == View
            && (request.IsPreVote ? !RefusesPreVotes() : MayVoteFor(from))
            && IsUpToDate(request.Last);
        if (isGranted && !request.IsPreVote)
        {
            votedFor = from;
            timer.Restart();
        }

        Send(from, new ReplicaMessage.Vote(View, request.IsPreVote, isGranted));
    }

    private bool MayVoteFor(NodeId candidate) =>
        Role != ReplicaRole.Primary && primary is null && (votedFor is null || votedFor == candidate);

    // Raft paper, section 5.4.1: what may be committed must be in the log of whoever is elected.
    private bool IsUpToDate(TxId last) => last >= log.Last;

    private void ReceiveVote(NodeId from, ReplicaMessage.Vote vote)
    {
        if (vote.View < View)
        {
            Ignore(from, MessageRefusal.StaleView);
            return;
        }

        ReplicaRole asked = vote.IsPreVote ? ReplicaRole.PreCandidate : ReplicaRole.Candidate;
        if (Role != asked)
        {
            Ignore(from, MessageRefusal.NotAsked);
            return;
        }

        if (!vote.IsGranted) return;
        votes.Add(from);
        TryWin(vote.IsPreVote);
    }

    // The primary has waited until this node has all that it has itself, so nobody is better.
    private void ReceiveHandOver(NodeId from, View view)
    {
        if (view < View)
        {
            Ignore(from, MessageRefusal.StaleView);
            return;
        }

        if (Role == ReplicaRole.Primary || (primary is { } known && known != from))
        {
            Ignore(from, MessageRefusal.NotFromPrimary);
            return;
        }

        StandForElection();
    }
}
