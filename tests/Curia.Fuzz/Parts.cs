using System;
using System.Buffers.Binary;
using System.Collections.Generic;

namespace Curia.Fuzz;

/// <summary>Several parts in one input: a length of two bytes before each. A length that says more than there is takes
/// what is left, so every input is some list of parts.</summary>
internal static class Parts
{
    /// <summary>The parts of an input.</summary>
    public static List<ReadOnlyMemory<byte>> Split(ReadOnlyMemory<byte> input)
    {
        List<ReadOnlyMemory<byte>> parts = [];
        while (input.Length >= sizeof(ushort))
        {
            int length = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(input.Span), input.Length - sizeof(ushort));
            parts.Add(input.Slice(sizeof(ushort), length));
            input = input[(sizeof(ushort) + length)..];
        }

        return parts;
    }

    /// <summary>The input that has these parts.</summary>
    public static byte[] Join(params IEnumerable<byte[]> parts)
    {
        List<byte> joined = [];
        foreach (byte[] part in parts)
        {
            byte[] length = new byte[sizeof(ushort)];
            BinaryPrimitives.WriteUInt16BigEndian(length, checked((ushort)part.Length));
            joined.AddRange(length);
            joined.AddRange(part);
        }

        return [.. joined];
    }
}
