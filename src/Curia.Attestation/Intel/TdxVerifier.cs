using System;
using System.Linq;

namespace Curia.Attestation;

/// <summary>Appraises evidence of Intel TDX. A function of what it is given: no clock, no network, no store.</summary>
/// <remarks>The order is that of trust: what a byte means is asked only after somebody has vouched for it, and the
/// first check that fails ends the appraisal (decisions/0021, decisions/0022).</remarks>
public sealed class TdxVerifier
{
    // XFAM (Intel TDX Module ABI Specification): x87 and SSE are always there; those that a module offers are AVX,
    // AVX-512, PT, PKRU, CET, user interrupts, LBR, AMX and APX.
    private const ulong XfamAlways = 0x3;
    private const ulong XfamKnown = 0xE_DBE7;

    private readonly TdxEvidence evidence;
    private readonly ReferenceValues reference;
    private readonly TdxPolicy policy;
    private readonly Appraisal checks = new();

    private TdxVerifier(TdxEvidence evidence, ReferenceValues reference, TdxPolicy policy)
    {
        this.evidence = evidence;
        this.reference = reference;
        this.policy = policy;
    }

    /// <summary>Appraises evidence; nothing throws, whatever the bytes are.</summary>
    /// <param name="evidence">What the attester sent.</param>
    /// <param name="endorsements">What Intel says of it.</param>
    /// <param name="reference">What the claims are compared with.</param>
    /// <param name="policy">What is taken.</param>
    /// <param name="at">The moment at which certificates, lists and collateral must be valid.</param>
    /// <param name="cache">What has been verified before; null verifies all.</param>
    /// <returns>The verdict, with the checks in their order.</returns>
    public static AttestationResult Appraise(
        TdxEvidence evidence,
        IntelEndorsements endorsements,
        ReferenceValues reference,
        TdxPolicy policy,
        DateTimeOffset at,
        EndorsementCache? cache = null)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        ArgumentNullException.ThrowIfNull(endorsements);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(policy);
        return new TdxVerifier(evidence, reference, policy).Run(endorsements, at, cache);
    }

    private AttestationResult Run(IntelEndorsements endorsements, DateTimeOffset at, EndorsementCache? cache)
    {
        if (IntelQuote.Read(evidence.Quote, checks) is not { } quote
            || !checks.Require("quote-platform", IntelSource.Quote, quote.Domain is not null, "tee-type-mismatch",
                $"{quote.Platform}"))
        {
            return checks.Conclude(finished: false, null);
        }

        TdxReport domain = quote.Domain!;
        QuoteAppraisal appraisal = new(quote, endorsements, policy, at, cache, checks);
        bool finished = appraisal.IsGenuine() && appraisal.TcbHolds() && PolicyHolds(domain)
            && ParavisorHolds(domain) && ReferenceHolds(domain);
        return checks.Conclude(finished, appraisal.ClaimsOf(domain));
    }

    private bool PolicyHolds(TdxReport domain)
    {
        TdxAttributes bits = domain.Attributes;
        ulong xfam = domain.Xfam;
        return checks.Require("td-debug", IntelSource.TdAttributes, (bits & TdxAttributes.UnderDebug) == 0,
                "debug-enabled", $"{bits}")
            && checks.Require("td-attributes-reserved", IntelSource.TdAttributes, (bits & ~TdxAttributes.Known) == 0,
                "td-attributes-reserved", $"0x{(ulong)bits:x}")
            && checks.Require("td-attributes", IntelSource.Policy,
                (bits & ~policy.AllowedAttributes) == 0
                    && (bits & policy.RequiredAttributes) == policy.RequiredAttributes,
                "td-attributes-not-allowed", $"{bits}")
            && checks.Require("xfam-reserved", IntelSource.Xfam,
                (xfam & XfamAlways) == XfamAlways && (xfam & ~XfamKnown) == 0, "xfam-reserved", $"0x{xfam:x}")
            && checks.Require("xfam", IntelSource.Policy,
                (xfam & policy.RequiredXfam) == policy.RequiredXfam && (xfam & policy.ForbiddenXfam) == 0,
                "xfam-not-allowed", $"0x{xfam:x}")
            && (policy.Modules is not { } modules || checks.Require("tdx-module-measurement", IntelSource.Policy,
                modules.Contains(domain.Module), "tdx-module-not-allowed", $"{domain.Module}"))
            && checks.Require("service-domains", IntelSource.Policy,
                policy.ServiceDomainsAllowed || domain.ServiceDomains is not { } services
                    || !services.Bytes.ContainsAnyExcept((byte)0),
                "service-domain-not-allowed", $"{domain.ServiceDomains}");
    }

    // Its MAC is for the machine; what it has in common with the quote is compared, and its runtime data are bound.
    private bool ParavisorHolds(TdxReport domain)
    {
        if (evidence.HclReport is not { } bytes) return true;
        return checks.Require("hcl-report", AzureSource.HclReport,
                HclReport.TryDecode(bytes, out HclReport? report) && report!.Platform == AttestationPlatform.Tdx,
                "hcl-report-malformed")
            && checks.Require("hcl-report-quote", AzureSource.HclReport,
                domain.IsMadeFrom(report!.HardwareReport.Span), "hcl-report-mismatch")
            && checks.Require("hcl-runtime-data", AzureSource.HclReport, report.IsBoundBy(domain.ReportData.Span),
                "hcl-runtime-data-mismatch");
    }

    private bool ReferenceHolds(TdxReport domain) =>
        (!reference.AsksForMeasurement || checks.Require("measurement", IntelSource.Reference,
            reference.Lists(domain.Measurement), "measurement-not-expected", $"{domain.Measurement}"))
        && (reference.RuntimeMeasurements is not { } registers || checks.Require("runtime-measurements",
            IntelSource.Reference, registers.All(pair => pair.Key is >= 0 and < TdxReport.RuntimeMeasurementCount
                && domain.RuntimeMeasurements[pair.Key] == pair.Value), "runtime-measurement-mismatch"))
        && (reference.ReportData is not { } expected || checks.Require("report-data", IntelSource.Reference,
            domain.ReportData.Span.SequenceEqual(expected.Span), "report-data-mismatch"))
        && (reference.HostData is not { } host || checks.Require("host-data", IntelSource.Reference,
            domain.HostData.Span.SequenceEqual(host.Span), "host-data-mismatch"));
}
