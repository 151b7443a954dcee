using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Numerics;
using System.Text;
using Curia.Attestation;

namespace Curia.Cli.Evidence;

/// <summary>A line of an explanation.</summary>
/// <param name="Name">The field, in snake_case.</param>
/// <param name="Value">Its value.</param>
/// <param name="Meaning">What it says, for people; empty where the name says it.</param>
internal readonly record struct ExplainedField(string Name, string Value, string Meaning);

/// <summary>What a report or quote says, field by field. Nothing of it is verified.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Platform">The name of the platform.</param>
/// <param name="Fields">In the order in which they lie.</param>
internal sealed record EvidenceExplained(string Kind, string Platform, IReadOnlyList<ExplainedField> Fields)
{
    private const int BeginningSize = 32;
    private const uint EcdsaP256 = 2; // the kind of key in a quote's header
    private const uint SnpVersionMax = 16;

    private static readonly byte[] intelVendor = Convert.FromHexString("939a7233f79c4ca9940a0db3957f0607");

    /// <summary>Finds out what the bytes are.</summary>
    /// <returns>Null when they are nothing that is known here.</returns>
    public static EvidenceExplained? Of(ReadOnlyMemory<byte> bytes)
    {
        if (HclReport.TryDecode(bytes, out HclReport? paravisor))
        {
            List<ExplainedField> fields =
            [
                new("runtime_data_bytes", Number(paravisor!.RuntimeData.Length), "the keys of the virtual TPM; JSON"),
            ];
            if (SnpReport.TryDecode(paravisor.HardwareReport, out SnpReport? inner)) fields.AddRange(OfSnp(inner!));
            if (TdxReport.TryFromLocalReport(paravisor.HardwareReport, out TdxReport? local))
                fields.AddRange(OfTdx(local!));
            return new EvidenceExplained("report of Azure's paravisor", NameOf(paravisor.Platform), fields);
        }

        if (SnpReport.TryDecode(bytes, out SnpReport? report))
            return new EvidenceExplained($"SEV-SNP report, version {report!.Version}", "snp", [.. OfSnp(report)]);
        if (VirtualEvidence.TryDecode(bytes, out VirtualEvidence? simulated))
        {
            return new EvidenceExplained(
                "evidence of the virtual platform, INSECURE", "virtual", [.. OfVirtual(simulated!)]);
        }

        if (!IntelQuote.TryDecode(bytes, out IntelQuote? quote)) return null;
        IEnumerable<ExplainedField> inside =
            quote!.Domain is { } domain ? OfTdx(domain) : OfSgx(quote.Enclave!, "");
        return new EvidenceExplained(
            $"quote, version {quote.Version}", NameOf(quote.Platform), [.. inside, .. OfQuote(quote)]);
    }

    /// <summary>Why bytes that begin as a report or quote are none: in the words of the check that they fail.</summary>
    /// <returns>Null when they look like nothing that is known here.</returns>
    public static string? WhyNot(ReadOnlyMemory<byte> bytes)
    {
        ReadOnlySpan<byte> span = bytes.Span;
        if (span.StartsWith("HCLA"u8))
            return "begins as a report of Azure's paravisor and is none: hcl-report-malformed (its types or lengths)";
        if (span.Length < BeginningSize) return null;
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(span);
        DateTimeOffset now = DateTimeOffset.UtcNow;
        if (span.Slice(12, intelVendor.Length).SequenceEqual(intelVendor) || version >> 16 == EcdsaP256)
        {
            return (ushort)version == 3
                ? Say("a quote of SGX", SgxVerifier.Appraise(
                    new SgxEvidence { Quote = bytes }, new IntelEndorsements(), ReferenceValues.None,
                    SgxPolicy.Standalone, now))
                : Say("a quote of TDX", TdxVerifier.Appraise(
                    new TdxEvidence { Quote = bytes }, new IntelEndorsements(), ReferenceValues.None,
                    TdxPolicy.Standalone, now));
        }

        return span.Length == SnpReport.Size || version is > 0 and <= SnpVersionMax
            ? Say("a report of SEV-SNP", SnpVerifier.Appraise(
                new SnpEvidence { Report = bytes }, new SnpEndorsements { Leaf = default, Chain = [] },
                ReferenceValues.None, SnpPolicy.Standalone, now))
            : null;

        static string Say(string what, AttestationResult result)
        {
            Check last = result.Checks[^1];
            string detail = last.Detail.Length > 0 ? $" ({last.Detail})" : "";
            return $"begins as {what} and is none: {result.Reason}{detail}, by {last.Source}";
        }
    }

    private static IEnumerable<ExplainedField> OfSnp(SnpReport report)
    {
        yield return new("version", Number(report.Version), "");
        yield return new("guest_svn", Number(report.GuestSvn), "the security version that the launch gave the guest");
        yield return new("guest_policy", Bits((ulong)report.GuestPolicy), $"{report.GuestPolicy}");
        yield return new(
            "guest_policy_abi", report.GuestPolicyAbi.ToString(), "the oldest firmware that may launch it");
        yield return new("family_id", Hex(report.FamilyId), "of the guest's identity block; its owner chooses it");
        yield return new("image_id", Hex(report.ImageId), "the same");
        yield return new("vmpl", Number(report.Vmpl), "the privilege level that asked");
        yield return new("platform_info", Bits((ulong)report.PlatformInfo), $"{report.PlatformInfo}");
        yield return new("signing_key", Number(report.SigningKey), report.SigningKey switch
        {
            0 => "VCEK: the processor's own",
            1 => "VLEK: of a cloud provider",
            _ => "none",
        });
        yield return new("report_data", Hex(report.ReportData), "what the guest put in");
        yield return new("measurement", report.Measurement.ToString(), "what was launched");
        yield return new("host_data", Hex(report.HostData), "what the host put in at launch");
        yield return new("id_key_digest", Hex(report.IdKeyDigest), "who signed the guest's identity; zeros for nobody");
        yield return new("author_key_digest", Hex(report.AuthorKeyDigest), "who certified that key; zeros for nobody");
        yield return new("report_id", Hex(report.ReportId), "the guest, from its launch to its end");
        yield return new("report_id_ma", Hex(report.MigrationReportId), "its migration agent; all ones for none");
        string processor = report.HasCpuid
            ? report.Processor?.ToString() ?? "not known"
            : "not said before version 3";
        yield return new("processor", processor, report.HasCpuid
            ? $"family 0x{report.CpuidFamily:x}, model 0x{report.CpuidModel:x}" : "");
        foreach ((string name, ReadOnlyMemory<byte> tcb) in (IEnumerable<(string, ReadOnlyMemory<byte>)>)
            [
                ("reported_tcb", report.ReportedTcb), ("current_tcb", report.CurrentTcb),
                ("committed_tcb", report.CommittedTcb), ("launch_tcb", report.LaunchTcb),
            ])
        {
            yield return new(name, Hex(tcb), Levels(tcb, report));
        }

        yield return new("chip_id", Hex(report.ChipId), "the processor; zeros where the host masks it");
        yield return new("current_firmware", report.CurrentFirmware.ToString(), "");
        yield return new("committed_firmware", report.CommittedFirmware.ToString(), "it cannot be gone back behind");
        if (!report.HasMitigations) yield break;
        yield return new("launch_mitigations", Bits(report.LaunchMitigations), "");
        yield return new("current_mitigations", Bits(report.CurrentMitigations), "");
    }

    // Version 2 does not say which processor it is of, and is older than Turin's layout.
    private static string Levels(ReadOnlyMemory<byte> tcb, SnpReport report)
    {
        SnpProcessor? named = report.HasCpuid ? report.Processor : SnpProcessor.Milan;
        if (named is not { } processor) return "security versions; their layout is that of a processor not known here";
        if (!SnpTcb.TryRead(tcb.Span, processor, out SnpTcb levels)) return "a reserved byte is not zero";
        string text = string.Join(", ", levels.Components(processor).Select(one => $"{one.Name} {one.Level}"));
        return report.HasCpuid ? text : $"{text}, as Milan and Genoa lay it out";
    }

    private static IEnumerable<ExplainedField> OfTdx(TdxReport domain)
    {
        yield return new("tee_tcb_svn", Hex(domain.TcbSvn), "security versions of the TDX module");
        yield return new("mr_seam", domain.Module.ToString(), "the TDX module");
        yield return new("mr_signer_seam", Hex(domain.ModuleSigner), "zeros: Intel");
        yield return new("seam_attributes", Hex(domain.ModuleAttributes), "");
        yield return new("td_attributes", Bits((ulong)domain.Attributes), $"{domain.Attributes}");
        yield return new("xfam", Bits(domain.Xfam), $"{BitOperations.PopCount(domain.Xfam)} features of the processor");
        yield return new("mr_td", domain.Measurement.ToString(), "what was launched");
        yield return new("host_data", Hex(domain.HostData), "MRCONFIGID, MROWNER, MROWNERCONFIG");
        for (int i = 0; i < domain.RuntimeMeasurements.Count; i++)
            yield return new($"rtmr{i}", domain.RuntimeMeasurements[i].ToString(), "measured since the launch");
        yield return new("report_data", Hex(domain.ReportData), "what the domain put in");
        if (domain.ServiceDomains is not { } services) yield break;
        yield return new("tee_tcb_svn_2", Hex(domain.CurrentTcbSvn), "");
        yield return new("mr_service_td", services.ToString(), "domains that serve this one; zeros for none");
    }

    private static IEnumerable<ExplainedField> OfSgx(SgxReport enclave, string prefix)
    {
        yield return new($"{prefix}cpu_svn", Hex(enclave.CpuSvn), "security versions of the processor");
        yield return new($"{prefix}attributes", Hex(enclave.AttributeBytes), $"{enclave.Attributes}");
        yield return new($"{prefix}mr_enclave", enclave.Measurement.ToString(), "what was launched");
        yield return new($"{prefix}mr_signer", Hex(enclave.Signer), "who signed it");
        yield return new($"{prefix}isv_prod_id", Number(enclave.ProductId), "");
        yield return new($"{prefix}isv_svn", Number(enclave.SecurityVersion), "");
        yield return new($"{prefix}config_id", Hex(enclave.ConfigId), "");
        yield return new($"{prefix}report_data", Hex(enclave.ReportData), "");
    }

    private static IEnumerable<ExplainedField> OfQuote(IntelQuote quote)
    {
        foreach (ExplainedField field in OfSgx(quote.QeReport, "qe_")) yield return field;
        yield return new("certification_type", Number(quote.CertificationType), quote.CertificationType switch
        {
            IntelQuote.ChainCertification => "the chain of the processor's key",
            _ => "no chain: the key's certificate must be found elsewhere",
        });
        yield return new("certification_bytes", Number(quote.CertificationData.Length), "");
        if (quote.CertificationType != IntelQuote.ChainCertification
            || !PemCertificates.TryDecode(
                Encoding.Latin1.GetString(quote.CertificationData.Span).TrimEnd('\0'),
                out IReadOnlyList<ReadOnlyMemory<byte>> chain)
            || !PckCertificate.TryDecode(chain[0].Span, out PckCertificate? pck))
        {
            yield break;
        }

        VendorCertificate leaf = pck!.Certificate;
        yield return new("pck_issuer", leaf.Issuer, "who certifies the processor's key");
        yield return new("pck_valid", $"{leaf.NotBefore:u} to {leaf.NotAfter:u}", "");
        yield return new("pck_fmspc", Hex(pck.Fmspc), "the kind of platform, by which collateral is asked for");
        yield return new("pck_ppid", Hex(pck.Ppid), "the processor");
        yield return new("pck_pce_id", Hex(pck.PceId), "the provisioning enclave");
        yield return new("pck_pce_svn", Number(pck.PceSvn), "its security version");
        yield return new("pck_tcb", string.Join('.', pck.Components), "security versions of its components");
        yield return new("pck_cpu_svn", Hex(pck.CpuSvn), "the same as the processor has them");
    }

    private static IEnumerable<ExplainedField> OfVirtual(VirtualEvidence evidence)
    {
        VirtualReport report = evidence.Report;
        yield return new("platform", report.Platform, "what it plays");
        yield return new("measurement", report.Measurement.ToString(), "SHA-256 of the program's files");
        yield return new("report_data", Hex(report.ReportData), "what the program put in");
        yield return new("host_data", Hex(report.HostData), "");
        yield return new("tcb", Number(report.Tcb), "what it plays");
        yield return new("debug", report.Debug ? "true" : "false", "");
    }

    private static string NameOf(AttestationPlatform platform) => platform.ToString().ToLowerInvariant();

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    private static string Bits(ulong bits) => $"0x{bits:x}";

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);
}
