using System;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using Curia.Client;
using Curia.Vocabulary;

namespace Curia.Tests.Client;

public sealed class CuriaClientTests : IDisposable
{
    private static readonly string Fine = TlsServer.Answer(200, "true", "x-ms-ccf-transaction-id: 2.15");

    private readonly TestService service = new();

    public void Dispose() => service.Dispose();

    [Fact]
    public async Task A_node_of_the_pinned_service_is_believed()
    {
        using TlsServer server = new(service.IssueForLoopback(), Fine);
        CallResult result = await Call(server, CallRequest.Get("/app/log/private?id=42"));
        Assert.Equal(200, result.Status);
        Assert.Equal(Id("2.15"), result.TxId);
        Assert.Equal("true"u8, result.Body.Span);
        Assert.True(server.Requests.TryDequeue(out string? head));
        Assert.StartsWith("GET /app/log/private?id=42 HTTP/1.1", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_of_another_service_is_refused_before_anything_is_sent()
    {
        using TestService other = new();
        using TlsServer server = new(other.IssueForLoopback(), Fine);
        CuriaClientException e = await Fails(server, CallRequest.Post("/app/log/private", "{}"u8.ToArray()));
        Assert.Equal(ClientFailure.WrongService, e.Failure);
        Assert.Contains("not one of the pinned service", e.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_node_certificate_for_another_address_is_refused()
    {
        using TlsServer server = new(service.Issue(names => names.AddIpAddress(IPAddress.Parse("192.0.2.1"))), Fine);
        CuriaClientException e = await Fails(server, CallRequest.Get("/app/commit"));
        Assert.Equal(ClientFailure.WrongService, e.Failure);
        Assert.Contains("not for 127.0.0.1", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_common_name_of_a_certificate_never_counts()
    {
        using TlsServer server = new(service.Issue(names => names.AddDnsName("node.invalid")), Fine);
        Assert.Equal(ClientFailure.WrongService, (await Fails(server, CallRequest.Get("/app/commit"))).Failure);
    }

    [Fact]
    public async Task An_expired_node_certificate_is_refused()
    {
        using X509Certificate2 expired =
            service.Issue(names => names.AddIpAddress(IPAddress.Loopback), notAfterDays: 0);
        await Task.Delay(TimeSpan.FromSeconds(1.1), TestContext.Current.CancellationToken);
        using TlsServer server = new(expired, Fine);
        CuriaClientException e = await Fails(server, CallRequest.Get("/app/commit"));
        Assert.Equal(ClientFailure.WrongService, e.Failure);
        Assert.Contains("period of validity", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nobody_listening_is_said_so()
    {
        TlsServer gone = new(service.IssueForLoopback(), Fine);
        gone.Dispose();
        Assert.Equal(ClientFailure.Unreachable, (await Fails(gone, CallRequest.Get("/app/commit"))).Failure);
    }

    [Fact]
    public async Task A_connection_that_is_not_made_in_time_is_unreachable_and_hides_no_write()
    {
        using TcpListener hangs = new(IPAddress.Loopback, 0); // connections are made to it; it never says a word
        hangs.Start();
        CuriaClientSettings settings = SettingsFor(new Uri($"https://{hangs.LocalEndpoint}")) with
        {
            ConnectTimeout = TimeSpan.FromMilliseconds(300),
        };
        using CuriaClient client = new(settings);
        CuriaClientException e = await Assert.ThrowsAsync<CuriaClientException>(() => client.CallAsync(
            CallRequest.Post("/app/log/private", "{}"u8.ToArray()), TestContext.Current.CancellationToken));
        Assert.Equal(ClientFailure.Unreachable, e.Failure);
        Assert.Contains("took no connection within 0.3 s", e.Message, StringComparison.Ordinal);
        Assert.False(e.MayHaveWritten);
    }

    [Fact]
    public async Task Only_a_write_that_was_sent_may_have_been_written()
    {
        using TlsServer server = new(service.IssueForLoopback(), "");
        using CuriaClient client = new(SettingsFor(server.Url) with { AttemptsMax = 1 });
        foreach (CallRequest request in
            (CallRequest[])[CallRequest.Get("/app/commit"), CallRequest.Post("/app/log/private", "{}"u8.ToArray())])
        {
            CuriaClientException e = await Assert.ThrowsAsync<CuriaClientException>(
                () => client.CallAsync(request, TestContext.Current.CancellationToken));
            Assert.Equal(ClientFailure.Interrupted, e.Failure);
            Assert.Equal(!request.IsRead, e.MayHaveWritten);
        }
    }

    [Fact]
    public async Task A_write_whose_commit_cannot_be_asked_for_keeps_its_transaction()
    {
        using TlsServer server = new(service.IssueForLoopback(), Fine, "");
        CuriaClientException e = await Fails(server, Waiting(TimeSpan.FromSeconds(7)));
        Assert.Equal(Id("2.15"), e.TxId);
        Assert.True(e.MayHaveWritten);
    }

    [Fact]
    public async Task A_read_is_repeated_when_the_connection_breaks()
    {
        using TlsServer server = new(service.IssueForLoopback(), "", Fine);
        Assert.Equal(200, (await Call(server, CallRequest.Get("/app/log/private?id=1"))).Status);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task A_write_whose_connection_breaks_is_never_repeated()
    {
        using TlsServer server = new(service.IssueForLoopback(), "", Fine);
        CuriaClientException e = await Fails(server, CallRequest.Post("/app/log/private", "{}"u8.ToArray()));
        Assert.Equal(ClientFailure.Interrupted, e.Failure);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task A_write_turned_away_before_execution_is_repeated()
    {
        string busy =
            TlsServer.Answer(503, """{"error":{"code":"TooManyRequests","message":"full"}}""", "Retry-After: 0");
        using TlsServer server = new(service.IssueForLoopback(), busy, busy, Fine);
        Assert.Equal(200, (await Call(server, CallRequest.Post("/app/log/private", "{}"u8.ToArray()))).Status);
        Assert.Equal(3, server.Requests.Count);
    }

    [Theory]
    [InlineData("TransactionInvalid", "x-ms-ccf-transaction-id: 2.15")]
    [InlineData("OutcomeUnknown", "x-ms-ccf-transaction-id: 2.15")]
    [InlineData("NodeUnavailable", "Retry-After: 0")]
    [InlineData("SomethingNew", "Retry-After: 0")]
    public async Task A_write_that_may_have_been_executed_is_not_repeated(string code, string header)
    {
        string refusal = TlsServer.Answer(503, $$$"""{"error":{"code":"{{{code}}}","message":"gone"}}""", header);
        using TlsServer server = new(service.IssueForLoopback(), refusal, Fine);
        CallResult result = await Call(server, CallRequest.Post("/app/log/private", "{}"u8.ToArray()));
        Assert.Equal(503, result.Status);
        Assert.Equal(code, result.ErrorCode);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Repetition_is_bounded()
    {
        string busy = TlsServer.Answer(503, "{}", "Retry-After: 0");
        using TlsServer server = new(service.IssueForLoopback(), busy);
        Assert.Equal(503, (await Call(server, CallRequest.Get("/app/commit"))).Status);
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task Waiting_for_commit_is_asked_for_by_header_and_believed_when_applied()
    {
        using TlsServer server = new(
            service.IssueForLoopback(),
            TlsServer.Answer(200, "true", "x-ms-ccf-transaction-id: 2.15", "Preference-Applied: wait=committed"));
        CallResult result = await Call(server, Waiting(TimeSpan.FromSeconds(7)));
        Assert.Equal(TransactionStatus.Committed, result.Commit);
        Assert.True(server.Requests.TryDequeue(out string? head));
        Assert.Contains("Prefer: wait=committed, timeout=7", head, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_node_that_ignores_the_preference_is_polled()
    {
        using TlsServer server =
            new(service.IssueForLoopback(), Fine, Status("Unknown"), Status("Pending"), Status("Committed"));
        CallResult result = await Call(server, Waiting(TimeSpan.FromSeconds(7)));
        Assert.Equal(TransactionStatus.Committed, result.Commit);
        Assert.Equal(200, result.Status);
        Assert.Equal(4, server.Requests.Count);
    }

    [Fact]
    public async Task Polling_ends_with_the_time()
    {
        using TlsServer server = new(service.IssueForLoopback(), Status("Pending"));
        using CuriaClient client = ClientOf(server);
        TransactionStatus status = await client.WaitForCommitAsync(
            Id("2.15"), TimeSpan.FromMilliseconds(60), TestContext.Current.CancellationToken);
        Assert.Equal(TransactionStatus.Pending, status);
    }

    [Fact]
    public async Task A_commit_that_takes_too_long_stays_pending()
    {
        string late = TlsServer.Answer(
            504, """{"error":{"code":"CommitTimeout","message":"late"}}""", "x-ms-ccf-transaction-id: 2.15");
        using TlsServer server = new(service.IssueForLoopback(), late);
        CallResult result = await Call(server, Waiting(TimeSpan.FromSeconds(1)));
        Assert.Equal(TransactionStatus.Pending, result.Commit);
        Assert.Equal(Id("2.15"), result.TxId);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{\"status\":\"Perhaps\"}")]
    [InlineData("not json")]
    [InlineData("")]
    public async Task A_status_that_makes_no_sense_is_named(string body)
    {
        using TlsServer server = new(service.IssueForLoopback(), TlsServer.Answer(200, body));
        using CuriaClient client = ClientOf(server);
        CuriaClientException e = await Assert.ThrowsAsync<CuriaClientException>(
            () => client.GetStatusAsync(Id("2.15"), TestContext.Current.CancellationToken));
        Assert.Equal(ClientFailure.BadReply, e.Failure);
        Assert.Equal(Id("2.15"), e.TxId);
    }

    [Fact]
    public async Task Answers_that_are_still_loading_are_followed_for_a_while()
    {
        string loading = TlsServer.Answer(202, "", "Retry-After: 0");
        using TlsServer server = new(service.IssueForLoopback(), loading, loading, Fine);
        CallRequest request =
            CallRequest.Get("/app/receipt?transaction_id=2.15") with { LoadWait = TimeSpan.FromSeconds(5) };
        Assert.Equal(200, (await Call(server, request)).Status);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public async Task Answers_that_never_load_are_given_up()
    {
        using TlsServer server = new(service.IssueForLoopback(), TlsServer.Answer(202, "", "Retry-After: 3"));
        CallRequest request =
            CallRequest.Get("/app/receipt?transaction_id=2.15") with { LoadWait = TimeSpan.FromSeconds(1) };
        Assert.Equal(202, (await Call(server, request)).Status);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Silence_ends_with_the_time()
    {
        using TlsServer server = new(service.IssueForLoopback(), "HTTP/1.1 200 X\r\nContent-Length: 5\r\n\r\n1");
        using CuriaClient client =
            new(SettingsFor(server.Url) with { RequestTimeout = TimeSpan.FromMilliseconds(200) });
        CuriaClientException e = await Assert.ThrowsAsync<CuriaClientException>(
            () => client.CallAsync(CallRequest.Get("/app/commit"), TestContext.Current.CancellationToken));
        Assert.Equal(ClientFailure.TimedOut, e.Failure);
    }

    [Fact]
    public async Task An_endless_reply_is_refused()
    {
        using TlsServer server =
            new(service.IssueForLoopback(), "HTTP/1.1 200 X\r\nContent-Length: 99999999999\r\n\r\n1");
        Assert.Equal(ClientFailure.BadReply, (await Fails(server, CallRequest.Get("/app/commit"))).Failure);
    }

    [Fact]
    public async Task What_is_not_http_is_named()
    {
        using TlsServer server = new(service.IssueForLoopback(), "SSH-2.0-nothing\r\n\r\n");
        Assert.Equal(ClientFailure.BadReply, (await Fails(server, CallRequest.Get("/app/commit"))).Failure);
    }

    [Fact]
    public void Plain_http_is_refused() =>
        Assert.Throws<ArgumentException>(() => new CuriaClient(SettingsFor(new Uri("http://127.0.0.1:8000"))));

    private static TxId Id(string text) => TxId.TryParse(text, out TxId txId) ? txId : throw new FormatException(text);

    private static string Status(string status) =>
        TlsServer.Answer(200, $$"""{"transaction_id":"2.15","status":"{{status}}"}""");

    private static CallRequest Waiting(TimeSpan wait) =>
        new(HttpMethod.Post, "/app/log/private") { Body = "{}"u8.ToArray(), CommitWait = wait };

    private CuriaClientSettings SettingsFor(Uri url) =>
        new() { Url = url, ServiceCertificates = [service.Certificate] };

    private CuriaClient ClientOf(TlsServer server) => new(SettingsFor(server.Url));

    private async Task<CallResult> Call(TlsServer server, CallRequest request)
    {
        using CuriaClient client = ClientOf(server);
        return await client.CallAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task<CuriaClientException> Fails(TlsServer server, CallRequest request) =>
        await Assert.ThrowsAsync<CuriaClientException>(() => Call(server, request));
}
