using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>What a policy takes of TDX and SGX, and what claims are compared with: explicit data, strict by
/// default.</summary>
public sealed class IntelPolicyTests
{
    private static readonly MadeIntel sgx = new(3);
    private static readonly MadeIntel tdx = new(4);
    private static readonly MadeIntel tdx15 = new(5);

    /// <summary>A part that is old makes a whole that is old; one that must be configured stays so.</summary>
    [Theory]
    [InlineData("UpToDate", "UpToDate", TcbStatus.UpToDate)]
    [InlineData("UpToDate", "OutOfDate", TcbStatus.OutOfDate)]
    [InlineData("SWHardeningNeeded", "UpToDate", TcbStatus.SwHardeningNeeded)]
    [InlineData("SWHardeningNeeded", "OutOfDate", TcbStatus.OutOfDate)]
    [InlineData("ConfigurationNeeded", "UpToDate", TcbStatus.ConfigurationNeeded)]
    [InlineData("ConfigurationNeeded", "OutOfDate", TcbStatus.OutOfDateConfigurationNeeded)]
    [InlineData("ConfigurationAndSWHardeningNeeded", "UpToDate", TcbStatus.ConfigurationAndSwHardeningNeeded)]
    [InlineData("ConfigurationAndSWHardeningNeeded", "OutOfDate", TcbStatus.OutOfDateConfigurationNeeded)]
    [InlineData("OutOfDate", "UpToDate", TcbStatus.OutOfDate)]
    [InlineData("OutOfDateConfigurationNeeded", "OutOfDate", TcbStatus.OutOfDateConfigurationNeeded)]
    [InlineData("OutOfDate", "Revoked", TcbStatus.Revoked)]
    [InlineData("Revoked", "UpToDate", TcbStatus.Revoked)]
    public void The_status_is_that_of_platform_and_quoting_enclave_together(
        string platform, string enclave, TcbStatus expected)
    {
        foreach (MadeIntel made in (MadeIntel[])[sgx, tdx])
        {
            // The level of the platform is the last one of its list that says UpToDate.
            IntelEndorsements endorsements = made.Endorsements with
            {
                TcbInfo = made.MakeTcbInfo(text => ReplaceLast(text, platform)),
                QeIdentity = made.MakeQeIdentity(text => ReplaceLast(text, enclave)),
            };
            IntelPolicy taking = made.IsTdx
                ? made.Tdx with { AcceptedTcbStatuses = [expected] }
                : made.Sgx with { AcceptedTcbStatuses = [expected] };
            AttestationResult result = made.Appraise(made.MakeQuote(), endorsements, policy: taking);
            Assert.Equal(("", expected), (result.Reason, result.Claims!.TcbStatus));
            bool byDefault = expected is TcbStatus.UpToDate or TcbStatus.SwHardeningNeeded;
            string reason = made.Appraise(made.MakeQuote(), endorsements).Reason;
            Assert.Equal(byDefault, reason.Length == 0);
            Assert.True(byDefault || reason.StartsWith("tcb-status-", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void Advisories_of_all_parts_are_told()
    {
        byte[] quote = tdx.MakeQuote(bytes => (bytes[48], bytes[50]) = (3, 2), report => report[258] = 5);
        TdxPolicy taking = tdx.Tdx with { AcceptedTcbStatuses = [TcbStatus.OutOfDate] };
        AttestationClaims claims = tdx.Appraise(quote, policy: taking).Claims!;
        Assert.Equal(["INTEL-SA-1", "INTEL-SA-3", "INTEL-SA-4", "INTEL-SA-2"], claims.Advisories);
        AttestationResult refused = tdx.Appraise(quote);
        Assert.Equal(("tcb-status-out-of-date", null), (refused.Reason, refused.Claims));
        Assert.Equal(claims.Advisories, refused.ClaimsAsSent!.Advisories);
    }

    [Fact]
    public void A_quoting_enclave_that_is_older_than_all_levels_is_not_known()
    {
        Assert.Equal("qe-level-not-found", tdx.Appraise(tdx.MakeQuote(changeQe: report => report[258] = 1)).Reason);
    }

    [Fact]
    public void Each_part_of_the_collateral_may_be_missing_only_when_the_policy_says_so()
    {
        IntelEndorsements right = tdx.Endorsements;
        (IntelCollateral Part, string Reason, IntelEndorsements Without)[] cases =
        [
            (IntelCollateral.RootRevocationList, "root-crl-missing", right with { RootRevocationList = null }),
            (IntelCollateral.PckRevocationList, "pck-crl-missing", right with { PckRevocationList = null }),
            (IntelCollateral.QeIdentity, "qe-identity-missing", right with { QeIdentity = null }),
            (IntelCollateral.TcbInfo, "tcb-info-missing", right with { TcbInfo = null }),
        ];
        foreach ((IntelCollateral part, string reason, IntelEndorsements without) in cases)
        {
            TdxPolicy taking = tdx.Tdx with { RequiredCollateral = IntelCollateral.All & ~part };
            Assert.Equal(reason, tdx.Appraise(tdx.MakeQuote(), without).Reason);
            Assert.Equal("", tdx.Appraise(tdx.MakeQuote(), without, policy: taking).Reason);
        }

        TdxPolicy alone = TdxPolicy.Standalone with { Roots = [tdx.Root] };
        AttestationResult result = tdx.Appraise(tdx.MakeQuote(), IntelEndorsements.None, policy: alone);
        Assert.Equal(("", null), (result.Reason, result.Claims!.TcbStatus));
    }

    /// <summary>Without an identity, a quoting enclave of anybody could have the processor's signature.</summary>
    [Fact]
    public void Without_collateral_quoting_enclave_and_module_are_those_of_Intel()
    {
        AssertAlone("qe-identity-mismatch", tdx.MakeQuote(changeQe: report => report[128] ^= 1));
        AssertAlone("qe-identity-mismatch", tdx.MakeQuote(changeQe: report => report[256] = 1));
        AssertAlone("qe-identity-mismatch", tdx.MakeQuote(changeQe: report => report[48] = 0x17));
        AssertAlone("tdx-module-mismatch", tdx.MakeQuote(quote => quote[48 + 64] = 1));
        AssertAlone("tdx-module-mismatch", tdx.MakeQuote(quote => quote[48 + 112] = 1));
        AssertAlone("debug-enabled", tdx.MakeQuote(quote => quote[48 + 120] = 1));

        static void AssertAlone(string reason, byte[] quote) => Assert.Equal(reason, tdx.Appraise(
            quote, IntelEndorsements.None, policy: TdxPolicy.Standalone with { Roots = [tdx.Root] }).Reason);
    }

    [Fact]
    public void An_older_evaluation_is_refused_when_the_policy_says_so()
    {
        TdxPolicy newest = tdx.Tdx with { MinimumTcbEvaluationNumber = 18 };
        Assert.Equal("", tdx.Appraise(tdx.MakeQuote(), policy: newest).Reason);
        TdxPolicy newer = newest with { MinimumTcbEvaluationNumber = 19 };
        Assert.Equal("tcb-evaluation-below-minimum", tdx.Appraise(tdx.MakeQuote(), policy: newer).Reason);
        IntelEndorsements half = tdx.Endorsements with
        {
            QeIdentity = tdx.MakeQeIdentity(text => text.Replace(
                "\"tcbEvaluationDataNumber\":18", "\"tcbEvaluationDataNumber\":19", StringComparison.Ordinal)),
        };
        Assert.Equal("tcb-evaluation-below-minimum", tdx.Appraise(tdx.MakeQuote(), half, policy: newer).Reason);
    }

    [Fact]
    public void A_domain_has_the_attributes_and_features_that_the_policy_takes()
    {
        byte[] movable = tdx.MakeQuote(quote => quote[48 + 123] = 0x30);
        TdxPolicy moving = tdx.Tdx with { AllowedAttributes = tdx.Tdx.AllowedAttributes | TdxAttributes.Migratable };
        Assert.Equal("", tdx.Appraise(movable, policy: moving).Reason);
        AssertRefused("td-attributes-not-allowed", tdx.Tdx with { RequiredAttributes = TdxAttributes.ProtectionKeys });
        AssertRefused("xfam-not-allowed", tdx.Tdx with { RequiredXfam = 1 << 14 });
        AssertRefused("xfam-not-allowed", tdx.Tdx with { ForbiddenXfam = 1 << 17 });
        AssertRefused("tdx-module-not-allowed", tdx.Tdx with { Modules = [new Measurement(new byte[48])] });
        AssertRefused("", tdx.Tdx with { Modules = [new Measurement(Filled(48, 0x5E))] });
        TdxPolicy lax = tdx.Tdx with { AllowedAttributes = TdxAttributes.Known };
        Assert.Equal(
            "debug-enabled", tdx.Appraise(tdx.MakeQuote(quote => quote[48 + 120] = 1), policy: lax).Reason);
        byte[] served = tdx15.MakeQuote(quote => quote[54 + 600] = 1);
        Assert.Equal("", tdx15.Appraise(served, policy: tdx15.Tdx with { ServiceDomainsAllowed = true }).Reason);

        static void AssertRefused(string reason, TdxPolicy policy) =>
            Assert.Equal(reason, tdx.Appraise(tdx.MakeQuote(), policy: policy).Reason);
    }

    [Fact]
    public void An_enclave_has_the_signer_the_product_and_the_version_that_the_policy_takes()
    {
        AssertRefused("", sgx.Sgx with { Signers = [Filled(32, 0x51)], ProductId = 7, MinimumSecurityVersion = 3 });
        AssertRefused("enclave-signer-not-allowed", sgx.Sgx with { Signers = [] });
        AssertRefused("enclave-signer-not-allowed", sgx.Sgx with { Signers = [Filled(32, 0x52)] });
        AssertRefused("enclave-product-not-allowed", sgx.Sgx with { ProductId = 8 });
        AssertRefused("enclave-security-version-below-minimum", sgx.Sgx with { MinimumSecurityVersion = 4 });
        AssertRefused(
            "enclave-attributes-not-allowed", sgx.Sgx with { RequiredAttributes = SgxAttributes.KeySeparation });
        SgxPolicy lax = sgx.Sgx with { AllowedAttributes = SgxAttributes.Known };
        Assert.Equal("debug-enabled", sgx.Appraise(sgx.MakeQuote(quote => quote[96] = 0x07), policy: lax).Reason);
        Assert.Equal("", sgx.Appraise(sgx.MakeQuote(quote => quote[96] = 0x15), policy: lax).Reason);

        static void AssertRefused(string reason, SgxPolicy policy) =>
            Assert.Equal(reason, sgx.Appraise(sgx.MakeQuote(), policy: policy).Reason);
    }

    [Fact]
    public void Claims_are_held_to_the_reference_values()
    {
        foreach (MadeIntel made in (MadeIntel[])[sgx, tdx])
        {
            int size = made.IsTdx ? 48 : 32;
            Assert.Equal("", Reason(new ReferenceValues { Measurements = [new Measurement(Filled(size, 0x3E))] }));
            Assert.Equal("measurement-not-expected", Reason(new ReferenceValues { Measurements = [] }));
            Assert.Equal("measurement-not-expected",
                Reason(new ReferenceValues { Measurements = [new Measurement(new byte[size])] }));
            Assert.Equal("measurement-not-expected",
                Reason(new ReferenceValues { MeasurementEndorsers = [UvmEndorser.Microsoft] }));
            Assert.Equal("report-data-mismatch", Reason(new ReferenceValues { ReportData = Filled(32, 0xD1) }));
            Assert.Equal("host-data-mismatch", Reason(new ReferenceValues { HostData = new byte[32] }));
            Assert.Equal("runtime-measurement-mismatch", Reason(Registers(3, 4)));
            Assert.Equal("runtime-measurement-mismatch", Reason(Registers(4, 4)));
            Assert.Equal(made.IsTdx ? "" : "runtime-measurement-mismatch", Reason(Registers(2, 2)));

            string Reason(ReferenceValues reference) => made.Appraise(made.MakeQuote(), reference: reference).Reason;
        }

        static ReferenceValues Registers(int number, byte value) => new()
        {
            RuntimeMeasurements =
                new Dictionary<int, Measurement> { [number] = new Measurement(Filled(48, value)) },
        };
    }

    [Fact]
    public void The_report_of_a_paravisor_is_the_one_that_the_quote_was_made_of()
    {
        byte[] runtime = "{\"keys\":[]}"u8.ToArray();
        byte[] quote = tdx.MakeQuote(bytes =>
        {
            bytes.AsSpan(48 + 520, 64).Clear();
            SHA256.HashData(runtime).CopyTo(bytes.AsSpan(48 + 520));
        });
        byte[] local = tdx.MakeLocalReport(quote);
        byte[] right = MadeHcl.Wrap(local, runtime, type: 4);
        AssertParavisor("", right);
        AssertParavisor("", [.. right, 0, 0]);
        AssertParavisor("hcl-runtime-data-mismatch", MadeHcl.Wrap(local, "{\"keys\":[1]}"u8.ToArray(), type: 4));
        AssertParavisor("hcl-report-malformed", MadeHcl.Wrap(local, runtime));
        AssertParavisor("hcl-report-malformed", right[..^1]);
        byte[] longer = [.. local[..1024], 1, .. local[1025..]];
        AssertParavisor("hcl-report-malformed", MadeHcl.Wrap(longer, runtime, type: 4));
        foreach (int offset in (int[])[128, 191, 264, 383, 512, 911])
        {
            byte[] other = [.. local];
            other[offset] ^= 1;
            AssertParavisor("hcl-report-mismatch", MadeHcl.Wrap(other, runtime, type: 4));
        }

        void AssertParavisor(string reason, byte[] report) => Assert.Equal(reason, TdxVerifier.Appraise(
            new TdxEvidence { Quote = quote, HclReport = report }, tdx.Endorsements, ReferenceValues.None, tdx.Tdx,
            MadeIntel.Now).Reason);
    }

    private static string ReplaceLast(string text, string status)
    {
        const string before = "\"tcbStatus\":\"UpToDate\"";
        int at = text.LastIndexOf(before, StringComparison.Ordinal);
        return $"{text[..at]}\"tcbStatus\":\"{status}\"{text[(at + before.Length)..]}";
    }

    private static byte[] Filled(int size, byte value)
    {
        byte[] bytes = new byte[size];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
