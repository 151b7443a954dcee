using System;
using System.Formats.Asn1;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>An X.509 certificate (RFC 5280) of a vendor's chain: what it claims, and whom it has signed.</summary>
/// <remarks>Beside <see cref="Curia.Cryptography.Certificate"/>, which has keys of nodes and members, because vendors
/// sign with RSA and say what matters in extensions. Read by managed code alone; the system's trust store and chain
/// engine, which look at the clock and the network, have no part in it. Immutable; any thread.</remarks>
public sealed class VendorCertificate
{
    /// <summary>The largest certificate in bytes. Those of AMD, Intel and Microsoft have under 3,000.</summary>
    public const int SizeMax = 16 * 1024;

    private const string BasicConstraints = "2.5.29.19";
    private const string KeyUsage = "2.5.29.15";
    private const string ExtendedKeyUsage = "2.5.29.37";
    private const string CommonName = "2.5.4.3";

    // RFC 5280 section 4.2.1.3: the sixth bit from the left is keyCertSign, the seventh cRLSign.
    private const byte SignsCertificatesBit = 0x04;
    private const byte SignsRevocationListsBit = 0x02;

    private readonly SignedStructure structure;

    private VendorCertificate(byte[] der)
    {
        structure = new SignedStructure(der);
        AsnReader body = structure.Body;

        // RFC 5280 section 4.1: version 3 has extensions, and every certificate here has some.
        AsnReader version = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 0));
        if (!version.TryReadInt32(out int number) || number != 2 || version.HasData)
            throw new AsnContentException("The certificate is not of version 3.");
        SerialNumber = body.ReadIntegerBytes();
        structure.ReadSameAlgorithm();
        IssuerNameDer = body.ReadEncodedValue();
        AsnReader validity = body.ReadSequence();
        NotBefore = SignedStructure.ReadTime(validity);
        NotAfter = SignedStructure.ReadTime(validity);
        validity.ThrowIfNotEmpty();
        SubjectNameDer = body.ReadEncodedValue();
        SubjectPublicKeyInfo = body.ReadEncodedValue();
        AsnReader extensions = body.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, 3));
        body.ThrowIfNotEmpty();
        Extensions.ReadFrom(extensions.ReadSequence());
        extensions.ThrowIfNotEmpty();

        Der = der;
        Fingerprint = Digest.Of(der);
        Subject = CommonNameOf(SubjectNameDer);
        Issuer = CommonNameOf(IssuerNameDer);
        (IsAuthority, pathLength) = ReadBasicConstraints();
        keyUsage = ReadKeyUsage();
    }

    private readonly byte? keyUsage;
    private readonly int? pathLength;

    /// <summary>The whole certificate.</summary>
    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>SHA-256 of the certificate.</summary>
    public Digest Fingerprint { get; }

    /// <summary>The serial number: the bytes of a DER integer. Many of AMD's are zero.</summary>
    public ReadOnlyMemory<byte> SerialNumber { get; }

    /// <summary>The subject, DER.</summary>
    public ReadOnlyMemory<byte> SubjectNameDer { get; }

    /// <summary>The issuer, DER.</summary>
    public ReadOnlyMemory<byte> IssuerNameDer { get; }

    /// <summary>The common name of the subject; empty when it has none or several.</summary>
    public string Subject { get; }

    /// <summary>The common name of the issuer; empty when it has none or several.</summary>
    public string Issuer { get; }

    /// <summary>The first moment of validity.</summary>
    public DateTimeOffset NotBefore { get; }

    /// <summary>The last moment of validity.</summary>
    public DateTimeOffset NotAfter { get; }

    /// <summary>The public key as SubjectPublicKeyInfo, DER.</summary>
    public ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; }

    /// <summary>Whether it says that it is a certification authority (RFC 5280 section 4.2.1.9).</summary>
    public bool IsAuthority { get; }

    /// <summary>Whether it may sign certificates: an authority whose key usage, if it has one, says so.</summary>
    public bool MaySignCertificates => IsAuthority && (keyUsage is not { } bits || (bits & SignsCertificatesBit) != 0);

    /// <summary>Whether it may sign certificates, and the path below it may have so many authorities before its end
    /// (RFC 5280 section 4.2.1.9, pathLenConstraint).</summary>
    public bool MayHaveBelow(int authorities) =>
        MaySignCertificates && (pathLength is not { } most || authorities <= most);

    /// <summary>Whether its key usage, if it has one, lets it sign revocation lists.</summary>
    public bool MaySignRevocationLists =>
        IsAuthority && (keyUsage is not { } bits || (bits & SignsRevocationListsBit) != 0);

    /// <summary>Whether all its critical extensions are known here.</summary>
    public bool IsUnderstood => Extensions.AreUnderstood(BasicConstraints, KeyUsage, ExtendedKeyUsage);

    internal X509Extensions Extensions { get; } = new();

    /// <summary>Reads a DER certificate of version 3 and nothing behind it; nothing throws.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> der, out VendorCertificate? certificate)
    {
        certificate = null;
        if (der.Length > SizeMax) return false;
        try
        {
            certificate = new VendorCertificate(der.ToArray());
            return true;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    /// <summary>Whether a moment lies within the validity.</summary>
    public bool IsValidAt(DateTimeOffset time) => NotBefore <= time && time <= NotAfter;

    /// <summary>Whether the issuer's name is that of the other's subject, byte for byte, and its key signed this
    /// certificate. Dates and rights are not looked at.</summary>
    public bool IsIssuedBy(VendorCertificate issuer) => NamesAsIssuer(issuer) && IsSignedBy(issuer);

    /// <summary>Whether the issuer's name is that of the other's subject, byte for byte.</summary>
    public bool NamesAsIssuer(VendorCertificate issuer)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        return IssuerNameDer.Span.SequenceEqual(issuer.SubjectNameDer.Span);
    }

    /// <summary>Whether the other's key signed this certificate: RSA-PSS with SHA-384, RSA PKCS #1 or ECDSA.</summary>
    public bool IsSignedBy(VendorCertificate issuer)
    {
        ArgumentNullException.ThrowIfNull(issuer);
        return structure.IsSignedBy(issuer.SubjectPublicKeyInfo.Span);
    }

    /// <summary>Whether the extended key usage names a purpose (RFC 5280 section 4.2.1.12).</summary>
    public bool HasPurpose(string identifier)
    {
        if (!Extensions.TryGet(ExtendedKeyUsage, out ReadOnlyMemory<byte> value)) return false;
        try
        {
            AsnReader outer = new(value, AsnEncodingRules.DER);
            AsnReader purposes = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            bool found = false;
            while (purposes.HasData) found |= purposes.ReadObjectIdentifier() == identifier;
            return found;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    // RFC 5280 section 4.2.1.9: only an authority has a number, and it is not negative.
    private (bool IsAuthority, int? PathLength) ReadBasicConstraints()
    {
        if (!Extensions.TryGet(BasicConstraints, out ReadOnlyMemory<byte> value)) return (false, null);
        AsnReader outer = new(value, AsnEncodingRules.DER);
        AsnReader constraints = outer.ReadSequence();
        outer.ThrowIfNotEmpty();
        bool isAuthority = constraints.HasData && constraints.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean)
            && constraints.ReadBoolean();
        if (!constraints.HasData) return (isAuthority, null);
        if (!isAuthority || !constraints.TryReadInt32(out int length) || length < 0)
            throw new AsnContentException("The length of the path is none.");
        constraints.ThrowIfNotEmpty();
        return (isAuthority, length);
    }

    private byte? ReadKeyUsage()
    {
        if (!Extensions.TryGet(KeyUsage, out ReadOnlyMemory<byte> value)) return null;
        AsnReader outer = new(value, AsnEncodingRules.DER);
        byte[] bits = outer.ReadBitString(out _);
        outer.ThrowIfNotEmpty();
        return bits.Length == 0 ? (byte)0 : bits[0];
    }

    private static string CommonNameOf(ReadOnlyMemory<byte> name)
    {
        string? found = null;
        AsnReader parts = new AsnReader(name, AsnEncodingRules.DER).ReadSequence();
        while (parts.HasData)
        {
            AsnReader part = parts.ReadSetOf();
            while (part.HasData)
            {
                AsnReader attribute = part.ReadSequence();
                if (attribute.ReadObjectIdentifier() != CommonName) continue;
                if (found is not null) return "";
                found = attribute.PeekTag().TagValue switch
                {
                    (int)UniversalTagNumber.UTF8String => attribute.ReadCharacterString(UniversalTagNumber.UTF8String),
                    (int)UniversalTagNumber.PrintableString =>
                        attribute.ReadCharacterString(UniversalTagNumber.PrintableString),
                    _ => "",
                };
            }
        }

        return found ?? "";
    }
}
