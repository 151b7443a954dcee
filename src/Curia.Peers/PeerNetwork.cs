using System;
using System.Collections.Frozen;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using Curia.Vocabulary;

namespace Curia.Peers;

/// <summary>The connections of this node with others: one-way messages in order, and calls with their replies
/// (docs/node-protocol.md).</summary>
/// <remarks>Any thread. Each node makes its own connections, one to each peer and purpose, when it has something to
/// send, and makes them again when they break; so two nodes never race to open one.</remarks>
public sealed class PeerNetwork : IAsyncDisposable
{
    private readonly LocalNode self;
    private readonly LocalNode prober;
    private readonly Doorkeeper doorkeeper;
    private readonly Lock gate = new();
    private readonly List<Task> ending = [];
    private volatile FrozenDictionary<NodeId, Peer> peers = FrozenDictionary<NodeId, Peer>.Empty;
    private PeerListener? listener;
    private bool isDisposed;

    /// <summary>Makes it; nobody is connected before <see cref="SetPeers"/>.</summary>
    public PeerNetwork(PeerSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        self = new LocalNode(settings, Counters);

        // Nobody need be where it looks, so there is nothing to warn of.
        prober = new LocalNode(settings with { Info = _ => { }, Warning = _ => { } }, Counters);
        doorkeeper = new Doorkeeper(self, id => peers.GetValueOrDefault(id));
    }

    /// <summary>This node.</summary>
    public NodeId NodeId => self.Id;

    /// <summary>What went over the connections.</summary>
    public PeerCounters Counters { get; } = new();

    /// <summary>Listens on an address, once; port 0 takes any free port.</summary>
    /// <returns>The address that was taken.</returns>
    /// <exception cref="System.IO.IOException">The port is in use.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The address is not one of this machine.</exception>
    public async Task<IPEndPoint> BindAsync(IPEndPoint endpoint)
    {
        ArgumentNullException.ThrowIfNull(endpoint);
        if (listener is not null) throw new InvalidOperationException("The network listens already.");
        listener = await PeerListener.BindAsync(endpoint, doorkeeper.ServeAsync).ConfigureAwait(false);
        return listener.Bound;
    }

    /// <summary>Says who may connect, and where they are reached. Connections of others are closed; a new address
    /// counts from the next connection on. This node itself may be among them and is left out.</summary>
    public void SetPeers(IReadOnlyDictionary<NodeId, PeerAddress> peers)
    {
        ArgumentNullException.ThrowIfNull(peers);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(isDisposed, this);
            Dictionary<NodeId, Peer> next = [];
            foreach ((NodeId id, PeerAddress address) in peers)
            {
                if (id == NodeId) continue;
                if (this.peers.TryGetValue(id, out Peer? known)) known.Address = address;
                next[id] = known ?? new Peer(self, id, address);
            }

            Peer[] gone = [.. this.peers.Values.Where(peer => !next.ContainsKey(peer.Id))];
            this.peers = next.ToFrozenDictionary();
            ending.RemoveAll(task => task.IsCompleted);
            foreach (Peer peer in gone) ending.Add(peer.CloseAsync());
        }
    }

    /// <summary>Says which network this is, by the digest of its genesis block; until then any is taken.</summary>
    public void SetNetwork(Digest genesis)
    {
        self.Network = genesis;
        prober.Network = genesis;
        foreach (Peer peer in peers.Values) peer.HoldTo(genesis);
    }

    /// <summary>Sends a message as soon as there is a connection; never waits, and never says whether it
    /// arrived.</summary>
    /// <returns>False when there is no such peer: the message is dropped.</returns>
    public bool Send(NodeId to, PeerMessage message)
    {
        ArgumentNullException.ThrowIfNull(message);
        if (peers.TryGetValue(to, out Peer? peer) && peer.Messages.Send(message)) return true;
        Counters.Dropped(1);
        return false;
    }

    /// <summary>Calls another node.</summary>
    /// <param name="to">The node.</param>
    /// <param name="kind">What is asked for.</param>
    /// <param name="body">The question; it must not change until the call has ended.</param>
    /// <param name="patience">How long to wait, for a connection and for the answer together.</param>
    /// <param name="cancellation">Ends the call early, as if the time were up.</param>
    public Task<PeerReply> CallAsync(
        NodeId to, byte kind, ReadOnlyMemory<byte> body, TimeSpan patience, CancellationToken cancellation) =>
        peers.TryGetValue(to, out Peer? peer)
            ? peer.Calls.CallAsync(kind, body, patience, cancellation)
            : Task.FromResult<PeerReply>(new PeerReply.NotSent("the node is not one of the peers"));

    /// <summary>Makes one call to whoever listens on an address, over a connection of its own: the other node answers
    /// also when neither is a peer of the other (docs/node-protocol.md, "Probes").</summary>
    /// <param name="address">Where it listens.</param>
    /// <param name="expected">Who must be there; null for anybody.</param>
    /// <param name="kind">What is asked for.</param>
    /// <param name="body">The question.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="cancellation">Ends the call early.</param>
    public async Task<PeerReply> ProbeAsync(
        PeerAddress address, NodeId? expected, byte kind, ReadOnlyMemory<byte> body, TimeSpan patience,
        CancellationToken cancellation)
    {
        PeerLink link = new(prober, expected ?? Greeting.Anybody, () => address, PeerPurpose.Probe);
        await using (link.ConfigureAwait(false))
            return await link.CallAsync(kind, body, patience, cancellation).ConfigureAwait(false);
    }

    /// <summary>Whether there is a connection for messages to the node, over which it has agreed to talk.</summary>
    public bool IsConnected(NodeId to) => peers.TryGetValue(to, out Peer? peer) && peer.Messages.IsConnected;

    /// <summary>Closes everything; calls in progress end.</summary>
    public async ValueTask DisposeAsync()
    {
        Task[] last;
        lock (gate)
        {
            if (isDisposed) return;
            isDisposed = true;
            foreach (Peer peer in peers.Values) ending.Add(peer.CloseAsync());
            peers = FrozenDictionary<NodeId, Peer>.Empty;
            last = [.. ending];
        }

        await Task.WhenAll(last).ConfigureAwait(false);
        if (listener is not null) await listener.DisposeAsync().ConfigureAwait(false);
    }
}
