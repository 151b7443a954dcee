using System;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Curia.Vocabulary;

namespace Curia.Cryptography;

/// <summary>An X.509 certificate (RFC 5280) of an ECDSA key on P-256, P-384 or P-521.</summary>
/// <remarks>Read by managed code alone, so that bytes from outside reach no native parser but that of the key. It says
/// what a certificate claims and who signed it; which ones to trust, and for how long, is decided elsewhere. Immutable;
/// any thread.
/// </remarks>
public sealed class Certificate
{
    /// <summary>The largest certificate in bytes: its length has 16 bits on the ledger
    /// (docs/ledger-format.md).</summary>
    public const int SizeMax = ushort.MaxValue;

    private const string PemLabel = "CERTIFICATE";

    private readonly ReadOnlyMemory<byte> signedPart;
    private readonly byte[] signature;
    private readonly string signatureAlgorithm;

    private Certificate(byte[] der)
    {
        AsnReader outer = new AsnReader(der, AsnEncodingRules.DER);
        AsnReader certificate = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        signedPart = certificate.PeekEncodedValue();
        AsnReader body = certificate.ReadSequence();
        ReadOnlyMemory<byte> algorithm = certificate.ReadEncodedValue();
        signature = certificate.ReadBitString(out int unused);
        certificate.ThrowIfNotEmpty();
        if (unused != 0) throw new AsnContentException("A signature has whole bytes.");

        // RFC 5280 section 4.1: version, serial number, algorithm, issuer, validity, subject, key; the rest is
        // optional.
        if (body.PeekTag() == new Asn1Tag(TagClass.ContextSpecific, 0, true)) body.ReadEncodedValue();
        body.ReadIntegerBytes();
        if (!body.ReadEncodedValue().Span.SequenceEqual(algorithm.Span))
            throw new AsnContentException("RFC 5280 section 4.1.1.2: the two algorithm fields are the same.");
        signatureAlgorithm = new AsnReader(algorithm, AsnEncodingRules.DER).ReadSequence().ReadObjectIdentifier();
        IssuerNameDer = body.ReadEncodedValue();
        AsnReader validity = body.ReadSequence();
        NotBefore = ReadTime(validity);
        NotAfter = ReadTime(validity);
        validity.ThrowIfNotEmpty();
        SubjectNameDer = body.ReadEncodedValue();
        SubjectPublicKeyInfo = body.ReadEncodedValue();
        while (body.HasData) body.ReadEncodedValue();

        if (!SignatureVerifier.TryFromSubjectPublicKeyInfo(SubjectPublicKeyInfo.Span, out SignatureVerifier? key))
            throw new AsnContentException("The key is not an ECDSA key on a known curve.");
        Key = key!;
        Der = der;
        SubjectName = new X500DistinguishedName(SubjectNameDer.Span).Name;
        Fingerprint = Digest.Of(der);
        KeyDigest = Digest.Of(SubjectPublicKeyInfo.Span);
    }

    /// <summary>The whole certificate.</summary>
    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>The public key as SubjectPublicKeyInfo, DER.</summary>
    public ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; }

    /// <summary>SHA-256 of the certificate: the id of the member or user that bears it (DESIGN 7, "Ids").</summary>
    public Digest Fingerprint { get; }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo: the id of the node that bears it, and the kid of a service
    /// key.</summary>
    public Digest KeyDigest { get; }

    /// <summary>The first moment of validity.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>The last moment of validity.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>The subject as text, for example <c>CN=node0</c>; for people, never for a decision.</summary>
    public string SubjectName { get; }

    /// <summary>The subject, DER.</summary>
    public ReadOnlyMemory<byte> SubjectNameDer { get; }

    /// <summary>The issuer, DER.</summary>
    public ReadOnlyMemory<byte> IssuerNameDer { get; }

    /// <summary>The public key. It lives as long as the certificate; nobody disposes it.</summary>
    public SignatureVerifier Key { get; }

    /// <summary>Reads a DER certificate and nothing behind it; nothing throws.</summary>
    /// <returns>False for other bytes, and for certificates of keys that are not ECDSA on a known curve.</returns>
    public static bool TryFromDer(ReadOnlySpan<byte> der, out Certificate? certificate)
    {
        certificate = null;
        if (der.Length > SizeMax) return false;
        try
        {
            certificate = new Certificate(der.ToArray());
            return true;
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException)
        {
            return false;
        }
    }

    /// <summary>Reads one certificate in PEM (RFC 7468) with nothing but white space around it; nothing
    /// throws.</summary>
    public static bool TryFromPem(ReadOnlySpan<char> pem, out Certificate? certificate)
    {
        certificate = null;
        return PemBounds.TryReadOne(pem, PemLabel, SizeMax, out byte[] der) && TryFromDer(der, out certificate);
    }

    /// <summary>Whether the issuer's key signed this certificate. Names, dates and extensions are not looked
    /// at.</summary>
    public bool IsIssuedBy(Certificate issuer)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        return IsSignedBy(issuer.Key);
    }

    /// <summary>Whether a key signed this certificate with ECDSA and SHA-256, SHA-384 or SHA-512 (RFC 5758 section
    /// 3.2).</summary>
    public bool IsSignedBy(SignatureVerifier key)
    {
        ArgumentNullException.ThrowIfNull(key);
        byte[]? hash = signatureAlgorithm switch
        {
            "1.2.840.10045.4.3.2" => SHA256.HashData(signedPart.Span),
            "1.2.840.10045.4.3.3" => SHA384.HashData(signedPart.Span),
            "1.2.840.10045.4.3.4" => SHA512.HashData(signedPart.Span),
            _ => null,
        };
        return hash is not null && key.VerifyHashDer(hash, signature);
    }

    /// <summary>The certificate in PEM, with a line feed at its end.</summary>
    public string ToPem() => PemEncoding.WriteString(PemLabel, Der.Span) + "\n";

    // RFC 5280 section 4.1.2.5: UTCTime until 2049, GeneralizedTime from then on.
    private static DateTimeOffset ReadTime(AsnReader validity) =>
        validity.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime)
            ? validity.ReadUtcTime(2049)
            : validity.ReadGeneralizedTime();
}
