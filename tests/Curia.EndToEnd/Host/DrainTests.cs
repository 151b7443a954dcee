using System;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Json;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Host;

public sealed class DrainTests : IDisposable
{
    private readonly NodeFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_node_that_is_told_to_stop_under_load_loses_nothing_that_it_acknowledged()
    {
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        ConcurrentBag<TxId> acknowledged = [];
        using CancellationTokenSource stop = new(NodeProcess.Patience);
        Task[] load = [.. Enumerable.Range(0, 8)
            .Select(worker => WriteUntilRefusedAsync(node, worker, acknowledged, stop.Token))];
        while (acknowledged.Count < 400) await Task.Delay(10, stop.Token);
        node.Terminate();
        Assert.Equal(0, await node.ExitCodeAsync());
        await Task.WhenAll(load);
        AuditReport report = LedgerOnDisk.Audit(folder, acknowledged);
        Assert.True(report.Ok, string.Join('\n', report.Problems));
        Assert.Subset(LedgerOnDisk.Transactions(folder), acknowledged.ToHashSet());
        Assert.False(System.IO.File.Exists(folder.At("node0/addresses.json")));
    }

    [Fact]
    public async Task A_request_that_never_ends_delays_the_stop_for_the_drain_time_only()
    {
        folder.Limits["drain_seconds"] = 1;
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using SslStream endless = await BeginEndlessRequestAsync(node);
        Stopwatch waited = Stopwatch.StartNew();
        node.Terminate();
        Assert.Equal(0, await node.ExitCodeAsync());
        Assert.InRange(waited.Elapsed.TotalSeconds, 0.9, 15);
    }

    [Fact]
    public async Task A_second_signal_ends_the_process_at_once()
    {
        folder.Limits["drain_seconds"] = 600;
        folder.Limits["request_seconds"] = 600;
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using SslStream endless = await BeginEndlessRequestAsync(node);
        node.Terminate();
        await Task.Delay(300);
        Assert.False(node.HasExited);
        node.Terminate();
        Assert.Equal(128 + 15, await node.ExitCodeAsync());
    }

    // Half of the workers wait for commit, the others take their acknowledgement as soon as there is one.
    private async Task WriteUntilRefusedAsync(
        NodeProcess node, int worker, ConcurrentBag<TxId> acknowledged, CancellationToken stop)
    {
        Version version = worker < 4 ? HttpVersion.Version11 : HttpVersion.Version20;
        using HttpClient client = node.Client(folder.User, version: version);
        try
        {
            for (int at = 0; !stop.IsCancellationRequested; at++)
            {
                using HttpRequestMessage request = new(HttpMethod.Post, "/app/log/private");
                request.Version = client.DefaultRequestVersion;
                request.Content = JsonContent.Create(new { id = (worker * 100) + (at % 100), msg = $"message {at}" });
                if (worker % 2 == 0) request.Headers.TryAddWithoutValidation("Prefer", "wait=committed");
                using HttpResponseMessage response = await client.SendAsync(request, stop);
                if (!response.IsSuccessStatusCode) return;
                string text = response.Headers.GetValues("x-ms-ccf-transaction-id").Single();
                Assert.True(TxId.TryParse(text, out TxId txId));
                acknowledged.Add(txId);
            }
        }
        catch (HttpRequestException)
        {
            // The node takes no more connections.
        }
    }

    private async Task<SslStream> BeginEndlessRequestAsync(NodeProcess node)
    {
        TcpClient socket = new();
        await socket.ConnectAsync(IPAddress.Loopback, node.Url().Port);
        SslStream stream = new(socket.GetStream());
        await stream.AuthenticateAsClientAsync(node.TlsOptions(folder.User));
        const string beginning = "POST /app/log/private HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(beginning));
        await Task.Delay(200); // the node has read the header
        return stream;
    }
}
