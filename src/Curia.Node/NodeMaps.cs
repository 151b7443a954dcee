using Curia.Attestation;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>The maps that the node itself writes. Names and value shapes are those that tools of CCF know
/// (anchors: section 5.3 of the CCF facts); ours beside them are <c>public:curia.*</c>.</summary>
public static class NodeMaps
{
    /// <summary>User id, hex → certificate, PEM.</summary>
    public static readonly Map<string, string> UserCertificates =
        new("public:ccf.gov.users.certs", Codecs.Utf8, Codecs.Utf8);

    /// <summary>Member id, hex → certificate, PEM.</summary>
    public static readonly Map<string, string> MemberCertificates =
        new("public:ccf.gov.members.certs", Codecs.Utf8, Codecs.Utf8);

    /// <summary>Member id, hex → public encryption key, PEM.</summary>
    public static readonly Map<string, string> MemberEncryptionKeys =
        new("public:ccf.gov.members.encryption_public_keys", Codecs.Utf8, Codecs.Utf8);

    /// <summary>Member id, hex → JSON <c>{"status":"Active"}</c>.</summary>
    public static readonly Map<string, string> MemberInfo =
        new("public:ccf.gov.members.info", Codecs.Utf8, Codecs.Utf8);

    /// <summary>Node id, hex → JSON: status, platform, addresses.</summary>
    public static readonly Map<string, NodeRecord> NodeInfo =
        new("public:ccf.gov.nodes.info", Codecs.Utf8, Codecs.Json<NodeRecord>(JsonFormat.Options));

    /// <summary>Node id, hex → certificate endorsed by the service, PEM.</summary>
    public static readonly Map<string, string> NodeCertificates =
        new("public:ccf.gov.nodes.endorsed_certificates", Codecs.Utf8, Codecs.Utf8);

    /// <summary>Node id, hex → JSON: what its platform says of it (docs/attestation.md, "Evidence of nodes").</summary>
    public static readonly Map<string, AttesterEvidence> NodeEvidence = new(
        "public:curia.gov.nodes.evidence", Codecs.Utf8, Codecs.Json<AttesterEvidence>(JsonFormat.Options));

    /// <summary>The one key <c>rule</c> → the diversity rule, where there is one.</summary>
    public static readonly Map<string, DiversityRule> CommitRule = new(
        "public:curia.gov.commit_rule", Codecs.Utf8, Codecs.Json<DiversityRule>(JsonFormat.Options));

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

    /// <summary>The one key <c>charter</c> → the charter by which the founders have founded the network
    /// (docs/charter.md).</summary>
    public static readonly Map<string, byte[]> Charter = new("public:curia.gov.charter", Codecs.Utf8, Codecs.Bytes);

    /// <summary>The name of a founding slot → the id of its node, hex.</summary>
    public static readonly Map<string, string> Slots = new("public:curia.gov.slots", Codecs.Utf8, Codecs.Utf8);

    /// <summary>The id of a founder, hex → its owner's endorsement, on which it was founded (docs/establishment.md).
    /// Those for receipts are <see cref="NodeEndorsements"/>.</summary>
    public static readonly Map<string, byte[]> FoundingEndorsements =
        new("public:curia.gov.founding_endorsements", Codecs.Utf8, Codecs.Bytes);

    /// <summary>The id of a founder, hex → the founding statement that it has signed
    /// (docs/establishment.md).</summary>
    public static readonly Map<string, byte[]> FoundingStatements =
        new("public:curia.gov.founding_statements", Codecs.Utf8, Codecs.Bytes);

    /// <summary>The one key <c>service</c> → JSON: status, certificate, network name, INSECURE where it
    /// applies.</summary>
    public static readonly Map<string, string> ServiceInfo =
        new("public:ccf.gov.service.info", Codecs.Utf8, Codecs.Utf8);

    /// <summary>First seqno of a period → its ledger secret, wrapped by the secret of the period after it
    /// (docs/ledger-format.md, "Keys").</summary>
    public static readonly Map<ulong, byte[]> WrappedLedgerSecrets =
        new("public:curia.internal.wrapped_ledger_secrets", Codecs.UInt64, Codecs.Bytes);

    /// <summary>Seqno of a snapshot → JSON <c>{"txid","state_digest","snapshot_digest"}</c>.</summary>
    public static readonly Map<ulong, string> SnapshotEvidence =
        new("public:curia.internal.snapshot_evidence", Codecs.UInt64, Codecs.Utf8);

    /// <summary>The key of <see cref="CommitRule"/>.</summary>
    public const string RuleKeyName = "rule";

    /// <summary>The key of <see cref="Charter"/>.</summary>
    public const string CharterKeyName = "charter";

    /// <summary>The key of <see cref="ServiceInfo"/>.</summary>
    public const string ServiceKeyName = "service";
}
