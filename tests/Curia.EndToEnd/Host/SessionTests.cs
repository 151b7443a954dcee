using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Http;
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
