namespace Curia.Attestation;

/// <summary>All that goes into a launch digest.</summary>
public sealed record LaunchInputs
{
    /// <summary>The most processors; KVM has no more for one guest.</summary>
    public const int ProcessorsMax = 4096;

    /// <summary>The firmware.</summary>
    public required OvmfImage Firmware { get; init; }

    /// <summary>The digest after the pages of the firmware, in place of its bytes
    /// (<see cref="LaunchDigest.OfFirmware"/>); the tables of <see cref="Firmware"/> are still read. Null to compute
    /// it.</summary>
    public Measurement? FirmwareDigest { get; init; }

    /// <summary>The kernel that is given to the monitor beside the firmware; null when the guest boots from a
    /// disk.</summary>
    public KernelHashes? Kernel { get; init; }

    /// <summary>The number of virtual processors.</summary>
    public required int Processors { get; init; }

    /// <summary>The signature of the type of processor (<see cref="ProcessorTypes"/>); needed for QEMU alone.</summary>
    public uint? ProcessorSignature { get; init; }

    /// <summary>SEV_FEATURES of each processor: bit 0 SEV-SNP, bit 5 that debug registers are swapped (Linux 6.6 and
    /// later as host).</summary>
    public ulong GuestFeatures { get; init; } = 1;

    /// <summary>Who launches.</summary>
    public LaunchMonitor Monitor { get; init; }
}
