using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Tests.Evidence;

/// <summary>A server of collateral that answers as a test wants: byte by byte, late, or never.</summary>
internal sealed class CollateralServer : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Func<string, Stream, CancellationToken, Task> answer;
    private readonly Task running;

    public CollateralServer(Func<string, Stream, CancellationToken, Task> answer)
    {
        this.answer = answer;
        listener.Start();
        running = RunAsync();
    }

    /// <summary>One that always sends the same.</summary>
    public CollateralServer(byte[] response) : this((_, stream, cancel) => stream.WriteAsync(response, cancel).AsTask())
    {
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/cache/");

    /// <summary>The requests so far: head line and headers of each.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>The bytes of an answer.</summary>
    public static byte[] Response(byte[] body, string status = "200 OK", params string[] headers)
    {
        StringBuilder head = new($"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {body.Length}\r\n");
        foreach (string header in headers) head.Append(header).Append("\r\n");
        return [.. Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), .. body];
    }

    public async ValueTask DisposeAsync()
    {
        stop.Cancel();
        listener.Stop();
        await running;
        stop.Dispose();
    }

    private async Task RunAsync()
    {
        List<Task> open = [];
        while (!stop.IsCancellationRequested)
        {
            try
            {
                open.Add(ServeAsync(await listener.AcceptTcpClientAsync(stop.Token)));
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                break;
            }
        }

        await Task.WhenAll(open);
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                NetworkStream stream = client.GetStream();
                string request = "";
                byte[] buffer = new byte[4096];
                while (!request.Contains("\r\n\r\n", StringComparison.Ordinal))
                {
                    int read = await stream.ReadAsync(buffer, stop.Token);
                    if (read == 0) return;
                    request += Encoding.ASCII.GetString(buffer, 0, read);
                }

                Requests.Enqueue(request);
                await answer(request.Split(' ')[1], stream, stop.Token);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
                return; // the other end has gone, or the test is over
            }
        }
    }
}
