using System;
using System.Security.Cryptography;
using System.Text;
using Curia.Attestation;

namespace Curia.Node;

/// <summary>Evidence as CCF's clients know it.</summary>
internal static class NodeQuote
{
    /// <summary>The reply for one node. Nothing is appraised: who reads it does that.</summary>
    public static QuoteReply Of(string node, AttesterEvidence evidence)
    {
        string format = evidence.Platform switch
        {
            "snp" => "AMD_SEV_SNP_v1",
            "tdx" => "Intel_TDX",
            "sgx" => "OE_SGX_v1",
            _ => "Insecure_Virtual",
        };
        ReadOnlyMemory<byte>? raw = evidence.Find(EvidenceBundle.SnpReportFile)
            ?? evidence.Find(EvidenceBundle.QuoteFile) ?? evidence.Find(AttesterEvidence.VirtualFile);
        return new QuoteReply(
            node, format, raw is { } bytes ? Convert.ToBase64String(bytes.Span) : "", Certificates(evidence),
            evidence.Find(EvidenceBundle.UvmEndorsementFile) is { } uvm ? Convert.ToBase64String(uvm.Span) : null,
            raw is { } report ? MeasurementIn(report) : "", evidence);
    }

    private static string MeasurementIn(ReadOnlyMemory<byte> report)
    {
        if (SnpReport.TryDecode(report, out SnpReport? snp)) return snp!.Measurement.ToString();
        if (VirtualEvidence.TryDecode(report, out VirtualEvidence? played))
            return played!.Report.Measurement.ToString();
        if (!IntelQuote.TryDecode(report, out IntelQuote? quote)) return "";
        return (quote!.Domain?.Measurement ?? quote.Enclave?.Measurement)?.ToString() ?? "";
    }

    // The leaf and its chain, one behind the other.
    private static string? Certificates(AttesterEvidence evidence)
    {
        if (evidence.Find(EvidenceBundle.SnpLeafFile) is not { } leaf
            || evidence.Find(EvidenceBundle.SnpChainFile) is not { } chain)
        {
            return null;
        }

        string pem = PemEncoding.WriteString("CERTIFICATE", leaf.Span) + "\n" + Encoding.ASCII.GetString(chain.Span);
        return Convert.ToBase64String(Encoding.ASCII.GetBytes(pem));
    }
}
