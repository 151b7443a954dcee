using System;
using Curia.Cryptography;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.EC;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Math.EC;
using Org.BouncyCastle.Math.EC.Multiplier;
using Org.BouncyCastle.X509;

namespace Curia.Simulation;

/// <summary>A real P-256 key from a seed whose signatures repeat (RFC 6979), so that a run repeats byte for byte and
/// everything that it signs still verifies outside.</summary>
internal sealed class SeededSigner : Signer
{
    private static readonly X9ECParameters curve = CustomNamedCurves.GetByName("P-256");
    private static readonly ECDomainParameters domain = new(curve.Curve, curve.G, curve.N, curve.H, curve.GetSeed());

    private readonly ECPrivateKeyParameters key;

    public SeededSigner(Entropy entropy)
        : this(EcdsaSigner.PrivateScalar(entropy, SigningCurve.P256))
    {
    }

    public SeededSigner(SecretBytes scalar)
    {
        key = new ECPrivateKeyParameters(new BigInteger(1, scalar.Reveal().ToArray()), domain);
        ECPoint point = new FixedPointCombMultiplier().Multiply(domain.G, key.D).Normalize();
        ECPublicKeyParameters half = new(point, Named());
        SubjectPublicKeyInfo = SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(half).GetDerEncoded();
    }

    public override SigningCurve Curve => SigningCurve.P256;

    public override ReadOnlyMemory<byte> SubjectPublicKeyInfo { get; }

    public override SecretBytes Export()
    {
        byte[] scalar = new byte[32];
        Write(key.D, scalar);
        return new SecretBytes(scalar);
    }

    public override byte[] SignHash(ReadOnlySpan<byte> hash)
    {
        ECDsaSigner signer = new(new HMacDsaKCalculator(new Sha256Digest()));
        signer.Init(true, key);
        BigInteger[] pair = signer.GenerateSignature(hash.ToArray());
        byte[] signature = new byte[64];
        Write(pair[0], signature.AsSpan(0, 32));
        Write(pair[1], signature.AsSpan(32, 32));
        return signature;
    }

    private static void Write(BigInteger number, Span<byte> target)
    {
        byte[] digits = number.ToByteArrayUnsigned();
        digits.CopyTo(target[(target.Length - digits.Length)..]);
    }

    // The curve by name (secp256r1, 1.2.840.10045.3.1.7): with explicit parameters no TLS stack would take the key.
    private static ECNamedDomainParameters Named() => new(X9ObjectIdentifiers.Prime256v1, domain);
}
