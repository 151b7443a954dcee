using System;
using System.Buffers;
using System.Buffers.Text;
using System.Collections.Generic;

namespace Curia.Attestation;

/// <summary>Evidence and endorsements as named files, in the way in which a folder of them is laid out: who reads the
/// folder gives a function, and gets what a verifier takes.</summary>
/// <remarks>A file whose text is not what it must be, PEM or Base64, is handed on as it is, so that the appraisal
/// refuses it by name.</remarks>
/// <param name="read">The bytes of a name with <c>/</c> between its parts; null when there is no such file.</param>
public sealed class EvidenceBundle(Func<string, ReadOnlyMemory<byte>?> read)
{
    /// <summary>The report of Azure's paravisor, which has the one of the hardware in it.</summary>
    public const string HclReportFile = "hcl-report.bin";

    /// <summary>The report of SEV-SNP.</summary>
    public const string SnpReportFile = "report.bin";

    /// <summary>The certificate of the key that signed it, DER.</summary>
    public const string SnpLeafFile = "leaf.der";

    /// <summary>The certificates above it, PEM.</summary>
    public const string SnpChainFile = "chain.pem";

    /// <summary>The revocation list of AMD's root, DER.</summary>
    public const string SnpRevocationListFile = "ark.crl.der";

    /// <summary>Who endorses the measurement of SEV-SNP.</summary>
    public const string UvmEndorsementFile = "uvm_endorsements.cose";

    /// <summary>The policy of a confidential container, Base64.</summary>
    public const string ContainerPolicyFile = "security-policy-base64";

    /// <summary>The quote of TDX or SGX.</summary>
    public const string QuoteFile = "quote.bin";

    private const string PckChainFile = "pck_chain.pem";

    /// <summary>The revocation list of Intel's root, DER.</summary>
    public const string RootRevocationListFile = "collateral/root_ca_crl.der";

    /// <summary>The revocation list of the authority of the processor's key, DER.</summary>
    public const string PckRevocationListFile = "collateral/pck_crl.der";

    /// <summary>The identity of the quoting enclave, JSON.</summary>
    public const string QeIdentityFile = "collateral/qe_identity.json";

    /// <summary>The security versions of the platform, JSON.</summary>
    public const string TcbInfoFile = "collateral/tcb_info.json";

    /// <summary>The certificates of the signer of both, PEM.</summary>
    public const string TcbSigningChainFile = "collateral/tcb_signing_chain.pem";

    /// <summary>The largest file that is asked for, in bytes: a revocation list.</summary>
    public const int FileSizeMax = RevocationList.SizeMax;

    /// <summary>The files of a platform; all that is not in <see cref="RequiredFilesOf"/> may be missing.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The platform has no folders of this kind.</exception>
    public static IReadOnlyList<string> FilesOf(AttestationPlatform platform) => platform switch
    {
        AttestationPlatform.Snp =>
        [
            SnpReportFile, HclReportFile, SnpLeafFile, SnpChainFile, SnpRevocationListFile, UvmEndorsementFile,
            ContainerPolicyFile,
        ],
        AttestationPlatform.Tdx => [QuoteFile, HclReportFile, .. IntelFiles],
        AttestationPlatform.Sgx => [QuoteFile, .. IntelFiles],
        AttestationPlatform.Virtual => [AttesterEvidence.VirtualFile],
        _ => throw new ArgumentOutOfRangeException(nameof(platform)),
    };

    /// <summary>The files of a platform without which there is nothing to appraise. SEV-SNP: <c>report.bin</c> may be
    /// missing where <c>hcl-report.bin</c> is.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The platform has no folders of this kind.</exception>
    public static IReadOnlyList<string> RequiredFilesOf(AttestationPlatform platform) => platform switch
    {
        AttestationPlatform.Snp => [SnpReportFile, SnpLeafFile],
        AttestationPlatform.Tdx or AttestationPlatform.Sgx => [QuoteFile],
        AttestationPlatform.Virtual => [AttesterEvidence.VirtualFile],
        _ => throw new ArgumentOutOfRangeException(nameof(platform)),
    };

    private static IReadOnlyList<string> IntelFiles =>
    [
        PckChainFile, RootRevocationListFile, PckRevocationListFile, QeIdentityFile, TcbInfoFile, TcbSigningChainFile,
    ];

    /// <summary>Evidence and endorsements of SEV-SNP.</summary>
    /// <param name="evidence">The evidence; null when a file is missing.</param>
    /// <param name="endorsements">The endorsements; null when a file is missing.</param>
    /// <param name="missing">The name of the file; empty when none is.</param>
    public bool TryGetSnp(out SnpEvidence? evidence, out SnpEndorsements? endorsements, out string missing)
    {
        evidence = null;
        endorsements = null;
        ReadOnlyMemory<byte>? hcl = read(HclReportFile);
        missing = SnpReportFile;
        ReadOnlyMemory<byte>? apart = read(SnpReportFile);
        if ((hcl ?? apart) is not { } report) return false;
        missing = SnpLeafFile;
        if (read(SnpLeafFile) is not { } leaf) return false;
        missing = "";
        ReadOnlyMemory<byte>? text = read(ContainerPolicyFile);
        ReadOnlyMemory<byte> policy = default;
        bool policyIsRead = text is not { } base64 || TryFromBase64(base64.Span, out policy);
        evidence = new SnpEvidence
        {
            Report = report,
            InHclReport = hcl is not null,
            ReportApart = hcl is null ? (ReadOnlyMemory<byte>?)null : apart,
            ContainerPolicyIsRead = policyIsRead,
            ContainerPolicy = text is null ? (ReadOnlyMemory<byte>?)null : policy,
        };
        endorsements = new SnpEndorsements
        {
            Leaf = leaf,
            Chain = ChainOf(read(SnpChainFile)),
            RevocationList = read(SnpRevocationListFile),
            UvmEndorsement = read(UvmEndorsementFile),
        };
        return true;
    }

    /// <summary>Evidence and endorsements of TDX.</summary>
    /// <param name="evidence">The evidence; null when a file is missing.</param>
    /// <param name="endorsements">The endorsements; null when a file is missing.</param>
    /// <param name="missing">The name of the file; empty when none is.</param>
    public bool TryGetTdx(out TdxEvidence? evidence, out IntelEndorsements? endorsements, out string missing)
    {
        evidence = null;
        if (!TryGetQuote(out ReadOnlyMemory<byte> quote, out endorsements, out missing)) return false;
        evidence = new TdxEvidence { Quote = quote, HclReport = read(HclReportFile) };
        return true;
    }

    /// <summary>Evidence and endorsements of SGX.</summary>
    /// <param name="evidence">The evidence; null when a file is missing.</param>
    /// <param name="endorsements">The endorsements; null when a file is missing.</param>
    /// <param name="missing">The name of the file; empty when none is.</param>
    public bool TryGetSgx(out SgxEvidence? evidence, out IntelEndorsements? endorsements, out string missing)
    {
        evidence = null;
        if (!TryGetQuote(out ReadOnlyMemory<byte> quote, out endorsements, out missing)) return false;
        evidence = new SgxEvidence { Quote = quote };
        return true;
    }

    private bool TryGetQuote(
        out ReadOnlyMemory<byte> quote, out IntelEndorsements? endorsements, out string missing)
    {
        ReadOnlyMemory<byte>? found = read(QuoteFile);
        quote = found ?? default;
        endorsements = null;
        missing = found is null ? QuoteFile : "";
        if (found is null) return false;
        endorsements = new IntelEndorsements
        {
            PckChain = read(PckChainFile),
            RootRevocationList = read(RootRevocationListFile),
            PckRevocationList = read(PckRevocationListFile),
            QeIdentity = read(QeIdentityFile),
            TcbInfo = read(TcbInfoFile),
            TcbSigningChain = read(TcbSigningChainFile),
        };
        return true;
    }

    // Without a file the chain is empty, and so incomplete.
    private static IReadOnlyList<ReadOnlyMemory<byte>> ChainOf(ReadOnlyMemory<byte>? pem)
    {
        if (pem is not { } chain) return [];
        return PemCertificates.TryDecodeAscii(chain.Span, out IReadOnlyList<ReadOnlyMemory<byte>> certificates)
            ? certificates
            : [chain];
    }

    // No signature covers the text, so it has one form (RFC 4648 section 4): without white space, padded, and with
    // zeros for the bits behind the last byte.
    private static bool TryFromBase64(ReadOnlySpan<byte> text, out ReadOnlyMemory<byte> decoded)
    {
        decoded = default;
        if (text.Length > AttesterEvidence.SizeMax) return false;
        byte[] bytes = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (Base64.DecodeFromUtf8(text, bytes, out _, out int size) != OperationStatus.Done
            || Base64.GetMaxEncodedToUtf8Length(size) != text.Length)
        {
            return false;
        }

        Span<byte> last = stackalloc byte[4];
        int whole = Math.Max(size - 1, 0) / 3 * 3;
        Base64.EncodeToUtf8(bytes.AsSpan(whole, size - whole), last, out _, out int written);
        decoded = bytes.AsMemory(0, size);
        return text.EndsWith(last[..written]);
    }
}
