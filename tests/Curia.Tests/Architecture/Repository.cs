using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;

namespace Curia.Tests.Architecture;

/// <summary>The files of this clone, as the tests about its shape see them.</summary>
internal static class Repository
{
    private static readonly string[] Folders = ["src", "apps", "tests", "bench", "docs", "build", ".ci"];
    private static readonly string[] LeftOut =
        ["artifacts", "bin", "obj", "TestResults", "BenchmarkDotNet.Artifacts", "sandbox"];

    /// <summary>The folder with Curia.slnx, found upwards from the test program.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Paths from the root, with slashes, in ordinal order.</summary>
    public static IReadOnlyList<string> Files { get; } = FindFiles();

    public static IEnumerable<string> CSharpFiles =>
        Files.Where(file => file.EndsWith(".cs", StringComparison.Ordinal));

    public static IEnumerable<string> Pages => Files.Where(file => file.EndsWith(".md", StringComparison.Ordinal));

    public static IEnumerable<string> Projects => Files.Where(file =>
        file.EndsWith(".csproj", StringComparison.Ordinal)
            && !file.StartsWith("tests/forbidden/", StringComparison.Ordinal));

    public static IEnumerable<string> Scripts => Files.Where(file =>
        file.EndsWith(".sh", StringComparison.Ordinal) || file is "curia" or "check" or ".ci/run");

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    public static string[] Lines(string path) => File.ReadAllLines(Path.Combine(Root, path));

    public static bool Exists(string path)
    {
        string full = Path.Combine(Root, path);
        return File.Exists(full) || Directory.Exists(full);
    }

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Curia.slnx"))) return folder.FullName;
        }

        throw new InvalidOperationException($"No Curia.slnx above {AppContext.BaseDirectory}.");
    }

    private static List<string> FindFiles()
    {
        List<string> files = [.. Directory.EnumerateFiles(Root).Select(FromRoot)];
        foreach (string folder in Folders)
        {
            string full = Path.Combine(Root, folder);
            if (!Directory.Exists(full)) continue;
            files.AddRange(Directory.EnumerateFiles(full, "*", SearchOption.AllDirectories).Select(FromRoot)
                .Where(file => !file.Split('/').Any(part => LeftOut.Contains(part))));
        }

        files.Sort(StringComparer.Ordinal);
        return files;
    }

    private static string FromRoot(string full) => Path.GetRelativePath(Root, full).Replace('\\', '/');
}
