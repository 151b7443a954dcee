using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Curia.Attestation;

/// <summary>The report body of a trust domain (Intel DCAP Quoting Library API, appendix A): 584 bytes of TDX 1.0, 648
/// of TDX 1.5. Immutable; any thread. Nobody has vouched for it yet.</summary>
public sealed class TdxReport
{
    /// <summary>The size of a body of TDX 1.0 in bytes.</summary>
    public const int Size10 = 584;

    /// <summary>The size of a body of TDX 1.5 in bytes.</summary>
    public const int Size15 = 648;

    /// <summary>How many runtime measurements there are.</summary>
    public const int RuntimeMeasurementCount = 4;

    // TDREPORT (Intel TDX Module ABI Specification, TDREPORT_STRUCT): the parts of it that a quote repeats.
    internal const int LocalReportSize = 1024;
    private const int LocalReportData = 128;
    private const int LocalModule = 264;
    private const int LocalDomain = 512;

    private const int DomainStart = 120;
    private const int ReportDataStart = 520;
    private const int MeasurementSize = 48;

    private readonly ReadOnlyMemory<byte> bytes;

    internal TdxReport(ReadOnlyMemory<byte> bytes) => this.bytes = bytes;

    /// <summary>What a TDREPORT of the machine and the body of a quote have in common, as a body of TDX 1.0. Its MAC is
    /// not looked at: it is for the machine alone.</summary>
    /// <returns>False for less than a TDREPORT has.</returns>
    public static bool TryFromLocalReport(ReadOnlyMemory<byte> localReport, out TdxReport? report)
    {
        report = null;
        if (localReport.Length != LocalReportSize) return false;
        byte[] body = new byte[Size10];
        localReport.Slice(LocalModule, DomainStart).CopyTo(body);
        localReport.Slice(LocalDomain, ReportDataStart - DomainStart).CopyTo(body.AsMemory(DomainStart));
        localReport.Slice(LocalReportData, Size10 - ReportDataStart).CopyTo(body.AsMemory(ReportDataStart));
        report = new TdxReport(body);
        return true;
    }

    /// <summary>TEE_TCB_SVN: the security versions of module (0, and its major version in 1) and firmware: 16
    /// bytes.</summary>
    public ReadOnlyMemory<byte> TcbSvn => bytes[..16];

    /// <summary>MRSEAM, the digest of the TDX module.</summary>
    public Measurement Module => At(16);

    /// <summary>MRSIGNERSEAM, who signed the module; zero for Intel: 48 bytes.</summary>
    public ReadOnlyMemory<byte> ModuleSigner => bytes.Slice(64, MeasurementSize);

    /// <summary>SEAMATTRIBUTES; zero: 8 bytes.</summary>
    public ReadOnlyMemory<byte> ModuleAttributes => bytes.Slice(112, 8);

    /// <summary>TDATTRIBUTES.</summary>
    public TdxAttributes Attributes => (TdxAttributes)LongWord(DomainStart);

    /// <summary>XFAM: which extended features of the processor the domain may use.</summary>
    public ulong Xfam => LongWord(128);

    /// <summary>MRTD, the digest of the domain as it was built.</summary>
    public Measurement Measurement => At(136);

    /// <summary>MRCONFIGID, MROWNER and MROWNERCONFIG, which the host put in at launch: 48 bytes each.</summary>
    public ReadOnlyMemory<byte> HostData => bytes.Slice(184, 3 * MeasurementSize);

    /// <summary>RTMR0 to RTMR3, which the domain has extended since.</summary>
    public IReadOnlyList<Measurement> RuntimeMeasurements => [At(328), At(376), At(424), At(472)];

    /// <summary>REPORTDATA, what the domain put in: 64 bytes.</summary>
    public ReadOnlyMemory<byte> ReportData => bytes.Slice(ReportDataStart, 64);

    /// <summary>Whether the body is of TDX 1.5.</summary>
    public bool IsTdx15 => bytes.Length == Size15;

    /// <summary>TEE_TCB_SVN_2: the security versions that run now, after an update under the domain; TDX 1.5, else
    /// nothing.</summary>
    public ReadOnlyMemory<byte> CurrentTcbSvn => IsTdx15 ? bytes.Slice(584, 16) : ReadOnlyMemory<byte>.Empty;

    /// <summary>MRSERVICETD, the digest of the service domains bound to this one, a migration agent for example; zero
    /// for none, null in TDX 1.0.</summary>
    public Measurement? ServiceDomains => IsTdx15 ? At(600) : null;

    /// <summary>Whether a TDREPORT of the machine is the one that a quote with this body was made of. Its MAC is for
    /// the machine alone.</summary>
    internal bool IsMadeFrom(ReadOnlySpan<byte> localReport) =>
        localReport.Length >= LocalReportSize
        && localReport.Slice(LocalReportData, 64).SequenceEqual(ReportData.Span)
        && localReport.Slice(LocalModule, DomainStart).SequenceEqual(bytes.Span[..DomainStart])
        && localReport.Slice(LocalDomain, ReportDataStart - DomainStart)
            .SequenceEqual(bytes.Span[DomainStart..ReportDataStart]);

    private Measurement At(int offset) => new(bytes.Span.Slice(offset, MeasurementSize));

    private ulong LongWord(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span[offset..]);
}

/// <summary>The attributes of a trust domain (Intel TDX Module ABI Specification, ATTRIBUTES).</summary>
[Flags]
public enum TdxAttributes : ulong
{
    /// <summary>No attribute.</summary>
    None = 0,

    /// <summary>The host may read and write the domain for debugging.</summary>
    Debug = 1ul << 0,

    /// <summary>The host may profile the domain in a way that lays it open.</summary>
    HgsPlusProfiling = 1ul << 4,

    /// <summary>The host may see its performance counters.</summary>
    PerformanceProfiling = 1ul << 5,

    /// <summary>The host may see its telemetry.</summary>
    TelemetryProfiling = 1ul << 6,

    /// <summary>The group whose bits make a domain one under debugging, named and reserved.</summary>
    UnderDebug = 0xFF,

    /// <summary>Bit 16, which kernels name ICSSD.</summary>
    Icssd = 1ul << 16,

    /// <summary>Linear addresses of user and kernel are kept apart.</summary>
    Lass = 1ul << 27,

    /// <summary>A page that the host takes away ends the access and does not call the domain's handler.</summary>
    SeptVeDisabled = 1ul << 28,

    /// <summary>The domain may be migrated by a service domain.</summary>
    Migratable = 1ul << 29,

    /// <summary>Protection keys for supervisor pages may be used.</summary>
    ProtectionKeys = 1ul << 30,

    /// <summary>Key Locker may be used.</summary>
    KeyLocker = 1ul << 31,

    /// <summary>The domain is a provisioning agent (TPA).</summary>
    ProvisioningAgent = 1ul << 62,

    /// <summary>Performance counters may be used.</summary>
    PerformanceCounters = 1ul << 63,

    /// <summary>All that have a name.</summary>
    Known = Debug | HgsPlusProfiling | PerformanceProfiling | TelemetryProfiling | Icssd | Lass | SeptVeDisabled
        | Migratable | ProtectionKeys | KeyLocker | ProvisioningAgent | PerformanceCounters,
}
