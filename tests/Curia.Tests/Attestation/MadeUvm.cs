using System;
using System.Collections.Generic;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using System.Security.Cryptography.X509Certificates;
using Curia.Attestation;
using Curia.Vocabulary;

namespace Curia.Tests.Attestation;

/// <summary>An endorser of measurements of our own, with three certificates as Microsoft has them.</summary>
internal sealed class MadeUvm
{
    private const string Purpose = "1.2.3.4.5";
    private const string Feed = "made";

    private readonly RSA rootKey = RSA.Create(2048);
    private readonly RSA authorityKey = RSA.Create(2048);
    private readonly RSA leafKey = RSA.Create(2048);

    /// <summary>Makes one, whose root may let only so many authorities stand below it.</summary>
    public MadeUvm(int? rootPathLength = null)
    {
        Root = Certify("CN=root", rootKey, "CN=root", rootKey, Authority(rootPathLength));
        Middle = Certify("CN=authority", authorityKey, "CN=root", rootKey, Authority());
        Leaf = MakeLeaf(Purpose);
        Endorser = new UvmEndorser(Digest.Of(Root), Purpose, Feed, MinimumSvn: 100);
    }

    public byte[] Root { get; }

    public byte[] Middle { get; }

    public byte[] Leaf { get; }

    public UvmEndorser Endorser { get; }

    /// <summary>The endorsement of a measurement; whatever is given differs from what is right.</summary>
    public byte[] Endorse(
        Measurement measurement,
        string svn = "101",
        string? issuer = null,
        string feed = Feed,
        IReadOnlyList<byte[]>? chain = null,
        string contentType = "application/json",
        string? payload = null)
    {
        CoseHeaderMap headers = new()
        {
            { CoseHeaderLabel.ContentType, contentType },
            { new CoseHeaderLabel(33), CoseHeaderValue.FromEncodedValue(Array(chain ?? [Leaf, Middle, Root])) },
            { new CoseHeaderLabel("iss"), issuer ?? Endorser.Issuer },
            { new CoseHeaderLabel("feed"), feed },
        };
        string json = payload
            ?? $$"""{"x-ms-sevsnpvm-guestsvn":"{{svn}}","x-ms-sevsnpvm-launchmeasurement":"{{measurement}}"}""";
        CoseSigner signer = new(leafKey, RSASignaturePadding.Pss, HashAlgorithmName.SHA384, headers);
        return CoseSign1Message.SignEmbedded(System.Text.Encoding.UTF8.GetBytes(json), signer);
    }

    public byte[] MakeLeaf(string purpose, DateTimeOffset? from = null, bool signedByRoot = false) => Certify(
        "CN=leaf", leafKey, "CN=authority", signedByRoot ? rootKey : authorityKey,
        [new X509EnhancedKeyUsageExtension([new Oid("1.2.3.4"), new Oid(purpose)], false)], from);

    private static X509Extension[] Authority(int? pathLength = null) =>
    [
        new X509BasicConstraintsExtension(true, pathLength is not null, pathLength ?? 0, true),
        new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true),
    ];

    private static byte[] Certify(
        string subject, RSA key, string issuer, RSA issuerKey, X509Extension[] extensions, DateTimeOffset? from = null)
    {
        CertificateRequest request = new(
            new X500DistinguishedName(subject), key, HashAlgorithmName.SHA384, RSASignaturePadding.Pkcs1);
        foreach (X509Extension extension in extensions) request.CertificateExtensions.Add(extension);
        X509SignatureGenerator generator = X509SignatureGenerator.CreateForRSA(issuerKey, RSASignaturePadding.Pkcs1);
        DateTimeOffset begin = from ?? MadeSnp.Now.AddYears(-2);
        return request.Create(new X500DistinguishedName(issuer), generator, begin, begin.AddYears(1), [1]).RawData;
    }

    private static byte[] Array(IReadOnlyList<byte[]> certificates)
    {
        CborWriter writer = new();
        writer.WriteStartArray(certificates.Count);
        foreach (byte[] certificate in certificates) writer.WriteByteString(certificate);
        writer.WriteEndArray();
        return writer.Encode();
    }
}
