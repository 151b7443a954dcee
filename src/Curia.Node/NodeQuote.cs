using System;
using System.Security.Cryptography;
using System.Text;
using Curia.Attestation;

namespace Curia.Node;

/// <summary>Evidence as CCF's clients know it.</summary>
internal static class NodeQuote
{
    /// <summary>The reply for one node.</summary>
    public static QuoteReply Of(string node, AttesterEvidence evidence)
    {
        (string format, string file) = evidence.Platform switch
        {
            "snp" => ("AMD_SEV_SNP_v1", "report.bin"),
            "tdx" => ("Intel_TDX", "quote.bin"),
            "sgx" => ("OE_SGX_v1", "quote.bin"),
            _ => ("Insecure_Virtual", AttesterEvidence.VirtualFile),
        };
        AttestationClaims? claims = EvidenceAppraiser
            .Appraise(evidence, ReferenceValues.None, AppraisalPolicy.Strict, DateTimeOffset.UnixEpoch).ClaimsAsSent;
        return new QuoteReply(
            node, format, Base64(evidence, file) ?? Base64(evidence, "hcl-report.bin") ?? "", Certificates(evidence),
            Base64(evidence, "uvm_endorsements.cose"), claims?.Measurement.ToString() ?? "", evidence);
    }

    private static string? Base64(AttesterEvidence evidence, string file) =>
        evidence.Find(file) is { } bytes ? Convert.ToBase64String(bytes.Span) : null;

    // The leaf and its chain, one behind the other.
    private static string? Certificates(AttesterEvidence evidence)
    {
        if (evidence.Find("leaf.der") is not { } leaf || evidence.Find("chain.pem") is not { } chain) return null;
        string pem = PemEncoding.WriteString("CERTIFICATE", leaf.Span) + "\n" + Encoding.ASCII.GetString(chain.Span);
        return Convert.ToBase64String(Encoding.ASCII.GetBytes(pem));
    }
}
