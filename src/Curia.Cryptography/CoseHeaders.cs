using System;
using System.Collections.Generic;
using System.Formats.Cbor;
using System.Linq;

namespace Curia.Cryptography;

/// <summary>One header map of a COSE message (RFC 9052 section 3): labels are integers or text, values are
/// CBOR.</summary>
/// <remarks>Immutable; any thread.</remarks>
public sealed class CoseHeaders
{
    /// <summary>The most labels of one map. Real messages have under ten.</summary>
    public const int LabelsMax = 256;

    private readonly Dictionary<long, ReadOnlyMemory<byte>> numbered = [];
    private readonly Dictionary<string, ReadOnlyMemory<byte>> named = new(StringComparer.Ordinal);

    private CoseHeaders(ReadOnlyMemory<byte> encoded) => Encoded = encoded;

    /// <summary>The map as it was read.</summary>
    public ReadOnlyMemory<byte> Encoded { get; }

    /// <summary>How many labels there are.</summary>
    public int Count => numbered.Count + named.Count;

    /// <summary>The integer labels.</summary>
    public IReadOnlyCollection<long> Numbers => numbered.Keys;

    /// <summary>The text labels.</summary>
    public IReadOnlyCollection<string> Names => named.Keys;

    /// <summary>Reads one map. No bytes at all stand for the empty map (RFC 9052 section 3).</summary>
    /// <returns>False for doubled labels, labels of another type, and whatever <see cref="CborBounds"/>
    /// refuses.</returns>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, out CoseHeaders? headers)
    {
        headers = null;
        if (bytes.IsEmpty)
        {
            headers = new CoseHeaders(bytes);
            return true;
        }

        if (!CborBounds.Hold(bytes.Span)) return false;
        try
        {
            CoseHeaders read = new(bytes);
            CborReader reader = new(bytes, CborConformanceMode.Strict);
            int count = reader.ReadStartMap() ?? int.MaxValue;
            if (count > LabelsMax) return false;
            for (int i = 0; i < count; i++)
            {
                if (reader.PeekState() == CborReaderState.TextString)
                    read.named.Add(reader.ReadTextString(), reader.ReadEncodedValue());
                else
                    read.numbered.Add(reader.ReadInt64(), reader.ReadEncodedValue());
            }

            reader.ReadEndMap();
            headers = read;
            return true;
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException
            or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>The value of an integer label, as CBOR.</summary>
    public bool TryGet(long label, out ReadOnlyMemory<byte> value) => numbered.TryGetValue(label, out value);

    /// <summary>The value of a text label, as CBOR.</summary>
    public bool TryGet(string label, out ReadOnlyMemory<byte> value) => named.TryGetValue(label, out value);

    /// <summary>The value of an integer label, when it is an integer of 64 bits with sign.</summary>
    public bool TryGetInt64(long label, out long value)
    {
        value = 0;
        return numbered.TryGetValue(label, out ReadOnlyMemory<byte> encoded) && TryReadInt64(encoded, out value);
    }

    /// <summary>The value of a text label, when it is an integer of 64 bits with sign.</summary>
    public bool TryGetInt64(string label, out long value)
    {
        value = 0;
        return named.TryGetValue(label, out ReadOnlyMemory<byte> encoded) && TryReadInt64(encoded, out value);
    }

    private static bool TryReadInt64(ReadOnlyMemory<byte> encoded, out long value)
    {
        value = 0;
        CborReader reader = new(encoded, CborConformanceMode.Strict);
        if (reader.PeekState() is not (CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger))
            return false;
        try
        {
            value = reader.ReadInt64();
            return true;
        }
        catch (OverflowException)
        {
            return false;
        }
    }

    /// <summary>The value of an integer label, when it is a byte string.</summary>
    public bool TryGetBytes(long label, out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (!numbered.TryGetValue(label, out ReadOnlyMemory<byte> encoded)) return false;
        CborReader reader = new(encoded, CborConformanceMode.Strict);
        if (reader.PeekState() != CborReaderState.ByteString) return false;
        value = reader.ReadDefiniteLengthByteString();
        return true;
    }

    /// <summary>The value of a text label, when it is text.</summary>
    public bool TryGetText(string label, out string? value)
    {
        value = null;
        return named.TryGetValue(label, out ReadOnlyMemory<byte> encoded) && TryReadText(encoded, out value);
    }

    /// <summary>The value of an integer label, when it is text.</summary>
    public bool TryGetText(long label, out string? value)
    {
        value = null;
        return numbered.TryGetValue(label, out ReadOnlyMemory<byte> encoded) && TryReadText(encoded, out value);
    }

    /// <summary>Whether all labels that the map calls critical are among these: a reader that does not understand one
    /// must refuse the message (RFC 9052 section 3.1).</summary>
    /// <param name="numbers">The integer labels that the reader understands.</param>
    /// <param name="names">The text labels that the reader understands.</param>
    public bool UnderstandsCritical(IReadOnlyCollection<long> numbers, IReadOnlyCollection<string> names)
    {
        if (!TryGet(CoseSign1.CriticalLabel, out ReadOnlyMemory<byte> critical)) return true;
        CborReader reader = new(critical, CborConformanceMode.Strict);
        if (reader.PeekState() != CborReaderState.StartArray) return false;
        try
        {
            int count = reader.ReadStartArray() ?? 0;
            for (int i = 0; i < count; i++)
            {
                bool understood = reader.PeekState() == CborReaderState.TextString
                    ? names.Contains(reader.ReadTextString())
                    : numbers.Contains(reader.ReadInt64());
                if (!understood) return false;
            }

            return count > 0; // RFC 9052 section 3.1: the list has at least one element
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            return false;
        }
    }

    // RFC 9052 section 3: a label is in one of the two maps of a message, never in both.
    internal bool SharesLabelWith(CoseHeaders other)
    {
        foreach (long label in numbered.Keys)
        {
            if (other.numbered.ContainsKey(label)) return true;
        }

        foreach (string label in named.Keys)
        {
            if (other.named.ContainsKey(label)) return true;
        }

        return false;
    }

    private static bool TryReadText(ReadOnlyMemory<byte> encoded, out string? value)
    {
        value = null;
        CborReader reader = new(encoded, CborConformanceMode.Strict);
        if (reader.PeekState() != CborReaderState.TextString) return false;
        try
        {
            value = reader.ReadTextString();
            return true;
        }
        catch (CborContentException)
        {
            return false; // not UTF-8
        }
    }
}
