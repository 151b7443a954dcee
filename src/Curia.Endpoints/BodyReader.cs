using System;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Curia.Endpoints;

/// <summary>Reads a type from a JSON body, strictly, and says in words what is wrong with one that does not
/// fit.</summary>
internal sealed class BodyReader<T> : InputReader<T>
{
    private readonly JsonTypeInfo<T> type = TypeInfo();

    public override bool TryRead(
        Request request, [MaybeNullWhen(false)] out T input, [NotNullWhen(false)] out Response? refusal)
    {
        input = default;
        refusal = null;
        if (!IsJson(request.ContentType))
        {
            // Asking for the header also keeps web pages out: a form of another site cannot send this type.
            const string Message = "This endpoint takes JSON: send the header Content-Type: application/json.";
            refusal = Response.Error(415, ErrorCodes.UnsupportedContentType, Message);
        }
        else if (request.Body.IsEmpty)
        {
            refusal = Response.InvalidInput("The body is empty; this endpoint takes a JSON value.");
        }
        else if (!TryDeserialize(request.Body.Span, type, out input, out Exception? failure))
        {
            string wrong = failure is JsonException json ? Diagnose(request.Body, json) : failure.Message;
            refusal = Response.InvalidInput($"The body does not fit: {wrong}");
        }

        return refusal is null;
    }

    // RFC 9110 section 8.3.1: type and subtype in any case, then parameters. JSON has none, but many clients send a
    // charset.
    private static bool IsJson(string? contentType)
    {
        ReadOnlySpan<char> text = contentType;
        int semicolon = text.IndexOf(';');
        ReadOnlySpan<char> parameters = semicolon < 0 ? [] : text[(semicolon + 1)..].Trim();
        ReadOnlySpan<char> media = (semicolon < 0 ? text : text[..semicolon]).Trim();
        bool charset = parameters.IsEmpty || parameters.Equals("charset=utf-8", StringComparison.OrdinalIgnoreCase)
            || parameters.Equals("charset=\"utf-8\"", StringComparison.OrdinalIgnoreCase);
        return charset && media.Equals(Response.JsonContentType, StringComparison.OrdinalIgnoreCase);
    }

    // The serializer's own texts name .NET types, which mean nothing to a sender; they decide, these only explain.
    private string Diagnose(ReadOnlyMemory<byte> body, JsonException failure)
    {
        JsonDocumentOptions strict = new() { MaxDepth = JsonFormat.DepthMax, AllowDuplicateProperties = false };
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, strict);
            return DiagnoseMembers(document.RootElement) ?? DiagnoseValue(failure);
        }
        catch (JsonException syntax)
        {
            int details = syntax.Message.IndexOf(" LineNumber:", StringComparison.Ordinal);
            string reason = details < 0 ? syntax.Message : syntax.Message[..details];

            // A member that is there twice is found after parsing, and has no place.
            string place = syntax.LineNumber is { } line
                ? $" at line {line + 1}, byte {syntax.BytePositionInLine + 1}"
                : "";
            return $"it is not valid JSON{place}: {reason}";
        }
        catch (InvalidOperationException)
        {
            return "it has text that is not valid UTF-8 or has half of a surrogate pair.";
        }
    }

    private string? DiagnoseMembers(JsonElement root)
    {
        if (type.Kind != JsonTypeInfoKind.Object) return null;
        if (root.ValueKind != JsonValueKind.Object) return $"it is not an object with the members {Names()}.";
        JsonProperty unknown = root.EnumerateObject().FirstOrDefault(
            property => !type.Properties.Any(member => property.NameEquals(member.Name)));
        if (unknown.Value.ValueKind != JsonValueKind.Undefined)
        {
            return $"it has a member '{unknown.Name}'; the members are {Names()}.";
        }

        JsonPropertyInfo? missing = type.Properties.FirstOrDefault(
            member => member.IsRequired && !root.TryGetProperty(member.Name, out _));
        return missing is null ? null : $"the member '{missing.Name}' is missing.";
    }

    private string DiagnoseValue(JsonException failure)
    {
        string path = failure.Path ?? "$";
        JsonPropertyInfo? member = type.Properties.FirstOrDefault(candidate => path == "$." + candidate.Name);
        Type? expected = member?.PropertyType ?? (path == "$" ? typeof(T) : null);
        string what = expected is null ? "what this endpoint takes here" : ScalarType.Describe(expected);
        return path == "$" ? $"it is not {what}." : $"the value at {path} is not {what}.";
    }

    private string Names() => string.Join(", ", type.Properties.Select(member => member.Name));
}
