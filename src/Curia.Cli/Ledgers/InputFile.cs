using System;
using System.IO;

namespace Curia.Cli.Ledgers;

/// <summary>Reads whole files that somebody else wrote, bounded.</summary>
internal static class InputFile
{
    /// <summary>The content of a file.</summary>
    /// <exception cref="CommandFailure">It cannot be read, or is longer than such a file can be.</exception>
    public static byte[] Read(string path, long bytesMax)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length > bytesMax)
                throw CommandFailure.Environment($"{path} is longer than {bytesMax >> 20} MiB, more than such a file has.");
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            return bytes;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("read", path, e);
        }
    }
}
