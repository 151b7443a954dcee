using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Formats.Asn1;
using System.Text.Json;

namespace Curia.Cryptography;

/// <summary>One elliptic curve key of a set.</summary>
/// <param name="KeyId">The <c>kid</c> that the set gives it, or null.</param>
/// <param name="Key">The key.</param>
public sealed record JsonWebKey(string? KeyId, SignatureVerifier Key);

/// <summary>A JSON Web Key Set (RFC 7517 section 5) with the keys on P-256, P-384 and P-521 that it holds.</summary>
public sealed class JsonWebKeySet
{
    /// <summary>The largest set in bytes: room for <see cref="KeysMax"/> keys with certificate chains.</summary>
    public const int SizeMax = 1024 * 1024;

    /// <summary>The most keys of one set.</summary>
    public const int KeysMax = 256;

    private JsonWebKeySet(ImmutableArray<JsonWebKey> keys) => Keys = keys;

    /// <summary>The keys in the order of the set.</summary>
    public IReadOnlyList<JsonWebKey> Keys { get; }

    /// <summary>Reads a set. Keys of other types are left out, as RFC 7517 section 5 asks.</summary>
    /// <returns>False when the text is not such a set, or a key on a known curve is not a point of it; nothing
    /// throws.</returns>
    public static bool TryParse(ReadOnlyMemory<byte> json, out JsonWebKeySet? set)
    {
        set = null;
        if (json.Length > SizeMax) return false;
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                json, new JsonDocumentOptions { MaxDepth = 8, AllowDuplicateProperties = false });
            if (document.RootElement.ValueKind != JsonValueKind.Object
                || !document.RootElement.TryGetProperty("keys", out JsonElement keys)
                || keys.ValueKind != JsonValueKind.Array || keys.GetArrayLength() > KeysMax)
            {
                return false;
            }

            ImmutableArray<JsonWebKey>.Builder read = ImmutableArray.CreateBuilder<JsonWebKey>();
            foreach (JsonElement element in keys.EnumerateArray())
            {
                if (element.ValueKind != JsonValueKind.Object) return false;
                if (CurveOf(element) is not { } curve) continue;
                if (!TryReadKey(element, curve, out JsonWebKey? key)) return false;
                read.Add(key!);
            }

            set = new JsonWebKeySet(read.ToImmutable());
            return true;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false; // InvalidOperationException: text that is not Unicode
        }
    }

    private static (string Oid, int Size)? CurveOf(JsonElement element) =>
        Text(element, "kty") != "EC" ? null : Text(element, "crv") switch
        {
            "P-256" => ("1.2.840.10045.3.1.7", 32),
            "P-384" => ("1.3.132.0.34", 48),
            "P-521" => ("1.3.132.0.35", 66),
            _ => null,
        };

    // RFC 7518 section 6.2.1: both coordinates have the full size of the field.
    private static bool TryReadKey(JsonElement element, (string Oid, int Size) curve, out JsonWebKey? key)
    {
        key = null;
        byte[] point = new byte[1 + 2 * curve.Size];
        point[0] = 4; // uncompressed, SEC 1 section 2.3.3
        if (!TryReadCoordinate(Text(element, "x"), point.AsSpan(1, curve.Size))
            || !TryReadCoordinate(Text(element, "y"), point.AsSpan(1 + curve.Size)))
        {
            return false;
        }

        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier("1.2.840.10045.2.1");
                writer.WriteObjectIdentifier(curve.Oid);
            }

            writer.WriteBitString(point);
        }

        if (!SignatureVerifier.TryFromSubjectPublicKeyInfo(writer.Encode(), out SignatureVerifier? verifier))
            return false;
        key = new JsonWebKey(Text(element, "kid"), verifier!);
        return true;
    }

    private static bool TryReadCoordinate(string? text, Span<byte> target) =>
        text is not null && text.Length <= 4 * target.Length && Base64Url.IsValid(text, out int size)
        && size == target.Length && Base64Url.TryDecodeFromChars(text, target, out _);

    private static string? Text(JsonElement element, string name) =>
        element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
