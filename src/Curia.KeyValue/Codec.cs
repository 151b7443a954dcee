using System;
using System.Diagnostics.CodeAnalysis;

namespace Curia.KeyValue;

/// <summary>Turns keys or values of one type into bytes and back. Any thread may use a codec at any time.</summary>
/// <remarks>Keys are ordered by their bytes. A codec for keys must give equal bytes for equal keys; one that says
/// "ordered" also keeps the order of the keys.</remarks>
public abstract class Codec<T>
{
    /// <summary>The bytes of a value. The caller copies them and does not change them.</summary>
    /// <exception cref="ArgumentException">The value has no encoding (each codec says which).</exception>
    public abstract byte[] Encode(T value);

    /// <summary>Reads bytes that may come from anyone.</summary>
    /// <returns>False when they are not exactly one encoded value; nothing throws.</returns>
    public abstract bool TryDecode(ReadOnlySpan<byte> bytes, [MaybeNullWhen(false)] out T value);
}

/// <summary>A map holds bytes that the codec of the reader refuses: two pieces of code disagree about its
/// format.</summary>
public sealed class MapFormatException : Exception
{
    /// <summary>Says which map holds what; never shows the bytes.</summary>
    public MapFormatException(string message) : base(message)
    {
    }
}
