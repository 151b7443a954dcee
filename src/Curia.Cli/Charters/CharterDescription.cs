using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Curia.Cli.Files;
using Curia.Governance;

namespace Curia.Cli.Charters;

/// <summary>A charter as a team writes it down: the readable form, in which
/// <c>{"@file": PATH}</c> stands for the content of a file and <c>{"@sha256": PATH}</c> for its digest.</summary>
internal static class CharterDescription
{
    private const string ContentOf = "@file";
    private const string DigestOf = "@sha256";
    private const long FileBytesMax = 2 << 20; // a constitution has half of it
    private const long DigestedBytesMax = 1L << 30;

    private static readonly JsonDocumentOptions format = new()
    {
        AllowDuplicateProperties = false,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        MaxDepth = 16,
    };

    /// <summary>Makes a charter of a description; paths in it are relative to its folder.</summary>
    /// <exception cref="CommandFailure">A file cannot be read, or it describes no charter.</exception>
    public static Charter Read(string path)
    {
        byte[] bytes = InputFile.Read(path, 3L * Charter.SizeMax);
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        try
        {
            JsonNode? whole = Resolve(JsonNode.Parse(bytes, documentOptions: format), folder);
            return CharterFile.ReadJson(Encoding.UTF8.GetBytes(whole?.ToJsonString() ?? "null"), path);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or ArgumentException)
        {
            throw CommandFailure.Refused($"{path} is no JSON: {e.Message}");
        }
    }

    // A copy: a node of JSON belongs to one document.
    private static JsonNode? Resolve(JsonNode? node, string folder) => node switch
    {
        JsonObject reference when reference.Count == 1 && Reference(reference, folder) is { } text => text,
        JsonObject fields => new JsonObject(
            fields.Select(field => KeyValuePair.Create(field.Key, Resolve(field.Value, folder)))),
        JsonArray items => new JsonArray([.. items.Select(item => Resolve(item, folder))]),
        _ => node?.DeepClone(),
    };

    // No name that members give begins with this sign.
    private static JsonNode? Reference(JsonObject reference, string folder)
    {
        (string kind, JsonNode? path) = reference.First();
        if (kind is not (ContentOf or DigestOf)) return null;
        if (path is not JsonValue value || !value.TryGetValue(out string? name))
            throw CommandFailure.Refused($"{kind} is followed by something that is no path.");
        string file = Path.GetFullPath(name, folder);
        return kind == DigestOf
            ? InputFile.Hash(file, DigestedBytesMax).Digest.ToString()
            : Text(InputFile.Read(file, FileBytesMax), file);
    }

    private static string Text(byte[] bytes, string file)
    {
        try
        {
            return new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            throw CommandFailure.Refused($"{file} is no text in UTF-8.");
        }
    }
}
