using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Node;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Host.Peers;

/// <summary>A node that opens a network or an epoch with others, or one of the others.</summary>
/// <param name="Node">The node.</param>
/// <param name="PeerAddress">Where it hears others.</param>
internal sealed record Opener(NodeId Node, string PeerAddress);

/// <summary>From the promises of a cold restart to the first block of its epoch, or from an agreement of founders to
/// the genesis block, each of which needs all: who opens it tells them the secrets, and they wait for it. Whoever is
/// gone by then would be waited for in vain, so this ends (docs/consensus.md, "Cold restart").</summary>
/// <param name="peers">Reaches the others.</param>
/// <param name="log">Is told of whom it waits for.</param>
/// <param name="end">Ends the process, for a reason; the next one searches again.</param>
/// <param name="sayTime">After how long somebody who is waited for is named.</param>
/// <param name="endTime">After how long it ends.</param>
internal sealed class EpochBeginning(
    NodePeers peers, HostLog log, Action<string> end, TimeSpan sayTime, TimeSpan endTime)
{
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan sayInterval = TimeSpan.FromSeconds(30);

    /// <summary>With the times of a node: somebody silent is named after five seconds, and it ends after a
    /// minute.</summary>
    public EpochBeginning(NodePeers peers, HostLog log, Action<string> end)
        : this(peers, log, end, TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(1))
    {
    }

    /// <summary>Of the founder: tells the members that the epoch has begun, and waits for each until it is
    /// open.</summary>
    /// <param name="formation">Who takes part.</param>
    /// <param name="secretsFor">The secrets for a member; null as long as there are none.</param>
    /// <param name="isOpen">Whether the first block has committed: then each member has stored it.</param>
    /// <param name="cancel">The process is asked to end.</param>
    public Task TellAsync(
        Formation formation, Func<NodeId, SecretBytes?> secretsFor, Func<bool> isOpen, CancellationToken cancel) =>
        TellAsync(
            [
                .. formation.Members.Where(one => one.Node != formation.Founder.Node)
                    .Select(one => new Opener(one.Node, one.PeerAddress)),
            ],
            PeerCalls.Begin, secretsFor, isOpen, cancel);

    /// <summary>Of who opens: tells the others that it has begun, and waits for each until it is open.</summary>
    /// <param name="others">The others.</param>
    /// <param name="call">By which call: one of <see cref="PeerCalls"/>.</param>
    /// <param name="secretsFor">The secrets for one of them; null as long as there are none.</param>
    /// <param name="isOpen">Whether the first block has committed: then each of them has stored it.</param>
    /// <param name="cancel">The process is asked to end.</param>
    public Task TellAsync(
        IReadOnlyList<Opener> others, byte call, Func<NodeId, SecretBytes?> secretsFor, Func<bool> isOpen,
        CancellationToken cancel) =>
        Task.WhenAll(others.Select(other => TellAsync(other, call, secretsFor, isOpen, cancel)));

    private async Task TellAsync(
        Opener member, byte call, Func<NodeId, SecretBytes?> secretsFor, Func<bool> isOpen, CancellationToken cancel)
    {
        Waiting waiting = new(log, end, sayTime, endTime);
        bool isTold = false;
        while (!cancel.IsCancellationRequested && !isOpen())
        {
            string state = "has not been told of it yet";
            if (isTold)
            {
                // It is sent the first block, and heartbeats.
                if (peers.Network.IsConnected(member.Node)) waiting = new Waiting(log, end, sayTime, endTime);
                state = "is no longer connected";
            }
            else if (secretsFor(member.Node) is { } secrets)
            {
                PeerReply reply;
                using (secrets) reply = await BeginAsync(member, call, secrets, cancel).ConfigureAwait(false);
                if (cancel.IsCancellationRequested || isOpen()) return;
                byte? answer = reply is PeerReply.Answered { Body.Length: 1 } answered ? answered.Body.Span[0] : null;
                isTold = answer == 1;
                if (isTold) waiting = new Waiting(log, end, sayTime, endTime);
                state = answer is null ? "does not answer" : "refuses: it takes part in something else";
            }

            if (!waiting.GoesOn($"Node {member.Node} ({member.PeerAddress}) has promised to take part "
                + $"and {state}; what opens needs it."))
            {
                return;
            }

            await Task.Delay(pause, CancellationToken.None).ConfigureAwait(false);
        }
    }

    private async Task<PeerReply> BeginAsync(
        Opener member, byte call, SecretBytes secrets, CancellationToken cancel)
    {
        if (ColdRestarting.AddressOf(member.PeerAddress) is not { } address) return new PeerReply.NotSent("no address");
        byte[] body = secrets.Reveal().ToArray();
        PeerReply reply = await peers.Network
            .ProbeAsync(address, member.Node, call, body, patience, cancel).ConfigureAwait(false);
        Array.Clear(body);
        return reply;
    }

    /// <summary>Of a member: waits until the epoch is open, as long as somebody leads it.</summary>
    /// <param name="founder">Who opens it.</param>
    /// <param name="isOpen">Whether it is open here.</param>
    /// <param name="isLed">Whether a primary is heard.</param>
    /// <param name="cancel">The process is asked to end.</param>
    public Task AwaitAsync(
        RestartClaim founder, Func<bool> isOpen, Func<bool> isLed, CancellationToken cancel) =>
        AwaitAsync(new Opener(founder.Node, founder.PeerAddress), isOpen, isLed, cancel);

    /// <inheritdoc cref="AwaitAsync(RestartClaim, Func{bool}, Func{bool}, CancellationToken)"/>
    public async Task AwaitAsync(
        Opener founder, Func<bool> isOpen, Func<bool> isLed, CancellationToken cancel)
    {
        Waiting waiting = new(log, end, sayTime, endTime);
        while (!cancel.IsCancellationRequested && !isOpen())
        {
            if (isLed()) waiting = new Waiting(log, end, sayTime, endTime);
            else if (!waiting.GoesOn($"Node {founder.Node} ({founder.PeerAddress}) opens what this one takes "
                + "part in, and no node is heard that leads it."))
            {
                return;
            }

            await Task.Delay(pause, CancellationToken.None).ConfigureAwait(false);
        }
    }

    // One that is waited for: named once after a while, then rarely, and not for ever.
    private sealed class Waiting(HostLog log, Action<string> end, TimeSpan sayTime, TimeSpan endTime)
    {
        private readonly long since = Stopwatch.GetTimestamp();
        private long? said;

        public bool GoesOn(string state)
        {
            TimeSpan waited = Stopwatch.GetElapsedTime(since);
            if (waited > endTime)
            {
                end($"{state} It was waited for {waited.TotalSeconds:F0} seconds: start this node again, and "
                    + "those that take part look for each other anew");
                return false;
            }

            if (waited <= sayTime || (said is { } before && Stopwatch.GetElapsedTime(before) < sayInterval))
                return true;
            said = Stopwatch.GetTimestamp();
            log.Warning(state);
            return true;
        }
    }
}
