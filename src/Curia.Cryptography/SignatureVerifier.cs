using System;
using System.Security.Cryptography;

namespace Curia.Cryptography;

/// <summary>The public half of an ECDSA key on P-256, P-384 or P-521. Safe to call from any thread.</summary>
public sealed class SignatureVerifier : IDisposable
{
    private readonly ECDsa key;

    private SignatureVerifier(ECDsa key, SigningCurve curve)
    {
        this.key = key;
        Curve = curve;
        SubjectPublicKeyInfo = key.ExportSubjectPublicKeyInfo();
    }

    /// <summary>The curve of the key.</summary>
    public SigningCurve Curve { get; }

    /// <summary>The key as SubjectPublicKeyInfo, DER.</summary>
    public ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; }

    /// <summary>Reads a SubjectPublicKeyInfo; trailing bytes, other algorithms and other curves are refused.</summary>
    public static bool TryFromSubjectPublicKeyInfo(ReadOnlySpan<byte> der, out SignatureVerifier? verifier)
    {
        verifier = null;
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportSubjectPublicKeyInfo(der, out int read);
            string? oid = key.ExportParameters(false).Curve.Oid?.Value;
            SigningCurve? curve = oid switch
            {
                "1.2.840.10045.3.1.7" => SigningCurve.P256,
                "1.3.132.0.34" => SigningCurve.P384,
                "1.3.132.0.35" => SigningCurve.P521,
                _ => null,
            };
            if (read != der.Length || curve is null) return false;
            verifier = new SignatureVerifier(key, curve.Value);
            return true;
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            return false; // the second is how the framework answers an unknown curve
        }
        finally
        {
            if (verifier is null) key.Dispose();
        }
    }

    /// <summary>Checks r and s of fixed size (IEEE P1363) over a digest; any other shape is just not a
    /// signature.</summary>
    public bool VerifyHash(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature) =>
        Verify(hash, signature, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    /// <summary>Checks a DER signature (RFC 3279 section 2.2.3) over a digest; any other shape is just not a
    /// signature.</summary>
    public bool VerifyHashDer(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature) =>
        Verify(hash, signature, DSASignatureFormat.Rfc3279DerSequence);

    /// <inheritdoc/>
    public void Dispose() => key.Dispose();

    private bool Verify(ReadOnlySpan<byte> hash, ReadOnlySpan<byte> signature, DSASignatureFormat format)
    {
        try
        {
            return key.VerifyHash(hash, signature, format);
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
