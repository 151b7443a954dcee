using System;
using System.Linq;

namespace Curia.Attestation;

/// <summary>Appraises evidence of Intel SGX. A function of what it is given: no clock, no network, no store.</summary>
/// <remarks>The order is that of trust: what a byte means is asked only after somebody has vouched for it, and the
/// first check that fails ends the appraisal (decisions/0021, decisions/0022).</remarks>
public sealed class SgxVerifier
{
    private readonly ReferenceValues reference;
    private readonly SgxPolicy policy;
    private readonly Appraisal checks = new();

    private SgxVerifier(ReferenceValues reference, SgxPolicy policy)
    {
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
        SgxEvidence evidence,
        IntelEndorsements endorsements,
        ReferenceValues reference,
        SgxPolicy policy,
        DateTimeOffset at,
        EndorsementCache? cache = null)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        ArgumentNullException.ThrowIfNull(endorsements);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(policy);
        return new SgxVerifier(reference, policy).Run(evidence, endorsements, at, cache);
    }

    private AttestationResult Run(
        SgxEvidence evidence, IntelEndorsements endorsements, DateTimeOffset at, EndorsementCache? cache)
    {
        if (IntelQuote.Read(evidence.Quote, checks) is not { } quote
            || !checks.Require("quote-platform", IntelSource.Quote, quote.Enclave is not null, "tee-type-mismatch",
                $"{quote.Platform}"))
        {
            return checks.Conclude(finished: false, null);
        }

        SgxReport enclave = quote.Enclave!;
        QuoteAppraisal appraisal = new(quote, endorsements, policy, at, cache, checks);
        bool finished = appraisal.IsGenuine() && appraisal.TcbHolds() && PolicyHolds(enclave)
            && ReferenceHolds(enclave);
        return checks.Conclude(finished, appraisal.ClaimsOf(enclave));
    }

    private bool PolicyHolds(SgxReport enclave)
    {
        SgxAttributes flags = enclave.Attributes;
        return checks.Require("enclave-debug", IntelSource.Enclave, !flags.HasFlag(SgxAttributes.Debug),
                "debug-enabled", $"{flags}")
            && checks.Require("enclave-attributes", IntelSource.Policy,
                (flags & ~policy.AllowedAttributes) == 0
                    && (flags & policy.RequiredAttributes) == policy.RequiredAttributes,
                "enclave-attributes-not-allowed", $"{flags}")
            && (policy.Signers is not { } signers || checks.Require("enclave-signer", IntelSource.Policy,
                signers.Any(signer => signer.Span.SequenceEqual(enclave.Signer.Span)), "enclave-signer-not-allowed",
                Convert.ToHexStringLower(enclave.Signer.Span)))
            && (policy.ProductId is not { } product || checks.Require("enclave-product", IntelSource.Policy,
                enclave.ProductId == product, "enclave-product-not-allowed", $"{enclave.ProductId}"))
            && checks.Require("enclave-security-version", IntelSource.Policy,
                enclave.SecurityVersion >= policy.MinimumSecurityVersion, "enclave-security-version-below-minimum",
                $"{enclave.SecurityVersion}");
    }

    private bool ReferenceHolds(SgxReport enclave) =>
        (!reference.AsksForMeasurement || checks.Require("measurement", IntelSource.Reference,
            reference.Lists(enclave.Measurement), "measurement-not-expected", $"{enclave.Measurement}"))
        && (reference.RuntimeMeasurements is null || checks.Require("runtime-measurements", IntelSource.Reference,
            false, "runtime-measurement-mismatch", "SGX has none"))
        && (reference.ReportData is not { } expected || checks.Require("report-data", IntelSource.Reference,
            enclave.ReportData.Span.SequenceEqual(expected.Span), "report-data-mismatch"))
        && (reference.HostData is not { } host || checks.Require("host-data", IntelSource.Reference,
            enclave.ConfigId.Span.SequenceEqual(host.Span), "host-data-mismatch"));
}
