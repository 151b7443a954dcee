using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Threading;
using System.Threading.Tasks;
using Curia.Vocabulary;

namespace Curia.Client;

/// <summary>One request and its answer over TLS, without any repetition. Safe to use from any thread.</summary>
internal sealed class HttpExchange : IDisposable
{
    public const string TransactionIdHeader = "x-ms-ccf-transaction-id";

    private readonly CuriaClientSettings settings;
    private readonly HttpMessageInvoker invoker;
    private readonly ServicePin pin;
    private NodeId? stranger;

    /// <param name="settings">Where, whom and how.</param>
    /// <param name="believesAnyone">Whether any server will do; then no identity is shown.</param>
    /// <param name="attested">The nodes that may be talked to; null for all of the service.</param>
    public HttpExchange(CuriaClientSettings settings, bool believesAnyone = false, AttestedNodes? attested = null)
    {
        this.settings = settings;
        pin = new ServicePin(settings.ServiceCertificates, attested);
        SocketsHttpHandler handler = new()
        {
            UseProxy = false, // the pin is end to end, and a node is reached directly
            UseCookies = false,
            AllowAutoRedirect = false,
            ConnectTimeout = settings.ConnectTimeout,
            EnableMultipleHttp2Connections = false,
            SslOptions = believesAnyone
                ? CuriaClientSettings.CreateStrangerTlsOptions(node => stranger = node)
                : settings.CreateTlsOptions(pin),
        };
        invoker = new HttpMessageInvoker(handler);
    }

    /// <summary>The node that the newest session ends at; null before the first.</summary>
    public NodeId? Node => stranger ?? pin.Node;

    public async Task<CallResult> SendAsync(CallRequest request, CancellationToken cancel)
    {
        TimeSpan timeout = settings.RequestTimeout + (request.CommitWait ?? TimeSpan.Zero);
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(timeout);
        try
        {
            using HttpRequestMessage message = MessageOf(request);
            using HttpResponseMessage response = await invoker.SendAsync(message, deadline.Token).ConfigureAwait(false);
            byte[] body = await ReadBodyAsync(response, request.ReplyBytesMax, deadline.Token).ConfigureAwait(false);
            return ResultOf(response, body);
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            // The handler gives up connecting by itself; the whole exchange only when the deadline has passed.
            bool isConnecting = e.InnerException is TimeoutException && !deadline.IsCancellationRequested;
            throw isConnecting
                ? Failure(request, ClientFailure.Unreachable,
                    $"{settings.Url} took no connection within {Seconds(settings.ConnectTimeout)}", e)
                : Failure(request, ClientFailure.TimedOut,
                    $"{settings.Url} gave no answer within {Seconds(timeout)}", e);
        }
        catch (HttpRequestException e)
        {
            (ClientFailure failure, string message) = Describe(e);
            throw Failure(request, failure, message, e);
        }
        catch (IOException e)
        {
            throw Failure(request, ClientFailure.Interrupted,
                $"the connection to {settings.Url} broke before the answer was complete", e);
        }
        catch (ReplyTooLongException e)
        {
            throw Failure(request, ClientFailure.BadReply,
                $"{settings.Url} sent a reply of more than {request.ReplyBytesMax >> 20} MiB", e);
        }
    }

    public void Dispose() => invoker.Dispose();

    private HttpRequestMessage MessageOf(CallRequest request)
    {
        HttpRequestMessage message = new(request.Method, new Uri(settings.Url, request.Path))
        {
            Version = settings.HttpVersion,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        if (!request.Body.IsEmpty)
        {
            message.Content = new ReadOnlyMemoryContent(request.Body);
            message.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(request.ContentType);
        }

        if (request.CommitWait is TimeSpan wait)
        {
            long seconds = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds));
            message.Headers.TryAddWithoutValidation(
                "Prefer", string.Create(CultureInfo.InvariantCulture, $"wait=committed, timeout={seconds}"));
        }

        return message;
    }

    private static async Task<byte[]> ReadBodyAsync(
        HttpResponseMessage response, int bytesMax, CancellationToken cancel)
    {
        if (response.Content.Headers.ContentLength > bytesMax) throw new ReplyTooLongException();
        using Stream stream = await response.Content.ReadAsStreamAsync(cancel).ConfigureAwait(false);
        int expected = (int)(response.Content.Headers.ContentLength ?? 0);
        using MemoryStream body = new(expected);
        byte[] buffer = new byte[expected is > 0 and < 16384 ? expected : 16384];
        while (true)
        {
            int read = await stream.ReadAsync(buffer, cancel).ConfigureAwait(false);
            if (read == 0) return body.ToArray();
            if (body.Length + read > bytesMax) throw new ReplyTooLongException();
            body.Write(buffer, 0, read);
        }
    }

    // Where nothing was sent, nothing was written; behind any other failure a write may hide.
    private static CuriaClientException Failure(
        CallRequest request, ClientFailure failure, string message, Exception inner) => new(failure, message, inner)
        {
            MayHaveWritten =
                !request.IsRead && failure is not (
                    ClientFailure.Unreachable or ClientFailure.WrongService or ClientFailure.NotAttested),
        };

    private static string Seconds(TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.#} s");

    private static CallResult ResultOf(HttpResponseMessage response, byte[] body)
    {
        Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
        foreach (KeyValuePair<string, HeaderStringValues> header in response.Headers.NonValidated)
        {
            headers[header.Key.ToLowerInvariant()] = header.Value.ToString();
        }

        TxId? txId = headers.TryGetValue(TransactionIdHeader, out string? text) && TxId.TryParse(text, out TxId parsed)
            ? parsed
            : null;
        TimeSpan? retryAfter = headers.TryGetValue("retry-after", out string? after)
            && int.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out int seconds)
            ? TimeSpan.FromSeconds(seconds)
            : null;
        string? contentType = response.Content.Headers.ContentType?.MediaType;
        return new CallResult((int)response.StatusCode, txId, null, contentType, body, retryAfter, headers);
    }

    private (ClientFailure Failure, string Message) Describe(HttpRequestException e)
    {
        for (Exception? inner = e; inner is not null; inner = inner.InnerException)
        {
            if (inner is ServicePinException wrong)
                return (ClientFailure.WrongService, $"{settings.Url}: {wrong.Message}");
            if (inner is NotAttestedException unknown)
                return (ClientFailure.NotAttested, $"{settings.Url}: {unknown.Message}");
        }

        return e.HttpRequestError switch
        {
            HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError =>
                (ClientFailure.Unreachable, $"nothing answers at {settings.Url} ({Innermost(e)})"),
            HttpRequestError.SecureConnectionError =>
                (ClientFailure.Unreachable, $"no TLS session with {settings.Url} ({Innermost(e)})"),
            HttpRequestError.InvalidResponse or HttpRequestError.ConfigurationLimitExceeded =>
                (ClientFailure.BadReply, $"{settings.Url} did not answer in HTTP ({Innermost(e)})"),
            _ => (ClientFailure.Interrupted,
                $"the connection to {settings.Url} broke before the answer ({Innermost(e)})"),
        };
    }

    private static string Innermost(Exception e)
    {
        while (e.InnerException is not null) e = e.InnerException;
        return e.Message.TrimEnd('.');
    }

    private sealed class ReplyTooLongException : Exception;
}
