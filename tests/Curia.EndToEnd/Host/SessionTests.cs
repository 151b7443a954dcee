using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Json;
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
        using (HttpResponseMessage response = await UntilExcessAsync(node))
        {
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

    // HTTP/2 has no header for it: the client sees that the connection takes no more requests, and opens another one.
    [Fact]
    public async Task An_excess_session_of_http2_is_told_to_go_away_and_the_next_one_is_answered()
    {
        using NodeFolder folder = new();
        folder.Listeners[0]!["max_sessions"] = 1;
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using HttpClient client = node.Client(version: HttpVersion.Version20);
        using (HttpClient other = node.Client())
        {
            // An answer shows that the one place is taken; a bare connection may not have been admitted yet.
            HttpStatusCode first = await UntilAnsweredAsync(other);
            Assert.Equal(HttpStatusCode.OK, first);
            using HttpResponseMessage refused = await client.GetAsync("/node/state");
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            Assert.Null(refused.Headers.ConnectionClose);
        }

        Assert.Equal(HttpStatusCode.OK, await UntilAnsweredAsync(client));
        Assert.DoesNotContain("Kestrel", node.StandardError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_above_those_in_flight_is_503_and_metrics_are_still_told()
    {
        using NodeFolder folder = new();
        folder.Limits["in_flight"] = 1;
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using HttpClient client = node.Client(folder.User, version: HttpVersion.Version20);
        HttpResponseMessage? refused = null;
        for (int attempt = 0; attempt < 50 && refused is null; attempt++)
        {
            // They wait for the disk, so that many of them are there at a time.
            Task<HttpResponseMessage>[] writes = [.. Enumerable.Range(0, 20).Select(_ => WriteAsync(client))];
            await client.GetStringAsync("/metrics");
            HttpResponseMessage[] responses = await Task.WhenAll(writes);
            refused = responses.FirstOrDefault(one => one.StatusCode == HttpStatusCode.ServiceUnavailable);
            Assert.Contains(responses, one => one.IsSuccessStatusCode);
        }

        Assert.NotNull(refused);
        Assert.Equal(TimeSpan.FromSeconds(1), refused.Headers.RetryAfter?.Delta);
        Assert.Contains("TooManyRequests", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    // Nobody needs a certificate to begin a request: who only begins them must not keep others out.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Bodies_that_arrive_slowly_take_no_place_of_those_in_flight(int major)
    {
        using NodeFolder folder = new();
        folder.Limits["in_flight"] = 3;
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using HttpClient slow = node.Client(version: major == 1 ? HttpVersion.Version11 : HttpVersion.Version20);
        List<Trickle> bodies = [.. Enumerable.Range(0, 6).Select(_ => new Trickle())];
        Task[] posts = [.. bodies.Select(body => slow.PostAsync("/app/log/private", body))];
        await Task.WhenAll(bodies.Select(body => body.HasBegun)).WaitAsync(NodeProcess.Patience);
        using HttpClient client = node.Client(folder.User);
        for (int attempt = 0; attempt < 5; attempt++)
        {
            using HttpResponseMessage response = await client.GetAsync("/node/state");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            await Task.Delay(100);
        }

        Assert.All(posts, post => Assert.False(post.IsCompleted));
        slow.CancelPendingRequests();
    }

    // Fast enough for the server's minimum rate, and without an end.
    [Fact]
    public async Task A_body_that_does_not_arrive_in_time_is_408_and_its_connection_goes_on()
    {
        using NodeFolder folder = new();
        folder.Limits["request_seconds"] = 1;
        using NodeProcess node = await NodeProcess.OpenAsync(folder);
        using HttpClient client = node.Client(version: HttpVersion.Version20);
        using HttpResponseMessage late = await client.PostAsync("/app/log/private", new Trickle());
        Assert.Equal(HttpStatusCode.RequestTimeout, late.StatusCode);
        Assert.Contains("RequestTimeout", await late.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        using HttpResponseMessage next = await client.GetAsync("/node/state");
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    private static async Task<HttpResponseMessage> WriteAsync(HttpClient client)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/app/log/private");
        request.Version = HttpVersion.Version20;
        request.Content = JsonContent.Create(new { id = 1, msg = "message" });
        request.Headers.TryAddWithoutValidation("Prefer", "wait=committed");
        return await client.SendAsync(request);
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

    // A bare connection takes its place a moment after it was made; each attempt is a connection of its own.
    private static async Task<HttpResponseMessage> UntilExcessAsync(NodeProcess node)
    {
        for (int attempt = 0; ; attempt++)
        {
            using HttpClient client = node.Client();
            HttpResponseMessage response = await client.GetAsync("/node/state");
            if (response.StatusCode == HttpStatusCode.ServiceUnavailable || attempt == 100) return response;
            response.Dispose();
            await Task.Delay(50);
        }
    }

    // A place becomes free a moment after the connection that held it has closed.
    private static async Task<HttpStatusCode> UntilAnsweredAsync(HttpClient client)
    {
        HttpStatusCode status = HttpStatusCode.ServiceUnavailable;
        for (int attempt = 0; attempt < 100 && status == HttpStatusCode.ServiceUnavailable; attempt++)
        {
            if (attempt > 0) await Task.Delay(50);
            using HttpResponseMessage response = await client.GetAsync("/node/state");
            status = response.StatusCode;
        }

        return status;
    }

    private static async Task<TcpClient> SilentAsync(NodeProcess node)
    {
        TcpClient socket = new();
        await socket.ConnectAsync(IPAddress.Loopback, node.Url().Port);
        return socket;
    }

    /// <summary>A body of some kilobytes a second that does not end.</summary>
    private sealed class Trickle : HttpContent
    {
        private readonly TaskCompletionSource hasBegun = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task HasBegun => hasBegun.Task;

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(
            Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            while (true)
            {
                await stream.WriteAsync(new byte[300], cancellationToken);
                await stream.FlushAsync(cancellationToken);
                hasBegun.TrySetResult();
                await Task.Delay(100, cancellationToken);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
