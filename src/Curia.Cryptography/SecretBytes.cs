using System;
using System.Security.Cryptography;

namespace Curia.Cryptography;

/// <summary>Key material. Zeroed on dispose, printed as <c>***</c>, compared in constant time.</summary>
/// <remarks>Passed by reference and never copied into a log, an exception text or an effect that leaves the TEE. The
/// array is pinned, so that the garbage collector leaves no second copy behind.</remarks>
public sealed class SecretBytes : IDisposable, IEquatable<SecretBytes>
{
    private readonly byte[] bytes;
    private bool disposed;

    /// <summary>Copies the bytes; the caller clears its own.</summary>
    public SecretBytes(ReadOnlySpan<byte> source)
    {
        bytes = GC.AllocateUninitializedArray<byte>(source.Length, pinned: true);
        source.CopyTo(bytes);
    }

    private SecretBytes(int length) => bytes = GC.AllocateArray<byte>(length, pinned: true);

    /// <summary>The size in bytes.</summary>
    public int Length => bytes.Length;

    /// <summary>New key material of a given size.</summary>
    public static SecretBytes Random(int length, Entropy entropy)
    {
        ArgumentNullException.ThrowIfNull(entropy);
        SecretBytes secret = new(length);
        entropy.Fill(secret.bytes);
        return secret;
    }

    /// <summary>The bytes themselves, for a cryptographic primitive and nothing else.</summary>
    /// <exception cref="ObjectDisposedException">The secret has been cleared.</exception>
    public ReadOnlySpan<byte> Reveal()
    {
        ObjectDisposedException.ThrowIf(disposed, this);
        return bytes;
    }

    /// <summary>Constant time in the length of the secrets.</summary>
    public bool Equals(SecretBytes? other) =>
        other is not null && CryptographicOperations.FixedTimeEquals(Reveal(), other.Reveal());

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as SecretBytes);

    /// <summary>The same for all secrets of one size: a hash of the content would leak it.</summary>
    public override int GetHashCode() => bytes.Length;

    /// <summary>Always <c>***</c>.</summary>
    public override string ToString() => "***";

    /// <summary>Overwrites the bytes with zeros.</summary>
    public void Dispose()
    {
        CryptographicOperations.ZeroMemory(bytes);
        disposed = true;
    }
}
