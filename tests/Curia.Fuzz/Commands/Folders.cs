using System;
using System.IO;

namespace Curia.Fuzz.Commands;

/// <summary>Where the inputs are kept.</summary>
internal static class Folders
{
    public const string Corpus = "corpus";
    public const string Regressions = "regressions";

    /// <summary>The folder of this project.</summary>
    public static string Root { get; } = FindRoot();

    private static string FindRoot()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Curia.slnx")))
                return Path.Combine(folder.FullName, "tests", "Curia.Fuzz");
        }

        throw new InvalidOperationException($"No Curia.slnx above {AppContext.BaseDirectory}.");
    }
}
