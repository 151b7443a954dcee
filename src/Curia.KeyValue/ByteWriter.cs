using System;
using System.Buffers.Binary;
using System.Text;

namespace Curia.KeyValue;

/// <summary>Writes big-endian numbers and counted bytes into an array that grows.</summary>
internal sealed class ByteWriter(int capacity)
{
    private byte[] bytes = new byte[capacity];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Written => bytes.AsSpan(0, Length);

    public void Byte(byte value) => Reserve(1)[0] = value;

    public void UInt32(int value) => BinaryPrimitives.WriteUInt32BigEndian(Reserve(sizeof(uint)), checked((uint)value));

    public void UInt64(ulong value) => BinaryPrimitives.WriteUInt64BigEndian(Reserve(sizeof(ulong)), value);

    public void Counted(ReadOnlySpan<byte> content)
    {
        UInt32(content.Length);
        content.CopyTo(Reserve(content.Length));
    }

    /// <summary>A name and its length in one byte; names are ASCII.</summary>
    public void MapName(string name)
    {
        Byte(checked((byte)name.Length));
        Encoding.ASCII.GetBytes(name, Reserve(name.Length));
    }

    /// <summary>Sets a number that was written before its value was known.</summary>
    public void SetUInt32(int at, int value) =>
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(at, sizeof(uint)), checked((uint)value));

    public void Clear() => Length = 0;

    public byte[] ToArray() => Length == bytes.Length ? bytes : Written.ToArray();

    private Span<byte> Reserve(int size)
    {
        if (bytes.Length - Length < size) Array.Resize(ref bytes, Math.Max(Length + size, 2 * bytes.Length));
        Length += size;
        return bytes.AsSpan(Length - size, size);
    }
}
