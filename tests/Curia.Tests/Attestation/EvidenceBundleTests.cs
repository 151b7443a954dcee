using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>What an attester gives out, and the structures that it is made of.</summary>
public sealed class EvidenceBundleTests
{
    private static readonly MadeSnp made = new(SnpProcessor.Milan);

    [Fact]
    public void A_bundle_is_read_from_its_own_bytes_and_from_no_others()
    {
        foreach (EvidenceBundle bundle in (EvidenceBundle[])[Whole, new EvidenceBundle
        {
            Platform = AttestationPlatform.Tdx,
            Report = new byte[] { 1 },
        }])
        {
            byte[] bytes = bundle.Encode();
            Assert.True(EvidenceBundle.TryDecode(bytes, out EvidenceBundle? read));
            Assert.Equal(bytes, read!.Encode());
            Assert.Equal((bundle.Platform, bundle.Certificates.Count), (read.Platform, read.Certificates.Count));
            Assert.Equal(bundle.ContainerPolicy?.ToArray(), read.ContainerPolicy?.ToArray());
            Assert.False(EvidenceBundle.TryDecode(bytes.AsSpan(0, bytes.Length - 1), out _));
            Assert.False(EvidenceBundle.TryDecode([.. bytes, 0], out _));
        }

        // Version, platform, number of fields.
        byte[] changed = Whole.Encode();
        foreach ((int at, byte value) in (ReadOnlySpan<(int, byte)>)[(0, 0x86), (1, 2), (1, 0), (2, 4), (2, 0x20)])
        {
            byte before = changed[at];
            changed[at] = value;
            Assert.False(EvidenceBundle.TryDecode(changed, out _));
            changed[at] = before;
        }
    }

    [Fact]
    public void A_bundle_has_bounds()
    {
        EvidenceBundle good = Whole;
        foreach (EvidenceBundle bad in (EvidenceBundle[])
        [
            good with { Report = ReadOnlyMemory<byte>.Empty },
            good with { Report = new byte[EvidenceBundle.ReportSizeMax + 1] },
            good with { Certificates = [.. Enumerable.Repeat(new ReadOnlyMemory<byte>([1]), 9)] },
            good with { Certificates = [new byte[VendorCertificate.SizeMax + 1]] },
            good with { Certificates = [ReadOnlyMemory<byte>.Empty] },
            good with { ContainerPolicy = new byte[EvidenceBundle.PolicySizeMax + 1] },
            good with { UvmEndorsement = new byte[UvmEndorsement.SizeMax + 1] },
            good with { RevocationList = new byte[RevocationList.SizeMax + 1] },
        ])
        {
            Assert.Throws<InvalidOperationException>(bad.Encode);
        }
    }

    [Fact]
    public void A_bundle_is_what_the_verifier_takes()
    {
        AttestationResult result = SnpVerifier.Appraise(
            Whole.ToSnpEvidence(), Whole.ToSnpEndorsements()!, ReferenceValues.None, made.Policy, MadeSnp.Now);
        Assert.Equal("", result.Reason);
        Assert.Null((Whole with { Certificates = [] }).ToSnpEndorsements());
        EvidenceBundle other = Whole with { Platform = AttestationPlatform.Tdx };
        Assert.Throws<InvalidOperationException>(other.ToSnpEvidence);
        Assert.Throws<InvalidOperationException>(other.ToSnpEndorsements);
    }

    [Fact]
    public void The_structures_of_the_device_lie_as_the_kernel_has_them()
    {
        byte[] request = [.. Enumerable.Repeat((byte)0xEE, SevGuestRequest.ExtendedRequestSize)];
        byte[] data = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
        SevGuestRequest.WriteReportRequest(data, 2, request);
        SevGuestRequest.WriteCertificatesAddress(request, 0x1122334455667788, 0x2000);
        Assert.Equal(data, request[..64]);
        Assert.Equal([2, 0, 0, 0, .. new byte[28]], request[64..96]);
        Assert.Equal([0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0, 0x20, 0, 0, 0, 0, 0, 0], request[96..]);
        Assert.Equal(0x2000u, SevGuestRequest.ReadCertificatesSize(request));

        byte[] argument = [.. Enumerable.Repeat((byte)0xEE, SevGuestRequest.ArgumentSize)];
        SevGuestRequest.WriteArgument(argument, 0x0102, 0x0304);
        Assert.Equal([1, .. new byte[7], 2, 1, .. new byte[6], 4, 3, .. new byte[14]], argument);
        MadeOvmf.Words(5, 7).CopyTo(argument, 24);
        Assert.Equal((5u, 7u), SevGuestRequest.ReadErrors(argument));
        Assert.Throws<ArgumentException>(() => SevGuestRequest.WriteReportRequest(new byte[63], 0, new byte[96]));
        Assert.Throws<ArgumentException>(() => SevGuestRequest.WriteReportRequest(data, 4, new byte[96]));
    }

    [Fact]
    public void An_answer_of_the_device_is_a_report_or_none()
    {
        byte[] report = made.MakeReport();
        byte[] response =
            [.. MadeOvmf.Words(0, SnpReport.Size), .. new byte[24], .. report, .. new byte[4000 - 32 - report.Length]];
        Assert.True(SevGuestRequest.TryReadResponse(response, out ReadOnlyMemory<byte> read));
        Assert.Equal(report, read.ToArray());
        Assert.False(SevGuestRequest.TryReadResponse(response.AsSpan(0, 32 + report.Length - 1), out _));
        foreach (int at in (int[])[0, 3, 4, 6])
        {
            response[at] ^= 0x10;
            Assert.False(SevGuestRequest.TryReadResponse(response, out _));
            response[at] ^= 0x10;
        }
    }

    [Fact]
    public void The_certificates_of_a_host_on_Azure_are_read()
    {
        Assert.True(AzureHostCertificate.TryDecode(Host("7308000000000003"), out AzureHostCertificate? host));
        Assert.Equal(
            [made.LeafDer, made.SignerDer, made.RootDer], host!.Certificates.Select(one => one.ToArray()));
        Assert.Equal([3, 0, 0, 0, 0, 0, 8, 0x73], host.Tcb.ToArray());
        Assert.True(AzureHostCertificate.TryDecode(Host(null), out host) && host!.Tcb.IsEmpty);
        foreach (string tcb in (string[])["", "73", "730800000000000g", "730800000000000300"])
            Assert.False(AzureHostCertificate.TryDecode(Host(tcb), out _));
        foreach (string json in (string[])
            ["", "[]", "{}", "{\"vcekCert\":1,\"certificateChain\":\"\"}", "{\"vcekCert\":\"\",\"vcekCert\":\"\"}"])
        {
            Assert.False(AzureHostCertificate.TryDecode(Encoding.UTF8.GetBytes(json), out _));
        }

        Assert.False(AzureHostCertificate.TryDecode(new byte[AzureHostCertificate.SizeMax + 1], out _));
        Assert.False(AzureHostCertificate.TryDecode(Host("7308000000000003", leaves: 2), out _));
    }

    [Fact]
    public void A_report_names_the_key_that_signed_it()
    {
        Assert.Equal(made.ChipId, KeyOf(made.MakeReport())!.ChipId.ToArray());
        Assert.Equal(SnpProcessor.Milan, KeyOf(made.MakeReport(version: 2), SnpProcessor.Milan)!.Processor);
        Assert.Null(KeyOf(made.MakeReport(version: 2)));
        Assert.Null(KeyOf(made.MakeReport(report => report.AsSpan(0x1A0, 64).Clear())));
        Assert.Null(KeyOf(new MadeSnp(SnpProcessor.Genoa, SnpKeyKind.Vlek).MakeReport()));
        MadeSnp turin = new(SnpProcessor.Turin);
        SnpKeyName name = KeyOf(turin.MakeReport())!;
        Assert.Equal(turin.ChipId, name.ChipId.ToArray());
        Assert.True(SnpEndorsementKey.TryDecode(turin.LeafDer, out SnpEndorsementKey? key));
        Assert.Equal(key!.Tcb, name.Tcb);

        static SnpKeyName? KeyOf(byte[] report, SnpProcessor? processor = null)
        {
            Assert.True(SnpReport.TryDecode(report, out SnpReport? read));
            Assert.Equal(SnpKeyName.TryOf(read!, processor, out SnpKeyName? name), name is not null);
            return name;
        }
    }

    internal static byte[] Host(string? tcb, int leaves = 1, MadeSnp? of = null)
    {
        of ??= made;
        string leaf = string.Join('\n', Enumerable.Repeat(PemEncoding.WriteString("CERTIFICATE", of.LeafDer), leaves));
        string chain = PemEncoding.WriteString("CERTIFICATE", of.SignerDer) + "\n"
            + PemEncoding.WriteString("CERTIFICATE", of.RootDer) + "\n";
        Dictionary<string, string> json = new()
        {
            ["vcekCert"] = leaf,
            ["certificateChain"] = chain,
            ["cacheControl"] = "86400",
        };
        if (tcb is not null) json["tcbm"] = tcb;
        return JsonSerializer.SerializeToUtf8Bytes(json);
    }

    private static EvidenceBundle Whole => new()
    {
        Platform = AttestationPlatform.Snp,
        Report = made.MakeReport(),
        Certificates = [made.LeafDer, made.SignerDer, made.RootDer],
        RevocationList = made.RevocationList,
        UvmEndorsement = new byte[] { 1, 2 },
    };
}
