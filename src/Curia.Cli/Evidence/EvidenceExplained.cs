using System;
using System.Collections.Generic;
using System.Globalization;
using System.Numerics;
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

    private static IEnumerable<ExplainedField> OfSnp(SnpReport report)
    {
        yield return new("version", Number(report.Version), "");
        yield return new("guest_svn", Number(report.GuestSvn), "the security version that the launch gave the guest");
        yield return new("guest_policy", Bits((ulong)report.GuestPolicy), $"{report.GuestPolicy}");
        yield return new(
            "guest_policy_abi", report.GuestPolicyAbi.ToString(), "the oldest firmware that may launch it");
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
            yield return new(name, Hex(tcb), "security versions of firmware and microcode");
        }

        yield return new("chip_id", Hex(report.ChipId), "the processor; zeros where the host masks it");
        yield return new("current_firmware", report.CurrentFirmware.ToString(), "");
        yield return new("committed_firmware", report.CommittedFirmware.ToString(), "it cannot be gone back behind");
        if (!report.HasMitigations) yield break;
        yield return new("launch_mitigations", Bits(report.LaunchMitigations), "");
        yield return new("current_mitigations", Bits(report.CurrentMitigations), "");
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
