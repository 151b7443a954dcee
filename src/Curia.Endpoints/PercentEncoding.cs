using System;
using System.Buffers;
using System.Text;
using System.Text.Unicode;

namespace Curia.Endpoints;

/// <summary>Percent-encoding, strict: a percent sign is followed by two hexadecimal digits, and the bytes are
/// UTF-8.</summary>
internal static class PercentEncoding
{
    private static readonly SearchValues<char> Unreserved =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~");

    // RFC 3986 section 3.3, pchar without the percent sign.
    private static readonly SearchValues<char> PathCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@");

    /// <summary>Whether a segment of a path is already in canonical form and needs no decoding.</summary>
    public static bool IsPlain(ReadOnlySpan<char> segment) => !segment.ContainsAnyExcept(PathCharacters);

    /// <summary>Decodes a segment of a path. Control characters are refused: nothing that names a resource has
    /// them.</summary>
    public static bool TryDecodeSegment(ReadOnlySpan<char> segment, out string text) =>
        TryDecode(segment, PathCharacters, plusIsSpace: false, out text)
            && !text.AsSpan().ContainsAnyInRange('\0', '\x1f') && !text.Contains('\x7f', StringComparison.Ordinal);

    /// <summary>Decodes a name or a value of a query, where a plus is a space.</summary>
    public static bool TryDecodeForm(ReadOnlySpan<char> part, out string text) =>
        TryDecode(part, accepted: null, plusIsSpace: true, out text);

    /// <summary>The one way to write a segment: what need not be encoded is not, and digits are upper-case.</summary>
    /// <remarks>RFC 3986 section 6.2.2. Only then do two spellings of one path meet the same rules, such as the
    /// prefixes that a listener serves.</remarks>
    public static void AppendCanonical(StringBuilder target, string decoded)
    {
        foreach (byte value in Encoding.UTF8.GetBytes(decoded))
        {
            char character = (char)value;
            if (value < 0x80 && PathCharacters.Contains(character)) target.Append(character);
            else target.Append('%').Append(Digit(value >> 4)).Append(Digit(value & 15));
        }
    }

    private static bool TryDecode(
        ReadOnlySpan<char> source, SearchValues<char>? accepted, bool plusIsSpace, out string text)
    {
        text = "";
        if (!source.ContainsAnyExcept(Unreserved))
        {
            text = source.ToString();
            return true;
        }

        byte[] bytes = new byte[source.Length];
        int length = 0;
        for (int at = 0; at < source.Length; at++)
        {
            char character = source[at];
            if (character == '%')
            {
                if (at + 2 >= source.Length) return false;
                if (!char.IsAsciiHexDigit(source[at + 1]) || !char.IsAsciiHexDigit(source[at + 2])) return false;
                bytes[length++] = (byte)((Value(source[at + 1]) << 4) | Value(source[at + 2]));
                at += 2;
                continue;
            }

            bool taken = accepted?.Contains(character) ?? character is > ' ' and <= '~' and not '#';
            if (!taken) return false;
            bytes[length++] = plusIsSpace && character == '+' ? (byte)' ' : (byte)character;
        }

        ReadOnlySpan<byte> decoded = bytes.AsSpan(0, length);
        if (!Utf8.IsValid(decoded)) return false;
        text = Encoding.UTF8.GetString(decoded);
        return true;
    }

    private static int Value(char digit) => char.IsAsciiDigit(digit) ? digit - '0' : (digit | 0x20) - 'a' + 10;

    private static char Digit(int value) => (char)(value < 10 ? '0' + value : 'A' + value - 10);
}
