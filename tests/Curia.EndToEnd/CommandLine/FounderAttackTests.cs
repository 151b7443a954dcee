using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.EndToEnd.CommandLine;

/// <summary>What must not lead into a network: real nodes, and a founder beside them that says what it likes
/// (docs/establishment.md, "What an attack comes to").</summary>
public sealed class FounderAttackTests : IClassFixture<CharterTeam>, IDisposable
{
    private readonly Founders founders;

    public FounderAttackTests(CharterTeam team) => founders = new Founders(team);

    public void Dispose() => founders.Dispose();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // The one real node is in slot node0; the attacker is in slot node1, which is its own by right.
    [Fact]
    public async Task Whatever_is_not_right_of_a_founder_is_refused_by_name()
    {
        await founders.MakeCharterAsync(change: description => description["platforms"] = JsonNode.Parse(
            """{"virtual":{"minimum_tcb":{"virtual":1,"virtual-c":1}}}"""));
        founders.Start(0);
        (await founders.EndorseAsync(0)).Expect(0);
        NodeId real = founders.NodeOf(0);
        await using RogueFounder rogue = await RogueFounder.StartAsync(founders, slot: 1);
        for (int again = 0; again < 200 && !rogue.Heard.ContainsKey(real); again++) await Task.Delay(50, Cancel);
        Assert.True(FounderPresentation.TryDecode(rogue.Heard[real], out FounderPresentation? replayed));
        (await founders.RunAsync("member", "keygen", "--name", "outsider")).Expect(0);
        AttesterEvidence own = rogue.Evidence();
        List<string> wrong = [];
        foreach ((string refusal, FounderPresentation shown) in Attacks(rogue, own, real, replayed))
        {
            string answer = await rogue.ShowAsync(0, shown);
            if (!answer.StartsWith(refusal, StringComparison.Ordinal)) wrong.Add($"{refusal}: {answer}");
        }

        Assert.Empty(wrong);
        byte[] good = rogue.Shown(evidence: own).Encode();
        Assert.StartsWith("Malformed", await rogue.ShowAsync(0, [.. good, 0]), StringComparison.Ordinal);
        Assert.StartsWith("Malformed", await rogue.ShowAsync(0, good[..^1]), StringComparison.Ordinal);
        FounderPresentation flipped = rogue.Shown(evidence: own);
        byte[] signature = flipped.Endorsement.ToArray();
        signature[^1] ^= 1;
        Assert.StartsWith("EndorsementInvalid", await rogue.ShowAsync(0, flipped with { Endorsement = signature }),
            StringComparison.Ordinal);

        // Who is refused is told nothing: no charter, unless its code is authorised; no signature, and no place.
        Assert.Empty(await rogue.AskCharterAsync(0, rogue.Shown(evidence: rogue.Evidence(program: "another"))));
        FounderEntry[] both = [FounderEntry.Of(rogue.Node, flipped), FounderEntry.Of(real, replayed)];
        Assert.Null(await rogue.AgreeAsync(0, rogue.Sign([.. both.OrderBy(one => one.Node)])));
        Assert.False(await rogue.FoundAsync(0, new byte[200]));

        // All else of it was right.
        Assert.Equal("", await rogue.ShowAsync(0, good));
        Assert.Null(await rogue.AgreeAsync(0, rogue.Sign([.. both.OrderBy(one => one.Node)])));
        await using RogueFounder second = await RogueFounder.StartAsync(founders, slot: 1, listens: false);
        Assert.StartsWith("SlotTaken", await second.ShowAsync(0, second.Shown()), StringComparison.Ordinal);
        founders.AssertNothingBegan(0);
    }

    // What each is refused for, and what is shown. The rogue's own evidence is that of a genuine node, and what the
    // real node has shown is replayed.
    private static (string Refusal, FounderPresentation Shown)[] Attacks(
        RogueFounder rogue, AttesterEvidence own, NodeId real, FounderPresentation replayed)
    {
        Digest other = Digest.Of("another charter"u8);
        FounderEndorsement said = rogue.Said(own);
        return
        [
            ("AnotherCharter", rogue.Shown(evidence: own) with { Charter = other }),
            ("UnknownSlot", rogue.Shown(evidence: own) with { Slot = "node9" }),
            ("EndorsementMissing", rogue.Shown(evidence: own) with { Endorsement = default }),
            ("EndorsementMalformed", rogue.Shown(evidence: own) with { Endorsement = new byte[] { 1, 2, 3 } }),
            ("EndorsementNotByOwner", rogue.Shown(said, own, signer: "gamma")),
            ("EndorsementNotByOwner", rogue.Shown(said, own, signer: "outsider")),
            ("EndorsementNotByOwner", rogue.Shown(said, own, signer: "user0")),
            ("EndorsementForAnotherCharter", rogue.Shown(said with { Charter = other }, own)),
            ("EndorsementForAnotherSlot", rogue.Shown(said with { Slot = "node2" }, own)),
            ("EndorsementForAnotherNode", rogue.Shown(said with { Node = real }, own)),
            ("EndorsementForAnotherAddress", rogue.Shown(said with { Address = "127.0.0.1:1" }, own)),
            ("EndorsementForAnotherAttempt", rogue.Shown(said with { Attempt = 2 }, own)),
            ("EndorsementForAnotherRole", rogue.Shown(said with { Role = "learner" }, own)),
            ("EndorsementForOtherEvidence", rogue.Shown(said with { Evidence = other }, own)),
            ("EndorsementExpired", rogue.Shown(said with { Expires = DateTimeOffset.UtcNow.AddSeconds(-1) }, own)),

            // Its owner is fooled, or cheats: what counts is what each founder sees itself.
            ("EvidenceRefused: measurement-not-expected", rogue.Shown(evidence: rogue.Evidence(program: "another"))),
            ("EvidenceRefused: policy-debug-enabled", rogue.Shown(evidence: rogue.Evidence(debug: true))),
            ("EvidenceRefused: tcb-below-minimum", rogue.Shown(evidence: rogue.Evidence(tcb: 0))),
            ("AnotherPlatform", rogue.Shown(evidence: rogue.Evidence(platform: "virtual-c"))),
            ("AnotherPlatform", rogue.Shown(evidence: new AttesterEvidence(
                "snp", new Dictionary<string, byte[]> { ["report.bin"] = new byte[1184] }))),
            ("EvidenceRefused: report-data", rogue.Shown(evidence: replayed.Evidence)),
            ("EvidenceRefused: report-data", rogue.Shown(evidence: rogue.Evidence(node: real))),
            ("EvidenceRefused: report-data", rogue.Shown(evidence: rogue.Evidence(charter: other))),

            // A node in the middle, or a second process of the first slot.
            ("EndorsementForAnotherNode", replayed),
            ("OwnSlot", rogue.Shown(
                said with { Slot = "node0", Address = rogue.Charter.Content.Slots["node0"].Address }, own, "alpha")
                with { Slot = "node0" }),
        ];
    }

    // The real nodes are in node0 and node1, and gamma, who owns node2, cheats.
    [Theory]
    [InlineData("two endorsements of one node")]
    [InlineData("two nodes")]
    public async Task A_founder_that_shows_different_things_to_different_nodes_founds_nothing(string what)
    {
        await founders.MakeCharterAsync();
        for (int node = 0; node < 2; node++) founders.Start(node, deadline: 20);
        for (int node = 0; node < 2; node++) (await founders.EndorseAsync(node)).Expect(0);
        await using RogueFounder rogue = await RogueFounder.StartAsync(founders, slot: 2);
        await using RogueFounder twin = what == "two nodes"
            ? await RogueFounder.StartAsync(founders, slot: 2, listens: false)
            : rogue;
        FounderPresentation[] shown = [rogue.Shown(), twin.Shown()];
        if (twin == rogue)
        {
            AttesterEvidence own = rogue.Evidence();
            shown =
            [
                rogue.Shown(rogue.Said(own), own),
                rogue.Shown(rogue.Said(own) with { Expires = DateTimeOffset.UtcNow.AddHours(2) }, own),
            ];
        }

        NodeId[] real = [founders.NodeOf(0), founders.NodeOf(1)];
        Assert.Equal("", await rogue.ShowAsync(0, shown[0]));
        Assert.Equal("", await twin.ShowAsync(1, shown[1]));
        Assert.StartsWith("SlotTaken", await twin.ShowAsync(0, shown[1]), StringComparison.Ordinal);
        for (int again = 0; again < 200 && real.Any(node => !rogue.Heard.ContainsKey(node)); again++)
            await Task.Delay(50, Cancel);
        FounderPresentation[] theirs = [.. real.Select(node =>
        {
            Assert.True(FounderPresentation.TryDecode(rogue.Heard[node], out FounderPresentation? one));
            return one;
        })];

        // It signs for each what that one has signed: both then have three statements, of which two are the same.
        SignedFoundingStatement[] signed =
        [
            rogue.Sign([.. Entries(rogue).OrderBy(one => one.Node)]),
            twin.Sign([.. Entries(twin, 1).OrderBy(one => one.Node)]),
        ];
        Assert.NotEqual(signed[0].Statement.ToArray(), signed[1].Statement.ToArray());
        for (int again = 0; again < 100; again++)
        {
            if (await rogue.AgreeAsync(0, signed[0]) is not null && await twin.AgreeAsync(1, signed[1]) is not null)
                break;
            await Task.Delay(50, Cancel);
        }

        if (twin == rogue) Assert.Null(await rogue.AgreeAsync(0, signed[1])); // a second one, and it is named for it
        ProgramRun[] ends = await Task.WhenAll(founders.Processes.Select(CuriaProgram.EndOfAsync));
        Assert.All(ends, end => Assert.Contains("StatementDiffers", end.Expect(3).Errors, StringComparison.Ordinal));
        if (twin == rogue) Assert.Contains("SecondStatement", ends[0].Errors, StringComparison.Ordinal);
        founders.AssertNothingBegan(0, 1);

        FounderEntry[] Entries(RogueFounder one, int which = 0) =>
        [
            FounderEntry.Of(one.Node, shown[which]), FounderEntry.Of(real[0], theirs[0]),
            FounderEntry.Of(real[1], theirs[1]),
        ];
    }

    [Fact]
    public async Task A_charter_that_differs_in_anything_is_told_by_field()
    {
        await founders.MakeCharterAsync();
        string look = founders.PathOf("look");
        Directory.CreateDirectory(look);
        (await CuriaProgram.RunAsync(look, "member", "keygen", "--name", "gamma")).Expect(0);
        await founders.MakeCharterAsync("other", description =>
        {
            JsonNode members = description["members"]!;
            members["beta"]!["certificate"] = new JsonObject { ["@file"] = "look/gamma_cert.pem" }; // a look-alike key
            members["delta"] = new JsonObject
            {
                ["certificate"] = new JsonObject { ["@file"] = "user0_cert.pem" },
                ["recovery"] = "NonParticipant",
            };
            description["participants"] = new JsonObject();
            description["constitution"] = "export function resolve() { return \"Accepted\"; }";
            description["recovery_threshold"] = 1;
            description["consensus"] = new JsonObject();
            ((JsonArray)description["code"]!["logging"]!["platforms"]!["virtual"]!).Add(
                (JsonNode)new JsonObject { ["measurement"] = new string('0', 64) });
        });
        founders.Start(0, deadline: 30);
        founders.Start(2, "other", deadline: 30);
        (await founders.EndorseAsync(0)).Expect(0);
        (await founders.EndorseAsync(2, "other")).Expect(0);
        JsonElement status = await Founders.UntilAsync(
            () => founders.StatusAsync(founders.EarlyUrl(0)),
            json => json.GetProperty("problems").EnumerateArray()
                .Any(problem => problem.GetProperty("differences").GetArrayLength() > 0));
        JsonElement problem = status.GetProperty("problems").EnumerateArray()
            .First(one => one.GetProperty("differences").GetArrayLength() > 0);
        Assert.Equal(
            [
                "code[\"logging\"].platforms[\"virtual\"]", "consensus.commit_rule.operators", "constitution",
                "members[\"beta\"].certificate", "members[\"delta\"]", "participants[\"user0\"]", "recovery_threshold",
            ],
            problem.GetProperty("differences").EnumerateArray()
                .Select(one => one.GetProperty("field").GetString()!).Order(StringComparer.Ordinal));
        founders.AssertNothingBegan(0, 2);
    }

    // Each life of a founder has these lines in its log; who says one first is killed in that moment.
    [Theory]
    [InlineData("The owner has endorsed this node")]
    [InlineData("is verified: charter, endorsement and evidence")]
    [InlineData("this one makes the genesis block")]
    [InlineData("has told the secrets")]
    public async Task Wherever_a_founder_is_killed_there_is_one_network_or_none(string line)
    {
        await founders.MakeCharterAsync();
        for (int node = 0; node < 3; node++) founders.Start(node, deadline: 10);
        Task<int?> killing = founders.KillFirstAsync(line);
        for (int node = 0; node < 3; node++) (await founders.EndorseAsync(node)).Expect(0);

        // The others open, or end by themselves.
        for (int again = 0; again < 600 && !killing.IsCompleted && !IsOpenBesides(); again++)
            await Task.Delay(100, Cancel);
        bool isOpen = IsOpenBesides();
        if (!isOpen) Assert.NotNull(await killing.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
        string[] networks = await NetworksAsync();
        Assert.InRange(networks.Length, isOpen ? 1 : 0, 1);
        founders.KillAll();
        if (isOpen) return;

        // What is left on the disks of some founders is no network, and starts none.
        int left = Enumerable.Range(0, 3).Count(node => Directory.GetFiles(At(node), "ledger_*").Length > 0);
        Assert.InRange(left, 0, 3);

        // All owners endorse anew, for folders that are empty again.
        for (int node = 0; node < 3; node++)
        {
            foreach (string name in (string[])["ledger", "snapshots", "sealed", "identity.json", "endorsement.cose"])
                founders.Remove(node, name);
            founders.Start(node, attempt: 2);
        }

        for (int node = 0; node < 3; node++)
            (await founders.EndorseAsync(node, further: ["--attempt", "2"])).Expect(0);
        for (int node = 0; node < 3; node++) await founders.WaitForAsync(node, "addresses.json");
        JsonElement status = (await founders.StatusAsync(founders.Url(0))).Expect(0).Json;
        Assert.True(status.GetProperty("open").GetBoolean());
        Assert.Equal(2, status.GetProperty("nodes")[0].GetProperty("view").GetProperty("attempt").GetInt32());
        Assert.DoesNotContain(Assert.Single(await NetworksAsync()), networks);

        bool IsOpenBesides() => Enumerable.Range(0, 3).Count(node => File.Exists(
            founders.PathOf($"n{node}/addresses.json"))) >= 2;

        string At(int node) => founders.PathOf($"n{node}/ledger");
    }

    // The genesis blocks that are on some disk, by their names.
    private async Task<string[]> NetworksAsync()
    {
        List<string> found = [];
        for (int node = 0; node < 3; node++)
        {
            string ledger = founders.PathOf($"n{node}/ledger");
            if (!Directory.Exists(ledger) || Directory.GetFiles(ledger, "ledger_*").Length == 0) continue;
            ProgramRun run = await founders.RunAsync("ledger", "verify", ledger, "--unanchored", "--json");
            if (run.Json.GetProperty("genesis").GetString() is { } genesis) found.Add(genesis);
        }

        return [.. found.Distinct()];
    }
}
