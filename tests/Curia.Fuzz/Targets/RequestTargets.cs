using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Vocabulary;
using Logging;

namespace Curia.Fuzz.Targets;

/// <summary>What comes in by HTTP, behind Kestrel: the request target with its query, and JSON bodies.</summary>
internal static class RequestTargets
{
    internal enum Colour
    {
        Red,
        Green,
    }

    /// <summary>One member for each kind of scalar that a path or a query can have.</summary>
    internal sealed record Place(
        string Name, TxId? At = null, Digest? Of = null, ulong From = 0, int Delta = 0, byte Small = 0,
        bool Flag = false, Colour Colour = Colour.Red, NodeId? Node = null,
        [property: JsonPropertyName("seqno")] SeqNo SeqNo = default);

    /// <summary>A body with everything that the one JSON format has.</summary>
    internal sealed record Everything(
        ulong Id, string Text, TxId At, Digest Of, SeqNo SeqNo, View View, MemberId Member, ClaimsDigest Claims,
        Colour Colour, int? Maybe, double Real, IReadOnlyList<string> List, IReadOnlyDictionary<string, long> Named,
        Everything? Inner = null);

    private static readonly EndpointTable table = Build();

    public static IEnumerable<FuzzTarget> All =>
    [
        new("request", ["Request.TryCreate", "Query.TryParse", "EndpointTable.Match"], TryRequest),
        new("body", ["Request.TryCreate"], TryBody),
    ];

    private static EndpointTable Build()
    {
        AuthenticationPolicy anyone = AuthenticationPolicy.None;
        return new EndpointTableBuilder("fuzz", "1.0.0")
            .MapPost<Everything, Everything>("/everything", anyone, (body, _) => body)
            .MapPost<List<Place>, List<Place>>("/places", anyone, (body, _) => body)
            .MapGet<Place, Place>("/places/{name}", anyone, (place, _) => place)
            .MapGet<Place, Place>("/places/{name}/of/{at}", anyone, (place, _) => place)
            .Add(LoggingApp.Endpoints)
            .Build();
    }

    // A method, a space, a target.
    private static void TryRequest(ReadOnlyMemory<byte> input)
    {
        string line = Encoding.Latin1.GetString(input.Span);
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        if (space < 0) return;
        bool read = Request.TryCreate(
            line[..space], line[(space + 1)..], _ => null, default, default, out Request? request, out Response? no);
        Must.Hold(read == request is not null && read == no is null, "a request is taken or refused");
        if (!read)
        {
            Must.Hold(no!.Status is 400 or 405 or 414, "a refusal is 400, 405 or 414");
            CheckError(no);
            return;
        }

        CheckCanonical(request!);
        Query query = CheckQuery(request!.Query);
        Must.Hold(query.Parameters.SequenceEqual(request.Query.Parameters), "a query is read again as it was");
        CheckResponse(Answer(request));
    }

    // Two spellings of a path are one text, so a path that was read is read again as itself.
    private static void CheckCanonical(Request request)
    {
        Must.Hold(request.Path.StartsWith('/') && request.Path.All(char.IsAscii), "a path is ASCII and has a slash");
        bool read = Request.TryCreate("GET", request.Path, _ => null, default, default, out Request? again, out _);
        Must.Hold(read && again!.Path == request.Path, "a canonical path stays as it is");
        foreach (string segment in request.Path.Split('/'))
            Must.Hold(Uri.UnescapeDataString(segment) is not "." and not "..", "a path has no dot segment");
    }

    private static Query CheckQuery(Query query)
    {
        string written = string.Join('&', query.Parameters.Select(parameter =>
            $"{Uri.EscapeDataString(parameter.Key)}={Uri.EscapeDataString(parameter.Value)}"));
        Must.Hold(Query.TryParse(written, out Query again, out string wrong), $"a query is written and read: {wrong}");
        return again;
    }

    // The first byte says which endpoint, the rest is the body.
    private static void TryBody(ReadOnlyMemory<byte> input)
    {
        if (input.IsEmpty) return;
        string target = (input.Span[0] % 4) switch
        {
            0 => "/everything",
            1 => "/places",
            2 => "/log/private",
            _ => "/log/public",
        };
        Response response = Post(target, input[1..]);
        CheckResponse(response);
        Must.Hold(response.IsSuccess || response.Status is 400 or 415, "a body is taken or refused");
        bool echoed = response.IsSuccess && !target.StartsWith("/log", StringComparison.Ordinal);
        if (echoed) Must.BeSame(Post(target, response.Body).Body.Span, response.Body.Span, "body");
    }

    private static Response Post(string target, ReadOnlyMemory<byte> body)
    {
        bool read = Request.TryCreate(
            "POST", target, name => name == "Content-Type" ? "application/json" : null, body, default,
            out Request? request, out _);
        Must.Hold(read, "a request with any body is a request");
        return Answer(request!);
    }

    private static Response Answer(Request request)
    {
        EndpointMatch match = table.Match(request.Verb, request.Path);
        if (match is EndpointMatch.MethodNotAllowed other) return other.ToResponse();
        if (match is not EndpointMatch.Found found) return EndpointMatch.NotFound.Instance.ToResponse();
        Request matched = request.With(Caller.Anonymous.Instance, found.PathValues);
        return found.Endpoint.Handler switch
        {
            EndpointHandler.ReadOnly read =>
                read.Run(matched, new KeyValueStore().BeginReadOnly(MapAccess.Application)),
            EndpointHandler.ReadWrite write => write.Run(matched, new KeyValueStore().Begin(MapAccess.Application)),
            EndpointHandler.Historical past => past.Locate(matched) is HistoricalPosition.Refused refused
                ? refused.Response : Response.Accepted(1),
            _ => throw new UnreachableException(),
        };
    }

    private static void CheckResponse(Response response)
    {
        Must.Hold(response.Status is >= 200 and < 500, "a request never causes an error of the server");
        if (response.Status >= 400) CheckError(response);
    }

    private static void CheckError(Response response)
    {
        using JsonDocument json = JsonDocument.Parse(response.Body);
        Must.Hold(json.RootElement.GetProperty("error").GetProperty("code").GetString()!.Length > 0,
            "an error has a code");
    }
}
