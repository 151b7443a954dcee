using System;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace Curia.Host;

/// <summary>Small files that the operator wrote: read whole, within a bound, with a message a person can act
/// on.</summary>
internal static class ConfigurationFiles
{
    /// <summary>All bytes of the file.</summary>
    /// <param name="kind">What it is, in the message.</param>
    /// <param name="path">Where it is.</param>
    /// <param name="bytesMax">Larger files are refused unread.</param>
    /// <exception cref="StartFailure">It is missing, unreadable or too large.</exception>
    public static byte[] Read(string kind, string path, int bytesMax)
    {
        string what = $"The {kind} {path} cannot be read";
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            byte[] content = new byte[bytesMax + 1];
            int length = ReadFully(file, content);
            if (length > bytesMax)
                throw new StartFailure(what, $"it has more than {bytesMax} bytes", "Check that it is the right file");
            return content[..length];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new StartFailure(what, "there is no such file",
                "Check the path, which is relative to the configuration");
        }
        catch (UnauthorizedAccessException)
        {
            throw new StartFailure(what, "it is a folder, or this process may not read it",
                "Check its path and permissions");
        }
        catch (Exception e) when (e is IOException or ArgumentException or NotSupportedException)
        {
            throw new StartFailure(what, e.Message.TrimEnd('.'), "Check that it is an ordinary, readable file");
        }
    }

    private static int ReadFully(SafeFileHandle file, byte[] target)
    {
        int length = 0;
        while (length < target.Length)
        {
            int read = RandomAccess.Read(file, target.AsSpan(length), length);
            if (read == 0) break;
            length += read;
        }

        return length;
    }
}
