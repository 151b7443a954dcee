using System;
using System.Collections.Generic;
using System.Security.Cryptography;
using Curia.Cryptography;

namespace Curia.Attestation;

/// <summary>Certificates in PEM (RFC 7468), one after the other, as key distribution services give them out.</summary>
public static class PemCertificates
{
    /// <summary>The most certificates. A chain has two or three.</summary>
    public const int CountMax = 8;

    private const string Label = "CERTIFICATE";

    /// <summary>Reads the blocks in their order, with nothing but white space around them; nothing throws. What is in
    /// a block is not looked at.</summary>
    /// <returns>False for other blocks, other text, none or too many.</returns>
    public static bool TryDecode(ReadOnlySpan<char> text, out IReadOnlyList<ReadOnlyMemory<byte>> certificates)
    {
        List<ReadOnlyMemory<byte>> read = [];
        certificates = read;
        if (text.Length > 2 * CountMax * VendorCertificate.SizeMax || !PemBounds.Hold(text, CountMax)) return false;
        while (!text.IsWhiteSpace())
        {
            if (!PemEncoding.TryFind(text, out PemFields fields) || !text[fields.Label].SequenceEqual(Label)
                || !text[..fields.Location.Start.Value].IsWhiteSpace())
            {
                return false;
            }

            byte[] der = new byte[fields.DecodedDataLength];
            if (!Convert.TryFromBase64Chars(text[fields.Base64Data], der, out int size) || size != der.Length)
                return false;
            read.Add(der);
            text = text[fields.Location.End.Value..];
        }

        return read.Count > 0;
    }
}
