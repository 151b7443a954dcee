using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Threading;

namespace Curia.Peers;

/// <summary>What went over the connections, for metrics: read when somebody asks.</summary>
public sealed class PeerCounters
{
    private readonly ConcurrentDictionary<string, long> refused = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, long> refusedByPeers = new(StringComparer.Ordinal);
    private long connectionsMade;
    private long connectionsTaken;
    private long bytesSent;
    private long bytesReceived;
    private long messagesSent;
    private long messagesReceived;
    private long messagesDropped;
    private long callsSent;
    private long callsReceived;

    /// <summary>Connections that this node made and that are open.</summary>
    public long ConnectionsMade => Volatile.Read(ref connectionsMade);

    /// <summary>Connections that other nodes made and that are open.</summary>
    public long ConnectionsTaken => Volatile.Read(ref connectionsTaken);

    /// <summary>Bytes of frames that were handed to TLS.</summary>
    public long BytesSent => Volatile.Read(ref bytesSent);

    /// <summary>Bytes of frames that came out of TLS.</summary>
    public long BytesReceived => Volatile.Read(ref bytesReceived);

    /// <summary>Messages that were sent.</summary>
    public long MessagesSent => Volatile.Read(ref messagesSent);

    /// <summary>Messages that came.</summary>
    public long MessagesReceived => Volatile.Read(ref messagesReceived);

    /// <summary>Messages that were to be sent and were not: no room, no such node, nothing to read.</summary>
    public long MessagesDropped => Volatile.Read(ref messagesDropped);

    /// <summary>Calls that were sent.</summary>
    public long CallsSent => Volatile.Read(ref callsSent);

    /// <summary>Calls that came.</summary>
    public long CallsReceived => Volatile.Read(ref callsReceived);

    /// <summary>What this node refused or gave up, by the names of <see cref="PeerRefusal.All"/>.</summary>
    public IReadOnlyDictionary<string, long> Refused => refused;

    /// <summary>What other nodes refused this one, by the same names.</summary>
    public IReadOnlyDictionary<string, long> RefusedByPeers => refusedByPeers;

    internal void Connection(bool isMade, int change) =>
        Interlocked.Add(ref isMade ? ref connectionsMade : ref connectionsTaken, change);

    internal void Sent(int bytes) => Interlocked.Add(ref bytesSent, bytes);

    internal void Received(int bytes) => Interlocked.Add(ref bytesReceived, bytes);

    internal void MessageSent() => Interlocked.Increment(ref messagesSent);

    internal void MessageReceived() => Interlocked.Increment(ref messagesReceived);

    internal void Dropped(int messages) => Interlocked.Add(ref messagesDropped, messages);

    internal void CallSent() => Interlocked.Increment(ref callsSent);

    internal void CallReceived() => Interlocked.Increment(ref callsReceived);

    internal void Refuse(string name) => refused.AddOrUpdate(PeerRefusal.Label(name), 1, (_, count) => count + 1);

    internal void RefusedBy(string name) =>
        refusedByPeers.AddOrUpdate(PeerRefusal.Label(name), 1, (_, count) => count + 1);
}
