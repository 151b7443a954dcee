using System;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using System.Text;
using CsCheck;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Tests.Ledger;

namespace Curia.Tests.Governance;

/// <summary>A member's word for one charter, which is good for no other one and of nobody else (docs/charter.md,
/// "Signatures").</summary>
public sealed class CharterSignatureTests
{
    private static readonly CharterContent content = MadeCharter.Content();
    private static readonly Charter charter = MadeCharter.Of(content);
    private static readonly (EcdsaSigner Key, Certificate Certificate) beta = MadeCharter.Actor("beta");

    [Fact]
    public void A_member_signs_and_everybody_verifies()
    {
        byte[] bytes = CharterSignature.Sign(charter, beta.Certificate, beta.Key);
        Assert.True(CharterSignature.TryVerify(charter, bytes, out CharterSignature? signature, out var fault));
        Assert.Null(fault);
        Assert.Equal(("beta", content.Members["beta"].Id), (signature.MemberName, signature.Member));
        Assert.Equal(bytes, signature.Encoded.ToArray());
    }

    // RFC 9052 section 4.4, as the framework reads it.
    [Fact]
    public void The_framework_verifies_it_too()
    {
        byte[] bytes = CharterSignature.Sign(charter, beta.Certificate, beta.Key);
        CoseSign1Message message = CoseMessage.DecodeSign1(bytes);
        using ECDsa key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(beta.Certificate.SubjectPublicKeyInfo.Span, out _);
        Assert.True(message.VerifyEmbedded(key));
        Assert.Equal(charter.Digest.ToArray(), message.Content!.Value.ToArray());
        Assert.Equal(
            CharterSignature.MessageType,
            message.ProtectedHeaders[new CoseHeaderLabel("ccf.gov.msg.type")].GetValueAsString());
    }

    [Theory]
    [InlineData(SigningCurve.P256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)]
    [InlineData(SigningCurve.P256, DSASignatureFormat.Rfc3279DerSequence)]
    [InlineData(SigningCurve.P384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)]
    [InlineData(SigningCurve.P384, DSASignatureFormat.Rfc3279DerSequence)]
    public void A_key_in_a_device_signs_in_two_steps(SigningCurve curve, DSASignatureFormat format)
    {
        using EcdsaSigner key = EcdsaSigner.Generate(new SystemEntropy(), curve);
        Certificate certificate = MadeCharter.CertificateOf("beta", key);
        Charter own = MadeCharter.Of(content with
        {
            Members = content.Members.With("beta", content.Members["beta"] with { Certificate = certificate }),
        });
        using ECDsa device = ECDsa.Create();
        device.ImportFromPem(key.ExportPem());
        byte[] toSign = CharterSignature.BytesToSign(own, certificate);
        byte[] made = device.SignData(
            toSign, curve == SigningCurve.P256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA384, format);
        byte[] plain = made;
        if (format == DSASignatureFormat.Rfc3279DerSequence)
            Assert.True(EcdsaSignature.TryFromDer(made, curve, out plain));
        Assert.Equal(EcdsaSignature.SizeOf(curve), plain.Length);
        byte[] bytes = CharterSignature.Assemble(own, certificate, plain);
        Assert.True(CharterSignature.TryVerify(own, bytes, out CharterSignature? signature, out _));
        Assert.Equal("beta", signature.MemberName);

        // The two steps need nothing between them.
        Assert.Equal(toSign, CharterSignature.BytesToSign(MadeCharter.Of(own.Content), certificate));
    }

    [Fact]
    public void A_signature_is_good_for_no_other_charter()
    {
        byte[] bytes = CharterSignature.Sign(charter, beta.Certificate, beta.Key);
        Charter other = MadeCharter.Of(content with { RecoveryThreshold = 3 });
        Assert.Equal(CharterSignatureFault.AnotherCharter, Refuse(bytes, other));
    }

    [Theory]
    [InlineData("somebody else")]
    [InlineData("bank")] // a participant
    public void Only_members_sign(string name)
    {
        (EcdsaSigner key, Certificate certificate) = MadeCharter.Actor(name);
        Assert.Equal(
            CharterSignatureFault.UnknownMember, Refuse(CharterSignature.Sign(charter, certificate, key)));
    }

    // The look-alike says that it is the member.
    [Fact]
    public void A_member_named_by_another_key_has_not_signed()
    {
        using EcdsaSigner other = EcdsaSigner.Generate(new SystemEntropy());
        Assert.Equal(
            CharterSignatureFault.Invalid, Refuse(CharterSignature.Sign(charter, beta.Certificate, other)));
        Assert.Equal(CharterSignatureFault.Invalid,
            Refuse(CharterSignature.Assemble(charter, beta.Certificate, new byte[64])));
    }

    [Fact]
    public void A_message_of_another_type_is_no_signature()
    {
        byte[] proposal = MemberMessage.Sign(
            beta.Key, content.Members["beta"].Id, MemberMessage.ProposalType, DateTimeOffset.UnixEpoch,
            charter.Digest.ToArray());
        Assert.Equal(CharterSignatureFault.AnotherType, Refuse(proposal));
        Assert.Equal(CharterSignatureFault.AnotherType, Refuse(Signed(_ => { }, "ccf.gov.msg.typ")));
        Assert.Null(Find(Signed(_ => { })));
    }

    // RFC 9052 section 3.1: what must be understood and is not, is refused.
    [Fact]
    public void A_critical_header_that_is_not_known_is_refused() => Assert.Equal(
        CharterSignatureFault.UnknownCriticalHeader,
        Refuse(Signed(headers =>
        {
            headers.Add(new CoseHeaderLabel("foo"), "bar");
            headers.Add(
                CoseHeaderLabel.CriticalHeaders, CoseHeaderValue.FromEncodedValue([0x81, 0x63, 0x66, 0x6F, 0x6F]));
        })));

    [Fact]
    public void A_signature_without_its_content_is_refused()
    {
        CborReader reader = new(CharterSignature.Sign(charter, beta.Certificate, beta.Key));
        reader.ReadTag();
        reader.ReadStartArray();
        byte[] header = reader.ReadEncodedValue().ToArray();
        reader.SkipValue();
        reader.SkipValue();
        byte[] detached = [0xD2, 0x84, .. header, 0xA0, 0xF6, .. reader.ReadEncodedValue().Span];
        Assert.True(CoseSign1.TryDecode(detached, out _));
        Assert.Equal(CharterSignatureFault.Malformed, Refuse(detached));
        Assert.Equal(CharterSignatureFault.Malformed, Refuse([]));
        Assert.Equal(CharterSignatureFault.Malformed, Refuse(new byte[1 << 20]));
    }

    [Fact]
    public void Each_changed_bit_is_refused()
    {
        byte[] bytes = CharterSignature.Sign(charter, beta.Certificate, beta.Key);
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.NotNull(Find(bytes));
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.Null(Find(bytes));
    }

    [Fact]
    public void Any_bytes_give_a_signature_or_a_reason() =>
        Bytes.Around(CharterSignature.Sign(charter, beta.Certificate, beta.Key)).Sample(bytes =>
            CharterSignature.TryVerify(charter, bytes, out var signature, out var fault)
                == signature is not null && signature is null == fault is not null);

    private static CharterSignatureFault? Find(byte[] bytes)
    {
        CharterSignature.TryVerify(charter, bytes, out _, out CharterSignatureFault? fault);
        return fault;
    }

    private static CharterSignatureFault Refuse(byte[] bytes, Charter? of = null)
    {
        Assert.False(CharterSignature.TryVerify(of ?? charter, bytes, out CharterSignature? signature, out var fault));
        Assert.Null(signature);
        return fault.Value;
    }

    private static byte[] Signed(Action<CoseHeaderMap> change, string typeLabel = "ccf.gov.msg.type")
    {
        using ECDsa key = ECDsa.Create();
        key.ImportFromPem(beta.Key.ExportPem());
        CoseSigner signer = new(key, HashAlgorithmName.SHA256);
        signer.ProtectedHeaders.Add(
            CoseHeaderLabel.KeyIdentifier, Encoding.ASCII.GetBytes(beta.Certificate.Fingerprint.ToString()));
        signer.ProtectedHeaders.Add(new CoseHeaderLabel(typeLabel), CharterSignature.MessageType);
        change(signer.ProtectedHeaders);
        return CoseSign1Message.SignEmbedded(charter.Digest.ToArray(), signer);
    }
}
