using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>What members sign to add or retire a node: the payload of a <see cref="MemberMessage"/>, as JSON.</summary>
/// <param name="Network">The digest of the genesis block: a request is for one network.</param>
/// <param name="Action"><c>add_node</c>, <c>retire_node</c> or <c>endorse_node</c>.</param>
/// <param name="NodeId">The node.</param>
/// <param name="Platform">Its TEE platform; for <c>add_node</c>.</param>
/// <param name="PeerAddress">Where other nodes find it; for <c>add_node</c>.</param>
/// <param name="PublishedAddresses">Where clients find it; for <c>add_node</c>.</param>
/// <param name="Role"><c>voter</c> or <c>learner</c>; for <c>add_node</c>.</param>
/// <param name="Owner">The member that owns it, who must be among those who sign; for <c>add_node</c>, and required of
/// a voter where the network's diversity rule counts operators.</param>
/// <param name="LedgerFormat">The newest format of the ledger that it reads; for <c>add_node</c>, what the network
/// writes by then where nothing is said.</param>
/// <param name="Evidence">What its platform says of it, bound to its key; for <c>add_node</c>.</param>
public sealed record NodeRequest(
    Digest Network,
    string Action,
    NodeId NodeId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Platform = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? PeerAddress = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    IReadOnlyList<string>? PublishedAddresses = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Role = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] MemberId? Owner = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? LedgerFormat = null,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] AttesterEvidence? Evidence = null)
{
    /// <summary>A node is to take part.</summary>
    public const string Add = "add_node";

    /// <summary>A node is to leave, for good.</summary>
    public const string Retire = "retire_node";

    /// <summary>The owner of a node that takes part says so: it needs no other member.</summary>
    public const string Endorse = "endorse_node";

    /// <summary>The node is to vote, once it has caught up.</summary>
    public const string Voter = "voter";

    /// <summary>The node is to receive and serve without a vote.</summary>
    public const string Learner = "learner";
}

/// <summary>The answer to a signed request.</summary>
/// <param name="Request">SHA-256 of the payload: what the other members sign too.</param>
/// <param name="State"><c>Open</c> until enough members have signed, then <c>Accepted</c>.</param>
/// <param name="Approvals">How many members have signed.</param>
/// <param name="Needed">How many must.</param>
public sealed record NodeRequestReply(Digest Request, string State, int Approvals, int Needed);

/// <summary>An open request in the ledger.</summary>
/// <param name="Payload">What the members signed, as text.</param>
/// <param name="Approvals">Who has signed, hex.</param>
public sealed record NodeRequestRecord(string Payload, IReadOnlyList<string> Approvals);

/// <summary>Adds and retires nodes when more than half of the active members have signed the same request. There is no
/// other way, and none that is not signed (DESIGN 6).</summary>
internal sealed class NodeRequests(Func<NodeView> view, LedgerClock clock)
{
    // Each member that signs has the evidence appraised once more.
    private readonly EndorsementCache endorsements = new();

    // A member's clock may be off by this much, and the others may take as long to sign as well.
    private static readonly TimeSpan AgeMax = TimeSpan.FromHours(24);

    /// <summary>Takes one member's signature under a request, and does what is asked when it is the one that
    /// decides.</summary>
    public Response Sign(Request request, Transaction transaction)
    {
        if (!MemberMessage.TryDecode(request.Body, out MemberMessage? message))
            return Refuse("InvalidInput", "The body is no COSE_Sign1 message with the headers of a member's request.");
        if (message.Type != MemberMessage.ProposalType)
            return Refuse("InvalidInput", $"The message is a {message.Type}; this takes a proposal.");
        if (FindProblem(message, transaction) is { } problem) return problem;
        if (!TryRead(message.Payload, out NodeRequest? asked))
            return Refuse("InvalidInput", "The payload is no request to add or retire a node.");
        if (asked!.Network != view().Genesis)
            return Refuse("OtherNetwork", $"The request is for the network {asked.Network}, this is {view().Genesis}.");
        if (FindProblem(asked, transaction) is { } wrong) return wrong;
        return asked.Action == NodeRequest.Endorse
            ? Endorse(message, asked, transaction)
            : Approve(message, asked, transaction);
    }

    private Response? FindProblem(MemberMessage message, Transaction transaction)
    {
        string member = message.Member.ToString();
        bool isMember = transaction.Map(GenesisMaps.MemberCertificates).TryGet(member, out string? pem)
            && Certificate.TryFromPem(pem, out Certificate? certificate) && message.IsSignedBy(certificate!)
            && IsActive(transaction, member);
        if (!isMember)
            return Response.Error(401, "InvalidAuthenticationInfo", "No active member of this network has signed it.");
        return (clock.Now - message.CreatedAt).Duration() > AgeMax
            ? Refuse("StaleRequest", $"It was signed at {message.CreatedAt:u}; sign it again.")
            : null;
    }

    private Response? FindProblem(NodeRequest asked, Transaction transaction)
    {
        bool isKnown = transaction.Map(GenesisMaps.NodeInfo).TryGet(asked.NodeId.ToString(), out NodeRecord? record);
        switch (asked.Action)
        {
            case NodeRequest.Add:
                if (asked.Platform is null || string.IsNullOrEmpty(asked.PeerAddress)
                    || asked.Role is not (NodeRequest.Voter or NodeRequest.Learner))
                {
                    return Refuse("InvalidInput", "add_node needs platform, peer_address and role.");
                }

                // The framework lets null stand in a list of texts; nobody who reads the ledger expects one.
                if (asked.PublishedAddresses?.Contains(null!) == true)
                    return Refuse("InvalidInput", "An address among published_addresses is null.");

                // What it would send to the new one has nowhere to go, and an answer could never come.
                if (transaction.Map(GenesisMaps.NodeInfo).TryGet(view().NodeId.ToString(), out NodeRecord? own)
                    && own.PeerAddress is null)
                {
                    return Response.Error(
                        409, "NodeAlone", "This node has no address where other nodes could hear it.");
                }

                return isKnown
                    ? Response.Error(409, "NodeKnown", $"Node {asked.NodeId} is {record!.Status}; ids never come back.")
                    : FindFormatProblem(asked, transaction) ?? FindKindProblem(asked, transaction)
                        ?? FindPlatformProblem(asked, transaction);
            case NodeRequest.Retire:
                if (!isKnown || record!.Status == NodeRecord.Retired)
                    return Response.Error(409, "NodeNotHere", $"Node {asked.NodeId} does not take part.");
                bool isLast = record.Status == NodeRecord.Trusted
                    && transaction.Map(GenesisMaps.NodeInfo).Range().Count(IsTrusted) == 1;
                if (isLast)
                    return Response.Error(409, "LastNode", "It is the only node that votes; add another one first.");
                return NodesAfterRetiring(asked.NodeId, transaction).FindRisk() is { } risk
                    ? Response.Error(409, "DiversityAtRisk",
                        $"The diversity rule would not be safe without it: {risk}. Add another node first.")
                    : null;
            case NodeRequest.Endorse:
                if (!isKnown || record!.Status == NodeRecord.Retired)
                    return Response.Error(409, "NodeNotHere", $"Node {asked.NodeId} does not take part.");
                return asked.Owner is null || record.Owner != asked.Owner || record.Platform != asked.Platform
                    ? Refuse("InvalidInput", "endorse_node names the node's owner and platform as the nodes map does.")
                    : null;
            default:
                return Refuse("InvalidInput", $"There is no action {asked.Action}.");
        }
    }

    // The diversity rule counts platforms and owners, so a node says what it is, and its owner says so too.
    private static Response? FindKindProblem(NodeRequest asked, Transaction transaction)
    {
        if (!NodeSetup.IsPlatform(asked.Platform!))
            return Refuse("UnknownPlatform", "This version knows snp, tdx, and for development "
                + $"{NodeSetup.VirtualPlatform} and what it plays ({NodeSetup.PlayedPrefix}NAME), which are INSECURE.");
        if (asked.Owner is { } owner && !IsActive(transaction, owner.ToString()))
            return Refuse("UnknownOwner", $"{owner} is no active member of this network.");
        bool isCounted = asked.Role == NodeRequest.Voter && RuleOf(transaction) is { Operators: > 1 };
        return isCounted && asked.Owner is null
            ? Refuse("OwnerMissing", "This network has a diversity rule, which counts owners: say whose node it is.")
            : null;
    }

    // The genesis block promises what the network runs on: nobody gets in by a platform that proves less.
    private Response? FindPlatformProblem(NodeRequest asked, Transaction transaction)
    {
        string[] accepted = PlatformsOf(transaction);
        string platform = VirtualEvidence.IsName(asked.Platform!) ? NodeSetup.VirtualPlatform : asked.Platform!;
        if (!accepted.Contains(platform))
        {
            return Refuse("PlatformNotAccepted",
                $"The genesis block of this network accepts nodes of {string.Join(" and ", accepted)}, and none of "
                + $"{asked.Platform}.");
        }

        return transaction.Map(GenesisMaps.Charter).TryGet(GenesisMaps.CharterKeyName, out _)
            ? FindEvidenceProblem(asked, GovernanceState.Of(transaction))
            : FindEvidenceProblem(asked, isProven: accepted is not [NodeSetup.VirtualPlatform]);
    }

    // Whatever its evidence is of, it must be genuine, of the platform that it names, and bound to the node's own key.
    // Which code may run is for the members: they sign the measurement with the rest.
    private Response? FindEvidenceProblem(NodeRequest asked, bool isProven)
    {
        if (asked.Evidence is not { } evidence)
        {
            // Where all is simulated evidence proves nothing; it is missed where rules look at it. Any other network
            // has it of everybody.
            return isProven
                ? Refuse("EvidenceMissing", "add_node needs evidence, as the node's identity.json has it.")
                : null;
        }

        AttestationResult result = NodeAttestation.Appraise(evidence, asked.NodeId, clock.Now, endorsements);
        if (result.Verdict != AttestationVerdict.Accepted)
            return Refuse("EvidenceRefused", $"The evidence of node {asked.NodeId} is refused: {result.Reason}.");
        string platform = NodeAttestation.PlatformOf(result.Claims!);
        return platform == asked.Platform
            ? null
            : Refuse(
                "EvidenceRefused", $"The evidence is of platform {platform}, and the request says {asked.Platform}.");
    }

    // By the charter its code must be one that members authorise, and it must have approved whom and what it joins.
    private Response? FindEvidenceProblem(NodeRequest asked, GovernanceState governance)
    {
        if (asked.Evidence is not { } evidence)
            return Refuse("EvidenceMissing", "add_node needs evidence, as the node's identity.json has it.");
        Invariant.Holds(governance.Charter is not null, "the genesis block had a charter that is none");
        FoundingRefusal? refusal = FounderCheck.FindJoiner(
            governance.Charter, asked.NodeId, asked.Platform!, evidence,
            GovernanceState.BindingOf(view().Genesis, governance.Digest), clock.Now, endorsements);
        return refusal is null
            ? null
            : Refuse("EvidenceRefused", $"The evidence of node {asked.NodeId} is refused: {refusal}. It must be of "
                + "code that the charter has, and bind the node's key, this network, and its governance "
                + $"{governance.Digest} (join.governance in its node.json).");
    }

    private static string[] PlatformsOf(Transaction transaction)
    {
        bool isFounded = transaction.Map(GenesisMaps.ServiceInfo).TryGet(GenesisMaps.ServiceKeyName, out string? info);
        Invariant.Holds(isFounded, "a service that takes requests has been founded");
        using JsonDocument service = JsonDocument.Parse(info!);
        return service.RootElement.GetProperty("platform").GetString()!.Split(',');
    }

    // What all nodes could read may stand in the ledger already.
    private static Response? FindFormatProblem(NodeRequest asked, Transaction transaction)
    {
        if (asked.LedgerFormat is < LedgerFormat.Oldest or > LedgerFormat.Max)
            return Refuse("InvalidInput", $"ledger_format is 1 to {LedgerFormat.Max}.");
        int written = NodesOf(transaction).LedgerFormat;
        return asked.LedgerFormat is { } read && read < written
            ? Response.Error(409, "FormatTooOld",
                $"The ledger is written in format {written} and the node reads up to {read}. Start it with a program "
                + "that reads the network's format; its identity.json says what it reads.")
            : null;
    }

    private static NodeTable NodesOf(Transaction transaction) =>
        NodeTable.Of(transaction.Map(GenesisMaps.NodeInfo).Range(), RuleOf(transaction));

    private static NodeTable NodesAfterRetiring(NodeId node, Transaction transaction)
    {
        NodeTable nodes = NodesOf(transaction);
        return nodes.With(node, nodes.Records[node] with { Status = NodeRecord.Retired });
    }

    private static DiversityRule? RuleOf(Transaction transaction) =>
        transaction.Map(GenesisMaps.CommitRule).TryGet(GenesisMaps.RuleKeyName, out DiversityRule? rule) ? rule : null;

    // Of a node that nobody had to ask for: the founding one, and those of a cold restart.
    private static Response Endorse(MemberMessage message, NodeRequest asked, Transaction transaction)
    {
        if (message.Member != asked.Owner)
            return Refuse("NotTheOwner", $"Node {asked.NodeId} is endorsed by its owner, {asked.Owner}.");
        MapView<string, byte[]> endorsements = transaction.Map(NodeMaps.NodeEndorsements);
        string id = asked.NodeId.ToString();
        if (!endorsements.TryGet(id, out _)) endorsements.Put(id, message.Encoded.ToArray());
        return Response.Json(new NodeRequestReply(Digest.Of(message.Payload.Span), "Accepted", 1, 1));
    }

    private static Response Approve(MemberMessage message, NodeRequest asked, Transaction transaction)
    {
        Digest digest = Digest.Of(message.Payload.Span);
        MapView<Digest, NodeRequestRecord> open = transaction.Map(NodeMaps.NodeRequests);
        string[] before = open.TryGet(digest, out NodeRequestRecord? record) ? [.. record.Approvals] : [];

        // Whoever is no member any more does not count, even if it was one when it signed.
        string[] approvals = [.. before.Append(message.Member.ToString()).Distinct()
            .Where(member => IsActive(transaction, member)).Order(StringComparer.Ordinal)];
        int members = transaction.Map(GenesisMaps.MemberInfo).Range().Count(one => IsActive(one.Value));
        int needed = members / 2 + 1;
        // Nobody is made an operator by others.
        bool isOpen = approvals.Length < needed
            || (asked.Owner is { } owner && !approvals.Contains(owner.ToString()));
        Response reply = Response.Json(
            new NodeRequestReply(digest, isOpen ? "Open" : "Accepted", approvals.Length, needed));

        // Anybody may send a signature that he has seen once more: that must not grow the ledger.
        if (isOpen && approvals.SequenceEqual(before)) return reply;
        transaction.Map(NodeMaps.NodeRequestSignatures).Put($"{digest}:{message.Member}", message.Encoded.ToArray());
        if (isOpen)
        {
            open.Put(digest, new NodeRequestRecord(
                System.Text.Encoding.UTF8.GetString(message.Payload.Span), approvals));
            return reply;
        }

        open.Remove(digest);
        Perform(asked, transaction);
        if (asked is { Action: NodeRequest.Add, Owner: { } operatedBy }
            && transaction.Map(NodeMaps.NodeRequestSignatures).TryGet($"{digest}:{operatedBy}", out byte[]? signed))
        {
            transaction.Map(NodeMaps.NodeEndorsements).Put(asked.NodeId.ToString(), signed);
        }

        return reply;
    }

    private static void Perform(NodeRequest asked, Transaction transaction)
    {
        MapView<string, NodeRecord> nodes = transaction.Map(GenesisMaps.NodeInfo);
        string id = asked.NodeId.ToString();
        if (asked.Action == NodeRequest.Add)
        {
            string status = asked.Role == NodeRequest.Voter ? NodeRecord.Pending : NodeRecord.Learner;
            nodes.Put(id, new NodeRecord(
                status, asked.Platform!, asked.PublishedAddresses ?? [], asked.PeerAddress, Owner: asked.Owner,
                LedgerFormat: asked.LedgerFormat ?? NodesOf(transaction).LedgerFormat));
            if (asked.Evidence is { } evidence) transaction.Map(GenesisMaps.NodeEvidence).Put(id, evidence);
            return;
        }

        bool isKnown = nodes.TryGet(id, out NodeRecord? record);
        Invariant.Holds(isKnown, "a node that is retired is known");
        nodes.Put(id, record! with { Status = NodeRecord.Retired });
    }

    private static bool TryRead(ReadOnlyMemory<byte> payload, out NodeRequest? request)
    {
        try
        {
            request = JsonSerializer.Deserialize<NodeRequest>(payload.Span, JsonFormat.Options);
            return request is not null;
        }
        catch (JsonException)
        {
            request = null;
            return false;
        }
    }

    private static bool IsActive(Transaction transaction, string member) =>
        transaction.Map(GenesisMaps.MemberInfo).TryGet(member, out string? info) && IsActive(info);

    private static bool IsActive(string info)
    {
        using JsonDocument document = JsonDocument.Parse(info);
        return document.RootElement.TryGetProperty("status", out JsonElement status) && status.ValueEquals("Active");
    }

    private static bool IsTrusted(KeyValuePair<string, NodeRecord> node) => node.Value.Status == NodeRecord.Trusted;

    private static Response Refuse(string code, string message) => Response.Error(400, code, message);
}
