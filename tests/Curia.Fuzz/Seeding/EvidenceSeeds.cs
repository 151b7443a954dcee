using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using Curia.Attestation;
using Curia.Tests.Attestation;

namespace Curia.Fuzz.Seeding;

/// <summary>Firmware that was never built, and what machines that are none would hand in.</summary>
internal static class EvidenceSeeds
{
    private static readonly MadeSnp milan = new(SnpProcessor.Milan);

    public static List<byte[]> Images()
    {
        MadeOvmf bare = new();
        bare.Sections.RemoveAt(3);
        bare.Entries.RemoveRange(0, 2);
        MadeOvmf cut = new() { SectionCount = 5 };
        return [new MadeOvmf().ToBytes(), new MadeOvmf(2).ToBytes(), bare.ToBytes(), cut.ToBytes()];
    }

    public static List<byte[]> Tables()
    {
        byte[] report = milan.MakeReport();
        byte[] rest = new byte[4000 - 32 - report.Length];
        byte[] answer = [.. MadeOvmf.Words(0, (uint)report.Length), .. new byte[24], .. report, .. rest];
        byte[] pem = Seeds.Text(PemEncoding.WriteString("CERTIFICATE", milan.LeafDer));
        return
        [
            answer, new byte[24],
            [.. Entry("63da758d-e664-4564-adc5-f4b93be8accd", true, 48, pem.Length), .. new byte[24], .. pem],
            [.. Entry("a8074bc2-a25a-483e-aae6-39c045a0b8a1", false, 72, 4),
                .. Entry("92f81bc3-5811-4d3d-97ff-d19f88dc67ea", true, 76, 4), .. new byte[24], .. new byte[8]],
        ];
    }

    public static List<byte[]> Hosts()
    {
        string chain = Escape(milan.SignerDer) + Escape(milan.RootDer);
        string leaf = Escape(milan.LeafDer);
        return
        [
            Seeds.Text($"{{\"vcekCert\":\"{leaf}\",\"tcbm\":\"7308000000000003\",\"certificateChain\":\"{chain}\"}}"),
            Seeds.Text("{\"vcekCert\":\"\",\"certificateChain\":\"\"}"),
        ];

        static string Escape(byte[] der) => PemEncoding.WriteString("CERTIFICATE", der)
            .Replace("\n", "\\n", StringComparison.Ordinal) + "\\n";
    }

    public static List<byte[]> Evidence()
    {
        MadeIntel tdx = new(5);
        MadeIntel sgx = new(3);
        byte[] report = milan.MakeReport();
        return
        [
            Named("virtual", (AttesterEvidence.VirtualFile, AttestationSeeds.Virtual()[0])),
            Named("snp", ("report.bin", report), ("leaf.der", milan.LeafDer),
                ("chain.pem", MadeIntel.Pem(milan.SignerDer, milan.RootDer)), ("ark.crl.der", milan.RevocationList),
                ("security-policy-base64", Seeds.Text("YQ=="))),
            Named("snp", ("hcl-report.bin", MadeHcl.Wrap(report, [1])), ("report.bin", report), ("leaf.der", [1])),
            OfIntel("tdx", tdx), OfIntel("sgx", sgx), Named("sgx", ("report.bin", report)),
        ];
    }

    public static List<byte[]> Collateral()
    {
        MadeIntel tdx = new(5);
        byte[] chain = MadeIntel.Pem(tdx.SignerDer, tdx.RootDer);
        return
        [
            Parts.Join([0], milan.LeafDer), Parts.Join([1], MadeIntel.Pem(milan.SignerDer, milan.RootDer)),
            Parts.Join([2], milan.RevocationList),
            Parts.Join([2], Seeds.Text(Convert.ToHexString(milan.RevocationList) + "\n")), Parts.Join([3], Hosts()[0]),
            Parts.Join([4], tdx.Endorsements.TcbInfo!.Value.ToArray(), chain),
            Parts.Join([5], tdx.Endorsements.QeIdentity!.Value.ToArray(), chain),
            Parts.Join([6], tdx.Endorsements.PckRevocationList!.Value.ToArray(), chain),
        ];
    }

    private static byte[] OfIntel(string platform, MadeIntel made) => Named(
        platform, ("quote.bin", made.MakeQuote()),
        ("collateral/root_ca_crl.der", made.Endorsements.RootRevocationList!.Value.ToArray()),
        ("collateral/pck_crl.der", made.Endorsements.PckRevocationList!.Value.ToArray()),
        ("collateral/qe_identity.json", made.Endorsements.QeIdentity!.Value.ToArray()),
        ("collateral/tcb_info.json", made.Endorsements.TcbInfo!.Value.ToArray()),
        ("collateral/tcb_signing_chain.pem", made.Endorsements.TcbSigningChain!.Value.ToArray()));

    private static byte[] Named(string platform, params (string Name, byte[] Bytes)[] files) => Parts.Join(
        files.SelectMany(file => (byte[][])[Seeds.Text(file.Name), file.Bytes]).Prepend(Seeds.Text(platform)));

    private static byte[] Entry(string guid, bool bigEndian, int offset, int length) =>
        [.. new Guid(guid).ToByteArray(bigEndian), .. MadeOvmf.Words((uint)offset, (uint)length)];
}
