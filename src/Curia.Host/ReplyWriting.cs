using System;
using System.Buffers;
using System.Threading.Tasks;
using Curia.Endpoints;
using Curia.Vocabulary;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Curia.Host;

/// <summary>Writes answers to the web server.</summary>
internal static class ReplyWriting
{
    // A body up to this size waits for the end of the request, and goes out in one piece with the header and the end of
    // the stream; it fits a segment of the server's own buffers.
    private const int BodyBytesAtOnce = 2048;

    /// <summary>Says that the connection ends with this answer.</summary>
    public static void AskToClose(HttpContext context)
    {
        // RFC 9113 section 8.2.2: HTTP/2 has no Connection header; there a GOAWAY says that this connection takes no
        // new requests.
        if (HttpProtocol.IsHttp2(context.Request.Protocol))
            context.Features.GetRequiredFeature<IConnectionLifetimeNotificationFeature>().RequestClose();
        else
            context.Response.Headers.Connection = "close";
    }

    /// <summary>Writes an answer.</summary>
    /// <param name="context">The request.</param>
    /// <param name="source">The answer.</param>
    /// <param name="txId">Of what was executed, or how far this node is.</param>
    /// <param name="waited">Whether it was waited for commit, as the client asked.</param>
    public static ValueTask WriteAsync(HttpContext context, Response source, TxId txId, bool waited)
    {
        HttpResponse target = context.Response;
        target.StatusCode = source.Status;
        foreach ((string name, string value) in source.Headers) target.Headers.Append(name, value);

        // On each reply (DESIGN 7): one that read nothing tells how far this node is.
        target.Headers["x-ms-ccf-transaction-id"] = txId.ToString();
        if (waited) target.Headers["Preference-Applied"] = "wait=committed"; // RFC 7240 section 3
        if (source.ContentType is string contentType) target.ContentType = contentType;

        // RFC 9110 section 8.6: no length with 204; with HEAD the length that GET would have.
        if (source.Status != StatusCodes.Status204NoContent) target.ContentLength = source.Body.Length;
        if (source.Body.Length == 0 || HttpMethods.IsHead(context.Request.Method)) return ValueTask.CompletedTask;
        if (source.Body.Length > BodyBytesAtOnce) return FlushAsync(context, source.Body);
        target.BodyWriter.Write(source.Body.Span);
        return ValueTask.CompletedTask;
    }

    private static async ValueTask FlushAsync(HttpContext context, ReadOnlyMemory<byte> body) =>
        await context.Response.BodyWriter.WriteAsync(body, context.RequestAborted);
}
