using System;
using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using System.Text;
using CsCheck;
using Curia.Cryptography;
using Curia.Tests.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Cryptography;

/// <summary>What members sign is what tools of CCF write, and what the framework reads.</summary>
public sealed class MemberMessageTests : IDisposable
{
    private static readonly DateTimeOffset At = new(2026, 11, 26, 9, 30, 0, TimeSpan.Zero);
    private static readonly CoseHeaderLabel Type = new("ccf.gov.msg.type");
    private static readonly CoseHeaderLabel CreatedAt = new("ccf.gov.msg.created_at");
    private static readonly byte[] Payload = Encoding.UTF8.GetBytes("""{"what":"is asked for"}""");

    private readonly SeededEntropy entropy = new("member");
    private readonly EcdsaSigner key;
    private readonly Certificate certificate;

    public MemberMessageTests() => (key, certificate) = NewMember(SigningCurve.P256);

    private MemberId Id => new(certificate.Fingerprint);

    public void Dispose() => key.Dispose();

    [Theory]
    [InlineData(SigningCurve.P256)]
    [InlineData(SigningCurve.P384)]
    public void What_was_signed_is_read_and_verified(SigningCurve curve)
    {
        (EcdsaSigner signer, Certificate of) = NewMember(curve);
        using EcdsaSigner own = signer;
        MemberId id = new(of.Fingerprint);
        byte[] bytes = MemberMessage.Sign(signer, id, MemberMessage.ProposalType, At.AddMilliseconds(900), Payload);
        MemberMessage message = Read(bytes);
        Assert.Equal((id, MemberMessage.ProposalType, At), (message.Member, message.Type, message.CreatedAt));
        Assert.Equal(Payload, message.Payload.ToArray());
        Assert.Equal(bytes, message.Encoded.ToArray());
        Assert.True(message.IsSignedBy(of));
        Assert.False(message.IsSignedBy(certificate));
    }

    // {1: -7, 4: '<64 hexadecimal digits>', "ccf.gov.msg.type": "proposal", "ccf.gov.msg.created_at": 1795685400}
    [Fact]
    public void The_bytes_are_those_that_tools_of_CCF_write()
    {
        MemberId id = new(Digest.Of("member"u8));
        byte[] bytes = MemberMessage.Sign(key, id, "proposal", At, "{}"u8);
        const string Expected = "d284" + "587c" + "a4" + "0126" + "045840"
            + "65333161623634336334346637613065633832346235396431313934643630646163333334323030643834356536316432"
            + "643238396461613066303837656134"
            + "70" + "6363662e676f762e6d73672e74797065" + "68" + "70726f706f73616c"
            + "76" + "6363662e676f762e6d73672e637265617465645f6174" + "1a" + "6b07fc18"
            + "a0" + "42" + "7b7d" + "5840";
        Assert.Equal(Expected, Convert.ToHexStringLower(bytes.AsSpan(..^64)));
    }

    [Theory]
    [InlineData(SigningCurve.P256)]
    [InlineData(SigningCurve.P384)]
    public void The_framework_reads_and_verifies_what_we_sign(SigningCurve curve)
    {
        (EcdsaSigner signer, Certificate of) = NewMember(curve);
        using EcdsaSigner own = signer;
        MemberId id = new(of.Fingerprint);
        byte[] bytes = MemberMessage.Sign(signer, id, MemberMessage.ProposalType, At, Payload);
        CoseSign1Message message = CoseMessage.DecodeSign1(bytes);
        using ECDsa publicKey = ECDsa.Create();
        publicKey.ImportSubjectPublicKeyInfo(signer.SubjectPublicKeyInfo.Span, out _);
        Assert.True(message.VerifyEmbedded(publicKey));
        Assert.Equal(Payload, message.Content!.Value.ToArray());
        Assert.Equal(4, message.ProtectedHeaders.Count);
        Assert.Empty(message.UnprotectedHeaders);
        Assert.Equal(
            Encoding.ASCII.GetBytes(id.ToString()),
            message.ProtectedHeaders.GetValueAsBytes(CoseHeaderLabel.KeyIdentifier));
        Assert.Equal("proposal", message.ProtectedHeaders.GetValueAsString(Type));
        Assert.Equal(At.ToUnixTimeSeconds(), message.ProtectedHeaders.GetValueAsInt32(CreatedAt));
    }

    [Fact]
    public void We_read_and_verify_what_the_framework_signs()
    {
        MemberMessage message = Read(SignedByFramework(_ => { }));
        Assert.Equal((Id, "proposal", At), (message.Member, message.Type, message.CreatedAt));
        Assert.Equal(Payload, message.Payload.ToArray());
        Assert.True(message.IsSignedBy(certificate));
    }

    [Fact]
    public void An_id_in_capital_letters_is_the_same_member()
    {
        byte[] upper = Encoding.ASCII.GetBytes(Id.ToString().ToUpperInvariant());
        MemberMessage message = Read(SignedByFramework(headers => headers[CoseHeaderLabel.KeyIdentifier] =
            CoseHeaderValue.FromBytes(upper)));
        Assert.Equal(Id, message.Member);
        Assert.True(message.IsSignedBy(certificate));
    }

    [Fact]
    public void Every_header_must_be_there_and_of_its_type()
    {
        foreach (CoseHeaderLabel label in new[] { CoseHeaderLabel.KeyIdentifier, Type, CreatedAt })
        {
            AssertRefused(headers => headers.Remove(label));
            AssertRefused(headers => headers[label] = CoseHeaderValue.FromBytes("no id"u8));
        }

        AssertRefused(headers =>
            headers[CoseHeaderLabel.KeyIdentifier] = CoseHeaderValue.FromBytes(Id.Value.ToArray()));
        AssertRefused(headers => headers[CreatedAt] = CoseHeaderValue.FromString("1795685400"));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(253_402_300_799, true)]
    [InlineData(-1, false)]
    [InlineData(253_402_300_800, false)]
    [InlineData(long.MaxValue, false)]
    [InlineData(long.MinValue, false)]
    public void A_time_is_one_from_1970_to_the_end_of_9999(long seconds, bool isTaken)
    {
        byte[] bytes = SignedByFramework(headers => headers[CreatedAt] = Encoded(writer => writer.WriteInt64(seconds)));
        Assert.Equal(isTaken, MemberMessage.TryDecode(bytes, out MemberMessage? message));
        if (isTaken) Assert.Equal(seconds, message!.CreatedAt.ToUnixTimeSeconds());
    }

    // RFC 9052 section 3.1.
    [Theory]
    [InlineData(true, "ccf.gov.msg.type")]
    [InlineData(true, "ccf.gov.msg.type", "ccf.gov.msg.created_at")]
    [InlineData(false, "ccf.gov.msg.type", "more")]
    public void A_critical_header_that_is_not_known_here_is_not_passed_over(bool isTaken, params string[] critical)
    {
        byte[] bytes = SignedByFramework(headers =>
        {
            headers.Add(new CoseHeaderLabel("more"), CoseHeaderValue.FromInt32(1));
            headers.Add(new CoseHeaderLabel(2), Encoded(writer =>
            {
                writer.WriteStartArray(critical.Length);
                foreach (string label in critical) writer.WriteTextString(label);
                writer.WriteEndArray();
            }));
        });
        Assert.Equal(isTaken, MemberMessage.TryDecode(bytes, out _));
    }

    // The framework writes neither: an id as text, and a list of critical headers with nothing in it.
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void What_no_tool_writes_is_refused_too(bool isText, int critical)
    {
        CborWriter writer = new(CborConformanceMode.Lax);
        writer.WriteStartMap(5);
        writer.WriteInt64(CoseSign1.AlgorithmLabel);
        writer.WriteInt64(CoseSign1.AlgorithmOf(key.Curve));
        writer.WriteInt64(CoseSign1.KeyIdLabel);
        if (isText) writer.WriteTextString(Id.ToString());
        else writer.WriteByteString(Encoding.ASCII.GetBytes(Id.ToString()));
        writer.WriteInt64(CoseSign1.CriticalLabel);
        writer.WriteStartArray(critical);
        if (critical > 0) writer.WriteTextString("ccf.gov.msg.type");
        writer.WriteEndArray();
        writer.WriteTextString("ccf.gov.msg.type");
        writer.WriteTextString("proposal");
        writer.WriteTextString("ccf.gov.msg.created_at");
        writer.WriteInt64(At.ToUnixTimeSeconds());
        writer.WriteEndMap();
        byte[] bytes = CoseSign1.Sign(key, writer.Encode(), Payload);
        Assert.True(CoseSign1.TryDecode(bytes, out _));
        Assert.False(MemberMessage.TryDecode(bytes, out _));
    }

    [Fact]
    public void A_payload_elsewhere_is_none()
    {
        using ECDsa privateKey = PrivateKey();
        byte[] bytes = CoseSign1Message.SignDetached(Payload, SignerOf(privateKey, _ => { }));
        Assert.True(CoseSign1.TryDecode(bytes, out _));
        Assert.False(MemberMessage.TryDecode(bytes, out _));
    }

    [Fact]
    public void Every_changed_bit_is_refused_or_signed_by_nobody()
    {
        byte[] bytes = MemberMessage.Sign(key, Id, MemberMessage.ProposalType, At, Payload);
        for (int bit = 0; bit < 8 * bytes.Length; bit++)
        {
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.False(MemberMessage.TryDecode(bytes, out MemberMessage? message) && message.IsSignedBy(certificate),
                $"bit {bit % 8} of byte {bit / 8}");
            bytes[bit / 8] ^= (byte)(1 << (bit % 8));
        }

        Assert.True(Read(bytes).IsSignedBy(certificate));
    }

    [Fact]
    public void Any_bytes_give_a_message_or_a_refusal() =>
        Bytes.Around(MemberMessage.Sign(key, Id, MemberMessage.ProposalType, At, Payload))
            .Sample(bytes => MemberMessage.TryDecode(bytes, out MemberMessage? message) == message is not null);

    private static MemberMessage Read(byte[] bytes)
    {
        Assert.True(MemberMessage.TryDecode(bytes, out MemberMessage? message));
        return message;
    }

    private static CoseHeaderValue Encoded(Action<CborWriter> write)
    {
        CborWriter writer = new();
        write(writer);
        return CoseHeaderValue.FromEncodedValue(writer.Encode());
    }

    private void AssertRefused(Action<CoseHeaderMap> change)
    {
        byte[] bytes = SignedByFramework(change);
        Assert.True(CoseSign1.TryDecode(bytes, out _));
        Assert.False(MemberMessage.TryDecode(bytes, out MemberMessage? message));
        Assert.Null(message);
    }

    private byte[] SignedByFramework(Action<CoseHeaderMap> change)
    {
        using ECDsa privateKey = PrivateKey();
        return CoseSign1Message.SignEmbedded(Payload, SignerOf(privateKey, change));
    }

    private CoseSigner SignerOf(ECDsa privateKey, Action<CoseHeaderMap> change)
    {
        CoseSigner signer = new(privateKey, HashAlgorithmName.SHA256);
        signer.ProtectedHeaders.Add(CoseHeaderLabel.KeyIdentifier, Encoding.ASCII.GetBytes(Id.ToString()));
        signer.ProtectedHeaders.Add(Type, "proposal");
        signer.ProtectedHeaders.Add(CreatedAt, (int)At.ToUnixTimeSeconds());
        change(signer.ProtectedHeaders);
        return signer;
    }

    private ECDsa PrivateKey()
    {
        ECDsa privateKey = ECDsa.Create();
        privateKey.ImportFromPem(key.ExportPem());
        return privateKey;
    }

    private (EcdsaSigner Key, Certificate Certificate) NewMember(SigningCurve curve)
    {
        EcdsaSigner signer = EcdsaSigner.Generate(entropy, curve);
        byte[] der = CertificateAuthority.SelfSigned(signer, "member", At.AddDays(-1), At.AddDays(30), entropy);
        Assert.True(Certificate.TryFromDer(der, out Certificate? read));
        return (signer, read!);
    }
}
