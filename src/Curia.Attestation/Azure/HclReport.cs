using System;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Curia.Attestation;

/// <summary>The report of Azure's paravisor (the "host compatibility layer"), from the virtual TPM: a hardware report,
/// and runtime data whose digest is its report data. Immutable; any thread.</summary>
/// <remarks>It was made when the machine started: freshness comes from a quote of the TPM, whose key is in the runtime
/// data.</remarks>
public sealed class HclReport
{
    /// <summary>The largest report in bytes. Real ones have some 2,600, in a register of the TPM.</summary>
    public const int SizeMax = 64 * 1024;

    private const int HeaderSize = 32;
    private const int HardwareSize = SnpReport.Size; // a TDREPORT is shorter, and zeros follow it
    private const int RuntimeHeader = HeaderSize + HardwareSize;
    private const int RuntimeHeaderSize = 20;
    private const uint SnpReportType = 2;
    private const uint TdxReportType = 4;
    private const uint Sha256 = 1;

    private HclReport(ReadOnlyMemory<byte> bytes, AttestationPlatform platform, int runtimeSize)
    {
        Platform = platform;
        HardwareReport = bytes.Slice(
            HeaderSize, platform == AttestationPlatform.Snp ? HardwareSize : TdxReport.LocalReportSize);
        RuntimeData = bytes.Slice(RuntimeHeader + RuntimeHeaderSize, runtimeSize);
    }

    /// <summary>What the report of the hardware is of: SEV-SNP or TDX.</summary>
    public AttestationPlatform Platform { get; }

    /// <summary>The report of the hardware: 1184 bytes of SEV-SNP, or the 1024 of a TDREPORT, which only the machine
    /// itself can verify and which a quote is made of.</summary>
    public ReadOnlyMemory<byte> HardwareReport { get; }

    /// <summary>The runtime data as it was hashed: JSON with the keys of the TPM.</summary>
    public ReadOnlyMemory<byte> RuntimeData { get; }

    /// <summary>Reads a report that holds one of SEV-SNP or TDX; nothing throws.</summary>
    /// <returns>False for other types, another hash than SHA-256, lengths that do not fit, and bytes behind the
    /// runtime data that are not zero: a register of the TPM has a fixed size.</returns>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, out HclReport? report)
    {
        report = null;
        ReadOnlySpan<byte> span = bytes.Span;
        if (span.Length is < RuntimeHeader + RuntimeHeaderSize or > SizeMax || !span.StartsWith("HCLA"u8)) return false;
        ReadOnlySpan<byte> header = span[RuntimeHeader..];
        uint runtimeSize = Word(header, 4);
        int room = span.Length - RuntimeHeader - RuntimeHeaderSize;

        // Sizes first: data_size, version, report_type, hash_type, variable_data_size.
        uint type = Word(header, 2);
        if (Word(span, 1) is not (1 or 2) || type is not (SnpReportType or TdxReportType) || Word(header, 3) != Sha256
            || runtimeSize > room || Word(header, 0) != RuntimeHeaderSize + runtimeSize
            || span[(span.Length - room + (int)runtimeSize)..].ContainsAnyExcept((byte)0))
        {
            return false;
        }

        bool isTdx = type == TdxReportType;
        if (isTdx && span[(HeaderSize + TdxReport.LocalReportSize)..RuntimeHeader].ContainsAnyExcept((byte)0))
            return false;
        report = new HclReport(
            bytes.ToArray(), isTdx ? AttestationPlatform.Tdx : AttestationPlatform.Snp, (int)runtimeSize);
        return true;
    }

    /// <summary>Whether 64 bytes of report data are SHA-256 of the runtime data and 32 zeros.</summary>
    public bool IsBoundBy(ReadOnlySpan<byte> reportData) =>
        reportData.Length == 64 && reportData[..32].SequenceEqual(SHA256.HashData(RuntimeData.Span))
        && !reportData[32..].ContainsAnyExcept((byte)0);

    private static uint Word(ReadOnlySpan<byte> bytes, int index) =>
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[(4 * index)..]);
}
