using System;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>A member with its key.</summary>
internal sealed class TestMember
{
    public TestMember(string name, Entropy entropy, SigningCurve curve = SigningCurve.P256)
    {
        Key = EcdsaSigner.Generate(entropy, curve);
        byte[] der = CertificateAuthority.SelfSigned(
            Key, name, TestShell.Noon.AddDays(-1), TestShell.Noon.AddDays(30), entropy);
        Assert.True(Certificate.TryFromDer(der, out Certificate? certificate));
        Certificate = certificate!;
    }

    public EcdsaSigner Key { get; }

    public Certificate Certificate { get; }

    public MemberId Id => new(Certificate.Fingerprint);

    public byte[] Sign(ReadOnlySpan<byte> payload, DateTimeOffset at, string type = MemberMessage.ProposalType) =>
        MemberMessage.Sign(Key, Id, type, at, payload);
}
