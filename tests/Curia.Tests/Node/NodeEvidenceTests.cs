using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Curia.Attestation;
using Curia.Endpoints;
using Curia.Node;
using Curia.Tests.Attestation;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>Evidence of nodes, from the request that admits one to what anybody can read
/// (docs/attestation.md, "Evidence of nodes").</summary>
public sealed class NodeEvidenceTests
{
    private static readonly NodeId newcomer = new(Digest.Of("newcomer"u8));

    private static NodeRequest Add(TestNetwork network, AttesterEvidence? evidence, string platform = "virtual") => new(
        network.Primary.Node.View.Genesis, NodeRequest.Add, newcomer, platform, "127.0.0.1:9000", ["127.0.0.1:8000"],
        NodeRequest.Learner, Evidence: evidence);

    private static string CodeOf(JsonElement answer) =>
        answer.TryGetProperty("error", out JsonElement error) ? error.GetProperty("code").GetString()! : "";

    private static JsonElement Get(TestNetwork network, string path)
    {
        Response response = Assert.IsType<Execution.Answered>(network.Primary.Execute("GET", path)).Response;
        return JsonDocument.Parse(response.Body).RootElement;
    }

    [Fact]
    public void Evidence_that_holds_stands_in_the_ledger_and_is_given_to_anybody()
    {
        using TestNetwork network = new();
        AttesterEvidence evidence = TestEvidence.Of(newcomer);
        Assert.Equal("Accepted", network.Primary.Ask(Add(network, evidence)).GetProperty("state").GetString());
        network.Deliver();
        JsonElement quote = Get(network, "/node/quotes").GetProperty("quotes").EnumerateArray()
            .Single(one => one.GetProperty("node_id").GetString() == newcomer.ToString());
        Assert.Equal("Insecure_Virtual", quote.GetProperty("format").GetString());
        Assert.Equal(TestEvidence.Program.ToString(), quote.GetProperty("measurement").GetString());
        Assert.Equal(
            Convert.ToBase64String(evidence.Files[AttesterEvidence.VirtualFile]), quote.GetProperty("raw").GetString());
        AttesterEvidence told = JsonSerializer.Deserialize<AttesterEvidence>(
            quote.GetProperty("evidence"), JsonFormat.Options)!;
        Assert.Equal("", NodeAttestation.Appraise(told, newcomer, network.Now).Reason);

        // Who has left gives no evidence any more.
        network.Primary.Ask(new NodeRequest(network.Primary.Node.View.Genesis, NodeRequest.Retire, newcomer));
        network.Deliver();
        Assert.Equal(
            network.Primary.Id.ToString(), Assert.Single(Get(network, "/node/quotes").GetProperty("quotes")
                .EnumerateArray()).GetProperty("node_id").GetString());
    }

    [Fact]
    public void Evidence_that_does_not_hold_admits_nobody()
    {
        using TestNetwork network = new();
        AttesterEvidence good = TestEvidence.Of(newcomer);
        byte[] bytes = [.. good.Files[AttesterEvidence.VirtualFile]];
        bytes[^1] ^= 1;
        AttesterEvidence large = new("virtual", new Dictionary<string, byte[]>
        {
            [AttesterEvidence.VirtualFile] = new byte[AttesterEvidence.SizeMax + 1],
        });
        (AttesterEvidence Evidence, string Reason)[] cases =
        [
            (TestEvidence.Of(new NodeId(Digest.Of("other"u8))), "report-data-mismatch"),
            (TestEvidence.Of(newcomer, debug: true), "policy-debug-enabled"),
            (AttesterEvidence.OfVirtual(bytes), "report-signature-invalid"),
            (large, "evidence-files-out-of-bounds"),
            (new AttesterEvidence("virtual", new Dictionary<string, byte[]> { ["x"] = [] }), "evidence-file-missing"),
        ];
        TxId before = network.Primary.Node.View.Last;
        foreach ((AttesterEvidence evidence, string reason) in cases)
        {
            JsonElement answer = network.Primary.Ask(Add(network, evidence));
            Assert.Equal("EvidenceRefused", CodeOf(answer));
            Assert.Contains(
                reason, answer.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        }

        Assert.Equal("EvidenceRefused", CodeOf(network.Primary.Ask(Add(network, good, "virtual-snp"))));
        Assert.Equal(before, network.Primary.Node.View.Last);
    }

    // Who joins is of the kind that the genesis block promises, and only where all is simulated need not say more.
    [Theory]
    [InlineData("virtual", "snp", "PlatformNotAccepted")]
    [InlineData("virtual", "tdx", "PlatformNotAccepted")]
    [InlineData("virtual", "sgx", "UnknownPlatform")]
    [InlineData("virtual", "virtual", "")]
    [InlineData("virtual", "virtual-snp", "")]
    [InlineData("snp", "virtual", "PlatformNotAccepted")]
    [InlineData("snp", "virtual-snp", "PlatformNotAccepted")]
    [InlineData("snp", "tdx", "PlatformNotAccepted")]
    [InlineData("snp", "snp", "EvidenceMissing")]
    [InlineData("tdx", "snp", "PlatformNotAccepted")]
    [InlineData("tdx", "tdx", "EvidenceMissing")]
    [InlineData("snp,virtual", "snp", "EvidenceMissing")]
    [InlineData("snp,virtual", "virtual", "EvidenceMissing")]
    [InlineData("snp,virtual", "virtual-snp", "EvidenceMissing")]
    [InlineData("snp,virtual", "tdx", "PlatformNotAccepted")]
    public void A_network_holds_who_joins_to_its_platform(string network, string platform, string code)
    {
        using TestNetwork founded = new(platform: network);
        Assert.Equal(code, CodeOf(founded.Primary.Ask(Add(founded, null, platform))));
    }

    [Theory]
    [InlineData("virtual", "virtual", "")]
    [InlineData("snp", "virtual", "PlatformNotAccepted")]
    [InlineData("snp", "snp", "EvidenceRefused")]
    [InlineData("snp,virtual", "virtual", "")]
    public void Simulated_evidence_counts_only_where_the_genesis_block_says_so(
        string network, string platform, string code)
    {
        using TestNetwork founded = new(platform: network);
        JsonElement answer = founded.Primary.Ask(Add(founded, TestEvidence.Of(newcomer), platform));
        Assert.Equal(code, CodeOf(answer));
    }

    [Fact]
    public void A_node_tells_its_own_evidence_and_the_genesis_block_has_it()
    {
        using TestNetwork network = new();
        NodeId id = network.Primary.Id;
        JsonElement own = Get(network, "/node/quotes/self");
        Assert.Equal(id.ToString(), own.GetProperty("node_id").GetString());
        JsonElement recorded = Assert.Single(Get(network, "/node/quotes").GetProperty("quotes").EnumerateArray());
        Assert.Equal(own.GetProperty("raw").GetString(), recorded.GetProperty("raw").GetString());
        AttesterEvidence told = JsonSerializer.Deserialize<AttesterEvidence>(
            own.GetProperty("evidence"), JsonFormat.Options)!;
        Assert.Equal("", NodeAttestation.Appraise(told, id, network.Now).Reason);
    }

    [Fact]
    public void A_node_without_evidence_says_so()
    {
        using TestShell shell = new();
        Assert.Equal(404, shell.Get("/node/quotes/self").Status);
    }
}
