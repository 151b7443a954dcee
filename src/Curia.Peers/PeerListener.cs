using System;
using System.IO;
using System.Net;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Curia.Peers;

/// <summary>The listening socket: Kestrel accepts and closes, a connection handler does the rest.</summary>
internal sealed class PeerListener : IAsyncDisposable
{
    private static readonly TimeSpan closeTime = TimeSpan.FromSeconds(1);

    private readonly KestrelServer server;

    private PeerListener(KestrelServer server, IPEndPoint bound)
    {
        this.server = server;
        Bound = bound;
    }

    /// <summary>The address that was taken.</summary>
    public IPEndPoint Bound { get; }

    /// <summary>Binds an address.</summary>
    /// <param name="endpoint">Port 0 takes any free port.</param>
    /// <param name="serve">Serves a connection until it ends; told where it comes from.</param>
    public static async Task<PeerListener> BindAsync(IPEndPoint endpoint, Func<Stream, string, Task> serve)
    {
        KestrelServerOptions options = new();
        ListenOptions? bound = null;
        options.Listen(endpoint, listen =>
        {
            bound = listen;
            listen.Run(connection => ServeAsync(connection, serve));
        });
        // What a peer sends is read where it arrives: each hand-over to another thread costs more than reading it.
        SocketTransportFactory transport = new(
            Options.Create(new SocketTransportOptions { NoDelay = true, UnsafePreferInlineScheduling = true }),
            NullLoggerFactory.Instance);
        KestrelServer server = new(Options.Create(options), transport, NullLoggerFactory.Instance);
        try
        {
            await server.StartAsync(new NoRequests(), CancellationToken.None).ConfigureAwait(false);
            return new PeerListener(server, bound!.IPEndPoint!);
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    /// <summary>Takes no more connections and closes those that are left.</summary>
    public async ValueTask DisposeAsync()
    {
        // Who holds a connection was told before; what is left is in its handshake.
        using CancellationTokenSource atOnce = new(TimeSpan.Zero);
        await server.StopAsync(atOnce.Token).ConfigureAwait(false);
        server.Dispose();
    }

    private static async Task ServeAsync(ConnectionContext connection, Func<Stream, string, Task> serve)
    {
        string source = connection.RemoteEndPoint?.ToString() ?? "an unknown address";
        await using TransportStream stream = new(connection.Transport);
        try
        {
            await serve(stream, source).ConfigureAwait(false);
        }
        finally
        {
            await CloseAsync(connection).ConfigureAwait(false);
        }
    }

    // What was written last, an alert of TLS perhaps, is on its way; who does not take it is not waited for.
    private static async Task CloseAsync(ConnectionContext connection)
    {
        await connection.Transport.Output.CompleteAsync().ConfigureAwait(false);
        try
        {
            await Task.Delay(closeTime, connection.ConnectionClosed).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // It is closed.
        }

        connection.Abort();
    }

    /// <summary>The server wants something that answers HTTP; no connection gets that far.</summary>
    private sealed class NoRequests : IHttpApplication<object>
    {
        public object CreateContext(IFeatureCollection contextFeatures) => throw new NotSupportedException();

        public Task ProcessRequestAsync(object context) => throw new NotSupportedException();

        public void DisposeContext(object context, Exception? exception)
        {
        }
    }
}
