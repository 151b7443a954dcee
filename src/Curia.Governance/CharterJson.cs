using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Curia.Governance;

/// <summary>The readable form: the same tree as JSON, with bytes as hexadecimal digits or PEM.</summary>
internal static class CharterJson
{
    private static readonly JsonDocumentOptions format = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        MaxDepth = 16,
    };

    public static JsonNode Write(CharterValue value) => value switch
    {
        CharterValue.Text text => JsonValue.Create(text.Content),
        CharterValue.Number { IsBits: true } bits => JsonValue.Create(Bits(bits.Content)),
        CharterValue.Number number => JsonValue.Create(number.Content),
        CharterValue.Flag flag => JsonValue.Create(flag.Content),
        CharterValue.Bytes { Pem: { } label } bytes =>
            JsonValue.Create(PemEncoding.WriteString(label, bytes.Content.Span) + "\n"),
        CharterValue.Bytes bytes => JsonValue.Create(Convert.ToHexStringLower(bytes.Content.Span)),
        CharterValue.Items items => new JsonArray([.. items.Content.Select(Write)]),
        CharterValue.Fields fields => new JsonObject(
            fields.Content.Select(field => KeyValuePair.Create(field.Key, (JsonNode?)Write(field.Value)))),
        _ => throw new NotSupportedException(value.GetType().Name),
    };

    /// <summary>Reads the tree; texts stay texts, whatever they stand for.</summary>
    /// <exception cref="RefusedException">It is no JSON, or has what charters do not have.</exception>
    public static CharterValue Read(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes, format);
            return Read(document.RootElement, "");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The second is how the framework answers half of a surrogate pair.
            throw new RefusedException(CharterFault.Malformed, "", $"it is no JSON: {e.Message.TrimEnd('.')}");
        }
    }

    public static string Bits(ulong bits) => $"0x{bits.ToString("x", CultureInfo.InvariantCulture)}";

    private static CharterValue Read(JsonElement json, string path)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.String: return new CharterValue.Text(json.GetString()!);
            case JsonValueKind.True: return new CharterValue.Flag(true);
            case JsonValueKind.False: return new CharterValue.Flag(false);
            case JsonValueKind.Number when json.TryGetUInt64(out ulong number): return new CharterValue.Number(number);
            case JsonValueKind.Array:
                return new CharterValue.Items(
                    [.. json.EnumerateArray().Select((item, index) => Read(item, $"{path}[{index}]"))]);
            case JsonValueKind.Object:
                return new CharterValue.Fields(
                    [.. json.EnumerateObject().Select(member => KeyValuePair.Create(
                        member.Name, Read(member.Value, $"{path}.{CharterCbor.Shown(member.Name)}")))]);
            default:
                throw new RefusedException(
                    CharterFault.UnexpectedType, path.TrimStart('.'), "is null, negative or a fraction");
        }
    }
}
