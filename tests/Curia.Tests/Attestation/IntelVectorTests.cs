using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>Quotes of others, genuine and tampered with, get the verdict that their folder expects
/// (vectors/attestation/README.md), and are refused for the reason that they were made for.</summary>
public sealed class IntelVectorTests
{
    private const string NoVectors = "(none found)";

    // Stricter than its folder (docs/attestation.md): a service domain may read it.
    private const string BoundToAServiceDomain = "tdx/tdx-v5-coco";

    // Its signature is damaged, as the folder says; but the certificates in it are out of order, and that comes first.
    private const string OutOfOrder = "sgx/neg-real-fortanix-corrupted";

    /// <summary>What we call the reasons of the folders, by how they begin. Where several checks would fail, ours
    /// names the first in the order of trust.</summary>
    private static readonly (string Theirs, string Ours)[] reasons =
    [
        ("untrusted-root", "untrusted-root"),
        ("quote-signature-invalid", "quote-signature-invalid"),
        ("tcb-info-signer-chain-invalid", "tcb-signer-name-mismatch"),
        ("attestation key not on curve", "qe-report-binding-mismatch"),
        ("qe-report-binding-mismatch", "qe-report-binding-mismatch"),
        ("qe-report-signature-invalid", "qe-report-signature-invalid"),
        ("debug-enabled; tcb-status-OutOfDate", "tcb-status-out-of-date"),
        ("debug-enabled", "debug-enabled"),
        ("pck-cert-chain-not-embedded", "pck-chain-not-embedded"),
        ("tcb-status-OutOfDate", "tcb-status-out-of-date"),
        ("tcb-status-NO_MATCH", "tcb-level-not-found"),
        ("tcb-status-ConfigurationAndSWHardeningNeeded", "tcb-status-configuration-and-sw-hardening-needed"),
        ("unsupported-attestation-key-type", "unsupported-attestation-key-type"),
        ("pck-crl-signature-invalid", "pck-crl-signature-invalid"),
        ("collateral-expired", "root-crl-expired"),
        ("fmspc-mismatch", "fmspc-mismatch"),
        ("pck-crl-missing", "pck-crl-missing"),
        ("tcb-info-signature-invalid", "tcb-info-signature-invalid"),
        ("qe-identity-mismatch", "qe-identity-mismatch"),
        ("unknown-qe-vendor", "unknown-qe-vendor"),
        ("quote-truncated", "quote-truncated"),
        ("tee-type-mismatch", "tee-type-mismatch"),
        ("unsupported-quote-version", "unsupported-quote-version"),
    ];

    /// <summary>Where the strict policy refuses what a folder accepts: its source published these parts of the
    /// collateral not, and a strict policy does not go without them (docs/attestation.md).</summary>
    private static readonly Dictionary<string, string> stricter = new(StringComparer.Ordinal)
    {
        ["sgx/sgx-v3-oasis"] = "pck-crl-missing",
        ["tdx/tdx-v4-azurecvm-hcl-coco"] = "root-crl-missing",
        ["tdx/tdx-v4-oak"] = "qe-identity-missing",
        ["tdx/tdx-v4-oasis"] = "pck-crl-missing",
    };

    public static TheoryData<string> Cases
    {
        get
        {
            TheoryData<string> cases = [.. IntelCase.Names];
            if (cases.Count == 0) cases.Add($"tdx/{NoVectors}");
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Evidence_of_others_gets_the_expected_verdict(string path)
    {
        IntelCase vector = IntelCase.Read(path);
        IntelCollateral required = IntelCollateral.All & ~vector.MissingAtSource;
        AttestationResult result = vector.Appraise(required, vector.Reference);
        if (vector.IsAccepted)
        {
            Assert.Equal(("", AttestationVerdict.Accepted), (result.Reason, result.Verdict));
            Assert.All(result.Checks, check => Assert.True(check.Passed));
            AssertClaims(vector, result.Claims!);
        }
        else
        {
            Assert.Equal(AttestationVerdict.Rejected, result.Verdict);
            Assert.Null(result.Claims);
            Assert.Equal(path == OutOfOrder ? "untrusted-root" : OurReason(vector.ExpectedReason), result.Reason);
            Assert.False(result.Checks[^1].Passed);
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void The_strict_policy_refuses_an_accepted_case_for_its_missing_collateral_alone(string path)
    {
        IntelCase vector = IntelCase.Read(path);
        AttestationResult result = vector.Appraise(IntelCollateral.All, vector.Reference);
        if (vector.IsAccepted) Assert.Equal(stricter.GetValueOrDefault(path, ""), result.Reason);
        else Assert.Equal(AttestationVerdict.Rejected, result.Verdict);
    }

    /// <summary>The folders say what comes of a quote without any collateral, too.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void A_quote_alone_gets_the_verdict_for_quotes_alone(string path)
    {
        IntelCase vector = IntelCase.Read(path);
        if (vector.Field("verdict_quote_only") is not { } expected) return;
        AttestationResult result = vector.Appraise(
            IntelCollateral.None, vector.Reference, endorsements: IntelEndorsements.None);
        if (path == BoundToAServiceDomain)
        {
            Assert.Equal(("accept", "service-domain-not-allowed"), (expected, result.Reason));
            return;
        }

        Assert.Equal(expected, result.Verdict == AttestationVerdict.Accepted ? "accept" : "reject");
        Assert.Null(result.ClaimsAsSent!.TcbStatus);
    }

    /// <summary>What the policy takes decides alone: with every status taken, the platform is as the folder evaluated
    /// it.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void The_status_of_the_platform_is_the_one_that_others_have_found(string path)
    {
        IntelCase vector = IntelCase.Read(path);
        if (vector.Field("tcb_status") is not { } expected || expected == "NO_MATCH") return;
        AttestationResult result = vector.Appraise(
            IntelCollateral.All & ~vector.Missing, statuses: Enum.GetValues<TcbStatus>());
        AttestationClaims claims = result.ClaimsAsSent!;
        Assert.Equal(expected, $"{claims.TcbStatus}".Replace("Sw", "SW", StringComparison.Ordinal));
        string[] advisories =
            [.. vector.Evaluation.GetProperty("advisories").EnumerateArray().Select(one => one.GetString()!)];
        Assert.Empty(advisories.Except(claims.Advisories));
        Assert.Equal(vector.IsDebugged ? "debug-enabled" : "", result.Reason);
    }

    [Fact]
    public void The_pinned_root_is_the_one_that_Intel_gives_out()
    {
        string pem = System.Text.Encoding.ASCII.GetString(VectorFolder.ReadFile("intel-root/Intel_SGX_Root_CA.pem"));
        Assert.True(PemCertificates.TryDecode(pem, out IReadOnlyList<ReadOnlyMemory<byte>> found));
        Assert.Equal(found.Single().ToArray(), IntelRoot.Intel[0].Certificate.Der.ToArray());

        // The other one is an earlier certificate of the same key.
        Assert.Equal(2, IntelRoot.Intel.Count);
        Assert.Equal(IntelRoot.Intel[0].Certificate.SubjectPublicKeyInfo.ToArray(),
            IntelRoot.Intel[1].Certificate.SubjectPublicKeyInfo.ToArray());
        Assert.All(IntelRoot.Intel, root => Assert.True(root.Certificate.IsIssuedBy(root.Certificate)));
    }

    [Fact]
    public void Time_alone_ends_what_was_right_and_a_cache_does_not_make_it_longer()
    {
        IntelCase vector = IntelCase.Read("tdx/tdx-v5-gotdx");
        EndorsementCache cache = new();
        Assert.Equal("", Reason(vector.At));
        Assert.Equal(3, cache.Count);
        Assert.Equal("pck-crl-expired", Reason(vector.At.AddDays(30)));
        Assert.Equal("leaf-not-yet-valid", Reason(vector.At.AddYears(-1)));
        Assert.Equal("", Reason(vector.At));

        string Reason(DateTimeOffset at) => vector.Appraise(IntelCollateral.All, cache: cache, at: at).Reason;
    }

    private static void AssertClaims(IntelCase vector, AttestationClaims claims)
    {
        Assert.Equal(vector.Platform, claims.Platform);
        Assert.Equal(new Measurement(vector.Hex("measurement")), claims.Measurement);
        Assert.Equal(vector.Hex("report_data"), claims.ReportData.ToArray());
        if (vector.Field("mr_signer") is { } signer)
            Assert.Equal(signer, Convert.ToHexStringLower(claims.Sgx!.Signer.Span));
        if (vector.Field("tcb_status") is null) return;
        JsonElement tcb = vector.Tcb;
        Assert.Equal(tcb.GetProperty("fmspc").GetString(), claims.Processor);
        Dictionary<string, int> parts = claims.Tcb.ToDictionary(part => part.Name, part => part.Level);
        Assert.Equal(tcb.GetProperty("pcesvn").GetInt32(), parts["pce"]);
        Assert.Equal(tcb.GetProperty("cpusvn").EnumerateArray().Select(level => level.GetInt32()),
            Enumerable.Range(1, 16).Select(number => parts[$"sgx-{number}"]));
        if (!vector.IsTdx) return;
        Assert.Equal(tcb.GetProperty("tee_tcb_svn").GetString(), Convert.ToHexStringLower(claims.Tdx!.TcbSvn.Span));
        Assert.Equal(vector.Reference.RuntimeMeasurements!.Values, claims.RuntimeMeasurements);
    }

    private static string OurReason(string theirs)
    {
        (string Theirs, string Ours) found = reasons.FirstOrDefault(
            pair => theirs.StartsWith(pair.Theirs, StringComparison.Ordinal));
        Assert.True(found.Ours is not null, $"no reason of ours for: {theirs}");
        return found.Ours;
    }
}
