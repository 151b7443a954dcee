using System;
using System.Collections.Generic;
using System.IO;
using System.Reflection;
using System.Text;
using Curia.Cli.Files;
using Curia.Cli.Sandbox;

namespace Curia.Cli.Charters;

/// <summary>What a team begins with: a description to fill in, and the files that it names beside members'
/// keys.</summary>
internal static class CharterTemplate
{
    /// <summary>The description.</summary>
    public const string Description = "description.json";

    private const string BuildStatement =
        "How the program was built, and how everybody can build it again to the same bytes. Its digest is in the "
        + "charter.\n";

    /// <summary>The constitution that it begins with: more than half of the members decide.</summary>
    public static string Constitution => Resource("constitution.js");

    /// <summary>Writes the files, and overwrites none.</summary>
    /// <returns>Their paths, the description first.</returns>
    public static IReadOnlyList<string> Write(string folder)
    {
        string version = typeof(CharterTemplate).Assembly.GetName().Version!.ToString(3);
        string measurement = ProgramFiles.Measure(ProgramFiles.ApplicationImage("logging")).ToString();
        string description = Resource(Description)
            .Replace("@VERSION@", version, StringComparison.Ordinal)
            .Replace("@MEASUREMENT@", measurement, StringComparison.Ordinal);
        return OutputFiles.WriteNew(folder,
            (Description, Encoding.UTF8.GetBytes(description)),
            ("constitution.js", Encoding.UTF8.GetBytes(Constitution)),
            ("build-statement.txt", Encoding.UTF8.GetBytes(BuildStatement)));
    }

    private static string Resource(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!;
        using StreamReader reader = new(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
