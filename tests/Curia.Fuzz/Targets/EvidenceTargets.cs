using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Attestation;
using Curia.Evidence;
using Curia.Vocabulary;

namespace Curia.Fuzz.Targets;

/// <summary>What machines and their hosts hand in: firmware, answers of devices, and bundles of evidence.</summary>
internal static class EvidenceTargets
{
    private static readonly KernelHashes kernel =
        new(Digest.Of([1]), Digest.Of([2]), KernelHashes.OfCommandLine("quiet"));

    private static readonly DateTimeOffset now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly AppraisalPolicy standalone = AppraisalPolicy.Strict with
    {
        Snp = SnpPolicy.Standalone,
        Tdx = TdxPolicy.Standalone,
        Sgx = SgxPolicy.Standalone,
    };

    private static readonly CollateralItem[] items =
    [
        CollateralItem.AmdKey(new SnpKeyName(SnpProcessor.Milan, new byte[64], default)),
        CollateralItem.AmdChain(SnpProcessor.Milan, SnpKeyKind.Vcek),
        CollateralItem.AmdRevocationList(SnpProcessor.Milan, SnpKeyKind.Vcek),
        CollateralItem.IntelRootRevocationList(),
        CollateralItem.IntelTcbInfo(AttestationPlatform.Tdx, "000000000000"),
        CollateralItem.IntelQeIdentity(AttestationPlatform.Tdx),
        CollateralItem.IntelPckRevocationList(platformCa: true),
    ];

    public static IEnumerable<FuzzTarget> All =>
    [
        new("ovmf", ["OvmfImage.TryDecode"], TryImage),
        new("certificate-table", ["SnpCertificateTable.TryDecode", "SevGuestRequest.TryReadResponse"], TryTable),
        new("azure-host", ["AzureHostCertificate.TryDecode"], TryHost),
        new("evidence", ["EvidenceAppraiser.Appraise"], TryEvidence),
        new("collateral", ["Collateral.TryRead"], TryCollateral),
    ];

    // The name of a platform, then names of files and what is in them, by turns.
    private static void TryEvidence(ReadOnlyMemory<byte> input)
    {
        List<ReadOnlyMemory<byte>> parts = Parts.Split(input);
        if (parts.Count == 0) return;
        Dictionary<string, byte[]> files = [];
        for (int i = 1; i + 1 < parts.Count; i += 2)
            files[Encoding.Latin1.GetString(parts[i].Span)] = parts[i + 1].ToArray();
        AttesterEvidence evidence = new(Encoding.Latin1.GetString(parts[0].Span), files);
        AttestationResult strict = Appraise(AppraisalPolicy.Strict, ReferenceValues.None);
        AttestationResult alone = Appraise(standalone, ReferenceValues.None);
        AttestationResult nowhere = Appraise(standalone, ReferenceValues.None with { Platforms = [] });
        Must.Hold(nowhere.Reason is "platform-not-expected" or "evidence-files-out-of-bounds",
            "no platform is expected");
        Must.Hold(evidence.IsBounded || strict.Reason == "evidence-files-out-of-bounds", "files are bounded");
        if (!evidence.IsBounded) return;
        AttestationPlatform platform = AttesterEvidence.Platforms[evidence.Platform];
        Must.Hold(alone.Verdict == AttestationVerdict.Rejected || platform == AttestationPlatform.Virtual,
            "nothing that was made is genuine");
        Must.Hold(strict.Verdict == AttestationVerdict.Rejected || alone.Verdict == AttestationVerdict.Accepted,
            "what is strict takes no more");
        bool known = files.Keys.All(EvidenceBundle.FilesOf(platform).Contains);
        Must.Hold(known || strict.Reason is "evidence-file-unknown" or "evidence-file-missing",
            "files have the names of their platform");

        AttestationResult Appraise(AppraisalPolicy policy, ReferenceValues reference)
        {
            AttestationResult result = EvidenceAppraiser.Appraise(evidence, reference, policy, now);
            AttestationTargets.Check(result);
            return result;
        }
    }

    // The item's number, the content, the chain of its signer.
    private static void TryCollateral(ReadOnlyMemory<byte> input)
    {
        List<ReadOnlyMemory<byte>> parts = Parts.Split(input);
        if (parts.Count < 2 || parts[0].IsEmpty) return;
        CollateralItem item = items[parts[0].Span[0] % items.Length];
        string? chain = parts.Count > 2 ? Encoding.Latin1.GetString(parts[2].Span) : null;
        bool read = Collateral.TryRead(item, parts[1], chain, out Collateral? collateral);
        Must.Hold(read == collateral is not null, "what is read is there");
        if (!read) return;
        Must.Hold(collateral!.Content.Length <= item.SizeMax, "collateral is bounded");
        Must.Hold(item.ChainHeader is null || collateral.Certificates.Count > 0, "a signer has a chain");
        Must.Hold(Collateral.TryRead(item, collateral.Content, chain, out Collateral? again)
            && again!.Expires == collateral.Expires, "what was kept is read again");
    }

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
