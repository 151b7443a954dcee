using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Curia.Endpoints;
using Curia.Host.Peers;
using Curia.Node;
using Curia.Vocabulary;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Curia.Host;

/// <summary>One request from the socket to the node and back (docs/one-transaction.md, steps 1 and 11).</summary>
internal sealed class RequestHandling
{
    // Without a preference a request waits for its place in the ledger only, which takes microseconds; a node that
    // cannot give it one within this time is stuck.
    private static readonly TimeSpan OrderingTime = TimeSpan.FromSeconds(10);

    // A backup is behind by a round trip and a write to disk; one that is behind by more serves nobody well.
    private static readonly TimeSpan CatchUpTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan CatchUpInterval = TimeSpan.FromMilliseconds(1);


    private readonly CuriaNode node;
    private readonly NodeLoop loop;
    private readonly LimitsConfiguration limits;
    private readonly int executionsMax;
    private readonly HostMetrics metrics;
    private readonly SessionMetrics sessionMetrics;
    private readonly HostLog log;
    private readonly BodyMemory bodies = new();
    private readonly Forwarder? forwarder;
    private long inFlight;

    /// <summary>Takes what requests are handed to.</summary>
    public RequestHandling(
        CuriaNode node, NodeLoop loop, NodeLimits nodeLimits, LimitsConfiguration limits, HostMetrics metrics,
        SessionMetrics sessionMetrics, HostLog log, Forwarder? forwarder)
    {
        this.forwarder = forwarder;
        this.node = node;
        this.loop = loop;
        this.limits = limits;
        executionsMax = nodeLimits.ExecutionsMax;
        this.metrics = metrics;
        this.sessionMetrics = sessionMetrics;
        this.log = log;
        metrics.ObserveInFlight(() => Interlocked.Read(ref inFlight));
    }

    /// <summary>Answers one request, whatever happens.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        long start = Stopwatch.GetTimestamp();
        ListenerSession session = context.Features.Get<ListenerSession>()!;
        Outgoing outgoing = default;
        bool isInFlight = false;
        try
        {
            if (session.IsExcess)
            {
                ReplyWriting.AskToClose(context);
                outgoing = new Outgoing(HostResponses.TooManySessions);
                await SendAsync(context, outgoing);
                return;
            }

            // A body comes as slowly as its sender likes: only who has sent all of it takes one of the places that all
            // clients share. Until then it is bounded by its deadline and by the memory of all bodies.
            ReadOnlyMemory<byte> body = await RequestBody.ReadAsync(context.Request, limits.BodyBytes, bodies,
                TimeSpan.FromSeconds(limits.RequestSeconds));
            isInFlight = true;
            outgoing = Interlocked.Increment(ref inFlight) > limits.InFlight
                ? new Outgoing(HostResponses.TooManyInFlight)
                : await AnswerAsync(context, session, body);
            if (forwarder is not null && outgoing.TxId is { } seen) session.See(seen);
            await SendAsync(context, outgoing);
        }
        catch (Exception e) when (HasGone(context, e))
        {
            // Nobody is left to be told.
        }
#pragma warning disable CA1031 // The last line of defence: the client gets 500 and learns nothing of the reason.
        catch (Exception e)
#pragma warning restore CA1031
        {
            outgoing = new Outgoing(Failed(context, session, e));
            if (!context.Response.HasStarted) await SendAsync(context, outgoing);
            else context.Abort();
        }
        finally
        {
            if (isInFlight) Interlocked.Decrement(ref inFlight);
            metrics.Answered(context.Request.Method, outgoing, Stopwatch.GetElapsedTime(start));
        }
    }

    private ValueTask<Outgoing> AnswerAsync(
        HttpContext context, ListenerSession session, ReadOnlyMemory<byte> body)
    {
        IHttpRequestFeature message = context.Features.GetRequiredFeature<IHttpRequestFeature>();
        IHeaderDictionary headers = message.Headers;
        if (!Request.TryCreate(message.Method, message.RawTarget, name => HeaderOrNull(headers, name), body,
                session.ClientCertificate(context.Features), out Request? request, out Response? refusal))
        {
            return new(new Outgoing(refusal));
        }

        if (!session.Listener.Serves(request.Path)) return new(new Outgoing(HostResponses.NotServedHere));
        if (request is { Verb: HttpVerb.Get or HttpVerb.Head, Path: "/node/metrics" })
            return new(new Outgoing(sessionMetrics.Respond(), "/node/metrics"));
        TimeSpan? patience = PreferredWait.Parse(headers["Prefer"]);
        return forwarder is null
            ? ExecuteAsync(request, patience, context)
            : ExecuteInSessionAsync(request, patience, context, session);
    }

    /// <summary>Executes a request that another node has forwarded, and is the last to do so.</summary>
    /// <param name="bytes">The request as <see cref="Forwarding"/> has it.</param>
    /// <param name="gone">The other node has gone.</param>
    /// <returns>The answer as <see cref="Forwarding"/> has it.</returns>
    public async Task<ReadOnlyMemory<byte>> ExecuteForwardedAsync(ReadOnlyMemory<byte> bytes, CancellationToken gone)
    {
        if (!Forwarding.TryDecode(bytes, out Forwarding.ForwardedRequest? forwarded))
            return Forwarding.Encode(new Outgoing(HostResponses.BadRequest(400, limits)));

        // The other node may not know yet that an election took away what its client has seen.
        if (await FindSessionProblemAsync(forwarded.Seen, gone) is { } problem)
            return Forwarding.Encode(new Outgoing(problem));
        Outgoing outgoing = Request.TryCreate(
            forwarded.Method, forwarded.Target, name => forwarded.Headers.GetValueOrDefault(name), forwarded.Body,
            forwarded.Certificate, out Request? request, out Response? refusal)
            ? await ExecuteAsync(request, forwarded.Patience, source: null)
            : new Outgoing(refusal);
        return Forwarding.Encode(outgoing with { TxId = outgoing.TxId ?? node.View.Last });
    }

    // A client that has seen a transaction on this connection never sees a state without it (docs/http.md, "Several
    // nodes"). What was executed is told only when the node still had it afterwards: that it has not is published
    // before it is so. What was written is told in any case.
    private async ValueTask<Outgoing> ExecuteInSessionAsync(
        Request request, TimeSpan? patience, HttpContext context, ListenerSession session)
    {
        TxId seen = session.LastSeen;
        bool isRead = request.Verb is HttpVerb.Get or HttpVerb.Head;
        while (true)
        {
            Response? problem = await FindSessionProblemAsync(seen, context.RequestAborted);
            Outgoing outgoing =
                problem is not null ? new Outgoing(problem) : await ExecuteAsync(request, patience, context);
            if (outgoing.Is(HostResponses.SessionInvalid)) ReplyWriting.AskToClose(context);
            else if (problem is null && isRead && node.View.StandingOf(seen) != SessionStanding.Included) continue;
            return outgoing;
        }
    }

    // A backup may have to wait for what it forwarded a moment ago, and a new primary until it is known whether an
    // election took that away.
    private async ValueTask<Response?> FindSessionProblemAsync(TxId seen, CancellationToken gone)
    {
        long began = Environment.TickCount64;
        SessionStanding standing;
        while ((standing = node.View.StandingOf(seen)) == SessionStanding.Behind)
        {
            if (Environment.TickCount64 - began > CatchUpTime.TotalMilliseconds) return HostResponses.Behind;
            await Task.Delay(CatchUpInterval, gone);
        }

        return standing == SessionStanding.Included ? null : HostResponses.SessionInvalid;
    }

    /// <param name="request">The request.</param>
    /// <param name="patience">How long to wait for commit; null: not at all.</param>
    /// <param name="source">Where it came in; null when another node has forwarded it.</param>
    private async ValueTask<Outgoing> ExecuteAsync(Request request, TimeSpan? patience, HttpContext? source)
    {
        for (int attempt = 1; ; attempt++)
        {
            Execution execution = node.Execute(request);
            if (execution is Execution.Answered answered) return await FinishAsync(answered, patience);
            if (execution is Execution.Elsewhere elsewhere)
                return await LeaveAsync(request, patience, source, elsewhere);
            if (execution is Execution.Unconfirmed read) return await ConfirmAsync(request, patience, source, read);

            Execution.Proposed proposed = (Execution.Proposed)execution;
            PendingReply? pending = loop.TrySubmit(proposed, patience is not null, patience ?? OrderingTime);
            if (pending is null) return new Outgoing(HostResponses.QueueFull, proposed.Route);
            Answer? reply = await pending.Answered;
            if (reply is Answer.NotPrimary) return await LeaveAsync(request, patience, source);
            if (reply is not Answer.Conflict) return Decided(proposed.Route, proposed.Response, pending, reply);

            if (attempt == executionsMax) return new Outgoing(HostResponses.AttemptsExceeded, proposed.Route);
        }
    }

    private async ValueTask<Outgoing> ConfirmAsync(
        Request request, TimeSpan? patience, HttpContext? source, Execution.Unconfirmed read)
    {
        PendingReply? pending = loop.TryConfirm(read, patience ?? OrderingTime);
        if (pending is null) return new Outgoing(HostResponses.QueueFull, read.Route);
        Answer? reply = await pending.Answered;
        return reply switch
        {
            Answer.Finished { Status: TransactionStatus.Committed } =>
                new Outgoing(read.Response, read.Route, read.TxId, WaitedForCommit: patience is not null),
            Answer.Refused refused => new Outgoing(HostResponses.Refused(refused), read.Route),
            Answer.NotPrimary => await LeaveAsync(request, patience, source),
            _ => new Outgoing(NodeResponses.ReadNotConfirmed, read.Route),
        };
    }

    // This node was the primary when it executed the request, and is not any more.
    private ValueTask<Outgoing> LeaveAsync(Request request, TimeSpan? patience, HttpContext? source)
    {
        Execution now = node.Execute(request);
        return now is Execution.Elsewhere elsewhere
            ? LeaveAsync(request, patience, source, elsewhere)
            : new(new Outgoing(HostResponses.NoPrimary, now.Route));
    }

    private ValueTask<Outgoing> LeaveAsync(
        Request request, TimeSpan? patience, HttpContext? source, Execution.Elsewhere elsewhere)
    {
        string route = elsewhere.Route;
        if (source is null || forwarder is null) return new(new Outgoing(HostResponses.NoPrimary, route));
        IHttpRequestFeature message = source.Features.GetRequiredFeature<IHttpRequestFeature>();
        ListenerSession session = source.Features.GetRequiredFeature<ListenerSession>();
        if (elsewhere.Addresses is { } addresses
            && HostResponses.Redirect(addresses, session.Listener.Place, message.RawTarget) is { } redirect)
        {
            return new(new Outgoing(redirect, route));
        }

        byte[] bytes = Forwarding.Encode(
            message.Method, message.RawTarget, message.Headers, request.ClientCertificate, request.Body, patience,
            session.LastSeen);
        bool writes = request.Verb is not (HttpVerb.Get or HttpVerb.Head);
        bool mayRepeat = message.Headers.ContainsKey(NodeHeaders.IdempotencyKey);
        return new(forwarder.ForwardAsync(
            bytes, writes, mayRepeat, (patience ?? OrderingTime) + OrderingTime, route, source.RequestAborted));
    }

    private async ValueTask<Outgoing> FinishAsync(Execution.Answered answered, TimeSpan? patience)
    {
        if (answered.FollowUp is Input followUp) loop.Tell(followUp);
        if (patience is null || answered.TxId is not TxId txId || !answered.Response.IsSuccess)
            return new Outgoing(answered.Response, answered.Route, answered.TxId);

        PendingReply? pending = loop.TryAwait(txId, patience.Value);
        if (pending is null) return new Outgoing(HostResponses.QueueFull, answered.Route);
        return Decided(answered.Route, answered.Response, pending, await pending.Answered);
    }

    private static Outgoing Decided(string route, Response response, PendingReply pending, Answer? reply) =>
        reply switch
        {
            Answer.Ordered ordered => new Outgoing(response, route, ordered.TxId),
            Answer.Finished { Status: TransactionStatus.Committed } finished =>
                new Outgoing(response, route, finished.TxId, WaitedForCommit: true),
            Answer.Finished finished => new Outgoing(HostResponses.Invalidated, route, finished.TxId),
            Answer.Refused refused => new Outgoing(HostResponses.Refused(refused), route, pending.Ordered),
            null when pending.Ordered is TxId txId => new Outgoing(
                pending.NodeEnds ? HostResponses.OutcomeUnknown(txId) : HostResponses.CommitTimeout(txId), route, txId),
            null => new Outgoing(HostResponses.NoAnswer, route),
            _ => throw new UnreachableException($"Reply {reply.GetType().Name} has no arm"),
        };

    private ValueTask SendAsync(HttpContext context, Outgoing outgoing) => ReplyWriting.WriteAsync(
        context, outgoing.Response, outgoing.TxId ?? node.View.Last, outgoing.WaitedForCommit);

    private Response Failed(HttpContext context, ListenerSession session, Exception e)
    {
        if (e is BadHttpRequestException bad)
        {
            session.Listener.CountError(bad.StatusCode);

            // What is left of the body would have to be waited for before the next request of HTTP/1.
            bool isLate = bad.StatusCode == StatusCodes.Status408RequestTimeout;
            if (isLate && !HttpProtocol.IsHttp2(context.Request.Protocol))
                context.Response.Headers.Connection = "close";
            return HostResponses.BadRequest(bad.StatusCode, limits);
        }

        // Not the end of the node, not even for a broken promise: this thread only reads, and if an application takes a
        // client's input for an invariant of its own, no client may stop the node with it.
        log.Error($"A request could not be answered: {Fault.Describe(e)}");
        return HostResponses.InternalError;
    }

    private static bool HasGone(HttpContext context, Exception e) =>
        e is ConnectionResetException or ConnectionAbortedException
        || (context.RequestAborted.IsCancellationRequested && (e is OperationCanceledException or IOException));

    private static string? HeaderOrNull(IHeaderDictionary headers, string name) =>
        headers.TryGetValue(name, out Microsoft.Extensions.Primitives.StringValues values) ? values.ToString() : null;
}
