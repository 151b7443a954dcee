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

    [Theory]
    [InlineData("snp", "EvidenceMissing")]
    [InlineData("tdx", "EvidenceMissing")]
    [InlineData("virtual", "")]
    [InlineData("sgx", "UnknownPlatform")]
    public void Hardware_is_not_believed_without_evidence(string platform, string code)
    {
        using TestNetwork network = new();
        Assert.Equal(code, CodeOf(network.Primary.Ask(Add(network, null, platform))));
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
