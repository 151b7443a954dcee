using System;
using System.Threading;
using System.Threading.Tasks;
using Curia.Vocabulary;

namespace Curia.Client;

/// <summary>A node of a network that cannot be known yet: its founders have not made the service identity. What it
/// answers is the word of the key that TLS ends at, and of nobody else.</summary>
public static class UnknownNode
{
    /// <summary>Asks it something, once.</summary>
    /// <param name="url">Where it is; always https.</param>
    /// <param name="path">What is read, for example <c>/node/establishment</c>.</param>
    /// <param name="timeout">How long all of it may take.</param>
    /// <param name="cancel">Ends it early.</param>
    /// <returns>The answer, and whose key it came under.</returns>
    /// <exception cref="CuriaClientException">There is no usable answer.</exception>
    public static async Task<(CallResult Result, NodeId Node)> AskAsync(
        Uri url, string path, TimeSpan timeout, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(url);
        using HttpExchange exchange = new(
            new CuriaClientSettings
            {
                Url = url,
                ServiceCertificates = [],
                RequestTimeout = timeout,
                ConnectTimeout = timeout,
            },
            believesAnyone: true);
        CallResult result = await exchange.SendAsync(CallRequest.Get(path), cancel).ConfigureAwait(false);
        return (result, exchange.Node!.Value);
    }
}
