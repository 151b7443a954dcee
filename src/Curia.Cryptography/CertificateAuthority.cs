using System;
using System.Collections.Generic;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Curia.Cryptography;

/// <summary>A name that a server's certificate is good for (RFC 5280 section 4.2.1.6).</summary>
public abstract record SubjectAlternativeName
{
    private SubjectAlternativeName()
    {
    }

    /// <summary>A host name in ASCII.</summary>
    public sealed record Dns(string Name) : SubjectAlternativeName;

    /// <summary>An address of 4 or 16 bytes, in network order.</summary>
    public sealed record Ip(ReadOnlyMemory<byte> Address) : SubjectAlternativeName;
}

/// <summary>Makes the certificates of a service: its own, and those of the nodes that it endorses.</summary>
public static class CertificateAuthority
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";
    private const string ClientAuthentication = "1.3.6.1.5.5.7.3.2";

    // RFC 5280 section 4.1.2.2: positive, at most 20 bytes. 16 random bytes do not meet twice.
    private const int SerialNumberSize = 16;

    /// <summary>A certificate of a key that signs certificates, signed by itself.</summary>
    /// <param name="key">The key of subject and issuer.</param>
    /// <param name="commonName">The subject's common name, 1 to 64 characters.</param>
    /// <param name="notBefore">The first moment of validity; whole seconds count.</param>
    /// <param name="notAfter">The last moment of validity.</param>
    /// <param name="entropy">Gives the serial number.</param>
    /// <returns>DER: an authority that may issue leaves and no further authorities.</returns>
    public static byte[] SelfSigned(
        Signer key,
        string commonName,
        DateTimeOffset notBefore,
        DateTimeOffset notAfter,
        Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(key);
        PublicKey publicKey = PublicKeyOf(key.SubjectPublicKeyInfo.Span);
        CertificateRequest request = new(Named(commonName), publicKey, HashOf(key.Curve));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(
            X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(publicKey, false));
        return Sign(request, request.SubjectName, key, notBefore, notAfter, entropy);
    }

    /// <summary>A certificate for a node: server and client of TLS, no authority.</summary>
    /// <param name="issuerKey">The private half of the issuer's key.</param>
    /// <param name="issuer">The issuer's certificate.</param>
    /// <param name="subjectPublicKeyInfo">The key to certify, DER.</param>
    /// <param name="commonName">The subject's common name, 1 to 64 characters.</param>
    /// <param name="names">The names and addresses of the server; may be empty.</param>
    /// <param name="notBefore">The first moment of validity; whole seconds count.</param>
    /// <param name="notAfter">The last moment of validity.</param>
    /// <param name="entropy">Gives the serial number.</param>
    /// <returns>DER.</returns>
    /// <exception cref="ArgumentException">The private key is not that of the issuer's certificate.</exception>
    public static byte[] Issue(
        Signer issuerKey,
        Certificate issuer,
        ReadOnlySpan<byte> subjectPublicKeyInfo,
        string commonName,
        IEnumerable<SubjectAlternativeName> names,
        DateTimeOffset notBefore,
        DateTimeOffset notAfter,
        Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(issuerKey);
        ArgumentNullException.ThrowIfNull(issuer);
        ArgumentNullException.ThrowIfNull(names);
        if (!issuerKey.SubjectPublicKeyInfo.Span.SequenceEqual(issuer.SubjectPublicKeyInfo.Span))
            throw new ArgumentException("The key is not that of the issuer's certificate.", nameof(issuerKey));
        PublicKey publicKey = PublicKeyOf(subjectPublicKeyInfo);
        CertificateRequest request = new(Named(commonName), publicKey, HashOf(issuerKey.Curve));
        X509SubjectKeyIdentifierExtension issuerId = new(PublicKeyOf(issuer.SubjectPublicKeyInfo.Span), false);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension(
            [new Oid(ServerAuthentication), new Oid(ClientAuthentication)], false));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(publicKey, false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(issuerId));
        if (AlternativeNames(names) is { } alternativeNames) request.CertificateExtensions.Add(alternativeNames);
        X500DistinguishedName issuerName = new(issuer.SubjectNameDer.Span);
        return Sign(request, issuerName, issuerKey, notBefore, notAfter, entropy);
    }

    /// <summary>A certificate for the key of an older authority: whoever trusts the issuer may believe what that key
    /// signed. It is of no use in TLS: it names no server, and its key may sign certificates only.</summary>
    /// <param name="issuerKey">The private half of the issuer's key.</param>
    /// <param name="issuer">The issuer's certificate.</param>
    /// <param name="older">The certificate of the older authority; its name and key are taken over.</param>
    /// <param name="notBefore">The first moment of validity; whole seconds count.</param>
    /// <param name="notAfter">The last moment of validity.</param>
    /// <param name="entropy">Gives the serial number.</param>
    /// <returns>DER.</returns>
    public static byte[] Certify(
        Signer issuerKey, Certificate issuer, Certificate older, DateTimeOffset notBefore, DateTimeOffset notAfter,
        Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(issuerKey);
        ArgumentNullException.ThrowIfNull(issuer);
        ArgumentNullException.ThrowIfNull(older);
        PublicKey publicKey = PublicKeyOf(older.SubjectPublicKeyInfo.Span);
        CertificateRequest request =
            new(new X500DistinguishedName(older.SubjectNameDer.Span), publicKey, HashOf(issuerKey.Curve));
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, true, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(publicKey, false));
        X509SubjectKeyIdentifierExtension issuerId = new(PublicKeyOf(issuer.SubjectPublicKeyInfo.Span), false);
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(issuerId));
        X500DistinguishedName issuerName = new(issuer.SubjectNameDer.Span);
        return Sign(request, issuerName, issuerKey, notBefore, notAfter, entropy);
    }

    private static byte[] Sign(
        CertificateRequest request,
        X500DistinguishedName issuerName,
        Signer issuerKey,
        DateTimeOffset notBefore,
        DateTimeOffset notAfter,
        Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(entropy);
        byte[] serialNumber = new byte[SerialNumberSize];
        entropy.Fill(serialNumber);
        serialNumber[0] = (byte)(serialNumber[0] & 0x7F | 0x40); // positive, and no leading zero to drop
        using X509Certificate2 certificate = request.Create(
            issuerName, new SignerSignatureGenerator(issuerKey), notBefore, notAfter, serialNumber);
        return certificate.RawData;
    }

    private static X500DistinguishedName Named(string commonName)
    {
        ArgumentException.ThrowIfNullOrEmpty(commonName);
        X500DistinguishedNameBuilder builder = new();
        builder.AddCommonName(commonName);
        return builder.Build();
    }

    private static PublicKey PublicKeyOf(ReadOnlySpan<byte> subjectPublicKeyInfo) =>
        PublicKey.CreateFromSubjectPublicKeyInfo(subjectPublicKeyInfo, out _);

    private static HashAlgorithmName HashOf(SigningCurve curve) => curve switch
    {
        SigningCurve.P256 => HashAlgorithmName.SHA256,
        SigningCurve.P384 => HashAlgorithmName.SHA384,
        _ => HashAlgorithmName.SHA512,
    };

    // Written by hand, because the framework's builder wants its own address type and the core has no network.
    private static X509Extension? AlternativeNames(IEnumerable<SubjectAlternativeName> names)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        int count = 0;
        using (writer.PushSequence())
        {
            foreach (SubjectAlternativeName name in names)
            {
                count++;
                if (name is SubjectAlternativeName.Dns dns)
                {
                    writer.WriteCharacterString(
                        UniversalTagNumber.IA5String, dns.Name, new Asn1Tag(TagClass.ContextSpecific, 2));
                }
                else if (name is SubjectAlternativeName.Ip { Address.Length: 4 or 16 } ip)
                {
                    writer.WriteOctetString(ip.Address.Span, new Asn1Tag(TagClass.ContextSpecific, 7));
                }
                else
                {
                    throw new ArgumentException("An address has 4 or 16 bytes.", nameof(names));
                }
            }
        }

        return count == 0 ? null : new X509Extension("2.5.29.17", writer.Encode(), false);
    }

    /// <summary>Lets the framework build a certificate that a <see cref="Signer"/> signs.</summary>
    private sealed class SignerSignatureGenerator(Signer signer) : X509SignatureGenerator
    {
        public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm)
        {
            AsnWriter writer = new(AsnEncodingRules.DER);
            using (writer.PushSequence())
            {
                // RFC 5758 section 3.2: no parameters.
                writer.WriteObjectIdentifier(signer.Curve switch
                {
                    SigningCurve.P256 => "1.2.840.10045.4.3.2",
                    SigningCurve.P384 => "1.2.840.10045.4.3.3",
                    _ => "1.2.840.10045.4.3.4",
                });
            }

            return writer.Encode();
        }

        public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) =>
            EcdsaSignature.ToDer(signer.SignHash(EcdsaSignature.Hash(signer.Curve, data)));

        protected override PublicKey BuildPublicKey() => PublicKeyOf(signer.SubjectPublicKeyInfo.Span);
    }
}
