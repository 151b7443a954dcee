using System;
using System.Collections.Generic;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Curia.Vocabulary;

namespace Curia.Endpoints;

/// <summary>How the identifiers of Curia.Vocabulary look in JSON.</summary>
internal static class VocabularyJson
{
    private const string TxIdPattern = "^(0|[1-9][0-9]*)\\.(0|[1-9][0-9]*)$";
    private const string HexPattern = "^[0-9a-fA-F]{64}$";

    private delegate bool TryRead<T>(string text, out T value);

    /// <summary>One converter for each identifier.</summary>
    public static IReadOnlyList<JsonConverter> Converters { get; } =
    [
        new NumberConverter<SeqNo>(number => new SeqNo(number), seqNo => seqNo.Value),
        new NumberConverter<View>(number => new View(number), view => view.Value),
        new TextConverter<TxId>((string text, out TxId txId) => TxId.TryParse(text, out txId)),
        new TextConverter<Digest>((string text, out Digest digest) => Digest.TryParseHex(text, out digest)),
        Hex(digest => new NodeId(digest)),
        Hex(digest => new MemberId(digest)),
        Hex(digest => new UserId(digest)),
        Hex(digest => new ClaimsDigest(digest)),
    ];

    /// <summary>The JSON schema of an identifier; null for other types.</summary>
    public static JsonObject? SchemaOf(Type type)
    {
        bool number = type == typeof(SeqNo) || type == typeof(View);
        if (number) return new JsonObject { ["type"] = "integer", ["minimum"] = 0 };
        if (type == typeof(TxId)) return new JsonObject { ["type"] = "string", ["pattern"] = TxIdPattern };
        return IsHex(type) ? new JsonObject { ["type"] = "string", ["pattern"] = HexPattern } : null;
    }

    /// <summary>Whether the type is written as 64 hexadecimal digits.</summary>
    public static bool IsHex(Type type) =>
        type == typeof(Digest) || type == typeof(NodeId) || type == typeof(MemberId) || type == typeof(UserId)
            || type == typeof(ClaimsDigest);

    private static TextConverter<T> Hex<T>(Func<Digest, T> make)
        where T : struct =>
        new((string text, out T value) =>
        {
            bool read = Digest.TryParseHex(text, out Digest digest);
            value = make(digest);
            return read;
        });

    private sealed class NumberConverter<T>(Func<ulong, T> make, Func<T, ulong> number) : JsonConverter<T>
        where T : struct
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.Number && reader.TryGetUInt64(out ulong value)
                ? make(value)
                : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(number(value));
    }

    private sealed class TextConverter<T>(TryRead<T> tryRead) : JsonConverter<T>
        where T : struct
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TokenType == JsonTokenType.String && tryRead(reader.GetString() ?? "", out T value)
                ? value
                : throw new JsonException();

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) =>
            writer.WriteStringValue(value.ToString());
    }
}
