using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Curia.Attestation;

namespace Curia.Evidence;

/// <summary>Collateral that was read: bytes that an appraisal takes, and the moment from which it takes them no longer.
/// Whether anybody signed them, the store asks before it keeps them. Immutable; any thread.</summary>
public sealed class Collateral
{
    private const string Time = "yyyy-MM-dd'T'HH:mm:ss'Z'";

    private static readonly JsonReaderOptions json = new() { MaxDepth = 16 };

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
            CollateralForm.TcbInfo => TryStatement(content.Span, "tcbInfo", ref expires),
            CollateralForm.QeIdentity => TryStatement(content.Span, "enclaveIdentity", ref expires),
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
        ReadOnlySpan<byte> digits = content.Span.Trim(" \r\n\t"u8);
        byte[] decoded = IsHex(digits) ? new byte[digits.Length / 2] : [];
        if (decoded.Length > 0)
        {
            Convert.FromHexString(digits, decoded, out _, out _);
            content = decoded;
        }

        if (!RevocationList.TryDecode(content.Span, out RevocationList? list) || list!.NextUpdate is not { } next)
            return false;
        if (next < expires) expires = next;
        return true;
    }

    private static bool IsHex(ReadOnlySpan<byte> digits)
    {
        foreach (byte digit in digits)
        {
            if (!char.IsAsciiHexDigit((char)digit)) return false;
        }

        return digits.Length > 0 && digits.Length % 2 == 0;
    }

    // The statement is signed as the bytes that it has: it is scanned here for its date, and kept as it is. Nobody has
    // vouched for it yet, so no document is built of it.
    private static bool TryStatement(ReadOnlySpan<byte> content, string name, ref DateTimeOffset expires)
    {
        try
        {
            Utf8JsonReader reader = new(content, json);
            (int bodies, int signatures, DateTimeOffset? next) = (0, 0, null);
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return false;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isBody = reader.ValueTextEquals(name);
                bool isSignature = reader.ValueTextEquals("signature"u8);
                reader.Read();
                if (isBody && (++bodies > 1 || !TryBody(ref reader, out next))) return false;
                if (isSignature && (++signatures > 1 || reader.TokenType != JsonTokenType.String)) return false;
                if (!isBody) reader.Skip();
            }

            if (bodies != 1 || signatures != 1 || next is not { } time || reader.Read()) return false;
            if (time < expires) expires = time;
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // From the beginning of the object to its end, one date among its members.
    private static bool TryBody(ref Utf8JsonReader reader, out DateTimeOffset? next)
    {
        next = null;
        if (reader.TokenType != JsonTokenType.StartObject) return false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isNext = reader.ValueTextEquals("nextUpdate"u8);
            reader.Read();
            if (isNext && (next is not null || !TryTime(ref reader, out next))) return false;
            reader.Skip();
        }

        return true;
    }

    private static bool TryTime(ref Utf8JsonReader reader, out DateTimeOffset? time)
    {
        Span<char> text = stackalloc char[32];
        time = null;
        if (reader.TokenType != JsonTokenType.String || reader.ValueSpan.Length > text.Length
            || reader.ValueIsEscaped || Ascii.ToUtf16(reader.ValueSpan, text, out int size) != OperationStatus.Done
            || !DateTimeOffset.TryParseExact(text[..size], Time, CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal, out DateTimeOffset read))
        {
            return false;
        }

        time = read;
        return true;
    }
}
