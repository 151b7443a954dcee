using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Curia.Fuzz.Commands;

/// <summary>Changes inputs at random, as AFL's "havoc" does.</summary>
internal sealed class Mutations(Random random, IReadOnlyList<byte[]> dictionary)
{
    private const int BytesMax = 16 * 1024;
    private const int BlockMax = 64;

    private static readonly ulong[] ends =
        [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff, long.MaxValue, ulong.MaxValue];

    /// <summary>An input of the pool; half of the time one of the newest.</summary>
    public byte[] Choose(IReadOnlyList<byte[]> pool) =>
        random.Next(2) == 0 ? pool[random.Next(pool.Count)] : pool[^(1 + random.Next(Math.Min(16, pool.Count)))];

    /// <summary>The parent with one to 32 changes.</summary>
    public byte[] Change(byte[] parent, IReadOnlyList<byte[]> pool)
    {
        byte[] input = [.. parent];
        int changes = 1 << random.Next(6);
        for (int i = 0; i < changes; i++)
        {
            byte[] changed = Once(input, pool);
            if (changed.Length <= BytesMax) input = changed;
        }

        return input;
    }

    private byte[] Once(byte[] input, IReadOnlyList<byte[]> pool)
    {
        int at = random.Next(input.Length + 1);
        int length = Math.Min(1 + random.Next(1 + random.Next(BlockMax)), input.Length - at);
        bool isEnd = at == input.Length;
        switch (random.Next(12))
        {
            case 0 when !isEnd:
                input[at] ^= (byte)(1 << random.Next(8));
                return input;
            case 1 when !isEnd:
                input[at] = (byte)random.Next(256);
                return input;
            case 2 when !isEnd:
                input[at] = (byte)(input[at] + random.Next(-8, 9));
                return input;
            case 3 or 4:
                return WithNumber(input, at);
            case 5:
                return [.. input[..at], .. input[(at + length)..]];
            case 6:
                return [.. input[..(at + length)], .. input[at..]];
            case 7:
                byte[] noise = new byte[1 + random.Next(8)];
                random.NextBytes(noise);
                return [.. input[..at], .. noise, .. input[at..]];
            case 8 when length > 0:
                int target = random.Next(input.Length - length + 1);
                input.AsSpan(at, length).ToArray().CopyTo(input, target);
                return input;
            case 9:
                byte[] other = pool[random.Next(pool.Count)];
                return [.. input[..at], .. other[random.Next(other.Length + 1)..]];
            default:
                return dictionary.Count == 0 ? input : WithWord(input, at, dictionary[random.Next(dictionary.Count)]);
        }
    }

    // A number at one of its ends, or close to it, big-endian as all of ours are.
    private byte[] WithNumber(byte[] input, int at)
    {
        int size = 1 << random.Next(4);
        if (at + size > input.Length) return input;
        byte[] number = new byte[sizeof(ulong)];
        input.AsSpan(at, size).CopyTo(number.AsSpan(^size..));
        ulong value =
            random.Next(2) == 0 ? ends[random.Next(ends.Length)] : BinaryPrimitives.ReadUInt64BigEndian(number);
        BinaryPrimitives.WriteUInt64BigEndian(number, unchecked(value + (ulong)random.Next(-4, 5)));
        number.AsSpan(^size..).CopyTo(input.AsSpan(at));
        return input;
    }

    private byte[] WithWord(byte[] input, int at, byte[] word)
    {
        bool overwrite = random.Next(2) == 0 && at + word.Length <= input.Length;
        return [.. input[..at], .. word, .. input[(overwrite ? at + word.Length : at)..]];
    }
}
