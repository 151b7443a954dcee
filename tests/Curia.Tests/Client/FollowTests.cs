using System;
using System.Linq;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Curia.Client;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Client;

/// <summary>A service that restarts has another identity; a client goes there by endorsement alone. DESIGN 6,
/// "Epochs".</summary>
public sealed class FollowTests
{
    private static readonly TxId Stopped = new(new View(2), new SeqNo(40));
    private static readonly Digest Root = Digest.Of("root"u8);

    private readonly Identity first = new();
    private readonly Identity second = new();
    private readonly Identity third = new();

    [Fact]
    public async Task A_client_that_was_told_to_follows_every_endorsement_to_the_newest_identity()
    {
        TxId later = new(new View(4), new SeqNo(90));
        using TlsServer server = Serve(third, Epochs(
            Epoch(first, new TxId(new View(2), new SeqNo(1)), null, null),
            Epoch(second, new TxId(new View(4), new SeqNo(41)), first, Stopped),
            Epoch(third, new TxId(new View(6), new SeqNo(91)), second, later)));
        using CuriaClient client = Client(server, follow: true);
        CallResult result = await client.CallAsync(CallRequest.Get("/app/commit"), Cancel);
        Assert.Equal(200, result.Status);
        Assert.True(client.HasFollowed);
        Assert.Equal(third.Certificate.Der.ToArray(), Assert.Single(client.ServiceCertificates).RawData);
        Assert.DoesNotContain("/app/commit", server.Requests.First(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_was_not_told_to_stays_with_what_it_pinned()
    {
        using TlsServer server = Serve(second, Chain(first, second));
        using CuriaClient client = Client(server, follow: false);
        CuriaClientException refusal = await RefusalAsync(client);
        Assert.Contains("another key issued it", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task An_identity_that_the_pinned_one_did_not_endorse_is_not_followed()
    {
        // The endorsement is good, and of a key that is none of the pinned ones.
        string forged = Epochs(
            Epoch(first, new TxId(new View(2), new SeqNo(1)), null, null),
            Epoch(second, new TxId(new View(4), new SeqNo(41)), third, Stopped));
        using TlsServer server = Serve(second, forged);
        using CuriaClient client = Client(server, follow: true);
        Assert.Contains("is not endorsed by the one before", (await RefusalAsync(client)).Message,
            StringComparison.Ordinal);
        Assert.Single(server.Requests); // the question who it is, and nothing of the call
    }

    [Fact]
    public async Task A_service_that_never_was_the_pinned_one_is_not_followed()
    {
        using TlsServer server = Serve(second, Chain(third, second));
        using CuriaClient client = Client(server, follow: true);
        Assert.Contains("none of its identities is a pinned one", (await RefusalAsync(client)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(2, 40, true)]
    [InlineData(2, 41, false)]
    [InlineData(3, 10, false)]
    [InlineData(4, 90, true)]
    public async Task A_service_that_left_out_what_was_seen_committed_is_not_followed(
        ulong view, ulong seqNo, bool isFollowed)
    {
        using TlsServer server = Serve(second, Chain(first, second));
        using CuriaClient client = Client(server, follow: true, new TxId(new View(view), new SeqNo(seqNo)));
        if (isFollowed)
        {
            Assert.Equal(200, (await client.CallAsync(CallRequest.Get("/app/commit"), Cancel)).Status);
            return;
        }

        Assert.Contains("what came after was left out", (await RefusalAsync(client)).Message,
            StringComparison.Ordinal);
    }

    // Where an epoch begins is under no signature of the answer: the endorsement says where the older one stopped.
    [Fact]
    public async Task A_service_that_lies_about_where_it_begins_is_not_followed()
    {
        string lie = Epochs(
            Epoch(first, new TxId(new View(2), new SeqNo(1)), null, null),
            Epoch(second, new TxId(new View(2), new SeqNo(41)), first, Stopped));
        using TlsServer server = Serve(second, lie);
        using CuriaClient client = Client(server, follow: true, new TxId(new View(2), new SeqNo(99)));
        Assert.Contains("it says that it begins at 2.41", (await RefusalAsync(client)).Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[1]")]
    [InlineData("{\"epochs\":[]}")]
    [InlineData("{\"epochs\":[{\"transaction_id\":\"2.1\",\"service_certificate\":\"x\"}]}")]
    [InlineData("{\"epochs\":[null]}")]
    public async Task An_answer_that_makes_no_sense_is_not_followed(string answer)
    {
        using TlsServer server = Serve(second, answer);
        using CuriaClient client = Client(server, follow: true);
        await RefusalAsync(client);
    }

    private static System.Threading.CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<CuriaClientException> RefusalAsync(CuriaClient client)
    {
        CuriaClientException refusal = await Assert.ThrowsAsync<CuriaClientException>(
            () => client.CallAsync(CallRequest.Get("/app/commit"), Cancel));
        Assert.Equal(ClientFailure.WrongService, refusal.Failure);
        Assert.False(client.HasFollowed);
        return refusal;
    }

    private static TlsServer Serve(Identity identity, string epochs) => new(
        identity.IssueForLoopback(), TlsServer.Answer(200, epochs),
        TlsServer.Answer(200, """{"transaction_id":"6.95"}"""));

    private CuriaClient Client(TlsServer server, bool follow, TxId seen = default) => new(new CuriaClientSettings
    {
        Url = server.Url,
        ServiceCertificates = [X509CertificateLoader.LoadCertificate(first.Certificate.Der.Span)],
        FollowService = follow,
        LastSeen = seen,
        AttemptsMax = 1,
        HttpVersion = HttpVersion.Version11,
    });

    private static string Chain(Identity older, Identity newer) => Epochs(
        Epoch(older, new TxId(new View(2), new SeqNo(1)), null, null),
        Epoch(newer, new TxId(new View(4), new SeqNo(41)), older, Stopped));

    private static string Epochs(params JsonObject[] epochs) =>
        new JsonObject { ["epochs"] = new JsonArray([.. epochs]) }.ToJsonString();

    private static JsonObject Epoch(Identity identity, TxId first, Identity? endorsedBy, TxId? continues)
    {
        JsonObject epoch = new()
        {
            ["transaction_id"] = first.ToString(),
            ["service_certificate"] = identity.Certificate.ToPem(),
        };
        if (endorsedBy is null || continues is not { } from) return epoch;
        ServiceEndorsement endorsement = ServiceEndorsement.Sign(
            endorsedBy.Key, identity.Key.SubjectPublicKeyInfo.Span, from, Root, "test");
        epoch["continues"] = from.ToString();
        epoch["endorsement"] = Convert.ToBase64String(endorsement.Bytes.Span);
        return epoch;
    }

    private sealed class Identity
    {
        private static readonly DateTimeOffset from = DateTimeOffset.UtcNow.AddHours(-1);
        private static readonly DateTimeOffset to = DateTimeOffset.UtcNow.AddDays(1);
        private static readonly SystemEntropy entropy = new();

        public Identity()
        {
            byte[] der = CertificateAuthority.SelfSigned(Key, "service", from, to, entropy);
            Assert.True(Certificate.TryFromDer(der, out Certificate? certificate));
            Certificate = certificate!;
        }

        public EcdsaSigner Key { get; } = EcdsaSigner.Generate(entropy);

        public Certificate Certificate { get; }

        public X509Certificate2 IssueForLoopback()
        {
            using EcdsaSigner node = EcdsaSigner.Generate(entropy);
            byte[] der = CertificateAuthority.Issue(
                Key, Certificate, node.SubjectPublicKeyInfo.Span, "node",
                [new SubjectAlternativeName.Ip(new byte[] { 127, 0, 0, 1 })], from, to, entropy);
            using X509Certificate2 bare = X509CertificateLoader.LoadCertificate(der);
            return X509Certificate2.CreateFromPem(bare.ExportCertificatePem(), node.ExportPem());
        }
    }
}
