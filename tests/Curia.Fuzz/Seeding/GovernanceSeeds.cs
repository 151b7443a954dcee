using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Fuzz.Commands;
using Curia.Governance;
using Curia.Ledger;
using Curia.Tests.Governance;
using Curia.Vocabulary;

namespace Curia.Fuzz.Seeding;

/// <summary>Charters that nobody agreed on, and signatures of them.</summary>
internal static class GovernanceSeeds
{
    private static readonly Charter full = MadeCharter.Of(MadeCharter.Content());
    private static readonly Charter small = MadeCharter.Of(Small());

    public static List<byte[]> Charters() =>
    [
        full.Encoded.ToArray(), small.Encoded.ToArray(), [0xA0], [.. small.Encoded.Span, 0],
        [0xB1, .. small.Encoded.Span[1..]],
    ];

    public static List<byte[]> Descriptions() =>
    [
        Seeds.Text(full.ToJson().ToJsonString()), Seeds.Text(small.ToJson().ToJsonString()),
        Seeds.Text("{\"name\":\"a\",\"members\":{},\"recovery_threshold\":1}"),
    ];

    public static List<byte[]> Signatures()
    {
        (EcdsaSigner key, Certificate certificate) = MadeCharter.Actor("alpha");
        (EcdsaSigner otherKey, Certificate other) = MadeCharter.Actor("beta");
        return
        [
            Parts.Join(small.Encoded.ToArray(), CharterSignature.Sign(small, certificate, key)),
            Parts.Join(small.Encoded.ToArray(), CharterSignature.Sign(full, certificate, key)),
            Parts.Join(small.Encoded.ToArray(), CharterSignature.Sign(small, other, otherKey)),
            Parts.Join(small.Encoded.ToArray(), CharterSignature.Assemble(small, certificate, new byte[64])),
        ];
    }

    public static List<byte[]> Founders() =>
    [
        new FounderPresentation(small.Digest, "node0", AttesterEvidence.OfVirtual([1, 2, 3]), new byte[] { 4 }, 2)
            .Encode(),
        new FounderPresentation(full.Digest, "", AttesterEvidence.OfVirtual(new byte[40]), default, 1).Encode(),
    ];

    public static List<byte[]> Endorsements()
    {
        (EcdsaSigner key, Certificate owner) = MadeCharter.Actor("alpha");
        FounderEndorsement said = new(
            small.Digest, "node0", new NodeId(Digest.Of([1])), new MemberId(owner.Fingerprint), "a:1", ["a:2"],
            Digest.Of([2]), 1, DateTimeOffset.UnixEpoch.AddYears(60));
        return
        [
            Parts.Join(owner.Der.ToArray(), said.Sign(owner, key)),
            Parts.Join(owner.Der.ToArray(), said.Assemble(owner, new byte[64])),
            Parts.Join(owner.Der.ToArray(), []),
        ];
    }

    public static List<byte[]> Statements()
    {
        (EcdsaSigner key, _) = MadeCharter.Actor("alpha");
        FoundingStatement statement = new(
            small.Digest, 1, [new FounderEntry(new NodeId(Digest.Of([1])), "node0", default, default, 2)]);
        return [statement.Encode(), SignedFoundingStatement.Sign(statement, key).Encode()];
    }

    public static List<byte[]> Establishments()
    {
        byte[] kept = File.ReadAllBytes(
            Path.Combine(Folders.Root, "../Curia.Tests/Governance/old/genesis-1.bin"));
        byte[] certificate = MadeCharter.Actor("alpha").Certificate.Der.ToArray();
        return
        [
            kept, GenesisBlock.EncodePublic(certificate, default),
            Seeds.Text($$"""{"attempt":1,"secret":"{{Digest.Of([1])}}"}"""),
        ];
    }

    public static List<byte[]> Keys() =>
    [
        MadeCharter.RsaInfo(1), MadeCharter.RsaInfo(1, exponent: 3), MadeCharter.RsaInfo(1, bits: 1024),
        Seeds.Text(MadeCharter.Rsa(1).ToPem()), EcdsaSignature.ToDer([.. Enumerable.Repeat((byte)0x81, 64)]),
    ];

    // As little as a charter can say.
    private static CharterContent Small() => new()
    {
        Name = "small",
        Members = new Dictionary<string, CharterMember>
        {
            ["alpha"] = new(MadeCharter.Actor("alpha").Certificate, MadeCharter.Rsa(1), RecoveryRole.Owner),
        },
        Code = new Dictionary<string, CodeComponent>
        {
            ["node"] = new("1", "here", default, new Dictionary<string, IReadOnlyList<CodeReference>>
            {
                ["virtual"] = [new CodeReference { Measurement = MadeCharter.Measure(1, 32) }],
            }),
        },
        Platforms = new PlatformPolicies(Virtual: VirtualPolicy.Strict),
        Constitution = "x",
        RecoveryThreshold = 1,
        FoundersNeeded = 1,
        Slots = new Dictionary<string, CharterSlot> { ["node0"] = new("alpha", "virtual", "a:1") },
    };
}
