using Curia.Attestation;
using Curia.Endpoints;
using Curia.KeyValue;

namespace Curia.Governance;

/// <summary>The maps that a genesis block begins. Names and value shapes are those that tools of CCF know (anchors:
/// section 5.3 of the CCF facts); ours beside them are <c>public:curia.*</c>.</summary>
public static class GenesisMaps
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

    /// <summary>The one key <c>charter</c> → the charter by which the founders have founded the network
    /// (docs/charter.md).</summary>
    public static readonly Map<string, byte[]> Charter = new("public:curia.gov.charter", Codecs.Utf8, Codecs.Bytes);

    /// <summary>The name of a founding slot → the id of its node, hex.</summary>
    public static readonly Map<string, string> Slots = new("public:curia.gov.slots", Codecs.Utf8, Codecs.Utf8);

    /// <summary>The id of a founder, hex → its owner's endorsement, on which it was founded (docs/establishment.md).
    /// Those for receipts are in a map of their own.</summary>
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

    /// <summary>The key of <see cref="CommitRule"/>.</summary>
    public const string RuleKeyName = "rule";

    /// <summary>The key of <see cref="Charter"/>.</summary>
    public const string CharterKeyName = "charter";

    /// <summary>The key of <see cref="ServiceInfo"/>.</summary>
    public const string ServiceKeyName = "service";
}
