using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Net.Security;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Benchmark.Load;
using Curia.Cli.Networks;
using Curia.Client;
using Curia.Vocabulary;

namespace Curia.Cli.Benchmark;

/// <summary>Measures a network with a closed loop of requests to the node that orders.</summary>
internal sealed class LoadDriver : IDisposable
{
    private const int MessagesToRead = 1000;
    private const string Path = "/app/log/private";
    private static readonly TimeSpan CommitWait = TimeSpan.FromSeconds(30);

    private readonly SandboxFile sandbox;
    private readonly BenchOptions options;
    private readonly Network network;
    private readonly CuriaClient client;

    private LoadDriver(SandboxFile sandbox, BenchOptions options, Network network)
    {
        this.sandbox = sandbox;
        this.options = options;
        this.network = network;
        client = network.Connect();
    }

    /// <summary>Finds the primary: any other node would forward to it.</summary>
    public static async Task<LoadDriver> OpenAsync(
        SandboxFile sandbox, BenchOptions options, CancellationToken cancel)
    {
        Network network = Network.Of(sandbox, "user0");
        if (network.Nodes.Count == 1) return new LoadDriver(sandbox, options, network);
        IReadOnlyList<NetworkNode> nodes = await network
            .OnAnyNodeAsync(client => NetworkNodes.OfAsync(client, cancel)).ConfigureAwait(false);
        string? primary = nodes.FirstOrDefault(node => node.IsPrimary)?.Id;
        SandboxNode? ours = sandbox.Nodes.FirstOrDefault(node => node.Id == primary);
        return new LoadDriver(sandbox, options, ours is null ? network : network.At(ours.Name));
    }

    /// <summary>Warms up, measures, and tells.</summary>
    public async Task<BenchReport> RunAsync(CancellationToken cancel)
    {
        await RequireLoggingAsync(cancel).ConfigureAwait(false);
        if (options.Workload is Workload.Read or Workload.Mixed) await FillAsync(cancel).ConfigureAwait(false);
        try
        {
            return await MeasureAsync(cancel).ConfigureAwait(false);
        }
        catch (LoadFailure e)
        {
            throw CommandFailure.Environment($"no load can be sent to {network.Url}: {e.Message}.", e);
        }
    }

    public void Dispose() => client.Dispose();

    private async Task<BenchReport> MeasureAsync(CancellationToken cancel)
    {
        // Who only reads is served by any node; what is written, the primary orders.
        bool isSpread = options.Workload is Workload.Read or Workload.Echo;
        LoadTarget[] targets =
        [
            .. (isSpread ? network.Nodes.Select(node => node.Url) : [network.Url])
                .Select(url => new LoadTarget(url, options.IsHttp1, IsGrpc: false, TlsOptions())),
        ];
        RequestMix mix = MixFor(targets[0]);
        using LoadRun run = await LoadRun.ConnectAsync(targets, options.Connections, options.InFlight, cancel)
            .ConfigureAwait(false);
        if (options.WarmUp > TimeSpan.Zero)
            await run.SendAsync(mix, options.WarmUp, null, cancel).ConfigureAwait(false);
        double? allocatedBefore = await AllocatedAsync(cancel).ConfigureAwait(false);
        double? driverBefore = ProcessUsage.CpuMicroseconds(Environment.ProcessId);
        double? nodesBefore = NodesCpu();
        LoadResult result =
            await run.SendAsync(mix, options.Duration, options.RequestsMax, cancel).ConfigureAwait(false);
        double? driver = ProcessUsage.CpuMicroseconds(Environment.ProcessId) - driverBefore;
        double? nodes = NodesCpu() - nodesBefore;
        double? allocated = await AllocatedAsync(cancel).ConfigureAwait(false) - allocatedBefore;
        return new BenchReport(
            options,
            sandbox.Nodes.Count,
            result with { FirstError = Readable(result.FirstError) },
            new BenchUsage(
                driver, nodes, allocated, [.. sandbox.Nodes.Select(node => ProcessUsage.PeakMemoryMiB(node.Pid))]));
    }

    private SslClientAuthenticationOptions TlsOptions()
    {
        CuriaClientSettings settings =
            new() { Url = network.Url, ServiceCertificates = network.ServiceCertificates, Identity = network.Identity };
        SslClientAuthenticationOptions tls = settings.CreateTlsOptions();
        tls.TargetHost = network.Url.Host;
        tls.ApplicationProtocols = [options.IsHttp1 ? SslApplicationProtocol.Http11 : SslApplicationProtocol.Http2];
        return tls;
    }

    private RequestMix MixFor(LoadTarget target)
    {
        RequestForm? write = options.Workload switch
        {
            Workload.Write or Workload.Mixed => target.FormOf(Post(Path, options.WaitForCommit)),
            Workload.Echo => target.FormOf(Post("/app/log/echo", waitForCommit: false)),
            _ => null,
        };
        RequestForm? read = options.Workload is Workload.Read or Workload.Mixed
            ? target.FormOf(new LoadRequest("GET", $"{Path}?id={LoadRequest.Placeholder}", [], 0, []))
            : null;
        return new RequestMix(write, read, options.Messages, MessagesToRead);
    }

    private LoadRequest Post(string path, bool waitForCommit)
    {
        List<(string, string)> fields = [("content-type", "application/json")];
        if (waitForCommit)
        {
            fields.Add((
                "prefer",
                string.Create(CultureInfo.InvariantCulture, $"wait=committed, timeout={CommitWait.TotalSeconds:0}")));
        }

        byte[] body = BodyOf(LoadRequest.FirstNumber);
        return new LoadRequest(
            "POST", path, body, body.AsSpan().IndexOf(Encoding.ASCII.GetBytes(LoadRequest.Placeholder)), fields);
    }

    private byte[] BodyOf(int number) => Encoding.ASCII.GetBytes(string.Create(
        CultureInfo.InvariantCulture, $$"""{"id":{{number}},"msg":"{{new string('x', options.PayloadBytes)}}"}"""));

    // Of all nodes or of none: a sum without those that have ended would be too small.
    private double? NodesCpu()
    {
        double? sum = 0;
        foreach (SandboxNode node in sandbox.Nodes) sum += ProcessUsage.CpuMicroseconds(node.Pid);
        return sum;
    }

    // The exporter answers from what it collected up to 300 ms ago: a short run would measure nothing.
    private async Task<double?> AllocatedAsync(CancellationToken cancel)
    {
        await Task.Delay(NodeMetrics.StaleMax, cancel).ConfigureAwait(false);
        return await NodeMetrics.ReadAsync(client, NodeMetrics.AllocatedBytes, cancel).ConfigureAwait(false);
    }

    private async Task RequireLoggingAsync(CancellationToken cancel)
    {
        ServedApplication application = await ServedApplication.OfAsync(client, cancel).ConfigureAwait(false);
        if (!application.IsLogging)
            throw CommandFailure.Refused(
                $"bench needs the application logging, and the sandbox in {sandbox.Folder} serves {application.Title}. "
                + "Start one with ./curia sandbox --app logging, or leave --target out.");
    }

    private async Task FillAsync(CancellationToken cancel)
    {
        TxId last = TxId.Zero;
        foreach (int[] ids in Enumerable.Range(LoadRequest.FirstNumber, MessagesToRead).Chunk(100))
        {
            CallResult[] results = await Task.WhenAll(
                ids.Select(id => client.CallAsync(CallRequest.Post(Path, BodyOf(id)), cancel))).ConfigureAwait(false);
            foreach (CallResult result in results)
            {
                if (!result.IsSuccess || result.TxId is not TxId txId)
                    throw CommandFailure.Refused(
                        $"the node took no messages to read later: {result.Status} {result.ErrorMessage}");
                if (txId > last) last = txId;
            }
        }

        await client.WaitForCommitAsync(last, CommitWait, cancel).ConfigureAwait(false);
    }

    // A refusal is its status and the body that came with it, which is JSON where the node itself has spoken.
    private static string? Readable(string? error)
    {
        int body = error?.IndexOf('{', StringComparison.Ordinal) ?? -1;
        if (body < 0) return error;
        try
        {
            using JsonDocument document = JsonDocument.Parse(error!.AsMemory(body));
            JsonElement said = document.RootElement.GetProperty("error");
            return $"{error![..body]}{said.GetProperty("code")} {said.GetProperty("message")}";
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return error;
        }
    }
}
