using System;
using System.Security.Cryptography;
using CsCheck;
using Curia.Cryptography;
using Curia.Tests.Governance;
using Curia.Tests.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Cryptography;

/// <summary>RSA public keys of members: one key has one form (RFC 3279 section 2.3.1).</summary>
public sealed class EncryptionKeyTests
{
    [Theory]
    [InlineData(2048)]
    [InlineData(3072)]
    public void A_key_of_the_framework_is_read(int bits)
    {
        using RSA rsa = RSA.Create(bits);
        byte[] der = rsa.ExportSubjectPublicKeyInfo();
        Assert.True(EncryptionKey.TryFromDer(der, out EncryptionKey? key));
        Assert.Equal((bits, Digest.Of(der)), (key!.Bits, key.Fingerprint));
        Assert.Equal(der, key.Der.ToArray());
        Assert.Equal(rsa.ExportSubjectPublicKeyInfoPem(), key.ToPem().TrimEnd());
        Assert.True(EncryptionKey.TryFromPem(key.ToPem(), out EncryptionKey? again));
        Assert.Equal(key.Fingerprint, again!.Fingerprint);
        Assert.False(EncryptionKey.TryFromPem(rsa.ExportRSAPublicKeyPem(), out _));
        Assert.False(EncryptionKey.TryFromPem(rsa.ExportPkcs8PrivateKeyPem(), out _));
        Assert.False(EncryptionKey.TryFromPem(key.ToPem() + key.ToPem(), out _));
    }

    [Fact]
    public void What_is_no_key_that_is_in_use_is_refused()
    {
        Assert.True(EncryptionKey.TryFromDer(MadeCharter.RsaInfo(1), out _));
        Assert.True(EncryptionKey.TryFromDer(MadeCharter.RsaInfo(1, bits: EncryptionKey.BitsMax), out _));
        Assert.False(EncryptionKey.TryFromDer(MadeCharter.RsaInfo(1, bits: 1024), out _));
        Assert.False(EncryptionKey.TryFromDer(MadeCharter.RsaInfo(1, bits: EncryptionKey.BitsMax + 8), out _));
        Assert.False(EncryptionKey.TryFromDer(MadeCharter.RsaInfo(1, exponent: 3), out _));
        Assert.False(EncryptionKey.TryFromDer(MadeCharter.RsaInfo(1, exponent: 65538), out _));
        Assert.False(EncryptionKey.TryFromDer(MadeCharter.RsaInfo(1, exponent: -65537), out _));
        Assert.False(EncryptionKey.TryFromDer(MadeCharter.RsaInfo(1, oid: "1.2.840.113549.1.1.10"), out _));
        Assert.False(EncryptionKey.TryFromDer(MadeCharter.Actor("x").Certificate.SubjectPublicKeyInfo.Span, out _));
        Assert.False(EncryptionKey.TryFromDer([.. MadeCharter.RsaInfo(1), 0], out _));
    }

    [Fact]
    public void Any_bytes_give_a_key_or_none() => Bytes.Around(MadeCharter.RsaInfo(1)).Sample(bytes =>
        EncryptionKey.TryFromDer(bytes, out EncryptionKey? key)
            ? key!.Der.Span.SequenceEqual(bytes) && key.Bits >= EncryptionKey.BitsMin
            : key is null);

    [Theory]
    [InlineData("3006020101020102", true)]
    [InlineData("30070202008102 0102", true)]
    [InlineData("3006020181020102", false)] // negative
    [InlineData("300602010102010200", false)] // a byte behind
    [InlineData("30050201010201", false)]
    [InlineData("3003020101", false)]
    [InlineData("", false)]
    public void A_signature_in_DER_is_two_positive_numbers(string hex, bool isOne)
    {
        byte[] der = Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal));
        Assert.Equal(isOne, EcdsaSignature.TryFromDer(der, SigningCurve.P256, out byte[] signature));
        Assert.Equal(isOne ? 64 : 0, signature.Length);
        if (isOne) Assert.Equal(der, EcdsaSignature.ToDer(signature));
    }

    [Fact]
    public void A_signature_in_DER_is_one_of_a_key_of_this_size()
    {
        byte[] large = new byte[96];
        Array.Fill(large, (byte)0x7F);
        byte[] der = EcdsaSignature.ToDer(large);
        Assert.False(EcdsaSignature.TryFromDer(der, SigningCurve.P256, out _));
        Assert.True(EcdsaSignature.TryFromDer(der, SigningCurve.P384, out byte[] signature));
        Assert.Equal(large, signature);
    }
}
