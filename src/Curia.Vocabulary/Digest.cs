using System;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Curia.Vocabulary;

/// <summary>A SHA-256 value: 32 bytes, printed as 64 lower-case hexadecimal digits.</summary>
/// <remarks>Four words instead of an array, so that a digest costs no allocation and two are equal by value.</remarks>
public readonly record struct Digest : IComparable<Digest>
{
    /// <summary>The size of a digest in bytes.</summary>
    public const int Size = 32;

    private readonly ulong word0;
    private readonly ulong word1;
    private readonly ulong word2;
    private readonly ulong word3;

    /// <summary>Takes 32 bytes as they are.</summary>
    /// <exception cref="ArgumentException">The span has another length.</exception>
    public Digest(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length != Size)
        {
            throw new ArgumentException($"A digest has {Size} bytes, not {bytes.Length}.", nameof(bytes));
        }

        word0 = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        word1 = BinaryPrimitives.ReadUInt64BigEndian(bytes[8..]);
        word2 = BinaryPrimitives.ReadUInt64BigEndian(bytes[16..]);
        word3 = BinaryPrimitives.ReadUInt64BigEndian(bytes[24..]);
    }

    /// <summary>32 zero bytes.</summary>
    public static readonly Digest Zero;

    /// <summary>SHA-256 of the bytes.</summary>
    public static Digest Of(ReadOnlySpan<byte> bytes)
    {
        Span<byte> hash = stackalloc byte[Size];
        if (!ShortInputSha256.TryHash(bytes, hash)) SHA256.HashData(bytes, hash);
        return new Digest(hash);
    }

    /// <summary>SHA-256 of two digests put together: the inner node of the Merkle tree.</summary>
    public static Digest OfPair(Digest left, Digest right)
    {
        Span<byte> pair = stackalloc byte[2 * Size];
        left.CopyTo(pair);
        right.CopyTo(pair[Size..]);
        return Of(pair);
    }

    /// <summary>Reads exactly 64 hexadecimal digits, in either case.</summary>
    /// <returns>False for any other text; nothing throws.</returns>
    public static bool TryParseHex(ReadOnlySpan<char> text, out Digest digest)
    {
        digest = default;
        if (text.Length != 2 * Size) return false;
        Span<byte> bytes = stackalloc byte[Size];
        if (Convert.FromHexString(text, bytes, out _, out int written) != System.Buffers.OperationStatus.Done
            || written != Size)
        {
            return false;
        }

        digest = new Digest(bytes);
        return true;
    }

    /// <summary>Writes the 32 bytes.</summary>
    /// <param name="target">At least 32 bytes.</param>
    public void CopyTo(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target, word0);
        BinaryPrimitives.WriteUInt64BigEndian(target[8..], word1);
        BinaryPrimitives.WriteUInt64BigEndian(target[16..], word2);
        BinaryPrimitives.WriteUInt64BigEndian(target[24..], word3);
    }

    /// <summary>A new array with the 32 bytes.</summary>
    public byte[] ToArray()
    {
        byte[] bytes = new byte[Size];
        CopyTo(bytes);
        return bytes;
    }

    /// <summary>Byte order.</summary>
    public int CompareTo(Digest other)
    {
        int order = word0.CompareTo(other.word0);
        if (order == 0) order = word1.CompareTo(other.word1);
        if (order == 0) order = word2.CompareTo(other.word2);
        return order != 0 ? order : word3.CompareTo(other.word3);
    }

    /// <summary>64 lower-case hexadecimal digits.</summary>
    public override string ToString()
    {
        Span<byte> bytes = stackalloc byte[Size];
        CopyTo(bytes);
        return Convert.ToHexStringLower(bytes);
    }

    /// <summary>Whether one digest sorts before another.</summary>
    public static bool operator <(Digest left, Digest right) => left.CompareTo(right) < 0;

    /// <summary>Whether one digest sorts after another.</summary>
    public static bool operator >(Digest left, Digest right) => left.CompareTo(right) > 0;

    /// <summary>Whether one digest sorts before another or is the same.</summary>
    public static bool operator <=(Digest left, Digest right) => left.CompareTo(right) <= 0;

    /// <summary>Whether one digest sorts after another or is the same.</summary>
    public static bool operator >=(Digest left, Digest right) => left.CompareTo(right) >= 0;
}
