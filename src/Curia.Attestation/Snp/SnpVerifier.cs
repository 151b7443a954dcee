using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>Appraises evidence of AMD SEV-SNP. A function of what it is given: no clock, no network, no
/// store.</summary>
/// <remarks>The order is that of trust: what a byte means is asked only after somebody has vouched for it, and the
/// first check that fails ends the appraisal (decisions/0021).</remarks>
public sealed class SnpVerifier
{
    private const uint VmplMax = 3;
    private const uint HostRequested = uint.MaxValue;

    private readonly SnpEvidence evidence;
    private readonly SnpEndorsements endorsements;
    private readonly ReferenceValues reference;
    private readonly SnpPolicy policy;
    private readonly DateTimeOffset at;
    private readonly EndorsementCache? cache;
    private readonly Appraisal checks = new();

    private SnpVerifier(
        SnpEvidence evidence,
        SnpEndorsements endorsements,
        ReferenceValues reference,
        SnpPolicy policy,
        DateTimeOffset at,
        EndorsementCache? cache)
    {
        this.evidence = evidence;
        this.endorsements = endorsements;
        this.reference = reference;
        this.policy = policy;
        this.at = at;
        this.cache = cache;
    }

    /// <summary>Appraises evidence; nothing throws, whatever the bytes are.</summary>
    /// <param name="evidence">What the attester sent.</param>
    /// <param name="endorsements">What AMD, and perhaps a cloud, say of it.</param>
    /// <param name="reference">What the claims are compared with.</param>
    /// <param name="policy">What is taken.</param>
    /// <param name="at">The moment at which certificates and lists must be valid.</param>
    /// <param name="cache">What has been verified before; null verifies all.</param>
    /// <returns>The verdict, with the checks in their order.</returns>
    public static AttestationResult Appraise(
        SnpEvidence evidence,
        SnpEndorsements endorsements,
        ReferenceValues reference,
        SnpPolicy policy,
        DateTimeOffset at,
        EndorsementCache? cache = null)
    {
        ArgumentNullException.ThrowIfNull(evidence);
        ArgumentNullException.ThrowIfNull(endorsements);
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(policy);
        return new SnpVerifier(evidence, endorsements, reference, policy, at, cache).Run();
    }

    private AttestationResult Run()
    {
        HclReport? paravisor = null;
        if (evidence.InHclReport && !checks.Require("hcl-report", AzureSource.HclReport,
            HclReport.TryDecode(evidence.Report, out paravisor) && paravisor!.Platform == AttestationPlatform.Snp,
            "hcl-report-malformed"))
        {
            return checks.Conclude(finished: false, null);
        }

        if (paravisor is not null && evidence.ReportApart is { } apart && !checks.Require("hcl-report-apart",
            AzureSource.HclReport, apart.Span.SequenceEqual(paravisor.HardwareReport.Span), "hcl-report-mismatch"))
        {
            return checks.Conclude(finished: false, null);
        }

        if (SnpReport.Read(paravisor?.HardwareReport ?? evidence.Report, checks) is not { } report)
            return checks.Conclude(finished: false, null);
        if (FindChain() is not { } chain) return checks.Conclude(finished: false, ClaimsOf(report, null));
        bool finished = IsGenuine(report, chain) && TcbHolds(report, chain)
            && ChipHolds(report, chain.Leaf) && PolicyHolds(report) && PlatformHolds(report)
            && ReferenceHolds(report, paravisor);
        return checks.Conclude(finished, ClaimsOf(report, chain.Leaf));
    }

    // The chain and its list are what reports of one processor have in common.
    private SnpChain? FindChain() => EndorsementCache.Use(cache, ChainKey, at, checks, () =>
        SnpChain.Build(endorsements, policy.Roots, at, checks) is { } chain && IsNotRevoked(chain, out Period period)
            ? new Endorsed<SnpChain>(chain, period)
            : null);

    private Digest ChainKey() => EndorsementCache.Key(
        "snp-chain",
        [
            endorsements.Leaf, endorsements.RevocationList, new[] { policy.RevocationListRequired ? (byte)1 : (byte)0 },
            EndorsementCache.Part(policy.RevocationListsSince),
            .. policy.Roots.Select(root => (ReadOnlyMemory<byte>?)root.Certificate.Der), null,
            .. endorsements.Chain.Select(one => (ReadOnlyMemory<byte>?)one),
        ]);

    private bool IsNotRevoked(SnpChain chain, out Period period)
    {
        period = Period.Always.And(chain.Root.Certificate).And(chain.Signer).And(chain.Leaf.Certificate);
        if (endorsements.RevocationList is not { } der)
        {
            bool waived = !policy.RevocationListRequired;
            return checks.Require(Check.NameOf("revocation-list", waived), SnpSource.Policy, waived, "crl-missing",
                "none was given");
        }

        bool read = RevocationList.TryDecode(der.Span, out RevocationList? list);
        if (!checks.Require("revocation-list", SnpSource.Revocation, read, "crl-malformed")
            || !checks.Require("revocation-list-signature", SnpSource.Revocation,
                list!.IsIssuedBy(chain.Root.Certificate), "crl-signature-invalid")
            || !checks.Require("revocation-list-not-before", SnpSource.Revocation, list.ThisUpdate <= at,
                "crl-not-yet-valid", $"from {list.ThisUpdate:u}")
            || !checks.Require("revocation-list-not-after", SnpSource.Revocation, at <= list.NextUpdate,
                "crl-expired", $"until {list.NextUpdate:u}")
            || (policy.RevocationListsSince is { } since && !checks.Require("revocation-list-age", SnpSource.Policy,
                list.ThisUpdate >= since, "crl-too-old", $"of {list.ThisUpdate:u}; since {since:u}")))
        {
            return false;
        }

        period = period.And(list.ThisUpdate, list.NextUpdate);
        return checks.Require("signer-not-revoked", SnpSource.Revocation,
            !list.Revokes(chain.Signer) && !list.Revokes(chain.Root.Certificate), "ask-revoked",
            $"{list.Count} revoked");
    }

    private bool IsGenuine(SnpReport report, SnpChain chain) =>
        checks.Require("signing-key", SnpSource.Report, report.SigningKey == (uint)chain.Leaf.Kind,
            "signing-key-mismatch", $"the report says {report.SigningKey}, the certificate {chain.Leaf.Kind}")
        && checks.Require("report-signature", SnpSource.Report, report.IsSignedBy(chain.Leaf.Key),
            "report-signature-invalid")
        && (!report.HasCpuid || checks.Require("report-product", SnpSource.Report,
            SnpProcessors.FromCpuid(report.CpuidFamily, report.CpuidModel) == chain.Root.Processor,
            "report-product-mismatch",
            $"family 0x{report.CpuidFamily:x}, model 0x{report.CpuidModel:x}, {chain.Root.Processor} expected"));

    // The key is derived from the reported TCB, so the certificate says the same one. The committed TCB is below or
    // at the current one, by what firmware does. The minimum holds for all four: firmware that has run below it may
    // have kept something, or may be gone back to.
    private bool TcbHolds(SnpReport report, SnpChain chain)
    {
        SnpProcessor processor = chain.Root.Processor;
        bool read = SnpTcb.TryRead(report.ReportedTcb.Span, processor, out SnpTcb reported)
            & SnpTcb.TryRead(report.CurrentTcb.Span, processor, out SnpTcb current)
            & SnpTcb.TryRead(report.CommittedTcb.Span, processor, out SnpTcb committed)
            & SnpTcb.TryRead(report.LaunchTcb.Span, processor, out SnpTcb launch);
        bool hasMinimum = policy.MinimumTcb.TryGetValue(processor, out SnpTcb minimum);
        return checks.Require("processor", SnpSource.Policy,
                (hasMinimum || policy.MinimumTcb.Count == 0) && (policy.Processors?.Contains(processor) ?? true),
                "processor-not-allowed", $"{processor}")
            && checks.Require("tcb-reserved", SnpSource.Tcb, read, "reserved-nonzero")
            && checks.Require("tcb-of-key", SnpSource.Endorsements, reported == chain.Leaf.Tcb,
                "reported-tcb-differs-from-leaf-tcb", $"reported {reported}; certificate {chain.Leaf.Tcb}")
            && checks.Require("tcb-order", SnpSource.Tcb, current.IsAtLeast(committed), "tcb-committed-above-current",
                $"committed {committed}; current {current}")
            && checks.Require("tcb-minimum", SnpSource.Policy,
                reported.IsAtLeast(minimum) && current.IsAtLeast(minimum) && committed.IsAtLeast(minimum)
                    && launch.IsAtLeast(minimum),
                "tcb-below-minimum", $"reported {reported}; minimum {minimum}");
    }

    // Turin writes 8 bytes and leaves the rest zero (57230 chapter 3, hwID).
    private bool ChipHolds(SnpReport report, SnpEndorsementKey leaf)
    {
        if (leaf.Kind == SnpKeyKind.Vlek)
        {
            return checks.Require(Check.NameOf("provider", policy.Providers is null), SnpSource.Policy,
                policy.Providers?.Contains(leaf.Provider, StringComparer.Ordinal) ?? true, "provider-not-allowed",
                leaf.Provider);
        }

        ReadOnlySpan<byte> chip = report.ChipId.Span;
        if (!chip.ContainsAnyExcept((byte)0))
        {
            return checks.Require(Check.NameOf("chip-id", policy.MaskedChipIdAllowed), SnpSource.Policy,
                policy.MaskedChipIdAllowed, "chip-id-masked", "masked");
        }

        int size = leaf.ChipId.Length;
        return checks.Require("chip-id", SnpSource.Endorsements,
            chip[..size].SequenceEqual(leaf.ChipId.Span) && !chip[size..].ContainsAnyExcept((byte)0),
            "chip-id-hwid-mismatch");
    }

    private bool PolicyHolds(SnpReport report)
    {
        SnpGuestPolicy bits = report.GuestPolicy;
        return checks.Require("guest-policy-debug", SnpSource.GuestPolicy,
                !bits.HasFlag(SnpGuestPolicy.DebugAllowed), "policy-debug-enabled")
            && checks.Require("guest-policy-migration", SnpSource.GuestPolicy,
                policy.MigrationAgentAllowed || !bits.HasFlag(SnpGuestPolicy.MigrationAgentAllowed),
                "policy-migration-agent-allowed")
            && checks.Require("guest-policy-bits", SnpSource.Policy,
                (bits & policy.RequiredGuestPolicy) == policy.RequiredGuestPolicy
                    && (bits & policy.ForbiddenGuestPolicy) == 0,
                "policy-not-allowed", $"{bits}")
            && checks.Require("guest-policy-abi", SnpSource.GuestPolicy,
                report.CurrentFirmware.IsAtLeast(report.GuestPolicyAbi), "policy-abi-above-firmware",
                $"{report.GuestPolicyAbi}; firmware {report.CurrentFirmware}")
            && checks.Require("vmpl-range", SnpSource.Report, report.Vmpl is <= VmplMax or HostRequested,
                "vmpl-out-of-range", $"{report.Vmpl}")
            && checks.Require("vmpl", SnpSource.Policy, policy.Vmpls.Contains(report.Vmpl), "vmpl-not-allowed",
                $"{report.Vmpl}");
    }

    private bool PlatformHolds(SnpReport report)
    {
        ulong mitigations = report.HasMitigations ? report.LaunchMitigations & report.CurrentMitigations : 0;
        return checks.Require("firmware-order", SnpSource.Report,
                report.CurrentFirmware.IsAtLeast(report.CommittedFirmware), "firmware-committed-above-current",
                $"committed {report.CommittedFirmware}; current {report.CurrentFirmware}")
            && checks.Require("firmware-minimum", SnpSource.Policy,
                policy.MinimumFirmware is not { } minimum || report.CommittedFirmware.IsAtLeast(minimum),
                "firmware-below-minimum", $"committed {report.CommittedFirmware}")
            && checks.Require("guest-svn", SnpSource.Policy, report.GuestSvn >= policy.MinimumGuestSvn,
                "guest-svn-below-minimum", $"{report.GuestSvn}")
            && (policy.IdKeyDigests is not { } keys || checks.Require("id-key", SnpSource.Policy,
                Contains(keys, report.IdKeyDigest), "id-key-not-allowed"))
            && (policy.AuthorKeyDigests is not { } authors || checks.Require("author-key", SnpSource.Policy,
                Contains(authors, report.AuthorKeyDigest), "author-key-not-allowed"))
            && checks.Require("platform-info", SnpSource.Policy,
                (report.PlatformInfo & policy.RequiredPlatformInfo) == policy.RequiredPlatformInfo
                    && (report.PlatformInfo & policy.ForbiddenPlatformInfo) == 0,
                "platform-info-not-allowed", $"0x{(ulong)report.PlatformInfo:x}")
            && checks.Require("mitigations", SnpSource.Policy,
                (mitigations & policy.RequiredMitigations) == policy.RequiredMitigations, "mitigation-missing",
                $"0x{mitigations:x}");
    }

    private static bool Contains(IReadOnlyList<ReadOnlyMemory<byte>> digests, ReadOnlyMemory<byte> digest) =>
        digests.Any(one => one.Span.SequenceEqual(digest.Span));

    private bool ReferenceHolds(SnpReport report, HclReport? paravisor) =>
        (paravisor is null || checks.Require("hcl-runtime-data", AzureSource.HclReport,
            paravisor.IsBoundBy(report.ReportData.Span), "hcl-runtime-data-mismatch"))
        && MeasurementHolds(report.Measurement)
        && (reference.RuntimeMeasurements is null || checks.Require("runtime-measurements", SnpSource.Reference,
            false, "runtime-measurement-mismatch", "SEV-SNP has none"))
        && (reference.ReportData is not { } expected || checks.Require("report-data", SnpSource.Reference,
            report.ReportData.Span.SequenceEqual(expected.Span), "report-data-mismatch"))
        && (reference.HostData is not { } host || checks.Require("host-data", SnpSource.Reference,
            report.HostData.Span.SequenceEqual(host.Span), "host-data-mismatch"))
        && (evidence.ContainerPolicy is not { } container || checks.Require(
            "container-policy", AzureSource.ContainerPolicy,
            evidence.ContainerPolicyIsRead
                && report.HostData.Span.SequenceEqual(SHA256.HashData(container.Span)),
            "host-data-not-sha256-of-policy"));

    // A measurement is listed, or somebody who may do so has endorsed it. An endorsement that is there is held to in
    // any case: one that is wrong is no reason to look away.
    private bool MeasurementHolds(Measurement measurement)
    {
        bool endorsed = false;
        if (endorsements.UvmEndorsement is { } bytes)
        {
            IReadOnlyList<UvmEndorser> endorsers = reference.MeasurementEndorsers ?? [UvmEndorser.Microsoft];
            if (!UvmEndorsement.Endorses(bytes, measurement, endorsers, policy.MinimumUvmSvn, at, checks)) return false;
            endorsed = reference.MeasurementEndorsers is not null;
        }

        return endorsed || !reference.AsksForMeasurement || checks.Require("measurement", SnpSource.Reference,
            reference.Lists(measurement), "measurement-not-expected", $"{measurement}");
    }

    private static AttestationClaims ClaimsOf(SnpReport report, SnpEndorsementKey? leaf)
    {
        SnpProcessor? processor =
            leaf?.Processor ?? SnpProcessors.FromCpuid(report.CpuidFamily, report.CpuidModel);
        SnpTcb reported = default;
        if (processor is { } known) SnpTcb.TryRead(report.ReportedTcb.Span, known, out reported);
        return new AttestationClaims
        {
            Platform = AttestationPlatform.Snp,
            Processor = processor?.ToString() ?? "",
            Measurement = report.Measurement,
            ReportData = report.ReportData,
            HostData = report.HostData,
            Tcb = processor is { } named ? reported.Components(named) : [],
            Chip = report.ChipId.Span.ContainsAnyExcept((byte)0) ? report.ChipId : ReadOnlyMemory<byte>.Empty,
        };
    }
}
