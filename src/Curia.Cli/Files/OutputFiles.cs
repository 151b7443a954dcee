using System;
using System.Collections.Generic;
using System.IO;

namespace Curia.Cli.Files;

/// <summary>Writes files: those that were not there before all or none, others whole.</summary>
internal static class OutputFiles
{
    /// <summary>Writes new files into a folder, which is made where it is missing.</summary>
    /// <returns>Their paths.</returns>
    /// <exception cref="CommandFailure">One is there already, or cannot be written.</exception>
    public static IReadOnlyList<string> WriteNew(string folder, params (string Name, byte[] Bytes)[] files)
    {
        try
        {
            Directory.CreateDirectory(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.Folder("write to", folder, e);
        }

        List<string> made = [];
        try
        {
            foreach ((string name, byte[] bytes) in files)
            {
                string path = Path.Combine(folder, name);
                WriteOne(path, bytes, made);
            }

            return made;
        }
        catch (CommandFailure)
        {
            foreach (string path in made) File.Delete(path);
            throw;
        }
    }

    /// <summary>Writes a new file.</summary>
    /// <exception cref="CommandFailure">It is there already, or cannot be written.</exception>
    public static void WriteNew(string path, byte[] bytes) =>
        WriteNew(Path.GetDirectoryName(path) is { Length: > 0 } folder ? folder : ".", (Path.GetFileName(path), bytes));

    /// <summary>Writes a file in place of one that may be there: whoever reads it meanwhile, or after a crash, has one
    /// of the two whole.</summary>
    /// <exception cref="CommandFailure">It cannot be written.</exception>
    public static void Replace(string path, byte[] bytes)
    {
        string next = $"{path}.{Environment.ProcessId}"; // two commands may write at a time
        try
        {
            using (FileStream stream = new(next, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0))
            {
                stream.Write(bytes);
                stream.Flush(flushToDisk: true);
            }

            File.Move(next, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("write", path, e);
        }
    }

    private static void WriteOne(string path, byte[] bytes, List<string> made)
    {
        try
        {
            using FileStream stream = new(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 0);
            made.Add(path);
            stream.Write(bytes);
        }
        catch (IOException e) when (!made.Contains(path) && File.Exists(path))
        {
            throw CommandFailure.Environment($"{path} is already there, and nothing is overwritten.", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("write", path, e);
        }
    }
}
