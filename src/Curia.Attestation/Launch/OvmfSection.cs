namespace Curia.Attestation;

/// <summary>What the memory of a section is before the firmware runs (OVMF, SEV metadata).</summary>
public enum OvmfSectionType
{
    /// <summary>Memory of the firmware: zeros that are measured.</summary>
    SecMemory = 1,

    /// <summary>The page of secrets: keys for messages to the security processor.</summary>
    Secrets = 2,

    /// <summary>The page of the processor's features, which the security processor checks.</summary>
    Cpuid = 3,

    /// <summary>The calling area of a secure VM service module: zeros.</summary>
    SvsmCallingArea = 4,

    /// <summary>The page with the hashes of kernel, initial RAM disk and command line.</summary>
    KernelHashes = 0x10,
}

/// <summary>A range of memory that the virtual machine monitor prepares at launch.</summary>
/// <param name="Address">The first guest physical address, at a page.</param>
/// <param name="Size">The size in bytes: whole pages.</param>
/// <param name="Type">What is in it.</param>
public readonly record struct OvmfSection(uint Address, uint Size, OvmfSectionType Type);
