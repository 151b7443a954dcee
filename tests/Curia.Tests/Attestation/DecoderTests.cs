using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>Bytes from outside go through one door each, and are refused there or read as they are.</summary>
public sealed class DecoderTests
{
    private static readonly MadeSnp made = new(SnpProcessor.Turin);

    [Fact]
    public void The_fields_of_a_report_are_where_the_specification_has_them()
    {
        byte[] bytes = made.MakeReport(report =>
        {
            report[0x004] = 7;
            report.AsSpan(0x0E0, 48).Fill(0x1D);
            report.AsSpan(0x110, 48).Fill(0xAE);
        }, 5);
        Assert.True(SnpReport.TryDecode(bytes, out SnpReport? report));
        Assert.Equal((5u, 7u, 0u, 0u), (report!.Version, report.GuestSvn, report.Vmpl, report.SigningKey));
        Assert.Equal(SnpGuestPolicy.SmtAllowed | SnpGuestPolicy.ReservedOne, report.GuestPolicy);
        Assert.Equal(new SnpFirmware(0, 31, 0), report.GuestPolicyAbi);
        Assert.Equal(
            SnpPlatformInfo.Smt | SnpPlatformInfo.Ecc | SnpPlatformInfo.AliasCheckComplete, report.PlatformInfo);
        Assert.Equal(Enumerable.Repeat((byte)0x1D, 48), report.IdKeyDigest.ToArray());
        Assert.Equal(Enumerable.Repeat((byte)0xAE, 48), report.AuthorKeyDigest.ToArray());
        Assert.Equal((0x1A, 0x02), (report.CpuidFamily, report.CpuidModel));
        Assert.Equal("1.55.40", report.CurrentFirmware.ToString());
        Assert.Equal((3ul, 3ul), (report.LaunchMitigations, report.CurrentMitigations));
    }

    [Fact]
    public void A_measurement_is_read_from_its_digits_and_equal_by_value()
    {
        Measurement one = new(Enumerable.Repeat((byte)0xAB, 48).ToArray());
        Assert.True(Measurement.TryParseHex(one.ToString().ToUpperInvariant(), out Measurement same));
        Assert.True(one == same && one.Equals((object)same) && one.GetHashCode() == same.GetHashCode());
        Assert.True(one != new Measurement(new byte[32]));
        foreach (string wrong in (string[])["", "ab", new string('a', 95), new string('g', 96), new string('a', 128)])
            Assert.False(Measurement.TryParseHex(wrong, out _));
        Assert.Throws<ArgumentException>(() => new Measurement(new byte[20]));
    }

    [Theory]
    [InlineData(0x19, 0x0F, SnpProcessor.Milan)]
    [InlineData(0x19, 0x10, SnpProcessor.Genoa)]
    [InlineData(0x19, 0xA0, SnpProcessor.Genoa)]
    [InlineData(0x1A, 0x1F, SnpProcessor.Turin)]
    [InlineData(0x19, 0x20, null)]
    [InlineData(0x1A, 0x20, null)]
    [InlineData(0x17, 0x01, null)]
    public void A_processor_is_known_by_family_and_model(byte family, byte model, SnpProcessor? processor)
    {
        byte[] report = made.MakeReport(bytes => (bytes[0x188], bytes[0x189]) = (family, model));
        AttestationClaims sent = made.Appraise(report, made.Endorsements with { Leaf = new byte[1] }).ClaimsAsSent!;
        Assert.Equal(processor?.ToString() ?? "", sent.Processor);
    }

    [Fact]
    public void A_certificate_says_what_the_framework_reads_in_it()
    {
        Assert.True(VendorCertificate.TryDecode(made.SignerDer, out VendorCertificate? ours));
        using X509Certificate2 theirs = X509CertificateLoader.LoadCertificate(made.SignerDer);
        Assert.Equal(theirs.SubjectName.RawData, ours!.SubjectNameDer.ToArray());
        Assert.Equal(theirs.IssuerName.RawData, ours.IssuerNameDer.ToArray());
        Assert.Equal(theirs.SerialNumberBytes.ToArray(), ours.SerialNumber.ToArray());
        Assert.Equal(theirs.NotAfter.ToUniversalTime(), ours.NotAfter.UtcDateTime);
        Assert.Equal(("SEV-Turin", "ARK-Turin"), (ours.Subject, ours.Issuer));
        Assert.True(ours.MaySignCertificates && !ours.MaySignRevocationLists);
        for (int length = 0; length < made.SignerDer.Length; length++)
            Assert.False(VendorCertificate.TryDecode(made.SignerDer.AsSpan(0, length), out _));
        Assert.False(VendorCertificate.TryDecode([.. made.SignerDer, 0], out _));
    }

    /// <summary>Intel signs with ECDSA, Microsoft with RSA PKCS #1, AMD with RSA-PSS; nobody with SHA-1 or a short
    /// key.</summary>
    [Fact]
    public void Signatures_of_vendors_are_verified_and_weak_ones_are_not()
    {
        using ECDsa p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using RSA rsa = RSA.Create(2048);
        using RSA small = RSA.Create(1024);
        AssertSelfSigned(true, new CertificateRequest("CN=a", p256, HashAlgorithmName.SHA256));
        AssertSelfSigned(true, new CertificateRequest("CN=a", p256, HashAlgorithmName.SHA384));
        foreach (HashAlgorithmName hash in (HashAlgorithmName[])
            [HashAlgorithmName.SHA256, HashAlgorithmName.SHA384, HashAlgorithmName.SHA512])
        {
            AssertSelfSigned(true, new CertificateRequest("CN=a", rsa, hash, RSASignaturePadding.Pkcs1));
        }

        RSASignaturePadding pss = RSASignaturePadding.Pss;
        AssertSelfSigned(true, new CertificateRequest("CN=a", rsa, HashAlgorithmName.SHA384, pss));
        AssertSelfSigned(false, new CertificateRequest("CN=a", rsa, HashAlgorithmName.SHA256, pss));
        AssertSelfSigned(false, new CertificateRequest("CN=a", small, HashAlgorithmName.SHA384, pss));
    }

    [Fact]
    public void Certificates_in_PEM_are_read_in_their_order_and_nothing_else_is()
    {
        string one = PemEncoding.WriteString("CERTIFICATE", made.SignerDer);
        string two = PemEncoding.WriteString("CERTIFICATE", made.RootDer);
        string[] right = [$"{one}\n{two}\n", $"{one}\n{two}", $"{one}\n{two}\n".ReplaceLineEndings("\r\n")];
        foreach (string text in right)
        {
            Assert.True(PemCertificates.TryDecode(text, out IReadOnlyList<ReadOnlyMemory<byte>> read));
            Assert.Equal([made.SignerDer, made.RootDer], read.Select(der => der.ToArray()));
        }

        // Nobody signs what is around the certificates: it has one form (RFC 7468 section 3).
        string[] wrong =
        [
            $"{one}\r\n{two}\n", $"{one}\n\n{two}", $" {one}", $"{one}\n ", $"{one}\n\n", $"{one}\v{two}",
            one.Replace("\n", "", StringComparison.Ordinal), one.Replace("\n", " \n", StringComparison.Ordinal),
            "", " ", "text\n" + one, one + "\ntext", PemEncoding.WriteString("PUBLIC KEY", made.SignerDer),
            string.Concat(Enumerable.Repeat(one + "\n", PemCertificates.CountMax + 1)), one[..^20],
        ];
        foreach (string text in wrong) Assert.False(PemCertificates.TryDecode(text, out _), text);
    }

    [Fact]
    public void A_revocation_list_is_read_to_its_end()
    {
        byte[] list = made.RevocationList;
        Assert.True(RevocationList.TryDecode(list, out RevocationList? read));
        Assert.Equal((1, MadeSnp.Now.AddDays(-30)), (read!.Count, read.ThisUpdate));
        Assert.Equal(MadeSnp.Now.AddDays(30), read.NextUpdate);
        for (int length = 0; length < list.Length; length++)
            Assert.False(RevocationList.TryDecode(list.AsSpan(0, length), out _));
        Assert.False(RevocationList.TryDecode([.. list, 0], out _));
    }

    private static void AssertSelfSigned(bool holds, CertificateRequest request)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using X509Certificate2 made = request.CreateSelfSigned(MadeSnp.Now, MadeSnp.Now.AddDays(1));
        Assert.True(VendorCertificate.TryDecode(made.RawData, out VendorCertificate? certificate));
        Assert.Equal(holds, certificate!.IsIssuedBy(certificate));
    }
}
