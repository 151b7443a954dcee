using System;
using System.Buffers.Binary;

namespace Curia.Cryptography;

/// <summary>The door for CBOR (RFC 8949) from outside: what passes here can be read without fear for time or
/// memory.</summary>
public static class CborBounds
{
    /// <summary>The most levels of arrays, maps and tags. A COSE receipt inside a statement needs 7; an EAT a few
    /// more.</summary>
    public const int DepthMax = 16;

    /// <summary>The most items in all. A proof in a ledger of 2^64 entries has under 300.</summary>
    public const int ItemsMax = 65_536;

    /// <summary>Whether the bytes are exactly one item: definite lengths that fit, bounded depth and count, nothing
    /// behind.</summary>
    /// <remarks>One pass without recursion or allocation. What lies inside a byte string is another document.</remarks>
    public static bool Hold(ReadOnlySpan<byte> bytes)
    {
        Span<ulong> expected = stackalloc ulong[DepthMax + 1];
        int depth = 0;
        expected[0] = 1;
        for (int items = 1; items <= ItemsMax; items++)
        {
            expected[depth]--;
            if (!TryReadHead(ref bytes, out int major, out ulong argument)) return false;
            ulong inside = 0;
            if (major is 2 or 3)
            {
                if (argument > (ulong)bytes.Length) return false;
                bytes = bytes[(int)argument..];
            }
            else if (major is 4 or 5 or 6)
            {
                // Each item has a byte at least, so a longer promise is a lie; this also keeps the product below 2^32.
                if (major != 6 && argument > (ulong)bytes.Length) return false;
                inside = major == 6 ? 1 : major == 5 ? 2 * argument : argument;
                if (++depth > DepthMax) return false;
                expected[depth] = inside;
            }

            while (expected[depth] == 0)
            {
                if (depth == 0) return bytes.IsEmpty;
                depth--;
            }
        }

        return false;
    }

    // RFC 8949 section 3: major type in three bits, then the argument in five bits or in 1, 2, 4 or 8 bytes.
    private static bool TryReadHead(ref ReadOnlySpan<byte> bytes, out int major, out ulong argument)
    {
        major = 0;
        argument = 0;
        if (bytes.IsEmpty) return false;
        major = bytes[0] >> 5;
        int information = bytes[0] & 31;
        bytes = bytes[1..];
        if (information < 24)
        {
            argument = (ulong)information;
            return true;
        }

        // 28 to 30 are reserved, 31 is the indefinite length.
        int size = information > 27 ? int.MaxValue : 1 << (information - 24);
        if (size > bytes.Length) return false;
        argument = size switch
        {
            1 => bytes[0],
            2 => BinaryPrimitives.ReadUInt16BigEndian(bytes),
            4 => BinaryPrimitives.ReadUInt32BigEndian(bytes),
            _ => BinaryPrimitives.ReadUInt64BigEndian(bytes),
        };
        bytes = bytes[size..];
        return major != 7 || size > 1 || argument >= 32;
    }
}
