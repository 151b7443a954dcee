using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Curia.Endpoints;

/// <summary>One request, decoded and bounded. Immutable, apart from the headers, which are looked up where they
/// are.</summary>
public sealed class Request
{
    /// <summary>A longer target is refused with 414. RFC 9110 section 4.1 asks for 8,000 at least.</summary>
    public const int TargetLengthMax = 8192;

    private readonly Func<string, string?> headers;
    private readonly ImmutableArray<KeyValuePair<string, string>> pathValues;

    private Request(Request source, Caller caller, ImmutableArray<KeyValuePair<string, string>> pathValues)
    {
        Verb = source.Verb;
        Path = source.Path;
        Query = source.Query;
        headers = source.headers;
        Body = source.Body;
        ClientCertificate = source.ClientCertificate;
        Caller = caller;
        this.pathValues = pathValues;
    }

    private Request(
        HttpVerb verb,
        RequestTarget target,
        Func<string, string?> headers,
        ReadOnlyMemory<byte> body,
        ReadOnlyMemory<byte> clientCertificate)
    {
        Verb = verb;
        Path = target.Path;
        Query = target.Query;
        this.headers = headers;
        Body = body;
        ClientCertificate = clientCertificate;
        Caller = Caller.Anonymous.Instance;
        pathValues = [];
    }

    /// <summary>The verb.</summary>
    public HttpVerb Verb { get; }

    /// <summary>The path in canonical form: it starts with a slash, characters that need no percent-encoding have none,
    /// no segment is <c>.</c> or <c>..</c>. So two spellings of one path are one text, and prefixes can be
    /// compared.</summary>
    public string Path { get; }

    /// <summary>The query.</summary>
    public Query Query { get; }

    /// <summary>The header Content-Type; null when there is none.</summary>
    public string? ContentType => Header("Content-Type");

    /// <summary>The body, at most as long as the listener allows.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>The TLS client certificate, DER; empty when there is none.</summary>
    public ReadOnlyMemory<byte> ClientCertificate { get; }

    /// <summary>Who sent it; anonymous until the node has applied the endpoint's policy.</summary>
    public Caller Caller { get; }

    /// <summary>The one door for requests from outside.</summary>
    /// <param name="method">The method as it was sent, for example <c>GET</c>.</param>
    /// <param name="target">The request target as it was sent, still encoded: <c>/app/log?id=1</c>.</param>
    /// <param name="headers">Looks up a header by name in any case; null when it is not there.</param>
    /// <param name="body">The body; the caller has bounded it.</param>
    /// <param name="clientCertificate">DER, or empty. TLS has shown that the client holds its key.</param>
    /// <param name="request">The request.</param>
    /// <param name="refusal">What to answer when false is returned: 400, 405 or 414.</param>
    /// <returns>False when this is no request that any endpoint could answer; nothing throws.</returns>
    public static bool TryCreate(
        string method,
        string target,
        Func<string, string?> headers,
        ReadOnlyMemory<byte> body,
        ReadOnlyMemory<byte> clientCertificate,
        [NotNullWhen(true)] out Request? request,
        [NotNullWhen(false)] out Response? refusal)
    {
        request = null;
        if (!TryParseVerb(method, out HttpVerb verb))
        {
            refusal = Response.Error(405, ErrorCodes.UnsupportedHttpVerb, "No endpoint answers this method.");
            return false;
        }

        if (!RequestTarget.TryParse(target, out RequestTarget? parsed, out refusal)) return false;
        request = new Request(verb, parsed, headers, body, clientCertificate);
        return true;
    }

    /// <summary>The value of a header, by its name in any case; null when it is not there.</summary>
    public string? Header(string name) => headers(name);

    /// <summary>The decoded value of a <c>{parameter}</c> of the endpoint's path.</summary>
    public bool TryGetPathValue(string name, [NotNullWhen(true)] out string? value)
    {
        value = null;
        foreach (KeyValuePair<string, string> pathValue in pathValues)
        {
            if (pathValue.Key == name) value = pathValue.Value;
        }

        return value is not null;
    }

    /// <summary>The same request with what the node found out: who sent it, and what the endpoint's path has
    /// captured.</summary>
    public Request With(Caller caller, ImmutableArray<KeyValuePair<string, string>> pathValues) =>
        new(this, caller, pathValues);

    // Methods are case-sensitive (RFC 9110 section 9.1).
    private static bool TryParseVerb(string method, out HttpVerb verb)
    {
        HttpVerb? parsed = method switch
        {
            "GET" => HttpVerb.Get,
            "POST" => HttpVerb.Post,
            "PUT" => HttpVerb.Put,
            "DELETE" => HttpVerb.Delete,
            "PATCH" => HttpVerb.Patch,
            "HEAD" => HttpVerb.Head,
            _ => null,
        };
        verb = parsed.GetValueOrDefault();
        return parsed is not null;
    }
}
