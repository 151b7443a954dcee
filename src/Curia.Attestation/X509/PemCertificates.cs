using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using System.Text;
using Curia.Cryptography;

namespace Curia.Attestation;

/// <summary>Certificates in PEM (RFC 7468), one after the other, as key distribution services give them out.</summary>
public static class PemCertificates
{
    /// <summary>The most certificates. A chain has two or three.</summary>
    public const int CountMax = 8;

    /// <summary>The longest text in characters. Real chains have under 10,000.</summary>
    public const int TextSizeMax = 64 * 1024;

    private const string Label = "CERTIFICATE";
    private const string Beginning = "-----BEGIN CERTIFICATE-----";
    private const string End = "-----END CERTIFICATE-----";

    // RFC 7468 section 3 writes 64 columns; MIME, and so some quotes in the field, 76.
    private const int Width = 64;
    private const int MimeWidth = 76;

    /// <summary>Reads the blocks in their order and nothing beside them; nothing throws. What is in a block is not
    /// looked at.</summary>
    /// <remarks>No signature covers the armour, so it has a form (RFC 7468 section 3): the lines of a block have all 64
    /// columns, or all 76, but for the last; those of the text end all with LF or all with CRLF, and the end of the
    /// last one may be missing. What was decoded is encoded again and compared.</remarks>
    /// <returns>False for other blocks, other text, another form, none or too many.</returns>
    public static bool TryDecode(ReadOnlySpan<char> text, out IReadOnlyList<ReadOnlyMemory<byte>> certificates)
    {
        List<ReadOnlyMemory<byte>> read = [];
        certificates = read;
        if (text.Length > TextSizeMax || !PemBounds.Hold(text, CountMax)) return false;
        ReadOnlySpan<char> rest = text;
        while (!rest.IsWhiteSpace())
        {
            if (!PemEncoding.TryFind(rest, out PemFields fields) || !rest[fields.Label].SequenceEqual(Label))
                return false;
            byte[] der = new byte[fields.DecodedDataLength];
            if (!Convert.TryFromBase64Chars(rest[fields.Base64Data], der, out int size) || size != der.Length)
                return false;
            read.Add(der);
            rest = rest[fields.Location.End.Value..];
        }

        return read.Count > 0 && IsInForm(text, read);
    }

    /// <summary>The same for bytes of ASCII.</summary>
    internal static bool TryDecodeAscii(
        ReadOnlySpan<byte> text, out IReadOnlyList<ReadOnlyMemory<byte>> certificates)
    {
        certificates = [];
        return text.Length <= TextSizeMax && Ascii.IsValid(text)
            && TryDecode(Encoding.ASCII.GetString(text), out certificates);
    }

    private static bool IsInForm(ReadOnlySpan<char> text, List<ReadOnlyMemory<byte>> certificates)
    {
        string lineEnd = text.Contains('\r') ? "\r\n" : "\n";
        foreach (ReadOnlyMemory<byte> certificate in certificates)
        {
            if (!TryTake(ref text, Beginning) || !TryTake(ref text, lineEnd)) return false;
            ReadOnlySpan<char> base64 = Convert.ToBase64String(certificate.Span);
            if (!TryTakeLines(ref text, base64, Width, lineEnd) && !TryTakeLines(ref text, base64, MimeWidth, lineEnd))
                return false;
            if (!TryTake(ref text, End) || (!text.IsEmpty && !TryTake(ref text, lineEnd))) return false;
        }

        return text.IsEmpty;
    }

    private static bool TryTakeLines(
        ref ReadOnlySpan<char> text, ReadOnlySpan<char> base64, int width, ReadOnlySpan<char> lineEnd)
    {
        ReadOnlySpan<char> rest = text;
        for (int i = 0; i < base64.Length; i += width)
        {
            if (!TryTake(ref rest, base64[i..Math.Min(i + width, base64.Length)]) || !TryTake(ref rest, lineEnd))
                return false;
        }

        text = rest;
        return true;
    }

    private static bool TryTake(ref ReadOnlySpan<char> text, ReadOnlySpan<char> expected)
    {
        if (!text.StartsWith(expected)) return false;
        text = text[expected.Length..];
        return true;
    }
}
