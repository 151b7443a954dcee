using System.Collections.Generic;
using System.Text.Json.Serialization;
using Curia.Attestation;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Query of the endpoints about one transaction.</summary>
/// <param name="TransactionId">For example <c>2.15</c>.</param>
public sealed record TransactionQuery(TxId TransactionId);

/// <summary><c>GET /app/tx</c>.</summary>
/// <param name="TransactionId">What was asked for.</param>
/// <param name="Status">Committed and Invalid are final.</param>
public sealed record TransactionStatusReply(TxId TransactionId, TransactionStatus Status);

/// <summary>Query of <c>GET /app/commit</c>.</summary>
/// <param name="ViewHistory">Whether the start of each view is wanted.</param>
public sealed record CommitQuery(bool ViewHistory = false);

/// <summary><c>GET /app/commit</c>.</summary>
/// <param name="TransactionId">The last committed transaction.</param>
/// <param name="ViewHistory">The first transaction of each view, when it was asked for; left out otherwise.</param>
public sealed record CommitReply(
    TxId TransactionId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] IReadOnlyList<TxId>? ViewHistory = null);

/// <summary><c>GET /node/network</c>.</summary>
/// <param name="ServiceStatus"><c>Opening</c> or <c>Open</c>.</param>
/// <param name="ServiceCertificate">PEM; what clients pin, once they trust it for a reason of their own.</param>
/// <param name="Name">The network's name for people.</param>
/// <param name="Genesis">The digest of the genesis block: the network's name.</param>
/// <param name="Platform">The TEE platform.</param>
/// <param name="Warning">Says INSECURE where the platform is simulated; null otherwise.</param>
/// <param name="RecoveryCount">How often members have recovered the service.</param>
/// <param name="CurrentServiceCreateTxid">The transaction that made the service.</param>
/// <param name="CurrentView">The current view.</param>
/// <param name="PrimaryId">The node that orders; null while there is none.</param>
/// <param name="CommitRule">The diversity rule; left out where there is none.</param>
public sealed record NetworkReply(
    string ServiceStatus,
    string ServiceCertificate,
    string Name,
    Digest Genesis,
    string Platform,
    string? Warning,
    int RecoveryCount,
    TxId CurrentServiceCreateTxid,
    View CurrentView,
    NodeId? PrimaryId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] DiversityRule? CommitRule = null);

/// <summary><c>GET /node/governance</c>: everything that the digest is over, so that nobody need believe it.</summary>
/// <param name="Network">The digest of the genesis block: the network's name.</param>
/// <param name="Governance">The digest of the governance.</param>
/// <param name="Maps">The values of each map by their keys, base64.</param>
public sealed record GovernanceReply(
    Digest Network, Digest Governance, IReadOnlyDictionary<string, IReadOnlyDictionary<string, byte[]>> Maps);

/// <summary><c>GET /node/service/endorsements</c>: how to follow the service identity.</summary>
/// <param name="Epochs">In order; the last one is that of this process.</param>
public sealed record EndorsementsReply(IReadOnlyList<EpochReply> Epochs);

/// <summary>One epoch of the service.</summary>
/// <param name="TransactionId">Its first transaction.</param>
/// <param name="ServiceCertificate">PEM.</param>
/// <param name="Continues">The signature transaction that it goes on from; null for the first epoch.</param>
/// <param name="Root">The root that this one signs.</param>
/// <param name="Endorsement">COSE_Sign1 of the service key before, base64 (docs/ledger-format.md, "Epoch").</param>
/// <param name="PreviousCertificate">The service key before, certified by this one; PEM.</param>
public sealed record EpochReply(
    TxId TransactionId, string ServiceCertificate, TxId? Continues, Digest? Root, string? Endorsement,
    string? PreviousCertificate);

/// <summary>One node, as the ledger has it.</summary>
/// <param name="NodeId">SHA-256 of its public key.</param>
/// <param name="Status">Pending, Learner, Trusted or Retired.</param>
/// <param name="Primary">Whether it orders now.</param>
/// <param name="Platform">Its TEE platform.</param>
/// <param name="PublishedAddresses">Where clients find it.</param>
/// <param name="Owner">The member that owns it; left out where nobody said.</param>
public sealed record NodeReply(
    string NodeId, string Status, bool Primary, string Platform, IReadOnlyList<string> PublishedAddresses,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MemberId? Owner = null);

/// <summary><c>GET /node/network/nodes</c> and <c>/node/network/removable_nodes</c>.</summary>
/// <param name="Nodes">In order of their ids.</param>
public sealed record NodesReply(IReadOnlyList<NodeReply> Nodes);

/// <summary>What the platform of a node says of it: <c>GET /node/quotes/self</c>, and each of <c>/node/quotes</c>.
/// Whoever reads it appraises it; the node's word is not asked for.</summary>
/// <param name="NodeId">The node: SHA-256 of the key that the report data bind.</param>
/// <param name="Format">The kind of evidence, as CCF names it.</param>
/// <param name="Raw">The report or quote, base64.</param>
/// <param name="Endorsements">The certificates of its key, PEM in base64; left out where the report has them.</param>
/// <param name="UvmEndorsements">Who endorses the measurement, COSE_Sign1 in base64; left out where nobody
/// does.</param>
/// <param name="Measurement">The measurement that it names, hex; for people: an appraisal reads its own.</param>
/// <param name="Evidence">All of it, for <c>curia attestation verify</c>.</param>
public sealed record QuoteReply(
    string NodeId, string Format, string Raw,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Endorsements,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? UvmEndorsements,
    string Measurement, AttesterEvidence Evidence);

/// <summary><c>GET /node/quotes</c>.</summary>
/// <param name="Quotes">One for each node that takes part and whose evidence is in the ledger.</param>
public sealed record QuotesReply(IReadOnlyList<QuoteReply> Quotes);

/// <summary><c>GET /node/state</c>.</summary>
/// <param name="NodeId">This node.</param>
/// <param name="State">As CCF names it.</param>
/// <param name="StartupSeqno">Where this process began; 0 for a new service.</param>
/// <param name="LastSignedSeqno">The last committed signature transaction.</param>
/// <param name="StopNotice">Whether the node is about to stop.</param>
public sealed record StateReply(NodeId NodeId, string State, SeqNo StartupSeqno, SeqNo LastSignedSeqno,
    bool StopNotice);

/// <summary><c>GET /node/consensus</c>.</summary>
/// <param name="Details">What this node knows.</param>
public sealed record ConsensusReply(ConsensusDetails Details);

/// <summary>Consensus as one node sees it.</summary>
/// <param name="PrimaryId">The node that orders; null while there is none.</param>
/// <param name="CurrentView">The current view.</param>
/// <param name="Role">What this node is.</param>
/// <param name="Committed">The last committed transaction.</param>
/// <param name="Last">The last ordered transaction.</param>
/// <param name="BlocksInFlight">Blocks proposed and not yet committed.</param>
/// <param name="Configurations">The active configurations.</param>
public sealed record ConsensusDetails(
    NodeId? PrimaryId,
    View CurrentView,
    string Role,
    TxId Committed,
    TxId Last,
    int BlocksInFlight,
    IReadOnlyList<ConfigurationReply> Configurations);

/// <summary>An active configuration.</summary>
/// <param name="From">The seqno from which it counts.</param>
/// <param name="Nodes">The nodes that vote.</param>
/// <param name="Learners">The nodes that receive without a vote.</param>
public sealed record ConfigurationReply(SeqNo From, IReadOnlyList<NodeId> Nodes, IReadOnlyList<NodeId> Learners);

/// <summary><c>GET /node/version</c>.</summary>
/// <param name="CuriaVersion">The version of the program.</param>
/// <param name="LedgerFormat">The newest format of the ledger that this node reads.</param>
public sealed record VersionReply(string CuriaVersion, int LedgerFormat);
