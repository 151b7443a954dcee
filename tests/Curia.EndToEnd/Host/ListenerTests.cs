using System.Net;
using System.Net.Http;
using System.Text.Json;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Host;

[Collection(SharedNodeTests.Name)]
public sealed class ListenerTests(SharedNode shared)
{
    [Theory]
    [InlineData("primary", "/node/network", 200)]
    [InlineData("primary", "/app/log/private/count", 200)]
    [InlineData("primary", "/log/private/count", 200)]
    [InlineData("primary", "/gov/members", 404)]
    [InlineData("primary", "/metrics", 200)]
    [InlineData("operator", "/node/state", 200)]
    [InlineData("operator", "/node/stately", 404)]
    [InlineData("operator", "/node/network", 404)]
    [InlineData("operator", "/metrics", 200)]
    [InlineData("operator", "/app/log/private/count", 404)]
    [InlineData("operator", "/log/private/count", 404)]
    [InlineData("messages", "/app/log/private/count", 200)]
    [InlineData("messages", "/log/private/count", 200)]
    [InlineData("messages", "/log/%70rivate/count", 200)]
    [InlineData("messages", "/app/commit", 404)]
    [InlineData("messages", "/commit", 404)]
    [InlineData("messages", "/metrics", 404)]
    [InlineData("messages", "/node/metrics", 404)]
    [InlineData("messages", "/app/log/../../node/state", 404)]
    public async Task A_listener_serves_its_prefixes_and_nothing_else(string listener, string path, int status)
    {
        using HttpClient client = shared.Node.Client(shared.Folder.User, listener);
        using HttpResponseMessage response = await client.GetAsync(path);
        Assert.Equal(status, (int)response.StatusCode);
        if (response.StatusCode != HttpStatusCode.NotFound) return;
        using JsonDocument body = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("ResourceNotFound", body.RootElement.GetProperty("error").GetProperty("code").GetString());
    }
}
