using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Host;

/// <summary>The real program, driven through its sockets, signals and files only.</summary>
internal sealed class NodeProcess : IDisposable
{
    // Generous: the machine may be busy with other tests.
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly NodeFolder folder;
    private readonly Process process;
    private readonly StringBuilder standardError = new();
    private readonly Dictionary<string, Uri> urls = [];

    private NodeProcess(NodeFolder folder, Process process)
    {
        this.folder = folder;
        this.process = process;
        process.ErrorDataReceived += (_, line) =>
        {
            lock (standardError) standardError.AppendLine(line.Data);
        };
        process.BeginErrorReadLine();
    }

    public bool HasExited => process.HasExited;

    /// <summary>What it said, trimmed.</summary>
    public string StandardError
    {
        get
        {
            lock (standardError) return standardError.ToString().Trim();
        }
    }

    /// <summary>Starts the logging application's image on the folder's configuration.</summary>
    public static NodeProcess Launch(NodeFolder folder, params string[] further) =>
        LaunchWith(folder, ["--config", folder.WriteConfiguration(), .. further]);

    /// <summary>Starts the logging application's image with these arguments.</summary>
    public static NodeProcess LaunchWith(NodeFolder folder, params string[] arguments) =>
        LaunchUnder(folder, [], arguments);

    /// <summary>Starts it below a program that stands between it and the system.</summary>
    public static NodeProcess LaunchUnder(NodeFolder folder, string[] wrapper, string[] arguments)
    {
        DirectoryInfo own = new(AppContext.BaseDirectory.TrimEnd('/'));
        string image = Path.Combine(own.Parent!.Parent!.FullName, "logging.Image", own.Name, "logging.Image.dll");
        Assert.True(File.Exists(image), $"{image} is not there: build the solution first");
        string dotnet = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet";
        string[] command = [.. wrapper, dotnet, "exec", image, .. arguments];
        ProcessStartInfo start = new(command[0], command[1..])
        {
            RedirectStandardError = true,
            WorkingDirectory = folder.Path,
        };
        return new NodeProcess(folder, Process.Start(start)!);
    }

    /// <summary>Starts it and waits until it serves.</summary>
    public static Task<NodeProcess> OpenAsync(NodeFolder folder, params string[] further) =>
        OpenAsync(folder, Launch(folder, further));

    /// <summary>Starts it below a program that stands between it and the system, and waits until it serves.</summary>
    public static Task<NodeProcess> OpenUnderAsync(NodeFolder folder, params string[] wrapper) =>
        OpenAsync(folder, LaunchUnder(folder, wrapper, ["--config", folder.WriteConfiguration()]));

    private static async Task<NodeProcess> OpenAsync(NodeFolder folder, NodeProcess node)
    {
        string addresses = folder.At("node0/addresses.json");
        Stopwatch waited = Stopwatch.StartNew();
        while (!File.Exists(addresses))
        {
            Assert.False(node.HasExited, $"the node ended: {node.StandardError}");
            Assert.True(waited.Elapsed < Patience, $"the node did not open its service: {node.StandardError}");
            await Task.Delay(20);
        }

        using JsonDocument document = JsonDocument.Parse(await File.ReadAllTextAsync(addresses));
        foreach (JsonElement listener in document.RootElement.GetProperty("listeners").EnumerateArray())
            node.urls.Add(listener.GetProperty("name").GetString()!, new Uri(listener.GetProperty("url").GetString()!));
        return node;
    }

    public Uri Url(string listener = "primary") => urls[listener];

    public X509Certificate2 ServiceCertificate() =>
        X509CertificateLoader.LoadCertificateFromFile(folder.At("service_cert.pem"));

    /// <summary>A client that trusts the service certificate and nothing else.</summary>
    public HttpClient Client(X509Certificate2? certificate = null, string listener = "primary", Version? version = null)
    {
        SocketsHttpHandler handler = new() { SslOptions = TlsOptions(certificate) };
        return new HttpClient(handler)
        {
            BaseAddress = Url(listener),
            DefaultRequestVersion = version ?? HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Patience,
        };
    }

    public SslClientAuthenticationOptions TlsOptions(
        X509Certificate2? certificate = null, SslProtocols protocols = SslProtocols.None)
    {
        X509ChainPolicy pinned = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        pinned.CustomTrustStore.Add(ServiceCertificate());
        return new SslClientAuthenticationOptions
        {
            TargetHost = "127.0.0.1",
            EnabledSslProtocols = protocols,
            CertificateChainPolicy = pinned,
            ClientCertificates = certificate is null ? null : [certificate],
        };
    }

    /// <summary>Sends SIGTERM.</summary>
    public void Terminate()
    {
        using Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]);
        kill.WaitForExit();
    }

    /// <summary>Sends SIGKILL and waits for the end.</summary>
    public void Kill()
    {
        process.Kill();
        process.WaitForExit();
    }

    /// <summary>Waits for the end.</summary>
    public async Task<int> ExitCodeAsync()
    {
        using CancellationTokenSource impatience = new(Patience);
        await process.WaitForExitAsync(impatience.Token);
        return process.ExitCode;
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill(entireProcessTree: true);
        process.WaitForExit();
        process.Dispose();
    }
}
