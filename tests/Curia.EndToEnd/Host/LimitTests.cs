using System;
using System.Diagnostics;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Host;

public sealed class LimitedNode : IAsyncLifetime
{
    internal NodeFolder Folder { get; } = new();

    internal NodeProcess Node { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Folder.Limits["body_bytes"] = 4096;
        Folder.Limits["header_bytes"] = 2048;
        Folder.Limits["idle_seconds"] = 1;
        Folder.Limits["request_seconds"] = 1;
        Node = await NodeProcess.OpenAsync(Folder);
    }

    public ValueTask DisposeAsync()
    {
        Node.Dispose();
        Folder.Dispose();
        return ValueTask.CompletedTask;
    }
}

public sealed class LimitTests(LimitedNode limited) : IClassFixture<LimitedNode>
{
    private readonly NodeFolder folder = limited.Folder;
    private readonly NodeProcess node = limited.Node;

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(2, false)]
    [InlineData(2, true)]
    public async Task A_body_above_the_limit_is_413(int major, bool hasLength)
    {
        using HttpClient client = node.Client(folder.User, version: new Version(major, major == 1 ? 1 : 0));
        using HttpRequestMessage request = new(HttpMethod.Post, "/app/log/private");
        request.Content = hasLength ? new ByteArrayContent(new byte[5000]) : new Unmeasured(5000);
        using HttpResponseMessage response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
        Assert.Equal("RequestBodyTooLarge", await CodeAsync(response));
        using HttpResponseMessage next = await client.GetAsync("/node/state");
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Fact]
    public async Task A_target_above_the_limit_is_414()
    {
        using HttpClient client = node.Client();
        using HttpResponseMessage response = await client.GetAsync("/app/" + new string('a', 8200));
        Assert.Equal(HttpStatusCode.RequestUriTooLong, response.StatusCode);
        Assert.Equal("RequestTargetTooLong", await CodeAsync(response));
    }

    [Theory]
    [InlineData(1, 3000)]
    [InlineData(600, 1)]
    public async Task A_header_above_the_limit_is_431(int count, int length)
    {
        using SslStream stream = await ConnectAsync();
        StringBuilder request = new("GET /node/state HTTP/1.1\r\nHost: x\r\n");
        for (int at = 0; at < count; at++) request.Append($"X-{at}: {new string('a', length)}\r\n");
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request + "\r\n"));
        Assert.StartsWith("HTTP/1.1 431 ", await ReadToEndAsync(stream), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_not_http_is_400_and_closes_the_connection()
    {
        using SslStream stream = await ConnectAsync();
        await stream.WriteAsync("\0\u0001\u0002 what is this\r\n\r\n"u8.ToArray());
        Assert.StartsWith("HTTP/1.1 400 ", await ReadToEndAsync(stream), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Garbage_on_the_socket_harms_nobody_else()
    {
        for (int seed = 0; seed < 20; seed++)
        {
            byte[] garbage = new byte[2000];
            new Random(seed).NextBytes(garbage);
            using TcpClient socket = new();
            await socket.ConnectAsync(IPAddress.Loopback, node.Url().Port);
            await socket.GetStream().WriteAsync(garbage.AsMemory(0, 1 + (seed * 100)));
        }

        using HttpClient client = node.Client();
        using HttpResponseMessage response = await client.GetAsync("/node/state");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.DoesNotContain("   at ", node.StandardError, StringComparison.Ordinal);
    }

    // A header that never ends, and a connection that asks nothing more, are closed after a second here.
    [Theory]
    [InlineData("GET /node/state HTTP/1.1\r\nHost: x\r\nX-Slow: ")]
    [InlineData("GET /node/state HTTP/1.1\r\nHost: x\r\n\r\n")]
    public async Task A_client_that_is_slow_or_idle_does_not_hold_a_session(string request)
    {
        using SslStream stream = await ConnectAsync();
        await stream.WriteAsync(Encoding.ASCII.GetBytes(request));
        Stopwatch waited = Stopwatch.StartNew();
        await ReadToEndAsync(stream);
        Assert.InRange(waited.Elapsed.TotalSeconds, 0.5, 15);
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage response)
    {
        using JsonDocument body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return body.RootElement.GetProperty("error").GetProperty("code").GetString();
    }

    private static async Task<string> ReadToEndAsync(Stream stream)
    {
        using CancellationTokenSource impatience = new(NodeProcess.Patience);
        using MemoryStream all = new();
        try
        {
            await stream.CopyToAsync(all, impatience.Token);
        }
        catch (IOException)
        {
            // The server closes without waiting for what it has not read.
        }

        return Encoding.ASCII.GetString(all.ToArray());
    }

    private async Task<SslStream> ConnectAsync()
    {
        TcpClient socket = new();
        await socket.ConnectAsync(IPAddress.Loopback, node.Url().Port);
        SslStream stream = new(socket.GetStream());
        await stream.AuthenticateAsClientAsync(node.TlsOptions(folder.User));
        return stream;
    }

    /// <summary>A body whose length is not announced.</summary>
    private sealed class Unmeasured(int length) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            stream.WriteAsync(new byte[length]).AsTask();

        protected override bool TryComputeLength(out long computed)
        {
            computed = 0;
            return false;
        }
    }
}
