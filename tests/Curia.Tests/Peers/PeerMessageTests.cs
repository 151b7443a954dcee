using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Threading.Tasks;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Tests.Peers;

/// <summary>One-way messages (docs/node-protocol.md, "Messages").</summary>
[Collection(nameof(RealTime))]
public sealed class PeerMessageTests
{
    [Fact]
    public async Task Both_nodes_send_to_each_other()
    {
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync();
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        one.Send(other, 1, 2, 3);
        other.Send(one, 4);
        await other.HasReceivedAsync(1);
        await one.HasReceivedAsync(1);
        Assert.Equal((one.Id, "010203"), (other.Received.Single().From, Hex(other.Received.Single().Message)));
        Assert.Equal((other.Id, "04"), (one.Received.Single().From, Hex(one.Received.Single().Message)));
        Assert.True(one.Network.IsConnected(other.Id));
        await LivePeer.UntilAsync(() => one.Network.Counters.MessagesSent == 1, () => "the message to count as sent");
        Assert.Equal(1, one.Network.Counters.MessagesReceived);
        Assert.Equal((1, 1), (one.Network.Counters.ConnectionsMade, one.Network.Counters.ConnectionsTaken));
    }

    private static string Hex(byte[] bytes) => Convert.ToHexString(bytes);

    [Fact]
    public async Task A_message_of_20_MB_arrives_whole()
    {
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync();
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        byte[] large = new byte[20_000_000];
        new Random(1).NextBytes(large);
        one.Send(other, large);
        await other.HasReceivedAsync(1);
        Assert.Equal(large, other.Received.Single().Message);
    }

    [Fact]
    public async Task An_empty_message_arrives()
    {
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync();
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        one.Send(other);
        await other.HasReceivedAsync(1);
        Assert.Empty(other.Received.Single().Message);
    }

    [Fact]
    public async Task Messages_keep_their_order_whatever_their_size()
    {
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync();
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        Random random = new(2);
        for (int i = 0; i < 500; i++)
        {
            byte[] message = new byte[4 + random.Next(i % 50 == 0 ? 700_000 : 3000)];
            BitConverter.TryWriteBytes(message, i);
            one.Send(other, message);
        }

        await other.HasReceivedAsync(500);
        Assert.Equal(Enumerable.Range(0, 500), other.Received.Select(got => BitConverter.ToInt32(got.Message)));
    }

    [Fact]
    public async Task A_message_that_may_passes_one_that_is_being_sent()
    {
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync();
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        one.Send(other, 0);
        await other.HasReceivedAsync(1);
        ReadOnlyMemory<byte>? Read()
        {
            // While the large one is on its way from its disk.
            one.Network.Send(other.Id, new PeerMessage(new byte[] { 1 }, mayPass: true));
            return new byte[30_000_000];
        }

        one.Network.Send(other.Id, new PeerMessage([PeerPart.Later(Read)]));
        await other.HasReceivedAsync(3);
        Assert.Equal([1, 1, 30_000_000], other.Received.Select(got => got.Message.Length));
    }

    [Fact]
    public async Task Parts_are_read_when_their_turn_comes_and_keep_their_place()
    {
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync();
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        List<int> reads = [];
        for (int i = 0; i < 20; i++)
        {
            byte number = (byte)i;
            PeerPart late = PeerPart.Later(() =>
            {
                lock (reads) reads.Add(number);
                return number % 5 == 4 ? (ReadOnlyMemory<byte>?)null : new byte[] { number, number };
            });
            one.Network.Send(other.Id, new PeerMessage([PeerPart.Of(new byte[] { 255 }), late]));
            one.Send(other, number);
        }

        await other.HasReceivedAsync(36);
        byte[][] expected = [.. Enumerable.Range(0, 20).Select(i => (byte)i).SelectMany<byte, byte[]>(i => i % 5 == 4
            ? [[i]] : [[255, i, i], [i]])];
        Assert.Equal(expected, other.Received.Select(got => got.Message));
        Assert.Equal(Enumerable.Range(0, 20), reads);
        Assert.Equal(4, one.Network.Counters.MessagesDropped);
    }

    [Fact]
    public async Task A_part_that_cannot_be_read_costs_its_message_and_no_more()
    {
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync();
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        PeerPart late = PeerPart.Later(() => throw new InvalidOperationException("gone"));
        one.Network.Send(other.Id, new PeerMessage([late]));
        one.Send(other, 7);
        await other.HasReceivedAsync(1);
        Assert.Equal([7], other.Received.Single().Message);
        Assert.Contains("gone", Assert.Single(one.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_takes_messages_may_fail_and_gets_the_next_one()
    {
        PeerSettings failing = LivePeer.Settings() with { OnMessage = (_, _) => throw new InvalidOperationException() };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(other: failing);
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        one.Send(other, 1);
        one.Send(other, 2);
        await other.HasReceivedAsync(2);
        Assert.Equal(1, other.Network.Counters.ConnectionsTaken);
    }

    [Fact]
    public async Task A_message_that_is_refused_ends_its_connection_and_the_next_one_comes_on_another()
    {
        PeerSettings strict = LivePeer.Settings() with
        {
            OnMessage = (_, message) => message.Span[0] == 1 ? PeerRefusal.BadBlock : null,
        };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(other: strict);
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        one.Send(other, 1);
        await LivePeer.UntilAsync(() => one.RefusedByPeers(PeerRefusal.BadBlock) > 0, () => "a refusal");
        Assert.Equal(1, other.Refused(PeerRefusal.BadBlock));
        one.Send(other, 2);
        await other.HasReceivedAsync(2);
        Assert.Equal([2], other.Received.Last().Message);
    }

    [Fact]
    public async Task Secrets_are_cleared_once_they_are_sent()
    {
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync();
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        byte[] secret = [1, 2, 3];
        one.Network.Send(other.Id, PeerMessage.OfSecret(secret));
        await other.HasReceivedAsync(1);
        Assert.Equal([1, 2, 3], other.Received.Single().Message);
        await LivePeer.UntilAsync(() => secret.All(value => value == 0), () => "secrets that are cleared");
    }

    [Fact]
    public async Task Secrets_that_are_not_sent_are_cleared_too()
    {
        await using LivePeer one = await LivePeer.StartAsync();
        await using LivePeer other = await LivePeer.StartAsync();
        one.Knows((other.Id, new IPEndPoint(IPAddress.Loopback, 1)));
        byte[] secret = [1, 2, 3];
        one.Network.Send(other.Id, PeerMessage.OfSecret(secret));
        one.Network.SetPeers(new Dictionary<NodeId, PeerAddress>());
        await LivePeer.UntilAsync(() => secret.All(value => value == 0), () => "secrets that are cleared");
    }

    [Fact]
    public async Task A_queue_that_is_full_loses_its_oldest()
    {
        PeerSettings settings = LivePeer.Settings() with { Limits = LivePeer.Hasty with { QueuedMessagesMax = 10 } };
        await using LivePeer one = await LivePeer.StartAsync(settings);
        await using LivePeer other = await LivePeer.StartAsync();
        IPEndPoint nobody = new(IPAddress.Loopback, 1);
        one.Knows((other.Id, nobody));
        for (byte i = 0; i < 25; i++) one.Send(other, i);
        Assert.Equal(15, one.Network.Counters.MessagesDropped);
        other.Knows(one);
        one.Knows(other);
        await other.HasReceivedAsync(10);
        Assert.Equal(Enumerable.Range(15, 10), other.Received.Select(got => (int)got.Message[0]));
    }

    [Fact]
    public async Task A_queue_is_bounded_in_bytes_and_keeps_the_newest()
    {
        PeerSettings settings = LivePeer.Settings() with { Limits = LivePeer.Hasty with { QueuedBytesMax = 100 } };
        await using LivePeer one = await LivePeer.StartAsync(settings);
        await using LivePeer other = await LivePeer.StartAsync();
        one.Knows((other.Id, new IPEndPoint(IPAddress.Loopback, 1)));
        one.Send(other, new byte[60]);
        one.Send(other, new byte[60]);
        Assert.Equal(1, one.Network.Counters.MessagesDropped);
        one.Send(other, new byte[200]);
        Assert.Equal(2, one.Network.Counters.MessagesDropped);
        other.Knows(one);
        one.Knows(other);
        await other.HasReceivedAsync(1);
        Assert.Equal(200, other.Received.Single().Message.Length);
    }

    [Fact]
    public async Task A_node_that_is_not_known_is_sent_nothing()
    {
        await using LivePeer one = await LivePeer.StartAsync();
        await using LivePeer other = await LivePeer.StartAsync();
        Assert.False(one.Network.Send(other.Id, new PeerMessage(new byte[] { 1 })));
        one.Knows(one);
        Assert.False(one.Network.Send(one.Id, new PeerMessage(new byte[] { 1 })));
        Assert.Equal(2, one.Network.Counters.MessagesDropped);
    }

    [Fact]
    public async Task A_node_that_ends_and_comes_back_is_found_again()
    {
        PeerSettings settings = LivePeer.Settings();
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(other: settings);
        await using LivePeer _ = one;
        one.Send(other, 1);
        await other.HasReceivedAsync(1);
        await other.DisposeAsync();
        await LivePeer.UntilAsync(() => !one.Network.IsConnected(other.Id), () => "the connection to end");
        one.Send(other, 2);
        await LivePeer.UntilAsync(() => one.Warnings.Any(line => line.Contains("is not reached")),
            () => "a line that says so");
        await Task.Delay(700, TestContext.Current.CancellationToken);

        await using LivePeer again = await LivePeer.StartAsync(settings, other.Bound);
        again.Knows(one);
        await again.HasReceivedAsync(1);
        Assert.Equal([2], again.Received.Single().Message);
        await LivePeer.UntilAsync(() => one.Infos.Any(line => line.Contains("is reached again")), () => "good news");
        Assert.Single(one.Warnings, line => line.Contains("is not reached"));
    }

    [Fact]
    public async Task A_node_that_is_no_longer_a_peer_is_let_go_on_both_ways()
    {
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync();
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        one.Send(other, 1);
        other.Send(one, 1);
        await one.HasReceivedAsync(1);
        await other.HasReceivedAsync(1);
        one.KnowsNobody();
        await LivePeer.UntilAsync(() => one.Network.Counters is { ConnectionsMade: 0, ConnectionsTaken: 0 },
            () => "both connections to be closed");

        // What is written to a connection whose end is not known here yet goes down with it.
        await LivePeer.UntilAsync(() => !other.Network.IsConnected(one.Id), () => "the other end to know");
        other.Send(one, 2);
        await LivePeer.UntilAsync(() => other.RefusedByPeers(PeerRefusal.UnknownNode) > 0, () => "a refusal");
        Assert.Single(one.Received);
        one.Knows(other);
        await one.HasReceivedAsync(2);
    }

    [Fact]
    public async Task A_new_address_counts_from_the_next_connection_on()
    {
        await using LivePeer one = await LivePeer.StartAsync();
        await using LivePeer other = await LivePeer.StartAsync();
        other.Knows(one);
        one.Knows((other.Id, new IPEndPoint(IPAddress.Loopback, 1)));
        one.Send(other, 1);
        await LivePeer.UntilAsync(() => !one.Warnings.IsEmpty, () => "a line that nobody is there");
        one.Knows(other);
        await other.HasReceivedAsync(1);
    }

    [Fact]
    public async Task Many_threads_may_send_at_a_time()
    {
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync();
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        await Task.WhenAll(Enumerable.Range(0, 4).Select(thread => Task.Run(() =>
        {
            for (int i = 0; i < 500; i++) one.Send(other, [(byte)thread, (byte)(i >> 8), (byte)i]);
        })));
        await other.HasReceivedAsync(2000);
        Assert.All(other.Received.GroupBy(got => got.Message[0]), thread => Assert.Equal(Enumerable.Range(0, 500),
            thread.Select(got => (got.Message[1] << 8) | got.Message[2])));
    }

    [Fact]
    public async Task Ending_does_not_wait_for_who_is_not_there()
    {
        LivePeer one = await LivePeer.StartAsync();
        await using LivePeer other = await LivePeer.StartAsync();
        one.Knows((other.Id, new IPEndPoint(IPAddress.Loopback, 1)));
        one.Send(other, 1);
        Task<PeerReply> call = one.CallAsync(other, [1]);
        Stopwatch watch = Stopwatch.StartNew();
        await one.DisposeAsync();
        Assert.IsType<PeerReply.NotSent>(await call);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"it took {watch.Elapsed}");
    }
}
