using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>Evidence of others, genuine and tampered with, gets the verdict that its folder expects
/// (vectors/attestation/README.md), and is refused for the reason that it was made for.</summary>
public sealed class SnpVectorTests
{
    private const string NoVectors = "(none found)";

    /// <summary>What we call the reasons of the folders, by how they begin. Where several checks would fail, ours
    /// names the first in the order of trust.</summary>
    private static readonly (string Theirs, string Ours)[] reasons =
    [
        ("report_data[0..31] != SHA-256", "hcl-runtime-data-mismatch"),
        ("report-signature-invalid or reserved-nonzero", "reserved-nonzero"),
        ("report-signature-invalid (r has", "reserved-nonzero"),
        ("report-signature-invalid", "report-signature-invalid"),
        ("untrusted-root", "untrusted-root"),
        ("leaf-not-issued-by-chain (attacker VCEK", "leaf-signature-invalid"),
        ("leaf-not-issued-by-chain", "leaf-not-issued-by-chain"),
        ("leaf-signature-invalid", "leaf-signature-invalid"),
        ("uvm-endorsement-signature-invalid", "uvm-endorsement-signature-invalid"),
        ("host-data-not-sha256-of-policy", "host-data-not-sha256-of-policy"),
        ("chain-incomplete", "chain-incomplete"),
        ("leaf-expired", "leaf-expired"),
        ("leaf-not-yet-valid", "leaf-not-yet-valid"),
        ("unsupported-signature-algorithm", "unsupported-signature-algorithm"),
        ("non-zero reserved bytes", "reserved-nonzero"),
        ("report-length", "report-length"),
        ("unsupported-report-version", "unsupported-report-version"),
        ("measurement-not-endorsed", "measurement-not-endorsed"),
        ("chain-certificate-expired", "chain-certificate-expired"),
        ("chip-id all zero", "chip-id-masked"),
        ("chip-id-hwid-mismatch", "chip-id-hwid-mismatch"),
        ("report CPUID family/model", "report-product-mismatch"),
        ("ask-revoked", "ask-revoked"),
        ("crl-signature-invalid", "crl-signature-invalid"),
        ("crl-expired", "crl-expired"),
        ("policy-debug-enabled", "policy-debug-enabled"),
        ("committed_tcb greater", "tcb-committed-above-current"),
        ("leaf productName says", "leaf-product-mismatch"),
        ("reported-tcb-differs-from-leaf-tcb", "reported-tcb-differs-from-leaf-tcb"),
        ("policy-migration-agent-allowed", "policy-migration-agent-allowed"),
        ("policy reserved bit 17", "policy-reserved-bits"),
        ("signing-key field", "signing-key-mismatch"),
        ("tcb-below-minimum", "tcb-below-minimum"),
        ("vmpl-out-of-range", "vmpl-out-of-range"),
        ("vmpl-not-allowed", "vmpl-not-allowed"),
    ];

    public static TheoryData<string> Cases
    {
        get
        {
            TheoryData<string> cases = [.. SnpCase.Names];
            if (cases.Count == 0) cases.Add(NoVectors);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Evidence_of_others_gets_the_expected_verdict(string name)
    {
        SnpCase vector = SnpCase.Read(name);
        AttestationResult result = Appraise(vector, PolicyFor(vector), vector.Reference);
        if (vector.IsAccepted)
        {
            Assert.Equal(("", AttestationVerdict.Accepted), (result.Reason, result.Verdict));
            Assert.All(result.Checks, check => Assert.True(check.Passed));
            if (vector.IsReal) AssertClaims(vector, result.Claims!);
        }
        else
        {
            Assert.Equal(AttestationVerdict.Rejected, result.Verdict);
            Assert.Null(result.Claims);
            Assert.Equal(OurReason(vector.ExpectedReason), result.Reason);
            Assert.False(result.Checks[^1].Passed);
        }
    }

    /// <summary>All of them are appraised: a folder that lost some does not pass for one that has few.</summary>
    [Theory]
    [InlineData("snp", 94)]
    [InlineData("tdx", 51)]
    [InlineData("sgx", 19)]
    public void Every_folder_of_others_is_there(string kind, int count)
    {
        if (!Directory.Exists(VectorFolder.Root)) Assert.Skip($"the vectors are not at {VectorFolder.Root}");
        Assert.Equal(count, VectorFolder.Names(kind).Count());
    }

    /// <summary>A folder that leaves out what it has in common with another one is refused for that, by name.</summary>
    [Theory]
    [InlineData("neg-uvm-other-measurement")]
    [InlineData("neg-azurecvm-hcl-vardata-tampered")]
    public void A_folder_without_a_chain_has_an_incomplete_one(string name)
    {
        SnpCase vector = SnpCase.Read(name);
        Dictionary<string, byte[]> files = [];
        foreach (string file in EvidenceBundle.FilesOf(AttestationPlatform.Snp))
        {
            if (vector.Optional(file) is { } bytes) files[file] = bytes;
        }

        Assert.DoesNotContain(EvidenceBundle.SnpChainFile, files.Keys);
        AttestationResult result = EvidenceAppraiser.Appraise(
            new AttesterEvidence("snp", files), vector.Reference,
            AppraisalPolicy.Strict with { Snp = SnpPolicy.Standalone }, vector.At);
        Assert.Equal("chain-incomplete", result.Reason);
    }

    /// <summary>The root of a synthetic case is named for it alone.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Nothing_made_under_another_root_is_accepted_under_the_roots_of_AMD(string name)
    {
        SnpCase vector = SnpCase.Read(name);
        if (vector.TestRoot is null) return;
        AttestationResult result = Appraise(vector, SnpPolicy.Standalone, ReferenceValues.None);
        Assert.Equal(AttestationVerdict.Rejected, result.Verdict);
    }

    /// <summary>Where the strict policy refuses what a folder accepts: no folder of genuine evidence brings a
    /// revocation list, and none says which provider is believed.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void The_strict_policy_refuses_an_accepted_case_for_its_missing_list_alone(string name)
    {
        SnpCase vector = SnpCase.Read(name);
        if (!vector.IsAccepted) return;
        SnpPolicy strict = SnpPolicy.Strict with { Roots = vector.TestRoot is { } root ? [root] : SnpRoot.Amd };
        bool hasList = vector.Endorsements.RevocationList is not null;
        AttestationResult result = Appraise(vector, strict, vector.Reference);
        Assert.Equal(hasList ? "" : "crl-missing", result.Reason);
    }

    [Theory]
    [InlineData("milan-v2-vcek-virtee", "ARK-Milan", "2026-01-01T00:00:00Z")]
    [InlineData("milan-v3-vcek-tav", "ARK-Milan", "2026-05-01T00:00:00Z")]
    [InlineData("genoa-v3-vcek-azurecvm-coco", "ARK-Genoa", "2025-11-01T00:00:00Z")]
    public void The_strict_policy_accepts_genuine_evidence_with_the_list_of_its_day(
        string name, string list, string day)
    {
        SnpCase vector = SnpCase.Read(name);
        SnpEndorsements endorsements =
            vector.Endorsements with { RevocationList = VectorFolder.ReadFile($"snp/crl/{list}.crl.der") };
        DateTimeOffset at = DateTimeOffset.Parse(day, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal("", Strict(at).Reason);
        Assert.Equal("crl-expired", Strict(at.AddYears(1)).Reason);

        AttestationResult Strict(DateTimeOffset time) => SnpVerifier.Appraise(
            vector.Evidence, endorsements, vector.Reference, SnpPolicy.Strict, time);
    }

    [Fact]
    public void A_provider_that_is_not_named_is_refused()
    {
        SnpCase vector = SnpCase.Read("milan-v3-vlek-aws-constellation");
        SnpPolicy named = SnpPolicy.Standalone with { Providers = ["CN=cc-eu-west-1.amazonaws.com"] };
        Assert.Equal("", Appraise(vector, named, vector.Reference).Reason);
        SnpPolicy other = named with { Providers = ["CN=cc-us-east-1.amazonaws.com"] };
        Assert.Equal("provider-not-allowed", Appraise(vector, other, vector.Reference).Reason);
    }

    [Fact]
    public void The_pinned_roots_are_those_that_AMD_gives_out()
    {
        foreach (SnpRoot root in SnpRoot.Amd)
        {
            string pem = System.Text.Encoding.ASCII.GetString(
                VectorFolder.ReadFile($"snp/roots/ARK-{root.Processor}.pem"));
            Assert.True(PemCertificates.TryDecode(pem, out IReadOnlyList<ReadOnlyMemory<byte>> found));
            Assert.Equal(found.Single().ToArray(), root.Certificate.Der.ToArray());
        }
    }

    private static AttestationResult Appraise(SnpCase vector, SnpPolicy policy, ReferenceValues reference) =>
        SnpVerifier.Appraise(vector.Evidence, vector.Endorsements, reference, policy, vector.At);

    private static SnpPolicy PolicyFor(SnpCase vector) => SnpPolicy.Standalone with
    {
        Roots = vector.TestRoot is { } root ? [root] : SnpRoot.Amd,
        MinimumTcb = vector.MinimumTcb,
    };

    private static void AssertClaims(SnpCase vector, AttestationClaims claims)
    {
        Assert.Equal(AttestationPlatform.Snp, claims.Platform);
        Assert.Equal(new Measurement(vector.Hex("measurement")), claims.Measurement);
        Assert.Equal(vector.Hex("report_data"), claims.ReportData.ToArray());
        Assert.Equal(vector.Hex("host_data"), claims.HostData.ToArray());
        Assert.Equal(vector.ExpectedTcb(), claims.Tcb.ToDictionary(part => part.Name, part => part.Level));
    }

    private static string OurReason(string theirs)
    {
        (string Theirs, string Ours) found = reasons.FirstOrDefault(
            pair => theirs.StartsWith(pair.Theirs, StringComparison.Ordinal));
        Assert.True(found.Ours is not null, $"no reason of ours for: {theirs}");
        return found.Ours;
    }
}
