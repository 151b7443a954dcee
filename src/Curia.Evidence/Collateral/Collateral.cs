using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Curia.Attestation;

namespace Curia.Evidence;

/// <summary>Collateral that is held: bytes that an appraisal takes, and the moment from which it takes them no longer.
/// Whether anybody signed them, only an appraisal says. Immutable; any thread.</summary>
public sealed class Collateral
{
    private static readonly JsonDocumentOptions json = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    private Collateral(
        ReadOnlyMemory<byte> content, IReadOnlyList<ReadOnlyMemory<byte>> certificates, DateTimeOffset expires)
    {
        Content = content;
        Certificates = certificates;
        Expires = expires;
    }

    /// <summary>The bytes as they were received; a revocation list is DER.</summary>
    public ReadOnlyMemory<byte> Content { get; }

    /// <summary>The certificates in it, or of its signer, DER, in the order in which they came.</summary>
    public IReadOnlyList<ReadOnlyMemory<byte>> Certificates { get; }

    /// <summary>The earliest end of what is in it: of a certificate (notAfter), of a list or of a statement
    /// (nextUpdate).</summary>
    public DateTimeOffset Expires { get; }

    /// <summary>Reads what a server or a file has; nothing throws.</summary>
    /// <param name="item">What it must be.</param>
    /// <param name="content">The bytes, no more than <see cref="CollateralItem.SizeMax"/>.</param>
    /// <param name="chain">The chain of its signer in PEM; null for none.</param>
    /// <param name="collateral">What was read; null when it is something else.</param>
    public static bool TryRead(
        CollateralItem item, ReadOnlyMemory<byte> content, string? chain, out Collateral? collateral)
    {
        ArgumentNullException.ThrowIfNull(item);
        collateral = null;
        if (content.Length > item.SizeMax || content.IsEmpty) return false;
        List<ReadOnlyMemory<byte>> certificates = [];
        DateTimeOffset expires = DateTimeOffset.MaxValue;
        bool read = item.Form switch
        {
            CollateralForm.Certificate => TryCertificates([content], certificates, ref expires),
            CollateralForm.Chain => TryPem(Encoding.Latin1.GetString(content.Span), certificates, ref expires),
            CollateralForm.RevocationList => TryList(ref content, ref expires),
            CollateralForm.TcbInfo => TryStatement(content, "tcbInfo", ref expires),
            CollateralForm.QeIdentity => TryStatement(content, "enclaveIdentity", ref expires),
            CollateralForm.AzureHost => AzureHostCertificate.TryDecode(content, out AzureHostCertificate? host)
                && TryCertificates(host!.Certificates, certificates, ref expires),
            _ => false,
        };
        if (!read || (item.ChainHeader is not null && !TryPem(chain, certificates, ref expires))) return false;
        collateral = new Collateral(content, certificates, expires);
        return true;
    }

    private static bool TryPem(string? pem, List<ReadOnlyMemory<byte>> certificates, ref DateTimeOffset expires) =>
        pem is not null && PemCertificates.TryDecode(pem, out IReadOnlyList<ReadOnlyMemory<byte>> found)
        && TryCertificates(found, certificates, ref expires);

    private static bool TryCertificates(
        IReadOnlyList<ReadOnlyMemory<byte>> found, List<ReadOnlyMemory<byte>> certificates, ref DateTimeOffset expires)
    {
        foreach (ReadOnlyMemory<byte> der in found)
        {
            if (!VendorCertificate.TryDecode(der.Span, out VendorCertificate? certificate)) return false;
            certificates.Add(der);
            if (certificate!.NotAfter < expires) expires = certificate.NotAfter;
        }

        return true;
    }

    private static bool TryList(ref ReadOnlyMemory<byte> content, ref DateTimeOffset expires)
    {
        // A list in DER begins with 0x30 0x82, and the second of these is no digit.
        if (IsHex(content.Span)) content = Convert.FromHexString(Encoding.ASCII.GetString(content.Span).Trim());
        if (!RevocationList.TryDecode(content.Span, out RevocationList? list) || list!.NextUpdate is not { } next)
            return false;
        if (next < expires) expires = next;
        return true;
    }

    private static bool IsHex(ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> digits = text.Trim(" \r\n\t"u8);
        foreach (byte digit in digits)
        {
            if (!char.IsAsciiHexDigit((char)digit)) return false;
        }

        return digits.Length > 0 && digits.Length % 2 == 0;
    }

    // The statement is signed as the bytes that it has: it is read here for its date, and kept as it is.
    private static bool TryStatement(ReadOnlyMemory<byte> content, string name, ref DateTimeOffset expires)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(content, json);
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("signature", out JsonElement signature)
                || signature.ValueKind != JsonValueKind.String || !root.TryGetProperty(name, out JsonElement body)
                || body.ValueKind != JsonValueKind.Object || !body.TryGetProperty("nextUpdate", out JsonElement next)
                || next.ValueKind != JsonValueKind.String
                || !DateTimeOffset.TryParseExact(next.GetString(), "yyyy-MM-dd'T'HH:mm:ss'Z'",
                    CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time))
            {
                return false;
            }

            if (time < expires) expires = time;
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false; // the second is how text that is not Unicode is answered
        }
    }
}
