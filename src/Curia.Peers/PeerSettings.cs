using System;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Peers;

/// <summary>The place where evidence is checked: asked on both ends of each connection, after TLS has proved that
/// the other end holds the key of the certificate, and before the first byte of a message.</summary>
/// <param name="id">SHA-256 of the key of the certificate. It is one of the peers.</param>
/// <param name="certificateDer">The certificate, which is signed by whomever it likes.</param>
/// <returns>Null to go on, or a name of 1 to 64 letters and digits, which the other end is told.</returns>
public delegate string? PeerTrust(NodeId id, ReadOnlyMemory<byte> certificateDer);

/// <summary>Takes a message. It is called in the order in which one node has sent them, and holds up that node's
/// next one until it returns: it must not wait.</summary>
/// <param name="from">Who sent it, as its certificate says.</param>
/// <param name="message">Its bytes; they belong to who takes them.</param>
/// <returns>Null to go on; a name of 1 to 64 letters and digits to refuse the message and end the connection, which
/// the other end is told. What an honest node may send ends no connection.</returns>
public delegate string? PeerMessageHandler(NodeId from, ReadOnlyMemory<byte> message);

/// <summary>Answers a call. Many run at a time; what it throws is the refusal
/// <see cref="PeerRefusal.Failed"/>.</summary>
/// <param name="from">Who calls, as its certificate says.</param>
/// <param name="kind">What it asks for.</param>
/// <param name="body">Its bytes; they belong to who takes them.</param>
/// <param name="gone">Cancelled when the caller can no longer be answered.</param>
public delegate Task<ReadOnlyMemory<byte>> PeerCallHandler(
    NodeId from, byte kind, ReadOnlyMemory<byte> body, CancellationToken gone);

/// <summary>What <see cref="PeerNetwork"/> is made of.</summary>
public sealed record PeerSettings
{
    /// <summary>The key of this node, whose digest is its id.</summary>
    public required EcdsaSigner Key { get; init; }

    /// <summary>Gives the serial number of the certificate.</summary>
    public required Entropy Entropy { get; init; }

    /// <summary>Takes messages.</summary>
    public required PeerMessageHandler OnMessage { get; init; }

    /// <summary>Answers calls.</summary>
    public required PeerCallHandler OnCall { get; init; }

    /// <summary>Answers the calls of probes: nothing of the caller is known but that it holds the key of its id. Null:
    /// probes are refused.</summary>
    public PeerCallHandler? OnProbe { get; init; }

    /// <summary>Asked about each peer that connects or is reached; until attestation lands the nodes map, which
    /// <see cref="PeerNetwork.SetPeers"/> tells, is enough.</summary>
    public PeerTrust Trust { get; init; } = (_, _) => null;

    /// <summary>Takes lines that an operator wants to see.</summary>
    public Action<string> Info { get; init; } = _ => { };

    /// <summary>Takes lines about what an operator should look at.</summary>
    public Action<string> Warning { get; init; } = _ => { };

    /// <summary>What is bounded, and how long is waited.</summary>
    public PeerLimits Limits { get; init; } = new();
}

/// <summary>What protects a node from others, and from its own haste.</summary>
public sealed record PeerLimits
{
    /// <summary>Messages that wait for one node; beyond, the oldest are dropped. Some seconds of a busy
    /// primary.</summary>
    public int QueuedMessagesMax { get; init; } = 4096;

    /// <summary>Bytes that wait for one node; beyond, the oldest are dropped, but never the only one.</summary>
    public long QueuedBytesMax { get; init; } = 64L * 1024 * 1024;

    /// <summary>Calls of one node that are answered at a time; beyond: <see cref="PeerRefusal.Busy"/>.</summary>
    public int CallsInProgressMax { get; init; } = 256;

    /// <summary>Bytes of calls of one node that are answered at a time, but never less than one call; beyond:
    /// <see cref="PeerRefusal.Busy"/>.</summary>
    public long CallBytesInProgressMax { get; init; } = 64L * 1024 * 1024;

    /// <summary>Probes that are answered at a time; more are refused.</summary>
    public int ProbesMax { get; init; } = 64;

    /// <summary>Of these, those from one address: a stranger does not keep all others out.</summary>
    public int ProbesOfOneAddressMax { get; init; } = 8;

    /// <summary>How long the connection of a probe may stay without a call that is being answered.</summary>
    public TimeSpan ProbeIdleTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long the connection of a probe may last: it makes one call.</summary>
    public TimeSpan ProbeTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Connections that have not said who they are; more are closed at once.</summary>
    public int HandshakesMax { get; init; } = 64;

    /// <summary>How long a connection may take for TLS and hello.</summary>
    public TimeSpan HandshakeTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long TCP may take to connect.</summary>
    public TimeSpan ConnectTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How often the other end is asked whether it lives.</summary>
    public TimeSpan PingTime { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long the other end may say nothing, or take nothing, before the connection is given up.</summary>
    public TimeSpan SilenceTime { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How many records of TLS a connection may have in a direction before it is renewed: a third of what
    /// RFC 8446 section 5.5 allows for one key of AES-GCM, which is 2^24.5.</summary>
    public long RecordsMax { get; init; } = 1L << 23;

    /// <summary>How long the first new attempt to connect waits; each further one waits twice as long.</summary>
    public TimeSpan BackoffMin { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>How long an attempt waits at most.</summary>
    public TimeSpan BackoffMax { get; init; } = TimeSpan.FromSeconds(2);
}
