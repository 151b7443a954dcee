using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Host;

public sealed partial class SessionTests
{
    [Fact]
    public async Task A_session_above_the_first_cap_is_told_so_and_one_above_the_second_is_closed()
    {
        const int sessionsMax = 6;
        using NodeFolder folder = new();
        folder.Listeners[0]!["max_sessions"] = sessionsMax;
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        const int hardCap = sessionsMax + 10;
        List<TcpClient> silent = [];
        for (int at = 0; at < sessionsMax; at++) silent.Add(await SilentAsync(node));
        using (HttpClient client = node.Client())
        {
            using HttpResponseMessage response = await client.GetAsync("/node/state");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
            string body = await response.Content.ReadAsStringAsync();
            Assert.Contains("SessionCapExhausted", body, StringComparison.Ordinal);
            Assert.True(response.Headers.ConnectionClose);
        }

        for (int at = silent.Count; at < hardCap + 1; at++) silent.Add(await SilentAsync(node));
        int closed = 0;
        foreach (TcpClient socket in silent) closed += await IsClosedAsync(socket) ? 1 : 0;
        Assert.InRange(closed, 1, 2);
        foreach (TcpClient socket in silent) socket.Dispose();
    }

    // Far beyond what a busy machine needs to hand a request over.
    private static readonly TimeSpan ArrivalTime = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_request_above_those_in_flight_is_503_and_metrics_are_still_told()
    {
        using NodeFolder folder = new();
        folder.Limits["in_flight"] = 1;
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using TcpClient socket = await SilentAsync(node);
        using SslStream endless = new(socket.GetStream());
        await endless.AuthenticateAsClientAsync(node.TlsOptions(folder.User));
        byte[] beginning = "POST /app/log/private HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"u8.ToArray();
        await endless.WriteAsync(beginning);
        using HttpClient client = node.Client();

        // Only when it is in flight: a request of ours that is there first would make the endless one the second.
        bool isInFlight = false;
        for (Stopwatch waited = Stopwatch.StartNew(); !isInFlight && waited.Elapsed < ArrivalTime;)
        {
            isInFlight = OneInFlight().IsMatch(await client.GetStringAsync("/metrics"));
            if (!isInFlight) await Task.Delay(50);
        }

        Assert.True(isInFlight, "no metric told that the first request is in flight");
        using HttpResponseMessage response = await client.GetAsync("/node/state");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
        Assert.Contains("TooManyRequests", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\ncuria_http_requests_in_flight\{[^}]*\} 1\b")]
    private static partial Regex OneInFlight();

    private static async Task<bool> IsClosedAsync(TcpClient socket)
    {
        using CancellationTokenSource brief = new(TimeSpan.FromMilliseconds(100));
        try
        {
            return await socket.GetStream().ReadAsync(new byte[1], brief.Token) == 0;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static async Task<TcpClient> SilentAsync(NodeProcess node)
    {
        TcpClient socket = new();
        await socket.ConnectAsync(IPAddress.Loopback, node.Url().Port);
        return socket;
    }
}
