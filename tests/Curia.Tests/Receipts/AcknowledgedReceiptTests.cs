using System;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Ledger;
using Curia.Node;
using Curia.Tests.Node;
using Curia.Vocabulary;

namespace Curia.Tests.Receipts;

/// <summary>Receipts that carry signed acknowledgements: whoever believes the owners of nodes, each of its own, needs
/// no service key (docs/receipts.md, "Acknowledgements").</summary>
public sealed class AcknowledgedReceiptTests : IDisposable
{
    private readonly TestNetwork network = TestNetwork.Diverse(2, 2);
    private readonly TxId written;

    public AcknowledgedReceiptTests()
    {
        written = Write();
        Write();
    }

    public void Dispose() => network.Dispose();

    [Fact]
    public void Nodes_of_enough_platforms_and_operators_are_proven_without_the_service_key()
    {
        ReceiptReport report = Verify(Receipt(written), 2, 2, 1, 2);
        Assert.Equal((ReceiptVerdict.Valid, written), (report.Verdict, report.TxId));
        Assert.StartsWith("acknowledged: nodes of 2 platforms (virtual-1, virtual-2)", report.Reason,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Only_owners_that_are_believed_count()
    {
        ReceiptReport report = Verify(Receipt(written), 2, 2, 1);
        Assert.Equal(ReceiptVerdict.Incomplete, report.Verdict);
        Assert.Contains("1 operators have stored it, 2 and 2 are asked for", report.Reason, StringComparison.Ordinal);
        Assert.Equal(ReceiptVerdict.Valid, Verify(Receipt(written), 1, 1, 1).Verdict);
        Assert.Equal(ReceiptVerdict.Incomplete, Verify(Receipt(written), 1, 1).Verdict);
    }

    // The founding node was asked for by nobody, so its owner says so afterwards.
    [Fact]
    public void The_owner_of_a_node_that_takes_part_endorses_it()
    {
        Assert.Equal(ReceiptVerdict.Incomplete, Verify(Receipt(written), 3, 3, 0, 1, 2).Verdict);
        NodeRequest asked = new(
            network.Primary.Node.View.Genesis, NodeRequest.Endorse, network.Nodes[0].Id, "virtual-0",
            Owner: network.Members[0].Id);
        Assert.Equal("NotTheOwner", Code(Endorse(asked, 1)));
        Assert.Equal("InvalidInput", Code(Endorse(asked with { Platform = "virtual-1" }, 0)));
        Assert.Equal("InvalidInput", Code(Endorse(asked with { Owner = network.Members[1].Id }, 1)));
        Assert.Equal("Accepted", Endorse(asked, 0).GetProperty("state").GetString());
        network.Run(20);
        Assert.Equal(ReceiptVerdict.Valid, Verify(Receipt(written), 3, 3, 0, 1, 2).Verdict);
    }

    [Fact]
    public void The_newest_block_has_none_until_the_next_one()
    {
        TxId newest = Write();
        ReceiptReport report = Verify(Receipt(newest), 2, 2, 1, 2);
        Assert.Equal(ReceiptVerdict.Incomplete, report.Verdict);
        Assert.StartsWith("acknowledgements: the receipt carries none", report.Reason, StringComparison.Ordinal);
        Write();
        Assert.Equal(ReceiptVerdict.Valid, Verify(Receipt(newest), 2, 2, 1, 2).Verdict);
    }

    [Theory]
    [InlineData("genesis")]
    [InlineData("txid")]
    [InlineData("signature")]
    [InlineData("key")]
    [InlineData("endorsement")]
    [InlineData("write_set_digest")]
    public void Whatever_is_changed_is_found(string field)
    {
        JsonNode receipt = JsonNode.Parse(Receipt(written))!;
        JsonNode said = receipt["acknowledgements"]!;
        JsonArray nodes = said["nodes"]!.AsArray();
        JsonNode first = nodes.First(node => node!["endorsement"] is not null)!;
        JsonNode other = nodes.Last(node => node!["endorsement"] is not null)!;
        switch (field)
        {
            case "genesis": said[field] = Digest.Of("another network"u8).ToString(); break;
            case "txid": said[field] = "2.1"; break;
            case "write_set_digest":
                receipt["leaf_components"]![field] = Digest.Of("another write set"u8).ToString();
                break;
            default: first[field] = (string)other[field]!; break;
        }

        ReceiptReport report = Verify(Encoding.UTF8.GetBytes(receipt.ToJsonString()), 2, 2, 1, 2);
        Assert.Equal(ReceiptVerdict.Invalid, report.Verdict);
    }

    // A message of the owner about another node, or another network, says nothing of this one.
    [Fact]
    public void An_endorsement_is_for_one_node_of_one_network_and_signed_by_the_owner_that_it_names()
    {
        TestMember owner = network.Members[1];
        NodeId node = network.Nodes[1].Id;
        NodeRequest right = new(
            network.Primary.Node.View.Genesis, NodeRequest.Endorse, node, "virtual-1", Owner: owner.Id);
        Assert.Equal(ReceiptVerdict.Valid, VerifyWith(node, right, owner).Verdict);
        NodeRequest[] wrong =
        [
            right with { NodeId = network.Nodes[2].Id }, right with { Network = Digest.Zero },
            right with { Action = NodeRequest.Retire }, right with { Owner = network.Members[2].Id },
        ];
        foreach (NodeRequest one in wrong)
            Assert.Equal(ReceiptVerdict.Invalid, VerifyWith(node, one, owner).Verdict);
    }

    [Fact]
    public void With_a_service_key_both_must_hold()
    {
        byte[] receipt = Receipt(written);
        Assert.True(Certificate.TryFromDer(
            network.Primary.Node.View.ServiceCertificate.Span, out Certificate? service));
        ReceiptVerifyOptions options = new() { Diversity = Asked(2, 2, 1, 2), Keys = KeysOf(service!) };
        Assert.Equal(ReceiptVerdict.Valid, ReceiptVerifier.Verify(receipt, options).Verdict);
        Certificate other = TestShell.NewCertificate("other", new SystemEntropy());
        Assert.Equal(
            ReceiptVerdict.Invalid,
            ReceiptVerifier.Verify(receipt, options with { Keys = KeysOf(other) }).Verdict);
    }

    // It needs the block itself, and a later one that says who has acknowledged it.
    [Fact]
    public void A_receipt_comes_though_its_two_blocks_are_more_than_a_node_holds()
    {
        using TestNetwork small = TestNetwork.Diverse(2, 2, limits: new NodeLimits { HistoryBytesMax = 1 });
        TxId old = small.Primary.Write("a", "1");
        small.Run(20);
        small.Primary.Write("b", "2");
        small.Run(20);
        Execution.Answered answer = Assert.IsType<Execution.Answered>(
            small.Primary.Execute("GET", $"/app/receipt?transaction_id={old}"));
        for (int asked = 0; answer.Response.Status == 202 && asked < 10; asked++)
        {
            small.Primary.Step(answer.FollowUp!);
            answer = Assert.IsType<Execution.Answered>(
                small.Primary.Execute("GET", $"/app/receipt?transaction_id={old}"));
        }

        Assert.Equal(200, answer.Response.Status);
        ReceiptDiversity both = new(2, 2, [.. small.Members.Select(member => member.Certificate)]);
        ReceiptReport report = ReceiptVerifier.Verify(
            answer.Response.Body.ToArray(), new ReceiptVerifyOptions { Diversity = both });
        Assert.Equal(ReceiptVerdict.Valid, report.Verdict);
    }

    private static ServiceKeys KeysOf(Certificate certificate)
    {
        Assert.True(ServiceKeys.TryRead(Encoding.ASCII.GetBytes(certificate.ToPem()), out ServiceKeys? keys));
        return keys!;
    }

    private ReceiptReport VerifyWith(NodeId node, NodeRequest endorsement, TestMember signer)
    {
        JsonNode receipt = JsonNode.Parse(Receipt(written))!;
        JsonNode said = receipt["acknowledgements"]!["nodes"]!.AsArray().Single(one =>
            new NodeId(Digest.Of(Convert.FromBase64String((string)one!["key"]!))) == node)!;
        byte[] payload = JsonSerializer.SerializeToUtf8Bytes(endorsement, JsonFormat.Options);
        said["endorsement"] = Convert.ToBase64String(signer.Sign(payload, network.Now));
        return Verify(Encoding.UTF8.GetBytes(receipt.ToJsonString()), 2, 2, 1, 2);
    }

    private ReceiptReport Verify(byte[] receipt, int platforms, int operators, params int[] members) =>
        ReceiptVerifier.Verify(
            receipt, new ReceiptVerifyOptions { Diversity = Asked(platforms, operators, members) });

    private ReceiptDiversity Asked(int platforms, int operators, params int[] members) => new(
        platforms, operators, [.. members.Select(member => network.Members[member].Certificate)]);

    private byte[] Receipt(TxId txId)
    {
        Execution.Answered answer = Assert.IsType<Execution.Answered>(
            network.Primary.Execute("GET", $"/app/receipt?transaction_id={txId}"));
        Assert.Equal(200, answer.Response.Status);
        return answer.Response.Body.ToArray();
    }

    private TxId Write()
    {
        TxId txId = network.Primary.Write("a", "1");
        network.Run(20);
        return txId;
    }

    private JsonElement Endorse(NodeRequest asked, int member) => network.Primary.Post(
        network.Members[member].Sign(JsonSerializer.SerializeToUtf8Bytes(asked, JsonFormat.Options), network.Now))
        .Answer;

    private static string? Code(JsonElement answer) => answer.GetProperty("error").GetProperty("code").GetString();
}
