using System;
using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;
using Curia.Vocabulary;

namespace Curia.Cryptography;

/// <summary>The RSA public key that a member's recovery shares are encrypted to, as SubjectPublicKeyInfo.</summary>
/// <remarks>Read by managed code, and in one form only, so that two members who hold one key hold the same bytes.
/// Immutable; any thread.</remarks>
public sealed class EncryptionKey
{
    /// <summary>The shortest key: 112 bits of security (NIST SP 800-57 part 1, table 2).</summary>
    public const int BitsMin = 2048;

    /// <summary>The longest key: 200 bits of security, beyond which RSA only gets slow.</summary>
    public const int BitsMax = 8192;

    /// <summary>The most bytes of a key in DER: one of 8192 bits has 1062.</summary>
    public const int SizeMax = 1100;

    private const string PemLabel = "PUBLIC KEY";
    private const string RsaEncryption = "1.2.840.113549.1.1.1";

    private EncryptionKey(byte[] der)
    {
        AsnReader outer = new(der, AsnEncodingRules.DER);
        AsnReader info = outer.ReadSequence();
        outer.ThrowIfNotEmpty();

        // RFC 3279 section 2.3.1: the parameters are NULL.
        AsnReader algorithm = info.ReadSequence();
        if (algorithm.ReadObjectIdentifier() != RsaEncryption) throw new AsnContentException("The key is not of RSA.");
        algorithm.ReadNull();
        algorithm.ThrowIfNotEmpty();
        byte[] bits = info.ReadBitString(out int unused);
        info.ThrowIfNotEmpty();
        AsnReader whole = new(bits, AsnEncodingRules.DER);
        AsnReader key = whole.ReadSequence();
        whole.ThrowIfNotEmpty();
        BigInteger modulus = key.ReadInteger();
        BigInteger exponent = key.ReadInteger();
        key.ThrowIfNotEmpty();

        // FIPS 186-5 section 5.1 has the lower bound of the exponent; above the upper one some implementations stop.
        bool isSound = unused == 0 && modulus.Sign > 0 && !modulus.IsEven && !exponent.IsEven
            && exponent > 1 << 16 && exponent < BigInteger.One << 32;
        Bits = isSound ? (int)modulus.GetBitLength() : 0;
        if (Bits is < BitsMin or > BitsMax) throw new AsnContentException("No RSA key that is in use is like this.");
        Der = der;
        Fingerprint = Digest.Of(der);
    }

    /// <summary>The key as SubjectPublicKeyInfo, DER.</summary>
    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>The length of the modulus.</summary>
    public int Bits { get; }

    /// <summary>SHA-256 of the SubjectPublicKeyInfo.</summary>
    public Digest Fingerprint { get; }

    /// <summary>Reads a SubjectPublicKeyInfo and nothing behind it; nothing throws.</summary>
    /// <returns>False for whatever is no RSA key of <see cref="BitsMin"/> to <see cref="BitsMax"/> bits.</returns>
    public static bool TryFromDer(ReadOnlySpan<byte> der, out EncryptionKey? key)
    {
        key = null;
        if (der.Length > SizeMax) return false;
        try
        {
            key = new EncryptionKey(der.ToArray());
            return true;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    /// <summary>Reads one public key in PEM with nothing but white space around it; nothing throws.</summary>
    public static bool TryFromPem(ReadOnlySpan<char> pem, out EncryptionKey? key)
    {
        key = null;
        return PemBounds.TryReadOne(pem, PemLabel, SizeMax, out byte[] der) && TryFromDer(der, out key);
    }

    /// <summary>The key in PEM, with a line feed at its end.</summary>
    public string ToPem() => PemEncoding.WriteString(PemLabel, Der.Span) + "\n";
}
