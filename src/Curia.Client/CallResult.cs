using System;
using System.Collections.Generic;
using System.Text.Json;
using Curia.Vocabulary;

namespace Curia.Client;

/// <summary>An answer of a node, of whatever HTTP status.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="TxId">The transaction that the request made, or the version that it read; null when the reply names
/// none.</param>
/// <param name="Commit">What is known of that transaction; null when nobody asked.</param>
/// <param name="ContentType">The media type without parameters, for example <c>application/json</c>.</param>
/// <param name="Body">The body, complete.</param>
/// <param name="RetryAfter">How long the node asks to wait before the request is sent again.</param>
/// <param name="Headers">The headers of the reply, by name in lower case.</param>
public sealed record CallResult(
    int Status,
    TxId? TxId,
    TransactionStatus? Commit,
    string? ContentType,
    ReadOnlyMemory<byte> Body,
    TimeSpan? RetryAfter,
    IReadOnlyDictionary<string, string> Headers)
{
    private const int JsonDepthMax = 64; // deeper than any reply of ours; the framework's default, said aloud

    /// <summary>Whether the node did what was asked (2xx).</summary>
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>The code of an OData error body, for example <c>ResourceNotFound</c>; null when there is
    /// none.</summary>
    public string? ErrorCode => ErrorField("code");

    /// <summary>The message of an OData error body; null when there is none.</summary>
    public string? ErrorMessage => ErrorField("message");

    /// <summary>The body as JSON, bounded in depth.</summary>
    /// <returns>False when it is not JSON; nothing throws.</returns>
    public bool TryReadJson(out JsonElement json)
    {
        json = default;
        if (Body.IsEmpty) return false;
        try
        {
            using JsonDocument document = JsonDocument.Parse(Body, new JsonDocumentOptions { MaxDepth = JsonDepthMax });
            json = document.RootElement.Clone();
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    /// <summary>A text field at the top of a JSON body.</summary>
    /// <returns>Null when the body is no JSON object or has no such text.</returns>
    public string? TextField(string name) =>
        TryReadJson(out JsonElement json) ? TextOf(json, name) : null;

    private string? ErrorField(string name) =>
        !IsSuccess && TryReadJson(out JsonElement json) && json.ValueKind == JsonValueKind.Object
            && json.TryGetProperty("error", out JsonElement error)
            ? TextOf(error, name)
            : null;

    private static string? TextOf(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out JsonElement field)
            && field.ValueKind == JsonValueKind.String
            ? field.GetString()
            : null;
}
