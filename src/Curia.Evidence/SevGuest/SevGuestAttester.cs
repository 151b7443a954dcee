using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;

namespace Curia.Evidence;

/// <summary>Evidence of SEV-SNP through <c>/dev/sev-guest</c>: a report with the certificates that the host has, or a
/// report alone where the host gives none.</summary>
internal sealed class SevGuestAttester : IAttester
{
    private const int PageSize = 4096;

    // The guest's own level; a report of a higher one is refused by the policy of those who appraise it.
    private const uint Vmpl = 0;

    // Linux, sev-guest.h: what the monitor says.
    private const uint TooLittleMemory = 1;
    private const uint MonitorBusy = 2;

    private readonly Machine machine;

    /// <summary>That of a machine which has the device.</summary>
    public SevGuestAttester(Machine machine) => this.machine = machine;

    /// <inheritdoc/>
    public string Name => Attesters.SnpDevice;

    /// <inheritdoc/>
    public AttestationPlatform Platform => AttestationPlatform.Snp;

    /// <inheritdoc/>
    public async Task<MachineEvidence> CollectAsync(ReadOnlyMemory<byte> reportData, CancellationToken cancel)
    {
        byte[] request = new byte[SevGuestRequest.ReportRequestSize];
        SevGuestRequest.WriteReportRequest(reportData.Span, Vmpl, request);
        uint command = SevGuestRequest.GetExtendedReport;
        int size = PageSize;
        SevGuestAnswer last = new() { Error = 0 };
        for (int attempt = 0; attempt < Patience.AttemptsMax; attempt++)
        {
            last = await CallAsync(command, request, size, cancel).ConfigureAwait(false);
            if (last.Error == 0) return Check(last, reportData.Span);
            if (last.MonitorError == MonitorBusy || Patience.IsBusy(last.Error))
            {
                await Patience.WaitAsync(attempt, machine.Time, cancel).ConfigureAwait(false);
            }
            else if (command == SevGuestRequest.GetExtendedReport)
            {
                // Grow once to what is asked for; a host that asks for more again, or for nothing sensible, gives none.
                int wanted = last.MonitorError == TooLittleMemory ? WholePages(last.CertificatesSize) : 0;
                if (wanted <= size)
                {
                    command = SevGuestRequest.GetReport;
                    wanted = 0;
                }

                size = wanted;
            }
            else
            {
                throw new EvidenceException(EvidenceRefusal.DeviceFailed,
                    $"{machine.SevGuest.Path} gave no report: error {last.Error}, of the firmware "
                    + $"0x{last.FirmwareError:x}, of the monitor 0x{last.MonitorError:x}. "
                    + "The kernel's log may say more.");
            }
        }

        throw new EvidenceException(EvidenceRefusal.Busy,
            $"{machine.SevGuest.Path} was busy in {Patience.AttemptsMax} attempts, with error {last.Error}. "
            + "Ask again later.");
    }

    private async Task<SevGuestAnswer> CallAsync(uint command, byte[] request, int size, CancellationToken cancel)
    {
        try
        {
            // The call returns with the answer, so a thread waits for the security processor.
            return await Task.Run(() => machine.SevGuest.Call(command, request, size), cancel).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EvidenceException(EvidenceRefusal.DeviceFailed,
                $"{machine.SevGuest.Path} cannot be opened: {e.Message.TrimEnd('.')}. May this user read and write it?",
                e);
        }
    }

    private MachineEvidence Check(SevGuestAnswer answer, ReadOnlySpan<byte> reportData) =>
        SevGuestRequest.TryReadResponse(answer.Response.Span, out ReadOnlyMemory<byte> report)
            ? SnpAnswer.Check(machine.SevGuest.Path, report, answer.Certificates.Span, reportData)
            : throw new EvidenceException(EvidenceRefusal.ReportMalformed,
                $"{machine.SevGuest.Path} answered something that is no report of SEV-SNP.");

    // 0 for more than the kernel takes.
    private static int WholePages(uint size) => size > SevGuestRequest.CertificatesSizeMax
        ? 0
        : (int)(size + PageSize - 1) / PageSize * PageSize;
}
