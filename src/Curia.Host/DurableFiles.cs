using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Curia.Host;

/// <summary>Files that are there whole or not at all after a crash.</summary>
internal static class DurableFiles
{
    /// <summary>Writes a file under a temporary name beside its place, makes it durable, then renames it into
    /// place.</summary>
    /// <exception cref="IOException">The disk is full or broken; the temporary file is removed, the old file
    /// stands unless it was replaced already; then neither is there.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder does not let this process write.</exception>
    /// <param name="path">Its place.</param>
    /// <param name="content">All of it.</param>
    /// <param name="isSecret">Whether only the owner may read it.</param>
    public static void Replace(string path, ReadOnlySpan<byte> content, bool isSecret = false)
    {
        Place(path, content, isSecret);
        try
        {
            FlushFolder(Path.GetDirectoryName(path)!);
        }
        catch
        {
            Remove(path); // the caller is told that it is not there
            throw;
        }
    }

    /// <summary>As <see cref="Replace"/>, for what is worth more than the news that it is durable: the same content
    /// written anew. When it fails, the old file or the new one is there.</summary>
    /// <exception cref="IOException">The disk is full or broken.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder does not let this process write.</exception>
    public static void Rewrite(string path, ReadOnlySpan<byte> content)
    {
        Place(path, content, isSecret: false);
        FlushFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Makes a folder, and finds out whether files can be written in it, before anything depends on
    /// it.</summary>
    /// <exception cref="IOException">The disk is full or broken, or a file has the folder's name.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder does not let this process write.</exception>
    public static void Prepare(string folder)
    {
        Directory.CreateDirectory(folder);
        string probe = Temporary(Path.Combine(folder, "probe"));
        try
        {
            // One page: on a full disk an empty file can still be made, its first byte cannot.
            using SafeFileHandle file = File.OpenHandle(probe, FileMode.Create, FileAccess.Write);
            RandomAccess.Write(file, new byte[4096], 0);
            Flush(file);
        }
        finally
        {
            Remove(probe);
        }
    }

    /// <summary>Makes what was written to a file durable.</summary>
    /// <remarks>On Linux by a call of our own: <see cref="RandomAccess.FlushToDisk"/> of .NET 10 returned in silence
    /// where fsync had failed with EIO (seen with an injected error; the end-to-end test of a failing flush keeps
    /// watch). Elsewhere the framework's is the right one, since macOS needs more than fsync.
    /// docs/decisions/0010-call-fsync-ourselves.md.</remarks>
    /// <exception cref="IOException">What the disk holds is not known any more.</exception>
    public static void Flush(SafeFileHandle file)
    {
        if (!OperatingSystem.IsLinux()) RandomAccess.FlushToDisk(file);
        else if (Synchronize(file) != 0) throw new IOException($"fsync: {Marshal.GetLastPInvokeErrorMessage()}");
    }

    /// <summary>Makes the names in a folder durable: a new or renamed file is lost without it, whatever it
    /// holds.</summary>
    /// <remarks>fsync(2), NOTES: "does not necessarily ensure that the entry in the directory containing the file has
    /// also reached disk". The framework opens no folders, so one call to the C library does. Windows flushes names
    /// itself.</remarks>
    public static void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows()) return;
        const int readOnly = 0;
        int descriptor = Open(Encoding.UTF8.GetBytes(folder + "\0"), readOnly);
        if (descriptor < 0)
        {
            throw new IOException($"{folder}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        using SafeFileHandle handle = new(descriptor, ownsHandle: true);
        Flush(handle);
    }

    /// <summary>Removes a file if it is there; a failure to do so is no failure of the caller's job.</summary>
    public static void Remove(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It stays behind under a name that nothing reads.
        }
    }

    private static void Place(string path, ReadOnlySpan<byte> content, bool isSecret)
    {
        string temporary = Temporary(path);
        try
        {
            using (SafeFileHandle file = File.OpenHandle(temporary, FileMode.Create, FileAccess.Write))
            {
                // Before the content: there is no moment in which others could read it.
                if (isSecret && !OperatingSystem.IsWindows())
                    File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
                RandomAccess.Write(file, content, 0);
                Flush(file);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            Remove(temporary);
            throw;
        }
    }

    // One that is left of a process with the same number, which was killed, is written over.
    private static string Temporary(string path) => $"{path}.{Environment.ProcessId}.tmp";

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Synchronize(SafeFileHandle file);
}
