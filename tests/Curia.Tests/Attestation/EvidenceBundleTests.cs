using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>Files of the names that folders of evidence have become what a verifier takes (docs/attestation.md, "Files
/// of a bundle").</summary>
public sealed class EvidenceBundleTests
{
    private static readonly MadeIntel tdx = new(5);
    private static readonly MadeIntel sgx = new(3);
    private static readonly MadeSnp snp = new(SnpProcessor.Milan);

    [Fact]
    public void A_bundle_of_Intel_has_a_quote_and_what_else_is_there()
    {
        foreach (MadeIntel made in (MadeIntel[])[tdx, sgx])
        {
            Dictionary<string, byte[]> files = FilesOf(made);
            AttestationPlatform platform = made.IsTdx ? AttestationPlatform.Tdx : AttestationPlatform.Sgx;
            HashSet<string> asked = [];
            Assert.Equal("", Appraise(made, files, asked));
            Assert.Equal(EvidenceBundle.FilesOf(platform).Order(StringComparer.Ordinal),
                asked.Order(StringComparer.Ordinal));
            Assert.Equal(["quote.bin"], EvidenceBundle.RequiredFilesOf(platform));
            foreach (string file in files.Keys.Where(name => name != "pck_chain.pem"))
            {
                Dictionary<string, byte[]> without = new(files);
                without.Remove(file);
                Assert.NotEqual("", Appraise(made, without, []));
            }
        }
    }

    [Fact]
    public void A_bundle_of_SNP_has_a_report_and_its_certificates()
    {
        byte[] policy = "package policy"u8.ToArray();
        Dictionary<string, byte[]> files = new()
        {
            ["report.bin"] = snp.MakeReport(report => SHA256.HashData(policy).CopyTo(report.AsSpan(0x0C0))),
            ["leaf.der"] = snp.LeafDer,
            ["chain.pem"] = MadeIntel.Pem(snp.SignerDer, snp.RootDer),
            ["ark.crl.der"] = snp.RevocationList,
            ["security-policy-base64"] = System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(policy)),
        };
        HashSet<string> asked = [];
        Assert.Equal("", Appraise(files, asked));
        Assert.Equal(EvidenceBundle.FilesOf(AttestationPlatform.Snp).Order(StringComparer.Ordinal),
            asked.Order(StringComparer.Ordinal));
        foreach (string file in EvidenceBundle.RequiredFilesOf(AttestationPlatform.Snp))
        {
            Dictionary<string, byte[]> without = new(files);
            without.Remove(file);
            Assert.Equal($"{file} is missing", Appraise(without, []));
        }

        // What cannot be read is refused by the appraisal, by name.
        Assert.Equal("chain-malformed", Appraise(new(files) { ["chain.pem"] = [1, 2, 3] }, []));
        Assert.Equal("host-data-not-sha256-of-policy",
            Appraise(new(files) { ["security-policy-base64"] = [0xFF, 1] }, []));
        Assert.Equal("chain-incomplete", Appraise(new(files.Where(file => file.Key != "chain.pem")), []));
        Assert.Equal("crl-missing", Appraise(new(files.Where(file => file.Key != "ark.crl.der")), []));
    }

    /// <summary>Base64 is text that nobody signs: what is not written as it would be encoded is that of no host data,
    /// and neither is the text itself.</summary>
    [Theory]
    [InlineData("YQ==", true)]
    [InlineData("YR==", false)] // bits behind the last byte
    [InlineData("YQ", false)]
    [InlineData("YQ==\n", false)]
    [InlineData(" YQ==", false)]
    [InlineData("Y Q==", false)]
    [InlineData("a", false)]
    public void A_container_policy_has_one_form(string text, bool isTaken)
    {
        Dictionary<string, byte[]> files = new()
        {
            ["report.bin"] = snp.MakeReport(report => SHA256.HashData("a"u8).CopyTo(report.AsSpan(0x0C0))),
            ["leaf.der"] = snp.LeafDer,
            ["chain.pem"] = MadeIntel.Pem(snp.SignerDer, snp.RootDer),
            ["ark.crl.der"] = snp.RevocationList,
            ["security-policy-base64"] = System.Text.Encoding.ASCII.GetBytes(text),
        };
        Assert.Equal(isTaken ? "" : "host-data-not-sha256-of-policy", Appraise(files, []));
    }

    [Fact]
    public void A_report_beside_that_of_a_paravisor_is_the_one_in_it()
    {
        byte[] runtime = "{}"u8.ToArray();
        byte[] report = snp.MakeReport(bytes =>
        {
            bytes.AsSpan(0x050, 64).Clear();
            SHA256.HashData(runtime).CopyTo(bytes.AsSpan(0x050));
        });
        Dictionary<string, byte[]> files = new()
        {
            ["hcl-report.bin"] = MadeHcl.Wrap(report, runtime),
            ["leaf.der"] = snp.LeafDer,
            ["chain.pem"] = MadeIntel.Pem(snp.SignerDer, snp.RootDer),
            ["ark.crl.der"] = snp.RevocationList,
        };
        Assert.Equal("", Appraise(files, []));
        Assert.Equal("", Appraise(new(files) { ["report.bin"] = report }, []));
        Assert.Equal("hcl-report-mismatch", Appraise(new(files) { ["report.bin"] = snp.MakeReport() }, []));
        Assert.Equal("hcl-report-mismatch", Appraise(new(files) { ["report.bin"] = [] }, []));
    }

    [Fact]
    public void Files_and_platform_are_those_that_were_asked_for()
    {
        AttesterEvidence evidence = new("tdx", FilesOf(tdx));
        AppraisalPolicy policy = AppraisalPolicy.Strict with { Tdx = tdx.Tdx, Sgx = sgx.Sgx };
        Assert.Equal("", Reason(evidence, null));
        Assert.Equal("", Reason(evidence, [AttestationPlatform.Snp, AttestationPlatform.Tdx]));
        Assert.Equal("platform-not-expected", Reason(evidence, [AttestationPlatform.Snp]));
        Assert.Equal("platform-not-expected", Reason(new AttesterEvidence("virtual", FilesOf(tdx)), []));
        AttesterEvidence other = new("tdx", new Dictionary<string, byte[]>(FilesOf(tdx)) { ["report.bin"] = [] });
        Assert.Equal("evidence-file-unknown", Reason(other, null));
        other = new("sgx", new Dictionary<string, byte[]>(FilesOf(sgx)) { ["hcl-report.bin"] = [] });
        Assert.Equal("evidence-file-unknown", Reason(other, null));
        Assert.Equal("evidence-file-missing",
            Reason(new AttesterEvidence("snp", new Dictionary<string, byte[]> { ["report.bin"] = [] }), null));

        string Reason(AttesterEvidence given, IReadOnlyList<AttestationPlatform>? platforms) =>
            EvidenceAppraiser.Appraise(
                given, ReferenceValues.None with { Platforms = platforms }, policy, MadeIntel.Now).Reason;
    }

    [Fact]
    public void Each_platform_has_names_of_its_own()
    {
        Assert.Equal([AttesterEvidence.VirtualFile], EvidenceBundle.FilesOf(AttestationPlatform.Virtual));
        foreach (AttestationPlatform platform in Enum.GetValues<AttestationPlatform>())
            Assert.Empty(EvidenceBundle.RequiredFilesOf(platform).Except(EvidenceBundle.FilesOf(platform)));
        Assert.Throws<ArgumentOutOfRangeException>(() => EvidenceBundle.FilesOf((AttestationPlatform)9));
        Assert.Throws<ArgumentOutOfRangeException>(() => EvidenceBundle.RequiredFilesOf((AttestationPlatform)9));
    }

    private static Dictionary<string, byte[]> FilesOf(MadeIntel made) => new()
    {
        ["quote.bin"] = made.MakeQuote(),
        ["pck_chain.pem"] = MadeIntel.Pem(made.LeafDer, made.AuthorityDer, made.RootDer),
        ["collateral/root_ca_crl.der"] = made.Endorsements.RootRevocationList!.Value.ToArray(),
        ["collateral/pck_crl.der"] = made.Endorsements.PckRevocationList!.Value.ToArray(),
        ["collateral/qe_identity.json"] = made.Endorsements.QeIdentity!.Value.ToArray(),
        ["collateral/tcb_info.json"] = made.Endorsements.TcbInfo!.Value.ToArray(),
        ["collateral/tcb_signing_chain.pem"] = made.Endorsements.TcbSigningChain!.Value.ToArray(),
    };

    private static EvidenceBundle BundleOf(Dictionary<string, byte[]> files, HashSet<string> asked) => new(file =>
    {
        asked.Add(file);
        return files.TryGetValue(file, out byte[]? bytes) ? bytes : (ReadOnlyMemory<byte>?)null;
    });

    private static string Appraise(MadeIntel made, Dictionary<string, byte[]> files, HashSet<string> asked)
    {
        EvidenceBundle bundle = BundleOf(files, asked);
        string missing;
        IntelEndorsements? endorsements;
        if (made.IsTdx)
        {
            return bundle.TryGetTdx(out TdxEvidence? domain, out endorsements, out missing)
                ? TdxVerifier.Appraise(domain!, endorsements!, ReferenceValues.None, made.Tdx, MadeIntel.Now).Reason
                : $"{missing} is missing";
        }

        return bundle.TryGetSgx(out SgxEvidence? enclave, out endorsements, out missing)
            ? SgxVerifier.Appraise(enclave!, endorsements!, ReferenceValues.None, made.Sgx, MadeIntel.Now).Reason
            : $"{missing} is missing";
    }

    private static string Appraise(Dictionary<string, byte[]> files, HashSet<string> asked) =>
        BundleOf(files, asked).TryGetSnp(
            out SnpEvidence? evidence, out SnpEndorsements? endorsements, out string missing)
            ? SnpVerifier.Appraise(evidence!, endorsements!, ReferenceValues.None, snp.Policy, MadeSnp.Now).Reason
            : $"{missing} is missing";
}
