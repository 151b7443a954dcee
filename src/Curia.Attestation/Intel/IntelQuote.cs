using System;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Curia.Cryptography;

namespace Curia.Attestation;

/// <summary>A quote of Intel's quoting enclaves: of version 3 for an enclave of SGX, of version 4 or 5 for a trust
/// domain of TDX, signed with ECDSA on P-256. Immutable; any thread.</summary>
/// <remarks>A quote that can be built has lengths that fit each other and the bytes that there are. Nobody has vouched
/// for it yet. Its bytes are no identity: of an ECDSA signature anybody makes another one.</remarks>
public sealed class IntelQuote
{
    /// <summary>The largest quote in bytes. Real ones have some 5,000, in buffers of 8,000.</summary>
    public const int SizeMax = 32 * 1024;

    /// <summary>The certification data that is a chain of certificates.</summary>
    public const int ChainCertification = 5;

    private const int HeaderSize = 48;
    private const int BodyHeaderSize = 6;
    private const int SignatureSize = 64;
    private const int KeySize = 64;
    private const ushort EcdsaP256 = 2;
    private const uint TdxType = 0x81;
    private const ushort QeReportCertification = 6;

    private static readonly byte[] intelVendor = Convert.FromHexString("939a7233f79c4ca9940a0db3957f0607");

    // SubjectPublicKeyInfo of a key on P-256, up to the two numbers of its point (RFC 5480 section 2).
    private static readonly byte[] keyPrefix =
        Convert.FromHexString("3059301306072a8648ce3d020106082a8648ce3d03010703420004");

    private readonly ReadOnlyMemory<byte> bytes;
    private ReadOnlyMemory<byte> signed;
    private ReadOnlyMemory<byte> signature;
    private ReadOnlyMemory<byte> attestationKey;
    private ReadOnlyMemory<byte> qeSignature;
    private ReadOnlyMemory<byte> qeAuthentication;
    private SgxReport? qeReport;

    private IntelQuote(ReadOnlyMemory<byte> bytes) => this.bytes = bytes;

    /// <summary>The version of the layout: 3, 4 or 5.</summary>
    public int Version => Half(0);

    /// <summary>What the quote is of.</summary>
    public AttestationPlatform Platform =>
        Version == 3 ? AttestationPlatform.Sgx : AttestationPlatform.Tdx;

    /// <summary>The report of the enclave; null in a quote of TDX.</summary>
    public SgxReport? Enclave { get; private set; }

    /// <summary>The report of the trust domain; null in a quote of SGX.</summary>
    public TdxReport? Domain { get; private set; }

    /// <summary>The report of the quoting enclave.</summary>
    public SgxReport QeReport => qeReport!;

    /// <summary>The kind of certification data: 5 is a chain of certificates, less than that names the processor's key
    /// without its certificate.</summary>
    public int CertificationType { get; private set; }

    /// <summary>The certification data.</summary>
    public ReadOnlyMemory<byte> CertificationData { get; private set; }

    /// <summary>Reads a quote and zeros behind it, as buffers of a fixed size have; nothing throws.</summary>
    /// <returns>False for other versions, keys, environments and vendors, for lengths that do not fit, and for other
    /// bytes behind the quote.</returns>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, out IntelQuote? quote)
    {
        quote = Read(bytes, new Appraisal());
        return quote is not null;
    }

    /// <summary>Whether a key signed the report of the quoting enclave: that of the PCK certificate.</summary>
    public bool QeIsSignedBy(SignatureVerifier key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return key.Curve == SigningCurve.P256
            && key.VerifyHash(SHA256.HashData(QeReport.Bytes.Span), qeSignature.Span);
    }

    /// <summary>Whether the quoting enclave vouches for the attestation key: its report data are SHA-256 of the key and
    /// of what it authenticated with it, and 32 zeros.</summary>
    public bool KeyIsBound
    {
        get
        {
            ReadOnlySpan<byte> data = QeReport.ReportData.Span;
            return SHA256.HashData([.. attestationKey.Span, .. qeAuthentication.Span]).AsSpan()
                .SequenceEqual(data[..SHA256.HashSizeInBytes])
                && !data[SHA256.HashSizeInBytes..].ContainsAnyExcept((byte)0);
        }
    }

    /// <summary>Whether the attestation key signed header and body.</summary>
    public bool IsSigned
    {
        get
        {
            if (!SignatureVerifier.TryFromSubjectPublicKeyInfo(
                [.. keyPrefix, .. attestationKey.Span], out SignatureVerifier? key))
            {
                return false; // a point that is not on the curve
            }

            using (key) return key!.VerifyHash(SHA256.HashData(signed.Span), signature.Span);
        }
    }

    /// <summary>Whether what version 4 and 5 reserve in the header is zero, and the same in reports of enclaves. All of
    /// it is signed.</summary>
    internal bool ReservedBytesAreZero =>
        (Platform == AttestationPlatform.Sgx ? IsZero(4, 8) : IsZero(8, 12))
        && QeReport.ReservedBytesAreZero && (Enclave is null || Enclave.ReservedBytesAreZero);

    /// <summary>Reads a quote check by check; null when one fails.</summary>
    internal static IntelQuote? Read(ReadOnlyMemory<byte> bytes, Appraisal checks)
    {
        if (!checks.Require("quote-length", IntelSource.Quote, bytes.Length is > HeaderSize and <= SizeMax,
            "quote-length", $"{bytes.Length} bytes"))
        {
            return null;
        }

        IntelQuote quote = new(bytes.ToArray());
        uint type = BinaryPrimitives.ReadUInt32LittleEndian(quote.bytes.Span[4..]);
        return checks.Require("quote-version", IntelSource.Quote, quote.Version is 3 or 4 or 5,
                "unsupported-quote-version", $"version {quote.Version}")
            && checks.Require("attestation-key-type", IntelSource.Quote, quote.Half(2) == EcdsaP256,
                "unsupported-attestation-key-type", $"type {quote.Half(2)}")
            && checks.Require("tee-type", IntelSource.Quote,
                quote.Platform == AttestationPlatform.Sgx || type == TdxType, "tee-type-mismatch", $"0x{type:x}")
            && checks.Require("qe-vendor", IntelSource.Quote,
                quote.bytes.Span.Slice(12, intelVendor.Length).SequenceEqual(intelVendor), "unknown-qe-vendor")
            && quote.ReadBody(checks)
            ? quote
            : null;
    }

    // Version 5 says what the body is, and the signature covers that too.
    private bool ReadBody(Appraisal checks)
    {
        int start = HeaderSize;
        int size = Version == 3 ? SgxReport.Size : TdxReport.Size10;
        if (Version == 5)
        {
            start += BodyHeaderSize;
            if (!checks.Require("quote-body", IntelSource.Quote,
                bytes.Length >= start && (Half(HeaderSize), Word(HeaderSize + 2)) is
                    (2, TdxReport.Size10) or (3, TdxReport.Size15),
                "unsupported-quote-body"))
            {
                return false;
            }

            size = (int)Word(HeaderSize + 2);
        }

        ReadOnlyMemory<byte> rest = bytes[start..];
        if (!checks.Require("quote-body-length", IntelSource.Quote, TryTake(ref rest, size, out var body),
            "quote-truncated"))
        {
            return false;
        }

        signed = bytes[..(start + size)];
        if (Platform == AttestationPlatform.Sgx) Enclave = new SgxReport(body);
        else Domain = new TdxReport(body);
        return checks.Require("quote-signature-length", IntelSource.Quote, TryTakeWord(ref rest, out var data),
                "quote-truncated")
            && checks.Require("quote-padding", IntelSource.Quote, !rest.Span.ContainsAnyExcept((byte)0),
                "quote-trailing-bytes", $"{rest.Length} bytes behind the quote")
            && checks.Require("quote-signature-data", IntelSource.Quote, ReadSignatureData(data),
                "quote-length-fields");
    }

    // Signature, attestation key; from version 4 on a wrapping of the rest; report of the quoting enclave with its
    // signature, what it authenticated, certification data.
    private bool ReadSignatureData(ReadOnlyMemory<byte> data)
    {
        if (!TryTake(ref data, SignatureSize, out signature) || !TryTake(ref data, KeySize, out attestationKey))
            return false;
        if (Version > 3)
        {
            if (!TryTakeHalf(ref data, out ushort wrapping) || wrapping != QeReportCertification
                || !TryTakeWord(ref data, out ReadOnlyMemory<byte> wrapped) || !data.IsEmpty)
            {
                return false;
            }

            data = wrapped;
        }

        if (!TryTake(ref data, SgxReport.Size, out ReadOnlyMemory<byte> report)
            || !TryTake(ref data, SignatureSize, out qeSignature)
            || !TryTakeHalf(ref data, out ushort authenticationSize)
            || !TryTake(ref data, authenticationSize, out qeAuthentication)
            || !TryTakeHalf(ref data, out ushort type)
            || !TryTakeWord(ref data, out ReadOnlyMemory<byte> certification) || !data.IsEmpty)
        {
            return false;
        }

        qeReport = new SgxReport(report);
        CertificationType = type;
        CertificationData = certification;
        return true;
    }

    private static bool TryTake(ref ReadOnlyMemory<byte> rest, int size, out ReadOnlyMemory<byte> taken)
    {
        taken = default;
        if (size > rest.Length) return false;
        taken = rest[..size];
        rest = rest[size..];
        return true;
    }

    private static bool TryTakeHalf(ref ReadOnlyMemory<byte> rest, out ushort value)
    {
        value = 0;
        if (!TryTake(ref rest, sizeof(ushort), out ReadOnlyMemory<byte> taken)) return false;
        value = BinaryPrimitives.ReadUInt16LittleEndian(taken.Span);
        return true;
    }

    // What a length of four bytes stands before; the length is compared before it is a number that can be negative.
    private static bool TryTakeWord(ref ReadOnlyMemory<byte> rest, out ReadOnlyMemory<byte> taken)
    {
        taken = default;
        if (!TryTake(ref rest, sizeof(uint), out ReadOnlyMemory<byte> length)) return false;
        uint size = BinaryPrimitives.ReadUInt32LittleEndian(length.Span);
        return size <= (uint)rest.Length && TryTake(ref rest, (int)size, out taken);
    }

    private bool IsZero(int from, int to) => !bytes.Span[from..to].ContainsAnyExcept((byte)0);

    private ushort Half(int offset) => BinaryPrimitives.ReadUInt16LittleEndian(bytes.Span[offset..]);

    private uint Word(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes.Span[offset..]);
}
