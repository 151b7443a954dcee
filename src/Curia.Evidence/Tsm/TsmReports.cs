using System;
using System.IO;

namespace Curia.Evidence;

/// <summary>The reports of the kernel in a mounted configfs.</summary>
internal sealed class TsmReports : ITsmReports
{
    /// <summary>Those in a folder, which need not be there.</summary>
    public TsmReports(string path) => Path = path;

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public bool AreThere => Directory.Exists(Path);

    /// <inheritdoc/>
    public ITsmRequest Open()
    {
        // A name that no process in another container has too: they share the folder, and not their numbers.
        string folder = System.IO.Path.Combine(Path, $"curia-{Guid.NewGuid():N}");
        Directory.CreateDirectory(folder);
        return new Request(folder);
    }

    private sealed class Request(string folder) : ITsmRequest
    {
        public bool Has(string attribute) => File.Exists(System.IO.Path.Combine(folder, attribute));

        public byte[] Read(string attribute, int sizeMax) =>
            BoundedFile.Read(System.IO.Path.Combine(folder, attribute), sizeMax);

        // The kernel takes an attribute as one write, and acts on it when the file is closed.
        public void Write(string attribute, ReadOnlySpan<byte> value)
        {
            using FileStream stream = new(System.IO.Path.Combine(folder, attribute), FileMode.Open, FileAccess.Write,
                FileShare.ReadWrite, bufferSize: 0);
            stream.Write(value);
        }

        // rmdir: the attributes go with the request. A request that stays does no harm but to the list of them.
        public void Dispose()
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return; // a finished request must not fail for its removal
            }
        }
    }
}
