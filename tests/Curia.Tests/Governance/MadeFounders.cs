using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Tests.Attestation;
using Curia.Vocabulary;

namespace Curia.Tests.Governance;

/// <summary>Three founders on virtual platforms, one of each member, before they have met.</summary>
internal static class MadeFounders
{
    public static DateTimeOffset Now { get; } = new(2026, 6, 1, 12, 0, 0, TimeSpan.Zero);

    public static Charter Charter { get; } = MadeCharter.Of(Content());

    /// <summary>What the charter says.</summary>
    public static CharterContent Content() => MadeCharter.Content() with
    {
        Platforms = new PlatformPolicies(Virtual: new VirtualPolicy()),
        Code = new Dictionary<string, CodeComponent>
        {
            ["ledger-node"] = new("1.4.0", "https://source.example/node 4c1d", Digest.Of([9]),
                new Dictionary<string, IReadOnlyList<CodeReference>>
                {
                    ["virtual"] = [new CodeReference { Measurement = TestEvidence.Program }],
                }),
        },
        Consensus = new ConsensusRules(),
        Opening = OpeningRule.AtOnce,
        Participants = MadeCharter.Content().Participants.With(
            "user", new CharterParticipant(MadeCharter.Actor("user").Certificate, ParticipantKind.Key)),
        Slots = new Dictionary<string, CharterSlot>
        {
            ["node0"] = new("alpha", "virtual", "node0.example:9000"),
            ["node1"] = new("beta", "virtual", "node1.example:9000"),
            ["node2"] = new("gamma", "virtual-c", "node2.example:9000"),
        },
    };

    /// <summary>One process in each slot.</summary>
    public static MadeFounder[] All(Charter? charter = null) =>
        [.. (charter ?? Charter).Content.Slots.Keys.Select(slot => Of(slot, charter))];

    /// <summary>What each of them agrees on, when all show and sign what they should.</summary>
    public static FoundingAgreement[] Agree(IReadOnlyList<MadeFounder> founders)
    {
        Founding[] foundings = [.. founders.Select(founder => founder.Begin())];
        foreach (Founding one in foundings)
        {
            foreach (MadeFounder other in founders.Where(founder => founder.Node != one.Self))
                Assert.Null(one.Take(other.Node, other.Shown, Now));
        }

        foreach (Founding one in foundings)
        {
            foreach (Founding other in foundings.Where(founding => founding != one))
                Assert.Null(one.Take(other.Self, other.Statement!));
        }

        return [.. foundings.Select(one => one.Agreement!)];
    }

    /// <summary>A process that is to be in a slot.</summary>
    public static MadeFounder Of(string slot, Charter? charter = null, int attempt = 1) =>
        new(charter ?? Charter, slot, attempt);
}

/// <summary>A founder and all that it would show.</summary>
internal sealed class MadeFounder : IDisposable
{
    public MadeFounder(Charter charter, string slot, int attempt)
    {
        Charter = charter;
        Attempt = attempt;
        CharterSlot place = charter.Content.Slots[slot];
        Key = EcdsaSigner.Generate(new SystemEntropy());
        Node = new NodeId(Digest.Of(Key.SubjectPublicKeyInfo.Span));
        Owner = place.Owner;
        Evidence = Sign(new VirtualReport(
            place.Platform, TestEvidence.Program, NodeAttestation.ReportDataOf(Node, charter.Digest), new byte[32], 1,
            false));
        Said = new FounderEndorsement(
            charter.Digest, slot, Node, charter.Content.Members[place.Owner].Id, place.Address,
            [$"{slot}.example:8000"], FounderPresentation.DigestOf(Evidence), attempt, MadeFounders.Now.AddHours(1));
        Shown = new FounderPresentation(charter.Digest, slot, Evidence, Endorse(Said), LedgerFormat: 2);
    }

    public Charter Charter { get; }

    public int Attempt { get; }

    public EcdsaSigner Key { get; }

    public NodeId Node { get; }

    public string Owner { get; }

    public AttesterEvidence Evidence { get; }

    public FounderEndorsement Said { get; }

    public FounderPresentation Shown { get; }

    /// <summary>The decision of this founder.</summary>
    public Founding Begin()
    {
        FoundingRefusal? refusal = Founding.TryBegin(
            Charter, Shown, Attempt, Key, MadeFounders.Now, out Founding? founding);
        Assert.Null(refusal);
        return founding!;
    }

    /// <summary>What it shows with another endorsement, signed by its owner or by somebody else.</summary>
    public FounderPresentation With(FounderEndorsement said, string? signer = null) =>
        Shown with { Endorsement = Endorse(said, signer) };

    /// <summary>What it shows with other evidence, which its owner has endorsed.</summary>
    public FounderPresentation With(AttesterEvidence evidence)
    {
        FounderPresentation endorsed = With(Said with { Evidence = FounderPresentation.DigestOf(evidence) });
        return endorsed with { Evidence = evidence };
    }

    public byte[] Endorse(FounderEndorsement said, string? signer = null)
    {
        (EcdsaSigner key, Certificate certificate) = MadeCharter.Actor(signer ?? Owner);
        return said.Sign(certificate, key);
    }

    public static AttesterEvidence Sign(VirtualReport report)
    {
        using EcdsaSigner platform = VirtualPlatform.OpenKey();
        return AttesterEvidence.OfVirtual(VirtualEvidence.Sign(report, platform));
    }

    public void Dispose() => Key.Dispose();
}
