using System;
using System.IO;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Curia.Vocabulary;

namespace Curia.Cli.Files;

/// <summary>Reads whole files that somebody else wrote, bounded. To open a pipe waits for whoever writes into it, and a
/// device may have no end: what is no regular file is refused before it is opened. <c>/dev/null</c> is an empty
/// file.</summary>
internal static class InputFile
{
    private const int BufferSize = 81920;
    private const long PemBytesMax = 1 << 20; // a chain of certificates has some 10,000

    // statx(2) has the same structure on every processor, other than stat(2).
    private const int CurrentFolder = -100;
    private const uint WantsType = 1;
    private const int StatxSize = 256;
    private const int ModeOffset = 28;
    private const int TypeBits = 0xF000;

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

    /// <summary>The text of a file with keys or certificates in PEM.</summary>
    /// <exception cref="CommandFailure">It cannot be read, or is longer than such a file can be.</exception>
    public static string ReadPem(string path) => Encoding.UTF8.GetString(Read(path, PemBytesMax));

    /// <summary>The content of a file.</summary>
    /// <exception cref="CommandFailure">It cannot be read, or is longer than such a file can be.</exception>
    public static byte[] Read(string path, long bytesMax)
    {
        try
        {
            using FileStream stream = Open(path);

            // A file may grow, and those of /proc have no length, so the limit is kept while reading.
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

    private static FileStream Open(string path)
    {
        if (OperatingSystem.IsLinux() && FindOtherKind(path) is { } kind)
            throw CommandFailure.Environment($"cannot read {path}: it is {kind}.");
        return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
    }

    // Null for a regular file, and for what cannot be looked at: to open that says why.
    private static string? FindOtherKind(string path)
    {
        if (path == "/dev/null") return null;
        byte[] found = new byte[StatxSize];
        if (Statx(CurrentFolder, Encoding.UTF8.GetBytes(path + "\0"), 0, WantsType, found) != 0) return null;
        return (BitConverter.ToUInt16(found, ModeOffset) & TypeBits) switch
        {
            0x8000 => null,
            0x4000 => "a folder",
            0x1000 => "a pipe, and no file",
            0xC000 => "a socket, and no file",
            _ => "a device, and no file",
        };
    }

    private static CommandFailure TooLong(string path, long bytesMax) => CommandFailure.Environment(
        $"{path} is longer than {Size(bytesMax)}, more than such a file has.");

    private static string Size(long bytes) => bytes < 1 << 20 ? $"{bytes >> 10} KiB" : $"{bytes >> 20} MiB";

    [DllImport("libc", EntryPoint = "statx", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Statx(int folder, byte[] path, int flags, uint mask, byte[] found);
}
