using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading;
using Curia.Attestation;
using Curia.Vocabulary;

namespace Curia.Client;

/// <summary>What a client wants to know of a node before it tells it anything: that a genuine platform runs the code
/// which the client expects, and that the session ends inside (docs/attestation.md, "Clients").</summary>
public sealed record EvidenceDemand
{
    /// <summary>The measurements of the programs that are believed, on any platform.</summary>
    public required IReadOnlyList<Measurement> Measurements { get; init; }

    /// <summary>The charter by which a node must have founded the network: evidence of founders binds it, and nodes
    /// that joined later are refused then. Null: what evidence binds beside the node's key is not compared.</summary>
    public Digest? Charter { get; init; }

    /// <summary>Who may endorse a measurement that is not listed; null for nobody.</summary>
    public IReadOnlyList<UvmEndorser>? MeasurementEndorsers { get; init; }

    /// <summary>What a domain of TDX must have measured since its launch, by the number of the register: its
    /// <see cref="Measurements"/> are of the firmware alone. Nodes of other platforms have none and are refused, so
    /// a network of several platforms needs a demand for each. Null compares none.</summary>
    public IReadOnlyDictionary<int, Measurement>? RuntimeMeasurements { get; init; }

    /// <summary>What evidence must be like. The virtual platform proves nothing; whoever lists no measurement of a
    /// virtual node does not take one.</summary>
    public AppraisalPolicy Policy { get; init; } = AppraisalPolicy.Strict;

    /// <summary>Collateral of the client's own, by the names of docs/attestation.md, "Files": it takes the place of
    /// what the node sends. So a newer revocation list counts that the node would rather not show, and a node that has
    /// run for longer than its collateral holds is appraised by what holds now.</summary>
    public IReadOnlyDictionary<string, byte[]> Collateral { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>Tells the time at which certificates and lists must be valid.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>The keys of nodes whose evidence was accepted. Any thread.</summary>
internal sealed class AttestedNodes
{
    // A node has a new key at each start, so this grows with the restarts of the nodes that were met.
    private const int NodesMax = 4096;

    private readonly Lock gate = new();
    private readonly HashSet<NodeId> nodes = [];

    public bool Contains(NodeId node)
    {
        lock (gate) return nodes.Contains(node);
    }

    public void Add(NodeId node)
    {
        lock (gate)
        {
            if (nodes.Count == NodesMax) nodes.Clear();
            nodes.Add(node);
        }
    }
}

/// <summary>What <c>GET /node/quotes/self</c> tells, as far as a client reads it.</summary>
internal sealed record SelfQuote(
    [property: JsonPropertyName("evidence")] AttesterEvidence? Evidence)
{
    public const string Path = "/node/quotes/self";

    /// <summary>The largest reply: all files in base64, twice, and what is said of them.</summary>
    public const int BytesMax = 2 << 20;

    private static readonly JsonSerializerOptions format = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        AllowDuplicateProperties = false,
        MaxDepth = 8,
    };

    /// <summary>Why the node is not believed; null when it is.</summary>
    /// <param name="reply">What it answered.</param>
    /// <param name="node">Whose key the session ends at.</param>
    /// <param name="demand">What is wanted.</param>
    /// <param name="cache">What has been verified before.</param>
    public static string? ObjectionTo(
        CallResult reply, NodeId node, EvidenceDemand demand, EndorsementCache cache)
    {
        if (!reply.IsSuccess) return $"it gives no evidence: {reply.Status} {reply.ErrorCode}";
        try
        {
            SelfQuote? quote = JsonSerializer.Deserialize<SelfQuote>(reply.Body.Span, format);
            if (quote?.Evidence is not { Files: not null, Platform: not null } evidence)
                return "its evidence cannot be read";

            ReferenceValues reference = new()
            {
                Measurements = demand.Measurements,
                RuntimeMeasurements = demand.RuntimeMeasurements,
                MeasurementEndorsers = demand.MeasurementEndorsers,
                // A null of bytes would convert to none of them, and not to no demand.
                ReportData = demand.Charter is { } charter
                    ? NodeAttestation.ReportDataOf(node, charter)
                    : null as ReadOnlyMemory<byte>?,
            };
            AttestationResult result =
                EvidenceAppraiser.Appraise(
                    evidence.With(demand.Collateral), reference, demand.Policy, demand.Time.GetUtcNow(), cache);
            if (result.Verdict != AttestationVerdict.Accepted) return $"its evidence is refused: {result.Reason}";
            return NodeAttestation.Binds(result.Claims!, node)
                ? null
                : "its evidence is refused: report-data-mismatch";
        }
        catch (JsonException)
        {
            return "its evidence cannot be read";
        }
    }
}
