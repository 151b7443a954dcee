using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Curia.Attestation;

namespace Curia.Fuzz.Targets;

/// <summary>Evidence of trusted environments, and what vendors and clouds say of it.</summary>
internal static class AttestationTargets
{
    private static readonly DateTimeOffset now = new(2026, 6, 1, 0, 0, 0, TimeSpan.Zero);

    public static IEnumerable<FuzzTarget> All =>
    [
        new("snp-report", ["SnpReport.TryDecode", "HclReport.TryDecode"], TryReport),
        new("snp", ["SnpRoot.TryCreate", "SnpTcb.TryRead"], TryAppraisal),
        new("vendor-certificate",
            ["VendorCertificate.TryDecode", "SnpEndorsementKey.TryDecode", "RevocationList.TryDecode",
                "PemCertificates.TryDecode"], TryCertificate),
        new("uvm", ["UvmEndorsement.TryDecode", "Measurement.TryParseHex"], TryEndorsement),
        new("virtual", ["VirtualEvidence.TryDecode"], TryVirtual),
    ];

    // Everybody has the key, so anything that can be read may be signed as well; but by whom it says.
    private static void TryVirtual(ReadOnlyMemory<byte> input)
    {
        bool isRead = VirtualEvidence.TryDecode(input, out VirtualEvidence? evidence);
        AttestationResult result =
            VirtualVerifier.Appraise(input, ReferenceValues.None, VirtualPolicy.Strict);
        Must.Hold(isRead || result.Reason == "evidence-malformed", "what cannot be read has that reason");
        Must.Hold(isRead == (result.ClaimsAsSent is not null), "what can be read says something");
        if (!isRead) return;
        VirtualReport report = evidence!.Report;
        Must.Hold(VirtualEvidence.IsName(report.Platform), "a virtual platform plays no other's name");
        Must.Hold(report.ReportData.Length == 64 && report.HostData.Length == 32, "the parts have their sizes");
        Must.Hold(result.Verdict == AttestationVerdict.Rejected || evidence.IsSigned, "what is accepted is signed");
        Must.Hold(
            result.Verdict == AttestationVerdict.Rejected || !report.Debug, "nothing under debugging is accepted");
    }

    private static void TryReport(ReadOnlyMemory<byte> input)
    {
        if (SnpReport.TryDecode(input, out SnpReport? report))
        {
            Must.Hold(input.Length == SnpReport.Size && report!.Version is 2 or 3 or 5, "a report has a known layout");
            Must.Hold(report!.HasCpuid || (report.CpuidFamily | report.CpuidModel) == 0, "version 2 has no processor");
            Must.Hold(report.GuestPolicy.HasFlag(SnpGuestPolicy.ReservedOne), "the reserved bit is one");
            Must.Hold(
                !input.Span[(SnpReport.SignedSize + 144)..].ContainsAnyExcept((byte)0), "what nobody signs is zero");
            Must.BeSame(report.ReportData.Span, input.Span.Slice(0x50, 64), "report data");
            Must.BeSame(report.Measurement.Bytes, input.Span.Slice(0x90, 48), "measurement");
        }

        if (!HclReport.TryDecode(input, out HclReport? hcl)) return;
        int size = hcl!.Platform == AttestationPlatform.Snp ? SnpReport.Size : 1024;
        Must.Hold(hcl.HardwareReport.Length == size, "a paravisor holds one report");
        Must.BeSame(hcl.RuntimeData.Span, input.Span.Slice(1236, hcl.RuntimeData.Length), "runtime data");
        byte[] bound = new byte[64];
        SHA256.HashData(hcl.RuntimeData.Span).CopyTo(bound, 0);
        Must.Hold(hcl.IsBoundBy(bound), "runtime data is bound by its digest");
    }

    // Report, leaf, signing key, root, revocation list, endorsement: a whole appraisal, of which only the last word is
    // known. With the root of the input anything may be accepted that is consistent; with those of AMD nothing is.
    private static void TryAppraisal(ReadOnlyMemory<byte> input)
    {
        List<ReadOnlyMemory<byte>> parts = Parts.Split(input);
        if (parts.Count < 4) return;
        SnpEndorsements endorsements = new()
        {
            Leaf = parts[1],
            Chain = [parts[2], parts[3]],
            RevocationList = parts.Count > 4 ? parts[4] : null,
            UvmEndorsement = parts.Count > 5 ? parts[5] : null,
        };
        SnpPolicy policy = SnpPolicy.Standalone;
        if (SnpRoot.TryCreate(parts[3].Span, out SnpRoot? root)) policy = policy with { Roots = [root!] };
        foreach (bool wrapped in (bool[])[false, true])
        {
            SnpEvidence evidence = new() { Report = parts[0], InHclReport = wrapped };
            Check(SnpVerifier.Appraise(evidence, endorsements, ReferenceValues.None, policy, now));
            ReferenceValues reference = new() { MeasurementEndorsers = [UvmEndorser.Microsoft] };
            AttestationResult genuine =
                SnpVerifier.Appraise(evidence, endorsements, reference, SnpPolicy.Standalone, now);
            Check(genuine);
            Must.Hold(genuine.Verdict == AttestationVerdict.Rejected, "nothing that was made is genuine");
        }
    }

    internal static void Check(AttestationResult result)
    {
        bool accepted = result.Verdict == AttestationVerdict.Accepted;
        Must.Hold(accepted == (result.Reason.Length == 0), "what is refused has a reason");
        Must.Hold(accepted == result.Claims is not null, "only what is accepted has claims to go by");
        Must.Hold(result.Checks.SkipLast(1).All(check => check.Passed), "the first failure is the last check");
        Must.Hold(result.Checks.Count > 0 && result.Checks[^1].Passed == accepted, "the last check decides");
    }

    private static void TryCertificate(ReadOnlyMemory<byte> input)
    {
        bool read = VendorCertificate.TryDecode(input.Span, out VendorCertificate? certificate);
        bool endorses = SnpEndorsementKey.TryDecode(input.Span, out SnpEndorsementKey? key);
        Must.Hold(read || !endorses, "a key has a certificate");
        if (endorses)
        {
            Must.Hold((key!.Kind == SnpKeyKind.Vcek) == (key.ChipId.Length is 8 or 64), "a VCEK is of one processor");
            Must.Hold((key.Kind == SnpKeyKind.Vlek) == (key.ChipId.Length == 0), "a VLEK is of none");
        }

        if (read) CheckCertificate(certificate!);
        if (RevocationList.TryDecode(input.Span, out RevocationList? list))
            Must.Hold(list!.Count <= input.Length, "an entry has bytes");
        string text = Encoding.Latin1.GetString(input.Span);
        if (!PemCertificates.TryDecode(text, out IReadOnlyList<ReadOnlyMemory<byte>> certificates)) return;
        string again = string.Join('\n', certificates.Select(der => PemEncoding.WriteString("CERTIFICATE", der.Span)));
        Must.Hold(certificates.Count is > 0 and <= PemCertificates.CountMax, "a chain is bounded");
        Must.Hold(PemCertificates.TryDecode(again, out IReadOnlyList<ReadOnlyMemory<byte>> same)
            && same.Count == certificates.Count, "a chain is read from its own PEM");
    }

    private static void CheckCertificate(VendorCertificate ours)
    {
        ours.IsIssuedBy(ours);
        ours.HasPurpose("1.3.6.1.4.1.311.76.59.1.2");
        Must.Hold(!ours.MaySignCertificates || ours.IsAuthority, "only an authority signs certificates");
        X509Certificate2 other;
        try
        {
            other = X509CertificateLoader.LoadCertificate(ours.Der.Span);
        }
        catch (CryptographicException)
        {
            return; // the framework refuses more, which is no contradiction
        }

        using (other)
        {
            Must.BeSame(other.SubjectName.RawData, ours.SubjectNameDer.Span, "subject, by the framework");
            Must.BeSame(other.IssuerName.RawData, ours.IssuerNameDer.Span, "issuer, by the framework");
            Must.BeSame(other.SerialNumberBytes.Span, ours.SerialNumber.Span, "serial number, by the framework");
            Must.Hold(other.NotBefore.ToUniversalTime() == ours.NotBefore.UtcDateTime
                && other.NotAfter.ToUniversalTime() == ours.NotAfter.UtcDateTime, "both read the same dates");
        }
    }

    private static void TryEndorsement(ReadOnlyMemory<byte> input)
    {
        string text = Encoding.Latin1.GetString(input.Span);
        if (Measurement.TryParseHex(text, out Measurement measurement))
        {
            Must.Hold(measurement.ToString().Equals(text, StringComparison.OrdinalIgnoreCase),
                "a measurement is printed as it was read");
        }

        if (!UvmEndorsement.TryDecode(input, out UvmEndorsement? endorsement)) return;
        Must.Hold(endorsement!.Measurement.Bytes.Length is 32 or 48, "what is endorsed is a measurement");
        Must.Hold(UvmEndorsement.TryDecode(input, out UvmEndorsement? same)
            && same!.Measurement == endorsement.Measurement && same.Svn == endorsement.Svn, "it is read one way");
    }
}
