using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Curia.KeyValue;

/// <summary>Reads bytes that may come from anyone, front to back; every read says whether the bytes were
/// there.</summary>
internal ref struct ByteReader(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;
    private int position;

    public readonly bool IsAtEnd => position == bytes.Length;

    private readonly int Remaining => bytes.Length - position;

    public bool TryByte(out byte value)
    {
        value = 0;
        if (Remaining < 1) return false;
        value = bytes[position++];
        return true;
    }

    public bool TryUInt32(out uint value)
    {
        if (!BinaryPrimitives.TryReadUInt32BigEndian(bytes[position..], out value)) return false;
        position += sizeof(uint);
        return true;
    }

    public bool TryUInt64(out ulong value)
    {
        if (!BinaryPrimitives.TryReadUInt64BigEndian(bytes[position..], out value)) return false;
        position += sizeof(ulong);
        return true;
    }

    /// <summary>Reads a length of four bytes and passes over as many bytes.</summary>
    public bool TryCounted(int lengthMax, out Range at)
    {
        at = default;
        if (!TryUInt32(out uint length) || length > lengthMax || length > Remaining) return false;
        at = new Range(position, position + (int)length);
        position += (int)length;
        return true;
    }

    /// <summary>Reads a length of one byte and the name of a map in the domain.</summary>
    public bool TryMapName(Domain domain, [NotNullWhen(true)] out string? name)
    {
        name = null;
        if (!TryByte(out byte length) || length > Remaining) return false;
        string text = Encoding.Latin1.GetString(bytes.Slice(position, length));
        position += length;
        if (!MapNames.IsValid(text) || MapNames.DomainOf(text) != domain) return false;
        name = text;
        return true;
    }
}
