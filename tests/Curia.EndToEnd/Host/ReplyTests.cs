using System;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Host;

[Collection(SharedNodeTests.Name)]
public sealed class ReplyTests(SharedNode shared)
{
    private const string TxIdHeader = "x-ms-ccf-transaction-id";

    [Theory]
    [InlineData("wait=committed")]
    [InlineData("wait=committed, timeout=30")]
    [InlineData("respond-async; wait=committed; timeout=no")]
    public async Task A_reply_that_waited_for_commit_names_a_committed_transaction(string preference)
    {
        using HttpClient client = shared.Node.Client(shared.Folder.User);
        using HttpRequestMessage request = new(HttpMethod.Post, "/app/log/private") { Content = Message(1, "hello") };
        request.Headers.TryAddWithoutValidation("Prefer", preference);
        using HttpResponseMessage response = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("wait=committed", response.Headers.GetValues("Preference-Applied").Single());
        string txId = response.Headers.GetValues(TxIdHeader).Single();
        Assert.Equal("Committed", await StatusAsync(client, txId));
    }

    [Fact]
    public async Task A_reply_that_did_not_wait_names_a_transaction_that_commits()
    {
        using HttpClient client = shared.Node.Client(shared.Folder.User);
        using HttpResponseMessage response = await client.PostAsync("/app/log/private", Message(2, "hello"));
        Assert.False(response.Headers.Contains("Preference-Applied"));
        string txId = response.Headers.GetValues(TxIdHeader).Single();
        string status = "";
        for (int attempt = 0; attempt < 500 && status != "Committed"; attempt++)
        {
            status = await StatusAsync(client, txId);
            Assert.Contains(status, new[] { "Pending", "Committed" });
            await Task.Delay(5);
        }

        Assert.Equal("Committed", status);
    }

    [Fact]
    public async Task A_read_can_wait_until_what_it_has_read_is_committed()
    {
        using HttpClient client = shared.Node.Client(shared.Folder.User);
        using HttpResponseMessage written = await client.PostAsync("/app/log/private", Message(3, "hello"));
        using HttpRequestMessage request = new(HttpMethod.Get, "/app/log/private?id=3");
        request.Headers.TryAddWithoutValidation("Prefer", "wait=committed");
        using HttpResponseMessage response = await client.SendAsync(request);
        Assert.Equal("""{"msg":"hello"}""", await response.Content.ReadAsStringAsync());
        Assert.Equal("Committed", await StatusAsync(client, response.Headers.GetValues(TxIdHeader).Single()));
    }

    // RFC 9110 section 9.3.2.
    [Fact]
    public async Task Head_has_the_header_of_get_and_no_body()
    {
        using HttpClient client = shared.Node.Client(shared.Folder.User);
        using HttpResponseMessage get = await client.GetAsync("/node/version");
        using HttpRequestMessage request = new(HttpMethod.Head, "/node/version");
        using HttpResponseMessage head = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, head.StatusCode);
        Assert.Equal(get.Content.Headers.ContentLength, head.Content.Headers.ContentLength);
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    [Theory]
    [InlineData("GET", "/app/nothing/here", "", 404)]
    [InlineData("PUT", "/app/log/private", "{}", 405)]
    [InlineData("BREW", "/app/log/private", "", 405)]
    [InlineData("POST", "/app/log/private", "{", 400)]
    [InlineData("POST", "/app/log/private", """{"id":1,"msg":"a","more":1}""", 400)]
    [InlineData("GET", "/app/log/private?id=%zz", "", 400)]
    [InlineData("GET", "/app/log/private?id=999", "", 404)]
    [InlineData("GET", "/app/tx?transaction_id=x", "", 400)]
    public async Task An_error_is_odata_and_says_nothing_of_the_inside(
        string method, string path, string body, int status)
    {
        using HttpClient client = shared.Node.Client(shared.Folder.User);
        using HttpRequestMessage request = new(new HttpMethod(method), path);
        if (body.Length > 0) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await client.SendAsync(request);
        Assert.Equal(status, (int)response.StatusCode);
        string text = await response.Content.ReadAsStringAsync();
        using JsonDocument document = JsonDocument.Parse(text);
        JsonElement error = document.RootElement.GetProperty("error");
        Assert.NotEmpty(error.GetProperty("code").GetString()!);
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
        Assert.DoesNotContain("   at ", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", text, StringComparison.Ordinal);
        Assert.Single(response.Headers.GetValues(TxIdHeader));
    }

    [Fact]
    public async Task Concurrent_writes_to_one_key_are_all_answered_and_the_last_one_stands()
    {
        using HttpClient client = shared.Node.Client(shared.Folder.User, version: HttpVersion.Version20);
        HttpResponseMessage[] responses = await Task.WhenAll(Enumerable.Range(0, 64)
            .Select(at => client.PostAsync("/app/log/private", Message(77, $"message {at}"))));
        Assert.All(responses, response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        int last = Enumerable.Range(0, 64).MaxBy(at => Place(responses[at]));
        Assert.Equal($$"""{"msg":"message {{last}}"}""", await client.GetStringAsync("/app/log/private?id=77"));
        foreach (HttpResponseMessage response in responses) response.Dispose();
    }

    private static TxId Place(HttpResponseMessage response) =>
        TxId.TryParse(response.Headers.GetValues(TxIdHeader).Single(), out TxId txId) ? txId : TxId.Zero;

    private static JsonContent Message(int id, string text) => JsonContent.Create(new { id, msg = text });

    private static async Task<string> StatusAsync(HttpClient client, string txId)
    {
        using JsonDocument reply = JsonDocument.Parse(await client.GetStringAsync($"/app/tx?transaction_id={txId}"));
        return reply.RootElement.GetProperty("status").GetString()!;
    }
}
