using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>The network between nodes, as whoever owns it sees it: passes everything on and keeps it.</summary>
internal sealed class RecordingProxy : IDisposable
{
    private readonly TcpListener listener;
    private readonly int target;
    private readonly MemoryStream seen = new();
    private readonly Lock gate = new();
    private readonly CancellationTokenSource ending = new();

    /// <summary>Listens on a port, and passes on to another one.</summary>
    public RecordingProxy(int port, int target)
    {
        this.target = target;
        listener = new TcpListener(IPAddress.Loopback, port);
        listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Everything, in both directions.</summary>
    public byte[] Seen
    {
        get
        {
            lock (gate) return seen.ToArray();
        }
    }

    public void Dispose()
    {
        ending.Cancel();
        listener.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await listener.AcceptTcpClientAsync(ending.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The end of the test.
        }
    }

    private async Task ServeAsync(TcpClient from)
    {
        using (from)
        using (TcpClient to = new())
        {
            try
            {
                await to.ConnectAsync(IPAddress.Loopback, target, ending.Token);
                await Task.WhenAny(
                    PassAsync(from.GetStream(), to.GetStream()), PassAsync(to.GetStream(), from.GetStream()));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or IOException)
            {
                // One of the two has gone, or nobody listens yet.
            }
        }
    }

    private async Task PassAsync(NetworkStream from, NetworkStream to)
    {
        byte[] buffer = new byte[64 * 1024];
        int size;
        while ((size = await from.ReadAsync(buffer, ending.Token)) > 0)
        {
            lock (gate) seen.Write(buffer, 0, size);
            await to.WriteAsync(buffer.AsMemory(0, size), ending.Token);
        }
    }
}
