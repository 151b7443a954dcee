using Curia.Attestation;

namespace Curia.Cli.Commands;

/// <summary>What the refusals of a launch digest say to people.</summary>
internal static class LaunchRefusals
{
    /// <summary>The rest of a sentence, without its full stop.</summary>
    public static string Say(LaunchRefusal refusal) => refusal switch
    {
        LaunchRefusal.FirmwareEmpty => "the file is empty",
        LaunchRefusal.FirmwareTooLarge => $"a firmware has no more than {OvmfImage.SizeMax >> 20} MiB",
        LaunchRefusal.FirmwareNotWholePages => "its size is not a multiple of 4096, so it is not a whole image",
        LaunchRefusal.FooterTableMissing => "it does not end with the table that an OVMF image ends with",
        LaunchRefusal.FooterTableOutOfBounds => "the table at its end is larger than the file or smaller than itself",
        LaunchRefusal.FooterEntryOutOfBounds => "an entry of the table at its end has a wrong size",
        LaunchRefusal.FooterEntryTwice => "an entry of the table at its end is there twice",
        LaunchRefusal.FooterEntryTooShort => "an entry of the table at its end is too short for its value",
        LaunchRefusal.MetadataMissing => "it has no SEV metadata: build OVMF with support for SEV-SNP",
        LaunchRefusal.MetadataOutOfBounds => "its SEV metadata reaches out of the file or of itself",
        LaunchRefusal.MetadataSignature => "its SEV metadata does not begin with ASEV",
        LaunchRefusal.MetadataVersion => "its SEV metadata is of another version than 1",
        LaunchRefusal.SectionsTooMany => $"it has more than {OvmfImage.SectionsMax} sections",
        LaunchRefusal.SectionsTooLarge => $"its sections have more than {OvmfImage.SectionPagesMax} pages",
        LaunchRefusal.SectionTypeUnknown => "a section is of a type that is not known",
        LaunchRefusal.SectionNotWholePages => "a section does not begin or end at a page, or is empty",
        LaunchRefusal.SectionNotOnePage => "a section that is one page has another size",
        LaunchRefusal.SectionOutOfBounds => "a section reaches into the firmware or beyond 4 GiB",
        LaunchRefusal.SectionsOverlap => "two sections share a page",
        LaunchRefusal.KernelHashesTwice => "it has two pages for hashes of the kernel",
        LaunchRefusal.KernelHashesUnsupported =>
            "it has no page for hashes of the kernel: leave --kernel out, or take the firmware for SEV with one",
        LaunchRefusal.KernelHashesOutOfBounds => "its table for hashes of the kernel does not lie in its page",
        LaunchRefusal.ResetAddressMissing => "it does not say where further processors begin: only --vcpus 1 is known",
        LaunchRefusal.ProcessorCount => $"there are 1 to {LaunchInputs.ProcessorsMax} processors",
        LaunchRefusal.ProcessorSignatureMissing => "QEMU needs the type of processor",
        LaunchRefusal.FirmwareDigestSize => "the digest of the firmware is not one of SHA-384",
        _ => "for a reason that has no name",
    };
}
