using System;

namespace Curia.Evidence;

/// <summary>The reports of the kernel (Linux, configfs-tsm): a folder in which each request is a folder of its
/// own.</summary>
public interface ITsmReports
{
    /// <summary>Where they are, for messages.</summary>
    string Path { get; }

    /// <summary>Whether the kernel has them.</summary>
    bool AreThere { get; }

    /// <summary>Makes a request.</summary>
    /// <exception cref="System.IO.IOException">The kernel refuses; the error number is in it.</exception>
    /// <exception cref="UnauthorizedAccessException">This user may not.</exception>
    ITsmRequest Open();
}

/// <summary>One request: attributes that are written and read. To be disposed of, which removes it.</summary>
public interface ITsmRequest : IDisposable
{
    /// <summary>Whether the request has an attribute.</summary>
    bool Has(string attribute);

    /// <summary>Reads an attribute.</summary>
    /// <param name="attribute">Its name.</param>
    /// <param name="sizeMax">The most bytes; one more is read to tell that there are more.</param>
    /// <exception cref="System.IO.IOException">It cannot be read; the error number is in it.</exception>
    byte[] Read(string attribute, int sizeMax);

    /// <summary>Writes an attribute.</summary>
    /// <exception cref="System.IO.IOException">It cannot be written; the error number is in it.</exception>
    void Write(string attribute, ReadOnlySpan<byte> value);
}
