using System;
using System.Buffers.Binary;

namespace Curia.Attestation;

/// <summary>The structures of the requests that a guest makes of its security processor through
/// <c>/dev/sev-guest</c> (Linux, include/uapi/linux/sev-guest.h), as bytes. Whoever opens the device puts in the
/// addresses.</summary>
public static class SevGuestRequest
{
    /// <summary>SNP_GET_REPORT.</summary>
    public const uint GetReport = 0xC020_5300;

    /// <summary>SNP_GET_EXT_REPORT: a report, and the certificates of the host.</summary>
    public const uint GetExtendedReport = 0xC020_5302;

    /// <summary>The size of the argument of each call (snp_guest_request_ioctl).</summary>
    public const int ArgumentSize = 32;

    /// <summary>The size of a request for a report (snp_report_req).</summary>
    public const int ReportRequestSize = 96;

    /// <summary>The size of a request for a report with certificates (snp_ext_report_req).</summary>
    public const int ExtendedRequestSize = 112;

    /// <summary>The size of the answer (snp_report_resp).</summary>
    public const int ResponseSize = 4000;

    /// <summary>The largest memory for certificates that the kernel takes (SEV_FW_BLOB_MAX_SIZE).</summary>
    public const int CertificatesSizeMax = 16 * 1024;

    /// <summary>The size of report data.</summary>
    public const int ReportDataSize = 64;

    private const byte MessageVersion = 1;
    private const int ResponseHeaderSize = 32;

    /// <summary>Writes a request for a report, which a request with certificates begins with.</summary>
    /// <param name="reportData">64 bytes that the report will have.</param>
    /// <param name="vmpl">The privilege level that the report is for, 0 to 3.</param>
    /// <param name="request">At least <see cref="ReportRequestSize"/> bytes.</param>
    /// <exception cref="ArgumentException">The report data has another size, or there is no such level.</exception>
    public static void WriteReportRequest(ReadOnlySpan<byte> reportData, uint vmpl, Span<byte> request)
    {
        if (reportData.Length != ReportDataSize)
            throw new ArgumentException($"Report data has {ReportDataSize} bytes.", nameof(reportData));
        if (vmpl > 3) throw new ArgumentException("A privilege level is 0 to 3.", nameof(vmpl));
        request[..ReportRequestSize].Clear();
        reportData.CopyTo(request);
        BinaryPrimitives.WriteUInt32LittleEndian(request[ReportDataSize..], vmpl);
    }

    /// <summary>Writes where certificates go, behind a request for a report.</summary>
    /// <param name="request">At least <see cref="ExtendedRequestSize"/> bytes, with the request at their
    /// beginning.</param>
    /// <param name="address">The memory for certificates; 0 for none.</param>
    /// <param name="size">Its size: whole pages.</param>
    public static void WriteCertificatesAddress(Span<byte> request, ulong address, uint size)
    {
        request[ReportRequestSize..ExtendedRequestSize].Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(request[ReportRequestSize..], address);
        BinaryPrimitives.WriteUInt32LittleEndian(request[(ReportRequestSize + 8)..], size);
    }

    /// <summary>How much memory for certificates there must be, as the kernel has written it into the
    /// request.</summary>
    public static uint ReadCertificatesSize(ReadOnlySpan<byte> request) =>
        BinaryPrimitives.ReadUInt32LittleEndian(request[(ReportRequestSize + 8)..]);

    /// <summary>Writes the argument of a call.</summary>
    /// <param name="argument">At least <see cref="ArgumentSize"/> bytes.</param>
    /// <param name="request">The address of the request.</param>
    /// <param name="response">The address of the answer.</param>
    public static void WriteArgument(Span<byte> argument, ulong request, ulong response)
    {
        argument[..ArgumentSize].Clear();
        argument[0] = MessageVersion;
        BinaryPrimitives.WriteUInt64LittleEndian(argument[8..], request);
        BinaryPrimitives.WriteUInt64LittleEndian(argument[16..], response);
    }

    /// <summary>What went wrong, as the kernel has written it into the argument: the error of the firmware, and that of
    /// the monitor (1: too little memory for certificates, 2: busy).</summary>
    public static (uint Firmware, uint Monitor) ReadErrors(ReadOnlySpan<byte> argument) =>
        (BinaryPrimitives.ReadUInt32LittleEndian(argument[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(argument[28..]));

    /// <summary>Reads the report out of an answer (AMD 56860 table 25, MSG_REPORT_RSP); nothing throws.</summary>
    /// <returns>False when the firmware says that it failed, or the report is not one of
    /// <see cref="SnpReport.Size"/> bytes.</returns>
    public static bool TryReadResponse(ReadOnlySpan<byte> response, out ReadOnlyMemory<byte> report)
    {
        report = default;
        if (response.Length < ResponseHeaderSize + SnpReport.Size
            || BinaryPrimitives.ReadUInt32LittleEndian(response) != 0
            || BinaryPrimitives.ReadUInt32LittleEndian(response[4..]) != SnpReport.Size)
        {
            return false;
        }

        report = response.Slice(ResponseHeaderSize, SnpReport.Size).ToArray();
        return true;
    }
}
