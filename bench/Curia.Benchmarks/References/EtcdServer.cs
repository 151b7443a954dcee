using System;
using System.ComponentModel;
using System.Diagnostics;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace Curia.Benchmarks.References;

/// <summary>One node of etcd on ports of its own, with its data on the disk of the measurement and fsync on, as it
/// comes (Debian: <c>etcd-server</c>).</summary>
internal sealed class EtcdServer : IDisposable
{
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(30);

    private readonly Process process;

    private EtcdServer(Process process, Uri url)
    {
        this.process = process;
        Url = url;
    }

    public Uri Url { get; }

    public int Pid => process.Id;

    /// <summary>Starts it, and waits until it takes requests; null when it is not installed.</summary>
    public static async Task<EtcdServer?> StartAsync(string folder)
    {
        Uri clients = new($"http://127.0.0.1:{FreePort()}");
        string peers = $"http://127.0.0.1:{FreePort()}";
        ProcessStartInfo start = new("etcd") { UseShellExecute = false, RedirectStandardError = true };
        string[] arguments =
        [
            "--name", "one", "--data-dir", Path.Combine(folder, "etcd"), "--log-level", "error",
            "--listen-client-urls", clients.OriginalString, "--advertise-client-urls", clients.OriginalString,
            "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers, "--initial-cluster", $"one={peers}",
            "--quota-backend-bytes", $"{8L << 30}", // the standard quota ends a run of a million puts
        ];
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (Win32Exception)
        {
            return null;
        }

        process.BeginErrorReadLine(); // its log must not fill the pipe
        EtcdServer server = new(process, clients);
        for (Stopwatch waited = Stopwatch.StartNew(); waited.Elapsed < StartTime; await Task.Delay(100))
        {
            if (process.HasExited) break;
            try
            {
                using TcpClient probe = new();
                await probe.ConnectAsync(IPAddress.Loopback, clients.Port);
                await Task.Delay(1000); // it takes connections a moment before it has elected itself
                return server;
            }
            catch (SocketException)
            {
                // Not yet.
            }
        }

        server.Dispose();
        throw new InvalidOperationException("etcd did not start");
    }

    public void Dispose()
    {
        if (!process.HasExited) process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
