using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Curia.Attestation;

namespace Curia.Tests.Attestation;

/// <summary>Each check of TDX and SGX refuses what it is there for, under signatures that hold (decisions/0021,
/// decisions/0022).</summary>
public sealed class IntelRefusalTests
{
    private static readonly MadeIntel sgx = new(3);
    private static readonly MadeIntel tdx = new(4);
    private static readonly MadeIntel tdx15 = new(5);
    private static readonly MadeIntel[] all = [sgx, tdx, tdx15];

    [Fact]
    public void What_is_right_is_accepted_in_every_version()
    {
        foreach (MadeIntel made in all)
        {
            AttestationResult result = made.Appraise(made.MakeQuote(), reference: Expected(made));
            Assert.Equal("", result.Reason);
            AttestationClaims claims = result.Claims!;
            Assert.Equal((made.IsTdx ? AttestationPlatform.Tdx : AttestationPlatform.Sgx, TcbStatus.UpToDate),
                (claims.Platform, claims.TcbStatus));
            Assert.Equal((made.IsTdx ? 33 : 17, 16), (claims.Tcb.Count, claims.Chip.Length));
            Assert.Equal(made.IsTdx ? 4 : 0, claims.RuntimeMeasurements.Count);
            Assert.Equal(made.IsTdx, claims.Tdx is not null);
            Assert.Equal(!made.IsTdx, claims.Sgx is not null);
        }
    }

    [Fact]
    public void Every_check_cites_its_source_and_comes_once_in_the_order_of_trust()
    {
        AttestationResult result = tdx15.Appraise(tdx15.MakeQuote(), reference: Expected(tdx15));
        Assert.Equal("", result.Reason);
        Assert.All(result.Checks, check => Assert.NotEmpty(check.Source));
        Assert.Equal(result.Checks.Count, result.Checks.Select(check => check.Name).Distinct().Count());
        string[] order =
        [
            "quote-version", "root-pinned", "leaf-signature", "root-crl", "pck-crl", "qe-report-signature",
            "qe-report-binding", "quote-signature", "qe-identity-signature", "tcb-info-signature", "tcb-level",
            "tdx-module-level", "tcb-status", "td-debug", "measurement",
        ];
        Assert.Equal(order, result.Checks.Select(check => check.Name).Where(order.Contains));
    }

    [Theory]
    [InlineData(0, 9, "unsupported-quote-version")]
    [InlineData(2, 3, "unsupported-attestation-key-type")]
    [InlineData(4, 0, "tee-type-mismatch")]
    [InlineData(12, 0, "unknown-qe-vendor")]
    [InlineData(8, 1, "reserved-nonzero")]
    [InlineData(11, 1, "reserved-nonzero")]
    [InlineData(54 + 64, 1, "tdx-module-mismatch")]       // MRSIGNERSEAM
    [InlineData(54 + 112, 1, "tdx-module-mismatch")]      // SEAMATTRIBUTES
    [InlineData(54 + 1, 2, "tdx-module-unknown")]         // no identity TDX_02
    [InlineData(54 + 0, 1, "tdx-module-level-not-found")]
    [InlineData(54 + 0, 2, "tcb-status-revoked")]
    [InlineData(54 + 0, 4, "tcb-status-out-of-date")]
    [InlineData(54 + 2, 2, "tcb-status-out-of-date")]     // microcode of the second level
    [InlineData(54 + 2, 1, "tcb-level-not-found")]
    [InlineData(54 + 120, 1, "debug-enabled")]
    [InlineData(54 + 120, 0x10, "debug-enabled")]         // any of the first eight bits
    [InlineData(54 + 120, 0x80, "debug-enabled")]
    [InlineData(54 + 121, 1, "td-attributes-reserved")]
    [InlineData(54 + 123, 0x30, "td-attributes-not-allowed")] // migratable
    [InlineData(54 + 127, 0x80, "td-attributes-not-allowed")] // performance counters
    [InlineData(54 + 128, 0xE6, "xfam-reserved")]         // no x87
    [InlineData(54 + 128, 0xEF, "xfam-reserved")]         // MPX
    [InlineData(54 + 135, 1, "xfam-reserved")]
    [InlineData(54 + 600, 1, "service-domain-not-allowed")]
    public void A_quote_of_TDX_with_one_byte_that_must_not_be_is_refused(int offset, byte value, string reason)
    {
        Assert.Equal(reason, tdx15.Appraise(tdx15.MakeQuote(quote => quote[offset] = value)).Reason);
    }

    [Theory]
    [InlineData(48 + 20, 1, "reserved-nonzero")]
    [InlineData(48 + 96, 1, "reserved-nonzero")]
    [InlineData(48 + 160, 1, "reserved-nonzero")]
    [InlineData(48 + 303, 1, "reserved-nonzero")]
    [InlineData(48 + 48, 0x0D, "reserved-nonzero")]       // bit 3
    [InlineData(4, 1, "reserved-nonzero")]
    [InlineData(48 + 48, 0x07, "debug-enabled")]
    [InlineData(48 + 48, 0x15, "enclave-attributes-not-allowed")] // provisioning key
    [InlineData(48 + 48, 0x04, "enclave-attributes-not-allowed")] // never initialised
    public void A_quote_of_SGX_with_one_byte_that_must_not_be_is_refused(int offset, byte value, string reason)
    {
        Assert.Equal(reason, sgx.Appraise(sgx.MakeQuote(quote => quote[offset] = value)).Reason);
    }

    [Fact]
    public void A_quote_is_as_long_as_it_says_and_only_zeros_follow()
    {
        foreach (MadeIntel made in all)
        {
            byte[] quote = made.MakeQuote();
            Assert.Equal("", made.Appraise([.. quote, .. new byte[3000]]).Reason);
            Assert.Equal("quote-trailing-bytes", made.Appraise([.. quote, .. new byte[3000], 1]).Reason);
            Assert.Equal("quote-truncated", made.Appraise(quote[..^1]).Reason);
            Assert.Equal("quote-truncated", made.Appraise(quote[..(made.SignedSize - 1)]).Reason);
            Assert.Equal("quote-length", made.Appraise([]).Reason);
            Assert.Equal("quote-length", made.Appraise([.. quote, .. new byte[IntelQuote.SizeMax]]).Reason);
            for (int length = 0; length < quote.Length; length++)
                Assert.False(IntelQuote.TryDecode(quote.AsMemory(0, length), out _));
        }
    }

    /// <summary>Each length of a quote, with what a number of four bytes can do to arithmetic.</summary>
    [Theory]
    [InlineData(0u)]
    [InlineData(1u)]
    [InlineData(0x7FFF_FFFFu)]
    [InlineData(0x8000_0000u)]
    [InlineData(0xFFFF_FFFFu)]
    [InlineData(0xFFFF_FFF0u)]
    public void A_length_that_does_not_fit_is_refused(uint length)
    {
        foreach (MadeIntel made in all)
        {
            byte[] quote = made.MakeQuote();
            int outer = made.SignedSize;
            int qe = outer + 4 + 128 + (made.IsTdx ? 6 : 0);
            int certification = qe + 384 + 64 + 2 + 32 + 2;
            int[] places = made.IsTdx ? [outer, qe - 4, certification] : [outer, certification];
            foreach (int place in made.Version == 5 ? [.. places, 50] : places)
            {
                byte[] other = [.. quote];
                BitConverter.TryWriteBytes(other.AsSpan(place), length);
                string reason = made.Appraise(other).Reason;
                string[] expected =
                    ["quote-truncated", "quote-trailing-bytes", "quote-length-fields", "unsupported-quote-body"];
                Assert.Contains(reason, expected);
            }

            byte[] authentication = [.. quote];
            BitConverter.TryWriteBytes(authentication.AsSpan(qe + 384 + 64), (ushort)length);
            if ((ushort)length != 32) Assert.Equal("quote-length-fields", made.Appraise(authentication).Reason);
        }
    }

    [Fact]
    public void A_verifier_takes_the_quotes_of_its_own_platform()
    {
        Assert.Equal("tee-type-mismatch", SgxVerifier.Appraise(
            new SgxEvidence { Quote = tdx.MakeQuote() }, tdx.Endorsements, ReferenceValues.None, sgx.Sgx,
            MadeIntel.Now).Reason);
        Assert.Equal("tee-type-mismatch", TdxVerifier.Appraise(
            new TdxEvidence { Quote = sgx.MakeQuote() }, sgx.Endorsements, ReferenceValues.None, tdx.Tdx,
            MadeIntel.Now).Reason);
    }

    [Fact]
    public void The_processor_vouches_for_the_quoting_enclave_and_that_for_the_key()
    {
        foreach (MadeIntel made in all)
        {
            MadeIntel impostor = new(made.Version);
            byte[] chain = MadeIntel.Pem(made.LeafDer, made.AuthorityDer, made.RootDer);
            AssertQuote("qe-report-signature-invalid", impostor.MakeQuote(certification: chain));
            AssertQuote("qe-report-binding-mismatch", made.MakeQuote(changeQe: report => report[320] ^= 1));
            AssertQuote("qe-report-binding-mismatch", made.MakeQuote(changeQe: report => report[383] = 1));
            AssertQuote("reserved-nonzero", made.MakeQuote(changeQe: report => report[30] = 1));
            byte[] forged = made.MakeQuote();
            forged[made.SignedSize + 4] ^= 1;
            AssertQuote("quote-signature-invalid", forged);
            byte[] other = made.MakeQuote();
            other[made.SignedSize + 4 + 64] ^= 1;
            AssertQuote("qe-report-binding-mismatch", other);
            AssertQuote("pck-chain-not-embedded", made.MakeQuote(type: 3));
            AssertQuote("untrusted-root", impostor.MakeQuote());

            void AssertQuote(string reason, byte[] quote) => Assert.Equal(reason, made.Appraise(quote).Reason);
        }
    }

    [Fact]
    public void A_chain_is_whole_in_order_and_ends_in_a_pinned_root()
    {
        (byte[] leaf, byte[] authority, byte[] root) = (tdx.LeafDer, tdx.AuthorityDer, tdx.RootDer);
        MadeIntel impostor = new(4);
        AssertChain("", MadeIntel.Pem(leaf, authority, root));
        AssertChain("", [.. MadeIntel.Pem(leaf, authority, root), 0]);
        AssertChain("chain-malformed", [.. MadeIntel.Pem(leaf, authority, root), 0, 0]);
        AssertChain("chain-malformed", []);
        AssertChain("chain-malformed", [0xFF, .. MadeIntel.Pem(leaf, authority, root)]);
        AssertChain("chain-incomplete", MadeIntel.Pem(leaf, authority));
        AssertChain("chain-incomplete", MadeIntel.Pem(leaf, authority, root, root));
        AssertChain("chain-malformed", MadeIntel.Pem(leaf, new byte[60], root));
        AssertChain("untrusted-root", MadeIntel.Pem(root, authority, leaf));
        AssertChain("untrusted-root", MadeIntel.Pem(leaf, authority, impostor.RootDer));
        AssertChain("chain-signature-invalid", MadeIntel.Pem(leaf, impostor.AuthorityDer, root));
        AssertChain("leaf-signature-invalid", MadeIntel.Pem(impostor.LeafDer, authority, root));
        AssertChain("leaf-signature-invalid", MadeIntel.Pem(tdx.MakeLeaf(signedByRoot: true), authority, root));
        AssertChain("chain-name-mismatch", MadeIntel.Pem(leaf, tdx.MakeAuthority("CN=Intel SGX PCK CA"), root));
        Assert.Equal("untrusted-root", tdx.Appraise(tdx.MakeQuote(), policy: TdxPolicy.Strict).Reason);

        // What is sent apart is the same chain.
        IntelEndorsements right = tdx.Endorsements;
        AssertRefused("", right with { PckChain = MadeIntel.Pem(leaf, authority, root) });
        AssertRefused("pck-chain-mismatch", right with { PckChain = MadeIntel.Pem(leaf, authority) });
        AssertRefused(
            "pck-chain-mismatch", right with { PckChain = MadeIntel.Pem(tdx.MakeLeaf(), authority, root) });
        AssertRefused("pck-chain-mismatch", right with { PckChain = new byte[4] });
    }

    [Fact]
    public void Certificates_have_the_rights_the_dates_and_the_names_that_they_need()
    {
        DateTimeOffset now = MadeIntel.Now;
        AssertAuthority("certificate-rights", tdx.MakeAuthority(change: extensions => extensions.RemoveAt(0)));
        AssertAuthority("certificate-rights", tdx.MakeAuthority(change: extensions =>
            extensions[1] = new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true)));
        AssertAuthority("certificate-rights", tdx.MakeAuthority(change: extensions =>
            extensions.Add(new X509Extension("1.2.3.4", [5, 0], critical: true))));
        AssertAuthority("chain-certificate-expired", tdx.MakeAuthority(until: now.AddSeconds(-1)));
        Assert.Equal(
            "chain-certificate-not-yet-valid", tdx.Appraise(tdx.MakeQuote(), at: now.AddYears(-2)).Reason);
        AssertLeaf("certificate-rights", tdx.MakeLeaf(isAuthority: true));
        AssertLeaf("leaf-expired", tdx.MakeLeaf(until: now.AddSeconds(-1)));
        AssertLeaf("leaf-not-yet-valid", tdx.MakeLeaf(from: now.AddSeconds(1)));
        AssertLeaf("leaf-extensions-invalid", tdx.MakeLeaf(name: "CN=Intel SGX TCB Signing"));
        using ECDsa p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        AssertLeaf("leaf-extensions-invalid", tdx.MakeLeaf(key: p384));

        static void AssertAuthority(string reason, byte[] authority) =>
            AssertChain(reason, MadeIntel.Pem(tdx.LeafDer, authority, tdx.RootDer));
    }

    [Fact]
    public void The_extension_of_a_PCK_certificate_is_complete_and_says_everything_once()
    {
        foreach (string missing in (string[])["1", "3", "4", "2.1", "2.16", "2.17", "2.18"])
            AssertExtension("leaf-extensions-invalid", values => values.Remove(missing));
        foreach (string twice in (string[])["1", "4", "2.1", "2.17"])
            AssertExtension("leaf-extensions-invalid", values => values[$"{twice}'"] = values[twice]);
        AssertExtension("leaf-extensions-invalid", values => values["2.1"] = MadeIntel.Integer(256));
        AssertExtension("leaf-extensions-invalid", values => values["2.1"] = MadeIntel.Integer(-1));
        AssertExtension("leaf-extensions-invalid", values => values["2.17"] = MadeIntel.Integer(65536));
        AssertExtension("leaf-extensions-invalid", values => values["4"] = MadeIntel.Octets(new byte[5]));
        AssertExtension("leaf-extensions-invalid", values => values["1"] = MadeIntel.Integer(1));
        AssertExtension("", values => values["9"] = MadeIntel.Integer(1)); // a part of another day
        AssertExtension("tcb-status-out-of-date", values => values["2.1"] = MadeIntel.Integer(2));
        AssertExtension("tcb-level-not-found", values => values["2.1"] = MadeIntel.Integer(1));
        AssertExtension("tcb-level-not-found", values => values["2.17"] = MadeIntel.Integer(10));
        AssertExtension("fmspc-mismatch", values => values["4"] = MadeIntel.Octets(new byte[6]));
        AssertExtension("pceid-mismatch", values => values["3"] = MadeIntel.Octets([0, 1]));

        static void AssertExtension(string reason, Action<SortedDictionary<string, byte[]>> change) =>
            AssertLeaf(reason, tdx.MakeLeaf(change));
    }

    /// <summary>Where several roots are pinned, the list of one says nothing of who signs under another.</summary>
    [Fact]
    public void The_signer_of_collateral_is_looked_for_in_the_list_of_its_own_root()
    {
        MadeIntel other = new(4);
        TdxPolicy both = tdx.Tdx with { Roots = [tdx.Root, other.Root] };
        IntelEndorsements mixed = tdx.Endorsements with
        {
            TcbSigningChain = other.Endorsements.TcbSigningChain,
            TcbInfo = other.Endorsements.TcbInfo,
            QeIdentity = other.Endorsements.QeIdentity,
        };
        Assert.Equal("", tdx.Appraise(tdx.MakeQuote(), policy: both).Reason);
        Assert.Equal("root-crl-signature-invalid", tdx.Appraise(tdx.MakeQuote(), mixed, policy: both).Reason);
    }

    [Fact]
    public void What_the_policy_goes_without_is_said_in_the_name_of_its_check()
    {
        AttestationResult result = tdx.Appraise(
            tdx.MakeQuote(), IntelEndorsements.None, policy: TdxPolicy.Standalone with { Roots = [tdx.Root] });
        Assert.Equal("", result.Reason);
        Assert.Equal(["root-crl-waived", "pck-crl-waived", "qe-identity-waived", "tcb-info-waived"],
            result.Checks.Where(check => check.IsWaived).Select(check => check.Name));
        Assert.DoesNotContain(tdx.Appraise(tdx.MakeQuote()).Checks, check => check.IsWaived);
    }

    [Fact]
    public void Revocation_lists_are_held_to_and_must_be_there_unless_the_policy_says_otherwise()
    {
        DateTimeOffset now = MadeIntel.Now;
        AssertRoot("root-crl-missing", null);
        AssertRoot("root-crl-malformed", [1, 2, 3]);
        AssertRoot("root-crl-signature-invalid", tdx.MakeRootList(forged: true));
        AssertRoot("root-crl-signature-invalid", tdx.MakePckList());
        AssertRoot("root-crl-not-yet-valid", tdx.MakeRootList(thisUpdate: now.AddSeconds(1)));
        AssertRoot("root-crl-expired", tdx.MakeRootList(nextUpdate: now.AddSeconds(-1)));
        AssertRoot("signer-revoked", tdx.MakeRootList(0x20001));
        AssertRoot("signer-revoked", tdx.MakeRootList(0x20000));
        AssertRoot("tcb-signer-revoked", tdx.MakeRootList(0x20002));
        AssertPck("pck-crl-missing", null);
        AssertPck("pck-crl-malformed", [1, 2, 3]);
        AssertPck("pck-crl-signature-invalid", tdx.MakePckList(forged: true));
        AssertPck("pck-crl-signature-invalid", tdx.MakeRootList());
        AssertPck("pck-crl-not-yet-valid", tdx.MakePckList(thisUpdate: now.AddSeconds(1)));
        AssertPck("pck-crl-expired", tdx.MakePckList(nextUpdate: now.AddSeconds(-1)));
        AssertPck("leaf-revoked", tdx.MakePckList(0x30001));

        EndorsementCache cache = new();
        TdxPolicy since = tdx.Tdx with { RevocationListsSince = now.AddDays(-1) };
        DateTimeOffset before = now.AddDays(-1).AddSeconds(-1);
        IntelEndorsements made = tdx.Endorsements with
        {
            RootRevocationList = tdx.MakeRootList(thisUpdate: now.AddDays(-1)),
            PckRevocationList = tdx.MakePckList(thisUpdate: now.AddDays(-1)),
        };
        Assert.Equal("", tdx.Appraise(tdx.MakeQuote(), made, policy: since, cache: cache).Reason);
        IntelEndorsements olderRoot = made with { RootRevocationList = tdx.MakeRootList(thisUpdate: before) };
        Assert.Equal("", tdx.Appraise(tdx.MakeQuote(), olderRoot, cache: cache).Reason);
        Assert.Equal("root-crl-too-old",
            tdx.Appraise(tdx.MakeQuote(), olderRoot, policy: since, cache: cache).Reason);
        IntelEndorsements olderPck = made with { PckRevocationList = tdx.MakePckList(thisUpdate: before) };
        Assert.Equal("pck-crl-too-old", tdx.Appraise(tdx.MakeQuote(), olderPck, policy: since, cache: cache).Reason);

        static void AssertRoot(string reason, byte[]? list) => AssertList(
            reason, tdx.Endorsements with { RootRevocationList = Optional(list) });

        static void AssertPck(string reason, byte[]? list) => AssertList(
            reason, tdx.Endorsements with { PckRevocationList = Optional(list) });

        static void AssertList(string reason, IntelEndorsements endorsements)
        {
            AssertRefused(reason, endorsements);
            bool isMissing = reason.EndsWith("-missing", StringComparison.Ordinal);
            TdxPolicy without = tdx.Tdx with { RequiredCollateral = IntelCollateral.None };
            Assert.Equal(isMissing ? "" : reason, tdx.Appraise(tdx.MakeQuote(), endorsements, policy: without).Reason);
        }
    }

    [Fact]
    public void Collateral_is_signed_by_the_key_for_it()
    {
        IntelEndorsements right = tdx.Endorsements;
        DateTimeOffset now = MadeIntel.Now;
        MadeIntel impostor = new(4);
        AssertSigner("tcb-signing-chain-missing", null);
        AssertSigner("tcb-signing-chain-malformed", [1, 2, 3]);
        AssertSigner("tcb-signing-chain-malformed", MadeIntel.Pem(tdx.SignerDer));
        AssertSigner("tcb-signing-chain-malformed", MadeIntel.Pem(tdx.SignerDer, tdx.RootDer, tdx.RootDer));
        AssertSigner("tcb-signing-chain-malformed", MadeIntel.Pem(new byte[60], tdx.RootDer));
        AssertSigner("untrusted-tcb-signing-root", MadeIntel.Pem(tdx.SignerDer, impostor.RootDer));
        AssertSigner("tcb-signer-name-mismatch", Signed(tdx.MakeSigner("CN=Intel SGX PCK Platform CA")));
        AssertSigner("tcb-signer-signature-invalid", Signed(tdx.MakeSigner(forged: true)));
        AssertSigner("tcb-signer-rights", Signed(tdx.MakeSigner(isAuthority: true)));
        AssertSigner("tcb-signer-not-yet-valid", Signed(tdx.MakeSigner(from: now.AddSeconds(1))));
        AssertSigner("tcb-signer-expired", Signed(tdx.MakeSigner(until: now.AddSeconds(-1))));
        using ECDsa p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        AssertSigner("qe-identity-signature-invalid", Signed(tdx.MakeSigner(key: p384)));
        AssertRefused("tcb-info-signature-invalid", right with { TcbInfo = impostor.MakeTcbInfo() });
        AssertRefused("qe-identity-signature-invalid", right with { QeIdentity = impostor.MakeQeIdentity() });

        // One document is not the other, whoever signed it.
        AssertRefused("tcb-info-malformed", right with { TcbInfo = right.QeIdentity });
        AssertRefused("qe-identity-malformed", right with { QeIdentity = right.TcbInfo });

        byte[] Signed(byte[] signer) => MadeIntel.Pem(signer, tdx.RootDer);

        void AssertSigner(string reason, byte[]? chain) =>
            AssertRefused(reason, right with { TcbSigningChain = Optional(chain) });
    }

    [Theory]
    [InlineData("\"id\":\"TD_QE\"", "\"id\":\"QE\"", "qe-identity-mismatch")]
    [InlineData("\"isvprodid\":2", "\"isvprodid\":1", "qe-identity-mismatch")]
    [InlineData("\"mrsigner\":\"DC", "\"mrsigner\":\"DD", "qe-identity-mismatch")]
    [InlineData("\"attributes\":\"11", "\"attributes\":\"13", "qe-identity-mismatch")]
    [InlineData("\"miscselect\":\"00", "\"miscselect\":\"01", "qe-identity-mismatch")]
    [InlineData("\"isvsvn\":6", "\"isvsvn\":7", "tcb-status-out-of-date")]
    [InlineData("\"tcbStatus\":\"UpToDate\"", "\"tcbStatus\":\"Revoked\"", "tcb-status-revoked")]
    [InlineData("2026-05-20T", "2026-06-02T", "qe-identity-not-yet-valid")]
    [InlineData("2026-06-19T", "2026-05-30T", "qe-identity-expired")]
    [InlineData("\"version\":2", "\"version\":3", "qe-identity-malformed")]
    [InlineData("\"TD_QE\"", "\"QVE\"", "qe-identity-malformed")]
    [InlineData("\"UpToDate\"", "\"Fine\"", "qe-identity-malformed")]
    [InlineData("\"isvprodid\":2", "\"isvprodid\":-2", "qe-identity-malformed")]
    [InlineData("\"isvprodid\":2", "\"isvprodid\":2,\"isvprodid\":2", "qe-identity-malformed")]
    [InlineData("\"mrsigner\":\"DC", "\"mrsigner\":\"", "qe-identity-malformed")]
    public void The_identity_of_a_quoting_enclave_is_held_to(string from, string to, string reason)
    {
        byte[] identity = tdx.MakeQeIdentity(text => Replaced(text, from, to));
        AssertRefused(reason, tdx.Endorsements with { QeIdentity = identity });
    }

    [Theory]
    [InlineData("\"id\":\"TDX\"", "\"id\":\"SGX\"", "tcb-info-mismatch")]
    [InlineData("\"fmspc\":\"b0", "\"fmspc\":\"b1", "fmspc-mismatch")]
    [InlineData("\"fmspc\":\"b0c06f", "\"fmspc\":\"B0C06F", "")]
    [InlineData("\"pceId\":\"0000", "\"pceId\":\"0001", "pceid-mismatch")]
    [InlineData("2026-05-20T", "2026-06-02T", "tcb-info-not-yet-valid")]
    [InlineData("2026-06-19T", "2026-05-30T", "tcb-info-expired")]
    [InlineData("\"version\":3", "\"version\":2", "tcb-info-malformed")]
    [InlineData("\"tcbType\":0", "\"tcbType\":1", "tcb-info-malformed")]
    [InlineData("\"tcbType\":0", "\"tcbType\":0,\"tcbType\":0", "tcb-info-malformed")]
    [InlineData("\"pcesvn\":11", "\"pcesvn\":12", "tcb-level-not-found")]
    [InlineData("\"pcesvn\":11", "\"pcesvn\":65536", "tcb-info-malformed")]
    [InlineData("{\"svn\":5},{\"svn\":0},{\"svn\":3}", "{\"svn\":99},{\"svn\":99},{\"svn\":3}", "")] // has module 1
    [InlineData("{\"svn\":5},{\"svn\":0},{\"svn\":3}", "{\"svn\":0},{\"svn\":3}", "tcb-info-malformed")]
    [InlineData("TDX_01", "TDX_02", "tdx-module-unknown")]
    [InlineData("TDX_01", "tdx_01", "")]
    [InlineData("\"isvsvn\":5", "\"isvsvn\":6", "tcb-status-out-of-date")]
    [InlineData("\"attributesMask\":\"FFFFFFFFFFFFFFFF\"", "\"attributesMask\":\"00\"", "tcb-info-malformed")]
    public void The_security_versions_of_a_platform_are_held_to(string from, string to, string reason)
    {
        byte[] info = tdx.MakeTcbInfo(text => Replaced(text, from, to));
        AssertRefused(reason, tdx.Endorsements with { TcbInfo = info });
    }

    private static string Replaced(string text, string from, string to)
    {
        Assert.Contains(from, text, StringComparison.Ordinal);
        return text.Replace(from, to, StringComparison.Ordinal);
    }

    private static void AssertChain(string reason, byte[] chain) =>
        Assert.Equal(reason, tdx.Appraise(tdx.MakeQuote(certification: chain)).Reason);

    private static void AssertLeaf(string reason, byte[] leaf) =>
        AssertChain(reason, MadeIntel.Pem(leaf, tdx.AuthorityDer, tdx.RootDer));

    private static void AssertRefused(string reason, IntelEndorsements endorsements) =>
        Assert.Equal(reason, tdx.Appraise(tdx.MakeQuote(), endorsements).Reason);

    private static ReadOnlyMemory<byte>? Optional(byte[]? bytes) => bytes is null ? null : (ReadOnlyMemory<byte>?)bytes;

    private static ReferenceValues Expected(MadeIntel made) => new()
    {
        Measurements = [new Measurement(Filled(made.IsTdx ? 48 : 32, 0x3E))],
        ReportData = Filled(64, 0xD1),
        HostData = Filled(made.IsTdx ? 144 : 64, 0x40),
        RuntimeMeasurements = made.IsTdx
            ? new Dictionary<int, Measurement> { [0] = new(new byte[48]), [3] = new(Filled(48, 3)) }
            : null,
    };

    private static byte[] Filled(int size, byte value)
    {
        byte[] bytes = new byte[size];
        bytes.AsSpan().Fill(value);
        return bytes;
    }
}
