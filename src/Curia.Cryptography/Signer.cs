using System;
using System.Numerics;
using System.Security.Cryptography;
using Curia.Vocabulary;

namespace Curia.Cryptography;

/// <summary>The curve of a signing key, with the hash that belongs to it (RFC 9053 section 2.1).</summary>
public enum SigningCurve
{
    /// <summary>NIST P-256 with SHA-256; COSE algorithm ES256 (-7).</summary>
    P256,

    /// <summary>NIST P-384 with SHA-384; COSE algorithm ES384 (-35).</summary>
    P384,

    /// <summary>NIST P-521 with SHA-512; COSE algorithm ES512 (-36). Read, never made.</summary>
    P521,
}

/// <summary>The private half of a signing key. A seam: the node signs with <see cref="EcdsaSigner"/>, the simulation
/// with a signer whose signatures repeat from a seed.</summary>
public abstract class Signer : IDisposable
{
    /// <summary>The curve of the key.</summary>
    public abstract SigningCurve Curve { get; }

    /// <summary>The public half as SubjectPublicKeyInfo, DER (RFC 5280 section 4.1.2.7).</summary>
    public abstract ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; }

    /// <summary>Signs a digest that the caller computed.</summary>
    /// <param name="hash">The digest itself, of any usual size (ECDSA truncates or pads it to the curve).</param>
    /// <returns>r and s, each of the size of the curve (IEEE P1363): 64 bytes on P-256.</returns>
    public abstract byte[] SignHash(ReadOnlySpan<byte> hash);

    /// <summary>A copy of the private key, to be sealed by the platform; the class that made it opens it again. The
    /// caller disposes it.</summary>
    public abstract SecretBytes Export();

    /// <summary>Clears the key.</summary>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Clears the key.</summary>
    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>ECDSA with a key of this process. Safe to call from any thread.</summary>
public sealed class EcdsaSigner : Signer
{
    // A key, and its parameters and certificates beside it, as some tools write them into one file.
    private const int PemBlocksMax = 16;

    private readonly ECDsa key;

    private EcdsaSigner(ECDsa key, SigningCurve curve)
    {
        this.key = key;
        Curve = curve;
        SubjectPublicKeyInfo = key.ExportSubjectPublicKeyInfo();
    }

    /// <inheritdoc/>
    public override SigningCurve Curve { get; }

    /// <inheritdoc/>
    public override ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; }

    /// <summary>A new key on P-256 or P-384 whose private half comes from the entropy alone.</summary>
    /// <remarks>FIPS 186-5, A.2.1 (extra random bits): 64 bits more than the order, reduced, plus one.</remarks>
    public static EcdsaSigner Generate(Entropy entropy, SigningCurve curve = SigningCurve.P256)
    {
        ArgumentNullException.ThrowIfNull(entropy);
        using SecretBytes scalar = PrivateScalar(entropy, curve);
        byte[] d = scalar.Reveal().ToArray();
        try
        {
            return new EcdsaSigner(ECDsa.Create(new ECParameters { Curve = Named(curve), D = d }), curve);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(d);
        }
    }

    /// <summary>The private number of a new key, big-endian, of the size of the curve.</summary>
    public static SecretBytes PrivateScalar(Entropy entropy, SigningCurve curve)
    {
        ArgumentNullException.ThrowIfNull(entropy);
        BigInteger order = Order(curve);
        int size = order.GetByteCount(isUnsigned: true);
        using SecretBytes seed = SecretBytes.Random(size + 8, entropy);
        BigInteger d = new BigInteger(seed.Reveal(), isUnsigned: true, isBigEndian: true) % (order - 1) + 1;
        byte[] bytes = new byte[size];
        byte[] digits = d.ToByteArray(isUnsigned: true, isBigEndian: true);
        digits.CopyTo(bytes, size - digits.Length);
        SecretBytes scalar = new(bytes);
        CryptographicOperations.ZeroMemory(bytes);
        CryptographicOperations.ZeroMemory(digits);
        return scalar;
    }

    /// <summary>Reads an unencrypted private key, PKCS #8 or SEC 1 PEM.</summary>
    /// <returns>False when the text holds no private EC key of a known curve.</returns>
    public static bool TryFromPem(ReadOnlySpan<char> pem, out EcdsaSigner? signer)
    {
        signer = null;
        if (!PemBounds.Hold(pem, PemBlocksMax)) return false;
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            signer = Signing(key);
            return signer is not null;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException
            or PlatformNotSupportedException)
        {
            return false;
        }
        finally
        {
            if (signer is null) key.Dispose();
        }
    }

    /// <summary>Reads a private key that <see cref="Export"/> gave: PKCS #8, DER.</summary>
    /// <returns>False when it is no EC key of a known curve.</returns>
    public static bool TryOpen(SecretBytes exported, out EcdsaSigner? signer)
    {
        ArgumentNullException.ThrowIfNull(exported);
        signer = null;
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportPkcs8PrivateKey(exported.Reveal(), out int read);
            if (read == exported.Length) signer = Signing(key);
            return signer is not null;
        }
        catch (Exception e) when (e is CryptographicException or PlatformNotSupportedException)
        {
            return false;
        }
        finally
        {
            if (signer is null) key.Dispose();
        }
    }

    /// <inheritdoc/>
    public override SecretBytes Export()
    {
        byte[] pkcs8 = ExportPkcs8();
        try
        {
            return new SecretBytes(pkcs8);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(pkcs8);
        }
    }

    /// <summary>The private key as PKCS #8 PEM, for a file of the key's owner; never for a log.</summary>
    public string ExportPem() => key.ExportPkcs8PrivateKeyPem();

    /// <summary>The private key as PKCS #8 DER, for the TLS stack of the shell. The caller clears it.</summary>
    public byte[] ExportPkcs8() => key.ExportPkcs8PrivateKey();

    /// <inheritdoc/>
    public override byte[] SignHash(ReadOnlySpan<byte> hash) =>
        key.SignHash(hash.ToArray(), DSASignatureFormat.IeeeP1363FixedFieldConcatenation);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) key.Dispose();
        base.Dispose(disposing);
    }

    // Other curves have the sizes of ours too, and where text is read a public key is taken as well: that signs
    // nothing.
    private static EcdsaSigner? Signing(ECDsa key)
    {
        bool known = SignatureVerifier.TryFromSubjectPublicKeyInfo(
            key.ExportSubjectPublicKeyInfo(), out SignatureVerifier? verifier);
        using (verifier)
        {
            if (!known) return null;
            key.SignHash(new byte[Digest.Size]);
            return new EcdsaSigner(key, verifier!.Curve);
        }
    }

    private static ECCurve Named(SigningCurve curve) =>
        curve == SigningCurve.P256 ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384;

    // SP 800-186, sections 3.2.1.3 and 3.2.1.4: the order n of the base point.
    private static BigInteger Order(SigningCurve curve) => BigInteger.Parse(
        curve switch
        {
            SigningCurve.P256 => "0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
            SigningCurve.P384 => "0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF"
                + "581A0DB248B0A77AECEC196ACCC52973",
            _ => throw new ArgumentOutOfRangeException(nameof(curve), curve, "Keys are made on P-256 or P-384."),
        },
        System.Globalization.NumberStyles.HexNumber,
        System.Globalization.CultureInfo.InvariantCulture);
}
