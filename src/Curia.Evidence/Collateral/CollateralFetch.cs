using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Evidence;

/// <summary>What asking a server came to.</summary>
/// <param name="Collateral">What it sent; null when it did not.</param>
/// <param name="Chain">The chain of the signer in PEM, as it came beside it; null for none.</param>
/// <param name="Refusal">Why there is nothing.</param>
/// <param name="RetryAfter">How long the server wants to be left alone; null when it does not say.</param>
internal sealed record FetchOutcome(
    Collateral? Collateral, string? Chain, CollateralRefusal Refusal = default, TimeSpan? RetryAfter = null);

/// <summary>Asks servers for collateral: bounded in bytes and time, without following anybody elsewhere.</summary>
internal sealed class CollateralFetch : IDisposable
{
    private const int HeadersKibMax = 64; // a chain of three certificates in URL encoding has some 10

    private readonly HttpClient client;
    private readonly CollateralSettings settings;
    private readonly TimeProvider time;

    /// <summary>Prepares to ask; nothing is asked yet.</summary>
    public CollateralFetch(CollateralSettings settings, TimeProvider time)
    {
        this.settings = settings;
        this.time = time;
        client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false, // what a server sends elsewhere for is nothing that was configured
            UseCookies = false,
            UseProxy = false,
            MaxResponseHeadersLength = HeadersKibMax,
            MaxConnectionsPerServer = 4,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
        })
        { Timeout = Timeout.InfiniteTimeSpan }; // each request has its own, which covers its body too
    }

    /// <summary>Asks once.</summary>
    /// <exception cref="OperationCanceledException">The caller has given up.</exception>
    public async Task<FetchOutcome> FetchAsync(CollateralItem item, CancellationToken cancel)
    {
        if (settings.AddressOf(item.Source) is not { } server) return Refused(CollateralRefusal.NoServer);
        using CancellationTokenSource late = new(settings.Timeout, time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancel);
        try
        {
            return await AskAsync(server, item, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return Refused(CollateralRefusal.TimedOut);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            cancel.ThrowIfCancellationRequested();
            return Refused(CollateralRefusal.Unreachable);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private async Task<FetchOutcome> AskAsync(Uri server, CollateralItem item, CancellationToken cancel)
    {
        using HttpRequestMessage request = new(
            HttpMethod.Get, new Uri($"{server.AbsoluteUri.TrimEnd('/')}/{item.Path}"));
        using HttpResponseMessage response = await client
            .SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel).ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK) return OfStatus(response);
        if (response.Content.Headers.ContentLength > item.SizeMax) return Refused(CollateralRefusal.TooLarge);
        byte[] body = await ReadAsync(response.Content, item.SizeMax, cancel).ConfigureAwait(false);
        if (body.Length > item.SizeMax) return Refused(CollateralRefusal.TooLarge);
        string? chain = ChainOf(response, item);
        return Collateral.TryRead(item, body, chain, out Collateral? collateral)
            ? new FetchOutcome(collateral, chain)
            : Refused(CollateralRefusal.Malformed);
    }

    private FetchOutcome OfStatus(HttpResponseMessage response)
    {
        CollateralRefusal refusal = response.StatusCode switch
        {
            HttpStatusCode.NotFound => CollateralRefusal.NotFound,
            HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable => CollateralRefusal.RateLimited,
            _ => CollateralRefusal.Status,
        };
        TimeSpan? after = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => null,
        };
        return new FetchOutcome(null, null, refusal, after);
    }

    private static async Task<byte[]> ReadAsync(HttpContent content, int sizeMax, CancellationToken cancel)
    {
        using Stream stream = await content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        using MemoryStream read = new();
        byte[] buffer = new byte[16 * 1024];
        int size;
        while ((size = await stream.ReadAsync(buffer, cancel).ConfigureAwait(false)) > 0)
        {
            read.Write(buffer, 0, size);
            if (read.Length > sizeMax) break;
        }

        return read.ToArray();
    }

    private static string? ChainOf(HttpResponseMessage response, CollateralItem item) =>
        item.ChainHeader is { } header
        && response.Headers.TryGetValues(header, out IEnumerable<string>? values)
            ? Uri.UnescapeDataString(values.First())
            : null;

    private static FetchOutcome Refused(CollateralRefusal refusal) => new(null, null, refusal);
}
