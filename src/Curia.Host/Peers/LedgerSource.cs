using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Host.Peers;

/// <summary>The nodes of a network as a source of its blocks: whichever answers.</summary>
/// <param name="peers">Reaches them.</param>
/// <param name="nodes">Who they are.</param>
/// <param name="log">Takes whom it waits for.</param>
/// <param name="silenceMax">How long none of them may answer; null: for ever.</param>
internal sealed class LedgerSource(
    NodePeers peers, IReadOnlyList<NodeId> nodes, HostLog log, TimeSpan? silenceMax = null)
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan sayInterval = TimeSpan.FromSeconds(15);

    private readonly HashSet<NodeId> believed = [];
    private NodeId[] asked = [.. nodes];
    private int next;
    private long? said;

    /// <summary>Asks those no more that have answered so far.</summary>
    /// <returns>False when nobody else is left.</returns>
    public bool Avoid()
    {
        NodeId[] left = [.. asked.Where(node => !believed.Contains(node))];
        if (left.Length == 0) return false;
        log.Warning($"Node {string.Join(", ", believed)} is not asked again.");
        believed.Clear();
        asked = left;
        next = 0;
        return true;
    }

    /// <summary>Fetches committed blocks, and waits for a node that gives them.</summary>
    /// <param name="from">The first transaction that is wanted.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="StartFailure">None of them has answered for too long.</exception>
    public async Task<ReadOnlyMemory<byte>> FetchAsync(SeqNo from, CancellationToken cancel)
    {
        long since = Stopwatch.GetTimestamp();
        while (true)
        {
            string reason = "";
            for (int tried = 0; tried < asked.Length; tried++, next = (next + 1) % asked.Length)
            {
                PeerReply reply = await peers.FetchAsync(asked[next], from, patience, cancel).ConfigureAwait(false);
                cancel.ThrowIfCancellationRequested();
                switch (reply)
                {
                    case PeerReply.Answered answered:
                        believed.Add(asked[next]);
                        return answered.Body;
                    case PeerReply.Refused refused:
                        reason = refused.Reason;
                        break;
                    case PeerReply.NotSent notSent:
                        if (reason.Length == 0) reason = notSent.Reason;
                        break;
                    case PeerReply.OutcomeUnknown unknown:
                        if (reason.Length == 0) reason = unknown.Reason;
                        break;
                }
            }

            if (silenceMax is { } most && Stopwatch.GetElapsedTime(since) > most)
            {
                throw new StartFailure($"The ledger was not fetched from node {string.Join(", ", asked)}",
                    $"it has not answered for {most.TotalSeconds} seconds: {reason}",
                    "Start this node again: it looks for the others anew");
            }

            Say(reason);
            await Task.Delay(pause, cancel).ConfigureAwait(false);
        }
    }

    private void Say(string reason)
    {
        if (said is { } before && Stopwatch.GetElapsedTime(before) < sayInterval) return;
        said = Stopwatch.GetTimestamp();
        log.Info(reason == PeerRefusal.UnknownNode
            ? $"Waiting to be admitted: members have to sign a request that adds node {peers.Network.NodeId} at "
                + $"{peers.Address} (curia node add)."
            : $"No node of the network answers so far: {reason}.");
    }
}
