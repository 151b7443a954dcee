using System;
using System.Buffers.Binary;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>Writes big-endian fields into a span that its caller made large enough.</summary>
internal ref struct ByteWriter(Span<byte> target)
{
    private readonly Span<byte> target = target;

    public int Offset { get; private set; }

    public void U8(byte value) => target[Offset++] = value;

    public void U16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(target[Offset..], value);
        Offset += sizeof(ushort);
    }

    public void U32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(target[Offset..], value);
        Offset += sizeof(uint);
    }

    public void U64(ulong value)
    {
        BinaryPrimitives.WriteUInt64BigEndian(target[Offset..], value);
        Offset += sizeof(ulong);
    }

    public void Digest(Digest value)
    {
        value.CopyTo(target[Offset..]);
        Offset += Vocabulary.Digest.Size;
    }

    public void Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(target[Offset..]);
        Offset += value.Length;
    }
}
