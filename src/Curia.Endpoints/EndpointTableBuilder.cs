using System;
using System.Collections.Generic;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Endpoints;

/// <summary>Writes an <see cref="EndpointTable"/>, one call for each endpoint: verb, path, whom it admits, and a
/// handler that takes what it needs and the transaction.</summary>
/// <remarks>
/// <para>A handler's parameters say where they come from. <c>TParameters</c> is a record that is read from path and
/// query, <c>TBody</c> a type that is read from the JSON body; <see cref="Request"/> in place of either is the request
/// itself. Input that does not fit is answered with 400 or 415 and never reaches the handler.</para>
/// <para>A handler returns a <see cref="Response"/>, a <see cref="Response{T}"/>, or any other value, which becomes
/// the JSON body of a 200. GET and historical handlers get a transaction that has nothing to write with.</para>
/// </remarks>
public sealed class EndpointTableBuilder
{
    private readonly string title;
    private readonly string version;
    private readonly List<Endpoint> endpoints = [];

    /// <summary>An empty table.</summary>
    /// <param name="title">The name of the application, for its OpenAPI document.</param>
    /// <param name="version">Its version.</param>
    public EndpointTableBuilder(string title, string version)
    {
        this.title = title;
        this.version = version;
    }

    /// <summary>A reading endpoint that needs nothing but the state.</summary>
    public EndpointTableBuilder MapGet<TResult>(
        string path, AuthenticationPolicy policy, Func<ReadOnlyTransaction, TResult> handler) =>
        MapGet(path, policy, (NoParameters _, ReadOnlyTransaction transaction) => handler(transaction));

    /// <summary>A reading endpoint, with a handler that reads the request itself.</summary>
    public EndpointTableBuilder MapGet(
        string path, AuthenticationPolicy policy, Func<Request, ReadOnlyTransaction, Response> handler) =>
        MapGet<Request, Response>(path, policy, handler);

    /// <summary>A reading endpoint.</summary>
    public EndpointTableBuilder MapGet<TParameters, TResult>(
        string path, AuthenticationPolicy policy, Func<TParameters, ReadOnlyTransaction, TResult> handler) =>
        MapGet(path, policy, (TParameters parameters, Request _, ReadOnlyTransaction transaction) =>
            handler(parameters, transaction));

    /// <summary>A reading endpoint that also wants the request, for its caller or its headers.</summary>
    public EndpointTableBuilder MapGet<TParameters, TResult>(
        string path, AuthenticationPolicy policy, Func<TParameters, Request, ReadOnlyTransaction, TResult> handler)
    {
        InputReader<TParameters> reader = InputReader<TParameters>.OfParameters(path);
        ResultWriter<TResult>.RequireSynchronous();
        EndpointHandler.ReadOnly run = new((request, transaction) =>
            reader.TryRead(request, out TParameters? parameters, out Response? refusal)
                ? ResultWriter<TResult>.ToResponse(handler(parameters, request, transaction))
                : refusal);
        EndpointDescription description = new(Parameters: reader.Described, Result: ResultWriter<TResult>.Described);
        return Add(new Endpoint(HttpVerb.Get, path, policy, run, description));
    }

    /// <summary>A removing endpoint, with a handler that reads the request itself.</summary>
    public EndpointTableBuilder MapDelete(
        string path, AuthenticationPolicy policy, Func<Request, Transaction, Response> handler) =>
        MapDelete<Request, Response>(path, policy, handler);

    /// <summary>A removing endpoint.</summary>
    public EndpointTableBuilder MapDelete<TParameters, TResult>(
        string path, AuthenticationPolicy policy, Func<TParameters, Transaction, TResult> handler) =>
        MapDelete(path, policy, (TParameters parameters, Request _, Transaction transaction) =>
            handler(parameters, transaction));

    /// <summary>A removing endpoint that also wants the request, for its caller or its headers.</summary>
    public EndpointTableBuilder MapDelete<TParameters, TResult>(
        string path, AuthenticationPolicy policy, Func<TParameters, Request, Transaction, TResult> handler)
    {
        InputReader<TParameters> reader = InputReader<TParameters>.OfParameters(path);
        ResultWriter<TResult>.RequireSynchronous();
        EndpointHandler.ReadWrite run = new((request, transaction) =>
            reader.TryRead(request, out TParameters? parameters, out Response? refusal)
                ? ResultWriter<TResult>.ToResponse(handler(parameters, request, transaction))
                : refusal);
        EndpointDescription description = new(Parameters: reader.Described, Result: ResultWriter<TResult>.Described);
        return Add(new Endpoint(HttpVerb.Delete, path, policy, run, description));
    }

    /// <summary>A posting endpoint, with a handler that reads the request itself.</summary>
    public EndpointTableBuilder MapPost(
        string path, AuthenticationPolicy policy, Func<Request, Transaction, Response> handler) =>
        MapPost<Request, Response>(path, policy, handler);

    /// <summary>A posting endpoint.</summary>
    public EndpointTableBuilder MapPost<TBody, TResult>(
        string path, AuthenticationPolicy policy, Func<TBody, Transaction, TResult> handler) =>
        MapPost(path, policy, (TBody body, Request _, Transaction transaction) => handler(body, transaction));

    /// <summary>A posting endpoint that also wants the request, for its caller or its headers.</summary>
    public EndpointTableBuilder MapPost<TBody, TResult>(
        string path, AuthenticationPolicy policy, Func<TBody, Request, Transaction, TResult> handler) =>
        MapPost(path, policy, (Request _, TBody body, Request request, Transaction transaction) =>
            handler(body, request, transaction));

    /// <summary>A posting endpoint with parameters in path or query and a body.</summary>
    public EndpointTableBuilder MapPost<TParameters, TBody, TResult>(
        string path, AuthenticationPolicy policy, Func<TParameters, TBody, Transaction, TResult> handler) =>
        MapPost(path, policy, (TParameters parameters, TBody body, Request _, Transaction transaction) =>
            handler(parameters, body, transaction));

    /// <summary>A posting endpoint with parameters and a body that also wants the request, for its caller or its
    /// headers.</summary>
    public EndpointTableBuilder MapPost<TParameters, TBody, TResult>(
        string path, AuthenticationPolicy policy, Func<TParameters, TBody, Request, Transaction, TResult> handler) =>
        MapBody(HttpVerb.Post, path, policy, handler);

    /// <summary>A putting endpoint, with a handler that reads the request itself.</summary>
    public EndpointTableBuilder MapPut(
        string path, AuthenticationPolicy policy, Func<Request, Transaction, Response> handler) =>
        MapPut<Request, Response>(path, policy, handler);

    /// <summary>A putting endpoint.</summary>
    public EndpointTableBuilder MapPut<TBody, TResult>(
        string path, AuthenticationPolicy policy, Func<TBody, Transaction, TResult> handler) =>
        MapPut(path, policy, (TBody body, Request _, Transaction transaction) => handler(body, transaction));

    /// <summary>A putting endpoint that also wants the request, for its caller or its headers.</summary>
    public EndpointTableBuilder MapPut<TBody, TResult>(
        string path, AuthenticationPolicy policy, Func<TBody, Request, Transaction, TResult> handler) =>
        MapPut(path, policy, (Request _, TBody body, Request request, Transaction transaction) =>
            handler(body, request, transaction));

    /// <summary>A putting endpoint with parameters in path or query and a body.</summary>
    public EndpointTableBuilder MapPut<TParameters, TBody, TResult>(
        string path, AuthenticationPolicy policy, Func<TParameters, TBody, Transaction, TResult> handler) =>
        MapPut(path, policy, (TParameters parameters, TBody body, Request _, Transaction transaction) =>
            handler(parameters, body, transaction));

    /// <summary>A putting endpoint with parameters and a body that also wants the request, for its caller or its
    /// headers.</summary>
    public EndpointTableBuilder MapPut<TParameters, TBody, TResult>(
        string path, AuthenticationPolicy policy, Func<TParameters, TBody, Request, Transaction, TResult> handler) =>
        MapBody(HttpVerb.Put, path, policy, handler);

    /// <summary>A changing endpoint, with a handler that reads the request itself.</summary>
    public EndpointTableBuilder MapPatch(
        string path, AuthenticationPolicy policy, Func<Request, Transaction, Response> handler) =>
        MapPatch<Request, Response>(path, policy, handler);

    /// <summary>A changing endpoint.</summary>
    public EndpointTableBuilder MapPatch<TBody, TResult>(
        string path, AuthenticationPolicy policy, Func<TBody, Transaction, TResult> handler) =>
        MapPatch(path, policy, (TBody body, Request _, Transaction transaction) => handler(body, transaction));

    /// <summary>A changing endpoint that also wants the request, for its caller or its headers.</summary>
    public EndpointTableBuilder MapPatch<TBody, TResult>(
        string path, AuthenticationPolicy policy, Func<TBody, Request, Transaction, TResult> handler) =>
        MapPatch(path, policy, (Request _, TBody body, Request request, Transaction transaction) =>
            handler(body, request, transaction));

    /// <summary>A changing endpoint with parameters in path or query and a body.</summary>
    public EndpointTableBuilder MapPatch<TParameters, TBody, TResult>(
        string path, AuthenticationPolicy policy, Func<TParameters, TBody, Transaction, TResult> handler) =>
        MapPatch(path, policy, (TParameters parameters, TBody body, Request _, Transaction transaction) =>
            handler(parameters, body, transaction));

    /// <summary>A changing endpoint with parameters and a body that also wants the request, for its caller or its
    /// headers.</summary>
    public EndpointTableBuilder MapPatch<TParameters, TBody, TResult>(
        string path, AuthenticationPolicy policy, Func<TParameters, TBody, Request, Transaction, TResult> handler) =>
        MapBody(HttpVerb.Patch, path, policy, handler);

    /// <summary>A GET endpoint that reads one committed transaction of the past.</summary>
    /// <param name="path">The template of the path.</param>
    /// <param name="policy">Whom it admits.</param>
    /// <param name="at">Which transaction the parameters mean.</param>
    /// <param name="handler">Answers once the transaction is there; until then the node answers 202.</param>
    public EndpointTableBuilder MapHistorical<TParameters, TResult>(
        string path,
        AuthenticationPolicy policy,
        Func<TParameters, SeqNo> at,
        Func<TParameters, HistoricalTransaction, TResult> handler)
    {
        InputReader<TParameters> reader = InputReader<TParameters>.OfParameters(path);
        ResultWriter<TResult>.RequireSynchronous();
        EndpointHandler.Historical run = new(
            request => reader.TryRead(request, out TParameters? parameters, out Response? refusal)
                ? Locate(at(parameters))
                : new HistoricalPosition.Refused(refusal),
            (request, transaction) => reader.TryRead(request, out TParameters? parameters, out Response? refusal)
                ? ResultWriter<TResult>.ToResponse(handler(parameters, transaction))
                : refusal);
        EndpointDescription description = new(Parameters: reader.Described, Result: ResultWriter<TResult>.Described);
        return Add(new Endpoint(HttpVerb.Get, path, policy, run, description));
    }

    /// <summary>Says what the endpoint mapped last answers when all went well, where its handler makes the
    /// <see cref="Response"/> itself; for the OpenAPI document.</summary>
    /// <param name="status">The status of success.</param>
    /// <param name="contentType">The media type of the body; null when there is none.</param>
    /// <exception cref="InvalidOperationException">None is mapped yet.</exception>
    public EndpointTableBuilder WithResult(int status, string? contentType) => Change(last =>
        last.With(last.Description with { Status = status, ContentType = contentType }));

    /// <summary>Says in a sentence what the endpoint mapped last does, for the OpenAPI document.</summary>
    /// <exception cref="InvalidOperationException">None is mapped yet.</exception>
    public EndpointTableBuilder WithSummary(string summary) =>
        Change(last => last.With(last.Description with { Summary = summary }));

    /// <summary>Has the endpoint mapped last answer from the newest state there is
    /// (<see cref="Endpoint.IsLinearizable"/>). Without this it answers from the state of the node that is
    /// asked.</summary>
    /// <exception cref="InvalidOperationException">None is mapped yet.</exception>
    /// <exception cref="ArgumentException">It does not read the newest state.</exception>
    public EndpointTableBuilder Linearizable() => Change(last => last.Linearizable());

    /// <summary>Has a backup send clients of the endpoint mapped last to the primary
    /// (<see cref="Endpoint.IsRedirected"/>). Without this it hands their requests over.</summary>
    /// <exception cref="InvalidOperationException">None is mapped yet.</exception>
    public EndpointTableBuilder Redirected() => Change(last => last.Redirected());

    /// <summary>An endpoint that was built by hand.</summary>
    public EndpointTableBuilder Add(Endpoint endpoint)
    {
        endpoints.Add(endpoint);
        return this;
    }

    /// <summary>All endpoints of another table.</summary>
    public EndpointTableBuilder Add(EndpointTable table)
    {
        endpoints.AddRange(table.Endpoints);
        return this;
    }

    /// <summary>The table.</summary>
    /// <exception cref="ArgumentException">Two endpoints have the same verb and match the same paths.</exception>
    public EndpointTable Build() => new(title, version, [.. endpoints]);

    private EndpointTableBuilder Change(Func<Endpoint, Endpoint> change)
    {
        if (endpoints.Count == 0) throw new InvalidOperationException("Map an endpoint first.");
        endpoints[^1] = change(endpoints[^1]);
        return this;
    }

    private EndpointTableBuilder MapBody<TParameters, TBody, TResult>(
        HttpVerb verb,
        string path,
        AuthenticationPolicy policy,
        Func<TParameters, TBody, Request, Transaction, TResult> handler)
    {
        InputReader<TParameters> parametersReader = InputReader<TParameters>.OfParameters(path);
        InputReader<TBody> bodyReader = InputReader<TBody>.OfBody();
        ResultWriter<TResult>.RequireSynchronous();
        EndpointHandler.ReadWrite run = new((request, transaction) =>
            parametersReader.TryRead(request, out TParameters? parameters, out Response? refusal)
                && bodyReader.TryRead(request, out TBody? body, out refusal)
                ? ResultWriter<TResult>.ToResponse(handler(parameters, body, request, transaction))
                : refusal!);
        EndpointDescription description = new(
            Parameters: parametersReader.Described,
            Body: bodyReader.Described,
            Result: ResultWriter<TResult>.Described);
        return Add(new Endpoint(verb, path, policy, run, description));
    }

    // Position 0 is the empty ledger: no transaction is there, nor will be.
    private static HistoricalPosition Locate(SeqNo seqNo)
    {
        const string Message = "The ledger begins at seqno 1.";
        return seqNo > SeqNo.Zero
            ? new HistoricalPosition.At(seqNo)
            : new HistoricalPosition.Refused(Response.Error(400, ErrorCodes.InvalidQueryParameterValue, Message));
    }

    // An endpoint that takes nothing refuses a query, like any other that it does not know.
    private sealed record NoParameters;
}
