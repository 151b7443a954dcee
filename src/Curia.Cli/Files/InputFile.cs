using System;
using System.IO;

namespace Curia.Cli.Files;

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

            // A pipe has no length, so the limit is kept while reading.
            using MemoryStream bytes = new(stream.CanSeek && stream.Length <= bytesMax ? (int)stream.Length : 0);
            byte[] buffer = new byte[81920];
            for (int read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
            {
                if (bytes.Length + read > bytesMax)
                    throw CommandFailure.Environment(
                        $"{path} is longer than {bytesMax >> 20} MiB, more than such a file has.");
                bytes.Write(buffer, 0, read);
            }

            return bytes.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("read", path, e);
        }
    }
}
