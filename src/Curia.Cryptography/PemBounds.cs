using System;
using System.Security.Cryptography;

namespace Curia.Cryptography;

/// <summary>The door for PEM (RFC 7468) from outside: what passes here can be searched without fear for time.</summary>
public static class PemBounds
{
    private const string Beginning = "-----BEGIN ";

    /// <summary>Whether no more blocks begin than there may be.</summary>
    /// <remarks>The framework looks for the end of a block up to the end of the text, and then at the next beginning:
    /// a text of beginnings alone takes time with the square of its length, tens of seconds for 1 MiB.</remarks>
    /// <param name="text">Any text.</param>
    /// <param name="blocksMax">The most blocks.</param>
    public static bool Hold(ReadOnlySpan<char> text, int blocksMax) => text.Count(Beginning) <= blocksMax;

    /// <summary>Reads one block with nothing but white space around it; nothing throws.</summary>
    internal static bool TryReadOne(ReadOnlySpan<char> pem, string label, int sizeMax, out byte[] der)
    {
        der = [];
        if (pem.Length > 2 * sizeMax || !Hold(pem, blocksMax: 1)) return false;
        if (!PemEncoding.TryFind(pem, out PemFields fields)) return false;
        if (!pem[fields.Label].SequenceEqual(label) || !pem[..fields.Location.Start.Value].IsWhiteSpace()
            || !pem[fields.Location.End.Value..].IsWhiteSpace())
        {
            return false;
        }

        der = new byte[fields.DecodedDataLength];
        return Convert.TryFromBase64Chars(pem[fields.Base64Data], der, out int size) && size == der.Length;
    }
}
