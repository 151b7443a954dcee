using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <content>Elections, messages, and what is counted.</content>
internal sealed partial class CoreChecker
{
    private readonly Dictionary<View, (CoreNode Node, CoreLog Log)> primaries = [];
    private readonly Dictionary<View, SeqNo> lastProposed = [];
    private readonly Dictionary<(NodeId Voter, View View), NodeId> votes = [];
    private readonly HashSet<NodeId> learners = [];

    public void RoleChanged(CoreNode node, ReplicaEffect.RoleChanged changed, ReplicaInput input)
    {
        switch (changed.Role)
        {
            case ReplicaRole.Candidate:
                if (roleBefore == ReplicaRole.Candidate) counts.Reached(CoreSituation.CandidateFailed);
                Vote(node, changed.View, node.Id);
                break;
            case ReplicaRole.Primary:
                Elected(node, changed.View);
                break;
            case ReplicaRole.Retired:
                Expect(
                    !ConfigurationAt(node.Committed).Has(node.Id),
                    CoreRules.RetiresLast,
                    node,
                    $"retires at {node.Committed}");
                counts.Reached(CoreSituation.NodeRetired);
                if (isPrimary) counts.Reached(CoreSituation.PrimaryRetiredItself);
                break;
            case ReplicaRole.Backup:
                if (isPrimary && input is ReplicaInput.Tick) counts.Reached(CoreSituation.QuorumLostAndSteppedDown);
                isPrimary = false;
                break;
        }
    }

    public void Send(CoreNode node, ReplicaEffect.Send send, ReplicaInput input)
    {
        switch (send.Message)
        {
            case ReplicaMessage.Append append:
                foreach (BlockInfo block in append.Blocks)
                {
                    Expect(
                        node.Log.Contains(block.LastTxId),
                        CoreRules.SendsWhatItHas,
                        node,
                        $"sends {block.LastTxId} and does not have it");
                }

                break;
            case ReplicaMessage.Appended appended:
                Acknowledge(node, appended);
                break;
            case ReplicaMessage.NotAppended:
                counts.Reached(CoreSituation.NotAppended);
                break;
            case ReplicaMessage.Vote { IsGranted: false } refused:
                counts.Reached(refused.IsPreVote ? CoreSituation.PreVoteRefused : CoreSituation.VoteRefused);
                break;
            case ReplicaMessage.Vote { IsPreVote: false } granted:
                Vote(node, granted.View, send.To);
                if (input is ReplicaInput.Receive { Message: ReplicaMessage.VoteRequest request })
                {
                    Expect(
                        request.Last >= node.Log.Last,
                        CoreRules.VotesForNewer,
                        node,
                        $"votes for {request.Last} and has {node.Log.Last}");
                }

                break;
            case ReplicaMessage.SnapshotChunk chunk:
                Expect(
                    Chain.Contains(chunk.Snapshot.At),
                    CoreRules.SendsWhatItHas,
                    node,
                    $"sends a snapshot of {chunk.Snapshot.At}, which is not committed");
                break;
        }
    }

    public void Ask(CoreNode node, ulong round)
    {
        node.Asked.Enqueue((round, Chain.Last));
        if (primaries.Keys.Any(view => view > node.Replica.View)) counts.Reached(CoreSituation.StalePrimaryAsked);
    }

    public void Confirmed(CoreNode node, ulong round)
    {
        counts.Reached(CoreSituation.ConfirmAnswered);
        while (node.Asked.Count > 0 && node.Asked.Peek().Round <= round)
        {
            TxId known = node.Asked.Dequeue().Committed;
            Expect(
                node.Committed.SeqNo >= known.SeqNo && node.Replica.View >= known.View,
                CoreRules.ConfirmsAreTrue,
                node,
                $"knows {node.Committed} in view {node.Replica.View}, and {known} was committed before the question");
        }
    }

    private void Acknowledge(CoreNode node, ReplicaMessage.Appended appended)
    {
        TxId matched = appended.Matched;
        Expect(
            Holds(node.Disk, matched),
            CoreRules.AcknowledgedIsStored,
            node,
            $"acknowledges {matched} and has {node.Disk.Last} on its disk");
        bool isPrimarys = primaries.TryGetValue(appended.View, out (CoreNode Node, CoreLog Log) primary)
            && Holds(primary.Log, matched);
        Expect(
            isPrimarys,
            CoreRules.AcknowledgedIsProved,
            node,
            $"acknowledges {matched} in view {appended.View}, whose primary does not have it");
        if (node.Acknowledged.View == appended.View && node.Acknowledged.Last > matched.SeqNo) return;
        node.Acknowledged = (appended.View, matched.SeqNo);
    }

    private void Vote(CoreNode node, View view, NodeId candidate)
    {
        bool isFirst = votes.TryAdd((node.Id, view), candidate) || votes[(node.Id, view)] == candidate;
        Expect(isFirst, CoreRules.OneVote, node, $"votes twice in view {view}");
    }

    private void Elected(CoreNode node, View view)
    {
        isPrimary = true;
        Expect(
            primaries.TryAdd(view, (node, node.Log.CopyThrough(SeqNo.Max))),
            CoreRules.OnePrimary,
            node,
            $"becomes primary of view {view} after another");
        List<Configuration> active = ActiveConfigurations(node.Log, node.Committed);
        foreach (Configuration configuration in active)
        {
            int granted = configuration.Voters.Count(voter =>
                votes.TryGetValue((voter, view), out NodeId candidate) && candidate == node.Id);
            Expect(
                2 * granted > configuration.Voters.Count,
                CoreRules.ElectedByMajorities,
                node,
                $"has {granted} votes of {configuration.Voters.Count} in the configuration of {configuration.From}");
        }

        int committed = committedIn.Count;
        while (committed > 0 && committedIn[committed - 1] > view) committed--;
        TxId last = committed == 0 ? Chain.Start : Chain[committed - 1].LastTxId;
        Expect(
            Holds(node.Log, last),
            CoreRules.CommittedStays,
            node,
            $"becomes primary of view {view} with {node.Log.Last}, and {last} is committed");
        if (active.Count > 1) counts.Reached(CoreSituation.ElectionOverUncommittedReconfiguration);
        if (nodes.Exists(one => one != node && one.IsAlive && one.Replica.Role == ReplicaRole.Primary))
            counts.Reached(CoreSituation.TwoPrimariesAtOnce);
    }

    private SeqNo Proposals(View view) => lastProposed.GetValueOrDefault(view);

    private CoreLog PrimaryLogOf(View view, CoreNode node)
    {
        bool isPrimaryOf = primaries.TryGetValue(view, out (CoreNode Node, CoreLog Log) primary)
            && primary.Node == node;
        Expect(isPrimaryOf, CoreRules.OnePrimary, node, $"proposes in view {view} of another primary");
        return primary.Log;
    }

    private void CountPromotions(BlockInfo block)
    {
        if (block.Configuration is not { } made) return;
        if (made.Voters.Any(learners.Contains)) counts.Reached(CoreSituation.LearnerPromoted);
        learners.Clear();
        learners.UnionWith(made.Learners);
    }

    private void CountSteps(CoreNode node, ReplicaInput input)
    {
        IReadOnlyList<Configuration> active = node.Replica.Configurations;
        if (isPrimary && active.Count > 1 && active.Any(one => one.Rule.IsStricterThanMajority)
            && !active[0].Rule.Equals(active[^1].Rule))
        {
            counts.Reached(CoreSituation.TwoRulesActive);
        }

        if (input is not ReplicaInput.Receive { Message: ReplicaMessage.Appended appended } receive) return;
        if (appended.View < node.Replica.View) counts.Reached(CoreSituation.StaleAcknowledgementIgnored);
        else if (appended.Matched.SeqNo < node.Replica.MatchedOf(receive.From))
            counts.Reached(CoreSituation.OlderAcknowledgementIgnored);
    }
}
