using System;
using System.Formats.Asn1;
using System.Security.Cryptography;
using Curia.Cryptography;

namespace Curia.Attestation;

/// <summary>The signatures that vendors put on certificates and revocation lists.</summary>
internal static class X509Signature
{
    private const string RsaPss = "1.2.840.113549.1.1.10";
    private const string MaskGeneration = "1.2.840.113549.1.1.8";
    private const string Sha384 = "2.16.840.1.101.3.4.2.2";
    private const int SaltSize = 48;

    // RSA keys from 2048 bits on are what vendors have; a larger one than 4096 would only cost time.
    private const int KeyBitsMin = 2048;
    private const int KeyBitsMax = 4096;

    /// <summary>Whether the key signed the bytes with the algorithm; nothing throws.</summary>
    /// <param name="key">SubjectPublicKeyInfo.</param>
    /// <param name="algorithm">AlgorithmIdentifier.</param>
    /// <param name="signed">What was signed.</param>
    /// <param name="signature">The signature.</param>
    public static bool Verify(
        ReadOnlySpan<byte> key,
        ReadOnlyMemory<byte> algorithm,
        ReadOnlySpan<byte> signed,
        ReadOnlySpan<byte> signature)
    {
        switch (NameOf(algorithm))
        {
            case RsaPss: return VerifyPss384(key, signed, signature);

            // RFC 4055 section 5: PKCS #1 version 1.5 with SHA-256, SHA-384, SHA-512.
            case "1.2.840.113549.1.1.11": return VerifyPkcs1(key, signed, signature, HashAlgorithmName.SHA256);
            case "1.2.840.113549.1.1.12": return VerifyPkcs1(key, signed, signature, HashAlgorithmName.SHA384);
            case "1.2.840.113549.1.1.13": return VerifyPkcs1(key, signed, signature, HashAlgorithmName.SHA512);

            // RFC 5758 section 3.2: ECDSA.
            case "1.2.840.10045.4.3.2": return VerifyEcdsa(key, SHA256.HashData(signed), signature);
            case "1.2.840.10045.4.3.3": return VerifyEcdsa(key, SHA384.HashData(signed), signature);
            default: return false;
        }
    }

    /// <summary>RSASSA-PSS with SHA-384, MGF1 with SHA-384 and a salt of 48 bytes: what AMD signs with (57230 chapter
    /// 3) and what COSE calls PS384 (RFC 8230 section 2).</summary>
    public static bool VerifyPss384(ReadOnlySpan<byte> key, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature) =>
        VerifyRsa(key, signed, signature, HashAlgorithmName.SHA384, RSASignaturePadding.Pss);

    private static bool VerifyPkcs1(
        ReadOnlySpan<byte> key, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature, HashAlgorithmName hash) =>
        VerifyRsa(key, signed, signature, hash, RSASignaturePadding.Pkcs1);

    private static bool VerifyRsa(
        ReadOnlySpan<byte> key,
        ReadOnlySpan<byte> signed,
        ReadOnlySpan<byte> signature,
        HashAlgorithmName hash,
        RSASignaturePadding padding)
    {
        try
        {
            using RSA rsa = RSA.Create();
            rsa.ImportSubjectPublicKeyInfo(key, out int read);
            return read == key.Length && rsa.KeySize is >= KeyBitsMin and <= KeyBitsMax
                && rsa.VerifyData(signed, signature, hash, padding);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static bool VerifyEcdsa(ReadOnlySpan<byte> key, ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature)
    {
        if (!SignatureVerifier.TryFromSubjectPublicKeyInfo(key, out SignatureVerifier? verifier)) return false;
        using (verifier) return verifier!.VerifyHashDer(hash, signature);
    }

    // The name of an algorithm whose parameters are those that we verify with, else nothing.
    private static string? NameOf(ReadOnlyMemory<byte> algorithm)
    {
        try
        {
            // AMD writes the default trailer field out, which DER does not (X.690 section 11.5): BER reads both.
            AsnReader reader = new AsnReader(algorithm, AsnEncodingRules.BER).ReadSequence();
            string name = reader.ReadObjectIdentifier();
            if (name == RsaPss) return ParametersArePss384(reader.ReadSequence()) && !reader.HasData ? name : null;
            if (reader.HasData) reader.ReadNull();
            return reader.HasData ? null : name;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    // RFC 4055 section 3.1: the defaults are SHA-1, so that nothing but the trailer field may be left out.
    private static bool ParametersArePss384(AsnReader parameters)
    {
        AsnReader hash = Explicit(parameters, 0);
        if (!IsSha384(hash.ReadSequence())) return false;
        AsnReader mask = Explicit(parameters, 1).ReadSequence();
        if (mask.ReadObjectIdentifier() != MaskGeneration || !IsSha384(mask.ReadSequence())) return false;
        if (!Explicit(parameters, 2).TryReadInt32(out int salt) || salt != SaltSize) return false;
        return !parameters.HasData
            || (Explicit(parameters, 3).TryReadInt32(out int trailer) && trailer == 1 && !parameters.HasData);
    }

    private static AsnReader Explicit(AsnReader reader, int tag) =>
        reader.ReadSequence(new Asn1Tag(TagClass.ContextSpecific, tag));

    private static bool IsSha384(AsnReader algorithm)
    {
        string name = algorithm.ReadObjectIdentifier();
        if (algorithm.HasData) algorithm.ReadNull();
        return name == Sha384 && !algorithm.HasData;
    }
}
