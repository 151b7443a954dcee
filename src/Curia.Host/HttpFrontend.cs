using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading;
using System.Threading.Tasks;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Curia.Host;

/// <summary>HTTP/1.1 and HTTP/2 over TLS on the node's listeners (docs/one-transaction.md, step 1).</summary>
/// <remarks>The sockets are bound first of all, so that a port in use is found before anything is written; a TLS
/// handshake then waits until <see cref="Open"/> brings the certificate that the service issued for this
/// node. A node that founds a network tells before that, under a certificate of its own, how far it is
/// (<see cref="Show"/>).</remarks>
internal sealed class HttpFrontend : IAsyncDisposable
{
    private static readonly TimeSpan HandshakeTime = TimeSpan.FromSeconds(10);

    private readonly WebApplication application;
    private readonly List<ListenOptions> bound = [];
    private readonly TaskCompletionSource<SslServerAuthenticationOptions> tls =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<SslServerAuthenticationOptions> early =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RequestDelegate? handle;
    private RequestDelegate? handleEarly;

    private HttpFrontend(NodeConfiguration configuration, HostLog log)
    {
        Sessions = [.. configuration.Listeners.Select((listener, place) => new ListenerSessions(listener, place))];
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            EnvironmentName = Environments.Production,
            ContentRootPath = AppContext.BaseDirectory,
        });
        builder.Logging.AddProvider(new KestrelLog(log));

        // The hosting layer would make an activity and a scope for each request, for lines that nobody asked for; what
        // fails is told by the server's own category.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        builder.Services.AddSingleton<IHostLifetime, ForeignLifetime>();
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.Clear().AddService("curiad"))
            .WithMetrics(metrics => metrics
                .AddMeter(HostMetrics.MeterName, HostMetrics.RuntimeMeterName).AddPrometheusExporter());
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(options => Configure(options, configuration.Limits));
        application = builder.Build();
        application.UseWhen(
            context => context.Request.Path == "/metrics" && HttpMethods.IsGet(context.Request.Method)
                && IsServed(context),
            branch => branch.UseOpenTelemetryPrometheusScrapingEndpoint(_ => true));
        application.Run(context =>
            context.Features.Get<ListenerSession>() is { IsEarly: true } ? handleEarly!(context) : handle!(context));
    }

    /// <summary>The sessions of each listener, in the order of the configuration.</summary>
    public IReadOnlyList<ListenerSessions> Sessions { get; }

    /// <summary>The address that each listener took.</summary>
    public IReadOnlyList<IPEndPoint> Bound => [.. bound.Select(listener => listener.IPEndPoint!)];

    /// <summary>Binds all listeners.</summary>
    /// <exception cref="StartFailure">A port is in use, or an address is not one of this machine.</exception>
    public static async Task<HttpFrontend> BindAsync(NodeConfiguration configuration, HostLog log)
    {
        HttpFrontend frontend = new(configuration, log);
        try
        {
            await frontend.application.StartAsync();
            return frontend;
        }
        catch (Exception e) when (e is IOException or SocketException or UnauthorizedAccessException)
        {
            await frontend.DisposeAsync();
            string addresses = string.Join(", ", configuration.Listeners.Select(listener => listener.Bind));
            bool isForeign = e is SocketException { SocketErrorCode: SocketError.AddressNotAvailable };
            throw new StartFailure($"The node cannot listen on {addresses}", e.Message.TrimEnd('.'), isForeign
                ? "Name an address of this machine in listeners[].address of the configuration"
                : "Stop what uses the port, or change listeners[].address in the configuration");
        }
    }

    /// <summary>Names what answers requests; called before <see cref="Open"/>.</summary>
    public void Handle(RequestHandling handling) => handle = handling.HandleAsync;

    /// <summary>Begins to tell how far the founding of the network is. A connection made now ends with its first
    /// answer, and never reaches the service.</summary>
    /// <param name="certificate">A certificate that the node's key has signed itself.</param>
    /// <param name="answers">What is told.</param>
    public void Show(SslStreamCertificateContext certificate, FoundingAnswers answers)
    {
        handleEarly = answers.HandleAsync;
        early.TrySetResult(OptionsOf(certificate));
    }

    /// <summary>Begins to answer.</summary>
    /// <param name="certificate">The node's certificate with its key.</param>
    public void Open(SslStreamCertificateContext certificate) => tls.TrySetResult(OptionsOf(certificate));

    private static SslServerAuthenticationOptions OptionsOf(SslStreamCertificateContext certificate) => new()
    {
        ServerCertificateContext = certificate,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,

        // Requested, never demanded: endpoints without authentication stay open to all. TLS proves that the client
        // holds the key; who that is, only the users map says, so no chain is built and nothing is fetched for one.
        ClientCertificateRequired = true,
#pragma warning disable CA5359 // It is the client's: trust in it is decided per request, from the users map.
        RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
        CertificateRevocationCheckMode = X509RevocationMode.NoCheck,
        CertificateChainPolicy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        },
        AllowRenegotiation = false,
    };

    /// <summary>Takes no more connections and lets the requests in flight finish, within a time.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        tls.TrySetCanceled();
        using CancellationTokenSource impatience = new(patience);
        await application.StopAsync(impatience.Token);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        tls.TrySetCanceled();
        return application.DisposeAsync();
    }

    private static bool IsServed(HttpContext context) =>
        context.Features.Get<ListenerSession>() is { IsExcess: false, IsEarly: false } session
        && session.Listener.Serves("/metrics");

    private void Configure(KestrelServerOptions options, LimitsConfiguration limits)
    {
        options.AddServerHeader = false;
        options.Limits.MaxRequestBodySize = limits.BodyBytes;
        options.Limits.MaxRequestHeadersTotalSize = limits.HeaderBytes;
        options.Limits.MaxRequestHeaderCount = limits.HeaderCount;

        // The target has its own limit (Curia.Endpoints.Request.TargetLengthMax), which answers in our shape; this is
        // above it.
        options.Limits.MaxRequestLineSize = Curia.Endpoints.Request.TargetLengthMax + 1024;
        options.Limits.KeepAliveTimeout = TimeSpan.FromSeconds(limits.IdleSeconds);
        options.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(limits.RequestSeconds);

        // 240 bytes a second is what Kestrel asks of the slowest honest client; one that sends less holds a place for
        // nothing.
        MinDataRate slowest = new(bytesPerSecond: 240, TimeSpan.FromSeconds(Math.Max(2, limits.RequestSeconds)));
        options.Limits.MinRequestBodyDataRate = slowest;
        options.Limits.MinResponseDataRate = slowest;
        options.Limits.Http2.MaxStreamsPerConnection = limits.Streams;
        options.Limits.Http2.MaxRequestHeaderFieldSize = limits.HeaderBytes;
        foreach (ListenerSessions listener in Sessions)
            options.Listen(listener.Configuration.Bind, listen => Listen(listen, listener));
    }

    private void Listen(ListenOptions listen, ListenerSessions listener)
    {
        bound.Add(listen);
        listen.Protocols = HttpProtocols.Http1AndHttp2;
        listen.Use(listener.Admit);
        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            HandshakeTimeout = HandshakeTime,
            OnConnection = handshake => tls.Task.IsCompletedSuccessfully
                ? ValueTask.FromResult(tls.Task.Result)
                : new ValueTask<SslServerAuthenticationOptions>(WaitAsync(handshake)),
        });
    }

    private async Task<SslServerAuthenticationOptions> WaitAsync(TlsHandshakeCallbackContext handshake)
    {
        Task<SslServerAuthenticationOptions> first =
            await Task.WhenAny(tls.Task, early.Task).WaitAsync(handshake.CancellationToken);
        if (first == early.Task && !tls.Task.IsCompleted)
            handshake.Connection.Features.Get<ListenerSession>()!.IsEarly = true;
        return await (tls.Task.IsCompleted ? tls.Task : first);
    }

    /// <summary>The process has its own signals (<see cref="Shutdown"/>), the web server must not take them.</summary>
    private sealed class ForeignLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
