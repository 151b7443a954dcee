using System;
using System.Collections.Generic;
using System.Formats.Asn1;
using System.Linq;
using System.Security.Cryptography;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Vocabulary;

namespace Curia.Tests.Governance;

/// <summary>Charters that were never agreed on: every field has a value, no list more entries than it needs.</summary>
internal static class MadeCharter
{
    private static readonly DateTimeOffset at = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Dictionary<string, (EcdsaSigner Key, Certificate Certificate)> actors = [];

    /// <summary>An actor's key and certificate: the same one for the same name.</summary>
    public static (EcdsaSigner Key, Certificate Certificate) Actor(string name)
    {
        lock (actors)
        {
            if (actors.TryGetValue(name, out var known)) return known;
            SystemEntropy entropy = new();
            EcdsaSigner key = EcdsaSigner.Generate(entropy);
            return actors[name] = (key, CertificateOf(name, key));
        }
    }

    /// <summary>Another certificate for a key.</summary>
    public static Certificate CertificateOf(string name, EcdsaSigner key)
    {
        byte[] der = CertificateAuthority.SelfSigned(key, name, at, at.AddDays(3650), new SystemEntropy());
        return Certificate.TryFromDer(der, out Certificate? certificate)
            ? certificate!
            : throw new InvalidOperationException("a certificate that was made is read");
    }

    /// <summary>The public half of a key that nobody has: RSA in form, which is all that a charter looks at.</summary>
    public static byte[] RsaInfo(int number, int bits = 2048, int exponent = 65537, string oid = "1.2.840.113549.1.1.1")
    {
        byte[] modulus = new byte[bits / 8];
        for (int i = 0; i < modulus.Length; i++)
            modulus[i] = SHA256.HashData([(byte)number, (byte)(i >> 8), (byte)i])[0];
        modulus[0] |= 0x80;
        modulus[^1] |= 1;
        AsnWriter key = new(AsnEncodingRules.DER);
        using (key.PushSequence())
        {
            key.WriteIntegerUnsigned(modulus);
            key.WriteInteger(exponent);
        }

        AsnWriter info = new(AsnEncodingRules.DER);
        using (info.PushSequence())
        {
            using (info.PushSequence())
            {
                info.WriteObjectIdentifier(oid);
                info.WriteNull();
            }

            info.WriteBitString(key.Encode());
        }

        return info.Encode();
    }

    /// <summary>The key of a number.</summary>
    public static EncryptionKey Rsa(int number) => EncryptionKey.TryFromDer(RsaInfo(number), out EncryptionKey? key)
        ? key!
        : throw new InvalidOperationException("a key that was made is read");

    /// <summary>What the charter says: three members with a node each, on three platforms.</summary>
    public static CharterContent Content() => new()
    {
        Name = "Made Network",
        Members = new Dictionary<string, CharterMember>
        {
            ["alpha"] = new(Actor("alpha").Certificate, Rsa(1), RecoveryRole.Participant),
            ["beta"] = new(Actor("beta").Certificate, Rsa(2), RecoveryRole.Participant),
            ["gamma"] = new(Actor("gamma").Certificate, Rsa(3), RecoveryRole.Participant),
            ["delta"] = new(Actor("delta").Certificate, Rsa(4), RecoveryRole.NonParticipant),
        },
        Participants = new Dictionary<string, CharterParticipant>
        {
            ["bank"] = new(Actor("bank").Certificate, ParticipantKind.Authority),
        },
        Code = new Dictionary<string, CodeComponent>
        {
            ["ledger-node"] = new("1.4.0", "https://source.example/node 4c1d", Digest.Of([9]), Platforms()),
        },
        Platforms = new PlatformPolicies(Snp(), Tdx(), new VirtualPolicy
        {
            MinimumTcb = new Dictionary<string, int> { ["virtual-c"] = 2 },
        }),
        Constitution = "export function resolve() {\n  return \"Open\";\n}\n",
        Consensus = new ConsensusRules { Platforms = 2, Operators = 2 },
        RecoveryThreshold = 2,
        KeyPeriodDays = 30,
        Admission = new AdmissionRules { Appraisers = 2, NodesPerOwner = 1 },
        LeaseHours = 72,
        Opening = OpeningRule.ByVote,
        FoundersNeeded = 3,
        Terms = new Dictionary<string, Digest> { ["agreement"] = Digest.Of([10]) },
        Slots = new Dictionary<string, CharterSlot>
        {
            ["node0"] = new("alpha", "snp", "node0.alpha.example:9000"),
            ["node1"] = new("beta", "tdx", "[2001:db8::1]:9000"),
            ["node2"] = new("gamma", "virtual-c", "192.0.2.7:9000"),
        },
    };

    /// <summary>The charter of a content.</summary>
    public static Charter Of(CharterContent content) =>
        Charter.TryCreate(content, out Charter? charter, out CharterRefusal? refusal)
            ? charter
            : throw new InvalidOperationException(refusal.ToString());

    /// <summary>The same names with one more value, or another one.</summary>
    public static Dictionary<string, T> With<T>(this IReadOnlyDictionary<string, T> named, string name, T value) =>
        new(named) { [name] = value };

    /// <summary>A measurement of 48 bytes, or of 32.</summary>
    public static Measurement Measure(byte number, int size = 48) => new(Enumerable.Repeat(number, size).ToArray());

    private static Dictionary<string, IReadOnlyList<CodeReference>> Platforms() => new()
    {
        ["snp"] =
        [
            new CodeReference { Measurement = Measure(1) },
            new CodeReference
            {
                Endorser = new UvmEndorser(Digest.Of([11]), "1.3.6.1.4.1.311.76.59.1.2", "a feed", 100),
                HostData = Enumerable.Repeat((byte)5, 32).ToArray(),
            },
        ],
        ["tdx"] =
        [
            new CodeReference
            {
                Measurement = Measure(2),
                HostData = Enumerable.Repeat((byte)6, 144).ToArray(),
                RuntimeMeasurements = new Dictionary<int, Measurement> { [0] = Measure(3), [3] = Measure(4) },
            },
        ],
        ["virtual"] = [new CodeReference { Measurement = Measure(7, 32) }],
    };

    private static SnpPolicy Snp() => new()
    {
        RevocationListsSince = new DateTimeOffset(2026, 11, 1, 0, 0, 0, TimeSpan.Zero),
        Providers = ["CN=provider.example"],
        Processors = [SnpProcessor.Genoa],
        MinimumTcb = new Dictionary<SnpProcessor, SnpTcb> { [SnpProcessor.Genoa] = new(0, 10, 0, 23, 84) },
        MinimumFirmware = new SnpFirmware(1, 55, 3),
        MinimumGuestSvn = 4,
        MinimumUvmSvn = 5,
        IdKeyDigests = [Enumerable.Repeat((byte)1, 48).ToArray()],
        AuthorKeyDigests = [Enumerable.Repeat((byte)2, 48).ToArray()],
        RequiredGuestPolicy = SnpGuestPolicy.SingleSocket,
        RequiredPlatformInfo = SnpPlatformInfo.AliasCheckComplete,
        RequiredMitigations = 1,
    };

    private static TdxPolicy Tdx() => new()
    {
        RequiredCollateral = IntelCollateral.TcbInfo,
        AcceptedTcbStatuses = [TcbStatus.UpToDate],
        MinimumTcbEvaluationNumber = 17,
        RevocationListsSince = new DateTimeOffset(2026, 11, 2, 3, 4, 5, TimeSpan.Zero),
        RequiredAttributes = TdxAttributes.SeptVeDisabled,
        RequiredXfam = 3,
        ForbiddenXfam = 4,
        Modules = [Measure(8)],
    };
}
