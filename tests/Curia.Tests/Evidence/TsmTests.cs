using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Evidence;
using Curia.Tests.Attestation;

namespace Curia.Tests.Evidence;

/// <summary>Evidence through the reports of the kernel.</summary>
public sealed class TsmTests
{
    [Fact]
    public async Task A_report_comes_with_the_certificates_of_the_host_and_is_accepted()
    {
        RecordedTsm tsm = new() { Report = Recorded.Report, Certificates = Recorded.Certificates };
        MachineEvidence evidence = await Recorded.CollectAsync(Recorded.Machine(tsm));
        Assert.Equal(AttestationPlatform.Snp, evidence.Platform);
        ReferenceValues reference = new() { ReportData = Recorded.ReportData };
        AttestationResult result = SnpVerifier.Appraise(evidence.ToSnpEvidence(),
            evidence.ToSnpEndorsements()! with { RevocationList = Recorded.Made.RevocationList }, reference,
            Recorded.Made.Policy, MadeSnp.Now);
        Assert.Equal("", result.Reason);
        Assert.Equal(tsm.Opened, tsm.Removed);
    }

    [Theory]
    [InlineData(4)]
    [InlineData(5)]
    public async Task A_quote_is_given_as_it_came(byte version)
    {
        RecordedTsm tsm = new()
        {
            Provider = "tdx_guest",
            Report = data => Recorded.Quote(data, version),
            Certificates = null,
        };
        MachineEvidence evidence = await Recorded.CollectAsync(Recorded.Machine(tsm), Attesters.TdxTsm);
        Assert.Equal(AttestationPlatform.Tdx, evidence.Platform);
        Assert.Equal(Recorded.Quote(Recorded.ReportData, version), evidence.Report.ToArray());
        Assert.Empty(evidence.Certificates);
    }

    [Fact]
    public async Task Without_certificates_of_the_host_there_is_a_report_alone()
    {
        foreach (byte[]? none in (byte[]?[])[null, [], new byte[4096]])
        {
            RecordedTsm tsm = new() { Report = Recorded.Report, Certificates = none };
            Assert.Empty((await Recorded.CollectAsync(Recorded.Machine(tsm))).Certificates);
        }
    }

    [Fact]
    public async Task A_device_that_is_busy_is_waited_for_and_not_forever()
    {
        RecordedTsm tsm = new() { Report = Recorded.Report, Busy = 5 };
        await Recorded.CollectAsync(Recorded.Machine(tsm));
        tsm.Busy = int.MaxValue;
        await Recorded.RefusedAsync(EvidenceRefusal.Busy, Recorded.Machine(tsm));
        Assert.Equal(1 + 6 + 1 + 10, tsm.Opened); // each selection looks who the provider is
        Assert.Equal(tsm.Opened, tsm.Removed);
    }

    [Fact]
    public async Task An_answer_that_somebody_else_may_have_asked_for_is_not_taken()
    {
        RecordedTsm tsm = new() { Report = Recorded.Report, InterferedBefore = 2 };
        await Recorded.CollectAsync(Recorded.Machine(tsm));
        Assert.Equal(1 + 3, tsm.Opened);
        tsm.InterferedAfter = 3;
        await Recorded.CollectAsync(Recorded.Machine(tsm));
        Assert.Equal(1 + 3 + 1 + 4, tsm.Opened);
        tsm.InterferedBefore = int.MaxValue;
        await Recorded.RefusedAsync(EvidenceRefusal.Interfered, Recorded.Machine(tsm));
        tsm.InterferedBefore = 0;
        tsm.InterferedAfter = int.MaxValue;
        await Recorded.RefusedAsync(EvidenceRefusal.Interfered, Recorded.Machine(tsm));
    }

    [Fact]
    public async Task What_is_no_report_is_refused_by_name()
    {
        await RefusedAsync(EvidenceRefusal.ReportMalformed, tsm => new() { Report = data => tsm(data)[..^1] });
        await RefusedAsync(EvidenceRefusal.ReportMalformed, _ => new() { Report = _ => [] });
        await RefusedAsync(EvidenceRefusal.OtherReportData, tsm => new() { Report = _ => tsm(new byte[64]) });
        await RefusedAsync(EvidenceRefusal.TooLarge,
            _ => new() { Report = _ => new byte[MachineEvidence.ReportSizeMax + 1] });
        await RefusedAsync(EvidenceRefusal.TooLarge,
            tsm => new() { Report = tsm, Certificates = new byte[SnpCertificateTable.SizeMax + 1] });
        await RefusedAsync(EvidenceRefusal.CertificatesMalformed, tsm => new() { Report = tsm, Certificates = [1] });
        await RefusedAsync(EvidenceRefusal.DeviceFailed, tsm => new() { Report = tsm, Error = 5 });
        await RefusedAsync(EvidenceRefusal.DeviceFailed, tsm => new() { Report = tsm, Generation = "two" });
        await RefusedAsync(EvidenceRefusal.Interfered, tsm => new() { Report = tsm, Generation = "2" });

        static Task RefusedAsync(EvidenceRefusal refusal, Func<Func<byte[], byte[]>, RecordedTsm> make) =>
            Recorded.RefusedAsync(refusal, Recorded.Machine(make(Recorded.Report)));
    }

    [Fact]
    public async Task What_is_no_quote_is_refused_by_name()
    {
        byte[] quote = Recorded.Quote(Recorded.ReportData);
        await RefusedAsync(EvidenceRefusal.ReportMalformed, []);
        await RefusedAsync(EvidenceRefusal.ReportMalformed, quote[..(48 + 520 + 63)]);
        await RefusedAsync(EvidenceRefusal.ReportMalformed, [3, .. quote[1..]]);
        await RefusedAsync(EvidenceRefusal.ReportMalformed, [4, 1, .. quote[2..]]);
        await RefusedAsync(EvidenceRefusal.OtherReportData, [5, .. quote[1..]]);

        static Task RefusedAsync(EvidenceRefusal refusal, byte[] answer) => Recorded.RefusedAsync(
            refusal, Recorded.Machine(new RecordedTsm { Provider = "tdx_guest", Report = _ => answer }));
    }

    [Fact]
    public async Task A_device_that_changes_its_kind_is_noticed()
    {
        RecordedTsm tsm = new() { Report = Recorded.Report };
        IAttester attester = Attesters.Select(Recorded.Machine(tsm));
        tsm.Provider = "tdx_guest";
        EvidenceException refused = await Assert.ThrowsAsync<EvidenceException>(
            () => attester.CollectAsync(Recorded.ReportData, TestContext.Current.CancellationToken));
        Assert.Equal(EvidenceRefusal.WrongProvider, refused.Refusal);
        await Assert.ThrowsAsync<ArgumentException>(
            () => attester.CollectAsync(new byte[63], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Who_gives_up_is_heard()
    {
        RecordedTsm tsm = new() { Report = Recorded.Report, Busy = int.MaxValue };
        IAttester attester = Attesters.Select(Recorded.Machine(tsm));
        using CancellationTokenSource given = new();
        given.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => attester.CollectAsync(Recorded.ReportData, given.Token));
    }

    /// <summary>The files of a request, where the test does what the kernel does.</summary>
    [Fact]
    public void A_request_is_a_folder_whose_files_are_read_and_written_bounded()
    {
        using TestFolder folder = new();
        ITsmReports reports = new Machine(folder.Path).Reports;
        Assert.False(reports.AreThere);
        Directory.CreateDirectory(reports.Path);
        Assert.True(reports.AreThere);
        using (ITsmRequest other = reports.Open())
        using (ITsmRequest request = reports.Open())
        {
            Assert.Equal(2, Directory.GetDirectories(reports.Path).Length);
            foreach (string made in Directory.GetDirectories(reports.Path))
            {
                File.WriteAllBytes(Path.Combine(made, "inblob"), []);
                File.WriteAllBytes(Path.Combine(made, "outblob"), new byte[10_000]);
            }

            request.Write("inblob", Recorded.ReportData);
            Assert.Equal(Recorded.ReportData, request.Read("inblob", 64));
            Assert.Empty(other.Read("inblob", 64));
            Assert.Equal(10_000, request.Read("outblob", 10_000).Length);
            Assert.Equal(10_000, request.Read("outblob", 100_000).Length);
            Assert.Equal(101, request.Read("outblob", 100).Length);
            Assert.True(request.Has("outblob") && !request.Has("auxblob"));
            Assert.Throws<FileNotFoundException>(() => request.Read("auxblob", 10));
            Assert.Throws<FileNotFoundException>(() => request.Write("privlevel", [1]));

            // The kernel removes the files with the folder; a plain folder keeps it until then.
            foreach (string file in Directory.GetFiles(reports.Path, "*", SearchOption.AllDirectories))
                File.Delete(file);
        }

        Assert.Empty(Directory.GetFileSystemEntries(reports.Path));
    }

    public static TheoryData<string> Genuine =>
    [
        "milan-v3-vcek-dstack", "milan-v2-vcek-virtee", "genoa-v3-vcek-tav", "turin-v5-vcek-tav",
        "milan-v3-vcek-oak-oc-release",
    ];

    /// <summary>Reports and certificates of real machines, in the files that a kernel would give them in.</summary>
    [Theory]
    [MemberData(nameof(Genuine))]
    public async Task Genuine_reports_are_collected_as_the_kernel_gives_them(string name)
    {
        SnpCase vector = SnpCase.Read(name);
        byte[] report = vector.Evidence.Report.ToArray();
        RecordedTsm tsm = new() { Report = _ => report, Certificates = Recorded.Table(vector.Endorsements) };
        MachineEvidence evidence = await Recorded.CollectAsync(
            Recorded.Machine(tsm), Attesters.SnpTsm, report[0x50..0x90]);
        AttestationResult result = SnpVerifier.Appraise(evidence.ToSnpEvidence(), evidence.ToSnpEndorsements()!,
            vector.Reference, SnpPolicy.Standalone, vector.At);
        Assert.Equal(vector.IsAccepted, result.Verdict == AttestationVerdict.Accepted);
        Assert.Equal(report, evidence.ToFiles().Files["report.bin"]);
    }

    [Theory]
    [InlineData("tdx-v4-phala", 48)]
    [InlineData("tdx-v4-oasis", 48)]
    [InlineData("tdx-v5-gotdx", 54)]
    public async Task Genuine_quotes_are_collected_as_the_kernel_gives_them(string name, int body)
    {
        byte[] quote = VectorFolder.ReadFile($"tdx/{name}/quote.bin");
        RecordedTsm tsm = new() { Provider = "tdx_guest", Report = _ => quote, Certificates = null };
        MachineEvidence evidence = await Recorded.CollectAsync(
            Recorded.Machine(tsm), null, quote[(body + 520)..(body + 584)]);
        Assert.Equal(quote, evidence.Report.ToArray());
    }
}
