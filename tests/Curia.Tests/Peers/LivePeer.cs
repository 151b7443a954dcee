using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Tests.Peers;

/// <summary>A network of one node over real sockets, and what came to it.</summary>
internal sealed class LivePeer : IAsyncDisposable
{
    // Far above what anything here takes; whoever waits so long says what did not come.
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(30);

    private static readonly Digest network = Digest.Of("network"u8);

    private LivePeer(PeerSettings settings)
    {
        Network = new PeerNetwork(settings with
        {
            OnMessage = (from, message) =>
            {
                Received.Enqueue((from, message.ToArray()));
                return settings.OnMessage(from, message);
            },
            Warning = line => Warnings.Enqueue(line),
            Info = line => Infos.Enqueue(line),
        });
        Network.SetNetwork(network);
    }

    public static PeerLimits Hasty { get; } = new()
    {
        PingTime = TimeSpan.FromMilliseconds(100),
        SilenceTime = TimeSpan.FromSeconds(2),
        HandshakeTime = TimeSpan.FromSeconds(2),
        BackoffMin = TimeSpan.FromMilliseconds(20),
        BackoffMax = TimeSpan.FromMilliseconds(200),
    };

    public PeerNetwork Network { get; }

    public NodeId Id => Network.NodeId;

    public IPEndPoint Bound { get; private set; } = new(IPAddress.Loopback, 0);

    public ConcurrentQueue<(NodeId From, byte[] Message)> Received { get; } = new();

    public ConcurrentQueue<string> Warnings { get; } = new();

    public ConcurrentQueue<string> Infos { get; } = new();

    public static PeerSettings Settings() => new()
    {
        Key = EcdsaSigner.Generate(new SystemEntropy()),
        Entropy = new SystemEntropy(),
        OnMessage = (_, _) => null,
        OnCall = (_, _, body, _) => Task.FromResult(body),
        Limits = Hasty,
    };

    public static async Task<LivePeer> StartAsync(PeerSettings? settings = null, IPEndPoint? at = null)
    {
        LivePeer peer = new(settings ?? Settings());
        peer.Bound = await peer.Network.BindAsync(at ?? peer.Bound);
        return peer;
    }

    public static async Task<(LivePeer One, LivePeer Other)> PairAsync(
        PeerSettings? one = null, PeerSettings? other = null)
    {
        LivePeer first = await StartAsync(one);
        LivePeer second = await StartAsync(other);
        first.Knows(second);
        second.Knows(first);
        return (first, second);
    }

    public void Knows(params IEnumerable<LivePeer> others) =>
        Knows(others.Select(other => (other.Id, other.Bound)));

    public void Knows(params IEnumerable<(NodeId Id, IPEndPoint Bound)> others) => Network.SetPeers(
        others.ToDictionary(other => other.Id, other => new PeerAddress("127.0.0.1", other.Bound.Port)));

    public void KnowsNobody() => Network.SetPeers(new Dictionary<NodeId, PeerAddress>());

    public void Send(LivePeer to, params byte[] message) => Network.Send(to.Id, new PeerMessage(message));

    public Task<PeerReply> CallAsync(LivePeer to, byte[] body, byte kind = 1, TimeSpan? within = null) =>
        Network.CallAsync(to.Id, kind, body, within ?? patience, CancellationToken.None);

    public Task HasReceivedAsync(int count) =>
        UntilAsync(() => Received.Count >= count, () => $"{count} messages; {Received.Count} came");

    public long Refused(string name) => Network.Counters.Refused.GetValueOrDefault(name);

    public long RefusedByPeers(string name) => Network.Counters.RefusedByPeers.GetValueOrDefault(name);

    public Task HasRefusedAsync(string name) => UntilAsync(() => Refused(name) > 0,
        () => $"a refusal {name}; there are {string.Join(", ", Network.Counters.Refused.Keys)}");

    public static async Task UntilAsync(Func<bool> holds, Func<string> what)
    {
        Stopwatch watch = Stopwatch.StartNew();
        while (!holds())
        {
            Assert.True(watch.Elapsed < patience, $"still waited for {what()}");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    public ValueTask DisposeAsync() => Network.DisposeAsync();
}
