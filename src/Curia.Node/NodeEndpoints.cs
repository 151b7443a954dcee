using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Consensus;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>What the node itself answers, under <c>/node</c> and beside the application under <c>/app</c>. Names and
/// shapes are CCF's (DESIGN 7), so that its clients move over.</summary>
internal sealed class NodeEndpoints(
    NodeSetup setup, Func<NodeView> view, KeyValueStore store, ServiceEpochs epochs, NodeRequests requests)
{
    // RFC 9052 section 11.3.1.
    private const string CoseContentType = "application/cose";

    /// <summary>The application's table, with what every frontend answers.</summary>
    public EndpointTable WithApplication()
    {
        EndpointTableBuilder builder = new(setup.Application.Title, setup.Application.Version);
        builder.Add(setup.Application);
        return WithApi(AddTransactions(builder), "/app");
    }

    /// <summary>The table of <c>/node</c>.</summary>
    public EndpointTable Node()
    {
        EndpointTableBuilder builder = AddTransactions(new("Curia node", setup.ProgramVersion));
        AuthenticationPolicy open = AuthenticationPolicy.None;
        builder.MapGet("/network", open, Network).WithSummary("The service: identity, name, status.");
        builder.MapGet("/network/nodes", open, Nodes).WithSummary("All nodes of the network.");
        builder.MapGet("/network/nodes/{id}", open, OneNode).WithSummary("One node, by id, or self, or primary.");
        builder.MapGet("/network/removable_nodes", open, _ => Removable())
            .WithSummary("Nodes whose retirement is over: their processes may end.");
        builder.MapGet("/quotes/self", open, (Request _, ReadOnlyTransaction _) => SelfQuote())
            .WithSummary("What the platform says of this node.");
        builder.MapGet("/quotes", open, Quotes)
            .WithSummary("What the platforms of the nodes that take part say of them.");
        builder.MapGet("/primary", open, (_, transaction) => OneNode("primary", transaction))
            .WithSummary("The node that orders.");
        builder.MapPost("/network/nodes", open, requests.Sign)
            .WithSummary("A member's signature under a request to add or retire a node; more than half decide.")
            .WithResult(200, Response.JsonContentType);
        builder.MapGet("/service/endorsements", open, _ => Endorsements())
            .WithSummary("The epochs of the service: each identity, and how it is endorsed by the one before.");
        builder.MapGet("/establishment", open, Establishment)
            .WithSummary("How the founders established the network: who they are, and what they have agreed on.")
            .WithResult(200, Response.JsonContentType);
        builder.MapGet("/charter", open, FoundingCharter)
            .WithSummary("The charter by which the founders established the network, in its readable form.")
            .WithResult(200, Response.JsonContentType);
        builder.MapGet("/governance", open, Governance)
            .WithSummary("By whom and by which rules the network is governed: what the owner of a new node approves.");
        builder.MapGet("/state", open, _ => State()).WithSummary("This node's own state.");
        builder.MapGet("/consensus", open, _ => new ConsensusReply(Consensus()))
            .WithSummary("Consensus as this node sees it.");
        builder.MapGet("/version", open, _ => new VersionReply(setup.ProgramVersion, setup.LedgerFormat))
            .WithSummary("The version of the program.");
        builder.MapGet("/ready/app", open, _ => Ready())
            .WithSummary("204 while requests of the application are taken.")
            .WithResult(204, contentType: null);
        return WithApi(builder, "/node");
    }

    private EndpointTableBuilder AddTransactions(EndpointTableBuilder builder)
    {
        AuthenticationPolicy open = AuthenticationPolicy.None;
        builder.MapGet("/tx", open, (TransactionQuery asked, ReadOnlyTransaction _) => Status(asked.TransactionId))
            .WithSummary("The status of a transaction. Committed and Invalid never change again.");
        builder.MapGet("/commit", open, (CommitQuery asked, ReadOnlyTransaction _) => Commit(asked.ViewHistory))
            .WithSummary("The last committed transaction, and where each view begins.");
        builder.MapHistorical(
                "/receipt",
                open,
                (TransactionQuery asked) => asked.TransactionId.SeqNo,
                (asked, found) => Receipt(asked.TransactionId, found, () => Json(found.ReceiptJson)))
            .WithSummary("The JSON receipt of a committed transaction; 202 until it is loaded from the ledger.")
            .WithResult(200, Response.JsonContentType);
        builder.MapHistorical(
                "/receipt/cose",
                open,
                (TransactionQuery asked) => asked.TransactionId.SeqNo,
                (asked, found) =>
                    Receipt(asked.TransactionId, found, () => Response.Bytes(found.ReceiptCose, CoseContentType)))
            .WithSummary("The COSE receipt of a committed transaction; 202 until it is loaded from the ledger.")
            .WithResult(200, CoseContentType);
        return builder;
    }

    private static EndpointTable WithApi(EndpointTableBuilder builder, string prefix)
    {
        string? document = null;
        builder.MapGet("/api", AuthenticationPolicy.None, _ => Json(document!)).WithSummary("This document: OpenAPI.")
            .WithResult(200, Response.JsonContentType);
        EndpointTable table = builder.Build();
        document = table.ToOpenApi(table.Title, table.Version, prefix);
        return table;
    }

    // A reader may hold a TxID that the loop has just ordered and not yet published: the state knows it already.
    private TransactionStatusReply Status(TxId txId)
    {
        NodeView now = view();
        return new TransactionStatusReply(
            txId, TransactionStatuses.Of(txId, now.Committed, store.Current.TxId, now.Views));
    }

    private CommitReply Commit(bool withViews)
    {
        NodeView now = view();
        return withViews
            ? new CommitReply(now.Committed, [.. now.Views.Starts.Where(start => start <= now.Committed)])
            : new CommitReply(now.Committed);
    }

    // A receipt is for a whole TxID: the position alone could hold a transaction of another view.
    private static Response Receipt(TxId asked, HistoricalTransaction found, Func<Response> receipt) =>
        asked == found.TxId
            ? receipt()
            : Response.Error(404, "TransactionInvalid", $"{asked} is invalid: its position holds {found.TxId}.");

    private static Response Json(string text) => Response.Bytes(Encoding.UTF8.GetBytes(text), Response.JsonContentType);

    private NetworkReply Network(ReadOnlyTransaction transaction)
    {
        NodeView now = view();
        transaction.Map(GenesisMaps.CommitRule).TryGet(GenesisMaps.RuleKeyName, out DiversityRule? rule);
        return new NetworkReply(
            now.IsOpen ? "Open" : "Opening",
            Certificate.TryFromDer(now.ServiceCertificate.Span, out Certificate? service) ? service!.ToPem() : "",
            setup.Genesis.Name,
            now.Genesis,
            setup.Platform,
            setup.Platform == NodeSetup.VirtualPlatform ? GenesisWrites.InsecureWarning : null,
            RecoveryCount: epochs.InOrder.Count - 1,
            now.ServiceCreated,
            now.View,
            Primary(now),
            rule);
    }

    private Response Establishment(Request request, ReadOnlyTransaction transaction) =>
        EstablishmentReply.Of(transaction, view()) is { } reply ? Response.Json(reply) : NoCharter();

    private static Response FoundingCharter(Request request, ReadOnlyTransaction transaction) =>
        transaction.Map(GenesisMaps.Charter).TryGet(GenesisMaps.CharterKeyName, out byte[]? encoded)
        && Charter.TryDecode(encoded, out Charter? charter, out _)
            ? Json(charter.ToJson().ToJsonString(JsonFormat.Options))
            : NoCharter();

    private GovernanceReply Governance(ReadOnlyTransaction transaction)
    {
        GovernanceState governance = GovernanceState.Of(transaction);
        return new GovernanceReply(view().Genesis, governance.Digest, GovernanceState.MapNames.ToDictionary(
            map => map,
            IReadOnlyDictionary<string, byte[]> (map) =>
                governance.In(map).ToDictionary(one => one.Key, one => one.Value.ToArray())));
    }

    private static Response NoCharter() => Response.NotFound(
        "This network was begun by one node: it has no charter, and nobody else took part in its establishment.");

    private EndorsementsReply Endorsements() => new([.. epochs.InOrder.Select(epoch => new EpochReply(
        epoch.First,
        epoch.Certificate.ToPem(),
        epoch.Opened?.Continues,
        epoch.Opened?.Root,
        epoch.Opened is { } opened ? Convert.ToBase64String(opened.Endorsement.Bytes.Span) : null,
        epoch.Opened?.PreviousCertificate.ToPem()))]);

    private NodesReply Nodes(ReadOnlyTransaction transaction) =>
        new([.. transaction.Map(GenesisMaps.NodeInfo).Range().Select(node => Describe(node.Key, node.Value))]);

    // From the committed state: the second transaction of a retirement could be lost with an election, and until it has
    // committed the others may still need the node (docs/consensus.md, "Leaving").
    private NodesReply Removable() => new([.. KeyValueStore.ReadAt(store.Committed, MapAccess.Node)
        .Map(GenesisMaps.NodeInfo).Range()
        .Where(node => node.Value.Status == NodeRecord.Retired && !node.Value.IsLearner)
        .Select(node => Describe(node.Key, node.Value))]);

    private Response OneNode(Request request, ReadOnlyTransaction transaction)
    {
        request.TryGetPathValue("id", out string? id);
        return OneNode(id!, transaction);
    }

    private Response OneNode(string asked, ReadOnlyTransaction transaction)
    {
        NodeView now = view();
        NodeId? known = asked switch
        {
            "self" => now.NodeId,
            "primary" => now.Primary,
            _ => Digest.TryParseHex(asked, out Digest digest) ? new NodeId(digest) : null,
        };
        if (asked == "primary" && known is null) return NodeResponses.NoPrimary;
        return known is { } id && NodeAt(id.ToString(), transaction) is { } node
            ? Response.Json(node)
            : Response.NotFound($"There is no node {asked}.");
    }

    private Response SelfQuote() => (setup.CurrentEvidence?.Invoke() ?? setup.Evidence) is { } evidence
        ? Response.Json(NodeQuote.Of(view().NodeId.ToString(), evidence))
        : Response.NotFound("This node has no evidence.");

    private QuotesReply Quotes(ReadOnlyTransaction transaction)
    {
        ReadOnlyMapView<string, NodeRecord> nodes = transaction.Map(GenesisMaps.NodeInfo);
        return new QuotesReply([.. transaction.Map(GenesisMaps.NodeEvidence).Range()
            .Where(one => nodes.TryGet(one.Key, out NodeRecord? record) && record.Status != NodeRecord.Retired)
            .Select(one => NodeQuote.Of(one.Key, one.Value))]);
    }

    private NodeReply? NodeAt(string id, ReadOnlyTransaction transaction) =>
        transaction.Map(GenesisMaps.NodeInfo).TryGet(id, out NodeRecord? record) ? Describe(id, record) : null;

    private NodeReply Describe(string id, NodeRecord record) =>
        new(id, record.Status, id == Primary(view())?.ToString(), record.Platform, record.PublishedAddresses,
            record.Owner);

    private StateReply State()
    {
        NodeView now = view();
        return new StateReply(
            now.NodeId,
            now.IsOpen ? "partOfNetwork" : "initialized",
            StartupSeqNo(now),
            now.Committed.SeqNo,
            now.IsDraining);
    }

    // As in CCF: 0 for a process that began the ledger.
    private static SeqNo StartupSeqNo(NodeView now) =>
        now.ServiceCreated == GenesisWrites.TxId ? SeqNo.Zero : new SeqNo(now.ServiceCreated.SeqNo.Value - 1);

    private ConsensusDetails Consensus()
    {
        NodeView now = view();
        return new ConsensusDetails(
            Primary(now),
            now.View,
            now.Role.ToString(),
            now.Committed,
            now.Last,
            now.Counters.BlocksInFlight,
            [.. now.Configurations.Select(
                active => new ConfigurationReply(active.From, [.. active.Voters], [.. active.Learners]))]);
    }

    private Response Ready()
    {
        NodeView now = view();
        if (now.Role == ReplicaRole.Retired) return NodeResponses.Retired;
        return now is { IsOpen: true, IsDraining: false }
            ? Response.NoContent()
            : Response.Error(503, "FrontendNotOpen", "This node takes no requests of the application now.");
    }

    private static NodeId? Primary(NodeView now) => now.Primary;
}
