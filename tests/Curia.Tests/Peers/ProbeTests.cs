using System;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Tests.Peers;

/// <summary>Calls of nodes that need not know each other (docs/node-protocol.md, "Probes").</summary>
[Collection(nameof(RealTime))]
public sealed class ProbeTests
{
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(20);

    private static PeerSettings Probed(PeerLimits? limits = null) => LivePeer.Settings() with
    {
        OnProbe = (_, kind, body, _) => Task.FromResult<ReadOnlyMemory<byte>>((byte[])[kind, .. body.Span]),
        Limits = limits ?? LivePeer.Hasty,
    };

    private static PeerAddress AddressOf(LivePeer peer) => new("127.0.0.1", peer.Bound.Port);

    [Fact]
    public async Task A_stranger_is_answered()
    {
        await using LivePeer one = await LivePeer.StartAsync();
        await using LivePeer other = await LivePeer.StartAsync(Probed());
        PeerReply reply = await one.Network.ProbeAsync(
            AddressOf(other), null, 3, new byte[] { 7 }, patience, TestContext.Current.CancellationToken);
        Assert.Equal([3, 7], Assert.IsType<PeerReply.Answered>(reply).Body.ToArray());
        await LivePeer.UntilAsync(() => other.Network.Counters.ConnectionsTaken == 0, () => "the end of the probe");
    }

    [Fact]
    public async Task Who_looks_for_a_certain_node_is_not_answered_by_another_one()
    {
        await using LivePeer one = await LivePeer.StartAsync();
        await using LivePeer other = await LivePeer.StartAsync(Probed());
        NodeId meant = new(Digest.Of("somebody else"u8));
        PeerReply reply = await one.Network.ProbeAsync(
            AddressOf(other), meant, 3, new byte[] { 7 }, patience, TestContext.Current.CancellationToken);
        Assert.IsType<PeerReply.NotSent>(reply);
        Assert.Equal(1, one.Refused(PeerRefusal.NotMe));
    }

    [Fact]
    public async Task A_probe_brings_no_messages()
    {
        await using LivePeer other = await LivePeer.StartAsync(Probed());
        using RawPeer raw = new();
        await raw.GreetAsync(other, PeerPurpose.Probe);
        await raw.SendAsync(kind: 4, [1]);
        await raw.IsRefusedAsync(PeerRefusal.Malformed);
        Assert.Empty(other.Received);
    }

    [Fact]
    public async Task So_many_probes_at_a_time_and_no_more()
    {
        PeerLimits limits = LivePeer.Hasty with { ProbesMax = 1 };
        await using LivePeer other = await LivePeer.StartAsync(Probed(limits));
        using RawPeer first = new();
        await first.GreetAsync(other, PeerPurpose.Probe);
        using RawPeer second = new();
        await second.HandshakeAsync(other.Bound);
        await second.SayAsync(second.Hello(other, PeerPurpose.Probe));
        await second.ReadFrameAsync(); // the hello is answered before the place is looked for
        await LivePeer.UntilAsync(() => other.Refused(PeerRefusal.UnknownNode) == 1, () => "a refusal");
    }

    // Or strangers would keep those out who have something to say.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_probe_does_not_last_and_one_without_a_call_is_closed_soon(bool isIdle)
    {
        TimeSpan soon = TimeSpan.FromMilliseconds(200);
        await using LivePeer other = await LivePeer.StartAsync(Probed(
            isIdle ? LivePeer.Hasty with { ProbeIdleTime = soon } : LivePeer.Hasty with { ProbeTime = soon }));
        using RawPeer raw = new();
        await raw.GreetAsync(other, PeerPurpose.Probe);
        using CancellationTokenSource closed = new();
        Task pinging = PingAsync(raw, closed.Token);
        await LivePeer.UntilAsync(() => other.Network.Counters.ConnectionsTaken == 0, () => "the end of the probe");
        await closed.CancelAsync();
        await pinging;
        Assert.Equal(0, other.Refused(PeerRefusal.Silent));
    }

    [Fact]
    public async Task A_probe_whose_call_takes_long_is_not_closed_for_that()
    {
        PeerSettings slow = Probed(LivePeer.Hasty with { ProbeIdleTime = TimeSpan.FromMilliseconds(200) }) with
        {
            OnProbe = async (_, kind, body, gone) =>
            {
                await Task.Delay(600, gone);
                return body;
            },
        };
        await using LivePeer one = await LivePeer.StartAsync();
        await using LivePeer other = await LivePeer.StartAsync(slow);
        PeerReply reply = await one.Network.ProbeAsync(
            AddressOf(other), null, 3, new byte[] { 7 }, patience, TestContext.Current.CancellationToken);
        Assert.IsType<PeerReply.Answered>(reply);
    }

    [Fact]
    public async Task One_address_has_a_share_of_the_probes_and_no_more()
    {
        PeerLimits limits = LivePeer.Hasty with { ProbesOfOneAddressMax = 1 };
        await using LivePeer other = await LivePeer.StartAsync(Probed(limits));
        using (RawPeer first = new())
        {
            await first.GreetAsync(other, PeerPurpose.Probe);
            using RawPeer second = new();
            await second.HandshakeAsync(other.Bound);
            await second.SayAsync(second.Hello(other, PeerPurpose.Probe));
            await second.ReadFrameAsync();
            await LivePeer.UntilAsync(() => other.Refused(PeerRefusal.UnknownNode) == 1, () => "a refusal");
        }

        await LivePeer.UntilAsync(() => other.Network.Counters.ConnectionsTaken == 0, () => "the end of the probe");
        using RawPeer third = new();
        await third.GreetAsync(other, PeerPurpose.Probe);
        await LivePeer.UntilAsync(() => other.Network.Counters.ConnectionsTaken == 1, () => "a place that is free");
    }

    // Whoever likes can ask what there is not.
    [Fact]
    public async Task Calls_that_fail_are_told_of_rarely()
    {
        await using LivePeer one = await LivePeer.StartAsync();
        PeerSettings failing = Probed() with
        {
            OnProbe = (_, kind, _, _) => throw new ArgumentException($"there is no call {kind}"),
        };
        await using LivePeer other = await LivePeer.StartAsync(failing);
        for (int call = 0; call < 5; call++)
        {
            PeerReply reply = await one.Network.ProbeAsync(
                AddressOf(other), null, 99, ReadOnlyMemory<byte>.Empty, patience,
                TestContext.Current.CancellationToken);
            Assert.Contains(PeerRefusal.Failed, reply.ToString(), StringComparison.Ordinal);
        }

        Assert.Contains("there is no call 99", Assert.Single(other.Warnings), StringComparison.Ordinal);
    }

    // It lives, and says nothing.
    private static async Task PingAsync(RawPeer raw, CancellationToken closed)
    {
        try
        {
            while (!closed.IsCancellationRequested)
            {
                await raw.SendAsync(kind: 7, []);
                await Task.Delay(50, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is System.IO.IOException or SocketException or ObjectDisposedException)
        {
            // As it should be.
        }
    }
}
