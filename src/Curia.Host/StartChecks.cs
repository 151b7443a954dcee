using System;
using System.IO;
using System.Linq;

namespace Curia.Host;

/// <summary>What is tried before anything is written, so that a start that cannot succeed leaves nothing
/// behind.</summary>
internal static class StartChecks
{
    private const string LockName = "lock";

    /// <summary>Keeps every other process from a ledger folder for as long as the result is not disposed.</summary>
    /// <exception cref="StartFailure">Another process has it, or it cannot be written.</exception>
    public static IDisposable LockLedger(string folder)
    {
        WritableFolder("ledger", folder);
        try
        {
            // Exclusive by an advisory lock, which ends with the process however that ends.
            return new FileStream(Path.Combine(folder, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite,
                FileShare.None);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"The ledger folder {folder} cannot be used",
                $"another process works on it ({e.Message.TrimEnd('.')})", "Stop that node, or name another folder");
        }
    }

    /// <summary>Refuses a folder with files of which nobody knows whose they are.</summary>
    /// <param name="kind">What the folder is for, in messages.</param>
    /// <param name="folder">Where it is; it exists.</param>
    public static void NothingElse(string kind, string folder)
    {
        if (Directory.EnumerateFileSystemEntries(folder).Any(path => Path.GetFileName(path) != LockName))
        {
            throw new StartFailure($"The {kind} folder {folder} cannot be used",
                "it holds files, and none of a ledger to go on with",
                "Name another folder, or move the old files away");
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
