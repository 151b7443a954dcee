using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Endpoints;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>The way of one transaction through the node, in order (docs/one-transaction.md, steps 5 to 8): route,
/// authenticate, execute on a snapshot; then commit to the store and join the open block.</summary>
/// <remarks><see cref="Execute"/> runs on any thread, so a slow handler never stops a tick. <c>Order</c> runs on
/// the loop, which alone decides the order.</remarks>
internal sealed class TransactionPipeline(
    KeyValueStore store,
    EndpointTable application,
    EndpointTable node,
    CallerAuthentication authentication,
    HistoricalQueries history,
    BlockSealing sealing,
    Idempotency idempotency,
    NodeLimits limits)
{
    private const string NodePrefix = "/node";
    private const string ApplicationPrefix = "/app";

    // The name of each endpoint for metrics, put together once.
    private readonly Dictionary<Endpoint, string> routes = application.Endpoints
        .Select(endpoint => (endpoint, ApplicationPrefix + endpoint.Path))
        .Concat(node.Endpoints.Select(endpoint => (endpoint, NodePrefix + endpoint.Path)))
        .ToDictionary();

    /// <summary>Transactions ordered since start, signature transactions not counted.</summary>
    public long Ordered { get; private set; }

    /// <summary>Transactions refused because what they had read was changed.</summary>
    public long Conflicts { get; private set; }

    /// <summary>Finds endpoint and caller, and runs the handler on a snapshot.</summary>
    public Execution Execute(Request request, NodeView view)
    {
        bool isNode = request.Path.StartsWith(NodePrefix + "/", StringComparison.Ordinal);
        string prefix = isNode ? NodePrefix : ApplicationPrefix;

        // An application's path is good with and without its prefix (DESIGN 7).
        string path = request.Path.StartsWith(prefix + "/", StringComparison.Ordinal)
            ? request.Path[prefix.Length..]
            : request.Path;
        EndpointMatch match = (isNode ? node : application).Match(request.Verb, path);
        if (match is not EndpointMatch.Found found)
        {
            return Answered(Execution.NoRoute, match is EndpointMatch.MethodNotAllowed wrong
                ? wrong.ToResponse()
                : EndpointMatch.NotFound.Instance.ToResponse());
        }

        Endpoint endpoint = found.Endpoint;
        string route = routes[endpoint];
        if (!view.IsOpen && !isNode)
        {
            Response notOpen = Response.Error(503, "FrontendNotOpen", "The service is not open yet; try again soon.");
            return Answered(route, notOpen.With("Retry-After", "1"));
        }

        // What it has stays as it was when it left, for ever: whoever reads it would not know.
        if (view.Role == ReplicaRole.Retired && !isNode) return Answered(route, NodeResponses.Retired);

        if (endpoint.NeedsPrimary && view.Role != ReplicaRole.Primary)
        {
            if (endpoint.Handler is EndpointHandler.ReadWrite && view.DiversityLack is { } lack)
                return Answered(route, NodeResponses.DiversityNotMet(lack));
            return endpoint.IsRedirected ? Redirect(view, route) : new Execution.Elsewhere { Route = route };
        }

        // The caller is looked up in the request's own transaction, so both see one state. What a reading one read is
        // not kept: nothing has to be validated.
        ReadOnlyTransaction transaction = endpoint.Handler is EndpointHandler.ReadWrite
            ? store.Begin(isNode ? MapAccess.Node : MapAccess.Application)
            : store.BeginReadOnly(MapAccess.Application);
        if (authentication.Identify(endpoint.Policy, request.ClientCertificate, transaction) is not { } caller)
        {
            return Answered(route, CallerAuthentication.Refusal(endpoint.Policy), transaction.ReadVersion);
        }

        return Run(endpoint, request.With(caller, found.PathValues), transaction, view, route);
    }

    /// <summary>Gives what a request wrote its place, or says why not.</summary>
    public Answer Order(Execution.Proposed proposed, View view, TxId committed)
    {
        if (proposed.Idempotent is { } asked)
            idempotency.Keep(asked, proposed.Response, store, proposed.Transaction, view);
        return Order(proposed.Transaction, view, committed);
    }

    /// <summary>Gives an executed transaction its place, or says why not.</summary>
    public Answer Order(Transaction transaction, View view, TxId committed)
    {
        if (store.Current.TxId.SeqNo.Value - committed.SeqNo.Value >= (ulong)limits.UncommittedTransactionsMax
            || !sealing.HasRoomFor(0, SizeLimits.WriteSetBytesMax))
        {
            return new Answer.Refused(
                503, "TooManyPendingTransactions", "More is ordered than the disk has taken; try again shortly.");
        }

        switch (store.Commit(transaction, view))
        {
            case CommitOutcome.Committed done:
                sealing.Join(
                    done.Id,
                    EntryType.WriteSet,
                    transaction.Claims,
                    done.Changes.Encode(Domain.Public),
                    done.Changes.Encode(Domain.Private));

                // An application cannot change which nodes take part, so its transactions are not looked through.
                if (transaction.Access == MapAccess.Node && NodeTable.IsTouchedBy(done.Changes))
                    sealing.NodesChanged(done.Id.SeqNo);

                Ordered++;
                return new Answer.Ordered(done.Id);
            case CommitOutcome.Conflict:
                Conflicts++;
                return Answer.Conflict.Instance;
            case CommitOutcome.TooLarge large:
                return new Answer.Refused(
                    413,
                    "TransactionTooLarge",
                    $"The transaction writes {large.Bytes} bytes; {large.BytesMax} is the most.");
            default:
                throw new InvariantException("a transaction that writes nothing was proposed");
        }
    }

    // A primary that has published no address is found by other nodes alone: there the request is handed over.
    private Execution Redirect(NodeView view, string route)
    {
        if (view.Primary is not { } primary) return Answered(route, NodeResponses.NoPrimary);
        bool isKnown = store.BeginReadOnly(MapAccess.Node).Map(GenesisMaps.NodeInfo)
            .TryGet(primary.ToString(), out NodeRecord? record) && record.PublishedAddresses.Count > 0;
        return new Execution.Elsewhere { Route = route, Addresses = isKnown ? record!.PublishedAddresses : null };
    }

    private Execution Run(
        Endpoint endpoint, Request request, ReadOnlyTransaction transaction, NodeView view, string route)
    {
        switch (endpoint.Handler)
        {
            case EndpointHandler.ReadOnly reading:
                Response read = reading.Run(request, transaction);
                if (!endpoint.IsLinearizable) return Answered(route, read, transaction.ReadVersion);
                TxId version = transaction.ReadVersion ?? store.Current.TxId;
                return new Execution.Unconfirmed(read, version, view.View) { Route = route };
            case EndpointHandler.ReadWrite writing:
                return RunWriting(writing, request, (Transaction)transaction, route);
            case EndpointHandler.Historical historical:
                return RunHistorical(historical, request, view, route);
            default:
                throw new InvariantException($"{endpoint} has a handler of no known kind");
        }
    }

    private Execution RunWriting(
        EndpointHandler.ReadWrite writing, Request request, Transaction transaction, string route)
    {
        if (Idempotency.Find(request, store, transaction, out IdempotentRequest? asked) is { } known)
            return Answered(route, known.Response, known.TxId ?? transaction.ReadVersion);
        Response written = writing.Run(request, transaction);

        // An error has no effect, whatever the handler had written before it (as in CCF).
        return written.IsSuccess && transaction.HasWrites
            ? new Execution.Proposed(transaction, written) { Route = route, Idempotent = asked }
            : Answered(route, written, transaction.ReadVersion);
    }

    private Execution.Answered RunHistorical(
        EndpointHandler.Historical handler, Request request, NodeView view, string route)
    {
        SeqNo missing = default;
        switch (handler.Locate(request))
        {
            case HistoricalPosition.Refused refused:
                return Answered(route, refused.Response);
            case HistoricalPosition.At at when at.SeqNo > store.Current.TxId.SeqNo || at.SeqNo == SeqNo.Zero:
                return Answered(
                    route,
                    Response.Error(404, "TransactionPendingOrUnknown", $"No transaction {at.SeqNo} is known here."));

            // Nothing uncommitted is told: it may yet become another transaction.
            case HistoricalPosition.At at when at.SeqNo > view.Committed.SeqNo:
                return Answered(route, Response.Accepted(retryAfterSeconds: 1));
            case HistoricalPosition.At at
                when history.TryFind(at.SeqNo, view, out HistoricalTransaction? transaction, out missing):
                return Answered(route, handler.Run(request, transaction!), transaction!.TxId);
            case HistoricalPosition.At at when history.IsUnreadable(at.SeqNo):
                Response unreadable = Response.Error(
                    503, "HistoryUnavailable", $"The block of {at.SeqNo} cannot be read; the node's log says why.");
                return Answered(route, unreadable.With("Retry-After", "1"));
            case HistoricalPosition.At:
                Input load = new Input.LoadHistory(missing);
                return Answered(route, Response.Accepted(retryAfterSeconds: 1)) with { FollowUp = load };
            default:
                throw new InvariantException("a position of no known kind");
        }
    }

    private Execution.Answered Answered(string route, Response response, TxId? txId = null) =>
        new(response, txId ?? store.Current.TxId) { Route = route };
}
