using System;
using System.Buffers;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Curia.Endpoints;

/// <summary>Reads a record from path and query: members that the template names come from the path, the others from the
/// query. A member with a default value may be missing; a parameter that no member takes is refused.</summary>
/// <remarks>The values become a small JSON object that the serializer reads, so that defaults, identifiers and
/// checks of the record mean the same here as in a body.</remarks>
internal sealed class ParametersReader<T> : InputReader<T>
{
    private readonly JsonTypeInfo<T> type;
    private readonly Dictionary<string, JsonPropertyInfo> members;
    private readonly HashSet<string> pathNames;

    public ParametersReader(PathTemplate template)
    {
        type = TypeInfo();
        if (type.Kind != JsonTypeInfoKind.Object) throw new ArgumentException($"{typeof(T)} has no members.");
        members = type.Properties.ToDictionary(member => member.Name, StringComparer.Ordinal);
        pathNames = [.. template.ParameterNames];
        foreach (JsonPropertyInfo member in members.Values)
        {
            if (ScalarType.IsParameter(member.PropertyType)) continue;
            throw new ArgumentException($"{typeof(T)}: '{member.Name}' has a type that no parameter can have.");
        }

        string? without = pathNames.FirstOrDefault(name => !members.ContainsKey(name));
        if (without is null) return;
        throw new ArgumentException($"{typeof(T)} has no member for {{{without}}} of {template.Text}.");
    }

    public override bool TryRead(
        Request request, [MaybeNullWhen(false)] out T input, [NotNullWhen(false)] out Response? refusal)
    {
        input = default;
        ArrayBufferWriter<byte> json = new(128);
        using (Utf8JsonWriter writer = new(json))
        {
            writer.WriteStartObject();
            refusal = RefuseUnknown(request) ?? WriteMembers(request, writer);
            if (refusal is not null) return false;
            writer.WriteEndObject();
        }

        if (TryDeserialize(json.WrittenSpan, type, out input, out Exception? failure)) return true;
        string? path = (failure as JsonException)?.Path;
        bool named = path is not null && path.StartsWith("$.", StringComparison.Ordinal);
        JsonPropertyInfo? member = named ? members.GetValueOrDefault(path![2..]) : null;
        refusal = member is null ? RefuseQuery(failure.Message) : RefuseType(member);
        return false;
    }

    private Response? RefuseUnknown(Request request)
    {
        foreach (KeyValuePair<string, string> parameter in request.Query.Parameters)
        {
            if (members.ContainsKey(parameter.Key) && !pathNames.Contains(parameter.Key)) continue;
            string known = string.Join(", ", members.Keys.Where(name => !pathNames.Contains(name)));
            string takes = known.Length == 0 ? "no query" : $"the query parameters {known}";
            return RefuseQuery($"This endpoint has no query parameter '{parameter.Key}'; it takes {takes}.");
        }

        return null;
    }

    private Response? WriteMembers(Request request, Utf8JsonWriter writer)
    {
        foreach (JsonPropertyInfo member in members.Values)
        {
            bool present = pathNames.Contains(member.Name)
                ? request.TryGetPathValue(member.Name, out string? text)
                : request.Query.TryGet(member.Name, out text);
            if (!present && !member.IsRequired) continue;
            if (!present) return RefuseQuery($"The query parameter '{member.Name}' is missing.");
            if (!ScalarType.IsRaw(member.PropertyType))
            {
                writer.WriteString(member.Name, text);
                continue;
            }

            if (!ScalarType.IsRawText(member.PropertyType, text!)) return RefuseType(member);
            writer.WritePropertyName(member.Name);
            writer.WriteRawValue(text!);
        }

        return null;
    }

    private Response RefuseType(JsonPropertyInfo member)
    {
        string code = pathNames.Contains(member.Name)
            ? ErrorCodes.InvalidResourceName
            : ErrorCodes.InvalidQueryParameterValue;
        string expected = ScalarType.Describe(member.PropertyType);
        return Response.Error(400, code, $"The parameter '{member.Name}' is not {expected}.");
    }

    private static Response RefuseQuery(string message) =>
        Response.Error(400, ErrorCodes.InvalidQueryParameterValue, message);
}
