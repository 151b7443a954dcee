namespace Curia.Attestation;

/// <summary>Why no launch digest can be said for what was given.</summary>
public enum LaunchRefusal
{
    /// <summary>Nothing is wrong.</summary>
    None,

    /// <summary>The firmware is empty.</summary>
    FirmwareEmpty,

    /// <summary>The firmware is larger than <see cref="OvmfImage.SizeMax"/>.</summary>
    FirmwareTooLarge,

    /// <summary>The firmware is not a number of whole pages.</summary>
    FirmwareNotWholePages,

    /// <summary>The firmware does not end with OVMF's table of GUIDs.</summary>
    FooterTableMissing,

    /// <summary>The table of GUIDs says that it is smaller than its end, or larger than the firmware.</summary>
    FooterTableOutOfBounds,

    /// <summary>An entry of the table is smaller than its header, reaches out of the table, or leaves bytes
    /// over.</summary>
    FooterEntryOutOfBounds,

    /// <summary>An entry that is read here stands in the table twice.</summary>
    FooterEntryTwice,

    /// <summary>An entry that is read here has fewer bytes than its value needs.</summary>
    FooterEntryTooShort,

    /// <summary>The firmware has no SEV metadata: it is none for SEV-SNP.</summary>
    MetadataMissing,

    /// <summary>The SEV metadata lies outside the firmware, or is smaller than its sections need.</summary>
    MetadataOutOfBounds,

    /// <summary>The SEV metadata does not begin with <c>ASEV</c>.</summary>
    MetadataSignature,

    /// <summary>The SEV metadata is of another version than 1.</summary>
    MetadataVersion,

    /// <summary>There are more sections than <see cref="OvmfImage.SectionsMax"/>.</summary>
    SectionsTooMany,

    /// <summary>The sections have more pages than <see cref="OvmfImage.SectionPagesMax"/>.</summary>
    SectionsTooLarge,

    /// <summary>A section is of a type that has no known way into the digest.</summary>
    SectionTypeUnknown,

    /// <summary>A section does not begin at a page, or is not a number of whole pages, or has none.</summary>
    SectionNotWholePages,

    /// <summary>A section that is one page by its type has another size.</summary>
    SectionNotOnePage,

    /// <summary>A section reaches beyond the address space below the firmware.</summary>
    SectionOutOfBounds,

    /// <summary>Two sections share a page, which no page of a launch may.</summary>
    SectionsOverlap,

    /// <summary>Two sections are for the hashes of the kernel.</summary>
    KernelHashesTwice,

    /// <summary>A kernel is given, and the firmware has no page for its hashes.</summary>
    KernelHashesUnsupported,

    /// <summary>The table of the kernel's hashes does not lie in the page of its section.</summary>
    KernelHashesOutOfBounds,

    /// <summary>There is more than one processor, and the firmware does not say where the others begin.</summary>
    ResetAddressMissing,

    /// <summary>The number of processors is not from 1 to <see cref="LaunchInputs.ProcessorsMax"/>.</summary>
    ProcessorCount,

    /// <summary>QEMU puts the signature of the processor's type into its registers, and none is given.</summary>
    ProcessorSignatureMissing,

    /// <summary>The digest of the firmware, given in place of its bytes, is not one of SHA-384.</summary>
    FirmwareDigestSize,
}
