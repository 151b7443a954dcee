using System;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;

namespace Curia.Cli.Ledgers;

/// <summary>Bytes of a map as a person reads them: JSON, text, or hexadecimal digits after 0x.</summary>
internal static class Readable
{
    private const int JsonDepthMax = 64;

    /// <summary>A key: text where it is text, otherwise digits. Keys of eight bytes that are no text are numbers,
    /// mostly.</summary>
    public static string Key(ReadOnlySpan<byte> bytes) => TryText(bytes, out string text) ? text : Hex(bytes);

    /// <summary>A value: JSON as it is, text, or digits.</summary>
    public static JsonNode? Value(ReadOnlySpan<byte> bytes)
    {
        if (!TryText(bytes, out string text)) return Hex(bytes);
        try
        {
            // A number stays text when it would not come back with the same digits.
            JsonNode? json = JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { MaxDepth = JsonDepthMax });
            return json is JsonObject or JsonArray || json?.ToJsonString() == text ? json : text;
        }
        catch (JsonException)
        {
            return text;
        }
        catch (ArgumentException)
        {
            return text; // an object with one name twice
        }
    }

    private static string Hex(ReadOnlySpan<byte> bytes) => "0x" + Convert.ToHexStringLower(bytes);

    private static bool TryText(ReadOnlySpan<byte> bytes, out string text)
    {
        text = "";
        if (bytes.IsEmpty || !Utf8.IsValid(bytes)) return bytes.IsEmpty;
        text = Encoding.UTF8.GetString(bytes);
        foreach (char c in text)
        {
            if (char.IsControl(c) && c is not ('\n' or '\t' or '\r')) return false;
        }

        return true;
    }
}
