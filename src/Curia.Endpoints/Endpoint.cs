using System;
using System.Diagnostics;

namespace Curia.Endpoints;

/// <summary>The kind of transaction that an endpoint gets.</summary>
public enum EndpointMode
{
    /// <summary>Reads the newest state.</summary>
    ReadOnly,

    /// <summary>Reads and writes.</summary>
    ReadWrite,

    /// <summary>Reads one committed transaction of the past.</summary>
    Historical,
}

/// <summary>What the OpenAPI document says about an endpoint, beyond verb, path and policy.</summary>
/// <param name="Summary">One sentence; empty when the author gave none.</param>
/// <param name="Parameters">The record that is read from path and query; null when the handler reads the request
/// itself.</param>
/// <param name="Body">The type that is read from the JSON body; null for none or a body of another kind.</param>
/// <param name="Result">The type that is answered as JSON; null when only the handler knows.</param>
public sealed record EndpointDescription(
    string Summary = "", Type? Parameters = null, Type? Body = null, Type? Result = null)
{
    /// <summary>The status of success.</summary>
    public int Status { get; init; } = 200;

    /// <summary>The media type of the answer, where <see cref="Result"/> does not say it; null for none.</summary>
    public string? ContentType { get; init; }
}

/// <summary>A verb and a path, whom it admits, and what it does.</summary>
public sealed class Endpoint
{
    /// <summary>An endpoint that is valid by itself; <see cref="EndpointTableBuilder"/> writes the usual ones
    /// shorter.</summary>
    /// <param name="verb">Not <see cref="HttpVerb.Head"/>: endpoints for GET answer that.</param>
    /// <param name="path">Segments that are literal or <c>{parameter}</c>: <c>/records/{key}</c>.</param>
    /// <param name="policy">Whom it admits.</param>
    /// <param name="handler">What it does.</param>
    /// <param name="description">For the OpenAPI document.</param>
    /// <exception cref="ArgumentException">The path is no template, or verb and handler do not go together.</exception>
    public Endpoint(
        HttpVerb verb,
        string path,
        AuthenticationPolicy policy,
        EndpointHandler handler,
        EndpointDescription? description = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(handler);
        if (verb == HttpVerb.Head) throw new ArgumentException("Endpoints for GET answer HEAD.", nameof(verb));
        // RFC 9110 section 9.2.1: GET is safe. A crawler or a retry must not change the ledger.
        if (verb == HttpVerb.Get && handler is EndpointHandler.ReadWrite)
        {
            throw new ArgumentException($"GET {path} must not write.", nameof(handler));
        }

        Verb = verb;
        Template = PathTemplate.Parse(path);
        Policy = policy;
        Handler = handler;
        Description = description ?? new EndpointDescription();
    }

    /// <summary>The verb.</summary>
    public HttpVerb Verb { get; }

    /// <summary>The template of the path, for example <c>/records/{key}</c>.</summary>
    public string Path => Template.Text;

    /// <summary>Whom it admits.</summary>
    public AuthenticationPolicy Policy { get; }

    /// <summary>What it does.</summary>
    public EndpointHandler Handler { get; }

    /// <summary>For the OpenAPI document.</summary>
    public EndpointDescription Description { get; }

    /// <summary>Whether its answer is that of the newest state there is: whatever anybody was told of before the
    /// request came is in it, and it is committed. Otherwise a reading endpoint answers from the state of the node that
    /// is asked, which may be a little behind.</summary>
    /// <remarks>Costs a round of messages between the nodes, which all reads of that moment share.</remarks>
    /// <exception cref="ArgumentException">It does not read the newest state: what writes is ordered anyway, and what
    /// is past does not change.</exception>
    public bool IsLinearizable
    {
        get;
        init => field = !value || Handler is EndpointHandler.ReadOnly
            ? value
            : throw new ArgumentException($"{this} does not read the newest state.", nameof(value));
    }

    /// <summary>Whether a backup sends the client to the primary, with 307 and its address, rather than the request.
    /// Then only the primary answers, also where others could.</summary>
    public bool IsRedirected { get; init; }

    /// <summary>Whether only the primary can answer.</summary>
    public bool NeedsPrimary => IsLinearizable || IsRedirected || Handler is EndpointHandler.ReadWrite;

    /// <summary>The kind of transaction that it gets.</summary>
    public EndpointMode Mode => Handler switch
    {
        EndpointHandler.ReadOnly => EndpointMode.ReadOnly,
        EndpointHandler.ReadWrite => EndpointMode.ReadWrite,
        EndpointHandler.Historical => EndpointMode.Historical,
        _ => throw new UnreachableException($"Handler {Handler.GetType().Name} has no arm."),
    };

    internal PathTemplate Template { get; }

    /// <summary>Verb and path: a name for metrics and logs, of which there are only as many as endpoints.</summary>
    public override string ToString() => $"{Verb.ToString().ToUpperInvariant()} {Path}";

    internal Endpoint With(EndpointDescription description) => With(description, IsLinearizable, IsRedirected);

    internal Endpoint Linearizable() => With(Description, isLinearizable: true, IsRedirected);

    internal Endpoint Redirected() => With(Description, IsLinearizable, isRedirected: true);

    private Endpoint With(EndpointDescription description, bool isLinearizable, bool isRedirected) =>
        new(Verb, Path, Policy, Handler, description) { IsLinearizable = isLinearizable, IsRedirected = isRedirected };
}
