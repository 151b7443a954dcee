using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Linq;
using Curia.Evidence;
using Curia.Host.Peers;
using Curia.Node;
using Curia.Peers;

namespace Curia.Host;

/// <summary>What is measured (OpenTelemetry; Prometheus text at /metrics). Labels are path templates, verbs, status
/// classes and listener names: nothing that a client can invent.</summary>
internal sealed class HostMetrics : IDisposable
{
    /// <summary>The meter that the exporter subscribes to.</summary>
    public const string MeterName = "Curia";

    /// <summary>The meter of the framework itself: heap, collections, threads, CPU time.</summary>
    public const string RuntimeMeterName = "System.Runtime";

    // From a read out of memory to the bound of a request.
    private static readonly double[] requestSeconds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    // From a disk with a battery-backed cache to one that is failing.
    private static readonly double[] flushSeconds =
        [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

    private static readonly double[] blockBytes = [1e3, 2.5e3, 5e3, 1e4, 2.5e4, 5e4, 1e5, 2.5e5, 1e6, 5e6, 2.5e7, 1e8];

    private readonly Meter meter = new(MeterName);
    private readonly Counter<long> requests;
    private readonly Histogram<double> requestDuration;
    private readonly Histogram<double> blockSize;
    private readonly Histogram<double> flushDuration;
    private readonly Counter<long> ledgerBytes;

    /// <summary>Makes the instruments.</summary>
    public HostMetrics()
    {
        requests = meter.CreateCounter<long>("curia.http.requests", null, "Requests answered.");
        requestDuration = meter.CreateHistogram("curia.http.request.duration", "s",
            "Time from a request's header to its response.", null, Buckets(requestSeconds));
        blockSize = meter.CreateHistogram("curia.block.size", "By", "Size of a sealed block.", null,
            Buckets(blockBytes));
        flushDuration = meter.CreateHistogram("curia.ledger.flush.duration", "s",
            "Time of one flush (fsync) of the ledger.", null,
            Buckets(flushSeconds));
        ledgerBytes = meter.CreateCounter<long>("curia.ledger.written", "By", "Bytes written to the ledger.");
    }

    /// <summary>A request was answered.</summary>
    public void Answered(string method, Outgoing outgoing, TimeSpan duration)
    {
        TagList tags = new()
        {
            { "endpoint", outgoing.Route ?? Execution.NoRoute },
            { "verb", Verb(method) },
            { "status", StatusClass(outgoing.Response?.Status ?? 0) },
        };
        requests.Add(1, tags);
        requestDuration.Record(duration.TotalSeconds, tags);
    }

    /// <summary>A block goes to the disk.</summary>
    public void BlockSealed(int bytes) => blockSize.Record(bytes);

    /// <summary>The ledger was flushed.</summary>
    public void Flushed(TimeSpan duration) => flushDuration.Record(duration.TotalSeconds);

    /// <summary>The ledger has grown.</summary>
    public void LedgerBytes(int bytes) => ledgerBytes.Add(bytes);

    /// <summary>Reads the number of requests in flight when somebody asks.</summary>
    public void ObserveInFlight(Func<long> read) =>
        Gauge("curia.http.requests.in_flight", read, "Requests being answered now.");

    /// <summary>Reads the node's progress and what waits for it when somebody asks.</summary>
    public void ObserveNode(CuriaNode node, InputQueue inputs)
    {
        Gauge("curia.inputs.queued", () => inputs.Count, "Inputs that wait for the node loop.");
        Gauge("curia.seqno", () => (long)node.View.Last.SeqNo.Value, "Last ordered transaction.");
        Gauge("curia.committed", () => (long)node.View.Committed.SeqNo.Value, "Last committed transaction.");
        Gauge("curia.view", () => (long)node.View.View.Value, "Current view.");
        Gauge("curia.blocks.in_flight", () => node.View.Counters.BlocksInFlight,
            "Blocks sealed and not yet committed.");
        Gauge("curia.replies.waiting", () => node.View.Counters.WaitingReplies, "Requests that wait for commit.");
        Total("curia.transactions.ordered", () => node.View.Counters.TransactionsOrdered,
            "Transactions that got their place.");
        Total("curia.transactions.conflicts", () => node.View.Counters.Conflicts,
            "Executions that lost to another one and were repeated.");
        Total("curia.blocks.sealed", () => node.View.Counters.BlocksSealed, "Blocks sealed.");
        Total("curia.blocks.read_back", () => node.View.Counters.BlocksReadBack,
            "Blocks read back from disk for history.");
        Total("curia.reads.rounds", () => node.View.Counters.ReadRounds,
            "Rounds that asked the other nodes whether this one still is the primary, for linearisable reads.");
        meter.CreateObservableCounter("curia.messages.ignored",
            () => node.View.Counters.MessagesIgnored.Select(ByReason), null,
            "Messages of other nodes that were of no use: late, of an older view, or wrong.");
        Total("curia.snapshots", () => node.View.Counters.Snapshots, "Snapshots whose evidence is in the ledger.");
    }

    /// <summary>Reads the sessions of each listener when somebody asks.</summary>
    public void ObserveSessions(IReadOnlyList<ListenerSessions> listeners)
    {
        meter.CreateObservableGauge("curia.sessions",
            () => listeners.Select(listener => ByListener(listener.Active, listener)),
            null, "Open connections.");
        meter.CreateObservableCounter("curia.sessions.refused",
            () => listeners.Select(listener => ByListener(listener.Refused, listener)), null,
            "Connections closed for being too many.");
    }

    /// <summary>Reads what went over the connections between nodes when somebody asks.</summary>
    public void ObservePeers(NodePeers peers)
    {
        PeerCounters counters = peers.Network.Counters;
        meter.CreateObservableCounter("curia.messages.refused", () => peers.MessagesRefused.Select(ByReason), null,
            "Messages of other nodes that were none, or whose blocks have a wrong root or signature.");
        meter.CreateObservableGauge("curia.peers.connections",
            () => ByDirection(counters.ConnectionsMade, counters.ConnectionsTaken), null,
            "Open connections between nodes, by who made them.");
        meter.CreateObservableCounter("curia.peers.bytes",
            () => ByDirection(counters.BytesSent, counters.BytesReceived), "By",
            "Bytes of frames between nodes.");
        meter.CreateObservableCounter("curia.peers.messages",
            () => ByDirection(counters.MessagesSent, counters.MessagesReceived), null,
            "One-way messages between nodes.");
        meter.CreateObservableCounter("curia.peers.calls",
            () => ByDirection(counters.CallsSent, counters.CallsReceived), null, "Calls between nodes.");
        Total("curia.peers.messages.dropped", () => counters.MessagesDropped,
            "Messages to other nodes that were not sent.");
        meter.CreateObservableCounter("curia.peers.refused", () => counters.Refused.Select(ByReason), null,
            "What this node refused others, by docs/node-protocol.md, \"Refusals\".");
        meter.CreateObservableCounter("curia.peers.refused_by_others", () => counters.RefusedByPeers.Select(ByReason),
            null, "What other nodes refused this one.");
    }

    /// <summary>Reads when collateral expires, and what of it is missing, when somebody asks.</summary>
    public void ObserveCollateral(CollateralStore collateral)
    {
        meter.CreateObservableGauge("curia.collateral.expires_in",
            () => collateral.SecondsUntilExpiry().Select(kind => new Measurement<double>(
                kind.Value, new KeyValuePair<string, object?>("kind", kind.Key))),
            "s", "Time until the first collateral of a kind expires; below zero when it has.");
        Gauge("curia.collateral.missing", () => collateral.Missing,
            "Collateral that is wanted and not there, or that has expired.");
        meter.CreateObservableCounter("curia.collateral.failures",
            () => collateral.Failures.Select(failure => new Measurement<long>(
                failure.Value, new KeyValuePair<string, object?>("reason", failure.Key.ToString()))),
            null, "Collateral that could not be fetched or was not taken (docs/evidence.md).");
    }

    /// <inheritdoc/>
    public void Dispose() => meter.Dispose();

    private void Gauge(string name, Func<long> read, string description) =>
        meter.CreateObservableGauge(name, read, null, description);

    private void Total(string name, Func<long> read, string description) =>
        meter.CreateObservableCounter(name, read, null, description);

    private static Measurement<long> ByListener(long value, ListenerSessions listener) =>
        new(value, new KeyValuePair<string, object?>("listener", listener.Configuration.Name));

    private static Measurement<long>[] ByDirection(long outgoing, long incoming) =>
    [
        new(outgoing, new KeyValuePair<string, object?>("direction", "out")),
        new(incoming, new KeyValuePair<string, object?>("direction", "in")),
    ];

    private static Measurement<long> ByReason(KeyValuePair<string, long> refused) =>
        new(refused.Value, new KeyValuePair<string, object?>("reason", refused.Key));

    private static InstrumentAdvice<double> Buckets(double[] boundaries) =>
        new() { HistogramBucketBoundaries = boundaries };

    // A client may invent methods; labels must stay few.
    private static string Verb(string method) =>
        method is "GET" or "POST" or "PUT" or "DELETE" or "PATCH" or "HEAD" or "OPTIONS" ? method : "other";

    private static string StatusClass(int status) => (status / 100) switch
    {
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        5 => "5xx",
        _ => "aborted",
    };
}
