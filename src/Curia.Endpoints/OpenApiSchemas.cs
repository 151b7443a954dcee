using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;

namespace Curia.Endpoints;

/// <summary>The schemas of the types that endpoints read and answer, each under one name.</summary>
internal sealed class OpenApiSchemas
{
    private const string Root = "#/components/schemas/";

    private readonly Dictionary<Type, string> names = [];
    private readonly SortedDictionary<string, JsonNode> schemas = new(StringComparer.Ordinal);

    private static readonly JsonSchemaExporterOptions Format = new()
    {
        TreatNullObliviousAsNonNullable = true,
        TransformSchemaNode = Refine,
    };

    /// <summary>The schema of a type, by itself.</summary>
    public static JsonNode Export(Type type) => JsonFormat.Options.GetJsonSchemaAsNode(type, Format);

    /// <summary>A reference to the schema of a type; of an unnamed shape, such as a number, the schema
    /// itself.</summary>
    public JsonNode Reference(Type type)
    {
        JsonNode schema = Export(type);
        if (schema is not JsonObject members || !members.ContainsKey("properties")) return schema;
        if (!names.TryGetValue(type, out string? name))
        {
            name = NameFor(type);
            names.Add(type, name);
            MoveReferences(schema, name);
            schemas.Add(name, schema);
        }

        return new JsonObject { ["$ref"] = Root + name };
    }

    /// <summary>All schemas that were referred to.</summary>
    public JsonObject All()
    {
        JsonObject all = [];
        foreach ((string name, JsonNode schema) in schemas) all.Add(name, schema.DeepClone());
        return all;
    }

    // What the exporter cannot know: how our converters write, and that an unsigned number has no sign.
    private static JsonNode Refine(JsonSchemaExporterContext context, JsonNode schema)
    {
        Type type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        JsonObject? known = VocabularyJson.SchemaOf(type);
        if (known is not null)
        {
            bool nullable = type != context.TypeInfo.Type;
            if (nullable) known["type"] = new JsonArray(known["type"]!.DeepClone(), "null");
            foreach (string kept in new[] { "default", "description" })
            {
                if (schema is JsonObject exported && exported.TryGetPropertyValue(kept, out JsonNode? value))
                {
                    known[kept] = value?.DeepClone();
                }
            }

            return known;
        }

        bool unsigned = type == typeof(ulong) || type == typeof(uint) || type == typeof(ushort) || type == typeof(byte);
        if (unsigned && schema is JsonObject number) number["minimum"] = 0;
        return schema;
    }

    // The exporter refers to places inside its own schema, which now stands deeper in the document.
    private static void MoveReferences(JsonNode? node, string name)
    {
        if (node is JsonArray array)
        {
            foreach (JsonNode? element in array) MoveReferences(element, name);
        }
        else if (node is JsonObject members)
        {
            if (members.TryGetPropertyValue("$ref", out JsonNode? reference) && reference is JsonValue)
            {
                string pointer = reference.GetValue<string>();
                members["$ref"] = Root + name + pointer[1..];
            }

            foreach (JsonNode? member in members.Select(member => member.Value).ToArray()) MoveReferences(member, name);
        }
    }

    private string NameFor(Type type)
    {
        string arguments = string.Concat(type.GetGenericArguments().Select(argument => argument.Name));
        string name = type.Name.Split('`')[0] + arguments;
        if (type == typeof(ErrorBody)) name = "Error";
        string unique = name;
        for (int number = 2; schemas.ContainsKey(unique); number++) unique = name + number;
        return unique;
    }
}
