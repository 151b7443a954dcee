using System;
using System.Security.Cryptography;
using Curia.Cryptography;

namespace Curia.Tests.Cryptography;

public sealed class SignerTests
{
    [Theory]
    [InlineData(SigningCurve.P256, 64)]
    [InlineData(SigningCurve.P384, 96)]
    public void A_key_made_from_entropy_signs_what_its_public_half_verifies(SigningCurve curve, int size)
    {
        using EcdsaSigner signer = EcdsaSigner.Generate(new SystemEntropy(), curve);
        byte[] hash = SHA256.HashData("root"u8);
        byte[] signature = signer.SignHash(hash);
        Assert.Equal(size, signature.Length);
        Assert.True(SignatureVerifier.TryFromSubjectPublicKeyInfo(
            signer.SubjectPublicKeyInfo.Span, out SignatureVerifier? verifier));
        Assert.True(verifier!.VerifyHash(hash, signature));
        hash[0] ^= 1;
        Assert.False(verifier.VerifyHash(hash, signature));
        Assert.False(verifier.VerifyHash(hash, signature.AsSpan(1)));
    }

    // What `openssl ecparam -name NAME -genkey` writes has two blocks; only the second is a key.
    [Fact]
    public void A_private_key_is_read_with_its_curve()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        string parameters = "-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n";
        Assert.True(EcdsaSigner.TryFromPem(parameters + key.ExportECPrivateKeyPem(), out EcdsaSigner? signer));
        using (signer) Assert.Equal(SigningCurve.P384, signer!.Curve);
    }

    [Fact]
    public void A_public_key_is_no_private_key()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.False(EcdsaSigner.TryFromPem(key.ExportSubjectPublicKeyInfoPem(), out _));
    }

    [Fact]
    public void A_key_on_a_curve_of_the_same_size_is_refused()
    {
        using ECDsa key = ECDsa.Create(ECCurve.CreateFromValue("1.3.132.0.10")); // secp256k1
        Assert.False(EcdsaSigner.TryFromPem(key.ExportECPrivateKeyPem(), out _));
    }

    [Fact]
    public void The_same_entropy_gives_the_same_key()
    {
        using EcdsaSigner first = EcdsaSigner.Generate(new Counting());
        using EcdsaSigner second = EcdsaSigner.Generate(new Counting());
        Assert.Equal(first.SubjectPublicKeyInfo.ToArray(), second.SubjectPublicKeyInfo.ToArray());
    }

    [Fact]
    public void A_key_goes_to_a_file_and_back()
    {
        using EcdsaSigner signer = EcdsaSigner.Generate(new SystemEntropy());
        Assert.True(EcdsaSigner.TryFromPem(signer.ExportPem(), out EcdsaSigner? again));
        Assert.Equal(signer.SubjectPublicKeyInfo.ToArray(), again!.SubjectPublicKeyInfo.ToArray());
        Assert.False(EcdsaSigner.TryFromPem("not a key", out _));
    }

    private sealed class Counting : Entropy
    {
        private byte next;

        public override void Fill(Span<byte> target)
        {
            foreach (ref byte b in target) b = next++;
        }
    }
}
