using System;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using Curia.Attestation;
using Curia.Consensus;
using Curia.Cryptography;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Tests.Architecture;
using Curia.Tests.Attestation;
using Curia.Vocabulary;

namespace Curia.Tests.Governance;

/// <summary>An auditor finds in the genesis block whether each founder asked what it must have asked, and whether the
/// block says anything else: each lie gets the name of its check.</summary>
public sealed class EstablishmentAuditTests : IDisposable
{
    private readonly MadeFounder[] founders = MadeFounders.All();
    private readonly MadeGenesis genesis;

    public EstablishmentAuditTests() => genesis = new MadeGenesis(founders);

    public void Dispose()
    {
        genesis.Dispose();
        foreach (MadeFounder founder in founders) founder.Dispose();
    }

    [Fact]
    public void What_founders_agreed_on_is_found_again()
    {
        EstablishmentReport report = EstablishmentAudit.Run(genesis.Record)!;
        Assert.Empty(report.Problems);
        Assert.True(report.IsSound);
        Assert.Equal(MadeFounders.Charter.Digest, report.Charter!.Digest);
        Assert.Equal((1, MadeFounders.Now, "virtual"), (report.Attempt!.Value, report.At, report.WeakestPlatform));
        Assert.Equal(["node0", "node1", "node2"], report.Founders.Select(founder => founder.Slot));
        Assert.Equal(["alpha", "beta", "gamma"], report.Founders.Select(founder => founder.Owner));
        Assert.Equal(["virtual", "virtual", "virtual-c"], report.Founders.Select(founder => founder.Platform));
        Assert.Equal(
            founders.Select(founder => (NodeId?)founder.Node), report.Founders.Select(founder => founder.Node));
        Assert.All(report.Founders, founder => Assert.Equal(TestEvidence.Program, founder.Measurement));
        Assert.All(report.Founders, founder => Assert.True(founder.IsInsecure));
        Assert.Equal(
            ["endorsement", "evidence", "statement"], report.Founders[0].Checks.Select(check => check.Name));
        Assert.All(report.Checks, check => Assert.NotEmpty(check.Detail));
    }

    [Fact]
    public void A_network_that_one_node_began_has_no_establishment()
    {
        Assert.Null(EstablishmentAudit.Run(
            genesis.With((map, _, value) => IsOfFounders(map) ? MadeGenesis.Nothing : value)));
        Assert.Null(
            EstablishmentAudit.Run(genesis.Record with { PublicWrites = WriteSet.Empty.Encode(Domain.Public) }));
    }

    [Fact]
    public void Another_charter_is_none_that_these_founders_have_taken()
    {
        Charter other = MadeCharter.Of(MadeFounders.Content() with { KeyPeriodDays = 31 });
        AssertProblem("slot node0, endorsement: EndorsementForAnotherCharter",
            genesis.With(GenesisMaps.Charter, GenesisMaps.CharterKeyName, other.Encoded.ToArray()));
        AssertProblem("slot node2, evidence: EvidenceRefused",
            genesis.With(GenesisMaps.Charter, GenesisMaps.CharterKeyName, other.Encoded.ToArray()));
        AssertProblem("charter: what is recorded is no charter",
            genesis.With(GenesisMaps.Charter, GenesisMaps.CharterKeyName, [.. other.Encoded.Span, 0]));
        AssertProblem("charter: there are founders, and no charter is recorded",
            genesis.With(
                (map, _, value) => map == GenesisMaps.Charter.Name ? MadeGenesis.Nothing : value,
                (GenesisMaps.Charter.Name, "other", other.Encoded.ToArray())));
        AssertProblem("nothing-else: other in public:curia.gov.charter is too much",
            genesis.With(GenesisMaps.Charter, "other", other.Encoded.ToArray()));
    }

    [Fact]
    public void A_list_of_members_or_users_is_that_of_the_charter()
    {
        (_, Certificate stranger) = MadeCharter.Actor("stranger");
        MemberId alpha = MadeFounders.Charter.Content.Members["alpha"].Id;
        AssertProblem($"members: {stranger.Fingerprint} in public:ccf.gov.members.certs is too much",
            genesis.With(GenesisMaps.MemberCertificates, $"{stranger.Fingerprint}", stranger.ToPem()));
        AssertProblem($"members: {alpha} in public:ccf.gov.members.certs is missing",
            genesis.Without(GenesisMaps.MemberCertificates, $"{alpha}"));
        AssertProblem($"members: {alpha} in public:ccf.gov.members.certs is something else",
            genesis.With(GenesisMaps.MemberCertificates, $"{alpha}", stranger.ToPem()));
        AssertProblem($"members: {alpha} in public:ccf.gov.members.info is something else",
            genesis.With(GenesisMaps.MemberInfo, $"{alpha}", """{"status":"Retired"}"""));
        AssertProblem("members:", genesis.With((map, _, value) =>
            map == GenesisMaps.MemberEncryptionKeys.Name ? Encoding.UTF8.GetBytes("another") : value));
        AssertProblem("participants:", genesis.With(
            GenesisMaps.UserCertificates, $"{stranger.Fingerprint}", stranger.ToPem()));
        AssertProblem("participants:",
            genesis.With((map, _, value) => map == GenesisMaps.UserCertificates.Name ? MadeGenesis.Nothing : value));
    }

    [Fact]
    public void An_endorsement_is_by_the_owner_and_for_what_is_recorded()
    {
        MadeFounder first = founders[0];
        GenesisRecord Endorsed(byte[] endorsement) =>
            genesis.With(GenesisMaps.FoundingEndorsements, $"{first.Node}", endorsement);
        AssertProblem("slot node0, endorsement: EndorsementNotByOwner", Endorsed(first.Endorse(
            first.Said with { Owner = MadeFounders.Charter.Content.Members["beta"].Id }, "beta")));
        AssertProblem("slot node0, endorsement: EndorsementForAnotherNode",
            Endorsed(first.Endorse(first.Said with { Node = founders[1].Node })));
        AssertProblem("slot node0, endorsement: EndorsementForAnotherAttempt",
            Endorsed(first.Endorse(first.Said with { Attempt = 2 })));
        AssertProblem("slot node0, endorsement: EndorsementMissing", Endorsed([]));
        AssertProblem("slot node0, recorded: its owner's endorsement is not there",
            genesis.Without(GenesisMaps.FoundingEndorsements, $"{first.Node}"));

        // Signed again by the owner, for the same: the founders have signed the digest of the other one.
        AssertProblem("slot node0, statement: it is about something else",
            Endorsed(first.Endorse(first.Said with { Expires = first.Said.Expires.AddDays(1) })));
    }

    [Fact]
    public void Evidence_is_of_this_node_under_this_charter()
    {
        MadeFounder first = founders[0];
        GenesisRecord Shown(AttesterEvidence evidence, byte[]? endorsement = null) => genesis.With(further:
        [
            (GenesisMaps.NodeEvidence.Name, $"{first.Node}", GenesisMaps.NodeEvidence.Values.Encode(evidence)),
            (GenesisMaps.FoundingEndorsements.Name, $"{first.Node}",
                endorsement ?? first.With(evidence).Endorsement.ToArray()),
        ]);
        AssertProblem("slot node0, evidence: EvidenceRefused: report-data", Shown(founders[1].Evidence));
        AssertProblem("slot node0, evidence: EvidenceRefused: report-data", Shown(TestEvidence.Of(first.Node)));
        AssertProblem("slot node0, endorsement: EndorsementForOtherEvidence",
            Shown(founders[1].Evidence, first.Shown.Endorsement.ToArray()));
        VirtualReport other = new(
            "virtual", new Measurement(new byte[32]), NodeAttestation.ReportDataOf(first.Node, first.Charter.Digest),
            new byte[32], 1, false);
        AssertProblem("slot node0, evidence: EvidenceRefused: measurement", Shown(MadeFounder.Sign(other)));
        AssertProblem("slot node0, evidence: AnotherPlatform",
            Shown(MadeFounder.Sign(other with { Platform = "virtual-b", Measurement = TestEvidence.Program })));
        AssertProblem("slot node0, recorded: its evidence cannot be read",
            genesis.Without(GenesisMaps.NodeEvidence, $"{first.Node}"));
        foreach (string json in (string[])
            [
                """{"platform":"virtual","files":{"\ud800":"AA=="}}""", """{"platform":"virtual","files":{"a":null}}""",
                """{"platform":"\udc00","files":{}}""", "{}", "null", "[",
            ])
        {
            AssertProblem("slot node0", genesis.With(further:
                (GenesisMaps.NodeEvidence.Name, $"{first.Node}", Encoding.UTF8.GetBytes(json))));
        }
    }

    [Fact]
    public void Each_founder_has_signed_the_same_and_what_is_recorded()
    {
        MadeFounder first = founders[0];
        FoundingStatement said = new(MadeFounders.Charter.Digest, 1,
            [.. founders.Select(one => FounderEntry.Of(one.Node, one.Shown)).OrderBy(one => one.Node)]);
        GenesisRecord Signed(FoundingStatement statement, EcdsaSigner key) => genesis.With(
            GenesisMaps.FoundingStatements, $"{first.Node}", SignedFoundingStatement.Sign(statement, key).Encode());
        Assert.DoesNotContain(EstablishmentAudit.Run(Signed(said, first.Key))!.Problems, problem =>
            problem.Contains("statement", StringComparison.Ordinal));
        AssertProblem($"slot node0, statement: the key of node {first.Node} did not sign it",
            Signed(said, founders[1].Key));
        AssertProblem("statement: it is about something else", Signed(said with { Attempt = 2 }, first.Key));
        AssertProblem("statement: it is about something else",
            Signed(said with { Founders = [.. said.Founders.Skip(1)] }, first.Key));
        AssertProblem("statement: it is about something else", Signed(said with
        {
            Founders = [said.Founders[0] with { LedgerFormat = 1 }, .. said.Founders.Skip(1)],
        }, first.Key));
        AssertProblem("statement: it has signed no founding statement",
            genesis.With(GenesisMaps.FoundingStatements, $"{first.Node}", [1, 2, 3]));
        AssertProblem("statement: it has signed no founding statement",
            genesis.Without(GenesisMaps.FoundingStatements, $"{first.Node}"));
    }

    [Fact]
    public void Every_slot_has_one_node_and_there_is_no_other()
    {
        string first = $"{founders[0].Node}";
        AssertProblem("slots-filled: no node is recorded in slot node1", genesis.Without(GenesisMaps.Slots, "node1"));
        AssertProblem("slots-filled: no node is recorded in slot node1",
            genesis.With(GenesisMaps.Slots, "node1", "nobody"));
        AssertProblem($"one-slot-each: in more than one slot is {first}",
            genesis.With(GenesisMaps.Slots, "node1", first));
        AssertProblem("nodes: node9 in public:curia.gov.slots is too much",
            genesis.With(GenesisMaps.Slots, "node9", first));
        string stranger = $"{Digest.Of([1])}";
        AssertProblem($"no-other-node: in no slot is {stranger}", genesis.With(
            GenesisMaps.NodeInfo, stranger, new NodeRecord(NodeRecord.Trusted, "virtual", ["a:1"], LedgerFormat: 2)));
        AssertProblem($"nodes: {stranger} in public:ccf.gov.nodes.endorsed_certificates is too much",
            genesis.With(GenesisMaps.NodeCertificates, stranger, genesis.Primary.ToPem()));
        NodeRecord record = Record(first);
        AssertProblem("nodes:", genesis.With(GenesisMaps.NodeInfo, first, record with { Status = "Learner" }));
        AssertProblem("nodes:", genesis.With(GenesisMaps.NodeInfo, first, record with { Owner = null }));
        AssertProblem("nodes:", genesis.With(GenesisMaps.NodeInfo, first, record with { PeerAddress = "x:1" }));
        AssertProblem("statement: it is about something else",
            genesis.With(GenesisMaps.NodeInfo, first, record with { LedgerFormat = 1 }));
        AssertProblem("recorded: there is no record of the node",
            genesis.With(GenesisMaps.NodeInfo, first, record with { LedgerFormat = -1 }));
    }

    [Fact]
    public void Nothing_stands_beside_what_follows()
    {
        AssertProblem("nothing-else: a in public:records is too much",
            genesis.With(further: ("public:records", "a", [1])));
        AssertProblem("commit-rule: rule in public:curia.gov.commit_rule is too much", genesis.With(
            GenesisMaps.CommitRule, GenesisMaps.RuleKeyName, new DiversityRule(1, 1, true, InForce: true)));
        AssertProblem("private-part:", genesis.Record with { HasPrivatePart = true });
        AssertProblem("primary: node", genesis.Record with { SealedBy = genesis.Agreement.Ids[1] });
        AssertProblem("writes: the public part", genesis.Record with { PublicWrites = (byte[])[9, 9, 9] });
    }

    [Fact]
    public void A_commit_rule_is_that_of_the_charter()
    {
        Charter ruled = MadeCharter.Of(MadeFounders.Content() with
        {
            Consensus = new ConsensusRules { Operators = 2, LossWaived = true },
        });
        MadeFounder[] theirs = MadeFounders.All(ruled);
        using MadeGenesis other = new(theirs);
        Assert.Empty(EstablishmentAudit.Run(other.Record)!.Problems);
        AssertProblem("commit-rule: rule in public:curia.gov.commit_rule is missing",
            other.Without(GenesisMaps.CommitRule, GenesisMaps.RuleKeyName));
        AssertProblem("commit-rule: rule in public:curia.gov.commit_rule is something else", other.With(
            GenesisMaps.CommitRule, GenesisMaps.RuleKeyName, new DiversityRule(1, 1, true, InForce: false)));
        Assert.Equal(Configuration.VotersMax, DiversityRule.KindsMax);
        foreach (MadeFounder founder in theirs) founder.Dispose();
    }

    [Fact]
    public void The_service_says_what_follows_and_its_primary_is_certified()
    {
        string primary = $"{genesis.Agreement.Primary}";
        JsonObject info = JsonNode.Parse(Written(GenesisMaps.ServiceInfo, GenesisMaps.ServiceKeyName))!.AsObject();
        Assert.Equal($"{Digest.Of("the secret"u8)}", info["secret"]!.GetValue<string>());
        foreach ((string name, JsonNode? value) in ((string, JsonNode?)[])
            [
                ("attempt", 2), ("name", "other"), ("status", "Opening"), ("warning", null), ("platform", "snp"),
                ("cert", MadeCharter.Actor("alpha").Certificate.ToPem()), ("further", true),
            ])
        {
            JsonObject changed = info.DeepClone().AsObject();
            if (value is null) changed.Remove(name);
            else changed[name] = value;
            AssertProblem("service: service in public:ccf.gov.service.info is something else", genesis.With(
                GenesisMaps.ServiceInfo, GenesisMaps.ServiceKeyName,
                changed.ToJsonString(Curia.Endpoints.JsonFormat.Options)));
        }

        foreach (string wrong in (string[])["", "[]", "{}", """{"attempt":1,"secret":"\ud800"}""",
            """{"attempt":1e99,"secret":""}""", """{"attempt":1}""", new string('[', 100)])
        {
            AssertProblem("service: it does not say its attempt",
                genesis.With(GenesisMaps.ServiceInfo, GenesisMaps.ServiceKeyName, wrong));
        }

        using MadeGenesis other = new(genesis.Agreement);
        AssertProblem("primary-certificate:", genesis.With(
            GenesisMaps.NodeCertificates, primary, other.Primary.ToPem()));
        AssertProblem("primary-certificate:", genesis.With(
            GenesisMaps.NodeCertificates, primary, genesis.Service.ToPem()));
        AssertProblem("primary-certificate:", genesis.Without(GenesisMaps.NodeCertificates, primary));
    }

    [Fact]
    public void What_had_ended_by_the_time_of_the_block_founds_nothing()
    {
        Assert.True(EstablishmentAudit.Run(genesis.Record with { At = MadeFounders.Now.AddHours(1) })!.IsSound);
        AssertProblem("slot node1, endorsement: EndorsementExpired",
            genesis.Record with { At = MadeFounders.Now.AddHours(1).AddSeconds(1) });
    }

    // The bytes are computed anew, so a change in how a map is written would make old networks look forged.
    [Fact]
    public void An_establishment_that_was_kept_is_still_sound()
    {
        string kept = Path.Combine(Repository.Root, "tests/Curia.Tests/Governance/old/genesis-1.bin");
        Assert.True(GenesisBlock.TryDecodePublic(
            File.ReadAllBytes(kept), out Certificate? service, out ReadOnlyMemory<byte> writes));
        Assert.True(Digest.TryParseHex(
            "7f2058a18fddf584ed40ddf96ec01896a474302f1b0dd27e9f62b5304e1137ff", out Digest primary));
        EstablishmentReport report = EstablishmentAudit.Run(new GenesisRecord(
            writes, HasPrivatePart: false, service!, new NodeId(primary), MadeFounders.Now))!;
        Assert.Empty(report.Problems);
        Assert.Equal(
            "289dc1fd1eccb9dfb65fad68bf79940401954e39f64043c346cfdeb1410e56fe", report.Charter!.Digest.ToString());
        Assert.Equal(3, report.Founders.Count);
    }

    // But for the commitment of the ledger secret, which nobody can see who does not hold that: the signature of the
    // block covers it.
    [Fact]
    public void No_byte_can_be_another_one()
    {
        byte[] bytes = genesis.Record.PublicWrites.ToArray();
        int secret = bytes.AsSpan().IndexOf(Encoding.ASCII.GetBytes($"{Digest.Of("the secret"u8)}"));
        const int step = 17;
        for (int at = Random.Shared.Next(step); at < bytes.Length; at += step)
        {
            if (at >= secret && at < secret + 2 * Digest.Size) continue;
            byte[] flipped = [.. bytes];
            flipped[at] ^= (byte)(1 << (at / step % 8));
            EstablishmentReport? report = EstablishmentAudit.Run(genesis.Record with { PublicWrites = flipped });
            Assert.False(report?.IsSound, $"byte {at} was another one, and nobody saw it");
        }
    }

    [Fact]
    public void A_cut_or_a_heap_of_bytes_throws_nothing()
    {
        byte[] bytes = genesis.Record.PublicWrites.ToArray();
        for (int length = 1; length < bytes.Length; length += 97)
        {
            GenesisRecord cut = genesis.Record with { PublicWrites = bytes.AsMemory(0, length) };
            Assert.False(EstablishmentAudit.Run(cut)?.IsSound);
        }

        Random random = new(1);
        for (int round = 0; round < 200; round++)
        {
            byte[] heap = new byte[random.Next(2000)];
            random.NextBytes(heap);
            GenesisRecord changed = genesis.With((map, key, value) => random.Next(12) == 0 ? heap : value);
            Assert.True(EstablishmentAudit.Run(genesis.Record with { PublicWrites = heap })?.IsSound != true);
            EstablishmentReport? report = EstablishmentAudit.Run(changed);
            if (!changed.PublicWrites.Span.SequenceEqual(bytes)) Assert.False(report?.IsSound);
        }
    }

    private static void AssertProblem(string problem, GenesisRecord record)
    {
        EstablishmentReport report = EstablishmentAudit.Run(record)!;
        Assert.False(report.IsSound);
        Assert.Contains(report.Problems, one => one.Contains(problem, StringComparison.Ordinal));
    }

    private static bool IsOfFounders(string map) => new[]
    {
        GenesisMaps.Charter.Name, GenesisMaps.Slots.Name, GenesisMaps.FoundingEndorsements.Name,
        GenesisMaps.FoundingStatements.Name,
    }.Contains(map);

    private NodeRecord Record(string node)
    {
        Assert.True(GenesisMaps.NodeInfo.Values.TryDecode(
            WrittenBytes(GenesisMaps.NodeInfo.Name, node).Span, out NodeRecord? record));
        return record;
    }

    private string Written(Map<string, string> map, string key) =>
        Encoding.UTF8.GetString(WrittenBytes(map.Name, key).Span);

    private ReadOnlyMemory<byte> WrittenBytes(string map, string key) => genesis.Writes.Maps
        .Single(one => one.Name == map).Writes
        .Single(one => Encoding.UTF8.GetString(one.Key.Span) == key).Value!.Value;
}
