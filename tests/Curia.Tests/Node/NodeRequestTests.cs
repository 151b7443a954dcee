using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary><c>POST /node/network/nodes</c>: more than half of the members, each once, under the same bytes, and
/// nobody else.</summary>
public sealed class NodeRequestTests
{
    private static readonly NodeId Newcomer = new(Digest.Of("newcomer"u8));
    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    public void More_than_half_of_the_members_decide(int members, int needed)
    {
        using TestNetwork network = new(members);
        byte[] payload = Payload(Add(network));
        for (int signed = 1; signed <= needed; signed++)
        {
            Assert.Equal("", StatusOf(network, Newcomer));
            (int status, JsonElement answer) = Post(network, network.Members[^signed].Sign(payload, network.Now));
            Assert.Equal(200, status);
            Assert.Equal(Digest.Of(payload).ToString(), answer.GetProperty("request").GetString());
            Assert.Equal(signed == needed ? "Accepted" : "Open", answer.GetProperty("state").GetString());
            Assert.Equal(
                (signed, needed),
                (answer.GetProperty("approvals").GetInt32(), answer.GetProperty("needed").GetInt32()));
        }

        Assert.Equal(NodeRecord.Learner, StatusOf(network, Newcomer));
    }

    // What it would send to others has nowhere to go; the program of one node has no connections at all.
    [Fact]
    public void A_node_without_an_address_for_others_takes_none()
    {
        using TestNetwork network = new(isAlone: true);
        TxId before = network.Primary.Node.View.Last;
        (int status, JsonElement answer) =
            Post(network, network.Members[0].Sign(Payload(Add(network)), network.Now));
        Assert.Equal((409, "NodeAlone"), (status, answer.GetProperty("error").GetProperty("code").GetString()));
        Assert.Equal(before, network.Primary.Node.View.Last);
    }

    // A ledger of one node that was restarted names nodes that ended: nobody waits for them to hear of it.
    [Fact]
    public void A_retired_node_that_nobody_could_reach_is_no_learner()
    {
        Assert.False(new NodeRecord(NodeRecord.Retired, "virtual", []).IsLearner);
        Assert.True(new NodeRecord(NodeRecord.Retired, "virtual", [], "node:1").IsLearner);
        Assert.False(new NodeRecord(NodeRecord.Retired, "virtual", [], "node:1", RetiredCommitted: true).IsLearner);
    }

    [Fact]
    public void A_member_counts_once_and_whoever_repeats_a_signature_writes_nothing()
    {
        using TestNetwork network = new(members: 3);
        byte[] payload = Payload(Add(network));
        byte[] signed = network.Members[0].Sign(payload, network.Now);
        Assert.Equal((200, "Open"), Outcome(network, signed));
        TxId written = network.Primary.Node.View.Last;
        Assert.Equal((200, "Open"), Outcome(network, signed));
        byte[] again = network.Members[0].Sign(payload, network.Now.AddMinutes(1));
        (int status, JsonElement answer) = Post(network, again);
        Assert.Equal((200, 1), (status, answer.GetProperty("approvals").GetInt32()));
        Assert.Equal(written, network.Primary.Node.View.Last);
        Assert.Equal("", StatusOf(network, Newcomer));
        Assert.Equal((200, "Accepted"), Outcome(network, network.Members[1].Sign(payload, network.Now)));
    }

    [Fact]
    public void Requests_that_differ_in_a_byte_are_different_requests()
    {
        using TestNetwork network = new(members: 3);
        byte[] payload = Payload(Add(network));
        Assert.Equal((200, "Open"), Outcome(network, network.Members[0].Sign(payload, network.Now)));
        Assert.Equal((200, "Open"), Outcome(network, network.Members[1].Sign([.. payload, 0x20], network.Now)));
        NodeRequest voter = Add(network) with { Role = NodeRequest.Voter };
        Assert.Equal((200, "Open"), Outcome(network, network.Members[2].Sign(Payload(voter), network.Now)));
        Assert.Equal("", StatusOf(network, Newcomer));
    }

    [Fact]
    public void Only_members_are_heard()
    {
        using TestNetwork network = new(members: 2);
        byte[] payload = Payload(Add(network));
        TestMember stranger = new("stranger", new SystemEntropy());
        TestMember member = network.Members[0];
        AssertRefused(network, 401, "InvalidAuthenticationInfo", stranger.Sign(payload, network.Now));
        byte[] posing = MemberMessage.Sign(
            stranger.Key, member.Id, MemberMessage.ProposalType, network.Now, payload);
        AssertRefused(network, 401, "InvalidAuthenticationInfo", posing);
        byte[] swapped = MemberMessage.Sign(
            member.Key, network.Members[1].Id, MemberMessage.ProposalType, network.Now, payload);
        AssertRefused(network, 401, "InvalidAuthenticationInfo", swapped);
        byte[] changed = member.Sign(payload, network.Now);
        changed[^1] ^= 1;
        AssertRefused(network, 401, "InvalidAuthenticationInfo", changed);
    }

    // What the signature covers is the payload too, wherever in it a bit is changed.
    [Fact]
    public void A_payload_that_was_changed_on_the_way_is_signed_by_nobody()
    {
        using TestNetwork network = new();
        byte[] payload = Payload(Add(network));
        byte[] signed = network.Members[0].Sign(payload, network.Now);
        int at = signed.AsSpan().IndexOf(payload);
        for (int index = at; index < at + payload.Length; index++)
        {
            signed[index] ^= 1;
            AssertRefused(network, 401, "InvalidAuthenticationInfo", signed);
            signed[index] ^= 1;
        }

        Assert.Equal((200, "Accepted"), Outcome(network, signed));
    }

    [Fact]
    public void A_ballot_is_no_request()
    {
        using TestNetwork network = new();
        AssertRefused(
            network, 400, "InvalidInput", network.Members[0].Sign(Payload(Add(network)), network.Now, "ballot"));
    }

    [Fact]
    public void A_request_is_for_one_network()
    {
        using TestNetwork network = new();
        NodeRequest elsewhere = Add(network) with { Network = Digest.Of("another network"u8) };
        AssertRefused(network, 400, "OtherNetwork", network.Members[0].Sign(Payload(elsewhere), network.Now));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1)]
    public void A_signature_is_good_for_a_day_by_the_clocks_of_member_and_ledger(int direction)
    {
        using TestNetwork network = new();
        byte[] payload = Payload(Add(network));
        DateTimeOffset end = network.Now + direction * Day;
        byte[] late = network.Members[0].Sign(payload, end.AddSeconds(direction));
        AssertRefused(network, 400, "StaleRequest", late);
        Assert.Equal((200, "Accepted"), Outcome(network, network.Members[0].Sign(payload, end)));
    }

    [Fact]
    public void A_body_that_is_no_message_of_a_member_is_refused()
    {
        using TestNetwork network = new();
        byte[] signed = network.Members[0].Sign(Payload(Add(network)), network.Now);
        AssertRefused(network, 400, "InvalidInput", []);
        AssertRefused(network, 400, "InvalidInput", Payload(Add(network)));
        AssertRefused(network, 400, "InvalidInput", signed[1..]);
        AssertRefused(network, 400, "InvalidInput", signed[..^1]);
        AssertRefused(network, 400, "InvalidInput", [.. signed, 0]);
        AssertRefused(network, 400, "InvalidInput", CoseSign1.Sign(network.Members[0].Key, [0xA1, 1, 0x26], "{}"u8));
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("""{"network":"NETWORK","action":"retire_node"}""")]
    [InlineData("""{"action":"retire_node","node_id":"NODE"}""")]
    [InlineData("""{"network":"NETWORK","action":"retire_node","node_id":"NODE","more":1}""")]
    [InlineData("""{"network":"NETWORK","action":"retire_node","node_id":"NODE","node_id":"NODE"}""")]
    [InlineData("""{"network":"NETWORK","action":"retire_node","node_id":"NODE"} {}""")]
    [InlineData("""{"network":"NETWORK","action":"retire_node","node_id":"12"}""")]
    [InlineData("""{"network":"NETWORK","action":"retire_node","node_id":7}""")]
    [InlineData("""{"network":{},"action":"retire_node","node_id":"NODE"}""")]
    [InlineData("""{"network":null,"action":"retire_node","node_id":"NODE"}""")]
    [InlineData("""{"network":"NETWORK","action":null,"node_id":"NODE"}""")]
    [InlineData("""{"network":"NETWORK","action":"\ud800","node_id":"NODE"}""")]
    [InlineData("""{"network":"NETWORK","action":"trust_node","node_id":"NODE"}""")]
    [InlineData("""{"network":"NETWORK","action":"add_node","node_id":"NODE"}""")]
    [InlineData("""{"network":"NETWORK","action":"add_node","node_id":"NODE",ADDRESS,"role":"voter"}""")]
    [InlineData("""{"network":"NETWORK","action":"add_node","node_id":"NODE",PLATFORM,"role":"voter"}""")]
    [InlineData("""{"network":"NETWORK","action":"add_node","node_id":"NODE",PLATFORM,ADDRESS}""")]
    [InlineData("""{"network":"NETWORK","action":"add_node","node_id":"NODE",PLATFORM,ADDRESS,"role":"Voter"}""")]
    [InlineData(
        """{"network":"NETWORK","action":"add_node","node_id":"NODE",PLATFORM,"peer_address":"","role":"voter"}""")]
    [InlineData("""
        {"network":"NETWORK","action":"add_node","node_id":"NODE",PLATFORM,ADDRESS,"role":"voter",
        "published_addresses":[null]}
        """)]
    public void A_payload_that_asks_for_nothing_that_is_known_is_refused(string template)
    {
        using TestNetwork network = new();
        string payload = template.Replace("NETWORK", Network(network).ToString(), StringComparison.Ordinal)
            .Replace("NODE", Newcomer.ToString(), StringComparison.Ordinal)
            .Replace("PLATFORM", "\"platform\":\"virtual\"", StringComparison.Ordinal)
            .Replace("ADDRESS", "\"peer_address\":\"node1:1\"", StringComparison.Ordinal);
        AssertRefused(
            network, 400, "InvalidInput", network.Members[0].Sign(Encoding.UTF8.GetBytes(payload), network.Now));
    }

    [Fact]
    public void A_payload_that_is_not_UTF_8_is_refused()
    {
        using TestNetwork network = new();
        byte[] payload = Payload(Add(network));
        payload[payload.AsSpan().IndexOf("node1"u8)] = 0xFF;
        AssertRefused(network, 400, "InvalidInput", network.Members[0].Sign(payload, network.Now));
        byte[] marked = [0xEF, 0xBB, 0xBF, .. Payload(Add(network))];
        AssertRefused(network, 400, "InvalidInput", network.Members[0].Sign(marked, network.Now));
    }

    [Fact]
    public void An_id_never_comes_back()
    {
        using TestNetwork network = TestNetwork.Of(2);
        TestNetwork.Member leaving = network.Nodes.Last(node => node != network.Primary);
        NodeRequest again = Add(network) with { NodeId = leaving.Id };
        AssertRefused(network, 409, "NodeKnown", Signed(network, again));
        network.Primary.Ask(network.Retire(leaving));
        network.Run(100);
        Assert.Equal(NodeRecord.Retired, network.StatusOf(leaving));
        AssertRefused(network, 409, "NodeKnown", Signed(network, again));
        AssertRefused(network, 409, "NodeNotHere", Signed(network, network.Retire(leaving)));
    }

    [Fact]
    public void A_node_that_nobody_knows_cannot_be_retired()
    {
        using TestNetwork network = new();
        NodeRequest request = new(Network(network), NodeRequest.Retire, Newcomer);
        AssertRefused(network, 409, "NodeNotHere", Signed(network, request));
    }

    // A learner does not vote, so it cannot be what is left.
    [Fact]
    public void The_last_node_that_votes_stays()
    {
        using TestNetwork network = new();
        AssertRefused(network, 409, "LastNode", Signed(network, network.Retire(network.Primary)));
        TestNetwork.Member learner = network.Join(NodeRequest.Learner);
        network.Run(100);
        AssertRefused(network, 409, "LastNode", Signed(network, network.Retire(network.Primary)));
        Assert.Equal((200, "Accepted"), Outcome(network, Signed(network, network.Retire(learner))));
    }

    [Fact]
    public void Two_open_requests_cannot_retire_all_who_vote()
    {
        using TestNetwork network = new(members: 2);
        network.Join();
        network.Run(100);
        byte[][] payloads = [.. network.Nodes.Select(node => Payload(network.Retire(node)))];
        foreach (byte[] payload in payloads)
            Assert.Equal((200, "Open"), Outcome(network, network.Members[0].Sign(payload, network.Now)));
        Assert.Equal((200, "Accepted"), Outcome(network, network.Members[1].Sign(payloads[1], network.Now)));
        AssertRefused(network, 409, "LastNode", network.Members[1].Sign(payloads[0], network.Now));
    }

    [Fact]
    public void The_ledger_has_the_request_while_it_is_open_and_each_signature_that_counted()
    {
        using TestNetwork network = new(members: 3);
        byte[] payload = Payload(Add(network));
        Digest digest = Digest.Of(payload);
        byte[] first = network.Members[0].Sign(payload, network.Now);
        Post(network, first);
        network.Deliver();
        NodeRequestRecord open = Assert.Single(Written(network, NodeMaps.NodeRequests)[digest])!;
        Assert.Equal(Encoding.UTF8.GetString(payload), open.Payload);
        Assert.Equal([network.Members[0].Id.ToString()], open.Approvals);

        byte[] second = network.Members[1].Sign(payload, network.Now);
        Post(network, second);
        network.Deliver();
        Assert.Equal([open.Payload, null], Written(network, NodeMaps.NodeRequests)[digest].Select(one => one?.Payload));
        ILookup<string, byte[]?> signatures = Written(network, NodeMaps.NodeRequestSignatures);
        Assert.Equal(2, signatures.Count);
        Assert.Equal(first, Assert.Single(signatures[$"{digest}:{network.Members[0].Id}"]));
        Assert.Equal(second, Assert.Single(signatures[$"{digest}:{network.Members[1].Id}"]));
        NodeRecord added = Assert.Single(Written(network, GenesisMaps.NodeInfo)[Newcomer.ToString()])!;
        Assert.Equal(
            (NodeRecord.Learner, "virtual", "node1:1"), (added.Status, added.Platform, added.PeerAddress));
        Assert.Equal(["example.com:443"], added.PublishedAddresses);
    }

    private static Digest Network(TestNetwork network) => network.Primary.Node.View.Genesis;

    private static NodeRequest Add(TestNetwork network) => new(
        Network(network), NodeRequest.Add, Newcomer, "virtual", "node1:1", ["example.com:443"], NodeRequest.Learner);

    private static byte[] Payload(NodeRequest request) =>
        JsonSerializer.SerializeToUtf8Bytes(request, JsonFormat.Options);

    private static byte[] Signed(TestNetwork network, NodeRequest request) =>
        network.Members[0].Sign(Payload(request), network.Now);

    private static (int Status, JsonElement Answer) Post(TestNetwork network, byte[] signed) =>
        network.Primary.Post(signed);

    private static (int Status, string? State) Outcome(TestNetwork network, byte[] signed)
    {
        (int status, JsonElement answer) = Post(network, signed);
        return (status, answer.TryGetProperty("state", out JsonElement state) ? state.GetString() : answer.ToString());
    }

    private static void AssertRefused(TestNetwork network, int status, string code, byte[] signed)
    {
        TxId before = network.Primary.Node.View.Last;
        (int answered, JsonElement answer) = Post(network, signed);
        Assert.Equal((status, code), (answered, answer.GetProperty("error").GetProperty("code").GetString()));
        Assert.NotEqual("", answer.GetProperty("error").GetProperty("message").GetString());
        Assert.Equal(before, network.Primary.Node.View.Last);
    }

    private static string StatusOf(TestNetwork network, NodeId id) =>
        Assert.IsType<Execution.Answered>(network.Primary.Execute("GET", $"/node/network/nodes/{id}"))
            .Response is { IsSuccess: true } found
                ? JsonDocument.Parse(found.Body).RootElement.GetProperty("status").GetString()!
                : "";

    // As whoever reads the ledger sees it: each value that a key was given, in order, null where it was removed.
    private static ILookup<TKey, TValue?> Written<TKey, TValue>(TestNetwork network, Map<TKey, TValue> map)
        where TKey : notnull
        where TValue : class
    {
        List<(TKey Key, TValue? Value)> written = [];
        foreach (ReadOnlyMemory<byte> bytes in network.Primary.Disk)
        {
            Assert.True(Block.TryDecode(bytes, out Block? block));
            foreach (LedgerEntry entry in block.Entries.Where(entry => entry.Type == EntryType.WriteSet))
            {
                Assert.True(WriteSet.TryDecode(entry.Public.Span, default, out WriteSet? writes));
                foreach (KeyWrite write in writes!.Maps.Where(one => one.Name == map.Name)
                    .SelectMany(one => one.Writes))
                {
                    Assert.True(map.Keys.TryDecode(write.Key.Span, out TKey? key));
                    TValue? value = null;
                    Assert.True(write.Value is not { } stored || map.Values.TryDecode(stored.Span, out value));
                    written.Add((key!, value));
                }
            }
        }

        return written.ToLookup(pair => pair.Key, pair => pair.Value);
    }
}
