using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Tests.Attestation;

/// <summary>Evidence of the virtual platform goes through the checks of hardware.</summary>
public sealed class VirtualTests
{
    private static readonly Measurement program = new(Digest.Of("program"u8).ToArray());

    private static readonly VirtualReport report = new(
        "virtual", program, Enumerable.Repeat((byte)7, 64).ToArray(), new byte[32], 3, false);

    private static readonly ReferenceValues reference = new()
    {
        Measurements = [program],
        ReportData = report.ReportData,
        HostData = report.HostData,
    };

    private static byte[] Evidence(VirtualReport report)
    {
        using EcdsaSigner key = VirtualPlatform.OpenKey();
        return VirtualEvidence.Sign(report, key);
    }

    private static void AssertRefused(
        string reason, ReadOnlyMemory<byte> evidence, ReferenceValues? values = null, VirtualPolicy? policy = null)
    {
        AttestationResult result =
            VirtualVerifier.Appraise(evidence, values ?? reference, policy ?? VirtualPolicy.Strict);
        Assert.Equal((AttestationVerdict.Rejected, reason), (result.Verdict, result.Reason));
        Assert.Null(result.Claims);
        Assert.False(result.Checks[^1].Passed);
    }

    [Theory]
    [InlineData("virtual")]
    [InlineData("virtual-snp")]
    public void What_is_as_expected_is_accepted_with_its_claims(string platform)
    {
        AttestationResult result = VirtualVerifier.Appraise(
            Evidence(report with { Platform = platform }), reference, VirtualPolicy.Strict);
        Assert.Equal((AttestationVerdict.Accepted, ""), (result.Verdict, result.Reason));
        Assert.All(result.Checks, check => Assert.True(check.Passed));
        Assert.Equal(AttestationPlatform.Virtual, result.Claims!.Platform);
        Assert.Equal(platform, result.Claims.Processor);
        Assert.Equal(program, result.Claims.Measurement);
        Assert.Equal(report.ReportData.ToArray(), result.Claims.ReportData.ToArray());
        Assert.Equal([new TcbComponent("svn", 3)], result.Claims.Tcb);
    }

    [Fact]
    public void Each_refusal_has_its_name()
    {
        AssertRefused("evidence-malformed", new byte[10]);
        AssertRefused("evidence-malformed", new byte[VirtualEvidence.SizeMax + 1]);
        using EcdsaSigner other = EcdsaSigner.Generate(new SystemEntropy());
        AssertRefused("untrusted-root", VirtualEvidence.Sign(report, other));
        AssertRefused("policy-debug-enabled", Evidence(report with { Debug = true }));
        VirtualPolicy newer = new() { MinimumTcb = new Dictionary<string, int> { ["virtual"] = 4 } };
        AssertRefused("tcb-below-minimum", Evidence(report), policy: newer);
        AssertRefused("measurement-not-expected", Evidence(report), reference with { Measurements = [] });
        AssertRefused("report-data-mismatch", Evidence(report), reference with { ReportData = new byte[64] });
        byte[] host = new byte[32];
        host[31] = 1;
        AssertRefused("host-data-mismatch", Evidence(report), reference with { HostData = host });
    }

    [Fact]
    public void A_minimum_holds_for_the_name_that_is_played()
    {
        VirtualPolicy policy = new() { MinimumTcb = new Dictionary<string, int> { ["virtual-snp"] = 4 } };
        AssertRefused("tcb-below-minimum", Evidence(report with { Platform = "virtual-snp" }), policy: policy);
        AssertRefused("processor-not-allowed", Evidence(report), policy: policy);
        policy = new() { MinimumTcb = new Dictionary<string, int> { ["virtual-snp"] = 4, ["virtual"] = 3 } };
        Assert.Equal("", VirtualVerifier.Appraise(Evidence(report), reference, policy).Reason);
    }

    [Fact]
    public void It_has_no_endorsers_and_no_registers()
    {
        ReferenceValues endorsed = new() { MeasurementEndorsers = [UvmEndorser.Microsoft] };
        AssertRefused("measurement-not-expected", Evidence(report), endorsed);
        Assert.Equal("", VirtualVerifier.Appraise(
            Evidence(report), endorsed with { Measurements = [program] }, VirtualPolicy.Strict).Reason);
        Dictionary<int, Measurement> registers = new() { [0] = program };
        AssertRefused(
            "runtime-measurement-mismatch", Evidence(report), reference with { RuntimeMeasurements = registers });
    }

    [Fact]
    public void Each_byte_that_is_changed_is_noticed()
    {
        byte[] evidence = Evidence(report);
        for (int i = 0; i < evidence.Length; i++)
        {
            foreach (byte mask in (byte[])[1, 0x80])
            {
                byte[] flipped = [.. evidence];
                flipped[i] ^= mask;
                AttestationResult result = VirtualVerifier.Appraise(flipped, reference, VirtualPolicy.Strict);
                Assert.True(result.Verdict == AttestationVerdict.Rejected, $"byte {i}, mask {mask:x2}");
            }
        }

        AssertRefused("evidence-malformed", evidence.AsMemory(0, evidence.Length - 1));
        AssertRefused("evidence-malformed", (byte[])[.. evidence, 0]);
    }

    [Theory]
    [InlineData("\"debug\":false", "\"debug\":false,\"debug\":false")]
    [InlineData("\"debug\":false", "\"debug\":false,\"more\":1")]
    [InlineData("\"version\":1", "\"version\":2")]
    [InlineData("\"version\":1", "\"version\": 1")]
    [InlineData("\"tcb\":3", "\"tcb\":-3")]
    [InlineData("\"tcb\":3", "\"tcb\":65536")]
    [InlineData("\"platform\":\"virtual\"", "\"platform\":\"snp\"")]
    [InlineData("\"platform\":\"virtual\"", "\"platform\":null")]
    [InlineData("INSECURE", "secure")]
    [InlineData("0707", "07070")]
    public void Another_text_is_no_evidence_though_it_is_signed(string what, string other)
    {
        Assert.True(CoseSign1.TryDecode(Evidence(report), out CoseSign1? message));
        string text = Encoding.UTF8.GetString(message!.Payload!.Value.Span);
        Assert.Contains(what, text, StringComparison.Ordinal);
        byte[] payload = Encoding.UTF8.GetBytes(text.Replace(what, other, StringComparison.Ordinal));
        using EcdsaSigner key = VirtualPlatform.OpenKey();
        AssertRefused("evidence-malformed", CoseSign1.Sign(key, message.ProtectedHeader.Span, payload));
    }

    [Fact]
    public void Evidence_says_that_it_proves_nothing() =>
        Assert.Contains("INSECURE", Encoding.UTF8.GetString(Evidence(report)), StringComparison.Ordinal);

    [Theory]
    [InlineData("virtual", true)]
    [InlineData("virtual-a1", true)]
    [InlineData("virtual-", false)]
    [InlineData("virtual-A", false)]
    [InlineData("snp", false)]
    [InlineData("", false)]
    public void A_name_is_that_of_a_virtual_platform(string name, bool isOne) =>
        Assert.Equal(isOne, VirtualEvidence.IsName(name));

    // printf a > a; printf b > B; mkdir c; printf d > c/d; the command of ProgramMeasurement.
    [Fact]
    public void The_measurement_of_a_program_is_what_a_shell_computes()
    {
        Dictionary<string, Digest> files = new()
        {
            ["c/d"] = Digest.Of("d"u8),
            ["a"] = Digest.Of("a"u8),
            ["B"] = Digest.Of("b"u8),
        };
        Assert.Equal(
            "7a6711bd3a4d12705948e83d1ea2992f9f560fc91a4e05d41353c78a3df8f620",
            ProgramMeasurement.Of(files).ToString());
        Assert.Throws<ArgumentException>(() => ProgramMeasurement.Of(new Dictionary<string, Digest>()));
        files["e\nf"] = Digest.Of("e"u8);
        Assert.Throws<ArgumentException>(() => ProgramMeasurement.Of(files));
    }
}
