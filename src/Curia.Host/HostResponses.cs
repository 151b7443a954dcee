using System;
using System.Collections.Generic;
using System.Globalization;
using Curia.Endpoints;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>The answers that the shell gives itself, in the OData shape of all errors.</summary>
internal static class HostResponses
{
    /// <summary>503: more sessions than the listener admits.</summary>
    public static readonly Response TooManySessions = Retry(Response.Error(503, "SessionCapExhausted",
        "The listener has as many open sessions as it admits. Close some, or try again later."));

    /// <summary>503: more requests in flight than the node admits.</summary>
    public static readonly Response TooManyInFlight = Retry(Response.Error(503, "TooManyRequests",
        "The node has as many requests in flight as it admits. Try again later."));

    /// <summary>503: too many inputs wait for the loop.</summary>
    public static readonly Response QueueFull = Retry(Response.Error(503, "TooManyRequests",
        "The node has more to do than it can do soon. Nothing was written. Try again later."));

    /// <summary>503: the node stops, or its loop stood still: what waits in its queue may still be ordered.</summary>
    public static readonly Response NoAnswer = Response.Error(503, "OutcomeUnknown",
        "The node did not order the request in time and may still do so. Look at the state before you send it again, "
        + "or send it with an Idempotency-Key.");

    /// <summary>503: lost too many races.</summary>
    public static readonly Response AttemptsExceeded = Retry(Response.Error(503, "TransactionCommitAttemptsExceedLimit",
        "The transaction met a conflicting one at each attempt. Nothing was written. Try again later."));

    /// <summary>503: the transaction was ordered, and did not last.</summary>
    public static readonly Response Invalidated = Response.Error(503, "TransactionInvalid",
        "The transaction was invalidated before it committed. Nothing was written. Send it again.");

    /// <summary>504: the client's time was up before commit.</summary>
    public static Response CommitTimeout(TxId txId) => Response.Error(504, "CommitTimeout",
        $"Transaction {txId} is not committed yet. Follow its status with GET /app/tx?transaction_id={txId}.");

    /// <summary>503: the node ends before the transaction is final.</summary>
    public static Response OutcomeUnknown(TxId txId) => Response.Error(503, "OutcomeUnknown",
        $"The node stops before transaction {txId} is final. Ask for its status before you send it again.");

    /// <summary>503: an election is under way, or the primary cannot be reached. Nothing was written.</summary>
    public static readonly Response NoPrimary = Curia.Node.NodeResponses.NoPrimary;

    /// <summary>503: the connection to the primary broke after the request was sent, and nobody knows whether it was
    /// executed.</summary>
    public static readonly Response ForwardingBroke = Response.Error(503, "OutcomeUnknown",
        "The connection to the primary broke while it had the request. Look at the state before you send it again, "
        + "or send it with an Idempotency-Key.");

    /// <summary>503: what the client has seen on this connection is not here yet.</summary>
    public static readonly Response Behind = Retry(Response.Error(503, "StateBehind",
        "This node has not caught up with what this connection has seen. Try again soon, or another node."));

    /// <summary>503: what the client has seen on this connection does not exist any more.</summary>
    public static readonly Response SessionInvalid = Response.Error(503, "SessionConsistencyLost",
        "A transaction that this connection has seen became invalid. The connection is closed; begin again with a new "
        + "one.");

    /// <summary>404: the path is not served on this listener.</summary>
    public static readonly Response NotServedHere = Response.NotFound("This listener does not serve this path.");

    /// <summary>500: the reason is in the node's log only.</summary>
    public static readonly Response InternalError =
        Response.Error(500, "InternalError", "The node failed to answer this request.");

    /// <summary>307: the primary answers this. The client keeps method and body (RFC 9110 section 15.4.8).</summary>
    /// <param name="addresses">Where clients find the primary, <c>host:port</c>.</param>
    /// <param name="listener">The place among them of the listener that the client came to: nodes of a network are
    /// expected to list theirs in the same order. Where there is no such place, the first.</param>
    /// <param name="target">The request target as it came.</param>
    /// <returns>Null when the address that the ledger has is none.</returns>
    public static Response? Redirect(IReadOnlyList<string> addresses, int listener, string target)
    {
        // The absolute form (RFC 9112 section 3.2.2) names this node.
        if (!target.StartsWith('/') && Uri.TryCreate(target, UriKind.Absolute, out Uri? absolute))
            target = absolute.PathAndQuery;
        string address = addresses[listener < addresses.Count ? listener : 0];
        return Uri.TryCreate($"https://{address}{target}", UriKind.Absolute, out Uri? location)
            ? Response.Empty(307).With("Location", location.AbsoluteUri)
            : null;
    }

    /// <summary>What the server found wrong with a request, in our shape.</summary>
    public static Response BadRequest(int status, LimitsConfiguration limits) => status switch
    {
        413 => Response.Error(413, "RequestBodyTooLarge", string.Create(CultureInfo.InvariantCulture,
            $"The body has more than {limits.BodyBytes} bytes.")),
        431 => Response.Error(431, "RequestHeaderTooLarge", string.Create(CultureInfo.InvariantCulture,
            $"The header has more than {limits.HeaderBytes} bytes or {limits.HeaderCount} fields.")),
        503 => TooManyInFlight,
        408 => Response.Error(408, "RequestTimeout", "The request did not arrive in time."),
        _ => Response.Error(400, "InvalidRequest", "The request is not valid HTTP."),
    };

    /// <summary>What the node refused to order.</summary>
    public static Response Refused(Curia.Node.Answer.Refused refused)
    {
        Response response = Response.Error(refused.Status, refused.Code, refused.Message);
        return refused.Status == 503 ? Retry(response) : response;
    }

    private static Response Retry(Response response) => response.With("Retry-After", "1");
}
