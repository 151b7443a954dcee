using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using Curia.Vocabulary;

namespace Curia.Attestation;

/// <summary>The measurement of a program's files, for the virtual platform: SHA-256 over a line for each file, in the
/// order of their names, as <c>sha256sum</c> prints them.</summary>
/// <remarks>Anybody with the files computes it with the tools of a shell: <c>find . -type f -printf '%P\n' | LC_ALL=C
/// sort | xargs -d '\n' sha256sum | sha256sum</c>.</remarks>
public static class ProgramMeasurement
{
    /// <summary>Computes it.</summary>
    /// <param name="files">The digest of each file by its path in the program's folder, with <c>/</c> between the
    /// parts.</param>
    /// <exception cref="ArgumentException">There are none, or a name has a line break or a backslash, which would make
    /// two programs look alike.</exception>
    public static Measurement Of(IReadOnlyDictionary<string, Digest> files)
    {
        ArgumentNullException.ThrowIfNull(files);
        if (files.Count == 0) throw new ArgumentException("A program has files.", nameof(files));
        using IncrementalHash hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        IEnumerable<(byte[] Name, Digest Digest)> named =
            files.Select(file => (Encoding.UTF8.GetBytes(file.Key), file.Value));
        foreach ((byte[] name, Digest digest) in named.Order(Comparer<(byte[] Name, Digest Digest)>.Create(
            (one, other) => one.Name.AsSpan().SequenceCompareTo(other.Name))))
        {
            if (name.AsSpan().ContainsAny((byte)'\n', (byte)'\r', (byte)'\\'))
                throw new ArgumentException("A file's name has a line break or a backslash.", nameof(files));
            hash.AppendData(Encoding.ASCII.GetBytes($"{digest}  "));
            hash.AppendData(name);
            hash.AppendData("\n"u8);
        }

        return new Measurement(hash.GetHashAndReset());
    }
}
