using System;
using System.Buffers.Binary;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Node ids and digests that are numbers, so that a trace can be read.</summary>
internal static class CoreIds
{
    public static NodeId Node(int number) => new(Digest((ulong)number));

    public static int NumberOf(NodeId node)
    {
        Span<byte> bytes = stackalloc byte[Vocabulary.Digest.Size];
        node.Value.CopyTo(bytes);
        return (int)BinaryPrimitives.ReadUInt64BigEndian(bytes);
    }

    public static Digest Digest(ulong number)
    {
        Span<byte> bytes = stackalloc byte[Vocabulary.Digest.Size];
        bytes.Clear();
        BinaryPrimitives.WriteUInt64BigEndian(bytes, number);
        return new Digest(bytes);
    }
}
