using System;
using System.Threading.Tasks;
using Curia.Endpoints;
using Curia.Node;
using Curia.Vocabulary;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Curia.Host;

/// <summary>What a founding node answers before there is a network: how far it is (<c>GET /node/establishment</c>), and
/// nothing else.</summary>
/// <param name="report">Takes stock.</param>
internal sealed class FoundingAnswers(Func<EstablishmentReply> report)
{
    private const string Path = "/node/establishment";

    private static readonly Response notFounded = Response.Error(503, "NetworkNotFounded",
        $"The network of this node is not founded yet. GET {Path} tells how far it is.").With("Retry-After", "1");

    /// <summary>Answers a request, and ends its connection: whoever asks again may reach the service.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        ListenerSession session = context.Features.GetRequiredFeature<ListenerSession>();
        ReplyWriting.AskToClose(context);
        string path = context.Request.Path.Value ?? "";
        bool isRead = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        Response response = session.IsExcess ? HostResponses.TooManySessions
            : !session.Listener.Serves(path) ? HostResponses.NotServedHere
            : path == Path && isRead ? Response.Json(report())
            : notFounded;
        await ReplyWriting.WriteAsync(context, response, TxId.Zero, waited: false);
    }
}
