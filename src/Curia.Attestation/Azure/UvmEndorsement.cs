using System;
using System.Collections.Generic;
using System.Formats.Cbor;
using System.Globalization;
using System.Linq;
using System.Text.Json;
using Curia.Cryptography;

namespace Curia.Attestation;

/// <summary>A signed statement that a measurement is that of a utility machine of some security version: COSE_Sign1
/// with the chain of its signer, over JSON. Immutable; any thread.</summary>
public sealed class UvmEndorsement
{
    /// <summary>The largest endorsement in bytes. Real ones have some 11,000.</summary>
    public const int SizeMax = 64 * 1024;

    /// <summary>The largest time stamp beside the signature, in bytes. Real ones have some 5,200.</summary>
    public const int TimestampSizeMax = 16 * 1024;

    // Real ones have some 300. It is read before its signature is verified, because it says what to look for.
    private const int PayloadSizeMax = 8 * 1024;

    private const long ContentTypeLabel = 3;
    private const long ChainLabel = 33; // x5chain, RFC 9360 section 2
    private const long Ps384 = -38;     // RFC 8230 section 2
    private const int CertificatesMax = 6;
    private const string TimestampLabel = "timestamp";
    private const string MeasurementField = "x-ms-sevsnpvm-launchmeasurement";
    private const string SvnField = "x-ms-sevsnpvm-guestsvn";

    private readonly CoseSign1 message;
    private readonly IReadOnlyList<VendorCertificate> chain;

    private UvmEndorsement(
        CoseSign1 message, IReadOnlyList<VendorCertificate> chain, Measurement measurement, ulong svn)
    {
        this.message = message;
        this.chain = chain;
        Measurement = measurement;
        Svn = svn;
        Issuer = message.Protected.TryGetText("iss", out string? issuer) ? issuer! : "";
        Feed = message.Protected.TryGetText("feed", out string? feed) ? feed! : "";
    }

    /// <summary>The endorsed measurement.</summary>
    public Measurement Measurement { get; }

    /// <summary>The security version of the machine.</summary>
    public ulong Svn { get; }

    /// <summary>Who says so, as a did:x509; empty when nobody is named.</summary>
    public string Issuer { get; }

    /// <summary>The line of machines; empty when none is named.</summary>
    public string Feed { get; }

    /// <summary>Reads an endorsement; nothing throws. Its signature is not looked at.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, out UvmEndorsement? endorsement)
    {
        endorsement = null;
        if (bytes.Length > SizeMax || !CoseSign1.TryDecode(bytes, out CoseSign1? message)) return false;
        CoseHeaders headers = message!.Protected;
        if (!headers.TryGetInt64(CoseSign1.AlgorithmLabel, out long algorithm) || algorithm != Ps384
            || !headers.TryGetText(ContentTypeLabel, out string? type) || type != "application/json"
            || !headers.UnderstandsCritical([CoseSign1.AlgorithmLabel, ContentTypeLabel, ChainLabel], ["iss", "feed"])
            || !headers.TryGet(ChainLabel, out ReadOnlyMemory<byte> encoded)
            || !TryReadChain(encoded, out List<VendorCertificate> chain)
            || !IsInForm(bytes.Span, message)
            || message.Payload is not { Length: <= PayloadSizeMax } payload
            || !TryReadPayload(payload, out Measurement measurement, out ulong svn))
        {
            return false;
        }

        endorsement = new UvmEndorsement(message, chain, measurement, svn);
        return true;
    }

    /// <summary>Whether one of the endorsers vouches for a measurement, check by check.</summary>
    internal static bool Endorses(
        ReadOnlyMemory<byte> bytes,
        Measurement measurement,
        IReadOnlyList<UvmEndorser> endorsers,
        ulong minimumSvn,
        DateTimeOffset at,
        Appraisal checks)
    {
        if (!checks.Require("uvm-endorsement", AzureSource.Cose, TryDecode(bytes, out UvmEndorsement? read),
            "uvm-endorsement-malformed"))
        {
            return false;
        }

        UvmEndorsement endorsement = read!;
        UvmEndorser? endorser = endorsers.FirstOrDefault(
            one => one.Issuer == endorsement.Issuer && one.Feed == endorsement.Feed);
        return checks.Require("uvm-endorser", SnpSource.Reference, endorser is not null, "uvm-endorser-unknown",
                $"{endorsement.Issuer}, feed {endorsement.Feed}")
            && checks.Require("uvm-endorser-root", AzureSource.DidX509,
                endorsement.chain[^1].Fingerprint == endorser!.RootFingerprint, "uvm-endorsement-untrusted-root",
                endorsement.chain[^1].Subject)
            && checks.Require("uvm-endorser-chain", SnpSource.Path, endorsement.ChainHolds(at),
                "uvm-endorsement-chain-invalid")
            && checks.Require("uvm-endorser-purpose", AzureSource.DidX509,
                endorsement.chain[0].HasPurpose(endorser.Purpose), "uvm-endorsement-purpose", endorser.Purpose)
            && checks.Require("uvm-endorsement-signature", AzureSource.Cose, endorsement.SignatureHolds,
                "uvm-endorsement-signature-invalid")
            && checks.Require("uvm-svn", SnpSource.Policy,
                endorsement.Svn >= Math.Max(minimumSvn, endorser.MinimumSvn), "uvm-svn-below-minimum",
                $"{endorsement.Svn}")
            && checks.Require("measurement-endorsed", SnpSource.Reference, endorsement.Measurement == measurement,
                "measurement-not-endorsed", $"{measurement}; endorsed {endorsement.Measurement}");
    }

    private bool SignatureHolds => X509Signature.VerifyPss384(
        chain[0].SubjectPublicKeyInfo.Span, message.ToBeSigned(message.Payload!.Value.Span),
        message.Signature.Span);

    // The signing certificate lives for a year, what it signed for longer, and nobody has stamped when that was. So
    // the chain must have been valid when the signing certificate began, and that must not lie ahead of us.
    private bool ChainHolds(DateTimeOffset at)
    {
        DateTimeOffset signed = chain[0].NotBefore;
        if (signed > at || chain[0].IsAuthority || !chain[^1].IsIssuedBy(chain[^1])) return false;
        for (int i = chain.Count - 1; i > 0; i--)
        {
            if (!chain[i].MayHaveBelow(authorities: i - 1) || !chain[i].IsValidAt(signed) || !chain[i].IsUnderstood
                || !chain[i - 1].IsIssuedBy(chain[i]))
            {
                return false;
            }
        }

        return chain[0].IsUnderstood;
    }

    // What no signature covers has one form: the lengths of the message in the fewest bytes (RFC 8949 section 4.2.1),
    // and beside the signature nothing but a time stamp, which is not looked at (docs/attestation.md, "Bytes that
    // nobody signs").
    private static bool IsInForm(ReadOnlySpan<byte> bytes, CoseSign1 message)
    {
        CoseHeaders beside = message.Unprotected;
        bool isStamped = beside.TryGet(TimestampLabel, out ReadOnlyMemory<byte> encoded);
        if (beside.Count != (isStamped ? 1 : 0)) return false;
        CborWriter writer = new(CborConformanceMode.Canonical);
        writer.WriteTag((CborTag)18);
        writer.WriteStartArray(4);
        writer.WriteByteString(message.ProtectedHeader.Span);
        writer.WriteStartMap(isStamped ? 1 : 0);
        if (isStamped)
        {
            CborReader stamp = new(encoded, CborConformanceMode.Strict);
            if (encoded.Length > TimestampSizeMax || stamp.PeekState() != CborReaderState.ByteString) return false;
            writer.WriteTextString(TimestampLabel);
            writer.WriteByteString(stamp.ReadDefiniteLengthByteString().Span);
        }

        writer.WriteEndMap();
        if (message.Payload is not { } payload) return false;
        writer.WriteByteString(payload.Span);
        writer.WriteByteString(message.Signature.Span);
        writer.WriteEndArray();
        return bytes.SequenceEqual(writer.Encode());
    }

    // RFC 9360 section 2: an array of certificates, the signer's first, each signed by the next.
    private static bool TryReadChain(ReadOnlyMemory<byte> encoded, out List<VendorCertificate> chain)
    {
        chain = [];
        try
        {
            CborReader reader = new(encoded, CborConformanceMode.Strict);
            if (reader.PeekState() != CborReaderState.StartArray) return false;
            int count = reader.ReadStartArray() ?? 0;
            if (count is < 2 or > CertificatesMax) return false;
            for (int i = 0; i < count; i++)
            {
                if (!VendorCertificate.TryDecode(
                    reader.ReadDefiniteLengthByteString().Span, out VendorCertificate? certificate))
                {
                    return false;
                }

                chain.Add(certificate!);
            }

            return true;
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException)
        {
            return false;
        }
    }

    private static bool TryReadPayload(ReadOnlyMemory<byte> payload, out Measurement measurement, out ulong svn)
    {
        measurement = default;
        svn = 0;
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                payload, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 });
            JsonElement root = document.RootElement;
            return root.ValueKind == JsonValueKind.Object
                && root.TryGetProperty(MeasurementField, out JsonElement digest)
                && digest.ValueKind == JsonValueKind.String
                && Measurement.TryParseHex(digest.GetString(), out measurement)
                && root.TryGetProperty(SvnField, out JsonElement version) && version.ValueKind == JsonValueKind.String
                && ulong.TryParse(version.GetString(), NumberStyles.None, CultureInfo.InvariantCulture, out svn);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false; // the second is how text that is not Unicode is answered
        }
    }
}
