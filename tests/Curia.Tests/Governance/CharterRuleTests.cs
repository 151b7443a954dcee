using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Tests.Architecture;
using Curia.Vocabulary;

namespace Curia.Tests.Governance;

/// <summary>What contradicts itself is no charter, and the reason has a name and a place (docs/charter.md,
/// "Refusals").</summary>
public sealed class CharterRuleTests
{
    private static readonly CharterContent good = MadeCharter.Content();

    /// <summary>A name for each case, what it must be refused for, where, and what is changed.</summary>
    private static readonly Dictionary<string, (CharterFault Fault, string Path, CharterContent Content)> cases = new()
    {
        ["no name"] = (CharterFault.OutOfBounds, "name", good with { Name = "" }),
        ["a name of another alphabet"] = (CharterFault.OutOfBounds, "name", good with { Name = "nétwork" }),
        ["no members"] = (CharterFault.OutOfBounds, "members", good with
        {
            Members = new Dictionary<string, CharterMember>(),
        }),
        ["a member's name in capitals"] = (CharterFault.BadName, "members[\"Alpha\"]", good with
        {
            Members = good.Members.With("Alpha", Member("x", 20)),
        }),
        ["a member's name of another alphabet"] = (CharterFault.BadName, "members[\"\\u0430lpha\"]", good with
        {
            Members = good.Members.With("аlpha", Member("x", 20)),
        }),
        ["a member's name that is empty"] = (CharterFault.BadName, "members[\"\"]", good with
        {
            Members = good.Members.With("", Member("x", 20)),
        }),
        ["a certificate twice"] = (CharterFault.CertificateTaken, "members[\"beta\"].certificate", good with
        {
            Members = good.Members.With("beta", Member("alpha", 2)),
        }),
        ["a look-alike: another certificate of one key"] = (CharterFault.KeyTaken, "members[\"beta\"].certificate",
            good with { Members = good.Members.With("beta", LookAlike("alpha", "beta")) }),
        ["a participant with a member's key"] = (CharterFault.KeyTaken, "participants[\"bank\"].certificate",
            good with
            {
                Participants = good.Participants.With("bank", new CharterParticipant(
                    LookAlike("gamma", "bank").Certificate, ParticipantKind.Key)),
            }),
        ["a participant with a member's name"] = (CharterFault.NameTaken, "participants[\"alpha\"]", good with
        {
            Participants = good.Participants.With("alpha", new CharterParticipant(
                MadeCharter.Actor("x").Certificate, ParticipantKind.Key)),
        }),
        ["a kind that is none"] = (CharterFault.UnknownValue, "participants[\"bank\"].kind", good with
        {
            Participants = good.Participants.With("bank", good.Participants["bank"] with { Kind = (ParticipantKind)7 }),
        }),
        ["two shares for one key"] = (CharterFault.EncryptionKeyTaken, "members[\"beta\"].encryption_key", good with
        {
            Members = good.Members.With("beta", Member("beta", 1)),
        }),
        ["a share without a key"] = (CharterFault.EncryptionKeyMissing, "members[\"beta\"]", good with
        {
            Members = good.Members.With("beta", good.Members["beta"] with { EncryptionKey = null }),
        }),
        ["a part in recovery that is none"] = (CharterFault.UnknownValue, "members[\"beta\"].recovery", good with
        {
            Members = good.Members.With("beta", good.Members["beta"] with { Recovery = (RecoveryRole)7 }),
        }),
        ["nobody with a share"] = (CharterFault.NoShareHolders, "members", good with
        {
            Members = good.Members.ToDictionary(
                one => one.Key, one => one.Value with { Recovery = RecoveryRole.NonParticipant }),
        }),
        ["more shares needed than there are"] = (CharterFault.ThresholdAboveHolders, "recovery_threshold",
            good with { RecoveryThreshold = 4 }),
        ["no share needed"] = (CharterFault.OutOfBounds, "recovery_threshold", good with { RecoveryThreshold = 0 }),
        ["a threshold of two for owners alone"] = (CharterFault.ThresholdAboveHolders, "recovery_threshold",
            good with
            {
                Members = good.Members.ToDictionary(
                    one => one.Key, one => one.Value with { Recovery = RecoveryRole.Owner }),
            }),
        ["no code"] = (CharterFault.OutOfBounds, "code", good with { Code = new Dictionary<string, CodeComponent>() }),
        ["a version that is empty"] = Code(CharterFault.OutOfBounds, ".version", one => one with { Version = "" }),
        ["a source of two lines"] = Code(CharterFault.OutOfBounds, ".source", one => one with { Source = "a\nb" }),
        ["a program for no platform"] = Code(CharterFault.OutOfBounds, ".platforms", one => one with
        {
            Platforms = new Dictionary<string, IReadOnlyList<CodeReference>>(),
        }),
        ["a platform without reference"] = References(CharterFault.OutOfBounds, "snp", ""),
        ["a platform that nobody knows"] = References(
            CharterFault.UnknownPlatform, "sev", "", new CodeReference { Measurement = MadeCharter.Measure(1) }),
        ["both a measurement and an endorser"] = References(CharterFault.AmbiguousReference, "snp", "[0]",
            new CodeReference { Measurement = MadeCharter.Measure(1), Endorser = UvmEndorser.Microsoft }),
        ["neither a measurement nor an endorser"] = References(
            CharterFault.AmbiguousReference, "snp", "[0]", new CodeReference()),
        ["a measurement of another size"] = References(CharterFault.BadReference, "snp", "[0].measurement",
            new CodeReference { Measurement = MadeCharter.Measure(1, 32) }),
        ["a measurement of another size, virtual"] = References(CharterFault.BadReference, "virtual",
            "[0].measurement", new CodeReference { Measurement = MadeCharter.Measure(1) }),
        ["an endorser on another platform"] = References(CharterFault.BadReference, "tdx", "[0].endorser",
            new CodeReference { Endorser = UvmEndorser.Microsoft, HostData = new byte[144] }),
        ["an endorser of any program"] = References(CharterFault.BadReference, "snp", "[0]",
            new CodeReference { Endorser = UvmEndorser.Microsoft }),
        ["an endorser's version that is too much"] = References(CharterFault.OutOfBounds, "snp",
            "[0].endorser.minimum_svn", new CodeReference
            {
                Endorser = UvmEndorser.Microsoft with { MinimumSvn = 1ul << 31 },
                HostData = new byte[32],
            }),
        ["host data of another size"] = References(CharterFault.BadReference, "snp", "[0].host_data",
            new CodeReference { Measurement = MadeCharter.Measure(1), HostData = new byte[31] }),
        ["runtime measurements on another platform"] = References(CharterFault.BadReference, "snp",
            "[0].runtime_measurements", new CodeReference
            {
                Measurement = MadeCharter.Measure(1),
                RuntimeMeasurements = new Dictionary<int, Measurement> { [0] = MadeCharter.Measure(2) },
            }),
        ["a register that there is not"] = References(CharterFault.BadReference, "tdx",
            "[0].runtime_measurements", new CodeReference
            {
                Measurement = MadeCharter.Measure(1),
                RuntimeMeasurements = new Dictionary<int, Measurement> { [4] = MadeCharter.Measure(2) },
            }),
        ["one reference twice"] = References(CharterFault.ReferenceTaken, "snp", "[1]",
            new CodeReference { Measurement = MadeCharter.Measure(1) },
            new CodeReference { Measurement = MadeCharter.Measure(1) }),
        ["one reference for two programs"] = (CharterFault.ReferenceTaken, "code[\"other\"].platforms[\"snp\"][0]",
            good with
            {
                Code = good.Code.With("other", good.Code["ledger-node"] with { Version = "2" }),
            }),
        ["code without a policy"] = (CharterFault.PolicyMissing, "platforms.tdx", good with
        {
            Platforms = good.Platforms with { Tdx = null },
        }),
        ["a policy without code"] = (CharterFault.CodeMissing, "platforms.tdx", good with
        {
            Code = good.Code.With("ledger-node", good.Code["ledger-node"] with
            {
                Platforms = good.Code["ledger-node"].Platforms.Where(one => one.Key != "tdx").ToDictionary(),
            }),
        }),
        ["a privilege level that there is not"] =
            Snp(CharterFault.BadPolicy, "vmpls", one => one with { Vmpls = [4] }),
        ["no privilege level"] = Snp(CharterFault.OutOfBounds, "vmpls", one => one with { Vmpls = [] }),
        ["no processor"] = Snp(CharterFault.OutOfBounds, "processors", one => one with { Processors = [] }),
        ["a provider that is no name"] =
            Snp(CharterFault.OutOfBounds, "providers", one => one with { Providers = ["\u001b[2J"] }),
        ["a guest version that is too much"] =
            Snp(CharterFault.OutOfBounds, "minimum_guest_svn", one => one with { MinimumGuestSvn = 1u << 31 }),
        ["guests that must be debugged"] = Snp(CharterFault.BadPolicy, "required_guest_policy",
            one => one with { RequiredGuestPolicy = SnpGuestPolicy.DebugAllowed }),
        ["a bit wanted and forbidden"] = Snp(CharterFault.BadPolicy, "forbidden_guest_policy",
            one => one with { RequiredGuestPolicy = SnpGuestPolicy.CxlAllowed }),
        ["a bit of the host wanted and forbidden"] = Snp(CharterFault.BadPolicy, "forbidden_platform_info",
            one => one with { ForbiddenPlatformInfo = SnpPlatformInfo.AliasCheckComplete }),
        ["a key digest of another size"] =
            Snp(CharterFault.BadPolicy, "id_key_digests", one => one with { IdKeyDigests = [new byte[32]] }),
        ["an author key digest of another size"] =
            Snp(CharterFault.BadPolicy, "author_key_digests", one => one with { AuthorKeyDigests = [new byte[32]] }),
        ["other roots of AMD"] = (CharterFault.BadPolicy, "platforms.snp", good with
        {
            Platforms = good.Platforms with { Snp = good.Platforms.Snp! with { Roots = [] } },
        }),
        ["other roots of Intel"] = (CharterFault.BadPolicy, "platforms.tdx", good with
        {
            Platforms = good.Platforms with { Tdx = good.Platforms.Tdx! with { Roots = [] } },
        }),
        ["another root of the virtual platform"] = (CharterFault.BadPolicy, "platforms.virtual", good with
        {
            Platforms = good.Platforms with { Virtual = VirtualPolicy.Strict with { Root = Digest.Zero } },
        }),
        ["a generation that is not known"] =
            Snp(CharterFault.UnknownValue, "processors", one => one with { Processors = [(SnpProcessor)99] }),
        ["a part of collateral that is not known"] = Tdx(CharterFault.UnknownValue, "required_collateral",
            one => one with { RequiredCollateral = (IntelCollateral)64 }),
        ["a status that is not known"] = Tdx(CharterFault.UnknownValue, "accepted_tcb_statuses",
            one => one with { AcceptedTcbStatuses = [(TcbStatus)99] }),
        ["what Intel has revoked"] = Tdx(CharterFault.BadPolicy, "accepted_tcb_statuses",
            one => one with { AcceptedTcbStatuses = [TcbStatus.UpToDate, TcbStatus.Revoked] }),
        ["no status"] = Tdx(CharterFault.OutOfBounds, "accepted_tcb_statuses",
            one => one with { AcceptedTcbStatuses = [] }),
        ["features wanted and forbidden"] =
            Tdx(CharterFault.BadPolicy, "forbidden_xfam", one => one with { ForbiddenXfam = 1 }),
        ["an attribute wanted and not allowed"] = Tdx(CharterFault.BadPolicy, "allowed_attributes",
            one => one with { AllowedAttributes = 0 }),
        ["no module"] = Tdx(CharterFault.OutOfBounds, "modules", one => one with { Modules = [] }),
        ["a version of no virtual platform"] = (CharterFault.UnknownPlatform,
            "platforms.virtual.minimum_tcb[\"snp\"]", good with
            {
                Platforms = good.Platforms with
                {
                    Virtual = new VirtualPolicy { MinimumTcb = new Dictionary<string, int> { ["snp"] = 1 } },
                },
            }),
        ["no constitution"] = (CharterFault.OutOfBounds, "constitution", good with { Constitution = " \n" }),
        ["half a character"] = (CharterFault.OutOfBounds, "constitution", good with { Constitution = "\ud800" }),
        ["a constitution that is too long"] = (CharterFault.OutOfBounds, "constitution", good with
        {
            Constitution = new string('/', (1 << 20) + 1),
        }),
        ["a commit rule of nothing"] = Consensus(
            CharterFault.OutOfBounds, "commit_rule.platforms", one => one with { Platforms = 0 }),
        ["a durability that is none"] = Consensus(
            CharterFault.UnknownValue, "durability", one => one with { Durability = (Durability)7 }),
        ["a curve of no service key"] = Consensus(
            CharterFault.UnknownValue, "curve", one => one with { Curve = SigningCurve.P521 }),
        ["blocks that are too small"] = Consensus(
            CharterFault.OutOfBounds, "block_bytes", one => one with { BlockBytes = 1 }),
        ["blocks without transactions"] = Consensus(
            CharterFault.OutOfBounds, "block_transactions", one => one with { BlockTransactions = 0 }),
        ["a negative key period"] = (CharterFault.OutOfBounds, "key_period_days", good with { KeyPeriodDays = -1 }),
        ["a negative lease"] = (CharterFault.OutOfBounds, "lease_hours", good with { LeaseHours = -1 }),
        ["an opening that is none"] = (CharterFault.UnknownValue, "opening", good with { Opening = (OpeningRule)7 }),
        ["a negative number of nodes"] = (CharterFault.OutOfBounds, "admission.nodes_per_owner", good with
        {
            Admission = new AdmissionRules { NodesPerOwner = -1 },
        }),
        ["nobody appraises"] = (CharterFault.OutOfBounds, "admission.appraisers", good with
        {
            Admission = new AdmissionRules { Appraisers = 0 },
        }),
        ["more appraise than own nodes"] = (CharterFault.TooManyAppraisers, "admission.appraisers", good with
        {
            Admission = new AdmissionRules { Appraisers = 4 },
        }),
        ["terms of a bad name"] = (CharterFault.BadName, "terms[\"a b\"]", good with
        {
            Terms = good.Terms.With("a b", Digest.Zero),
        }),
        ["no slot"] = (CharterFault.OutOfBounds, "slots", good with { Slots = new Dictionary<string, CharterSlot>() }),
        ["an owner that nobody is"] = Slot(CharterFault.UnknownOwner, "owner", one => one with { Owner = "omega" }),
        ["an owner that governs nothing"] =
            Slot(CharterFault.OwnerIsNoMember, "owner", one => one with { Owner = "bank" }),
        ["a slot on a platform that nobody knows"] =
            Slot(CharterFault.UnknownPlatform, "platform", one => one with { Platform = "sgx" }),
        ["a slot on a platform without code"] = (CharterFault.MeasurementMissing, "slots[\"node1\"].platform",
            good with
            {
                Platforms = good.Platforms with { Tdx = null },
                Code = good.Code.With("ledger-node", good.Code["ledger-node"] with
                {
                    Platforms = good.Code["ledger-node"].Platforms.Where(one => one.Key != "tdx").ToDictionary(),
                }),
            }),
        ["a slot that plays what no policy takes"] = (CharterFault.PlatformNotAccepted, "slots[\"node2\"].platform",
            good with { Slots = good.Slots.With("node2", good.Slots["node2"] with { Platform = "virtual-d" }) }),
        ["an address twice"] = Slot(
            CharterFault.AddressTaken, "address", one => one with { Address = good.Slots["node0"].Address }, "node1"),
        ["half of the founders"] = (CharterFault.TooFewFounders, "founders_needed", good with
        {
            Slots = good.Slots.With("node3", new CharterSlot("delta", "snp", "node3.example:9000")),
            FoundersNeeded = 2,
        }),
        ["more founders than slots"] =
            (CharterFault.TooManyFounders, "founders_needed", good with { FoundersNeeded = 4 }),
        ["no founder"] = (CharterFault.TooFewFounders, "founders_needed", good with { FoundersNeeded = 0 }),
        ["more platforms than slots are of"] = Consensus(
            CharterFault.RuleNotMet, "commit_rule", one => one with { Platforms = 4 }),
        ["more owners than slots are of"] = Consensus(
            CharterFault.RuleNotMet, "commit_rule", one => one with { Operators = 4 }),
        ["a rule that needs every node"] = Consensus(
            CharterFault.RuleNotMetAfterLoss, "commit_rule", one => one with { Platforms = 3 }),
        ["a rule that the founders needed may not meet"] = (CharterFault.RuleNotMet, "consensus.commit_rule",
            good with
            {
                Slots = good.Slots.With("node1", good.Slots["node1"] with { Platform = "snp" }),
                FoundersNeeded = 2,
            }),
        ["a rule for two nodes, none of which may be lost"] = (CharterFault.RuleNotMetAfterLoss,
            "consensus.commit_rule", good with { FoundersNeeded = 2 }),
    };

    public static TheoryData<string> Names => [.. cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void What_contradicts_itself_is_refused_by_name(string name)
    {
        (CharterFault fault, string path, CharterContent content) = cases[name];
        Assert.False(Charter.TryCreate(content, out Charter? charter, out CharterRefusal? refusal), name);
        Assert.Null(charter);
        Assert.Equal((fault, path), (refusal.Fault, refusal.Path));
        Assert.StartsWith($"{fault}: {path} ", refusal.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refusal.ToString());
    }

    [Fact]
    public void What_all_of_them_were_made_of_is_a_charter() => MadeCharter.Of(good);

    [Fact]
    public void Each_fault_of_a_content_has_a_case()
    {
        // Those of the form are in CharterEncodingTests, those of single values below.
        CharterFault[] ofForm =
        [
            CharterFault.TooLarge, CharterFault.Malformed, CharterFault.TrailingBytes, CharterFault.UnexpectedType,
            CharterFault.UnknownField, CharterFault.MissingField, CharterFault.DuplicateField,
            CharterFault.UnorderedFields, CharterFault.NotCanonical, CharterFault.UnknownVersion,
        ];
        CharterFault[] ofValues =
            [CharterFault.BadCertificate, CharterFault.BadEncryptionKey, CharterFault.BadAddress];
        Assert.Equal(
            Enum.GetValues<CharterFault>().Except(ofForm).Except(ofValues).Order(),
            cases.Values.Select(one => one.Fault).Distinct().Order());
    }

    [Fact]
    public void Each_fault_is_on_the_page_and_the_other_way_round()
    {
        string[] named = [.. MarkdownTable.Read("docs/charter.md", "Reason", "Means")
            .SelectMany(row => MarkdownTable.Code(row["Reason"]))];
        Assert.Equal(Enum.GetNames<CharterFault>().Order(), named.Order());
        string[] signatures = [.. MarkdownTable.Read("docs/charter.md", "Reason of a signature", "It means")
            .SelectMany(row => MarkdownTable.Code(row["Reason of a signature"]))];
        Assert.Equal(Enum.GetNames<CharterSignatureFault>().Order(), signatures.Order());
    }

    // DESIGN 4: "refused unless the charter waives it".
    [Fact]
    public void The_reserve_can_be_waived_and_the_rule_itself_cannot()
    {
        MadeCharter.Of(good with { Consensus = good.Consensus with { Platforms = 3, LossWaived = true } });
        Assert.False(Charter.TryCreate(
            good with { Consensus = good.Consensus with { Platforms = 4, LossWaived = true } }, out _, out _));
    }

    [Theory]
    [InlineData(1, 1, 0)]
    [InlineData(3, 3, 2)]
    [InlineData(2, 3, 0)]
    [InlineData(4, 5, 2)]
    public void Fewer_than_2k_minus_n_founders_may_cheat(int needed, int slots, int cheating)
    {
        Charter charter = MadeCharter.Of(good with
        {
            Slots = Enumerable.Range(0, slots).ToDictionary(
                number => $"node{number}", number => new CharterSlot("alpha", "snp", $"node{number}.example:1")),
            FoundersNeeded = needed,
            Consensus = new ConsensusRules(),
            Admission = new AdmissionRules(),
        });
        Assert.Equal(cheating, charter.CheatingFoundersMax);
    }

    [Theory]
    [InlineData("node.example:1", true)]
    [InlineData("a:65535", true)]
    [InlineData("127.0.0.1:9000", true)]
    [InlineData("[::1]:9000", true)]
    [InlineData("node.example", false)]
    [InlineData("node.example:", false)]
    [InlineData(":9000", false)]
    [InlineData("node.example:0", false)]
    [InlineData("node.example:09000", false)]
    [InlineData("node.example:65536", false)]
    [InlineData("Node.example:9000", false)]
    [InlineData("node..example:9000", false)]
    [InlineData("-node.example:9000", false)]
    [InlineData("node_1.example:9000", false)]
    [InlineData("::1:9000", false)]
    [InlineData("[::1:9000", false)]
    [InlineData("[fe80::1%eth0]:9000", false)]
    [InlineData("https://node.example:9000", false)]
    [InlineData("node.example:9000/", false)]
    [InlineData("", false)]
    public void An_address_is_a_host_and_a_port(string address, bool isOne)
    {
        CharterContent content = good with
        {
            Slots = good.Slots.With("node0", good.Slots["node0"] with { Address = address }),
        };
        Assert.Equal(isOne, Charter.TryCreate(content, out _, out CharterRefusal? refusal));
        if (isOne) return;
        Assert.Equal((CharterFault.BadAddress, "slots[\"node0\"].address"), (refusal!.Fault, refusal.Path));
    }

    [Fact]
    public void Members_are_found_by_their_id()
    {
        Charter charter = MadeCharter.Of(good);
        Assert.True(charter.TryGetMember(good.Members["beta"].Id, out string? name, out CharterMember? member));
        Assert.Equal(("beta", good.Members["beta"].Certificate.Fingerprint), (name, member.Certificate.Fingerprint));
        Assert.False(charter.TryGetMember(new MemberId(Digest.Zero), out name, out member));
        Assert.Null(name);
        Assert.Null(member);
    }

    [Theory]
    [InlineData("members/alpha/certificate", CharterFault.BadCertificate)]
    [InlineData("members/alpha/encryption_key", CharterFault.BadEncryptionKey)]
    public void What_is_no_certificate_and_no_key_is_refused_where_it_stands(string place, CharterFault fault)
    {
        JsonObject json = MadeCharter.Of(good).ToJson();
        string[] parts = place.Split('/');
        json[parts[0]]![parts[1]]![parts[2]] = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        Assert.False(Charter.TryReadJson(CharterEncodingTests.Utf8(json), out _, out CharterRefusal? refusal));
        Assert.Equal((fault, $"members[\"alpha\"].{parts[2]}"), (refusal.Fault, refusal.Path));
    }

    // The code manifest as reference values, the policies as an appraisal policy: what establishment compares with.
    [Fact]
    public void Evidence_is_appraised_by_what_the_charter_says()
    {
        byte[] bound = Enumerable.Repeat((byte)42, 64).ToArray();
        CodeReference reference = good.Code["ledger-node"].Platforms["virtual"][0];
        Assert.Equal("", Appraise(Evidence("virtual-c", reference.Measurement!.Value, 2)));
        Assert.Equal(
            "measurement-not-expected", Appraise(Evidence("virtual-c", MadeCharter.Measure(8, 32), 2)));
        Assert.Equal("tcb-below-minimum", Appraise(Evidence("virtual-c", reference.Measurement!.Value, 1)));
        Assert.Equal("processor-not-allowed", Appraise(Evidence("virtual-d", reference.Measurement!.Value, 2)));
        Assert.Equal("platform-not-expected", Appraise(Evidence("virtual-c", reference.Measurement!.Value, 2),
            AttestationPlatform.Snp));
        bound[0]++;
        Assert.Equal("report-data-mismatch", Appraise(Evidence("virtual-c", reference.Measurement!.Value, 2, 42)));

        string Appraise(AttesterEvidence evidence, AttestationPlatform platform = AttestationPlatform.Virtual) =>
            EvidenceAppraiser.Appraise(
                evidence, reference.ToReferenceValues(platform, bound), good.Platforms.ToAppraisalPolicy(),
                DateTimeOffset.UnixEpoch).Reason;

        AttesterEvidence Evidence(string platform, Measurement measurement, int tcb, byte? first = null)
        {
            byte[] data = [first ?? bound[0], .. bound[1..]];
            using EcdsaSigner key = VirtualPlatform.OpenKey();
            return AttesterEvidence.OfVirtual(VirtualEvidence.Sign(
                new VirtualReport(platform, measurement, data, new byte[32], tcb, Debug: false), key));
        }
    }

    private static CharterMember Member(string name, int key) =>
        new(MadeCharter.Actor(name).Certificate, MadeCharter.Rsa(key), RecoveryRole.Participant);

    private static CharterMember LookAlike(string of, string name) =>
        new(MadeCharter.CertificateOf(name, MadeCharter.Actor(of).Key), MadeCharter.Rsa(21), RecoveryRole.Participant);

    private static (CharterFault, string, CharterContent) Code(
        CharterFault fault, string path, Func<CodeComponent, CodeComponent> change) =>
        (fault, $"code[\"ledger-node\"]{path}", good with
        {
            Code = good.Code.With("ledger-node", change(good.Code["ledger-node"])),
        });

    private static (CharterFault, string, CharterContent) References(
        CharterFault fault, string platform, string path, params CodeReference[] references) => Code(
            fault, $".platforms[\"{platform}\"]{path}",
            one => one with { Platforms = one.Platforms.With(platform, references) });

    private static (CharterFault, string, CharterContent) Snp(
        CharterFault fault, string path, Func<SnpPolicy, SnpPolicy> change) =>
        (fault, $"platforms.snp.{path}", good with
        {
            Platforms = good.Platforms with { Snp = change(good.Platforms.Snp!) },
        });

    private static (CharterFault, string, CharterContent) Tdx(
        CharterFault fault, string path, Func<TdxPolicy, TdxPolicy> change) =>
        (fault, $"platforms.tdx.{path}", good with
        {
            Platforms = good.Platforms with { Tdx = change(good.Platforms.Tdx!) },
        });

    private static (CharterFault, string, CharterContent) Consensus(
        CharterFault fault, string path, Func<ConsensusRules, ConsensusRules> change) =>
        (fault, $"consensus.{path}", good with { Consensus = change(good.Consensus) });

    private static (CharterFault, string, CharterContent) Slot(
        CharterFault fault, string path, Func<CharterSlot, CharterSlot> change, string name = "node0") =>
        (fault, $"slots[\"{name}\"].{path}", good with
        {
            Slots = good.Slots.With(name, change(good.Slots[name])),
        });
}
