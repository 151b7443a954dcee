using System;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Host;

[Collection(SharedNodeTests.Name)]
public sealed class TlsTests(SharedNode shared)
{
    private readonly NodeProcess node = shared.Node;
    private readonly NodeFolder folder = shared.Folder;

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task Tls_1_2_and_1_3_are_spoken(SslProtocols protocol)
    {
        using TcpClient socket = new();
        await socket.ConnectAsync(IPAddress.Loopback, node.Url().Port);
        using SslStream tls = new(socket.GetStream());
        await tls.AuthenticateAsClientAsync(node.TlsOptions(protocols: protocol));
        Assert.Equal(protocol, tls.SslProtocol);
    }

    // RFC 8446 appendix D.5: TLS 1.0 and 1.1 must not be negotiated. The hello is written by hand, since the libraries
    // of today do not send one.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Older_tls_is_refused_with_an_alert(byte minor)
    {
        using TcpClient socket = new();
        await socket.ConnectAsync(IPAddress.Loopback, node.Url().Port);
        byte[] hello = [3, minor, .. new byte[32], 0, 0, 4, 0xC0, 0x09, 0xC0, 0x13, 1, 0];
        byte[] handshake = [1, 0, 0, (byte)hello.Length, .. hello];
        byte[] record = [22, 3, 1, 0, (byte)handshake.Length, .. handshake];
        await socket.GetStream().WriteAsync(record);
        byte[] answer = new byte[7];
        int length = await socket.GetStream().ReadAtLeastAsync(answer, answer.Length, throwOnEndOfStream: false);
        const byte alert = 21;
        const byte protocolVersion = 70;
        Assert.True(length == 0 || (answer[0] == alert && answer[6] == protocolVersion), Convert.ToHexString(answer));
    }

    [Theory]
    [InlineData("h2")]
    [InlineData("http/1.1")]
    public async Task Alpn_offers_http_2_and_http_1_1(string protocol)
    {
        using TcpClient socket = new();
        await socket.ConnectAsync(IPAddress.Loopback, node.Url().Port);
        using SslStream tls = new(socket.GetStream());
        SslClientAuthenticationOptions options = node.TlsOptions();
        options.ApplicationProtocols = [new SslApplicationProtocol(protocol)];
        await tls.AuthenticateAsClientAsync(options);
        Assert.Equal(protocol, tls.NegotiatedApplicationProtocol.ToString());
    }

    [Fact]
    public async Task A_client_that_trusts_only_the_service_certificate_is_served_on_http_1_1_and_2()
    {
        foreach (Version version in new[] { HttpVersion.Version11, HttpVersion.Version20 })
        {
            using HttpClient client = node.Client(version: version);
            using HttpResponseMessage response = await client.GetAsync("/node/network");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.Equal(version, response.Version);
        }
    }

    [Fact]
    public async Task Who_a_client_is_depends_on_the_users_map_and_not_on_tls()
    {
        using X509Certificate2 stranger = NodeFolder.NewCertificate("stranger");
        Assert.Equal(HttpStatusCode.OK, await StatusFor(folder.User));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusFor(stranger));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusFor(folder.Member));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusFor(null));
    }

    // A resumed TLS session must not lose, or mix up, the certificate.
    [Fact]
    public async Task The_certificate_is_known_on_each_new_connection()
    {
        HttpStatusCode[] statuses = await Task.WhenAll(Enumerable.Range(0, 12)
            .Select(at => StatusFor(at % 3 == 0 ? null : folder.User)));
        for (int at = 0; at < statuses.Length; at++)
            Assert.Equal(at % 3 == 0 ? HttpStatusCode.Unauthorized : HttpStatusCode.OK, statuses[at]);
    }

    private async Task<HttpStatusCode> StatusFor(X509Certificate2? certificate)
    {
        using HttpClient client = node.Client(certificate);
        using HttpResponseMessage response = await client.GetAsync("/app/log/private/count");
        return response.StatusCode;
    }
}
