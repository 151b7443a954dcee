using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

/// <summary>What an older service key says of the newer one is said by it alone, for that key alone, and names where
/// it stopped. docs/ledger-format.md, "Epoch".</summary>
public sealed class ServiceEndorsementTests : IDisposable
{
    private const string Network = "service.example.com";
    private const int SignatureSize = 64; // P-256
    private static readonly TxId Stopped = new(new View(2), new SeqNo(40));
    private static readonly Digest Root = Digest.Of("root"u8);

    private readonly SampleLedger older = new("older");
    private readonly SampleLedger newer = new("newer");
    private readonly SampleLedger stranger = new("stranger");

    public void Dispose()
    {
        older.Dispose();
        newer.Dispose();
        stranger.Dispose();
    }

    [Theory]
    [InlineData(SigningCurve.P256)]
    [InlineData(SigningCurve.P384)]
    [InlineData(SigningCurve.P521)]
    public void An_endorsement_reads_back_as_what_was_signed(SigningCurve curve)
    {
        using EcdsaSigner key = NewKey(curve);
        Certificate certificate = SelfSigned(key);
        ServiceEndorsement signed = Sign(key);
        Assert.True(ServiceEndorsement.TryDecode(signed.Bytes, out ServiceEndorsement? read));
        Assert.Equal((certificate.KeyDigest, Network, Stopped, Root),
            (read.KeyId, read.Issuer, read.Continues, read.Root));
        Assert.True(read.IsFor(certificate, newer.ServiceCertificate));
        Assert.True(signed.IsFor(certificate, newer.ServiceCertificate));
    }

    [Fact]
    public void Every_changed_bit_is_refused_or_is_not_what_the_older_key_signed()
    {
        byte[] bytes = Sign(older.ServiceKey).Bytes.ToArray();
        int read = 0;
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            byte[] changed = [.. bytes];
            changed[bit / 8] ^= (byte)(1 << (bit % 8));
            if (!ServiceEndorsement.TryDecode(changed, out ServiceEndorsement? endorsement)) continue;
            read++;
            Assert.False(endorsement.IsFor(older.ServiceCertificate, newer.ServiceCertificate),
                $"bit {bit % 8} of byte {bit / 8}");
        }

        Assert.True(read >= 8 * (SignatureSize + Digest.Size), $"only {read} of these came to a signature");
    }

    [Fact]
    public void Nothing_may_be_cut_off_or_stand_behind()
    {
        byte[] bytes = Sign(older.ServiceKey).Bytes.ToArray();
        for (int length = 0; length < bytes.Length; length++)
            Assert.False(ServiceEndorsement.TryDecode(bytes.AsMemory(0, length), out _), $"{length} bytes");
        Assert.False(ServiceEndorsement.TryDecode((byte[])[.. bytes, 0], out _));
    }

    [Fact]
    public void Another_key_on_either_side_is_not_what_was_endorsed()
    {
        ServiceEndorsement endorsement = Sign(older.ServiceKey);
        Assert.False(endorsement.IsFor(stranger.ServiceCertificate, newer.ServiceCertificate));
        Assert.False(endorsement.IsFor(older.ServiceCertificate, stranger.ServiceCertificate));
        Assert.False(endorsement.IsFor(older.ServiceCertificate, older.ServiceCertificate));
        Assert.False(endorsement.IsFor(newer.ServiceCertificate, older.ServiceCertificate));
    }

    // The header of one and the signature of another: both are good where they were made.
    [Fact]
    public void Network_name_txid_and_root_are_under_the_signature()
    {
        byte[] signed = Sign(older.ServiceKey).Bytes.ToArray();
        ServiceEndorsement[] others =
        [
            Sign(older.ServiceKey, network: "another.example.com"),
            Sign(older.ServiceKey, continues: new TxId(new View(2), new SeqNo(41))),
            Sign(older.ServiceKey, continues: new TxId(new View(3), new SeqNo(40))),
            Sign(older.ServiceKey, root: Digest.Of("another root"u8)),
        ];
        foreach (ServiceEndorsement other in others)
        {
            Assert.True(other.IsFor(older.ServiceCertificate, newer.ServiceCertificate));
            byte[] mixed = [.. other.Bytes.Span[..^SignatureSize], .. signed[^SignatureSize..]];
            Assert.True(ServiceEndorsement.TryDecode(mixed, out ServiceEndorsement? read));
            Assert.Equal((other.Issuer, other.Continues, other.Root), (read.Issuer, read.Continues, read.Root));
            Assert.False(read.IsFor(older.ServiceCertificate, newer.ServiceCertificate));
        }
    }

    // The signature is right for the key that made it; the header names another.
    [Fact]
    public void A_key_cannot_sign_in_the_name_of_another_one()
    {
        Assert.True(CoseSign1.TryDecode(Sign(older.ServiceKey).Bytes, out CoseSign1? cose));
        byte[] forged = Resign(cose!.ProtectedHeader.Span, stranger.ServiceKey);
        Assert.True(ServiceEndorsement.TryDecode(forged, out ServiceEndorsement? endorsement));
        Assert.Equal(older.ServiceCertificate.KeyDigest, endorsement.KeyId);
        Assert.False(endorsement.IsFor(older.ServiceCertificate, newer.ServiceCertificate));
        Assert.False(endorsement.IsFor(stranger.ServiceCertificate, newer.ServiceCertificate));
    }

    // Signed by the older key as it stands, so that only its form speaks against it.
    [Theory]
    [InlineData("service.endorsement", "service.endorsemenx")]
    [InlineData("curia.v1", "curia.v2")]
    [InlineData("continues", "continueS")]
    [InlineData("root", "rood")]
    [InlineData("2.40", "2.04")]
    [InlineData("2.40", "0240")]
    public void Another_header_is_no_endorsement_although_the_older_key_signed_it(string text, string other)
    {
        Assert.True(CoseSign1.TryDecode(Sign(older.ServiceKey).Bytes, out CoseSign1? cose));
        byte[] header = cose!.ProtectedHeader.ToArray();
        int at = header.AsSpan().IndexOf(Encoding.ASCII.GetBytes(text));
        Encoding.ASCII.GetBytes(other).CopyTo(header, at);
        Assert.False(ServiceEndorsement.TryDecode(Resign(header, older.ServiceKey), out _));
    }

    // One value has one encoding: what a COSE library takes as the same message is refused.
    [Fact]
    public void The_same_message_in_another_encoding_is_refused()
    {
        ServiceEndorsement endorsement = Sign(older.ServiceKey);
        Assert.True(CoseSign1.TryDecode(endorsement.Bytes, out CoseSign1? cose));
        byte[] header = cose!.ProtectedHeader.ToArray();
        int keyId = header.AsSpan().IndexOf(Encoding.ASCII.GetBytes(endorsement.KeyId.ToString()));
        byte[] upper = Encoding.ASCII.GetBytes(endorsement.KeyId.ToString().ToUpperInvariant());
        upper.CopyTo(header, keyId);
        foreach (byte[] same in new List<byte[]>
        {
            cose.WithUnprotected([0xA1, 0x18, 0x20, 0x00]),
            cose.WithPayload(newer.ServiceKey.SubjectPublicKeyInfo.Span),
            endorsement.Bytes[1..].ToArray(), // without the tag
            Resign(header, older.ServiceKey),
        })
        {
            Assert.True(CoseSign1.TryDecode(same, out CoseSign1? read, tagOptional: true));
            Assert.True(read!.Verify(older.ServiceCertificate.Key, newer.ServiceKey.SubjectPublicKeyInfo.Span));
            Assert.False(ServiceEndorsement.TryDecode(same, out _));
        }
    }

    [Fact]
    public void The_signature_of_a_root_is_no_endorsement()
    {
        older.WriteGenesis();
        Assert.True(Block.TryDecode(older.Blocks[0].Bytes, out Block? block));
        Assert.True(CoseSign1.TryDecode(block.Signature.CoseSignature.ToArray(), out _));
        Assert.False(ServiceEndorsement.TryDecode(block.Signature.CoseSignature.ToArray(), out _));
    }

    [Fact]
    public void The_longest_name_and_txid_on_the_largest_curve_can_be_read()
    {
        using EcdsaSigner key = NewKey(SigningCurve.P521);
        TxId last = new(View.Max, SeqNo.Max);
        ServiceEndorsement signed = Sign(key, last, Root, new string('n', 256));
        Assert.True(ServiceEndorsement.TryDecode(signed.Bytes, out ServiceEndorsement? read));
        Assert.Equal(last, read.Continues);
        Assert.True(read.IsFor(SelfSigned(key), newer.ServiceCertificate));
        Assert.Throws<InvariantException>(() => Sign(key, network: new string('n', 257)));
        Assert.Throws<InvariantException>(() => Sign(key, network: ""));
    }

    // Curia makes no key on P-521; the format knows them.
    private static EcdsaSigner NewKey(SigningCurve curve)
    {
        if (curve != SigningCurve.P521) return EcdsaSigner.Generate(new SeededEntropy("key"), curve);
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        Assert.True(EcdsaSigner.TryFromPem(key.ExportPkcs8PrivateKeyPem(), out EcdsaSigner? signer));
        return signer!;
    }

    private static Certificate SelfSigned(Signer key)
    {
        byte[] der = CertificateAuthority.SelfSigned(
            key, "service", SampleLedger.Start, SampleLedger.Start.AddYears(1), new SeededEntropy("certificate"));
        Assert.True(Certificate.TryFromDer(der, out Certificate? certificate));
        return certificate!;
    }

    private ServiceEndorsement Sign(
        Signer key, TxId? continues = null, Digest? root = null, string network = Network) =>
        ServiceEndorsement.Sign(
            key, newer.ServiceKey.SubjectPublicKeyInfo.Span, continues ?? Stopped, root ?? Root, network);

    private byte[] Resign(ReadOnlySpan<byte> header, Signer key) =>
        CoseSign1.Sign(key, header, newer.ServiceKey.SubjectPublicKeyInfo.Span, detached: true);
}
