using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

namespace Curia.Benchmarks.References;

/// <summary>One node of etcd, or several that replicate, on ports of their own, with their data on the disk of the
/// measurement and fsync on, as it comes (Debian: <c>etcd-server</c>).</summary>
internal sealed class EtcdServer : IDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);

    private readonly Process[] processes;

    private EtcdServer(Process[] processes, Uri url)
    {
        this.processes = processes;
        Url = url;
    }

    /// <summary>Where the leader takes requests, or the one node.</summary>
    public Uri Url { get; private set; }

    /// <summary>The processes, as arguments have them.</summary>
    public string Pids => string.Join(',', processes.Select(process => process.Id));

    /// <summary>Starts it, and waits until it takes requests; null when it is not installed.</summary>
    /// <param name="folder">Where its data goes.</param>
    /// <param name="nodes">How many nodes.</param>
    public static async Task<EtcdServer?> StartAsync(string folder, int nodes = 1)
    {
        Uri[] clients = [.. Enumerable.Range(0, nodes).Select(_ => new Uri($"http://127.0.0.1:{FreePort()}"))];
        string[] peers = [.. Enumerable.Range(0, nodes).Select(_ => $"http://127.0.0.1:{FreePort()}")];
        string cluster = string.Join(',', peers.Select((peer, number) => $"n{number}={peer}"));
        Process[] processes = new Process[nodes];
        try
        {
            for (int node = 0; node < nodes; node++)
                processes[node] = StartOne(folder, node, clients[node], peers[node], cluster);
        }
        catch (Win32Exception)
        {
            return null;
        }

        EtcdServer server = new(processes, clients[0]);
        for (Stopwatch waited = Stopwatch.StartNew(); waited.Elapsed < StartTime; await Task.Delay(100))
        {
            if (processes.Any(process => process.HasExited)) break;
            if (await FindLeaderAsync(clients) is not { } leader) continue;
            server.Url = leader;
            return server;
        }

        server.Dispose();
        throw new InvalidOperationException("etcd did not start");
    }

    public void Dispose()
    {
        foreach (Process process in processes)
        {
            if (!process.HasExited) process.Kill();
            process.WaitForExit();
            process.Dispose();
        }
    }

    private static Process StartOne(string folder, int node, Uri client, string peer, string cluster)
    {
        ProcessStartInfo start = new("etcd") { UseShellExecute = false, RedirectStandardError = true };
        string[] arguments =
        [
            "--name", $"n{node}", "--data-dir", Path.Combine(folder, $"etcd{node}"), "--log-level", "error",
            "--listen-client-urls", client.OriginalString, "--advertise-client-urls", client.OriginalString,
            "--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", cluster,
            "--quota-backend-bytes", $"{8L << 30}", // the standard quota ends a run of a million puts
        ];
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        Process process = Process.Start(start)!;
        process.BeginErrorReadLine(); // its log must not fill the pipe
        return process;
    }

    // A follower would forward what it is sent: the leader is measured, as the primary is.
    private static async Task<Uri?> FindLeaderAsync(Uri[] clients)
    {
        using HttpClient http = new() { Timeout = TimeSpan.FromSeconds(2) };
        foreach (Uri client in clients)
        {
            try
            {
                using StringContent nothing = new("{}");
                using HttpResponseMessage answer =
                    await http.PostAsync(new Uri(client, "/v3/maintenance/status"), nothing);
                JsonNode? status = JsonNode.Parse(await answer.Content.ReadAsStringAsync());
                string? leader = (string?)status?["leader"];
                if (leader is not (null or "0") && leader == (string?)status?["header"]?["member_id"]) return client;
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException or JsonException)
            {
                // Not yet.
            }
        }

        return null;
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
