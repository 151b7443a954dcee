using System;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;

namespace Curia.Evidence;

/// <summary>Evidence through the reports of the kernel, of SEV-SNP or TDX (Linux,
/// Documentation/ABI/testing/configfs-tsm-report).</summary>
/// <remarks>The kernel counts what is written into a request. The number must be one higher after the report data, and
/// the same after the answer: otherwise somebody else has written too, and the answer may be his.</remarks>
internal sealed class TsmAttester : IAttester
{
    private const string SnpProvider = "sev_guest";
    private const string TdxProvider = "tdx_guest";
    private const int TextSizeMax = 256;
    private const int ReportDataSize = 64;

    // Intel, TDX quotes of version 4 and 5: where the report data lies.
    private const int ReportDataInQuote4 = 48 + 520;
    private const int ReportDataInQuote5 = 54 + 520;

    private readonly Machine machine;

    private TsmAttester(Machine machine, AttestationPlatform platform)
    {
        this.machine = machine;
        Platform = platform;
    }

    /// <inheritdoc/>
    public string Name => Platform == AttestationPlatform.Snp ? Attesters.SnpTsm : Attesters.TdxTsm;

    /// <inheritdoc/>
    public AttestationPlatform Platform { get; }

    /// <summary>The attester for the device behind the kernel's reports.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="found">What the reports come from; for messages. Empty when the kernel has none.</param>
    /// <returns>Null when there are none, or they come from a device that is not known here.</returns>
    public static TsmAttester? Find(Machine machine, out string found)
    {
        found = "";
        if (!machine.Reports.AreThere) return null;
        try
        {
            using ITsmRequest request = machine.Reports.Open();
            found = ReadText(request, "provider");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            found = $"nothing that can be read ({e.Message.TrimEnd('.')})";
            return null;
        }

        return found switch
        {
            SnpProvider => new TsmAttester(machine, AttestationPlatform.Snp),
            TdxProvider => new TsmAttester(machine, AttestationPlatform.Tdx),
            _ => null,
        };
    }

    /// <inheritdoc/>
    public async Task<MachineEvidence> CollectAsync(ReadOnlyMemory<byte> reportData, CancellationToken cancel)
    {
        if (reportData.Length != ReportDataSize)
            throw new ArgumentException($"Report data has {ReportDataSize} bytes.", nameof(reportData));
        EvidenceRefusal reason = EvidenceRefusal.Busy;
        for (int attempt = 0; attempt < Patience.AttemptsMax; attempt++)
        {
            if (attempt > 0) await Patience.WaitAsync(attempt - 1, machine.Time, cancel).ConfigureAwait(false);
            try
            {
                // The kernel answers in the call itself, so a thread waits for the security processor.
                if (await Task.Run(() => Ask(reportData.Span), cancel).ConfigureAwait(false) is { } answer)
                    return Check(answer, reportData.Span);
                reason = EvidenceRefusal.Interfered;
            }
            catch (IOException e) when (Patience.IsBusy(e))
            {
                reason = EvidenceRefusal.Busy;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new EvidenceException(EvidenceRefusal.DeviceFailed,
                    $"{machine.Reports.Path} gave no report: {e.Message.TrimEnd('.')}. The kernel's log may say more.",
                    e);
            }
        }

        string why = reason == EvidenceRefusal.Busy ? "was busy" : "was written to by others";
        throw new EvidenceException(reason,
            $"{machine.Reports.Path} {why} in {Patience.AttemptsMax} attempts. Ask again when nobody else does.");
    }

    // Null when somebody else wrote into the request.
    private Answer? Ask(ReadOnlySpan<byte> reportData)
    {
        using ITsmRequest request = machine.Reports.Open();
        string provider = ReadText(request, "provider");
        if (provider != (Platform == AttestationPlatform.Snp ? SnpProvider : TdxProvider))
        {
            throw new EvidenceException(EvidenceRefusal.WrongProvider,
                $"{machine.Reports.Path} has reports of {provider}, not of {Platform}.");
        }

        ulong before = ReadGeneration(request);
        request.Write("inblob", reportData);
        ulong written = ReadGeneration(request);
        if (written != before + 1) return null;
        byte[] report = Bounded(request, "outblob", MachineEvidence.ReportSizeMax);
        byte[] certificates = Platform == AttestationPlatform.Snp && request.Has("auxblob")
            ? Bounded(request, "auxblob", SnpCertificateTable.SizeMax)
            : [];
        return ReadGeneration(request) == written ? new Answer(report, certificates) : null;
    }

    private MachineEvidence Check(Answer answer, ReadOnlySpan<byte> reportData)
    {
        if (Platform == AttestationPlatform.Snp)
            return SnpAnswer.Check(machine.Reports.Path, answer.Report, answer.Certificates, reportData);
        ReadOnlySpan<byte> quote = answer.Report;
        int at = quote.Length < 2 ? 0 : quote[0] switch
        {
            4 => ReportDataInQuote4,
            5 => ReportDataInQuote5,
            _ => 0,
        };
        if (at == 0 || quote[1] != 0 || quote.Length < at + ReportDataSize)
        {
            throw new EvidenceException(EvidenceRefusal.ReportMalformed,
                $"{machine.Reports.Path} answered {quote.Length} bytes that are no quote of version 4 or 5.");
        }

        if (!quote.Slice(at, ReportDataSize).SequenceEqual(reportData))
        {
            throw new EvidenceException(EvidenceRefusal.OtherReportData,
                $"{machine.Reports.Path} answered a quote with other report data than was asked for.");
        }

        return new MachineEvidence { Platform = Platform, Report = answer.Report };
    }

    private byte[] Bounded(ITsmRequest request, string attribute, int sizeMax)
    {
        byte[] read = request.Read(attribute, sizeMax);
        return read.Length <= sizeMax
            ? read
            : throw new EvidenceException(EvidenceRefusal.TooLarge,
                $"{attribute} in {machine.Reports.Path} has more than {sizeMax} bytes.");
    }

    private ulong ReadGeneration(ITsmRequest request)
    {
        string text = ReadText(request, "generation");
        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong generation)
            ? generation
            : throw new EvidenceException(EvidenceRefusal.DeviceFailed,
                $"generation in {machine.Reports.Path} is no number.");
    }

    // The kernel ends a text with a new line.
    private static string ReadText(ITsmRequest request, string attribute)
    {
        string text = Encoding.ASCII.GetString(request.Read(attribute, TextSizeMax)).TrimEnd('\n');
        return text.Length <= TextSizeMax && text.AsSpan().IndexOfAnyExceptInRange(' ', '~') < 0 ? text : "(no text)";
    }

    private sealed record Answer(byte[] Report, byte[] Certificates);
}
