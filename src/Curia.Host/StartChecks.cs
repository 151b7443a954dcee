using System;
using System.IO;
using System.Linq;

namespace Curia.Host;

/// <summary>What is tried before anything is written, so that a start that cannot succeed leaves nothing
/// behind.</summary>
internal static class StartChecks
{
    /// <summary>Makes a folder that this process can write and that holds no file yet.</summary>
    /// <param name="kind">What the folder is for, in messages.</param>
    /// <param name="folder">Where it is.</param>
    public static void EmptyFolder(string kind, string folder)
    {
        WritableFolder(kind, folder);
        if (Directory.EnumerateFileSystemEntries(folder).Any())
        {
            throw new StartFailure($"The {kind} folder {folder} cannot be used",
                "it is not empty, and a node cannot resume a "
                + "ledger yet", "Name another folder, or move the old files away");
        }
    }

    /// <summary>Makes a folder that this process can write.</summary>
    public static void WritableFolder(string kind, string folder)
    {
        try
        {
            DurableFiles.Prepare(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"The {kind} folder {folder} cannot be written", e.Message.TrimEnd('.'),
                "Make room, or correct the path or its permissions");
        }
    }
}
