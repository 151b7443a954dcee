using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Tests.Attestation;

namespace Curia.Fuzz.Seeding;

/// <summary>Evidence of processors that were never built, with certificates of roots of our own.</summary>
internal static class AttestationSeeds
{
    private static readonly MadeSnp milan = new(SnpProcessor.Milan);
    private static readonly MadeSnp turin = new(SnpProcessor.Turin);
    private static readonly MadeSnp cloud = new(SnpProcessor.Genoa, SnpKeyKind.Vlek);
    private static readonly MadeUvm uvm = new();
    private static readonly byte[] runtime = "{\"keys\":[]}"u8.ToArray();

    public static List<byte[]> Reports() =>
    [
        milan.MakeReport(version: 2), cloud.MakeReport(), turin.MakeReport(version: 5),
        HclReportBytes(milan.MakeReport(Bind, version: 2)),
    ];

    public static List<byte[]> Appraisals() =>
    [
        .. new[] { milan, turin, cloud }.Select(made => Parts.Join(
            made.MakeReport(), made.LeafDer, made.SignerDer, made.RootDer, made.RevocationList)),
        Parts.Join(milan.MakeReport(version: 2), milan.LeafDer, milan.SignerDer, milan.RootDer),
        Parts.Join(HclReportBytes(turin.MakeReport(Bind)), turin.LeafDer, turin.SignerDer, turin.RootDer),
        Parts.Join(milan.MakeReport(), milan.LeafDer, milan.SignerDer, milan.RootDer, milan.RevocationList, Endorsed()),
    ];

    public static List<byte[]> Certificates() =>
    [
        milan.LeafDer, turin.LeafDer, cloud.LeafDer, turin.SignerDer, turin.RootDer, turin.RevocationList, uvm.Leaf,
        Seeds.Text(PemEncoding.WriteString("CERTIFICATE", turin.SignerDer) + "\n"
            + PemEncoding.WriteString("CERTIFICATE", turin.RootDer)),
    ];

    public static List<byte[]> Endorsements() =>
    [
        Endorsed(), Seeds.Text(new string('a', 96)), Seeds.Text(new string('B', 64)),
    ];

    public static List<byte[]> Virtual()
    {
        using EcdsaSigner key = VirtualPlatform.OpenKey();
        VirtualReport report = new(
            "virtual", new Measurement(new byte[32]), new byte[64], new byte[32], Tcb: 1, Debug: false);
        return
        [
            VirtualEvidence.Sign(report, key),
            VirtualEvidence.Sign(report with { Platform = "virtual-snp", Tcb = 7, Debug = true }, key),
        ];
    }

    private static byte[] Endorsed() => uvm.Endorse(new Measurement(milan.MakeReport().AsSpan(0x90, 48)));

    private static byte[] HclReportBytes(byte[] report) => MadeHcl.Wrap(report, runtime);

    private static void Bind(byte[] report)
    {
        report.AsSpan(0x050, 64).Clear();
        SHA256.HashData(runtime).CopyTo(report.AsSpan(0x050));
    }
}
