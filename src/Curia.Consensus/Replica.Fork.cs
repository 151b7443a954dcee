using System.Collections.Generic;
using System.Globalization;
using System.Text;
using Curia.Vocabulary;

namespace Curia.Consensus;

/// <content>Copies, for scenarios and tests: what would it do, and has anything changed?</content>
public sealed partial class Replica
{
    private Replica(Replica other)
    {
        self = other.self;
        options = other.options;
        timer = new ElectionTimer(other.timer);
        began = other.began;
        configurations.AddRange(other.configurations);
        log = new BlockLog(other.log);
        foreach ((ulong Number, TxId Last) store in other.storing) storing.Enqueue(store);
        (stores, storesDone, stored) = (other.stores, other.storesDone, other.stored);
        (primary, isStarted, isReady, isMember, isLeaving) =
            (other.primary, other.isStarted, other.isReady, other.isMember, other.isLeaving);
        (Role, View, Committed) = (other.Role, other.View, other.Committed);
        votes.UnionWith(other.votes);
        (votedFor, ticksWithoutPrimary) = (other.votedFor, other.ticksWithoutPrimary);
        foreach ((NodeId id, Peer peer) in other.peers) peers.Add(id, new Peer(peer));
        (ticksSinceHeartbeat, successor, ticksToHandOver) =
            (other.ticksSinceHeartbeat, other.successor, other.ticksToHandOver);
        (Round, confirmed, snapshot) = (other.Round, other.confirmed, other.snapshot);
        (verified, roundHeard) = (other.verified, other.roundHeard);
        (receiving, chunksReceived, installing) = (other.receiving, other.chunksReceived, other.installing);
    }

    /// <summary>A copy that goes its own way from here.</summary>
    public Replica Fork() => new(this);

    /// <summary>All that decides what this replica will do, as text: two replicas that describe themselves alike act
    /// alike, but for the length of election timeouts.</summary>
    public string Describe()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Role} v{View} c{Committed} s{stored} p{primary} vf{votedFor} ");
        text.Append(CultureInfo.InvariantCulture, $"ok{verified} t{timer.Remaining} q{ticksWithoutPrimary} ");
        text.Append(CultureInfo.InvariantCulture, $"h{ticksSinceHeartbeat} to{successor}{ticksToHandOver} ");
        text.Append(CultureInfo.InvariantCulture, $"r{Round}/{confirmed}/{roundHeard} ");
        text.Append(CultureInfo.InvariantCulture, $"m{isMember},{isLeaving},{isReady} ");
        text.Append(CultureInfo.InvariantCulture, $"sn{snapshot?.At}/{receiving?.At}.{chunksReceived}/");
        text.Append(CultureInfo.InvariantCulture, $"{installing?.At} ");
        SortedSet<NodeId> sorted = [.. votes];
        foreach (NodeId vote in sorted) text.Append(CultureInfo.InvariantCulture, $"+{vote}");
        text.Append(CultureInfo.InvariantCulture, $" log{log.Start}");
        for (int index = 0; index < log.Count; index++)
            text.Append(CultureInfo.InvariantCulture, $",{log[index].First}-{log[index].LastTxId}");
        foreach (Configuration configuration in configurations)
        {
            text.Append(CultureInfo.InvariantCulture, $" @{configuration.From}:");
            text.AppendJoin(',', configuration.Voters).Append('/').AppendJoin(',', configuration.Learners);
        }

        foreach ((ulong number, TxId last) in storing)
            text.Append(CultureInfo.InvariantCulture, $" w{number - storesDone}={last}");
        foreach ((NodeId id, Peer peer) in peers)
        {
            text.Append(CultureInfo.InvariantCulture, $" {id}:{peer.Matched},{peer.Next},{peer.Base},");
            text.Append(CultureInfo.InvariantCulture, $"{peer.IsProbing},{peer.IsAsked},{peer.SilentTicks},");
            text.Append(CultureInfo.InvariantCulture, $"{peer.Round},{peer.Installing?.At},{peer.NextChunk},");
            text.Append(CultureInfo.InvariantCulture, $"{peer.IsMending},{peer.IsToldToCampaign},");
            text.Append(CultureInfo.InvariantCulture, $"{peer.IsRecalling},{peer.RecalledFrom},{peer.Before},");
            text.Append(CultureInfo.InvariantCulture, $"{peer.ViewMax}");
        }

        return text.ToString();
    }
}
