using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Curia.Ledger;

/// <summary>The fields of a JSON object that services write in camel case or in snake case.</summary>
internal sealed class JsonFields
{
    /// <summary>Deep enough for every receipt; a name that stands twice is refused, because readers differ in which one
    /// counts.</summary>
    public static readonly JsonDocumentOptions Options = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    private readonly Dictionary<string, JsonElement> fields = new(StringComparer.Ordinal);

    /// <summary>Takes an element that is an object.</summary>
    /// <exception cref="JsonException">A field stands in both spellings, and readers would differ in which one
    /// counts.</exception>
    public JsonFields(JsonElement element)
    {
        foreach (JsonProperty property in element.EnumerateObject())
        {
            // A null says that the field is not there.
            if (property.Value.ValueKind == JsonValueKind.Null) continue;
            if (!fields.TryAdd(CamelCase(property.Name), property.Value))
                throw new JsonException($"{CamelCase(property.Name)} stands there twice");
        }
    }

    /// <summary>The field when it is there and of a kind.</summary>
    public bool TryGet(string name, JsonValueKind kind, out JsonElement value) =>
        fields.TryGetValue(name, out value) && value.ValueKind == kind;

    /// <summary>Whether there is a field of that name, of whatever kind.</summary>
    public bool Has(string name) => fields.ContainsKey(name);

    /// <summary>The field when it is text.</summary>
    public string? Text(string name) =>
        TryGet(name, JsonValueKind.String, out JsonElement value) ? value.GetString() : null;

    /// <summary>The field when it is an object.</summary>
    public JsonFields? Object(string name) =>
        TryGet(name, JsonValueKind.Object, out JsonElement value) ? new JsonFields(value) : null;

    /// <summary>The field when it is base64 text.</summary>
    public byte[]? Base64(string name) =>
        TryGet(name, JsonValueKind.String, out JsonElement value) && value.TryGetBytesFromBase64(out byte[]? bytes)
            ? bytes
            : null;

    // Only an underscore before a small letter is one of snake case; any other name stays what it is.
    private static string CamelCase(string name)
    {
        string[] words = name.Split('_');
        return words.Skip(1).All(word => word.Length > 0 && char.IsAsciiLetterLower(word[0]))
            ? words[0] + string.Concat(words.Skip(1).Select(word => char.ToUpperInvariant(word[0]) + word[1..]))
            : name;
    }
}
