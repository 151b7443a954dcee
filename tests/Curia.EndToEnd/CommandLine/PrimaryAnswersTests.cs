using System;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Http.Json;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>A sandbox of three nodes and the endpoints that only the primary answers (docs/http.md, "Several
/// nodes").</summary>
public sealed class PrimaryAnswersTests : IAsyncLifetime
{
    private readonly OpenSandbox sandbox = new(nodes: 3);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => sandbox.InitializeAsync();

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task A_linearisable_read_has_what_was_acknowledged_elsewhere_and_a_redirect_leads_to_the_primary()
    {
        using HttpClient client = Client(follow: false);
        using HttpClient following = Client(follow: true);
        string[] urls = [.. sandbox.File.GetProperty("nodes").EnumerateArray()
            .Select(node => node.GetProperty("url").GetString()!)];
        string primary = await PrimaryAsync(client, urls);
        string[] backups = [.. urls.Where(url => url != primary)];

        for (int round = 0; round < 20; round++)
        {
            string text = $"round {round}";
            await WriteAsync(client, urls[round % 3] + "/app/log/private", 1, text, HttpStatusCode.OK);
            foreach (string url in urls)
            {
                JsonElement read = await client.GetFromJsonAsync<JsonElement>(
                    $"{url}/app/log/private/latest?id=1", Cancel);
                Assert.Equal(text, read.GetProperty("msg").GetString());
            }
        }

        foreach (string backup in backups)
        {
            const string Target = "/app/log/private/redirected?a%2Fb";
            using HttpResponseMessage sent = await WriteAsync(
                client, backup + Target, 2, "sent there", HttpStatusCode.TemporaryRedirect);
            Assert.Equal(primary + Target, sent.Headers.Location!.OriginalString);
            await WriteAsync(following, backup + "/app/log/private/redirected", 3, "followed", HttpStatusCode.OK);
        }

        await WriteAsync(client, primary + "/app/log/private/redirected", 4, "at home", HttpStatusCode.OK);
        Assert.Equal("0", await CountOfRemovableAsync(client, primary));
        string name = $"node{Array.IndexOf(urls, backups[1])}";
        (await sandbox.RunAsync("node", "retire", name)).Expect(0);
        for (int again = 0; again < 100 && await CountOfRemovableAsync(client, primary) == "0"; again++)
            await Task.Delay(100, Cancel);
        Assert.Equal("1", await CountOfRemovableAsync(client, primary));
    }

    private static async Task<HttpResponseMessage> WriteAsync(
        HttpClient client, string url, int id, string msg, HttpStatusCode expected)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, url) { Content = JsonContent.Create(new { id, msg }) };
        request.Headers.TryAddWithoutValidation("Prefer", "wait=committed");
        HttpResponseMessage response = await client.SendAsync(request, Cancel);
        string body = await response.Content.ReadAsStringAsync(Cancel);
        Assert.True(expected == response.StatusCode, $"{url}: {(int)response.StatusCode} {body}");
        return response;
    }

    private static async Task<string> PrimaryAsync(HttpClient client, string[] urls)
    {
        JsonElement node = await client.GetFromJsonAsync<JsonElement>(urls[0] + "/node/primary", Cancel);
        string address = node.GetProperty("published_addresses")[0].GetString()!;
        return urls.Single(url => url == "https://" + address);
    }

    private static async Task<string> CountOfRemovableAsync(HttpClient client, string url)
    {
        JsonElement reply = await client.GetFromJsonAsync<JsonElement>(url + "/node/network/removable_nodes", Cancel);
        return $"{reply.GetProperty("nodes").GetArrayLength()}";
    }

    private HttpClient Client(bool follow)
    {
        X509ChainPolicy pinned = new()
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        pinned.CustomTrustStore.Add(X509CertificateLoader.LoadCertificateFromFile(sandbox.PathOf("service_cert.pem")));
        X509Certificate2 user = X509Certificate2.CreateFromPemFile(
            sandbox.PathOf("user0_cert.pem"), sandbox.PathOf("user0_privk.pem"));
        SocketsHttpHandler handler = new()
        {
            AllowAutoRedirect = follow,
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = pinned,
                ClientCertificates = [user],
            },
        };
        return new HttpClient(handler) { Timeout = TimeSpan.FromSeconds(30) };
    }
}
