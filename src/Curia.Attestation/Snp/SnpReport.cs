using System;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Curia.Cryptography;

namespace Curia.Attestation;

/// <summary>An attestation report of SEV-SNP (AMD 56860 section 7.3): 1184 bytes of version 2, 3 or 5. Immutable; any
/// thread.</summary>
/// <remarks>A report that can be built has a known layout and zeros where the specification reserves bytes, also in
/// the part that the signature does not cover. Nobody has vouched for it yet. Its bytes are no identity: of an ECDSA
/// signature anybody makes another one.</remarks>
public sealed class SnpReport
{
    /// <summary>The size in bytes.</summary>
    public const int Size = 0x4A0;

    /// <summary>How many bytes from the beginning are signed.</summary>
    public const int SignedSize = 0x2A0;

    private const uint EcdsaP384Sha384 = 1;

    // R and S have 72 bytes each, of which a P-384 key fills 48; the rest of the signature's 512 bytes is reserved.
    private const int NumberSize = 48;
    private const int NumberField = 72;

    private const ulong KnownGuestPolicyBits = (1ul << 26) - 1;
    private const uint KnownFlagBits = 0b11111;

    private readonly ReadOnlyMemory<byte> bytes;

    private SnpReport(ReadOnlyMemory<byte> bytes) => this.bytes = bytes;

    /// <summary>The version of the layout: 2, 3 or 5.</summary>
    public uint Version => Word(0x000);

    /// <summary>The security version of the guest, as its owner signed it.</summary>
    public uint GuestSvn => Word(0x004);

    /// <summary>The bits of the guest's policy, without the ABI version.</summary>
    public SnpGuestPolicy GuestPolicy => (SnpGuestPolicy)(LongWord(0x008) & ~0xFFFFul);

    /// <summary>The oldest firmware that the guest's policy takes, by its ABI version.</summary>
    public SnpFirmware GuestPolicyAbi => new(bytes.Span[0x009], bytes.Span[0x008], 0);

    /// <summary>The family of the guest, as its owner signed it: 16 bytes.</summary>
    public ReadOnlyMemory<byte> FamilyId => bytes.Slice(0x010, 16);

    /// <summary>The image of the guest, as its owner signed it: 16 bytes.</summary>
    public ReadOnlyMemory<byte> ImageId => bytes.Slice(0x020, 16);

    /// <summary>The number that firmware gave the guest at its launch: 32 bytes.</summary>
    public ReadOnlyMemory<byte> ReportId => bytes.Slice(0x140, 32);

    /// <summary>The same of its migration agent; all ones when there is none.</summary>
    public ReadOnlyMemory<byte> MigrationReportId => bytes.Slice(0x160, 32);

    /// <summary>The privilege level that asked for the report, 0 is the highest; all ones when the host
    /// asked.</summary>
    public uint Vmpl => Word(0x030);

    /// <summary>What the host is like.</summary>
    public SnpPlatformInfo PlatformInfo => (SnpPlatformInfo)LongWord(0x040);

    /// <summary>The number of the key that signed; <see cref="SnpKeyKind"/> has the known ones.</summary>
    public uint SigningKey => (Word(0x048) >> 2) & 0b111;

    /// <summary>What the guest put in: 64 bytes.</summary>
    public ReadOnlyMemory<byte> ReportData => bytes.Slice(0x050, 64);

    /// <summary>The digest of the guest at launch.</summary>
    public Measurement Measurement => new(bytes.Span.Slice(0x090, 48));

    /// <summary>What the host put in at launch: 32 bytes.</summary>
    public ReadOnlyMemory<byte> HostData => bytes.Slice(0x0C0, 32);

    /// <summary>SHA-384 of the key that signed the guest's identity block; zero when there was none.</summary>
    public ReadOnlyMemory<byte> IdKeyDigest => bytes.Slice(0x0E0, 48);

    /// <summary>SHA-384 of the key that certified that key; zero when there was none.</summary>
    public ReadOnlyMemory<byte> AuthorKeyDigest => bytes.Slice(0x110, 48);

    /// <summary>Combined family of CPUID; zero in version 2.</summary>
    public byte CpuidFamily => bytes.Span[0x188];

    /// <summary>Combined model of CPUID; zero in version 2.</summary>
    public byte CpuidModel => bytes.Span[0x189];

    /// <summary>Whether the report names its processor; version 2 does not.</summary>
    public bool HasCpuid => Version >= 3;

    /// <summary>The generation that the numbers of the processor are of; null when the report has none, or they are of
    /// none that is known.</summary>
    public SnpProcessor? Processor => HasCpuid ? SnpProcessors.FromCpuid(CpuidFamily, CpuidModel) : null;

    /// <summary>The name of the processor: 64 bytes, of which Turin uses 8; zero when the host masks it.</summary>
    public ReadOnlyMemory<byte> ChipId => bytes.Slice(0x1A0, 64);

    /// <summary>The firmware that runs.</summary>
    public SnpFirmware CurrentFirmware => FirmwareAt(0x1E8);

    /// <summary>The firmware below which the host cannot go back.</summary>
    public SnpFirmware CommittedFirmware => FirmwareAt(0x1EC);

    /// <summary>Whether the report has mitigation vectors; only version 5 has.</summary>
    public bool HasMitigations => Version >= 5;

    /// <summary>The mitigations at launch, one a bit; zero before version 5.</summary>
    public ulong LaunchMitigations => LongWord(0x1F8);

    /// <summary>The mitigations now, one a bit; zero before version 5.</summary>
    public ulong CurrentMitigations => LongWord(0x200);

    /// <summary>TCB_VERSION that runs now: 8 bytes, whose layout depends on the processor, which version 2 does not
    /// name.</summary>
    public ReadOnlyMemory<byte> CurrentTcb => TcbAt(0x038);

    /// <summary>The same for which the key of the report stands.</summary>
    public ReadOnlyMemory<byte> ReportedTcb => TcbAt(0x180);

    /// <summary>The same behind which the firmware cannot go back.</summary>
    public ReadOnlyMemory<byte> CommittedTcb => TcbAt(0x1E0);

    /// <summary>The same at the launch of the guest.</summary>
    public ReadOnlyMemory<byte> LaunchTcb => TcbAt(0x1F0);

    /// <summary>Reads a report and nothing behind it; nothing throws.</summary>
    /// <returns>False for another length or version, another algorithm than ECDSA on P-384 with SHA-384, and reserved
    /// bytes that are not zero.</returns>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, out SnpReport? report)
    {
        report = Read(bytes, new Appraisal());
        return report is not null;
    }

    /// <summary>Whether a key of P-384 signed the report.</summary>
    public bool IsSignedBy(SignatureVerifier key)
    {
        ArgumentNullException.ThrowIfNull(key);

        // R and S are little-endian here, and big-endian in IEEE P1363.
        Span<byte> signature = stackalloc byte[2 * NumberSize];
        bytes.Span.Slice(SignedSize, NumberSize).CopyTo(signature);
        bytes.Span.Slice(SignedSize + NumberField, NumberSize).CopyTo(signature[NumberSize..]);
        signature[..NumberSize].Reverse();
        signature[NumberSize..].Reverse();
        return key.Curve == SigningCurve.P384
            && key.VerifyHash(SHA384.HashData(bytes.Span[..SignedSize]), signature);
    }

    /// <summary>Reads a report check by check; null when one fails.</summary>
    internal static SnpReport? Read(ReadOnlyMemory<byte> bytes, Appraisal checks)
    {
        if (!checks.Require("report-length", SnpSource.Report, bytes.Length == Size, "report-length",
            $"{bytes.Length} bytes, {Size} expected"))
        {
            return null;
        }

        SnpReport report = new(bytes.ToArray());
        return checks.Require("report-version", SnpSource.Report, report.Version is 2 or 3 or 5,
                "unsupported-report-version", $"version {report.Version}")
            && checks.Require("signature-algorithm", SnpSource.Report, report.Word(0x034) == EcdsaP384Sha384,
                "unsupported-signature-algorithm", $"algorithm {report.Word(0x034)}")
            && checks.Require("reserved-bytes", SnpSource.Report, report.ReservedBytesAreZero, "reserved-nonzero")
            && checks.Require("guest-policy-reserved", SnpSource.GuestPolicy, report.GuestPolicyReservedIsRight,
                "policy-reserved-bits", $"policy 0x{report.LongWord(0x008):x}")
            ? report
            : null;
    }

    private bool ReservedBytesAreZero =>
        (Word(0x048) & ~KnownFlagBits) == 0
        && IsZero(0x04C, 0x050)
        && IsZero(HasCpuid ? 0x18B : 0x188, 0x1A0)
        && IsZero(0x1EB, 0x1EC)
        && IsZero(0x1EF, 0x1F0)
        && IsZero(HasMitigations ? 0x208 : 0x1F8, SignedSize)
        && IsZero(SignedSize + NumberSize, SignedSize + NumberField)
        && IsZero(SignedSize + NumberField + NumberSize, Size);

    private bool GuestPolicyReservedIsRight =>
        GuestPolicy.HasFlag(SnpGuestPolicy.ReservedOne) && (LongWord(0x008) & ~KnownGuestPolicyBits) == 0;

    private bool IsZero(int from, int to) => !bytes.Span[from..to].ContainsAnyExcept((byte)0);

    private uint Word(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[offset..]);

    private ulong LongWord(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span[offset..]);

    private ReadOnlyMemory<byte> TcbAt(int offset) => bytes.Slice(offset, SnpTcb.Size);

    // Build, minor, major.
    private SnpFirmware FirmwareAt(int offset) =>
        new(bytes.Span[offset + 2], bytes.Span[offset + 1], bytes.Span[offset]);
}
