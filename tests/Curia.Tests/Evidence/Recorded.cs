using System;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Evidence;
using Curia.Tests.Attestation;

namespace Curia.Tests.Evidence;

/// <summary>What tests of evidence have in common.</summary>
internal static class Recorded
{
    public static byte[] ReportData { get; } = [.. Enumerable.Range(1, 64).Select(i => (byte)i)];

    public static MadeSnp Made { get; } = new(SnpProcessor.Milan);

    public static byte[] Certificates { get; } =
        CertificateTableTests.TableOf(Made.LeafDer, Made.SignerDer, Made.RootDer);

    public static byte[] Report(byte[] reportData) =>
        Made.MakeReport(report => reportData.CopyTo(report.AsSpan(0x50)));

    public static byte[] Quote(byte[] reportData, byte version = 4)
    {
        byte[] quote = new byte[1200];
        quote[0] = version;
        reportData.CopyTo(quote, version == 4 ? 48 + 520 : 54 + 520);
        return quote;
    }

    /// <summary>The answer of a device that works.</summary>
    public static SevGuestAnswer Answer(byte[] report, byte[]? certificates = null) => new()
    {
        Error = 0,
        Response = (byte[])[.. MadeOvmf.Words(0, (uint)report.Length), .. new byte[24], .. report,
            .. new byte[4000 - 32 - report.Length]],
        Certificates = certificates ?? [],
    };

    public static Machine Machine(ITsmReports? reports = null, ISevGuest? sevGuest = null, string root = "nothing") =>
        new(root)
        {
            Reports = reports ?? new RecordedTsm { Report = Report, AreThere = false },
            SevGuest = sevGuest ?? new RecordedSevGuest { IsThere = false },
            Time = new TestClock(MadeSnp.Now),
        };

    public static byte[] Table(SnpEndorsements endorsements)
    {
        byte[][] chain = [.. endorsements.Chain.Select(one => one.ToArray())];
        byte[] root = chain.First(IsRoot);
        return CertificateTableTests.TableOf(Pem(endorsements.Leaf.ToArray()), Pem(chain.First(one => one != root)),
            Pem(root));

        static bool IsRoot(byte[] der) => VendorCertificate.TryDecode(der, out VendorCertificate? certificate)
            && certificate!.NamesAsIssuer(certificate);
        static byte[] Pem(byte[] der) => Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", der));
    }

    public static Task<MachineEvidence> CollectAsync(Machine machine, string? name = null, byte[]? reportData = null) =>
        Attesters.Select(machine, name).CollectAsync(
            reportData ?? ReportData, TestContext.Current.CancellationToken);

    public static async Task RefusedAsync(EvidenceRefusal expected, Machine machine, string? name = null)
    {
        EvidenceException refused = await Assert.ThrowsAsync<EvidenceException>(() => CollectAsync(machine, name));
        Assert.Equal(expected, refused.Refusal);
        Assert.DoesNotContain('\n', refused.Message);
        Assert.EndsWith(refused.Message[^1] is '?' ? "?" : ".", refused.Message, StringComparison.Ordinal);
    }
}
