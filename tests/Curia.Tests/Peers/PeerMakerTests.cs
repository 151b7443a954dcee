using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Peers;

namespace Curia.Tests.Peers;

/// <summary>Who makes a connection believes the other end no more than that one believes it (docs/node-protocol.md,
/// "Is anybody there", "Calls").</summary>
[Collection(nameof(RealTime))]
public sealed class PeerMakerTests
{
    [Fact]
    public async Task A_node_that_does_not_answer_pings_is_given_up_and_tried_again()
    {
        PeerSettings settings = LivePeer.Settings() with
        {
            Limits = LivePeer.Hasty with { SilenceTime = TimeSpan.FromMilliseconds(300) },
        };
        await using LivePeer node = await LivePeer.StartAsync(settings);
        using RawListener listener = new();
        using RawPeer raw = new();
        node.Knows((raw.Id, listener.Bound));
        node.Network.Send(raw.Id, new PeerMessage(new byte[] { 1 }));
        await raw.TakeAsync(listener);
        await raw.SendAsync(kind: 2, [1]);
        await node.HasRefusedAsync(PeerRefusal.Silent);

        // What is sent while the old connection ends may go down with it.
        await LivePeer.UntilAsync(() => !node.Network.IsConnected(raw.Id), () => "the end of the first connection");
        node.Network.Send(raw.Id, new PeerMessage(new byte[] { 2 }));
        using RawPeer again = raw.Again();
        await again.TakeAsync(listener);
        await again.SendAsync(kind: 2, [1]);
        await LivePeer.UntilAsync(() => node.Network.IsConnected(raw.Id), () => "the second connection");
    }

    [Fact]
    public async Task A_node_that_answers_pings_is_kept()
    {
        // Long enough that a machine which is busy with other tests does not look like a silent node.
        PeerSettings settings = LivePeer.Settings() with
        {
            Limits = LivePeer.Hasty with { SilenceTime = TimeSpan.FromSeconds(3) },
        };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(
            settings, settings with { Key = LivePeer.Settings().Key });
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        one.Send(other, 1);
        await other.HasReceivedAsync(1);
        await Task.Delay(5000, TestContext.Current.CancellationToken);
        Assert.True(one.Network.IsConnected(other.Id));
        Assert.Equal((0, 0), (one.Refused(PeerRefusal.Silent), other.Refused(PeerRefusal.Silent)));
    }

    [Fact]
    public async Task A_connection_is_renewed_when_its_keys_have_served_long_enough_and_nothing_is_lost()
    {
        PeerSettings settings = LivePeer.Settings() with
        {
            Limits = LivePeer.Hasty with { RecordsMax = 3, PingTime = TimeSpan.FromMilliseconds(20) },
        };
        int connections = 0;
        PeerSettings counting = LivePeer.Settings() with
        {
            Trust = (_, _) =>
            {
                Interlocked.Increment(ref connections);
                return null;
            },
        };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(settings, counting);
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        for (int i = 0; i < 200; i++)
        {
            one.Send(other, [(byte)i, .. new byte[i % 50 == 0 ? 600_000 : 10]]);
            PeerReply reply = await one.CallAsync(other, [1]);
            Assert.True(reply is PeerReply.Answered, $"{i}: {reply}");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }

        await other.HasReceivedAsync(200);
        Assert.Equal(Enumerable.Range(0, 200), other.Received.Select(got => (int)got.Message[0]));
        Assert.True(connections > 4, $"{connections} connections were made");
        Assert.Empty(one.Warnings);
    }

    [Fact]
    public async Task A_version_that_was_not_offered_is_refused()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawListener listener = new();
        using RawPeer raw = new();
        node.Knows((raw.Id, listener.Bound));
        node.Network.Send(raw.Id, new PeerMessage(new byte[] { 1 }));
        await raw.TakeAsync(listener);
        await raw.SendAsync(kind: 2, [2]);
        await node.HasRefusedAsync(PeerRefusal.UnknownVersion);
        await raw.IsClosedAsync();
    }

    [Fact]
    public async Task A_reply_to_a_call_that_was_never_made_is_refused_and_the_call_is_not_answered()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawListener listener = new();
        using RawPeer raw = new();
        node.Knows((raw.Id, listener.Bound));
        Task<PeerReply> call = node.Network.CallAsync(
            raw.Id, 3, new byte[] { 7 }, TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        await raw.TakeAsync(listener);
        await raw.SendAsync(kind: 2, [1]);
        (byte[] header, byte[] payload) = await raw.ReadFrameAsync();
        while (header[1] == 7) (header, payload) = await raw.ReadFrameAsync();
        Assert.Equal((5, 3, 3, 1, 7), (header[1], header[2], header[3], header[15], payload[0]));
        await raw.SendAsync(kind: 6, [1], number: 2);
        await node.HasRefusedAsync(PeerRefusal.Malformed);
        Assert.IsType<PeerReply.OutcomeUnknown>(await call);
    }

    [Fact]
    public async Task A_node_that_sends_messages_on_a_connection_that_it_took_is_refused()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawListener listener = new();
        using RawPeer raw = new();
        node.Knows((raw.Id, listener.Bound));
        node.Network.Send(raw.Id, new PeerMessage(new byte[] { 1 }));
        await raw.TakeAsync(listener);
        await raw.SendAsync(kind: 2, [1]);
        await raw.SendAsync(kind: 4, [1]);
        await node.HasRefusedAsync(PeerRefusal.Malformed);
        Assert.Empty(node.Received);
    }
}
