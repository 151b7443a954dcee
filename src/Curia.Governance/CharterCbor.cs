using System;
using System.Collections.Generic;
using System.Formats.Cbor;
using System.Linq;
using System.Text;

namespace Curia.Governance;

/// <summary>The encoding: deterministic CBOR (RFC 8949 section 4.2.1) of text, unsigned integers, booleans, byte
/// strings, arrays and maps with text keys, and nothing else (docs/decisions/0025).</summary>
internal static class CharterCbor
{
    // Levels: the charter has 8. Items: 1000 participants have 4000; the rest is small.
    private const int DepthMax = 12;
    private const int ItemsMax = 65_536;
    private const int ShownMax = 64;

    public static byte[] Encode(CharterValue value)
    {
        // The framework calls it canonical (RFC 7049 section 3.9), and sorts maps by the length of keys first. With
        // text keys that is the order of RFC 8949 section 4.2.1 too: a longer text begins with a larger byte.
        CborWriter writer = new(CborConformanceMode.Canonical);
        Write(writer, value);
        return writer.Encode();
    }

    /// <summary>Reads the tree. Whether the bytes are the ones that <see cref="Encode"/> writes is for the caller to
    /// compare: here integers may be longer than they need.</summary>
    /// <exception cref="RefusedException">It is none.</exception>
    public static CharterValue Decode(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            CborReader reader = new(bytes, CborConformanceMode.Lax);
            int items = 0;
            CharterValue value = Read(reader, "", 0, ref items);
            return reader.BytesRemaining == 0
                ? value
                : throw new RefusedException(
                    CharterFault.TrailingBytes, "", $"{reader.BytesRemaining} bytes follow behind its end");
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            throw new RefusedException(CharterFault.Malformed, "", "it is no CBOR, or cut off");
        }
    }

    private static void Write(CborWriter writer, CharterValue value)
    {
        switch (value)
        {
            case CharterValue.Text text: writer.WriteTextString(text.Content); break;
            case CharterValue.Number number: writer.WriteUInt64(number.Content); break;
            case CharterValue.Flag flag: writer.WriteBoolean(flag.Content); break;
            case CharterValue.Bytes bytes: writer.WriteByteString(bytes.Content.Span); break;
            case CharterValue.Items items:
                writer.WriteStartArray(items.Content.Count);
                foreach (CharterValue item in items.Content) Write(writer, item);
                writer.WriteEndArray();
                break;
            case CharterValue.Fields fields:
                writer.WriteStartMap(fields.Content.Count);
                foreach ((string name, CharterValue field) in fields.Content)
                {
                    writer.WriteTextString(name);
                    Write(writer, field);
                }

                writer.WriteEndMap();
                break;
        }
    }

    private static CharterValue Read(CborReader reader, string path, int depth, ref int items)
    {
        if (depth > DepthMax || ++items > ItemsMax)
            throw new RefusedException(CharterFault.TooLarge, path, "has more levels or items than a charter");
        switch (reader.PeekState())
        {
            case CborReaderState.TextString: return new CharterValue.Text(reader.ReadTextString());
            case CborReaderState.UnsignedInteger: return new CharterValue.Number(reader.ReadUInt64());
            case CborReaderState.Boolean: return new CharterValue.Flag(reader.ReadBoolean());
            case CborReaderState.ByteString: return new CharterValue.Bytes(reader.ReadDefiniteLengthByteString());
            case CborReaderState.StartArray: return ReadItems(reader, path, depth, ref items);
            case CborReaderState.StartMap: return ReadFields(reader, path, depth, ref items);
            default:
                throw new RefusedException(CharterFault.UnexpectedType, path, "is of a kind that charters do not have");
        }
    }

    private static CharterValue.Items ReadItems(CborReader reader, string path, int depth, ref int items)
    {
        List<CharterValue> content = []; // grows as it is read: the count is the sender's word
        reader.ReadStartArray();
        while (reader.PeekState() != CborReaderState.EndArray)
            content.Add(Read(reader, $"{path}[{content.Count}]", depth + 1, ref items));
        reader.ReadEndArray();
        return new CharterValue.Items(content);
    }

    private static CharterValue.Fields ReadFields(CborReader reader, string path, int depth, ref int items)
    {
        List<KeyValuePair<string, CharterValue>> content = [];
        reader.ReadStartMap();
        byte[]? last = null;
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            if (reader.PeekState() != CborReaderState.TextString)
                throw new RefusedException(CharterFault.UnexpectedType, path, "has a field whose name is no text");
            string name = reader.ReadTextString();
            byte[] key = Encoding.UTF8.GetBytes(name);
            int order = last is null ? 1 : Order(key, last);
            if (order == 0) throw new RefusedException(CharterFault.DuplicateField, path, $"has {Shown(name)} twice");
            if (order < 0)
                throw new RefusedException(CharterFault.UnorderedFields, path, $"has {Shown(name)} in a wrong place");
            last = key;
            content.Add(KeyValuePair.Create(name, Read(reader, $"{path}.{Shown(name)}", depth + 1, ref items)));
        }

        reader.ReadEndMap();
        return new CharterValue.Fields(content);
    }

    /// <summary>A name that somebody else wrote, so that it can stand in a message: letters that only look like others
    /// do not.</summary>
    public static string Shown(string name) =>
        string.Concat(name.Take(ShownMax).Select(one => one is >= ' ' and <= '~' ? $"{one}" : $"\\u{(int)one:x4}"))
        + (name.Length > ShownMax ? "..." : "");

    // RFC 8949 section 4.2.1: by the bytes of the encoded keys, which begin with their lengths.
    private static int Order(byte[] key, byte[] other) =>
        key.Length != other.Length ? key.Length - other.Length : key.AsSpan().SequenceCompareTo(other);
}
