using System;
using System.Collections.Generic;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Tests.Attestation;
using Curia.Vocabulary;

namespace Curia.Tests.Governance;

/// <summary>What a founder asks of each other one: each lie gets its name.</summary>
public sealed class FounderCheckTests : IDisposable
{
    private readonly MadeFounder founder = MadeFounders.Of("node1");
    private readonly MadeFounder other = MadeFounders.Of("node2");

    private static Charter Charter => MadeFounders.Charter;

    public void Dispose()
    {
        founder.Dispose();
        other.Dispose();
    }

    [Fact]
    public void Who_is_what_the_charter_says_is_taken()
    {
        Assert.Null(Find(founder.Shown));
        Assert.Null(FounderCheck.Find(Charter, 1, other.Node, other.Shown, MadeFounders.Now));
    }

    [Fact]
    public void Another_charter_is_refused_before_anything_else()
    {
        Charter changed = MadeCharter.Of(MadeFounders.Content() with { KeyPeriodDays = 31 });
        using MadeFounder theirs = MadeFounders.Of("node1", changed);
        FoundingRefusal refusal = FounderCheck.Find(Charter, 1, theirs.Node, theirs.Shown, MadeFounders.Now)!;
        Assert.Equal(FoundingFault.AnotherCharter, refusal.Fault);
        Assert.Contains(changed.Digest.ToString(), refusal.Detail, StringComparison.Ordinal);
        Assert.Contains(Charter.Digest.ToString(), refusal.Detail, StringComparison.Ordinal);

        // Whoever names the charter without binding it gets no further.
        AssertRefused(FoundingFault.EndorsementForAnotherCharter, theirs.Node,
            theirs.Shown with { Charter = Charter.Digest });
    }

    [Fact]
    public void An_endorsement_is_for_one_process_in_one_place_and_by_the_owner()
    {
        FounderEndorsement said = founder.Said;
        AssertRefused(FoundingFault.UnknownSlot, founder.Shown with { Slot = "node9" });
        AssertRefused(FoundingFault.EndorsementMissing, founder.Shown with { Endorsement = default });
        AssertRefused(FoundingFault.EndorsementMalformed, founder.Shown with { Endorsement = new byte[100] });
        AssertRefused(FoundingFault.EndorsementNotByOwner,
            founder.With(said with { Owner = Charter.Content.Members["gamma"].Id }, "gamma"));
        AssertRefused(FoundingFault.EndorsementMalformed, founder.With(said, "gamma")); // and says to be of beta
        AssertRefused(FoundingFault.EndorsementForAnotherCharter, founder.With(said with { Charter = Digest.Of([1]) }));
        AssertRefused(FoundingFault.EndorsementForAnotherSlot, founder.With(said with { Slot = "node0" }));
        AssertRefused(FoundingFault.EndorsementForAnotherNode, founder.With(said with { Node = other.Node }));
        AssertRefused(FoundingFault.EndorsementForAnotherAddress, founder.With(said with { Address = "x:1" }));
        AssertRefused(FoundingFault.EndorsementForAnotherRole, founder.With(said with { Role = "learner" }));
        AssertRefused(FoundingFault.EndorsementForAnotherAttempt, founder.With(said with { Attempt = 2 }));
        AssertRefused(FoundingFault.EndorsementForOtherEvidence, founder.With(said with { Evidence = Digest.Of([1]) }));
        AssertRefused(FoundingFault.EndorsementExpired,
            founder.With(said with { Expires = MadeFounders.Now.AddSeconds(-1) }));
        Assert.Null(Find(founder.With(said with { Expires = MadeFounders.Now })));
    }

    // The id of a member is the digest of its certificate, so a key of the same name is somebody else's.
    [Fact]
    public void A_look_alike_of_the_owner_is_somebody_else()
    {
        using EcdsaSigner key = EcdsaSigner.Generate(new SystemEntropy());
        Certificate lookAlike = MadeCharter.CertificateOf("beta", key);
        AssertRefused(FoundingFault.EndorsementMalformed,
            founder.Shown with { Endorsement = founder.Said.Sign(lookAlike, key) });
        FounderEndorsement own = founder.Said with { Owner = new MemberId(lookAlike.Fingerprint) };
        AssertRefused(
            FoundingFault.EndorsementNotByOwner, founder.Shown with { Endorsement = own.Sign(lookAlike, key) });

        // The right certificate over another key.
        (_, Certificate right) = MadeCharter.Actor("beta");
        AssertRefused(
            FoundingFault.EndorsementInvalid, founder.Shown with { Endorsement = founder.Said.Sign(right, key) });
    }

    [Fact]
    public void Every_flipped_bit_of_an_endorsement_is_refused()
    {
        byte[] right = founder.Shown.Endorsement.ToArray();
        for (int at = 0; at < right.Length; at++)
        {
            byte[] wrong = [.. right];
            wrong[at] ^= 1;
            Assert.NotNull(Find(founder.Shown with { Endorsement = wrong }));
        }
    }

    [Fact]
    public void A_key_in_a_device_signs_the_same_endorsement()
    {
        (EcdsaSigner key, Certificate certificate) = MadeCharter.Actor("beta");
        byte[] hash = EcdsaSignature.Hash(key.Curve, founder.Said.BytesToSign(certificate));
        byte[] assembled = founder.Said.Assemble(certificate, key.SignHash(hash));
        Assert.Null(Find(founder.Shown with { Endorsement = assembled }));
    }

    [Fact]
    public void Evidence_is_of_the_code_and_platform_of_the_charter_and_binds_key_and_charter()
    {
        VirtualReport report = Report();
        AssertEvidence("measurement-not-expected",
            report with { Measurement = new Measurement(Digest.Of("older"u8).ToArray()) });
        AssertEvidence("policy-debug-enabled", report with { Debug = true });
        AssertEvidence("report-data-mismatch",
            report with { ReportData = NodeAttestation.ReportDataOf(other.Node, Charter.Digest) });
        AssertEvidence("report-data-mismatch",
            report with { ReportData = NodeAttestation.ReportDataOf(founder.Node, Digest.Of([1])) });
        AssertEvidence("report-data-mismatch", report with { ReportData = NodeAttestation.ReportDataOf(founder.Node) });
        AssertRefused(FoundingFault.AnotherPlatform,
            founder.With(MadeFounder.Sign(report with { Platform = "virtual-c" })));
        AssertRefused(FoundingFault.AnotherPlatform,
            founder.With(new AttesterEvidence("snp", founder.Evidence.Files)));
        AssertEvidence("evidence-malformed", null);

        // Of another process, an earlier start, another network: all of it is bound by key and charter.
        AssertRefused(FoundingFault.EvidenceRefused, founder.With(other.Evidence));
    }

    [Fact]
    public void A_security_version_below_the_charters_is_refused()
    {
        Charter strict = MadeCharter.Of(MadeFounders.Content() with
        {
            Platforms = new PlatformPolicies(Virtual: new VirtualPolicy
            {
                MinimumTcb = new Dictionary<string, int> { ["virtual"] = 2, ["virtual-c"] = 1 },
            }),
        });
        using MadeFounder old = MadeFounders.Of("node1", strict);
        FoundingRefusal refusal = FounderCheck.Find(strict, 1, old.Node, old.Shown, MadeFounders.Now)!;
        Assert.Equal((FoundingFault.EvidenceRefused, "tcb-below-minimum"), (refusal.Fault, refusal.Detail));
    }

    [Fact]
    public void Any_program_of_the_manifest_may_run()
    {
        CharterContent content = MadeFounders.Content();
        Charter both = MadeCharter.Of(content with
        {
            Code = content.Code.With("older-node", content.Code["ledger-node"] with
            {
                Platforms = new Dictionary<string, IReadOnlyList<CodeReference>>
                {
                    ["virtual"] = [new CodeReference { Measurement = MadeCharter.Measure(1, 32) }],
                },
            }),
        });
        using MadeFounder one = MadeFounders.Of("node1", both);
        Assert.Null(FounderCheck.Find(both, 1, one.Node, one.Shown, MadeFounders.Now));
        AttesterEvidence older = MadeFounder.Sign(new VirtualReport(
            "virtual", MadeCharter.Measure(1, 32), NodeAttestation.ReportDataOf(one.Node, both.Digest), new byte[32], 1,
            false));
        Assert.Null(FounderCheck.Find(both, 1, one.Node, one.With(older), MadeFounders.Now));
    }

    [Fact]
    public void What_is_shown_has_one_encoding()
    {
        byte[] encoded = founder.Shown.Encode();
        Assert.True(FounderPresentation.TryDecode(encoded, out FounderPresentation? read));
        Assert.Null(Find(read));
        for (int length = 0; length < encoded.Length; length += 13)
            Assert.False(FounderPresentation.TryDecode(encoded.AsMemory(0, length), out _));
        Assert.False(FounderPresentation.TryDecode((byte[])[.. encoded, 0], out _));
        Assert.False(FounderPresentation.TryDecode(new byte[FounderPresentation.SizeMax + 1], out _));
        byte[] longer = [.. encoded];
        Assert.Equal(0xa6, longer[0]); // a map of six
        Assert.False(FounderPresentation.TryDecode((byte[])[0xb8, 6, .. encoded[1..]], out _));
    }

    private VirtualReport Report() => new(
        "virtual", TestEvidence.Program, NodeAttestation.ReportDataOf(founder.Node, Charter.Digest), new byte[32], 1,
        false);

    private void AssertEvidence(string reason, VirtualReport? report)
    {
        AttesterEvidence evidence =
            report is null ? AttesterEvidence.OfVirtual([1, 2, 3]) : MadeFounder.Sign(report);
        FoundingRefusal refusal = Find(founder.With(evidence))!;
        Assert.Equal((FoundingFault.EvidenceRefused, reason), (refusal.Fault, refusal.Detail));
    }

    private FoundingRefusal? Find(FounderPresentation shown) =>
        FounderCheck.Find(Charter, 1, founder.Node, shown, MadeFounders.Now);

    private void AssertRefused(FoundingFault fault, FounderPresentation shown) =>
        AssertRefused(fault, founder.Node, shown);

    private static void AssertRefused(FoundingFault fault, NodeId node, FounderPresentation shown) =>
        Assert.Equal(fault, FounderCheck.Find(Charter, 1, node, shown, MadeFounders.Now)?.Fault);
}
