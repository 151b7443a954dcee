using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;

namespace Curia.Tests.Attestation;

/// <summary>The evidence that others have published, beside the repository, whose root is the folder with the
/// solution (vectors/attestation/README.md).</summary>
internal static class VectorFolder
{
    public static string Root { get; } = Find();

    /// <summary>The names of the cases of a kind, in order.</summary>
    public static IEnumerable<string> Names(string kind) => Directory.Exists(Path.Combine(Root, kind))
        ? Directory.GetDirectories(Path.Combine(Root, kind)).Where(path => File.Exists(Path.Combine(path, "case.json")))
            .Select(path => Path.GetFileName(path)).Order(StringComparer.Ordinal)
        : [];

    /// <summary>What a case says of itself; leaves the test out where the vectors are not.</summary>
    public static JsonElement ReadCase(string kind, string name)
    {
        using JsonDocument document = JsonDocument.Parse(ReadFile(Path.Combine(kind, name, "case.json")));
        return document.RootElement.Clone();
    }

    public static byte[] ReadFile(string path)
    {
        if (Find(path) is { } found) return found;
        Assert.Skip($"the vectors are not at {Path.Combine(Root, path)}");
        return [];
    }

    public static byte[]? Find(string path)
    {
        string full = Path.Combine(Root, path);
        return File.Exists(full) ? File.ReadAllBytes(full) : null;
    }

    private static string Find()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Curia.slnx"))) folder = folder.Parent;
        return Path.GetFullPath(Path.Combine(folder?.FullName ?? ".", "..", "shared", "vectors", "attestation"));
    }
}
