using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Attestation;
using Curia.Cli.Files;

namespace Curia.Cli.Sandbox;

/// <summary>Where the node programs stand beside this one.</summary>
internal static class ProgramFiles
{
    private const long FileBytesMax = 1L << 30;

    private static readonly string Root = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, ".."));

    /// <summary>The node without application.</summary>
    public static string Node => Existing(Path.Combine(Root, "curiad", "curiad.dll"));

    /// <summary>The command that runs a program of .NET: the one that runs this program.</summary>
    public static string Dotnet =>
        Environment.ProcessPath is string path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet";

    /// <summary>The node with an application.</summary>
    public static string ApplicationImage(string name)
    {
        string path = Path.Combine(Root, "apps", name, $"{name}.Image.dll");
        if (name == Path.GetFileName(name) && File.Exists(path)) return path;
        IEnumerable<string> known = Directory.Exists(Path.Combine(Root, "apps"))
            ? Directory.GetDirectories(Path.Combine(Root, "apps")).Select(folder => Path.GetFileName(folder)).Order()
            : [];
        string names = string.Join(", ", known);
        throw names.Length == 0 ? Missing(path) : CommandFailure.WrongUsage($"--app {name}: there is {names}.");
    }

    /// <summary>The measurement of a program on the virtual platform: of all files of its folder
    /// (docs/attestation.md, "The virtual platform").</summary>
    /// <param name="program">The file that is started.</param>
    public static Measurement Measure(string program)
    {
        string folder = Path.GetDirectoryName(program)!;
        return ProgramMeasurement.Of(Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(
            file => Path.GetRelativePath(folder, file).Replace(Path.DirectorySeparatorChar, '/'),
            file => InputFile.Hash(file, FileBytesMax).Digest));
    }

    private static string Existing(string path) => File.Exists(path) ? path : throw Missing(path);

    private static CommandFailure Missing(string path) =>
        CommandFailure.Environment($"the program {path} is missing. Run ./curia, which builds it, instead of the dll.");
}
