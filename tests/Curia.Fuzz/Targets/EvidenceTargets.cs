using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Attestation;
using Curia.Vocabulary;

namespace Curia.Fuzz.Targets;

/// <summary>What machines and their hosts hand in: firmware, answers of devices, and bundles of evidence.</summary>
internal static class EvidenceTargets
{
    private static readonly KernelHashes kernel =
        new(Digest.Of([1]), Digest.Of([2]), KernelHashes.OfCommandLine("quiet"));

    public static IEnumerable<FuzzTarget> All =>
    [
        new("ovmf", ["OvmfImage.TryDecode"], TryImage),
        new("certificate-table", ["SnpCertificateTable.TryDecode", "SevGuestRequest.TryReadResponse"], TryTable),
        new("azure-host", ["AzureHostCertificate.TryDecode"], TryHost),
    ];

    private static void TryImage(ReadOnlyMemory<byte> input)
    {
        bool read = OvmfImage.TryDecode(input, out OvmfImage? image, out LaunchRefusal refusal);
        Must.Hold(read == image is not null && read == (refusal == LaunchRefusal.None), "what is refused has a name");
        Must.Hold(Enum.IsDefined(refusal), "the name is known");
        if (!read) return;
        Must.Hold(image!.Address + (ulong)input.Length == 1ul << 32, "an image ends at 4 GiB");
        Must.Hold(image.Sections.All(one => one.Size > 0 && one.Address % OvmfImage.PageSize == 0
            && one.Size % OvmfImage.PageSize == 0 && (ulong)one.Address + one.Size <= image.Address),
            "a section is whole pages below the firmware");
        LaunchInputs inputs = new() { Firmware = image, Processors = 2, ProcessorSignature = 1 };
        Measurement ofFirmware = LaunchDigest.OfFirmware(image);
        bool launched = LaunchDigest.TryCompute(inputs, out Measurement digest, out refusal);
        Must.Hold(launched == (image.ResetAddress != 0), "two processors need an address, and nothing else");
        Must.Hold(launched == (refusal == LaunchRefusal.None), "what cannot be launched has a name");
        if (!launched) return;
        Must.Hold(LaunchDigest.TryCompute(inputs with { FirmwareDigest = ofFirmware }, out Measurement same, out _)
            && same == digest, "the digest of the firmware stands in for its pages");
        if (LaunchDigest.TryCompute(inputs with { Kernel = kernel }, out Measurement withKernel, out refusal))
            Must.Hold(withKernel != digest, "a kernel changes the digest");
        else
            Must.Hold(refusal is LaunchRefusal.KernelHashesUnsupported or LaunchRefusal.KernelHashesOutOfBounds,
                "a kernel needs a place for its hashes");
    }

    private static void TryTable(ReadOnlyMemory<byte> input)
    {
        if (SevGuestRequest.TryReadResponse(input.Span, out ReadOnlyMemory<byte> report))
        {
            Must.Hold(report.Length == SnpReport.Size, "an answer holds one report");
            Must.BeSame(report.Span, input.Span.Slice(32, SnpReport.Size), "the report of an answer");
        }

        if (!SnpCertificateTable.TryDecode(input.Span, out SnpCertificateTable? table)) return;
        Must.Hold(table!.Certificates.Count <= 3, "a chain has three certificates");
        Must.Hold(table.Certificates.All(one => !one.IsEmpty && one.Length <= input.Length), "a certificate is in it");
        Must.Hold(table.RevocationList is not { IsEmpty: true }, "a list is not empty");
    }

    private static void TryHost(ReadOnlyMemory<byte> input)
    {
        if (!AzureHostCertificate.TryDecode(input, out AzureHostCertificate? host)) return;
        Must.Hold(host!.Certificates.Count is >= 2 and <= PemCertificates.CountMax, "a leaf has a chain");
        Must.Hold(host.Tcb.Length is 0 or SnpTcb.Size, "a TCB has eight bytes");
    }
}
