using System;
using Curia.Endpoints;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>What goes back to the client, and what is counted of it.</summary>
/// <param name="Response">Status, headers and body.</param>
/// <param name="Route">The path template of the endpoint; null when there was none.</param>
/// <param name="TxId">Goes into the header x-ms-ccf-transaction-id.</param>
/// <param name="WaitedForCommit">Whether the client's preference was followed.</param>
internal readonly record struct Outgoing(
    Response Response, string? Route = null, TxId? TxId = null, bool WaitedForCommit = false)
{
    /// <summary>Whether it is an answer of the shell, also where another node gave it.</summary>
    /// <param name="answer">Status and body tell one from another.</param>
    public bool Is(Response answer) =>
        Response.Status == answer.Status && Response.Body.Span.SequenceEqual(answer.Body.Span);
}
