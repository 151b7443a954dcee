using System;
using System.Buffers.Binary;

namespace Curia.Attestation;

/// <summary>The report body of an enclave (Intel SDM volume 3D, REPORT): 384 bytes, of an application or of the quoting
/// enclave. Immutable; any thread. Nobody has vouched for it yet.</summary>
public sealed class SgxReport
{
    /// <summary>The size in bytes.</summary>
    public const int Size = 384;

    private readonly ReadOnlyMemory<byte> bytes;

    internal SgxReport(ReadOnlyMemory<byte> bytes) => this.bytes = bytes;

    /// <summary>The security version of the processor, as an opaque value: 16 bytes.</summary>
    public ReadOnlyMemory<byte> CpuSvn => bytes[..16];

    /// <summary>MISCSELECT: 4 bytes as they lie.</summary>
    public ReadOnlyMemory<byte> MiscSelect => bytes.Slice(16, 4);

    /// <summary>ATTRIBUTES with its XFRM: 16 bytes as they lie.</summary>
    public ReadOnlyMemory<byte> AttributeBytes => bytes.Slice(48, 16);

    /// <summary>The flags of ATTRIBUTES.</summary>
    public SgxAttributes Attributes => (SgxAttributes)BinaryPrimitives.ReadUInt64LittleEndian(bytes.Span[48..]);

    /// <summary>MRENCLAVE, the digest of the enclave.</summary>
    public Measurement Measurement => new(bytes.Span.Slice(64, 32));

    /// <summary>MRSIGNER, SHA-256 of the key that signed the enclave: 32 bytes.</summary>
    public ReadOnlyMemory<byte> Signer => bytes.Slice(128, 32);

    /// <summary>CONFIGID, what the host put in at start: 64 bytes.</summary>
    public ReadOnlyMemory<byte> ConfigId => bytes.Slice(192, 64);

    /// <summary>ISVPRODID, the number of the product.</summary>
    public ushort ProductId => Half(256);

    /// <summary>ISVSVN, the security version of the enclave.</summary>
    public ushort SecurityVersion => Half(258);

    /// <summary>REPORTDATA, what the enclave put in: 64 bytes.</summary>
    public ReadOnlyMemory<byte> ReportData => bytes.Slice(320, 64);

    internal ReadOnlyMemory<byte> Bytes => bytes;

    internal bool ReservedBytesAreZero =>
        IsZero(20, 32) && IsZero(96, 128) && IsZero(160, 192) && IsZero(262, 304)
        && (Attributes & ~SgxAttributes.Known) == 0;

    private bool IsZero(int from, int to) => !bytes.Span[from..to].ContainsAnyExcept((byte)0);

    private ushort Half(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span[offset..]);
}

/// <summary>The flags of an enclave (Intel SDM volume 3D, ATTRIBUTES).</summary>
[Flags]
public enum SgxAttributes : ulong
{
    /// <summary>No flag.</summary>
    None = 0,

    /// <summary>The enclave was initialised; always set in a report.</summary>
    Initialised = 1ul << 0,

    /// <summary>The host may read and write the enclave for debugging.</summary>
    Debug = 1ul << 1,

    /// <summary>It runs in 64-bit mode.</summary>
    Mode64 = 1ul << 2,

    /// <summary>It may have the provisioning key, which names the processor.</summary>
    ProvisionKey = 1ul << 4,

    /// <summary>It may have the launch key.</summary>
    LaunchKey = 1ul << 5,

    /// <summary>Control-flow enforcement is on.</summary>
    ControlFlow = 1ul << 6,

    /// <summary>Keys can be separated and shared.</summary>
    KeySeparation = 1ul << 7,

    /// <summary>The enclave is told of interruptions.</summary>
    ExitNotification = 1ul << 10,

    /// <summary>All that have a name.</summary>
    Known = Initialised | Debug | Mode64 | ProvisionKey | LaunchKey | ControlFlow | KeySeparation | ExitNotification,
}
