using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Formats.Asn1;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>A processor that was never built: root, signing key, endorsement key and reports of our own, so that every
/// check can be reached under signatures that hold. Without vectors, and the same in tests and fuzzing.</summary>
internal sealed class MadeSnp
{
    public static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);
    private const string Amd = "1.3.6.1.4.1.3704.1.";

    private readonly RSA rootKey;
    private readonly RSA signerKey;
    private readonly ECDsa leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    /// <summary>Makes one; AMD's keys have 4096 bits, which take seconds to make.</summary>
    public MadeSnp(SnpProcessor processor, SnpKeyKind kind = SnpKeyKind.Vcek, int keyBits = 2048)
    {
        rootKey = RSA.Create(keyBits);
        signerKey = RSA.Create(keyBits);
        Processor = processor;
        Kind = kind;
        ChipId = [.. Enumerable.Range(1, processor == SnpProcessor.Turin ? 8 : 64).Select(i => (byte)i)];
        RootDer = Certify(RootName, rootKey, RootName, rootKey, 0x20000, AuthorityExtensions(crlSign: true));
        SignerDer = MakeSigner();
        LeafDer = MakeLeaf();
        RevocationList = MakeRevocationList();
        if (!SnpRoot.TryCreate(RootDer, out SnpRoot? root)) throw new InvalidOperationException("not a root");
        Root = root!;
    }

    public SnpProcessor Processor { get; }

    public SnpKeyKind Kind { get; }

    public byte[] ChipId { get; }

    public byte[] RootDer { get; }

    public byte[] SignerDer { get; }

    public byte[] LeafDer { get; }

    public byte[] RevocationList { get; }

    public string RootName => $"CN=ARK-{Processor}";

    public string SignerName => Kind == SnpKeyKind.Vlek ? $"CN=SEV-VLEK-{Processor}" : $"CN=SEV-{Processor}";

    public SnpPolicy Policy => SnpPolicy.Strict with
    {
        Roots = [Root],
        Providers = ["CN=cloud.example"],
    };

    public SnpRoot Root { get; }

    public SnpEndorsements Endorsements => new()
    {
        Leaf = LeafDer,
        Chain = [SignerDer, RootDer],
        RevocationList = RevocationList,
    };

    public AttestationResult Appraise(
        byte[] report,
        SnpEndorsements? endorsements = null,
        ReferenceValues? reference = null,
        SnpPolicy? policy = null,
        DateTimeOffset? at = null,
        EndorsementCache? cache = null) =>
        SnpVerifier.Appraise(
            new SnpEvidence { Report = report }, endorsements ?? Endorsements, reference ?? ReferenceValues.None,
            policy ?? Policy, at ?? Now, cache);

    /// <summary>A report that is changed before it is signed.</summary>
    public byte[] MakeReport(Action<byte[]>? change = null, uint version = 3)
    {
        byte[] report = new byte[SnpReport.Size];
        BinaryPrimitives.WriteUInt32LittleEndian(report, version);
        BinaryPrimitives.WriteUInt64LittleEndian(report.AsSpan(0x008), 0x3001F);
        report[0x034] = 1;
        report[0x040] = 0x25;
        report[0x048] = (byte)((int)Kind << 2);
        report.AsSpan(0x050, 64).Fill(0xD1);
        report.AsSpan(0x090, 48).Fill(0x3E);
        report.AsSpan(0x0C0, 32).Fill(0x40);
        foreach (int tcb in (int[])[0x038, 0x180, 0x1E0, 0x1F0]) Tcb.CopyTo(report.AsSpan(tcb));
        if (version >= 3) Cpuid.CopyTo(report.AsSpan(0x188));
        if (Kind == SnpKeyKind.Vcek) ChipId.CopyTo(report.AsSpan(0x1A0));
        foreach (int firmware in (int[])[0x1E8, 0x1EC])
            ((ReadOnlySpan<byte>)[40, 55, 1]).CopyTo(report.AsSpan(firmware));
        if (version >= 5) report[0x1F8] = report[0x200] = 0b11;
        change?.Invoke(report);
        Sign(report);
        return report;
    }

    public byte[] MakeSigner(
        Action<List<X509Extension>>? change = null, string? name = null, DateTimeOffset? until = null)
    {
        List<X509Extension> extensions = AuthorityExtensions(crlSign: false);
        change?.Invoke(extensions);
        return Certify(name ?? SignerName, signerKey, RootName, rootKey, 0x20002, extensions, until: until);
    }

    public byte[] MakeLeaf(
        Action<SortedDictionary<string, byte[]>>? change = null,
        string? issuer = null,
        bool signedByRoot = false,
        DateTimeOffset? from = null,
        DateTimeOffset? until = null)
    {
        SortedDictionary<string, byte[]> values = LeafValues();
        change?.Invoke(values);
        IEnumerable<X509Extension> extensions = values.Select(pair => new X509Extension(pair.Key, pair.Value, false));
        string name = Kind == SnpKeyKind.Vlek ? "CN=SEV-VLEK" : "CN=SEV-VCEK";
        return Certify(
            name, leafKey, issuer ?? SignerName, signedByRoot ? rootKey : signerKey, 0, extensions, from, until);
    }

    /// <summary>A leaf that might sign certificates in turn.</summary>
    public byte[] MakeAuthorityLeaf() => Certify(
        "CN=SEV-VCEK", leafKey, SignerName, signerKey, 0, AuthorityExtensions(crlSign: false));

    public byte[] MakeRevocationList(
        int revoked = 0x20001,
        DateTimeOffset? thisUpdate = null,
        DateTimeOffset? nextUpdate = null,
        bool forged = false)
    {
        CertificateRevocationListBuilder builder = new();
        builder.AddEntry(Serial(revoked));
        X509SignatureGenerator generator =
            X509SignatureGenerator.CreateForRSA(forged ? signerKey : rootKey, RSASignaturePadding.Pss);
        return builder.Build(
            new X500DistinguishedName(RootName), generator, 4, nextUpdate ?? Now.AddDays(30),
            HashAlgorithmName.SHA384,
            X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier((ReadOnlySpan<byte>)[1]),
            thisUpdate ?? Now.AddDays(-30));
    }

    public static byte[] Integer(int value)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        writer.WriteInteger(value);
        return writer.Encode();
    }

    public static byte[] Text(string value)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        writer.WriteCharacterString(UniversalTagNumber.IA5String, value);
        return writer.Encode();
    }

    // FMC 1, bootloader 10, TEE 0, SNP 23, microcode 84, where the generation has them.
    private byte[] Tcb => Processor == SnpProcessor.Turin ? [1, 10, 0, 23, 0, 0, 0, 84] : [10, 0, 0, 0, 0, 0, 23, 84];

    private byte[] Cpuid => Processor switch
    {
        SnpProcessor.Milan => [0x19, 0x01, 1],
        SnpProcessor.Genoa => [0x19, 0x11, 1],
        _ => [0x1A, 0x02, 1],
    };

    private SortedDictionary<string, byte[]> LeafValues()
    {
        SortedDictionary<string, byte[]> values = new(StringComparer.Ordinal)
        {
            [Amd + "1"] = Integer(Processor == SnpProcessor.Turin ? 1 : 0),
            [Amd + "2"] = Text(Processor == SnpProcessor.Milan ? "Milan-B0" : $"{Processor}"),
            [Amd + "3.1"] = Integer(10),
            [Amd + "3.2"] = Integer(0),
            [Amd + "3.3"] = Integer(23),
            [Amd + "3.5"] = Integer(0),
            [Amd + "3.8"] = Integer(84),
        };
        if (Processor == SnpProcessor.Turin) values[Amd + "3.9"] = Integer(1);
        if (Kind == SnpKeyKind.Vcek) values[Amd + "4"] = ChipId;
        else values[Amd + "5"] = Text("CN=cloud.example");
        return values;
    }

    private void Sign(byte[] report)
    {
        byte[] signature = leafKey.SignData(report.AsSpan(0, SnpReport.SignedSize), HashAlgorithmName.SHA384);
        signature.AsSpan(0, 48).Reverse();
        signature.AsSpan(48, 48).Reverse();
        signature.AsSpan(0, 48).CopyTo(report.AsSpan(0x2A0));
        signature.AsSpan(48, 48).CopyTo(report.AsSpan(0x2A0 + 72));
    }

    private static List<X509Extension> AuthorityExtensions(bool crlSign) =>
    [
        new X509BasicConstraintsExtension(true, false, 0, true),
        new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | (crlSign ? X509KeyUsageFlags.CrlSign : X509KeyUsageFlags.None), true),
    ];

    private static byte[] Certify(
        string subject,
        AsymmetricAlgorithm key,
        string issuer,
        RSA issuerKey,
        int serial,
        IEnumerable<X509Extension> extensions,
        DateTimeOffset? from = null,
        DateTimeOffset? until = null)
    {
        PublicKey publicKey = new(key);
        CertificateRequest request = new(new X500DistinguishedName(subject), publicKey, HashAlgorithmName.SHA384);
        foreach (X509Extension extension in extensions) request.CertificateExtensions.Add(extension);
        return request.Create(
            new X500DistinguishedName(issuer), X509SignatureGenerator.CreateForRSA(issuerKey, RSASignaturePadding.Pss),
            from ?? Now.AddYears(-1), until ?? Now.AddYears(6), Serial(serial)).RawData;
    }

    private static byte[] Serial(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        byte[] shortest = [.. bytes.SkipWhile(part => part == 0)];
        return shortest.Length == 0 ? [0] : shortest;
    }
}
