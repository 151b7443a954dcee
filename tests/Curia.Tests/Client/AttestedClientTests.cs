using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Client;
using Curia.Endpoints;
using Curia.Tests.Attestation;
using Curia.Vocabulary;

namespace Curia.Tests.Client;

/// <summary>A client that looks at the evidence of a node before it tells it anything (docs/attestation.md,
/// "Clients").</summary>
public sealed class AttestedClientTests : IDisposable
{
    private static readonly string Fine = TlsServer.Answer(200, "true", "x-ms-ccf-transaction-id: 2.15");

    private readonly TestService service = new();
    private readonly X509Certificate2 node;

    public AttestedClientTests() => node = service.IssueForLoopback();

    private NodeId Node => new(Digest.Of(node.PublicKey.ExportSubjectPublicKeyInfo()));

    public void Dispose()
    {
        node.Dispose();
        service.Dispose();
    }

    private static string Quote(AttesterEvidence evidence) => TlsServer.Answer(200, JsonSerializer.Serialize(
        new { node_id = "", format = "Insecure_Virtual", evidence }, JsonFormat.Options));

    private CuriaClient ClientOf(TlsServer server, params Measurement[] measurements) => new(new CuriaClientSettings
    {
        Url = server.Url,
        ServiceCertificates = [service.Certificate],
        Evidence = new EvidenceDemand { Measurements = measurements },
    });

    private async Task AssertRefusedAsync(string reason, string answer, params Measurement[] measurements)
    {
        using TlsServer server = new(node, answer, Fine);
        using CuriaClient client = ClientOf(server, measurements);
        CuriaClientException e = await Assert.ThrowsAsync<CuriaClientException>(() => client.CallAsync(
            CallRequest.Post("/app/log/private", "{}"u8.ToArray()), TestContext.Current.CancellationToken));
        Assert.Equal(ClientFailure.NotAttested, e.Failure);
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.False(e.MayHaveWritten);
        Assert.All(
            server.Requests, asked => Assert.StartsWith("GET /node/quotes/self ", asked, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Evidence_is_asked_for_before_the_first_request_and_not_again()
    {
        using TlsServer server = new(node, Quote(TestEvidence.Of(Node)), Fine);
        using CuriaClient client = ClientOf(server, TestEvidence.Program);
        for (int i = 0; i < 3; i++)
        {
            CallResult result = await client.CallAsync(
                CallRequest.Post("/app/log/private", "{}"u8.ToArray()), TestContext.Current.CancellationToken);
            Assert.Equal(200, result.Status);
        }

        string[] asked = [.. server.Requests];
        Assert.StartsWith("GET /node/quotes/self ", asked[0], StringComparison.Ordinal);
        Assert.Equal(4, asked.Length);
        Assert.All(asked[1..], one => Assert.StartsWith("POST /app/log/private ", one, StringComparison.Ordinal));
    }

    [Fact]
    public Task A_program_that_is_not_expected_is_told_nothing() =>
        AssertRefusedAsync("measurement-not-expected", Quote(TestEvidence.Of(Node)), new Measurement(new byte[32]));

    [Fact]
    public Task Who_expects_nothing_believes_nobody() =>
        AssertRefusedAsync("measurement-not-expected", Quote(TestEvidence.Of(Node)));

    [Fact]
    public Task Evidence_of_another_key_is_refused() => AssertRefusedAsync(
        "report-data-mismatch", Quote(TestEvidence.Of(new NodeId(Digest.Of("other"u8)))), TestEvidence.Program);

    // A founder binds its charter beside its key, and a node that joined later what its owner approved.
    [Theory]
    [InlineData("the charter", null, true)]
    [InlineData("the charter", "the charter", true)]
    [InlineData("network and governance", null, true)]
    [InlineData("network and governance", "the charter", false)]
    public async Task What_evidence_binds_beside_the_key_counts_when_it_is_demanded(
        string bound, string? demanded, bool isBelieved)
    {
        using TlsServer server = new(node, Quote(TestEvidence.Of(Node, bound: DigestOf(bound))), Fine);
        using CuriaClient client = new(new CuriaClientSettings
        {
            Url = server.Url,
            ServiceCertificates = [service.Certificate],
            Evidence = new EvidenceDemand
            {
                Measurements = [TestEvidence.Program],
                Charter = demanded is null ? null : DigestOf(demanded),
            },
        });
        Task<CallResult> calling =
            client.CallAsync(CallRequest.Get("/app/commit"), TestContext.Current.CancellationToken);
        if (isBelieved) Assert.Equal(200, (await calling).Status);
        else Assert.Contains("report-data-mismatch", (await Assert.ThrowsAsync<CuriaClientException>(() => calling))
            .Message, StringComparison.Ordinal);

        static Digest DigestOf(string what) => Digest.Of(System.Text.Encoding.UTF8.GetBytes(what));
    }

    [Fact]
    public Task A_program_that_may_be_debugged_is_refused() => AssertRefusedAsync(
        "policy-debug-enabled", Quote(TestEvidence.Of(Node, debug: true)), TestEvidence.Program);

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"evidence\":null}")]
    [InlineData("{\"evidence\":{\"platform\":\"virtual\"}}")]
    [InlineData("{\"evidence\":{\"platform\":\"virtual\",\"files\":{\"evidence.cose\":\"*\"}}}")]
    [InlineData("nothing")]
    public Task What_is_no_evidence_is_refused(string body) =>
        AssertRefusedAsync("cannot be read", TlsServer.Answer(200, body), TestEvidence.Program);

    [Theory]
    [InlineData("{\"evidence\":{\"platform\":\"virtual\",\"files\":{}}}", "evidence-file-missing")]
    [InlineData("{\"evidence\":{\"platform\":\"other\",\"files\":{\"a\":\"\"}}}", "evidence-files-out-of-bounds")]
    [InlineData("{\"evidence\":{\"platform\":\"virtual\",\"files\":{\"a\":\"\"}}}", "evidence-file-missing")]
    [InlineData(
        "{\"evidence\":{\"platform\":\"virtual\",\"files\":{\"evidence.cose\":\"AAAA\"}}}", "evidence-malformed")]
    public Task Evidence_that_is_wrong_is_refused_by_name(string body, string reason) =>
        AssertRefusedAsync(reason, TlsServer.Answer(200, body), TestEvidence.Program);

    [Fact]
    public Task A_node_without_evidence_is_refused() =>
        AssertRefusedAsync("gives no evidence: 404", TlsServer.Answer(404, "{}"), TestEvidence.Program);

    [Fact]
    public async Task Another_node_at_the_same_address_is_looked_at_again()
    {
        using X509Certificate2 other = service.IssueForLoopback();
        using TlsServer first = new(node, Quote(TestEvidence.Of(Node)), Fine);
        using CuriaClient client = ClientOf(first, TestEvidence.Program);
        await client.CallAsync(CallRequest.Get("/app/commit"), TestContext.Current.CancellationToken);
        first.Replace(other);
        CuriaClientException e = await Assert.ThrowsAsync<CuriaClientException>(
            () => client.CallAsync(CallRequest.Get("/app/commit"), TestContext.Current.CancellationToken));
        Assert.Equal(ClientFailure.NotAttested, e.Failure);
    }

    // A balancer sends each connection elsewhere: one that was looked at is rarely the next one.
    [Fact]
    public async Task Every_node_behind_one_address_is_looked_at()
    {
        using X509Certificate2 other = service.IssueForLoopback();
        using X509Certificate2 third = service.IssueForLoopback();
        X509Certificate2[] nodes = [node, other, third];
        using TlsServer server = new(node, "")
        {
            InTurn =
            [
                .. nodes.Select(one => (one, (Func<string, string>)(head =>
                    head.StartsWith("GET /node/quotes/self ", StringComparison.Ordinal)
                        ? Quote(TestEvidence.Of(new NodeId(Digest.Of(one.PublicKey.ExportSubjectPublicKeyInfo()))))
                        : Fine))),
            ],
        };
        using CuriaClient client = ClientOf(server, TestEvidence.Program);
        CallResult result = await client.CallAsync(
            CallRequest.Post("/app/log/private", "{}"u8.ToArray()), TestContext.Current.CancellationToken);
        Assert.Equal(200, result.Status);
        Assert.Single(server.Requests, asked => asked.StartsWith("POST ", StringComparison.Ordinal));
    }

    [Fact]
    public Task A_reply_that_is_no_quote_any_more_is_not_read() =>
        AssertTooLongAsync(TlsServer.Answer(200, new string('x', (2 << 20) + 1)));

    private async Task AssertTooLongAsync(string answer)
    {
        using TlsServer server = new(node, answer);
        using CuriaClient client = ClientOf(server, TestEvidence.Program);
        CuriaClientException e = await Assert.ThrowsAsync<CuriaClientException>(() => client.CallAsync(
            CallRequest.Get("/app/commit"), TestContext.Current.CancellationToken));
        Assert.Equal(ClientFailure.BadReply, e.Failure);
    }

    // Collateral of the client's own counts in place of what the node sends.
    [Fact]
    public async Task A_clients_own_files_take_the_place_of_those_of_the_node()
    {
        using TlsServer server = new(node, Quote(TestEvidence.Of(Node)), Fine);
        using CuriaClient client = new(new CuriaClientSettings
        {
            Url = server.Url,
            ServiceCertificates = [service.Certificate],
            Evidence = new EvidenceDemand
            {
                Measurements = [TestEvidence.Program],
                Collateral = new Dictionary<string, byte[]> { [AttesterEvidence.VirtualFile] = [1, 2, 3] },
            },
        });
        CuriaClientException e = await Assert.ThrowsAsync<CuriaClientException>(() => client.CallAsync(
            CallRequest.Get("/app/commit"), TestContext.Current.CancellationToken));
        Assert.Contains("evidence-malformed", e.Message, StringComparison.Ordinal);
    }

    // Of TDX the measurement is the firmware alone.
    [Fact]
    public async Task Runtime_measurements_are_compared_when_they_are_demanded()
    {
        using TlsServer server = new(node, Quote(TestEvidence.Of(Node)), Fine);
        using CuriaClient client = new(new CuriaClientSettings
        {
            Url = server.Url,
            ServiceCertificates = [service.Certificate],
            Evidence = new EvidenceDemand
            {
                Measurements = [TestEvidence.Program],
                RuntimeMeasurements = new Dictionary<int, Measurement> { [1] = TestEvidence.Program },
            },
        });
        CuriaClientException e = await Assert.ThrowsAsync<CuriaClientException>(() => client.CallAsync(
            CallRequest.Get("/app/commit"), TestContext.Current.CancellationToken));
        Assert.Contains("runtime-measurement-mismatch", e.Message, StringComparison.Ordinal);
    }
}
