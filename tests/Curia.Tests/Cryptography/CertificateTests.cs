using System;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using CsCheck;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Tests.Cryptography;

public sealed class CertificateTests
{
    private static readonly DateTimeOffset from = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset to = from.AddYears(1);

    [Theory]
    [InlineData(SigningCurve.P256, SigningCurve.P256)]
    [InlineData(SigningCurve.P256, SigningCurve.P384)]
    [InlineData(SigningCurve.P384, SigningCurve.P256)]
    [InlineData(SigningCurve.P384, SigningCurve.P384)]
    public void A_chain_of_ours_satisfies_the_framework(SigningCurve serviceCurve, SigningCurve nodeCurve)
    {
        using EcdsaSigner serviceKey = EcdsaSigner.Generate(new SystemEntropy(), serviceCurve);
        using EcdsaSigner nodeKey = EcdsaSigner.Generate(new SystemEntropy(), nodeCurve);
        Certificate service = Service(serviceKey);
        Certificate node = Node(serviceKey, service, nodeKey);
        using X509Certificate2 root = X509CertificateLoader.LoadCertificate(service.Der.Span);
        using X509Certificate2 leaf = X509CertificateLoader.LoadCertificate(node.Der.Span);
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = from.AddDays(1).UtcDateTime;
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        Assert.True(chain.Build(leaf), string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation)));
        Assert.Equal(2, chain.ChainElements.Count);
        Assert.True(leaf.MatchesHostname("node0.example"));
        Assert.True(leaf.MatchesHostname("127.0.0.1"));
        Assert.False(leaf.MatchesHostname("127.0.0.2"));
        Assert.True(node.IsIssuedBy(service));
        Assert.True(service.IsIssuedBy(service));
        Assert.False(service.IsIssuedBy(node));
    }

    [Fact]
    public void A_certificate_says_what_the_framework_says_of_it()
    {
        using EcdsaSigner key = EcdsaSigner.Generate(new SystemEntropy());
        Certificate ours = Service(key);
        using X509Certificate2 theirs = X509CertificateLoader.LoadCertificate(ours.Der.Span);
        Assert.Equal(theirs.Subject, ours.SubjectName);
        Assert.Equal("CN=Curia Service", ours.SubjectName);
        Assert.Equal(theirs.NotBefore.ToUniversalTime(), ours.NotBefore.UtcDateTime);
        Assert.Equal(theirs.NotAfter.ToUniversalTime(), ours.NotAfter.UtcDateTime);
        Assert.Equal(from, ours.NotBefore);
        Assert.Equal(to, ours.NotAfter);
        Assert.Equal(key.SubjectPublicKeyInfo.ToArray(), ours.SubjectPublicKeyInfo.ToArray());
        Assert.Equal(Digest.Of(key.SubjectPublicKeyInfo.Span), ours.KeyDigest);
        Assert.Equal(
            Convert.ToHexStringLower(theirs.GetCertHash(HashAlgorithmName.SHA256)), ours.Fingerprint.ToString());
        Assert.Equal(theirs.ExportCertificatePem(), ours.ToPem().TrimEnd('\n'));
    }

    [Fact]
    public void Another_key_with_the_same_name_has_not_issued_it()
    {
        using EcdsaSigner key = EcdsaSigner.Generate(new SystemEntropy());
        using EcdsaSigner other = EcdsaSigner.Generate(new SystemEntropy());
        Assert.False(Node(key, Service(key), other).IsIssuedBy(Service(other)));
        Assert.Throws<ArgumentException>(() => Node(other, Service(key), other));
    }

    [Fact]
    public void Validity_beyond_2049_is_read()
    {
        using EcdsaSigner key = EcdsaSigner.Generate(new SystemEntropy());
        DateTimeOffset far = new(2060, 5, 6, 7, 8, 9, TimeSpan.Zero);
        byte[] der = CertificateAuthority.SelfSigned(key, "long lived", from, far, new SystemEntropy());
        Assert.True(Certificate.TryFromDer(der, out Certificate? certificate));
        Assert.Equal(far, certificate!.NotAfter);
    }

    [Fact]
    public void Pem_goes_both_ways_and_has_nothing_around_it()
    {
        using EcdsaSigner key = EcdsaSigner.Generate(new SystemEntropy());
        string pem = Service(key).ToPem();
        Assert.True(Certificate.TryFromPem(pem, out Certificate? certificate));
        Assert.Equal(pem, certificate!.ToPem());
        Assert.True(Certificate.TryFromPem("\n " + pem + "\r\n", out _));
        Assert.False(Certificate.TryFromPem("text " + pem, out _));
        Assert.False(Certificate.TryFromPem(pem + pem, out _));
        Assert.False(Certificate.TryFromPem(pem.Replace("CERTIFICATE", "PUBLIC KEY", StringComparison.Ordinal), out _));
        Assert.False(Certificate.TryFromPem(key.ExportPem(), out _));
        Assert.False(Certificate.TryFromPem("", out _));
    }

    [Fact]
    public void Every_flipped_bit_is_refused_or_breaks_the_signature()
    {
        using EcdsaSigner key = EcdsaSigner.Generate(new SystemEntropy());
        Certificate service = Service(key);
        byte[] der = service.Der.ToArray();
        for (int i = 0; i < der.Length; i++)
        {
            der[i] ^= 1;
            bool accepted = Certificate.TryFromDer(der, out Certificate? changed) && changed!.IsIssuedBy(service);
            Assert.False(accepted, $"byte {i}");
            der[i] ^= 1;
        }
    }

    [Fact]
    public void Any_bytes_give_a_certificate_or_a_refusal()
    {
        using EcdsaSigner key = EcdsaSigner.Generate(new SystemEntropy());
        byte[] der = Service(key).Der.ToArray();
        Gen.OneOf(Gen.Byte.Array[0, 300], CoseSign1Tests.Mutations(der))
            .Sample(bytes => Certificate.TryFromDer(bytes, out Certificate? read) == read is not null, iter: 2000);
        Gen.String.Sample(text => Certificate.TryFromPem(text, out Certificate? read) == read is not null);
        for (int length = 0; length < der.Length; length++)
            Assert.False(Certificate.TryFromDer(der.AsSpan(0, length), out _));
        Assert.False(Certificate.TryFromDer([.. der, 0], out _));
        Assert.False(Certificate.TryFromDer(new byte[Certificate.SizeMax + 1], out _));
        byte[] nested = new byte[60_000];
        Array.Fill(nested, (byte)0x30);
        Assert.False(Certificate.TryFromDer(nested, out _));
    }

    private static Certificate Service(Signer key)
    {
        byte[] der = CertificateAuthority.SelfSigned(key, "Curia Service", from, to, new SystemEntropy());
        Assert.True(Certificate.TryFromDer(der, out Certificate? certificate));
        return certificate!;
    }

    private static Certificate Node(Signer serviceKey, Certificate service, Signer nodeKey)
    {
        byte[] der = CertificateAuthority.Issue(
            serviceKey,
            service,
            nodeKey.SubjectPublicKeyInfo.Span,
            "node0",
            [
                new SubjectAlternativeName.Dns("node0.example"),
                new SubjectAlternativeName.Ip(new byte[] { 127, 0, 0, 1 }),
            ],
            from,
            to,
            new SystemEntropy());
        Assert.True(Certificate.TryFromDer(der, out Certificate? certificate));
        return certificate!;
    }
}
