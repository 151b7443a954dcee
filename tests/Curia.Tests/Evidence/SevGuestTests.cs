using System;
using System.IO;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Evidence;

namespace Curia.Tests.Evidence;

/// <summary>Evidence through the device of SEV-SNP, from exchanges as the kernel makes them.</summary>
public sealed class SevGuestTests
{
    private const int IoError = 5;
    private const int NoSuchCall = 25;
    private const int DeviceBusy = 16;

    private static readonly SevGuestAnswer good =
        Recorded.Answer(Recorded.Report(Recorded.ReportData), Padded(Recorded.Certificates, 0x4000));

    [Fact]
    public async Task A_report_comes_with_certificates_in_one_call()
    {
        RecordedSevGuest device = new(good);
        MachineEvidence evidence = await Recorded.CollectAsync(Recorded.Machine(sevGuest: device));
        Assert.Equal(3, evidence.Certificates.Count);
        Assert.Equal([(SevGuestRequest.GetExtendedReport, 4096)], device.Asked);
        Assert.Equal(Recorded.ReportData, device.Request[..64]);
        Assert.Equal(new byte[32], device.Request[64..]);
    }

    [Fact]
    public async Task The_memory_for_certificates_grows_to_what_the_kernel_asks_for()
    {
        RecordedSevGuest device = new(TooLittle(0x3001), good);
        Assert.Equal(3, (await Recorded.CollectAsync(Recorded.Machine(sevGuest: device))).Certificates.Count);
        Assert.Equal(
            [(SevGuestRequest.GetExtendedReport, 4096), (SevGuestRequest.GetExtendedReport, 0x4000)], device.Asked);
    }

    [Theory]
    [InlineData(0u)]
    [InlineData(4096u)]
    [InlineData(0x4001u)]
    [InlineData(uint.MaxValue)]
    public async Task A_host_that_asks_for_no_sensible_memory_gives_no_certificates(uint wanted)
    {
        RecordedSevGuest device = new(TooLittle(wanted), Recorded.Answer(Recorded.Report(Recorded.ReportData)));
        Assert.Empty((await Recorded.CollectAsync(Recorded.Machine(sevGuest: device))).Certificates);
        Assert.Equal((SevGuestRequest.GetReport, 0), device.Asked[1]);
    }

    [Fact]
    public async Task A_host_without_certificates_is_asked_for_a_report_alone()
    {
        RecordedSevGuest device =
            new(new SevGuestAnswer { Error = NoSuchCall }, Recorded.Answer(Recorded.Report(Recorded.ReportData)));
        MachineEvidence evidence = await Recorded.CollectAsync(Recorded.Machine(sevGuest: device), Attesters.SnpDevice);
        Assert.Empty(evidence.Certificates);
        Assert.Equal([(SevGuestRequest.GetExtendedReport, 4096), (SevGuestRequest.GetReport, 0)], device.Asked);
    }

    [Fact]
    public async Task A_device_that_is_busy_is_waited_for_and_not_forever()
    {
        SevGuestAnswer busy = new() { Error = IoError, MonitorError = 2 };
        RecordedSevGuest device = new(busy, new SevGuestAnswer { Error = DeviceBusy }, good);
        await Recorded.CollectAsync(Recorded.Machine(sevGuest: device));
        Assert.Equal(3, device.Asked.Count);
        RecordedSevGuest always = new(busy);
        await Recorded.RefusedAsync(EvidenceRefusal.Busy, Recorded.Machine(sevGuest: always));
        Assert.Equal(10, always.Asked.Count);
    }

    [Fact]
    public async Task What_the_device_refuses_and_what_is_no_report_has_a_name()
    {
        await RefusedAsync(EvidenceRefusal.DeviceFailed, new SevGuestAnswer { Error = IoError, FirmwareError = 0x16 });
        await RefusedAsync(EvidenceRefusal.OtherReportData, Recorded.Answer(Recorded.Report(new byte[64])));
        await RefusedAsync(EvidenceRefusal.ReportMalformed, Recorded.Answer(new byte[100]));
        await RefusedAsync(EvidenceRefusal.ReportMalformed, new SevGuestAnswer { Error = 0 });
        await RefusedAsync(EvidenceRefusal.CertificatesMalformed, good with { Certificates = new byte[] { 1, 2 } });

        static Task RefusedAsync(EvidenceRefusal refusal, SevGuestAnswer answer) =>
            Recorded.RefusedAsync(refusal, Recorded.Machine(sevGuest: new RecordedSevGuest(answer)));
    }

    /// <summary>The real call, of a device that knows no such one.</summary>
    [Fact]
    public async Task The_call_reaches_the_device()
    {
        using TestFolder folder = new();
        Directory.CreateDirectory(Path.Combine(folder.Path, "dev"));
        File.CreateSymbolicLink(Path.Combine(folder.Path, "dev/sev-guest"), "/dev/null");
        Machine machine = new(folder.Path);
        EvidenceException refused = await Assert.ThrowsAsync<EvidenceException>(() => Recorded.CollectAsync(machine));
        Assert.Equal(EvidenceRefusal.DeviceFailed, refused.Refusal);
        Assert.Contains($"error {NoSuchCall},", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_device_that_cannot_be_opened_says_so()
    {
        Machine machine = Recorded.Machine(sevGuest: new ClosedDevice());
        await Recorded.RefusedAsync(EvidenceRefusal.DeviceFailed, machine, Attesters.SnpDevice);
    }

    private static SevGuestAnswer TooLittle(uint wanted) =>
        new() { Error = IoError, MonitorError = 1, CertificatesSize = wanted };

    private static byte[] Padded(byte[] bytes, int size) => [.. bytes, .. new byte[size - bytes.Length]];

    private sealed class ClosedDevice : ISevGuest
    {
        public string Path => "refusing/sev-guest";

        public bool IsThere => true;

        public SevGuestAnswer Call(uint command, ReadOnlySpan<byte> request, int certificatesSize) =>
            throw new UnauthorizedAccessException("Permission denied");
    }
}
