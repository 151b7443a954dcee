using Curia.Endpoints;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>The maps that the node itself writes, beside those that a genesis block begins: these are
/// <see cref="GenesisMaps"/>.</summary>
public static class NodeMaps
{
    /// <summary>SHA-256 of a request to add or retire a node → the request, and who has signed it.</summary>
    public static readonly Map<Digest, NodeRequestRecord> NodeRequests = new(
        "public:curia.gov.node_requests", Codecs.Digest, Codecs.Json<NodeRequestRecord>(JsonFormat.Options));

    /// <summary>Request and member, <c>hex:hex</c> → the member's signed message.</summary>
    public static readonly Map<string, byte[]> NodeRequestSignatures =
        new("public:curia.gov.node_request_signatures", Codecs.Utf8, Codecs.Bytes);

    /// <summary>Node id, hex → the message by which its owner has said whose and what it is (docs/http.md,
    /// "Nodes").</summary>
    public static readonly Map<string, byte[]> NodeEndorsements =
        new("public:curia.gov.node_endorsements", Codecs.Utf8, Codecs.Bytes);

    /// <summary>First seqno of a period → its ledger secret, wrapped by the secret of the period after it
    /// (docs/ledger-format.md, "Keys").</summary>
    public static readonly Map<ulong, byte[]> WrappedLedgerSecrets =
        new("public:curia.internal.wrapped_ledger_secrets", Codecs.UInt64, Codecs.Bytes);

    /// <summary>Seqno of a snapshot → JSON <c>{"txid","state_digest","snapshot_digest"}</c>.</summary>
    public static readonly Map<ulong, string> SnapshotEvidence =
        new("public:curia.internal.snapshot_evidence", Codecs.UInt64, Codecs.Utf8);
}
