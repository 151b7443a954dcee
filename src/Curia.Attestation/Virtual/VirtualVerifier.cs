using System;
using System.Security.Cryptography;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>Appraises evidence of the virtual platform: the checks of hardware, of a platform that proves nothing. A
/// function of what it is given.</summary>
public static class VirtualVerifier
{
    private const string Format = "docs/attestation.md, \"The virtual platform\"";

    /// <summary>Appraises evidence; nothing throws, whatever the bytes are.</summary>
    /// <param name="evidence">What the attester sent.</param>
    /// <param name="reference">What the claims are compared with.</param>
    /// <param name="policy">What is taken.</param>
    /// <returns>The verdict, with the checks in their order.</returns>
    public static AttestationResult Appraise(
        ReadOnlyMemory<byte> evidence, ReferenceValues reference, VirtualPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(policy);
        Appraisal checks = new();
        if (!checks.Require("evidence-format", Format,
            VirtualEvidence.TryDecode(evidence, out VirtualEvidence? read), "evidence-malformed"))
        {
            return checks.Conclude(finished: false, null);
        }

        VirtualReport report = read!.Report;
        Digest key = new(SHA256.HashData(read.PlatformKey.Span));
        bool finished = checks.Require("root", Format, key == policy.Root, "untrusted-root", $"key {key}")
            && checks.Require("report-signature", "RFC 9052 section 4.4", read.IsSigned, "report-signature-invalid")
            && checks.Require("debug", Format, !report.Debug, "policy-debug-enabled")
            && TcbHolds(report, policy, checks)
            && ReferenceHolds(report, reference, checks);
        return checks.Conclude(finished, ClaimsOf(report));
    }

    private static bool TcbHolds(VirtualReport report, VirtualPolicy policy, Appraisal checks)
    {
        bool hasMinimum = policy.MinimumTcb.TryGetValue(report.Platform, out int minimum);
        return checks.Require("processor", SnpSource.Policy, hasMinimum || policy.MinimumTcb.Count == 0,
                "processor-not-allowed", report.Platform)
            && checks.Require("tcb-minimum", SnpSource.Policy, report.Tcb >= minimum, "tcb-below-minimum",
            $"{report.Tcb}; minimum {minimum}");
    }

    private static bool ReferenceHolds(VirtualReport report, ReferenceValues reference, Appraisal checks) =>
        (!reference.AsksForMeasurement || checks.Require("measurement", SnpSource.Reference,
            reference.Lists(report.Measurement), "measurement-not-expected", $"{report.Measurement}"))
        && (reference.RuntimeMeasurements is null || checks.Require("runtime-measurements", SnpSource.Reference,
            false, "runtime-measurement-mismatch", "the virtual platform has none"))
        && (reference.ReportData is not { } expected || checks.Require("report-data", SnpSource.Reference,
            report.ReportData.Span.SequenceEqual(expected.Span), "report-data-mismatch"))
        && (reference.HostData is not { } host || checks.Require("host-data", SnpSource.Reference,
            report.HostData.Span.SequenceEqual(host.Span), "host-data-mismatch"));

    private static AttestationClaims ClaimsOf(VirtualReport report) => new()
    {
        Platform = AttestationPlatform.Virtual,
        Processor = report.Platform,
        Measurement = report.Measurement,
        ReportData = report.ReportData,
        HostData = report.HostData,
        Tcb = [new TcbComponent("svn", report.Tcb)],
        Chip = ReadOnlyMemory<byte>.Empty,
    };
}
