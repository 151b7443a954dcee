using System;
using System.Diagnostics;
using System.Threading;
using System.Threading.Tasks;
using Curia.Node;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Host.Peers;

/// <summary>Hands requests that need the primary to it, and its answers back (docs/http.md, "Several
/// nodes").</summary>
internal sealed class Forwarder(PeerNetwork network, Func<NodeView> view)
{
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(20);

    // A primary that was cut off keeps its requests until its connections are given up, which takes seconds.
    private static readonly TimeSpan lookInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Has the primary execute a request.</summary>
    /// <param name="request">As <see cref="Forwarding"/> has it.</param>
    /// <param name="writes">Whether it matters what became of it.</param>
    /// <param name="mayRepeat">Whether it has an <c>Idempotency-Key</c>: then it may be sent again when nobody knows
    /// what became of it.</param>
    /// <param name="patience">How long all of it may take.</param>
    /// <param name="route">The endpoint, for metrics.</param>
    /// <param name="cancel">The client is gone.</param>
    public async Task<Outgoing> ForwardAsync(
        byte[] request, bool writes, bool mayRepeat, TimeSpan patience, string? route, CancellationToken cancel)
    {
        long start = Stopwatch.GetTimestamp();
        bool isSent = false;
        while (patience - Stopwatch.GetElapsedTime(start) is { } left && left > TimeSpan.Zero)
        {
            NodeView now = view();
            if (now.Primary is { } primary && primary != now.NodeId)
            {
                switch (await CallAsync(primary, request, left, cancel).ConfigureAwait(false))
                {
                    case PeerReply.Answered answered
                        when Forwarding.TryDecode(answered.Body, route, out Outgoing outgoing):
                        // One that has no primary either has not executed it; an earlier one may have.
                        if (!isSent || !outgoing.Is(HostResponses.NoPrimary)) return outgoing;
                        break;
                    case PeerReply.NotSent or PeerReply.Refused:
                        break;
                    case var _ when !writes:
                        break;
                    default:
                        isSent = true;
                        if (!mayRepeat) return new Outgoing(HostResponses.ForwardingBroke, route);
                        break;
                }
            }

            if (!isSent) return new Outgoing(HostResponses.NoPrimary, route);
            await Task.Delay(pause, cancel).ConfigureAwait(false);
        }

        return new Outgoing(isSent ? HostResponses.ForwardingBroke : HostResponses.NoPrimary, route);
    }

    // Ends early when another primary is known: what the one before did not commit is lost, and what it did can be
    // found out there.
    private async Task<PeerReply> CallAsync(
        NodeId primary, byte[] request, TimeSpan patience, CancellationToken cancel)
    {
        using CancellationTokenSource ends = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        Task<PeerReply> call = network.CallAsync(primary, PeerCalls.Request, request, patience, ends.Token);
        while (true)
        {
            await ((Task)call).WaitAsync(lookInterval, CancellationToken.None)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (call.IsCompleted) return await call.ConfigureAwait(false);
            if (view().Primary is { } other && other != primary) await ends.CancelAsync().ConfigureAwait(false);
        }
    }
}
