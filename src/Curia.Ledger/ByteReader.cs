using System;
using System.Buffers.Binary;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>Reads big-endian fields and never past the end: after the first field that is not there, every field is
/// zero and <see cref="Failed"/> stays true, so a decoder asks once at its end.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> source)
{
    private readonly ReadOnlySpan<byte> source = source;

    public int Offset { get; private set; }

    public bool Failed { get; private set; }

    /// <summary>Everything was read and nothing was missing.</summary>
    public readonly bool IsComplete => !Failed && Offset == source.Length;

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (Failed || count < 0 || count > source.Length - Offset)
        {
            Failed = true;
            return [];
        }

        ReadOnlySpan<byte> bytes = source.Slice(Offset, count);
        Offset += count;
        return bytes;
    }

    public byte U8() => Bytes(1) is [byte value] ? value : (byte)0;

    public ushort U16() => Bytes(2) is { Length: 2 } bytes ? BinaryPrimitives.ReadUInt16BigEndian(bytes) : (ushort)0;

    public uint U32() => Bytes(4) is { Length: 4 } bytes ? BinaryPrimitives.ReadUInt32BigEndian(bytes) : 0;

    public ulong U64() => Bytes(8) is { Length: 8 } bytes ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : 0;

    public Digest Digest() => Bytes(Vocabulary.Digest.Size) is { Length: Vocabulary.Digest.Size } bytes
        ? new Digest(bytes) : default;
}
