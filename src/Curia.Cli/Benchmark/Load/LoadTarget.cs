using System;
using System.IO;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Cli.Benchmark.Load;

/// <summary>Where a load goes, and how it is spoken there.</summary>
/// <param name="Url">Scheme, host and port: https, or http for a server that speaks HTTP/2 in the clear.</param>
/// <param name="IsHttp1">HTTP/1.1 instead of HTTP/2.</param>
/// <param name="IsGrpc">Whether answers have a status of gRPC.</param>
/// <param name="Tls">How the server is known, and as whom it is called; null with http.</param>
internal sealed record LoadTarget(Uri Url, bool IsHttp1, bool IsGrpc, SslClientAuthenticationOptions? Tls)
{
    private static readonly TimeSpan ConnectTime = TimeSpan.FromSeconds(10);

    /// <summary>A request in the form of this target.</summary>
    public RequestForm FormOf(LoadRequest request) => IsHttp1
        ? RequestForm.OfHttp1(request, Url.Authority)
        : RequestForm.OfHttp2(request, Url.Scheme, Url.Authority);

    /// <summary>Makes a connection.</summary>
    /// <exception cref="LoadFailure">There is no connection to be had.</exception>
    public async Task<LoadConnection> ConnectAsync(int inFlight, CancellationToken cancel)
    {
        Socket socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        deadline.CancelAfter(ConnectTime);
        try
        {
            await socket.ConnectAsync(Url.Host, Url.Port, deadline.Token).ConfigureAwait(false);
            Stream stream = await SecureAsync(socket, deadline.Token).ConfigureAwait(false);
            if (IsHttp1) return new Http1Connection(socket, stream);
            return await Http2Connection.OpenAsync(socket, stream, inFlight, IsGrpc)
                .WaitAsync(deadline.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is OperationCanceledException && !cancel.IsCancellationRequested)
                throw new LoadFailure($"it took no connection within {ConnectTime.TotalSeconds:0} s");
            if (e is IOException or SocketException or AuthenticationException)
                throw new LoadFailure($"it took no connection ({e.GetBaseException().Message.TrimEnd('.')})");
            throw;
        }
    }

    private async Task<Stream> SecureAsync(Socket socket, CancellationToken cancel)
    {
        NetworkStream plain = new(socket, ownsSocket: true);
        if (Tls is null) return plain;
        SslStream secure = new(plain);
        await secure.AuthenticateAsClientAsync(Tls, cancel).ConfigureAwait(false);
        SslApplicationProtocol wanted = IsHttp1 ? SslApplicationProtocol.Http11 : SslApplicationProtocol.Http2;
        return secure.NegotiatedApplicationProtocol == wanted
            ? secure
            : throw new LoadFailure($"it does not offer {wanted}");
    }
}
