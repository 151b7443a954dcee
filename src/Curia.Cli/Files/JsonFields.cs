using System;
using System.Collections.Generic;
using System.Text.Json;

namespace Curia.Cli.Files;

/// <summary>Reads the fields of a JSON object that must have them, and names the one that is missing or is something
/// else.</summary>
internal static class JsonFields
{
    /// <summary>A text.</summary>
    /// <exception cref="FormatException">There is no such field, or it is something else.</exception>
    public static string Text(this JsonElement json, string name) =>
        json.Field(name, JsonValueKind.String, "text").GetString()!;

    /// <summary>A number that is not negative.</summary>
    /// <exception cref="FormatException">There is no such field, or it is something else.</exception>
    public static ulong Number(this JsonElement json, string name) =>
        json.Field(name, JsonValueKind.Number, "number").TryGetUInt64(out ulong number)
            ? number
            : throw new FormatException($"its field {name} is out of range");

    /// <summary>The elements of a list.</summary>
    /// <exception cref="FormatException">There is no such field, or it is something else.</exception>
    public static IEnumerable<JsonElement> List(this JsonElement json, string name) =>
        json.Field(name, JsonValueKind.Array, "list").EnumerateArray();

    private static JsonElement Field(this JsonElement json, string name, JsonValueKind kind, string kindName)
    {
        if (json.ValueKind != JsonValueKind.Object)
            throw new FormatException($"where an object with the field {name} belongs is something else");
        if (!json.TryGetProperty(name, out JsonElement field)) throw new FormatException($"it has no field {name}");
        return field.ValueKind == kind ? field : throw new FormatException($"its field {name} is no {kindName}");
    }
}
