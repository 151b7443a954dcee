using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using Curia.Tests.Architecture;

namespace Curia.Tests.Ledger;

/// <summary>The reader in tests/second-reader, which knows nothing but the pages.</summary>
internal static class SecondReader
{
    private static readonly string? node = new[] { "node", "nodejs" }
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>Reads folders, and gives what it says of each.</summary>
    public static async Task<JsonElement[]> ReadAsync(IReadOnlyList<string> folders, params string[] options)
    {
        if (node is null) Assert.Skip("node is not installed, and the second reader needs it");
        ProcessStartInfo start = new(node) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(Repository.Root, "tests/second-reader/read-ledger.js"));
        foreach (string argument in (string[])[.. folders, "--json", .. options]) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        JsonElement[] said =
        [
            .. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => JsonDocument.Parse(line).RootElement),
        ];
        Assert.True(said.Length == folders.Count, $"it ended with {process.ExitCode}: {await errors}");
        bool ok = said.All(one => one.GetProperty("ok").GetBoolean());
        Assert.Equal(ok ? 0 : 1, process.ExitCode);
        return said;
    }
}
