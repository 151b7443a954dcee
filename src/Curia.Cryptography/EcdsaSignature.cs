using System;
using System.Formats.Asn1;
using System.Security.Cryptography;

namespace Curia.Cryptography;

/// <summary>The two shapes of an ECDSA signature, and the hash that belongs to a curve.</summary>
public static class EcdsaSignature
{
    /// <summary>From r and s of fixed size (IEEE P1363) to a DER sequence of two integers (RFC 3279 section
    /// 2.2.3).</summary>
    /// <exception cref="ArgumentException">The length is odd or zero.</exception>
    public static byte[] ToDer(ReadOnlySpan<byte> signature)
    {
        if (signature.IsEmpty || signature.Length % 2 != 0)
            throw new ArgumentException("r and s have one size.", nameof(signature));
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            WriteNumber(writer, signature[..(signature.Length / 2)]);
            WriteNumber(writer, signature[(signature.Length / 2)..]);
        }

        return writer.Encode();
    }

    /// <summary>From a DER sequence of two integers to r and s, each of the size of a curve; nothing throws.</summary>
    /// <param name="der">What other tools sign with, as <c>openssl dgst -sign</c>.</param>
    /// <param name="curve">The curve of the key.</param>
    /// <param name="signature">r and s (IEEE P1363); empty where it is none.</param>
    /// <returns>False for whatever is no signature of a key of this size.</returns>
    public static bool TryFromDer(ReadOnlyMemory<byte> der, SigningCurve curve, out byte[] signature)
    {
        signature = [];
        int size = SizeOf(curve) / 2;
        try
        {
            AsnReader outer = new(der, AsnEncodingRules.DER);
            AsnReader numbers = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            ReadOnlySpan<byte> r = numbers.ReadIntegerBytes().Span;
            ReadOnlySpan<byte> s = numbers.ReadIntegerBytes().Span;
            numbers.ThrowIfNotEmpty();
            if (r[0] > 0x7F || s[0] > 0x7F) return false; // negative
            r = r.TrimStart((byte)0);
            s = s.TrimStart((byte)0);
            if (r.Length > size || s.Length > size) return false;
            byte[] read = new byte[2 * size];
            r.CopyTo(read.AsSpan(size - r.Length));
            s.CopyTo(read.AsSpan(2 * size - s.Length));
            signature = read;
            return true;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    /// <summary>How many bytes r and s have together (RFC 9053 section 2.1).</summary>
    public static int SizeOf(SigningCurve curve) => curve switch
    {
        SigningCurve.P256 => 64,
        SigningCurve.P384 => 96,
        SigningCurve.P521 => 132,
        _ => throw new ArgumentOutOfRangeException(nameof(curve), curve, "No signature is known for the curve."),
    };

    /// <summary>The hash of the bytes that a key of the curve signs: SHA-256, SHA-384 or SHA-512 (RFC 9053 section
    /// 2.1).</summary>
    public static byte[] Hash(SigningCurve curve, ReadOnlySpan<byte> bytes) => curve switch
    {
        SigningCurve.P256 => SHA256.HashData(bytes),
        SigningCurve.P384 => SHA384.HashData(bytes),
        SigningCurve.P521 => SHA512.HashData(bytes),
        _ => throw new ArgumentOutOfRangeException(nameof(curve), curve, "No hash is known for the curve."),
    };

    // DER wants the shortest form, and no number that looks negative.
    private static void WriteNumber(AsnWriter writer, ReadOnlySpan<byte> number)
    {
        while (number.Length > 1 && number[0] == 0) number = number[1..];
        writer.WriteIntegerUnsigned(number);
    }
}
