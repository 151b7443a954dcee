using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>What quotes of TDX and SGX have in common: who vouches for them, and on what firmware they were
/// made.</summary>
internal sealed class QuoteAppraisal(
    IntelQuote quote,
    IntelEndorsements endorsements,
    IntelPolicy policy,
    DateTimeOffset at,
    EndorsementCache? cache,
    Appraisal checks)
{
    // MRSIGNER and ISVPRODID of the quoting enclaves that Intel has signed so far, for who has no identity of them.
    private static readonly byte[] qeSigner =
        Convert.FromHexString("8c4f5775d796503e96137f77c68a829a0056ac8ded70140b081b094490c57bff");
    private static readonly byte[] tdQeSigner =
        Convert.FromHexString("dc9e2a7c6f948f17474e34a7fc43ed030f7c1563f1babddf6340c82e0e54a8c5");
    private const ushort QeProduct = 1;
    private const ushort TdQeProduct = 2;

    private readonly CollateralCheck collateral = new(endorsements, policy, at, cache, checks);
    private readonly List<string> advisories = [];
    private TcbStatus? status;

    /// <summary>The processor's key; null until it is vouched for.</summary>
    public PckCertificate? Pck { get; private set; }

    /// <summary>Whether a genuine processor made the quote: from the pinned root to the last byte.</summary>
    public bool IsGenuine() =>
        ChainHolds()
        && checks.Require("qe-report-signature", IntelSource.Quote, quote.QeIsSignedBy(Pck!.Key),
            "qe-report-signature-invalid")
        && checks.Require("qe-report-binding", IntelSource.Binding, quote.KeyIsBound, "qe-report-binding-mismatch")
        && checks.Require("quote-signature", IntelSource.Quote, quote.IsSigned, "quote-signature-invalid")
        && checks.Require("reserved-bytes", IntelSource.Quote, quote.ReservedBytesAreZero, "reserved-nonzero")
        && QeHolds();

    /// <summary>Whether the firmware is known to Intel, and in a status that is taken.</summary>
    public bool TcbHolds()
    {
        if (endorsements.TcbInfo is not { } json)
        {
            bool waived = !policy.RequiredCollateral.HasFlag(IntelCollateral.TcbInfo);
            return checks.Require(
                    Check.NameOf("tcb-info", waived), IntelSource.Policy, waived, "tcb-info-missing", "none was given")
                && (quote.Domain is not { } unknown || ModuleIsIntels(unknown))
                && StatusHolds();
        }

        if (collateral.ReadTcbInfo(json, quote.Platform, Pck!) is not { } info
            || !checks.Require("tcb-info-evaluation", IntelSource.Policy,
                info.EvaluationNumber >= policy.MinimumTcbEvaluationNumber, "tcb-evaluation-below-minimum",
                $"{info.EvaluationNumber}"))
        {
            return false;
        }

        TcbLevel? level = info.LevelOf(Pck!, quote.Domain?.TcbSvn ?? default);
        if (!checks.Require("tcb-level", IntelSource.TcbInfo, level is not null, "tcb-level-not-found"))
            return false;
        Include(level!.Status, level.Advisories);
        return (quote.Domain is not { } domain || ModuleHolds(domain, info)) && StatusHolds();
    }

    /// <summary>The claims, as far as this part of an appraisal knows them.</summary>
    public AttestationClaims ClaimsOf(SgxReport report) =>
        Claims(report.Measurement, report.ReportData, report.ConfigId) with
        {
            Sgx = report,
        };

    /// <summary>The claims, as far as this part of an appraisal knows them.</summary>
    public AttestationClaims ClaimsOf(TdxReport report) =>
        Claims(report.Measurement, report.ReportData, report.HostData) with
        {
            RuntimeMeasurements = report.RuntimeMeasurements,
            Tdx = report,
        };

    private bool ChainHolds()
    {
        if (!checks.Require("pck-chain-embedded", IntelSource.Quote,
            quote.CertificationType == IntelQuote.ChainCertification, "pck-chain-not-embedded",
            $"certification data of type {quote.CertificationType}"))
        {
            return false;
        }

        Pck = EndorsementCache.Use(
            cache, ChainKey, at, checks,
            () => IntelChain.Build(quote.CertificationData, endorsements, policy, at, checks));
        return Pck is not null;
    }

    private Digest ChainKey() => EndorsementCache.Key(
        "pck-chain",
        [
            quote.CertificationData, endorsements.PckChain, endorsements.RootRevocationList,
            endorsements.PckRevocationList, new[] { (byte)policy.RequiredCollateral },
            EndorsementCache.Part(policy.RevocationListsSince),
            .. policy.Roots.Select(root => (ReadOnlyMemory<byte>?)root.Certificate.Der),
        ]);

    private bool QeHolds()
    {
        bool isTdx = quote.Platform == AttestationPlatform.Tdx;
        SgxReport report = quote.QeReport;
        if (endorsements.QeIdentity is not { } json)
        {
            bool waived = !policy.RequiredCollateral.HasFlag(IntelCollateral.QeIdentity);
            return checks.Require(
                    Check.NameOf("qe-identity", waived), IntelSource.Policy, waived, "qe-identity-missing",
                    "none was given")
                && checks.Require("qe-signer", IntelSource.QeIdentity,
                    report.Signer.Span.SequenceEqual(isTdx ? tdQeSigner : qeSigner)
                        && report.ProductId == (isTdx ? TdQeProduct : QeProduct)
                        && !report.Attributes.HasFlag(SgxAttributes.Debug),
                    "qe-identity-mismatch");
        }

        if (collateral.ReadQeIdentity(json) is not { } identity) return false;
        SecurityVersionLevel? level = identity.LevelOf(report.SecurityVersion);
        if (!checks.Require("qe-identity-platform", IntelSource.QeIdentity, identity.Platform == quote.Platform,
                "qe-identity-mismatch", $"{identity.Platform}")
            || !checks.Require("qe-identity-evaluation", IntelSource.Policy,
                identity.EvaluationNumber >= policy.MinimumTcbEvaluationNumber, "tcb-evaluation-below-minimum",
                $"{identity.EvaluationNumber}")
            || !checks.Require("qe-signer", IntelSource.QeIdentity,
                report.Signer.Span.SequenceEqual(identity.Signer.Span) && report.ProductId == identity.ProductId,
                "qe-identity-mismatch", $"product {report.ProductId}")
            || !checks.Require("qe-attributes", IntelSource.QeIdentity, identity.HasAttributesOf(report),
                "qe-identity-mismatch")
            || !checks.Require("qe-level", IntelSource.QeIdentity, level is not null, "qe-level-not-found",
                $"security version {report.SecurityVersion}"))
        {
            return false;
        }

        Include(level!.Status, level.Advisories);
        return true;
    }

    // PCS API v4: a module of major version 0 is among the components of the platform; a later one has an identity and
    // levels of its own.
    private bool ModuleHolds(TdxReport domain, TcbInfo info)
    {
        byte major = domain.TcbSvn.Span[1];
        TdxModuleIdentity? module = info.ModuleOf(major);
        if (!checks.Require("tdx-module", IntelSource.TdxModule, module is not null, "tdx-module-unknown",
                $"major version {major}")
            || !checks.Require("tdx-module-signer", IntelSource.TdxModule,
                domain.ModuleSigner.Span.SequenceEqual(module!.Signer.Span), "tdx-module-mismatch")
            || !checks.Require("tdx-module-attributes", IntelSource.TdxModule,
                !domain.ModuleAttributes.Span.ContainsAnyExcept((byte)0) && Masked.Equal(
                    domain.ModuleAttributes.Span, module.AttributesMask.Span, module.Attributes.Span),
                "tdx-module-mismatch"))
        {
            return false;
        }

        if (major == 0) return true;
        byte minor = domain.TcbSvn.Span[0];
        SecurityVersionLevel? level = module.Levels.FirstOrDefault(one => minor >= one.SecurityVersion);
        if (!checks.Require("tdx-module-level", IntelSource.TdxModule, level is not null, "tdx-module-level-not-found",
            $"security version {minor}"))
        {
            return false;
        }

        Include(level!.Status, level.Advisories);
        return true;
    }

    // Without collateral this is all that is known of a module: Intel's have zeros here.
    private bool ModuleIsIntels(TdxReport domain) =>
        checks.Require("tdx-module-signer", IntelSource.Quote,
            !domain.ModuleSigner.Span.ContainsAnyExcept((byte)0)
                && !domain.ModuleAttributes.Span.ContainsAnyExcept((byte)0),
            "tdx-module-mismatch");

    // What was not looked up, because the policy goes without it, has no status.
    private bool StatusHolds() =>
        status is not { } known || checks.Require("tcb-status", IntelSource.Policy,
            policy.AcceptedTcbStatuses.Contains(known), TcbStatuses.Reason(known),
            string.Join(", ", advisories.Prepend($"{known}")));

    private void Include(TcbStatus part, IReadOnlyList<string> about)
    {
        status = status is { } before ? TcbStatuses.Join(before, part) : part;
        advisories.AddRange(about.Except(advisories));
    }

    private AttestationClaims Claims(
        Measurement measurement, ReadOnlyMemory<byte> reportData, ReadOnlyMemory<byte> hostData) => new()
        {
            Platform = quote.Platform,
            Processor = Pck is { } known ? Convert.ToHexStringLower(known.Fmspc.Span) : "",
            Measurement = measurement,
            ReportData = reportData,
            HostData = hostData,
            Tcb = Pck is { } pck ? TcbOf(pck) : [],
            Chip = Pck?.Ppid ?? ReadOnlyMemory<byte>.Empty,
            TcbStatus = status,
            Advisories = [.. advisories],
        };

    private List<TcbComponent> TcbOf(PckCertificate pck)
    {
        List<TcbComponent> parts =
        [
            .. pck.Components.Select((level, index) => new TcbComponent($"sgx-{index + 1}", level)),
            new TcbComponent("pce", pck.PceSvn),
        ];
        if (quote.Domain is { } domain)
        {
            byte[] versions = domain.TcbSvn.ToArray();
            parts.AddRange(versions.Select((level, index) => new TcbComponent($"tdx-{index + 1}", level)));
        }

        return parts;
    }
}
