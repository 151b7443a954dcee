using System;
using Curia.Attestation;

namespace Curia.Evidence;

/// <summary>What a device of SEV-SNP answered: a report, and the table of certificates beside it.</summary>
internal static class SnpAnswer
{
    private const int ReportDataOffset = 0x50;

    /// <summary>The answer as evidence.</summary>
    /// <param name="device">What answered, for messages.</param>
    /// <param name="report">The report.</param>
    /// <param name="certificates">The table; may be empty.</param>
    /// <param name="reportData">What the report must bind.</param>
    /// <exception cref="EvidenceException">It is not what was asked for.</exception>
    public static MachineEvidence Check(
        string device,
        ReadOnlyMemory<byte> report,
        ReadOnlySpan<byte> certificates,
        ReadOnlySpan<byte> reportData)
    {
        if (report.Length != SnpReport.Size)
        {
            throw new EvidenceException(EvidenceRefusal.ReportMalformed,
                $"{device} answered {report.Length} bytes, and a report of SEV-SNP has {SnpReport.Size}.");
        }

        if (!report.Span.Slice(ReportDataOffset, reportData.Length).SequenceEqual(reportData))
        {
            throw new EvidenceException(EvidenceRefusal.OtherReportData,
                $"{device} answered a report with other report data than was asked for.");
        }

        if (!SnpCertificateTable.TryDecode(certificates, out SnpCertificateTable? table))
        {
            throw new EvidenceException(EvidenceRefusal.CertificatesMalformed,
                $"{device} answered a table of certificates that cannot be read. The host made it: ask its operator.");
        }

        return new MachineEvidence
        {
            Platform = AttestationPlatform.Snp,
            Report = report,
            Certificates = table!.Certificates,
            RevocationList = table.RevocationList,
        };
    }
}
