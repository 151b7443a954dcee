using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Host;

public sealed class SessionTests
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
        HttpStatusCode status = HttpStatusCode.OK;
        for (int attempt = 0; attempt < 100 && status == HttpStatusCode.OK; attempt++)
        {
            using HttpResponseMessage response = await client.GetAsync("/node/state");
            status = response.StatusCode;
            if (status == HttpStatusCode.OK) continue; // the first request has not arrived yet
            Assert.Equal(TimeSpan.FromSeconds(1), response.Headers.RetryAfter?.Delta);
            Assert.Contains("TooManyRequests", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }

        Assert.Equal(HttpStatusCode.ServiceUnavailable, status);
        string metrics = await client.GetStringAsync("/metrics");
        Assert.Contains("\ncuria_http_requests_in_flight{", metrics, StringComparison.Ordinal);
    }

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
