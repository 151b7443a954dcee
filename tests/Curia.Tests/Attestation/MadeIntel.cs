using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Formats.Asn1;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>A processor of Intel's kind that was never built: root, authority, PCK certificate, signing key of
/// collateral, quoting enclave and quotes of our own, so that every check can be reached under signatures that hold.
/// Without vectors, and the same in tests and fuzzing.</summary>
internal sealed class MadeIntel
{
    public const string Extension = "1.2.840.113741.1.13.1";
    public const string AuthorityName = "CN=Intel SGX PCK Platform CA";
    public static readonly DateTimeOffset Now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private const string RootName = "CN=Intel SGX Root CA";
    private const string QeSigner = "8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff";
    private const string TdQeSigner = "dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5";
    private const int LeafSerial = 0x30001;
    private const int AuthoritySerial = 0x20001;
    private const int SignerSerial = 0x20002;

    private readonly ECDsa rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa authorityKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa signerKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ECDsa attestationKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>Makes one whose quotes have a version: 3 is SGX, 4 and 5 are TDX.</summary>
    public MadeIntel(int version)
    {
        Version = version;
        RootDer = Certify(RootName, rootKey, RootName, rootKey, 0x20000, Authority());
        AuthorityDer = MakeAuthority();
        LeafDer = MakeLeaf();
        SignerDer = MakeSigner();
        if (!IntelRoot.TryCreate(RootDer, out IntelRoot? root)) throw new InvalidOperationException("not a root");
        Root = root!;
        Endorsements = new IntelEndorsements
        {
            RootRevocationList = MakeRootList(),
            PckRevocationList = MakePckList(),
            QeIdentity = MakeQeIdentity(),
            TcbInfo = MakeTcbInfo(),
            TcbSigningChain = Pem(SignerDer, RootDer),
        };
    }

    public int Version { get; }

    public bool IsTdx => Version > 3;

    public byte[] RootDer { get; }

    public byte[] AuthorityDer { get; }

    public byte[] LeafDer { get; }

    public byte[] SignerDer { get; }

    public IntelRoot Root { get; }

    public IntelEndorsements Endorsements { get; }

    /// <summary>Where the body of a quote begins.</summary>
    public int Body => Version == 5 ? 54 : 48;

    /// <summary>How many bytes of a quote its signature covers.</summary>
    public int SignedSize => Body + (Version switch { 3 => 384, 4 => 584, _ => 648 });

    public TdxPolicy Tdx => TdxPolicy.Strict with { Roots = [Root] };

    public SgxPolicy Sgx => SgxPolicy.Strict with { Roots = [Root] };

    public AttestationResult Appraise(
        byte[] quote,
        IntelEndorsements? endorsements = null,
        ReferenceValues? reference = null,
        IntelPolicy? policy = null,
        DateTimeOffset? at = null,
        EndorsementCache? cache = null)
    {
        IntelEndorsements given = endorsements ?? Endorsements;
        ReferenceValues expected = reference ?? ReferenceValues.None;
        return IsTdx
            ? TdxVerifier.Appraise(
                new TdxEvidence { Quote = quote }, given, expected, policy as TdxPolicy ?? Tdx, at ?? Now, cache)
            : SgxVerifier.Appraise(
                new SgxEvidence { Quote = quote }, given, expected, policy as SgxPolicy ?? Sgx, at ?? Now, cache);
    }

    /// <summary>A quote.</summary>
    /// <param name="change">Changes header and body before they are signed.</param>
    /// <param name="changeQe">Changes the report of the quoting enclave before it is signed.</param>
    /// <param name="certification">Certification data; the chain when null.</param>
    /// <param name="type">Type of the certification data.</param>
    public byte[] MakeQuote(
        Action<byte[]>? change = null,
        Action<byte[]>? changeQe = null,
        byte[]? certification = null,
        ushort type = 5)
    {
        byte[] signed = new byte[SignedSize];
        WriteHeader(signed);
        if (IsTdx) WriteDomain(signed.AsSpan(Body));
        else WriteEnclave(signed.AsSpan(Body));
        change?.Invoke(signed);

        ECParameters key = attestationKey.ExportParameters(false);
        byte[] point = [.. key.Q.X!, .. key.Q.Y!];
        byte[] authentication = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];
        byte[] report = new byte[384];
        WriteQe(report);
        SHA256.HashData([.. point, .. authentication]).CopyTo(report, 320);
        changeQe?.Invoke(report);
        byte[] data = certification ?? Pem(LeafDer, AuthorityDer, RootDer);
        byte[] inner =
        [
            .. report, .. leafKey.SignData(report, HashAlgorithmName.SHA256), .. Half(authentication.Length),
            .. authentication, .. Half(type), .. Word(data.Length), .. data,
        ];
        byte[] signature = [.. attestationKey.SignData(signed, HashAlgorithmName.SHA256), .. point];
        byte[] whole = IsTdx ? [.. signature, .. Half(6), .. Word(inner.Length), .. inner] : [.. signature, .. inner];
        return [.. signed, .. Word(whole.Length), .. whole];
    }

    /// <summary>The local report that a quote was made of.</summary>
    public byte[] MakeLocalReport(byte[] quote)
    {
        byte[] local = new byte[1184];
        local[0] = 0x81;
        quote.AsSpan(Body + 520, 64).CopyTo(local.AsSpan(128));
        quote.AsSpan(Body, 120).CopyTo(local.AsSpan(264));
        quote.AsSpan(Body + 120, 400).CopyTo(local.AsSpan(512));
        return local;
    }

    public byte[] MakeAuthority(
        string name = AuthorityName, Action<List<X509Extension>>? change = null, DateTimeOffset? until = null)
    {
        List<X509Extension> extensions = Authority();
        change?.Invoke(extensions);
        return Certify(name, authorityKey, RootName, rootKey, AuthoritySerial, extensions, until: until);
    }

    public byte[] MakeLeaf(
        Action<SortedDictionary<string, byte[]>>? change = null,
        string name = "CN=Intel SGX PCK Certificate",
        ECDsa? key = null,
        bool signedByRoot = false,
        bool isAuthority = false,
        DateTimeOffset? from = null,
        DateTimeOffset? until = null)
    {
        List<X509Extension> extensions = isAuthority ? Authority() : [];
        extensions.Add(new X509Extension(Extension, PckExtension(change), false));
        return Certify(
            name, key ?? leafKey, AuthorityName, signedByRoot ? rootKey : authorityKey, LeafSerial, extensions, from,
            until);
    }

    public byte[] MakeSigner(
        string name = "CN=Intel SGX TCB Signing",
        bool forged = false,
        bool isAuthority = false,
        ECDsa? key = null,
        DateTimeOffset? from = null,
        DateTimeOffset? until = null) => Certify(
            name, key ?? signerKey, RootName, forged ? signerKey : rootKey, SignerSerial,
            isAuthority ? Authority() : [], from, until);

    public byte[] MakeRootList(
        int revoked = 7, DateTimeOffset? thisUpdate = null, DateTimeOffset? nextUpdate = null, bool forged = false) =>
        RevocationListOf(RootName, forged ? signerKey : rootKey, revoked, thisUpdate, nextUpdate);

    public byte[] MakePckList(
        int revoked = 7, DateTimeOffset? thisUpdate = null, DateTimeOffset? nextUpdate = null, bool forged = false) =>
        RevocationListOf(AuthorityName, forged ? signerKey : authorityKey, revoked, thisUpdate, nextUpdate);

    /// <summary>The identity of the quoting enclave.</summary>
    /// <param name="change">Changes the text before it is signed.</param>
    public byte[] MakeQeIdentity(Func<string, string>? change = null)
    {
        string signer = (IsTdx ? TdQeSigner : QeSigner).ToUpperInvariant();
        string text = $$"""
            {"id":"{{(IsTdx ? "TD_QE" : "QE")}}","version":2,"issueDate":"2026-05-20T00:00:00Z",
            "nextUpdate":"2026-06-19T00:00:00Z","tcbEvaluationDataNumber":18,"miscselect":"00000000",
            "miscselectMask":"FFFFFFFF","attributes":"11000000000000000000000000000000",
            "attributesMask":"FBFFFFFFFFFFFFFF0000000000000000","mrsigner":"{{signer}}",
            "isvprodid":{{(IsTdx ? 2 : 1)}},"tcbLevels":[
            {"tcb":{"isvsvn":6},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"UpToDate"},
            {"tcb":{"isvsvn":4},"tcbDate":"2024-01-01T00:00:00Z","tcbStatus":"OutOfDate","advisoryIDs":["INTEL-SA-1"]},
            {"tcb":{"isvsvn":2},"tcbDate":"2023-01-01T00:00:00Z","tcbStatus":"Revoked"}]}
            """;
        return SignJson("enclaveIdentity", Compact(text), change);
    }

    /// <summary>The security versions of the platform.</summary>
    /// <param name="change">Changes the text before it is signed.</param>
    /// <param name="olderLevels">How many levels there are below the first.</param>
    public byte[] MakeTcbInfo(Func<string, string>? change = null, int olderLevels = 1)
    {
        string zeros = new('0', 96);
        string modules = $$"""
            "tdxModule":{"mrsigner":"{{zeros}}","attributes":"0000000000000000","attributesMask":"FFFFFFFFFFFFFFFF"},
            "tdxModuleIdentities":[{"id":"TDX_01","mrsigner":"{{zeros}}","attributes":"0000000000000000",
            "attributesMask":"FFFFFFFFFFFFFFFF","tcbLevels":[
            {"tcb":{"isvsvn":5},"tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"UpToDate"},
            {"tcb":{"isvsvn":3},"tcbDate":"2024-01-01T00:00:00Z","tcbStatus":"OutOfDate","advisoryIDs":["INTEL-SA-2"]},
            {"tcb":{"isvsvn":2},"tcbDate":"2023-01-01T00:00:00Z","tcbStatus":"Revoked"}]}],
            """;
        string older = Level(2, 11, 2, "OutOfDate", ",\"advisoryIDs\":[\"INTEL-SA-3\",\"INTEL-SA-4\"]");
        string text = $$"""
            {"id":"{{(IsTdx ? "TDX" : "SGX")}}","version":3,"issueDate":"2026-05-20T00:00:00Z",
            "nextUpdate":"2026-06-19T00:00:00Z","fmspc":"b0c06f000000","pceId":"0000","tcbType":0,
            "tcbEvaluationDataNumber":18,{{(IsTdx ? modules : "")}}"tcbLevels":[
            {{Level(3, 11, 3, "UpToDate")}},
            {{string.Join(',', Enumerable.Repeat(older, olderLevels))}}]}
            """;
        return SignJson("tcbInfo", Compact(text), change);
    }

    public byte[] SignJson(string name, string content, Func<string, string>? change = null)
    {
        byte[] signed = Encoding.UTF8.GetBytes(change is null ? content : change(content));
        byte[] signature = signerKey.SignData(signed, HashAlgorithmName.SHA256);
        return
        [
            .. Encoding.ASCII.GetBytes($"{{\"{name}\":"), .. signed,
            .. Encoding.ASCII.GetBytes($",\"signature\":\"{Convert.ToHexStringLower(signature)}\"}}"),
        ];
    }

    public static byte[] Pem(params byte[][] ders) => Encoding.ASCII.GetBytes(
        string.Concat(ders.Select(der => PemEncoding.WriteString("CERTIFICATE", der) + "\n")));

    private string Level(int sgx, int pce, int tdx, string status, string more = "")
    {
        string second = IsTdx ? $",\"tdxtcbcomponents\":{Components([5, 0, tdx])}" : "";
        return $$"""
            {"tcb":{"sgxtcbcomponents":{{Components([sgx, 3, 2])}},"pcesvn":{{pce}}{{second}}},
            "tcbDate":"2025-01-01T00:00:00Z","tcbStatus":"{{status}}"{{more}}}
            """;
    }

    private static string Components(int[] first) => "[" + string.Join(
        ',', first.Concat(Enumerable.Repeat(0, 16 - first.Length)).Select(svn => $"{{\"svn\":{svn}}}")) + "]";

    private static string Compact(string text) => text.ReplaceLineEndings("");

    private void WriteHeader(Span<byte> header)
    {
        header[0] = (byte)Version;
        header[2] = 2;
        if (IsTdx) header[4] = 0x81;
        Convert.FromHexString("939a7233f79c4ca9940a0db3957f0607").CopyTo(header[12..]);
        if (Version != 5) return;
        header[48] = 3;
        BinaryPrimitives.WriteInt32LittleEndian(header[50..], 648);
    }

    // TDX module 1.5 of security version 5, SEPT #VE disabled, x87 to AMX.
    private static void WriteDomain(Span<byte> body)
    {
        ((ReadOnlySpan<byte>)[5, 1, 3]).CopyTo(body);
        body.Slice(16, 48).Fill(0x5E);
        body[123] = 0x10;
        ((ReadOnlySpan<byte>)[0xE7, 0x02, 0x06]).CopyTo(body[128..]);
        body.Slice(136, 48).Fill(0x3E);
        body.Slice(184, 144).Fill(0x40);
        for (int register = 0; register < 4; register++) body.Slice(328 + (48 * register), 48).Fill((byte)register);
        body.Slice(520, 64).Fill(0xD1);
        if (body.Length > 584) ((ReadOnlySpan<byte>)[6, 1, 3]).CopyTo(body[584..]);
    }

    private static void WriteEnclave(Span<byte> body)
    {
        body[48] = 0x05;
        body[56] = 0x03;
        body.Slice(64, 32).Fill(0x3E);
        body.Slice(128, 32).Fill(0x51);
        body.Slice(192, 64).Fill(0x40);
        body[256] = 7;
        body[258] = 3;
        body.Slice(320, 64).Fill(0xD1);
    }

    private void WriteQe(Span<byte> report)
    {
        report[48] = 0x15;
        report[56] = 0xE7;
        report.Slice(64, 32).Fill(0x9E);
        Convert.FromHexString(IsTdx ? TdQeSigner : QeSigner).CopyTo(report[128..]);
        report[256] = (byte)(IsTdx ? 2 : 1);
        report[258] = 6;
    }

    private static byte[] PckExtension(Action<SortedDictionary<string, byte[]>>? change)
    {
        SortedDictionary<string, byte[]> values = new(StringComparer.Ordinal)
        {
            ["1"] = Octets([.. Enumerable.Range(1, 16).Select(i => (byte)i)]),
            ["3"] = Octets([0, 0]),
            ["4"] = Octets([0xB0, 0xC0, 0x6F, 0, 0, 0]),
            ["5"] = [0x0A, 1, 1],
        };
        for (int i = 1; i <= 16; i++) values[$"2.{i}"] = Integer(i switch { 1 or 2 => 3, 3 => 2, _ => 0 });
        values["2.17"] = Integer(11);
        values["2.18"] = Octets(new byte[16]);
        change?.Invoke(values);
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            foreach ((string name, byte[] value) in values.Where(pair => !pair.Key.StartsWith("2.", Ordinal)))
                WritePair(writer, name, value);
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier($"{Extension}.2");
                using AsnWriter.Scope tcb = writer.PushSequence();
                foreach ((string name, byte[] value) in values.Where(pair => pair.Key.StartsWith("2.", Ordinal)))
                    WritePair(writer, name, value);
            }
        }

        return writer.Encode();
    }

    private const StringComparison Ordinal = StringComparison.Ordinal;

    // A name that ends with an apostrophe is that of another part, once more.
    private static void WritePair(AsnWriter writer, string name, byte[] value)
    {
        using AsnWriter.Scope pair = writer.PushSequence();
        writer.WriteObjectIdentifier($"{Extension}.{name.TrimEnd('\'')}");
        writer.WriteEncodedValue(value);
    }

    public static byte[] Octets(byte[] value)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        writer.WriteOctetString(value);
        return writer.Encode();
    }

    public static byte[] Integer(int value)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        writer.WriteInteger(value);
        return writer.Encode();
    }

    private static List<X509Extension> Authority() =>
    [
        new X509BasicConstraintsExtension(true, false, 0, true),
        new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true),
    ];

    private static byte[] RevocationListOf(
        string issuer, ECDsa key, int revoked, DateTimeOffset? thisUpdate, DateTimeOffset? nextUpdate)
    {
        CertificateRevocationListBuilder builder = new();
        builder.AddEntry(Serial(revoked), Now.AddDays(-60), X509RevocationReason.KeyCompromise);
        return builder.Build(
            new X500DistinguishedName(issuer), X509SignatureGenerator.CreateForECDsa(key), 1,
            nextUpdate ?? Now.AddDays(30), HashAlgorithmName.SHA256,
            X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier((ReadOnlySpan<byte>)[1]),
            thisUpdate ?? Now.AddDays(-30));
    }

    private static byte[] Certify(
        string subject,
        ECDsa key,
        string issuer,
        ECDsa issuerKey,
        int serial,
        IEnumerable<X509Extension> extensions,
        DateTimeOffset? from = null,
        DateTimeOffset? until = null)
    {
        CertificateRequest request = new(
            new X500DistinguishedName(subject), new PublicKey(key), HashAlgorithmName.SHA256);
        List<X509Extension> all = [.. extensions];
        if (all.Count == 0) all.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        foreach (X509Extension extension in all) request.CertificateExtensions.Add(extension);
        return request.Create(
            new X500DistinguishedName(issuer), X509SignatureGenerator.CreateForECDsa(issuerKey),
            from ?? Now.AddYears(-1), until ?? Now.AddYears(6), Serial(serial)).RawData;
    }

    private static byte[] Serial(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return [.. bytes.SkipWhile(part => part == 0)];
    }

    private static byte[] Half(int value) => [(byte)value, (byte)(value >> 8)];

    private static byte[] Word(int value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        return bytes;
    }
}
