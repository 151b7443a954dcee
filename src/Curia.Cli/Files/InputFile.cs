using System;
using System.IO;
using System.Security.Cryptography;
using Curia.Vocabulary;

namespace Curia.Cli.Files;

/// <summary>Reads whole files that somebody else wrote, bounded.</summary>
internal static class InputFile
{
    private const int BufferSize = 81920;

    /// <summary>SHA-256 of the content of a file, and its length in bytes. The content is never in memory as a whole,
    /// so that it may be large.</summary>
    /// <exception cref="CommandFailure">It cannot be read, or is longer than such a file can be.</exception>
    public static (Digest Digest, long Length) Hash(string path, long bytesMax)
    {
        try
        {
            using FileStream stream = Open(path);
            using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            long length = 0;
            byte[] buffer = new byte[BufferSize];
            for (int read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
            {
                length += read;
                if (length > bytesMax) throw TooLong(path, bytesMax);
                hash.AppendData(buffer, 0, read);
            }

            return (new Digest(hash.GetHashAndReset()), length);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("read", path, e);
        }
    }

    /// <summary>The content of a file.</summary>
    /// <exception cref="CommandFailure">It cannot be read, or is longer than such a file can be.</exception>
    public static byte[] Read(string path, long bytesMax)
    {
        try
        {
            using FileStream stream = Open(path);

            // A pipe has no length, so the limit is kept while reading.
            using MemoryStream bytes = new(stream.CanSeek && stream.Length <= bytesMax ? (int)stream.Length : 0);
            byte[] buffer = new byte[BufferSize];
            for (int read = stream.Read(buffer); read > 0; read = stream.Read(buffer))
            {
                if (bytes.Length + read > bytesMax) throw TooLong(path, bytesMax);
                bytes.Write(buffer, 0, read);
            }

            return bytes.ToArray();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("read", path, e);
        }
    }

    private static FileStream Open(string path) =>
        new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    private static CommandFailure TooLong(string path, long bytesMax) => CommandFailure.Environment(
        $"{path} is longer than {bytesMax >> 20} MiB, more than such a file has.");
}
