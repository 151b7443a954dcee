using System;
using System.Collections.Generic;
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
    /// <summary>Makes it; nobody is connected before <see cref="SetPeers"/>.</summary>
    public PeerNetwork(PeerSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        NodeId = new NodeId(Digest.Of(settings.Key.SubjectPublicKeyInfo.Span));
    }

    /// <summary>This node.</summary>
    public NodeId NodeId { get; }

    /// <summary>What went over the connections.</summary>
    public PeerCounters Counters { get; } = new();

    /// <summary>Listens on an address, once; port 0 takes any free port.</summary>
    /// <returns>The address that was taken.</returns>
    /// <exception cref="System.IO.IOException">The port is in use.</exception>
    /// <exception cref="System.Net.Sockets.SocketException">The address is not one of this machine.</exception>
    public Task<IPEndPoint> BindAsync(IPEndPoint endpoint) => throw new NotImplementedException();

    /// <summary>Says who may connect, and where they are reached. Connections of others are closed; a new address
    /// counts from the next connection on. This node itself may be among them and is left out.</summary>
    public void SetPeers(IReadOnlyDictionary<NodeId, PeerAddress> peers) => throw new NotImplementedException();

    /// <summary>Says which network this is, by the digest of its genesis block; until then any is taken.</summary>
    public void SetNetwork(Digest genesis) => throw new NotImplementedException();

    /// <summary>Sends a message as soon as there is a connection; never waits, and never says whether it
    /// arrived.</summary>
    /// <returns>False when there is no such peer: the message is dropped.</returns>
    public bool Send(NodeId to, PeerMessage message) => throw new NotImplementedException();

    /// <summary>Calls another node.</summary>
    /// <param name="to">The node.</param>
    /// <param name="kind">What is asked for.</param>
    /// <param name="body">The question; it must not change until the call has ended.</param>
    /// <param name="patience">How long to wait, for a connection and for the answer together.</param>
    /// <param name="cancellation">Ends the call early, as if the time were up.</param>
    public Task<PeerReply> CallAsync(
        NodeId to, byte kind, ReadOnlyMemory<byte> body, TimeSpan patience, CancellationToken cancellation) =>
        throw new NotImplementedException();

    /// <summary>Whether there is a connection for messages to the node, over which it has agreed to talk.</summary>
    public bool IsConnected(NodeId to) => throw new NotImplementedException();

    /// <summary>Closes everything; calls in progress end.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
