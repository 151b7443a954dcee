using System;
using System.Formats.Cbor;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;
using Curia.Attestation;
using Curia.Cryptography;

namespace Curia.Tests.Attestation;

/// <summary>What Azure puts around a report: endorsements of measurements, and the report of its paravisor.</summary>
public sealed class AzureTests
{
    private static readonly MadeSnp made = new(SnpProcessor.Milan);
    private static readonly MadeUvm uvm = new();
    private static readonly byte[] measuredReport = made.MakeReport();
    private static readonly Measurement measured = new(Enumerable.Repeat((byte)0x3E, 48).ToArray());

    [Fact]
    public void An_endorsed_measurement_is_accepted_when_its_endorser_is_named()
    {
        // The short life of the signing certificate is over, which takes nothing from what it signed (decisions/0021).
        Assert.True(VendorCertificate.TryDecode(uvm.Leaf, out VendorCertificate? leaf) && leaf!.NotAfter < MadeSnp.Now);
        AttestationResult result = Appraise(uvm.Endorse(measured));
        Assert.Equal("", result.Reason);
        Assert.Contains(result.Checks, check => check.Name == "uvm-endorsement-signature");
    }

    [Fact]
    public void A_listed_measurement_needs_no_endorsement_and_a_missing_endorsement_endorses_nothing()
    {
        ReferenceValues both = Reference() with { Measurements = [measured] };
        Assert.Equal("", made.Appraise(made.MakeReport(), reference: both).Reason);
        Assert.Equal("measurement-not-expected", made.Appraise(made.MakeReport(), reference: Reference()).Reason);
    }

    // Whether a measurement is listed or nobody asks for one: what is sent along and wrong is refused.
    [Fact]
    public void An_endorsement_that_is_there_is_looked_at_in_any_case()
    {
        ReferenceValues listed = Reference() with { Measurements = [measured] };
        byte[] good = uvm.Endorse(measured);
        byte[] other = uvm.Endorse(new Measurement(new byte[48]));
        Assert.Equal("", Of(good, listed));
        Assert.Equal("measurement-not-endorsed", Of(other, listed));
        Assert.Equal("uvm-endorsement-malformed", Of([1], listed));

        // Without a list of endorsers it is held to Microsoft.
        foreach (ReferenceValues nobody in (ReferenceValues[])
            [ReferenceValues.None, new ReferenceValues { Measurements = [measured] }])
        {
            Assert.Equal("uvm-endorser-unknown", Of(good, nobody));
            Assert.Equal("uvm-endorsement-malformed", Of([1], nobody));
        }

        static string Of(byte[] endorsement, ReferenceValues reference) => made.Appraise(
            measuredReport, made.Endorsements with { UvmEndorsement = endorsement }, reference).Reason;
    }

    // An endorser makes it up for a list only where somebody has named it as one who may.
    [Theory]
    [InlineData("milan-v2-vcek-aci-kms")]
    public void A_genuine_endorsement_does_not_make_up_for_a_list(string name)
    {
        SnpCase vector = SnpCase.Read(name);
        Assert.Equal("", Of(ReferenceValues.None, SnpPolicy.Standalone));
        Assert.Equal("", Of(vector.Reference, SnpPolicy.Standalone));
        Assert.Equal("measurement-not-expected", Of(
            new ReferenceValues { Measurements = [measured] }, SnpPolicy.Standalone));
        Assert.Equal("uvm-svn-below-minimum", Of(
            ReferenceValues.None, SnpPolicy.Standalone with { MinimumUvmSvn = ulong.MaxValue }));

        string Of(ReferenceValues reference, SnpPolicy policy) => SnpVerifier.Appraise(
            vector.Evidence, vector.Endorsements, reference, policy, vector.At).Reason;
    }

    [Fact]
    public void An_endorsement_of_something_else_or_by_somebody_else_is_refused()
    {
        AssertRefused("measurement-not-endorsed", uvm.Endorse(new Measurement(new byte[48])));
        AssertRefused("uvm-svn-below-minimum", uvm.Endorse(measured, svn: "99"));
        AssertRefused("uvm-endorser-unknown", uvm.Endorse(measured, feed: "other"));
        AssertRefused("uvm-endorser-unknown", uvm.Endorse(measured, issuer: UvmEndorser.Microsoft.Issuer));
        AssertRefused("uvm-endorsement-untrusted-root", new MadeUvm().Endorse(measured, issuer: uvm.Endorser.Issuer));
        AssertRefused("uvm-endorsement-malformed", uvm.Endorse(measured, contentType: "application/cbor"));
        AssertRefused("uvm-endorsement-malformed", uvm.Endorse(measured, svn: "-1"));
        AssertRefused("uvm-endorsement-malformed", uvm.Endorse(measured, payload: "{}"));
        AssertRefused("uvm-endorsement-malformed", uvm.Endorse(measured, payload: "[1"));
        AssertRefused("uvm-endorsement-malformed", [1, 2, 3]);
    }

    /// <summary>RFC 5280 section 4.2.1.9: below a root that allows none, no authority stands.</summary>
    [Fact]
    public void The_chain_of_an_endorsement_is_no_longer_than_its_root_allows()
    {
        Assert.Equal("", Of(new MadeUvm(rootPathLength: 1)));
        Assert.Equal("uvm-endorsement-chain-invalid", Of(new MadeUvm(rootPathLength: 0)));

        static string Of(MadeUvm other) => made.Appraise(
            made.MakeReport(), made.Endorsements with { UvmEndorsement = other.Endorse(measured) },
            new ReferenceValues { MeasurementEndorsers = [other.Endorser] }).Reason;
    }

    /// <summary>Beside a signature stands a time stamp or nothing, and lengths are written in one way.</summary>
    [Fact]
    public void What_nobody_signs_of_an_endorsement_has_one_form()
    {
        byte[] right = uvm.Endorse(measured);
        Assert.True(CoseSign1.TryDecode(right, out CoseSign1? message));
        Assert.Equal("", Appraise(message!.WithUnprotected([0xA0])).Reason);
        Assert.Equal("", Appraise(message.WithUnprotected(Map("timestamp", new byte[5_000]))).Reason);
        AssertRefused("uvm-endorsement-malformed", message.WithUnprotected(Map("time", [1])));
        AssertRefused("uvm-endorsement-malformed", message.WithUnprotected([0xA1, 0x18, 0x63, 0x41, 1]));
        AssertRefused("uvm-endorsement-malformed",
            message.WithUnprotected(Map("timestamp", new byte[UvmEndorsement.TimestampSizeMax])));
        AssertRefused("uvm-endorsement-malformed",
            message.WithUnprotected([0xA1, 0x69, .. "timestamp"u8, 0x61, 0x61]));
        AssertRefused("uvm-endorsement-malformed",
            message.WithUnprotected([0xA1, 0x78, 9, .. "timestamp"u8, 0x41, 1]));
        AssertRefused("uvm-endorsement-malformed", message.WithUnprotected([0xB8, 0]));
        Assert.Equal([0xD2, 0x84], right[..2]);
        AssertRefused("uvm-endorsement-malformed", [0xD2, 0x98, 4, .. right[2..]]);

        static byte[] Map(string label, byte[] value)
        {
            CborWriter writer = new();
            writer.WriteStartMap(1);
            writer.WriteTextString(label);
            writer.WriteByteString(value);
            writer.WriteEndMap();
            return writer.Encode();
        }
    }

    [Fact]
    public void The_chain_of_an_endorsement_is_whole_in_order_and_for_its_purpose()
    {
        AssertChain("uvm-endorsement-untrusted-root", uvm.Leaf, uvm.Middle);
        AssertChain("uvm-endorsement-chain-invalid", uvm.Leaf, uvm.Root);
        AssertChain("uvm-endorsement-chain-invalid", uvm.Middle, uvm.Leaf, uvm.Root);
        byte[] skipping = uvm.MakeLeaf("1.2.3.4.5", signedByRoot: true);
        AssertChain("uvm-endorsement-chain-invalid", skipping, uvm.Middle, uvm.Root);
        AssertChain("uvm-endorsement-purpose", uvm.MakeLeaf("1.2.3.4.6"), uvm.Middle, uvm.Root);
        AssertChain("uvm-endorsement-malformed", uvm.Root);

        // A certificate that begins tomorrow, or after its issuer has ended.
        DateTimeOffset tomorrow = MadeSnp.Now.AddDays(1);
        AssertChain("uvm-endorsement-chain-invalid", uvm.MakeLeaf("1.2.3.4.5", tomorrow), uvm.Middle, uvm.Root);
        DateTimeOffset late = MadeSnp.Now.AddMonths(-6);
        AssertChain("uvm-endorsement-chain-invalid", uvm.MakeLeaf("1.2.3.4.5", late), uvm.Middle, uvm.Root);

        static void AssertChain(string reason, params byte[][] chain) =>
            AssertRefused(reason, uvm.Endorse(measured, chain: chain));
    }

    [Fact]
    public void The_bytes_of_an_endorsement_count()
    {
        byte[] bytes = uvm.Endorse(measured);
        for (int i = 0; i < bytes.Length; i += 5) // most lie in the certificates; a prime reaches all parts in a few s
        {
            bytes[i] ^= 1;
            Assert.True(Appraise(bytes).Verdict == AttestationVerdict.Rejected, $"byte {i}");
            bytes[i] ^= 1;
        }
    }

    [Fact]
    public void The_report_of_a_paravisor_binds_its_runtime_data()
    {
        byte[] runtime = "{\"keys\":[]}"u8.ToArray();
        byte[] report = made.MakeReport(bytes =>
        {
            bytes.AsSpan(0x050, 64).Clear();
            SHA256.HashData(runtime).CopyTo(bytes.AsSpan(0x050));
        });
        Assert.Equal("", AppraiseHcl(MadeHcl.Wrap(report, runtime)));
        Assert.Equal("", AppraiseHcl([.. MadeHcl.Wrap(report, runtime), 0, 0]));
        Assert.Equal("hcl-runtime-data-mismatch", AppraiseHcl(MadeHcl.Wrap(report, "{\"keys\":[1]}"u8.ToArray())));
        Assert.Equal("hcl-runtime-data-mismatch", AppraiseHcl(MadeHcl.Wrap(made.MakeReport(), runtime)));
        Assert.Equal("hcl-report-malformed", AppraiseHcl([.. MadeHcl.Wrap(report, runtime), 1]));
        Assert.Equal("hcl-report-malformed", AppraiseHcl(MadeHcl.Wrap(report, runtime)[..^1]));
        Assert.Equal("hcl-report-malformed", AppraiseHcl(report));
        foreach (int offset in (int[])[0, 4, 1216, 1224, 1228, 1232, 1235])
        {
            byte[] other = MadeHcl.Wrap(report, runtime);
            other[offset] ^= 0x40;
            Assert.Equal("hcl-report-malformed", AppraiseHcl(other));
        }
    }

    [Theory]
    [InlineData("genoa-v3-vcek-azurecvm-coco")]
    public void The_second_version_of_a_paravisor_report_of_others_is_read(string name)
    {
        SnpCase vector = SnpCase.Read(name);
        using JsonDocument evidence = JsonDocument.Parse(vector.Optional("evidence.json")!);
        byte[] report = [.. evidence.RootElement.GetProperty("report").EnumerateArray().Select(part => part.GetByte())];
        Assert.True(HclReport.TryDecode(report, out HclReport? hcl));
        Assert.Equal(vector.Evidence.Report.ToArray(), hcl!.HardwareReport.ToArray());
        Assert.Equal("", SnpVerifier.Appraise(
            new SnpEvidence { Report = report, InHclReport = true }, vector.Endorsements, vector.Reference,
            SnpPolicy.Standalone, vector.At).Reason);
    }

    private static string AppraiseHcl(byte[] bytes) => SnpVerifier.Appraise(
        new SnpEvidence { Report = bytes, InHclReport = true }, made.Endorsements, ReferenceValues.None, made.Policy,
        MadeSnp.Now).Reason;

    private static ReferenceValues Reference() => new() { MeasurementEndorsers = [uvm.Endorser] };

    private static AttestationResult Appraise(byte[] endorsement) => made.Appraise(
        measuredReport, made.Endorsements with { UvmEndorsement = endorsement }, Reference());

    private static void AssertRefused(string reason, byte[] endorsement) =>
        Assert.Equal(reason, Appraise(endorsement).Reason);
}
