using System;
using System.IO;

namespace Curia.Evidence;

/// <summary>Reads files that others write, bounded.</summary>
internal static class BoundedFile
{
    /// <summary>Up to one byte more than there may be, so that the caller sees that there are more.</summary>
    /// <remarks>To the end, whatever the length says: files of the kernel have one that is not true.</remarks>
    public static byte[] Read(string path, int sizeMax)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete,
            bufferSize: 0);
        byte[] buffer = new byte[Math.Min(sizeMax + 1, 4096)];
        int size = 0;
        while (true)
        {
            int read = stream.Read(buffer.AsSpan(size));
            size += read;
            if (read == 0 || size > sizeMax) return buffer[..size];
            if (size == buffer.Length) Array.Resize(ref buffer, Math.Min(sizeMax + 1, 2 * size));
        }
    }
}
