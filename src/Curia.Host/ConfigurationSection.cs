using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;

namespace Curia.Host;

/// <summary>An object of node.json, read field by field; what nobody asked for is refused by name.</summary>
/// <remarks>A field that is misspelt and ignored is a setting that silently does not hold.</remarks>
internal sealed class ConfigurationSection
{
    // Longest text of any field; paths end at 4,096 bytes on Linux (PATH_MAX).
    private const int TextLengthMax = 4096;

    private readonly string file;
    private readonly string path;
    private readonly Dictionary<string, JsonElement> fields;
    private readonly List<string> known = [];

    private ConfigurationSection(string file, string path, JsonElement value)
    {
        this.file = file;
        this.path = path;
        if (value.ValueKind != JsonValueKind.Object) throw Wrong(path, "is not an object", "write it as { … }");
        fields = value.EnumerateObject()
            .ToDictionary(field => field.Name, field => field.Value, StringComparer.Ordinal);
    }

    /// <summary>Reads the whole document: strict JSON, every name once.</summary>
    /// <param name="file">The name of the file, for messages.</param>
    /// <param name="content">Its bytes.</param>
    public static ConfigurationSection Parse(string file, ReadOnlyMemory<byte> content)
    {
        JsonDocumentOptions strict = new() { AllowDuplicateProperties = false, MaxDepth = 8 };
        try
        {
            using JsonDocument document = JsonDocument.Parse(content, strict);
            return new ConfigurationSection(file, "", document.RootElement.Clone());
        }
        catch (JsonException e)
        {
            throw new StartFailure($"The configuration {file} cannot be read", e.Message.TrimEnd('.'),
                "Correct the file");
        }
    }

    /// <summary>A text that must be there.</summary>
    public string Text(string name) =>
        TextOr(name, null) ?? throw Wrong(Full(name), "is missing", "add it as a text");

    /// <summary>A text, or the given one when the field is not there.</summary>
    public string? TextOr(string name, string? otherwise)
    {
        if (!TryTake(name, out JsonElement value)) return otherwise;
        string? text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        if (string.IsNullOrWhiteSpace(text) || text.Length > TextLengthMax || text.Any(char.IsControl))
            throw Wrong(Full(name), "is not a text", $"write 1 to {TextLengthMax} printable characters in quotes");
        return text;
    }

    /// <summary>One of a few words.</summary>
    public T OneOf<T>(string name, T otherwise, params (string Word, T Value)[] choices)
    {
        string? text = TextOr(name, null);
        if (text is null) return otherwise;
        foreach ((string word, T value) in choices)
        {
            if (word == text) return value;
        }

        string words = string.Join(", ", choices.Select(choice => choice.Word));
        throw Wrong(Full(name), $"is \"{text}\"", $"use one of: {words}");
    }

    /// <summary>A whole number within bounds, or the given one when the field is not there.</summary>
    public int Number(string name, int least, int most, int otherwise)
    {
        if (!TryTake(name, out JsonElement value)) return otherwise;
        bool isNumber = value.ValueKind == JsonValueKind.Number;
        if (isNumber && value.TryGetInt32(out int number) && number >= least && number <= most) return number;
        throw Wrong(Full(name), "is not a number that can be used", $"write a whole number from {least} to {most}");
    }

    /// <summary>A list of texts, or nothing when the field is not there.</summary>
    public IReadOnlyList<string>? TextsOrNull(string name, int countMax) =>
        TryTake(name, out JsonElement value)
            ? [.. Items(name, value, countMax).Select((item, at) => ItemText(item, $"{Full(name)}[{at}]"))]
            : null;

    /// <summary>A list of objects; empty when the field is not there.</summary>
    public IReadOnlyList<ConfigurationSection> Sections(string name, int countMax) =>
        TryTake(name, out JsonElement value)
            ? [.. Items(name, value, countMax)
                .Select((item, at) => new ConfigurationSection(file, $"{Full(name)}[{at}]", item))]
            : [];

    /// <summary>An object; an empty one when the field is not there.</summary>
    public ConfigurationSection Section(string name) =>
        new(file, Full(name), TryTake(name, out JsonElement value) ? value : JsonElement.Parse("{}"));

    /// <summary>An object, or null when the field is not there.</summary>
    public ConfigurationSection? SectionOrNull(string name) =>
        TryTake(name, out JsonElement value) ? new ConfigurationSection(file, Full(name), value) : null;

    /// <summary>Says that a field of this object holds something that cannot be used.</summary>
    public StartFailure Refuse(string name, string why, string todo) => Wrong(Full(name), why, todo);

    /// <summary>Called after the last field was asked for: any other one is refused.</summary>
    public void Done()
    {
        string? unknown = fields.Keys.FirstOrDefault(name => !known.Contains(name));
        if (unknown is null) return;
        throw Wrong(Full(Printable(unknown)), "is not known", $"remove it; known here are: {string.Join(", ", known)}");
    }

    private bool TryTake(string name, out JsonElement value)
    {
        known.Add(name);
        return fields.TryGetValue(name, out value);
    }

    private List<JsonElement> Items(string name, JsonElement value, int countMax)
    {
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > countMax)
            throw Wrong(Full(name), "is not a list that can be used",
                $"write it as [ … ] with at most {countMax} items");
        return [.. value.EnumerateArray()];
    }

    private string ItemText(JsonElement item, string at)
    {
        string? text = item.ValueKind == JsonValueKind.String ? item.GetString() : null;
        if (string.IsNullOrWhiteSpace(text) || text.Length > TextLengthMax || text.Any(char.IsControl))
            throw Wrong(at, "is not a text", $"write 1 to {TextLengthMax} printable characters in quotes");
        return text;
    }

    private string Full(string name) => path.Length == 0 ? name : $"{path}.{name}";

    private StartFailure Wrong(string field, string why, string todo) =>
        new($"The configuration {file} cannot be used", field.Length == 0 ? $"the document {why}" : $"{field} {why}",
            Sentence(todo));

    private static string Sentence(string todo) => char.ToUpperInvariant(todo[0]) + todo[1..];

    private static string Printable(string name) =>
        new([.. name.Take(64).Select(character => char.IsControl(character) ? '?' : character)]);
}
