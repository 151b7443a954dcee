using System.Collections.Generic;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text.Json;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Host;
using Curia.Host.Peers;
using Curia.Ledger;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Peers;
using Curia.Tests.Peers;
using Curia.Vocabulary;
using Microsoft.AspNetCore.Http;
using Outgoing = Curia.Host.Outgoing;

namespace Curia.ShellTests.Host;

/// <summary>What a node takes from another one over a real connection, and what it counts.</summary>
[Collection(nameof(RealTime))]
public sealed class NodePeersTests : IAsyncLifetime
{
    private const string Refused = "curia.messages.refused";
    private const string Ignored = "curia.messages.ignored";

    private readonly EcdsaSigner key = EcdsaSigner.Generate(new SystemEntropy());
    private readonly HostLog log = new(LogFormat.Text, LogSeverity.Error);
    private NodePeers peers = null!;
    private LiveLoop live = null!;
    private LivePeer other = null!;

    public async ValueTask InitializeAsync()
    {
        peers = await NodePeers.BindAsync(
            new PeersConfiguration(new IPEndPoint(IPAddress.Loopback, 0), "127.0.0.1", 0), key, new SystemEntropy(),
            log);
        live = new LiveLoop(key, peers);
        await live.StartAsync();
        other = await LivePeer.StartAsync();
        other.Knows((peers.Network.NodeId, IPEndPoint.Parse(peers.Address)));
        peers.Expect(new Dictionary<NodeId, string> { [other.Id] = AddressOfOther });
    }

    public async ValueTask DisposeAsync()
    {
        await other.DisposeAsync();
        live.Dispose();
        await peers.DisposeAsync();
        log.Dispose();
        key.Dispose();
    }

    private string AddressOfOther => $"127.0.0.1:{other.Bound.Port}";

    // Once for each, and nowhere else: who reads the two apart knows whether it is rubbish or only late.
    [Fact]
    public async Task A_message_that_is_none_counts_once_as_refused()
    {
        byte[][] rubbish = [[], "GET / HTTP/1.1\r\n\r\n"u8.ToArray(), [1, 11], [.. PeerCodec.AskForSecrets(), 0]];
        long ignored = Read(Ignored);
        for (int sent = 0; sent < rubbish.Length; sent++)
        {
            Assert.False(live.Node.TryRead(rubbish[sent], out _, out MessageProblem? problem));
            Assert.Equal(MessageProblem.Malformed, problem.Name);
            Assert.Equal(sent, Read(Refused));
            Send(rubbish[sent]);
            await LivePeer.UntilAsync(() => Read(Refused) > sent, () => $"a refusal of message {sent}");

            // What is sent before the other end knows of it goes with the connection.
            await LivePeer.UntilAsync(
                () => other.RefusedByPeers(PeerRefusal.Malformed) > sent
                    && !other.Network.IsConnected(peers.Network.NodeId), () => $"the end of connection {sent}");
        }

        Assert.Equal(rubbish.Length, Read(Refused));
        Assert.Equal(rubbish.Length, Read(Refused, MessageProblem.Malformed));
        Assert.Equal(ignored, Read(Ignored));

        // No honest node sends such a thing: each time the connection ended, and another one was made.
        Assert.Equal(rubbish.Length, peers.Network.Counters.Refused[PeerRefusal.Malformed]);
    }

    [Fact]
    public async Task A_message_that_is_of_no_use_counts_once_as_ignored()
    {
        long ignored = Read(Ignored);
        for (int sent = 1; sent <= 3; sent++)
        {
            Send(PeerCodec.AskForSecrets()); // of a node that is not trusted
            await LivePeer.UntilAsync(() => Read(Ignored) - ignored >= sent, () => $"ignored message {sent}");
            Assert.Equal(sent, Read(Ignored, IgnoredMessages.NotTrusted));
        }

        Assert.Equal(0, Read(Refused));
    }

    // Whom members have admitted speaks for clients, and nobody else who got a connection.
    [Fact]
    public async Task A_request_is_taken_only_from_a_node_whose_admission_has_committed()
    {
        long ordered = live.Node.View.Counters.TransactionsOrdered;
        Outgoing refused = await ForwardAsync();
        Assert.True(refused.Is(HostResponses.NoPrimary));
        Assert.Equal(ordered, live.Node.View.Counters.TransactionsOrdered);

        await live.AskAsync(new NodeRequest(
            live.Node.View.Genesis, NodeRequest.Add, other.Id, NodeSetup.VirtualPlatform, AddressOfOther,
            ["127.0.0.1:8001"], NodeRequest.Learner, LedgerFormat: LedgerFormat.Newest));
        ordered = live.Node.View.Counters.TransactionsOrdered;
        Outgoing taken = await ForwardAsync();
        Assert.True(taken.Response.IsSuccess, $"status {taken.Response.Status}");
        Assert.NotNull(taken.TxId);
        Assert.Equal(ordered + 1, live.Node.View.Counters.TransactionsOrdered);
    }

    // It costs the node that sends it nothing, and must cost this one nothing.
    [Fact]
    public async Task An_introduction_of_nobody_is_passed_over()
    {
        await live.AskAsync(new NodeRequest(
            live.Node.View.Genesis, NodeRequest.Add, other.Id, NodeSetup.VirtualPlatform, AddressOfOther,
            ["127.0.0.1:8001"], NodeRequest.Learner, LedgerFormat: LedgerFormat.Newest));
        NodeId nobody = new(Digest.Of("nobody"u8));
        foreach (string address in (string[])["null", "\"\"", "\"nowhere\"", "\"host:0\"", "\"host:70000\""])
        {
            PeerReply reply = await other.Network.CallAsync(
                peers.Network.NodeId, PeerCalls.Introduce,
                System.Text.Encoding.UTF8.GetBytes($"{{\"{nobody}\":{address}}}"), Patience.Time,
                TestContext.Current.CancellationToken);
            Assert.IsType<PeerReply.Answered>(reply);
        }

        // The map changes, and with it all that is known of nodes is looked at again.
        await live.AskAsync(new NodeRequest(
            live.Node.View.Genesis, NodeRequest.Add, nobody, NodeSetup.VirtualPlatform, "127.0.0.1:9",
            ["127.0.0.1:8001"], NodeRequest.Learner, LedgerFormat: LedgerFormat.Newest));
        Assert.True(live.Node.View.IsOpen);
        Assert.False(live.Loop.Ended.IsCompleted);
    }

    [Fact]
    public async Task What_is_no_forwarded_request_is_answered_as_one_that_is_wrong()
    {
        await live.AskAsync(new NodeRequest(
            live.Node.View.Genesis, NodeRequest.Add, other.Id, NodeSetup.VirtualPlatform, AddressOfOther,
            ["127.0.0.1:8001"], NodeRequest.Learner, LedgerFormat: LedgerFormat.Newest));
        Outgoing answer = await CallAsync([1, 2, 3]);
        Assert.Equal(400, answer.Response.Status);
    }

    private Task<Outgoing> ForwardAsync() => CallAsync(Forwarding.Encode(
        "PUT", "/app/names/forwarded", new HeaderDictionary { ["Content-Type"] = "application/json" }, live.User.Der,
        JsonSerializer.SerializeToUtf8Bytes(new { value = "1" }), patience: null, TxId.Zero));

    private async Task<Outgoing> CallAsync(byte[] body)
    {
        PeerReply reply = await other.Network.CallAsync(
            peers.Network.NodeId, PeerCalls.Request, body, Patience.Time, TestContext.Current.CancellationToken);
        Assert.True(Forwarding.TryDecode(
            Assert.IsType<PeerReply.Answered>(reply).Body, route: null, out Outgoing outgoing));
        return outgoing;
    }

    private void Send(byte[] message) =>
        Assert.True(other.Network.Send(peers.Network.NodeId, new Curia.Peers.PeerMessage(message)));

    // As an exporter reads it.
    private static long Read(string name, string? reason = null)
    {
        long total = 0;
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, asked) =>
        {
            if (instrument.Meter.Name == HostMetrics.MeterName && instrument.Name == name)
                asked.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            bool isAsked = reason is null;
            foreach (KeyValuePair<string, object?> tag in tags)
                isAsked |= reason is not null && reason.Equals(tag.Value);
            if (isAsked) total += value;
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return total;
    }
}
