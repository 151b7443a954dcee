using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>What an attester gives out, and the structures that it is made of.</summary>
public sealed class MachineEvidenceTests
{
    private static readonly MadeSnp made = new(SnpProcessor.Milan);

    [Fact]
    public void The_files_that_travel_say_the_same()
    {
        AttesterEvidence files = Whole.ToFiles();
        Assert.True(files.IsBounded);
        AppraisalPolicy policy = AppraisalPolicy.Strict with { Snp = made.Policy };
        AttestationResult direct = SnpVerifier.Appraise(
            Whole.ToSnpEvidence(), Whole.ToSnpEndorsements()!, ReferenceValues.None, made.Policy, MadeSnp.Now);
        AttestationResult travelled =
            EvidenceAppraiser.Appraise(files, ReferenceValues.None, policy, MadeSnp.Now);
        Assert.Equal((direct.Reason, direct.Verdict), (travelled.Reason, travelled.Verdict));
        Assert.Equal(direct.Checks, travelled.Checks);
        AttesterEvidence quote = new MachineEvidence
        {
            Platform = AttestationPlatform.Tdx,
            Report = new byte[] { 1 },
        }.ToFiles();
        Assert.Equal(("tdx", 1), (quote.Platform, quote.Files.Count));
        Assert.Equal([1], quote.Files["quote.bin"]);
    }

    [Fact]
    public void A_bundle_is_what_the_verifier_takes()
    {
        AttestationResult result = SnpVerifier.Appraise(
            Whole.ToSnpEvidence(), (Whole with { UvmEndorsement = null }).ToSnpEndorsements()!, ReferenceValues.None,
            made.Policy, MadeSnp.Now);
        Assert.Equal("", result.Reason);
        Assert.Null((Whole with { Certificates = [] }).ToSnpEndorsements());
        MachineEvidence other = Whole with { Platform = AttestationPlatform.Tdx };
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

    private static MachineEvidence Whole => new()
    {
        Platform = AttestationPlatform.Snp,
        Report = made.MakeReport(),
        Certificates = [made.LeafDer, made.SignerDer, made.RootDer],
        RevocationList = made.RevocationList,
        UvmEndorsement = new byte[] { 1, 2 },
    };
}
