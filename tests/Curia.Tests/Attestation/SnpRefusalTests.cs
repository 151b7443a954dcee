using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>Each check refuses what it is there for, under signatures that hold (decisions/0021).</summary>
public sealed class SnpRefusalTests
{
    private const string Amd = "1.3.6.1.4.1.3704.1.";

    private static readonly MadeSnp milan = new(SnpProcessor.Milan);
    private static readonly MadeSnp genoa = new(SnpProcessor.Genoa);
    private static readonly MadeSnp turin = new(SnpProcessor.Turin);
    private static readonly MadeSnp cloud = new(SnpProcessor.Genoa, SnpKeyKind.Vlek);

    [Fact]
    public void What_is_right_is_accepted_in_every_version_and_generation()
    {
        foreach (MadeSnp made in (MadeSnp[])[milan, genoa, turin, cloud])
        {
            foreach (uint version in (uint[])[2, 3, 5])
            {
                AttestationResult result = made.Appraise(made.MakeReport(version: version));
                Assert.Equal("", result.Reason);
                Assert.Equal(made.Processor.ToString(), result.Claims!.Processor);
                string[] names = [.. result.Claims.Tcb.Select(part => part.Name)];
                Assert.Equal(made.Processor == SnpProcessor.Turin, names.Contains("fmc"));
            }
        }
    }

    [Fact]
    public void Every_check_cites_its_source_and_comes_once()
    {
        AttestationResult result = genoa.Appraise(genoa.MakeReport(), reference: Expected());
        Assert.Equal("", result.Reason);
        Assert.All(result.Checks, check => Assert.NotEmpty(check.Source));
        Assert.Equal(result.Checks.Count, result.Checks.Select(check => check.Name).Distinct().Count());
        string[] order =
            ["report-length", "root-pinned", "leaf-signature", "report-signature", "tcb-of-key", "measurement"];
        Assert.Equal(order, result.Checks.Select(check => check.Name).Where(order.Contains));
    }

    /// <summary>Nobody vouches for a report one bit of which is another, or for one with another
    /// certificate.</summary>
    [Fact]
    public void Every_byte_of_a_report_counts()
    {
        byte[] report = turin.MakeReport(version: 5);
        Assert.Equal("", turin.Appraise(report).Reason);
        for (int i = 0; i < report.Length; i++)
        {
            report[i] ^= 0x10;
            AttestationResult result = turin.Appraise(report);
            Assert.True(result.Verdict == AttestationVerdict.Rejected && result.Reason.Length > 0, $"byte {i}");
            Assert.Null(result.Claims);
            report[i] ^= 0x10;
        }
    }

    [Fact]
    public void Every_byte_of_the_certificates_and_of_the_list_counts()
    {
        byte[] report = genoa.MakeReport();
        SnpEndorsements right = genoa.Endorsements;
        AssertEachByte(genoa.LeafDer, leaf => right with { Leaf = leaf });
        AssertEachByte(genoa.SignerDer, signer => right with { Chain = [signer, genoa.RootDer] });
        AssertEachByte(genoa.RootDer, root => right with { Chain = [genoa.SignerDer, root] });
        AssertEachByte(genoa.RevocationList, list => right with { RevocationList = list });

        void AssertEachByte(byte[] original, Func<byte[], SnpEndorsements> with)
        {
            byte[] bytes = [.. original];
            for (int i = 0; i < bytes.Length; i++)
            {
                bytes[i] ^= 1;
                Assert.True(genoa.Appraise(report, with(bytes)).Verdict == AttestationVerdict.Rejected, $"byte {i}");
                bytes[i] ^= 1;
            }
        }
    }

    [Theory]
    [InlineData(0x000, 4, "unsupported-report-version")]  // no layout of version 4 is known
    [InlineData(0x000, 1, "unsupported-report-version")]
    [InlineData(0x034, 0, "unsupported-signature-algorithm")]
    [InlineData(0x049, 1, "reserved-nonzero")]            // flags
    [InlineData(0x04C, 1, "reserved-nonzero")]
    [InlineData(0x18B, 1, "reserved-nonzero")]
    [InlineData(0x1EB, 1, "reserved-nonzero")]
    [InlineData(0x1EF, 1, "reserved-nonzero")]
    [InlineData(0x1F8, 1, "reserved-nonzero")]            // mitigations, which version 3 has not
    [InlineData(0x29F, 1, "reserved-nonzero")]
    [InlineData(0x00A, 0x01, "policy-reserved-bits")]     // bit 17 is not set
    [InlineData(0x00B, 0x04, "policy-reserved-bits")]     // bit 26
    [InlineData(0x048, 1 << 2, "signing-key-mismatch")]   // VLEK
    [InlineData(0x048, 7 << 2, "signing-key-mismatch")]   // none
    [InlineData(0x188, 0x1A, "report-product-mismatch")]  // family of Turin
    [InlineData(0x189, 0x01, "report-product-mismatch")]  // model of Milan
    [InlineData(0x189, 0x60, "report-product-mismatch")]  // of nobody
    [InlineData(0x182, 1, "reserved-nonzero")]            // reserved bytes of the TCBs
    [InlineData(0x03A, 1, "reserved-nonzero")]
    [InlineData(0x180, 11, "reported-tcb-differs-from-leaf-tcb")]
    [InlineData(0x181, 1, "reported-tcb-differs-from-leaf-tcb")]
    [InlineData(0x186, 22, "reported-tcb-differs-from-leaf-tcb")]
    [InlineData(0x187, 85, "reported-tcb-differs-from-leaf-tcb")]
    [InlineData(0x1E6, 24, "tcb-committed-above-current")]
    [InlineData(0x1A0, 0, "chip-id-hwid-mismatch")]
    [InlineData(0x1DF, 0, "chip-id-hwid-mismatch")]
    [InlineData(0x00A, 0x0B, "policy-debug-enabled")]
    [InlineData(0x00A, 0x07, "policy-migration-agent-allowed")]
    [InlineData(0x00A, 0x23, "policy-not-allowed")]       // CXL
    [InlineData(0x009, 2, "policy-abi-above-firmware")]
    [InlineData(0x030, 1, "vmpl-not-allowed")]
    [InlineData(0x030, 4, "vmpl-out-of-range")]
    [InlineData(0x1EC, 41, "firmware-committed-above-current")]
    public void A_report_with_one_byte_that_must_not_be_is_refused(int offset, byte value, string reason)
    {
        byte[] report = genoa.MakeReport(bytes => bytes[offset] = value);
        Assert.Equal(reason, genoa.Appraise(report).Reason);
    }

    [Theory]
    [InlineData(0x2A0 + 48)]
    [InlineData(0x2A0 + 71)]
    [InlineData(0x2A0 + 72 + 48)]
    [InlineData(0x2A0 + 144)]
    [InlineData(0x49F)]
    public void Bytes_that_nobody_signs_are_zero(int offset)
    {
        byte[] report = genoa.MakeReport();
        report[offset] = 1;
        Assert.Equal("reserved-nonzero", genoa.Appraise(report).Reason);
    }

    [Fact]
    public void A_signature_of_zeros_or_of_other_lengths_is_none()
    {
        byte[] report = genoa.MakeReport();
        report.AsSpan(0x2A0, 144).Clear();
        Assert.Equal("report-signature-invalid", genoa.Appraise(report).Reason);
        Assert.Equal("report-length", genoa.Appraise(genoa.MakeReport()[..^1]).Reason);
        Assert.Equal("report-length", genoa.Appraise([.. genoa.MakeReport(), 0]).Reason);
        Assert.Equal("report-length", genoa.Appraise([]).Reason);
    }

    [Fact]
    public void A_report_of_version_2_has_no_processor_in_it()
    {
        Assert.Equal("reserved-nonzero", genoa.Appraise(genoa.MakeReport(bytes => bytes[0x188] = 0x19, 2)).Reason);
    }

    [Fact]
    public void The_rest_of_a_chip_id_of_Turin_is_zero()
    {
        Assert.Equal("chip-id-hwid-mismatch", turin.Appraise(turin.MakeReport(bytes => bytes[0x1A8] = 1)).Reason);
        Assert.Equal(
            "reported-tcb-differs-from-leaf-tcb", turin.Appraise(turin.MakeReport(bytes => bytes[0x180] = 2)).Reason);
    }

    [Fact]
    public void A_masked_chip_and_a_migration_agent_are_taken_when_the_policy_says_so()
    {
        byte[] masked = genoa.MakeReport(bytes => bytes.AsSpan(0x1A0, 64).Clear());
        Assert.Equal("chip-id-masked", genoa.Appraise(masked).Reason);
        AttestationResult taken = genoa.Appraise(masked, policy: genoa.Policy with { MaskedChipIdAllowed = true });
        Assert.Equal(("", true), (taken.Reason, taken.Claims!.Chip.IsEmpty));
        byte[] movable = genoa.MakeReport(bytes => bytes[0x00A] = 0x07);
        Assert.Equal("", genoa.Appraise(movable, policy: genoa.Policy with { MigrationAgentAllowed = true }).Reason);
        byte[] debugged = genoa.MakeReport(bytes => bytes[0x00A] = 0x0B);
        SnpPolicy lax = genoa.Policy with { ForbiddenGuestPolicy = SnpGuestPolicy.None };
        Assert.Equal("policy-debug-enabled", genoa.Appraise(debugged, policy: lax).Reason);
    }

    [Fact]
    public void Only_the_privilege_levels_of_the_policy_are_taken()
    {
        byte[] second = genoa.MakeReport(bytes => bytes[0x030] = 1);
        Assert.Equal("", genoa.Appraise(second, policy: genoa.Policy with { Vmpls = [0, 1] }).Reason);
        byte[] host = genoa.MakeReport(bytes => bytes.AsSpan(0x030, 4).Fill(0xFF));
        Assert.Equal("vmpl-not-allowed", genoa.Appraise(host).Reason);
    }

    [Fact]
    public void Bits_of_guest_and_host_are_held_to_the_policy()
    {
        byte[] report = genoa.MakeReport();
        AssertRefused("policy-not-allowed", genoa.Policy with { RequiredGuestPolicy = SnpGuestPolicy.SingleSocket });
        AssertRefused("policy-not-allowed", genoa.Policy with { ForbiddenGuestPolicy = SnpGuestPolicy.SmtAllowed });
        AssertRefused(
            "platform-info-not-allowed", genoa.Policy with { RequiredPlatformInfo = SnpPlatformInfo.CiphertextHiding });
        AssertRefused("platform-info-not-allowed", genoa.Policy with { ForbiddenPlatformInfo = SnpPlatformInfo.Smt });
        AssertRefused("guest-svn-below-minimum", genoa.Policy with { MinimumGuestSvn = 1 });
        AssertRefused("firmware-below-minimum", genoa.Policy with { MinimumFirmware = new SnpFirmware(1, 55, 41) });
        AssertRefused("id-key-not-allowed", genoa.Policy with { IdKeyDigests = [Filled(48, 1)] });
        AssertRefused("author-key-not-allowed", genoa.Policy with { AuthorKeyDigests = [Filled(48, 1)] });
        SnpPolicy signed = genoa.Policy with { IdKeyDigests = [Filled(48, 1)], AuthorKeyDigests = [Filled(48, 2)] };
        byte[] ours = genoa.MakeReport(bytes =>
        {
            bytes.AsSpan(0x0E0, 48).Fill(1);
            bytes.AsSpan(0x110, 48).Fill(2);
        });
        Assert.Equal("", genoa.Appraise(ours, policy: signed).Reason);
        AssertRefused("mitigation-missing", genoa.Policy with { RequiredMitigations = 1 });
        SnpPolicy mitigated = genoa.Policy with { RequiredMitigations = 0b11 };
        Assert.Equal("", genoa.Appraise(genoa.MakeReport(version: 5), policy: mitigated).Reason);
        byte[] late = genoa.MakeReport(bytes => bytes[0x1F8] = 0b01, 5);
        Assert.Equal("mitigation-missing", genoa.Appraise(late, policy: mitigated).Reason);

        void AssertRefused(string reason, SnpPolicy policy) =>
            Assert.Equal(reason, genoa.Appraise(report, policy: policy).Reason);
    }

    /// <summary>A newer microcode does not make up for an older bootloader, and old firmware anywhere is
    /// old.</summary>
    [Theory]
    [InlineData(0x038)]
    [InlineData(0x1E0)]
    [InlineData(0x1F0)]
    public void The_minimum_holds_for_each_component_of_each_TCB(int offset)
    {
        SnpTcb minimum = new(0, 10, 0, 23, 84);
        SnpPolicy policy = genoa.Policy with
        {
            MinimumTcb = new Dictionary<SnpProcessor, SnpTcb> { [SnpProcessor.Genoa] = minimum },
        };
        Assert.Equal("", genoa.Appraise(genoa.MakeReport(), policy: policy).Reason);
        byte[] older = genoa.MakeReport(bytes =>
        {
            bytes[offset] = 9;
            bytes[offset + 7] = 255;
            if (offset == 0x038) bytes[0x1E0] = 9;
            if (offset == 0x1E0) bytes[0x03F] = 255;
        });
        Assert.Equal("tcb-below-minimum", genoa.Appraise(older, policy: policy).Reason);
        Assert.False(minimum.IsAtLeast(minimum with { Tee = 1 }));
        Assert.False(minimum.IsAtLeast(minimum with { Snp = 24 }));
        Assert.False(minimum.IsAtLeast(minimum with { Fmc = 1 }));
    }

    /// <summary>A minimum that is said for one generation does not leave the door open for the others.</summary>
    [Fact]
    public void A_generation_that_nobody_names_is_refused()
    {
        byte[] report = genoa.MakeReport();
        SnpPolicy ofMilan = genoa.Policy with
        {
            MinimumTcb = new Dictionary<SnpProcessor, SnpTcb> { [SnpProcessor.Milan] = default },
        };
        Assert.Equal("processor-not-allowed", genoa.Appraise(report, policy: ofMilan).Reason);
        SnpPolicy named = genoa.Policy with { Processors = [SnpProcessor.Milan, SnpProcessor.Turin] };
        Assert.Equal("processor-not-allowed", genoa.Appraise(report, policy: named).Reason);
        Assert.Equal("", genoa.Appraise(report, policy: named with { Processors = [SnpProcessor.Genoa] }).Reason);
    }

    /// <summary>An extension ends where it says, and only an authority has a length of its path (RFC 5280 section
    /// 4.2.1).</summary>
    [Theory]
    [InlineData("2.5.29.15", "03020204", true)]
    [InlineData("2.5.29.15", "0302020400", false)]
    [InlineData("2.5.29.19", "30030101FF", true)]
    [InlineData("2.5.29.19", "30030101FF00", false)]
    [InlineData("2.5.29.19", "30060101FF020100", true)]
    [InlineData("2.5.29.19", "30060101FF0201FF", false)]
    [InlineData("2.5.29.19", "3003020100", false)]
    public void An_extension_has_nothing_behind_it(string identifier, string value, bool isRead)
    {
        byte[] signer = genoa.MakeSigner(extensions =>
        {
            extensions.RemoveAll(one => one.Oid!.Value == identifier);
            extensions.Add(new X509Extension(identifier, Convert.FromHexString(value), true));
        });
        Assert.Equal(isRead, VendorCertificate.TryDecode(signer, out _));
    }

    [Fact]
    public void What_the_policy_goes_without_is_said_in_the_name_of_its_check()
    {
        SnpPolicy policy = genoa.Policy with { RevocationListRequired = false, MaskedChipIdAllowed = true };
        byte[] masked = genoa.MakeReport(report => report.AsSpan(0x1A0, 64).Clear());
        AttestationResult result = genoa.Appraise(masked, genoa.Endorsements with { RevocationList = null },
            policy: policy);
        Assert.Equal("", result.Reason);
        Assert.Equal(["revocation-list-waived", "chip-id-waived"], Waived(result));
        Assert.Empty(Waived(genoa.Appraise(genoa.MakeReport(), policy: policy)));
        AttestationResult refused =
            genoa.Appraise(masked, policy: policy with { MaskedChipIdAllowed = false });
        Assert.Equal(("chip-id", "chip-id-masked"), (refused.Checks[^1].Name, refused.Reason));

        static string[] Waived(AttestationResult result) =>
            [.. result.Checks.Where(check => check.IsWaived).Select(check => check.Name)];
    }

    [Fact]
    public void Claims_are_held_to_the_reference_values()
    {
        byte[] report = genoa.MakeReport();
        Assert.Equal("", genoa.Appraise(report, reference: Expected()).Reason);
        AssertRefused("measurement-not-expected", Expected() with { Measurements = [] });
        AssertRefused("measurement-not-expected", Expected() with { Measurements = [new Measurement(new byte[48])] });
        AssertRefused(
            "measurement-not-expected", new ReferenceValues { MeasurementEndorsers = [UvmEndorser.Microsoft] });
        AssertRefused("report-data-mismatch", Expected() with { ReportData = new byte[64] });
        AssertRefused("report-data-mismatch", Expected() with { ReportData = Filled(32, 0xD1) });
        AssertRefused("host-data-mismatch", Expected() with { HostData = new byte[32] });

        void AssertRefused(string reason, ReferenceValues reference) =>
            Assert.Equal(reason, genoa.Appraise(report, reference: reference).Reason);
    }

    [Fact]
    public void The_policy_of_a_container_is_the_one_that_the_host_data_names()
    {
        byte[] policy = "package policy"u8.ToArray();
        byte[] report = genoa.MakeReport(bytes => SHA256.HashData(policy).CopyTo(bytes.AsSpan(0x0C0)));
        Assert.Equal("", Appraise(policy));
        Assert.Equal("host-data-not-sha256-of-policy", Appraise("package other"u8.ToArray()));

        string Appraise(byte[] container) => SnpVerifier.Appraise(
            new SnpEvidence { Report = report, ContainerPolicy = container }, genoa.Endorsements, ReferenceValues.None,
            genoa.Policy, MadeSnp.Now).Reason;
    }

    [Fact]
    public void A_chain_is_whole_and_ends_in_a_pinned_root()
    {
        SnpEndorsements right = genoa.Endorsements;
        AssertRefused("chain-incomplete", right with { Chain = [genoa.RootDer] });
        AssertRefused("chain-incomplete", right with { Chain = [] });
        AssertRefused("leaf-not-issued-by-chain", right with { Chain = [genoa.RootDer, genoa.RootDer] });
        AssertRefused("chain-malformed", right with { Chain = [genoa.SignerDer, genoa.RootDer, new byte[9]] });
        AssertRefused("leaf-not-issued-by-chain", right with { Chain = [milan.SignerDer, milan.RootDer] });
        AssertRefused("certificate-rights", right with { Leaf = genoa.MakeAuthorityLeaf() });
        AssertRefused("leaf-malformed", right with { Leaf = new byte[3] });
        SnpEndorsements turned = right with { Chain = [genoa.RootDer, genoa.SignerDer] };
        Assert.Equal("", genoa.Appraise(genoa.MakeReport(), turned).Reason);
        Assert.Equal("untrusted-root", genoa.Appraise(genoa.MakeReport(), policy: SnpPolicy.Strict).Reason);
        MadeSnp impostor = new(SnpProcessor.Genoa);
        Assert.Equal(
            "untrusted-root", genoa.Appraise(impostor.MakeReport(), impostor.Endorsements).Reason);
        AssertRefused("chain-signature-invalid", right with { Chain = [impostor.SignerDer, genoa.RootDer] });
        AssertRefused("leaf-signature-invalid", right with { Leaf = impostor.LeafDer });
        AssertRefused("leaf-signature-invalid", right with { Leaf = genoa.MakeLeaf(signedByRoot: true) });
        AssertRefused("report-signature-invalid", right, impostor.MakeReport());
    }

    [Fact]
    public void Certificates_have_the_rights_the_dates_and_the_names_that_they_need()
    {
        SnpEndorsements right = genoa.Endorsements;
        AssertSigner("certificate-rights", genoa.MakeSigner(extensions => extensions.RemoveAt(0)));
        AssertSigner("certificate-rights", genoa.MakeSigner(extensions =>
            extensions[1] = new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true)));
        AssertSigner("certificate-rights", genoa.MakeSigner(extensions =>
            extensions.Add(new X509Extension("1.2.3.4", [5, 0], critical: true))));
        AssertSigner("chain-certificate-expired", genoa.MakeSigner(until: MadeSnp.Now.AddSeconds(-1)));
        AssertRefused("leaf-expired", right with { Leaf = genoa.MakeLeaf(until: MadeSnp.Now.AddSeconds(-1)) });
        AssertRefused("leaf-not-yet-valid", right with { Leaf = genoa.MakeLeaf(from: MadeSnp.Now.AddSeconds(1)) });
        Assert.Equal(
            "chain-certificate-not-yet-valid", genoa.Appraise(genoa.MakeReport(), at: MadeSnp.Now.AddYears(-2)).Reason);

        // A VCEK does not come from the key of providers.
        AssertRefused("chain-product-mismatch", right with
        {
            Leaf = genoa.MakeLeaf(issuer: "CN=SEV-VLEK-Genoa"),
            Chain = [genoa.MakeSigner(name: "CN=SEV-VLEK-Genoa"), genoa.RootDer],
        });

        void AssertSigner(string reason, byte[] signer) =>
            AssertRefused(reason, right with { Chain = [signer, genoa.RootDer] });
    }

    [Theory]
    [InlineData("2", "Milan", "leaf-product-mismatch")]
    [InlineData("2", "Rome", "leaf-extensions-invalid")]
    [InlineData("2", "Genoa-", "leaf-extensions-invalid")]
    [InlineData("2", "", "leaf-extensions-invalid")]
    public void The_product_of_a_leaf_is_that_of_its_chain(string extension, string product, string reason)
    {
        byte[] leaf = genoa.MakeLeaf(values => values[Amd + extension] = MadeSnp.Text(product));
        AssertRefused(reason, genoa.Endorsements with { Leaf = leaf });
    }

    [Fact]
    public void The_extensions_of_a_leaf_are_complete_and_do_not_contradict_each_other()
    {
        AssertLeaf("reported-tcb-differs-from-leaf-tcb", values => values[Amd + "3.3"] = MadeSnp.Integer(24));
        foreach (string missing in (string[])["2", "3.1", "3.2", "3.3", "3.8", "4"])
            AssertLeaf("leaf-extensions-invalid", values => values.Remove(Amd + missing));
        AssertLeaf("leaf-extensions-invalid", values => values[Amd + "3.5"] = MadeSnp.Integer(1));
        AssertLeaf("leaf-extensions-invalid", values => values[Amd + "3.8"] = MadeSnp.Integer(256));
        AssertLeaf("leaf-extensions-invalid", values => values[Amd + "3.8"] = MadeSnp.Integer(-1));
        AssertLeaf("leaf-extensions-invalid", values => values[Amd + "3.9"] = MadeSnp.Integer(1)); // only Turin has it
        AssertLeaf("leaf-extensions-invalid", values => values[Amd + "4"] = new byte[8]);
        AssertLeaf("leaf-extensions-invalid", values => values[Amd + "4"] = [4, 63, .. genoa.ChipId[1..]]);
        AssertLeaf("", values => values[Amd + "4"] = [4, 64, .. genoa.ChipId]); // in an octet string of its own
        AssertLeaf("leaf-extensions-invalid", values => values[Amd + "5"] = MadeSnp.Text("CN=cloud.example"));

        static void AssertLeaf(string reason, Action<SortedDictionary<string, byte[]>> change) =>
            AssertRefused(reason, genoa.Endorsements with { Leaf = genoa.MakeLeaf(change) });
    }

    [Fact]
    public void A_key_of_a_provider_is_taken_from_providers_that_are_named()
    {
        byte[] report = cloud.MakeReport();
        SnpPolicy nobody = cloud.Policy with { Providers = [] };
        Assert.Equal("provider-not-allowed", cloud.Appraise(report, policy: nobody).Reason);
        Assert.Equal("", cloud.Appraise(report, policy: cloud.Policy with { Providers = null }).Reason);
    }

    [Fact]
    public void A_revocation_list_is_held_to_and_must_be_there_unless_the_policy_says_otherwise()
    {
        SnpEndorsements right = genoa.Endorsements;
        DateTimeOffset now = MadeSnp.Now;
        SnpEndorsements bare = right with { RevocationList = null };
        AssertRefused("crl-missing", bare);
        SnpPolicy without = genoa.Policy with { RevocationListRequired = false };
        Assert.Equal("", genoa.Appraise(genoa.MakeReport(), bare, policy: without).Reason);
        AssertList("ask-revoked", genoa.MakeRevocationList(0x20002));
        AssertList("ask-revoked", genoa.MakeRevocationList(0x20000));
        AssertList("crl-expired", genoa.MakeRevocationList(nextUpdate: now.AddSeconds(-1)));
        AssertList("crl-not-yet-valid", genoa.MakeRevocationList(thisUpdate: now.AddSeconds(1)));
        AssertList("crl-signature-invalid", genoa.MakeRevocationList(forged: true));
        AssertList("crl-signature-invalid", milan.MakeRevocationList());
        AssertList("crl-malformed", [1, 2, 3]);

        // Whoever is revoked by a newer list shows the older one as long as that is valid.
        EndorsementCache cache = new();
        SnpPolicy since = genoa.Policy with { RevocationListsSince = now.AddDays(-1) };
        SnpEndorsements made = right with { RevocationList = genoa.MakeRevocationList(thisUpdate: now.AddDays(-1)) };
        SnpEndorsements older = right with
        {
            RevocationList = genoa.MakeRevocationList(thisUpdate: now.AddDays(-1).AddSeconds(-1)),
        };
        Assert.Equal("", genoa.Appraise(genoa.MakeReport(), made, policy: since, cache: cache).Reason);
        Assert.Equal("", genoa.Appraise(genoa.MakeReport(), older, cache: cache).Reason);
        Assert.Equal("crl-too-old", genoa.Appraise(genoa.MakeReport(), older, policy: since, cache: cache).Reason);

        void AssertList(string reason, byte[] list)
        {
            SnpEndorsements with = right with { RevocationList = list };
            AssertRefused(reason, with);
            Assert.Equal(reason, genoa.Appraise(genoa.MakeReport(), with, policy: without).Reason);
        }
    }

    private static void AssertRefused(string reason, SnpEndorsements endorsements, byte[]? report = null) =>
        Assert.Equal(reason, genoa.Appraise(report ?? genoa.MakeReport(), endorsements).Reason);

    private static ReferenceValues Expected() => new()
    {
        Measurements = [new Measurement(Filled(48, 0x3E))],
        ReportData = Filled(64, 0xD1),
        HostData = Filled(32, 0x40),
    };

    private static byte[] Filled(int size, byte value)
    {
        byte[] bytes = new byte[size];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
