using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text;
using System.Text.Json;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Tests.Endpoints;

/// <summary>Runs the endpoints of an application on a real store, as the node does, without policies, network and
/// ledger.</summary>
internal sealed class ApplicationRun(EndpointTable table)
{
    private static readonly View View = new(2);

    private readonly Dictionary<SeqNo, (TxId TxId, WriteSet Changes, ClaimsDigest Claims)> history = [];

    public KeyValueStore Store { get; } = new();

    public Caller Caller { get; set; } = Caller.Anonymous.Instance;

    /// <summary>The identifier of the last transaction that was committed.</summary>
    public TxId LastTxId => Store.Current.TxId;

    public ClaimsDigest ClaimsOf(TxId txId) => history[txId.SeqNo].Claims;

    public Response Get(string target) => Send("GET", target);

    public Response Delete(string target) => Send("DELETE", target);

    public Response Post(string target, string json) => Send("POST", target, json, "application/json");

    public Response Put(string target, string json) => Send("PUT", target, json, "application/json");

    public Response Send(string method, string target, string? body = null, string? contentType = null) =>
        Send(method, target, Encoding.UTF8.GetBytes(body ?? ""), contentType);

    public Response Send(string method, string target, byte[] body, string? contentType)
    {
        string? Header(string name) => name == "Content-Type" ? contentType : null;
        bool accepted = Request.TryCreate(
            method, target, Header, body, default, out Request? request, out Response? refusal);
        if (!accepted) return refusal!;
        return table.Match(request!.Verb, request.Path) switch
        {
            EndpointMatch.Found found => Run(found.Endpoint.Handler, request.With(Caller, found.PathValues)),
            EndpointMatch.MethodNotAllowed other => other.ToResponse(),
            EndpointMatch.NotFound none => none.ToResponse(),
            _ => throw new UnreachableException(),
        };
    }

    private Response Run(EndpointHandler handler, Request request) => handler switch
    {
        EndpointHandler.ReadOnly read => read.Run(request, Store.BeginReadOnly(MapAccess.Application)),
        EndpointHandler.ReadWrite write => RunAndCommit(write, request),
        EndpointHandler.Historical past => RunHistorical(past, request),
        _ => throw new UnreachableException(),
    };

    private Response RunAndCommit(EndpointHandler.ReadWrite handler, Request request)
    {
        Transaction transaction = Store.Begin(MapAccess.Application);
        Response response = handler.Run(request, transaction);
        if (!response.IsSuccess || !transaction.HasWrites) return response;
        CommitOutcome.Committed done = Assert.IsType<CommitOutcome.Committed>(Store.Commit(transaction, View));
        history.Add(done.Id.SeqNo, (done.Id, done.Changes, transaction.Claims));
        return response;
    }

    private Response RunHistorical(EndpointHandler.Historical handler, Request request)
    {
        HistoricalPosition position = handler.Locate(request);
        if (position is HistoricalPosition.Refused refused) return refused.Response;
        SeqNo seqNo = ((HistoricalPosition.At)position).SeqNo;
        if (!history.TryGetValue(seqNo, out var entry)) return Response.Accepted(1);
        KeyValueStore writes = new();
        writes.Apply(new TxId(View, new SeqNo(1)), entry.Changes);
        string receipt = JsonSerializer.Serialize(new { txid = entry.TxId.ToString() });
        return handler.Run(request, new HistoricalTransaction(
            entry.TxId, writes.BeginReadOnly(MapAccess.Application), () => receipt, () => default));
    }
}

internal static class ResponseReading
{
    public static string Text(this Response response) => Encoding.UTF8.GetString(response.Body.Span);

    public static JsonElement Json(this Response response)
    {
        Assert.Equal("application/json", response.ContentType);
        using JsonDocument document = JsonDocument.Parse(response.Body);
        return document.RootElement.Clone();
    }

    /// <summary>The code of an error body, whose shape is checked on the way.</summary>
    public static string ErrorCode(this Response response)
    {
        JsonElement error = Assert.Single(response.Json().EnumerateObject()).Value;
        Assert.Equal(["code", "message"], error.EnumerateObject().Select(member => member.Name));
        Assert.NotEqual("", error.GetProperty("message").GetString());
        return error.GetProperty("code").GetString()!;
    }

    public static string ErrorMessage(this Response response) =>
        response.Json().GetProperty("error").GetProperty("message").GetString()!;
}
