using System;
using System.Linq;
using System.Net;
using System.Security.Authentication;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Tests.Peers;

/// <summary>Who is not let in, and what is not taken: refused by a name, counted, and the connection is closed
/// (docs/node-protocol.md, "Refusals").</summary>
[Collection(nameof(RealTime))]
public sealed class PeerRefusalTests
{
    [Fact]
    public async Task A_node_that_is_not_known_is_refused()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawPeer raw = new();
        await raw.HandshakeAsync(node.Bound);
        await raw.SayAsync(raw.Hello(node));
        await raw.IsRefusedAsync(PeerRefusal.UnknownNode);
        await node.HasRefusedAsync(PeerRefusal.UnknownNode);
        Assert.Equal(0, node.Network.Counters.ConnectionsTaken);
        Assert.Contains(PeerRefusal.UnknownNode, Assert.Single(node.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_id_of_the_hello_is_the_id_of_the_certificate()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawPeer raw = Known(node);
        await raw.HandshakeAsync(node.Bound);
        await raw.SayAsync(raw.Hello(node) with { From = new NodeId(Digest.Of("another"u8)) });
        await raw.IsRefusedAsync(PeerRefusal.WrongNodeId);
        await node.HasRefusedAsync(PeerRefusal.WrongNodeId);
    }

    [Fact]
    public async Task A_hello_to_another_node_is_refused()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawPeer raw = Known(node);
        await raw.HandshakeAsync(node.Bound);
        await raw.SayAsync(raw.Hello(node) with { To = raw.Id });
        await raw.IsRefusedAsync(PeerRefusal.NotMe);
    }

    [Fact]
    public async Task A_node_of_another_network_is_refused()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawPeer raw = Known(node);
        await raw.HandshakeAsync(node.Bound);
        await raw.SayAsync(raw.Hello(node) with { Network = Digest.Of("other"u8) });
        await raw.IsRefusedAsync(PeerRefusal.OtherNetwork);
    }

    [Fact]
    public async Task Two_networks_do_not_talk_and_both_say_so()
    {
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync();
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        other.Network.SetNetwork(Digest.Of("other"u8));
        one.Send(other, 1);
        await other.HasRefusedAsync(PeerRefusal.OtherNetwork);
        await LivePeer.UntilAsync(() => one.RefusedByPeers(PeerRefusal.OtherNetwork) > 0, () => "its count");
        Assert.Equal(new PeerReply.Refused(PeerRefusal.OtherNetwork), await one.CallAsync(other, [1]));
        Assert.Empty(other.Received);
    }

    [Fact]
    public async Task A_network_that_becomes_known_closes_the_connections_of_others()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        node.Network.SetNetwork(Digest.Zero);
        using RawPeer raw = Known(node);
        await raw.HandshakeAsync(node.Bound);
        await raw.SayAsync(raw.Hello(node) with { Network = Digest.Of("other"u8) });
        await raw.ReadFrameAsync();
        node.Network.SetNetwork(Digest.Of("network"u8));
        await raw.IsClosedAsync();
    }

    [Fact]
    public async Task Versions_have_to_meet()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawPeer newer = Known(node);
        await newer.HandshakeAsync(node.Bound);
        await newer.SayAsync(newer.Hello(node) with { LowestVersion = 2, HighestVersion = 9 });
        await newer.IsRefusedAsync(PeerRefusal.NoCommonVersion);

        using RawPeer both = Known(node);
        await both.HandshakeAsync(node.Bound);
        await both.SayAsync(both.Hello(node) with { HighestVersion = 9 });
        Assert.Equal([1], (await both.ReadFrameAsync()).Payload);
    }

    [Theory]
    [InlineData(new byte[] { 2, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, PeerRefusal.UnknownVersion)]
    [InlineData(new byte[] { 1, 4, 3, 0, 0, 4, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0 }, PeerRefusal.FrameTooLarge)]
    [InlineData(new byte[] { 1, 4, 3, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0 }, PeerRefusal.FrameTooLarge)]
    [InlineData(new byte[] { 1, 9, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }, PeerRefusal.Malformed)]
    [InlineData(new byte[] { 1, 5, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, PeerRefusal.Malformed)] // a call here
    [InlineData(new byte[] { 1, 4, 2, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1 }, PeerRefusal.Malformed)] // no first
    [InlineData(new byte[] { 71, 69, 84, 32, 47, 32, 72, 84, 84, 80, 47, 49, 46, 49, 13, 10 },
        PeerRefusal.UnknownVersion)] // GET / HTTP/1.1
    public async Task A_frame_that_may_not_come_ends_the_connection(byte[] bytes, string name)
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawPeer raw = Known(node);
        await raw.GreetAsync(node);
        await raw.SendAsync(kind: 4, [1]);
        await raw.SendHeaderAsync(bytes);
        await raw.IsRefusedAsync(name);
        await node.HasRefusedAsync(name);
        Assert.Single(node.Received);
        await LivePeer.UntilAsync(() => node.Network.Counters.ConnectionsTaken == 0, () => "the connection to end");
    }

    [Fact]
    public async Task A_message_of_too_many_frames_is_refused()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawPeer raw = Known(node);
        await raw.GreetAsync(node);
        byte[] payload = new byte[PeerFrame.PayloadBytesMax];
        int frames = FrameAssembly.MessageBytesMax / payload.Length;
        for (int i = 0; i <= frames; i++) await raw.SendAsync(kind: 4, payload, flags: (byte)(i == 0 ? 1 : 0));
        await raw.IsRefusedAsync(PeerRefusal.MessageTooLarge);
        Assert.Empty(node.Received);
    }

    [Fact]
    public async Task A_first_frame_that_is_no_hello_is_refused()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawPeer raw = Known(node);
        await raw.HandshakeAsync(node.Bound);
        await raw.SendAsync(kind: 4, [1]);
        await raw.IsRefusedAsync(PeerRefusal.Malformed);
        Assert.Empty(node.Received);
    }

    [Fact]
    public async Task What_is_no_TLS_is_refused()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawPeer raw = new();
        await raw.ConnectAsync(node.Bound);
        await raw.SendHeaderAsync("GET /metrics HTTP/1.1\r\nHost: node\r\n\r\n"u8.ToArray());
        await node.HasRefusedAsync(PeerRefusal.TlsFailed);
        byte[] alert = new byte[64];
        while (await ReadAsync(raw, alert) > 0)
        {
        }
    }

    [Fact]
    public async Task TLS_of_an_older_version_is_refused()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawPeer raw = Known(node);
        await Assert.ThrowsAsync<AuthenticationException>(() => raw.HandshakeAsync(node.Bound, SslProtocols.Tls12));
        await node.HasRefusedAsync(PeerRefusal.TlsFailed);
    }

    [Fact]
    public async Task Who_shows_no_certificate_is_refused()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawPeer raw = Known(node);
        await raw.HandshakeAsync(node.Bound, withCertificate: false);
        await node.HasRefusedAsync(PeerRefusal.BadCertificate);
        await raw.IsClosedAsync();
    }

    [Fact]
    public async Task Who_says_no_hello_is_not_waited_for()
    {
        PeerSettings settings = LivePeer.Settings() with
        {
            Limits = LivePeer.Hasty with { HandshakeTime = TimeSpan.FromMilliseconds(300) },
        };
        await using LivePeer node = await LivePeer.StartAsync(settings);
        using RawPeer raw = Known(node);
        await raw.HandshakeAsync(node.Bound);
        await node.HasRefusedAsync(PeerRefusal.TooSlow);
        await raw.IsClosedAsync();
    }

    [Fact]
    public async Task Strangers_take_a_bounded_number_of_places()
    {
        PeerSettings settings = LivePeer.Settings() with { Limits = LivePeer.Hasty with { HandshakesMax = 2 } };
        await using LivePeer node = await LivePeer.StartAsync(settings);
        using RawPeer one = new();
        using RawPeer two = new();
        using RawPeer three = new();
        await one.HandshakeAsync(node.Bound);
        await two.HandshakeAsync(node.Bound);
        await three.ConnectAsync(node.Bound);
        await three.IsClosedAsync();
        await node.HasRefusedAsync(PeerRefusal.TooManyConnections);
    }

    [Fact]
    public async Task A_node_that_falls_silent_is_given_up()
    {
        PeerSettings settings = LivePeer.Settings() with
        {
            Limits = LivePeer.Hasty with { SilenceTime = TimeSpan.FromMilliseconds(300) },
        };
        await using LivePeer node = await LivePeer.StartAsync(settings);
        using RawPeer raw = Known(node);
        await raw.GreetAsync(node);
        await node.HasRefusedAsync(PeerRefusal.Silent);
        await raw.IsClosedAsync();
    }

    [Fact]
    public async Task A_second_connection_takes_the_place_of_the_first()
    {
        await using LivePeer node = await LivePeer.StartAsync();
        using RawPeer raw = Known(node);
        await raw.GreetAsync(node);
        using RawPeer second = raw.Again();
        await second.GreetAsync(node);
        await raw.IsClosedAsync();
        await second.SendAsync(kind: 4, [1]);
        await node.HasReceivedAsync(1);
    }

    [Fact]
    public async Task Trust_is_asked_on_both_ends_and_names_its_reason()
    {
        PeerSettings strict = LivePeer.Settings() with { Trust = (_, _) => "OldFirmware" };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(other: strict);
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        Assert.Equal(new PeerReply.Refused("OldFirmware"), await one.CallAsync(other, [1]));
        Assert.Equal(1, one.RefusedByPeers(PeerRefusal.Other));
        PeerReply reply = await other.CallAsync(one, [1]);
        Assert.Contains("OldFirmware", Assert.IsType<PeerReply.NotSent>(reply).Reason, StringComparison.Ordinal);
        Assert.Equal(0, one.Network.Counters.ConnectionsTaken);
    }

    [Fact]
    public async Task Trust_sees_the_certificate_whose_digest_of_the_key_is_the_id()
    {
        bool isSame = false;
        PeerSettings curious = LivePeer.Settings() with
        {
            Trust = (id, der) =>
            {
                isSame = Certificate.TryFromDer(der.Span, out Certificate? read) && read!.KeyDigest == id.Value;
                return null;
            },
        };
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync(other: curious);
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        Assert.IsType<PeerReply.Answered>(await one.CallAsync(other, [1]));
        Assert.True(isSame);
    }

    [Fact]
    public async Task Another_node_at_the_address_is_told_nothing()
    {
        (LivePeer one, LivePeer other) = await LivePeer.PairAsync();
        await using LivePeer _ = one;
        await using LivePeer __ = other;
        await using LivePeer third = await LivePeer.StartAsync();
        one.Knows((third.Id, other.Bound));
        one.Network.Send(third.Id, new PeerMessage(new byte[] { 1 }));
        await one.HasRefusedAsync(PeerRefusal.NotMe);
        Assert.Contains(PeerRefusal.NotMe, one.Warnings.First(), StringComparison.Ordinal);
        Assert.Empty(other.Received);
        Assert.Equal(0, other.Network.Counters.BytesReceived);
    }

    private static RawPeer Known(LivePeer node)
    {
        RawPeer raw = new();
        node.Knows((raw.Id, new IPEndPoint(IPAddress.Loopback, 1)));
        return raw;
    }

    private static async Task<int> ReadAsync(RawPeer raw, byte[] buffer)
    {
        try
        {
            return await raw.Stream.ReadAsync(buffer);
        }
        catch (System.IO.IOException)
        {
            return 0;
        }
    }
}
