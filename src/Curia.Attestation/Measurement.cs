using System;

namespace Curia.Attestation;

/// <summary>The digest of launched code, as the hardware took it: 48 bytes of SHA-384 (SEV-SNP, TDX) or 32 of SHA-256
/// (SGX). Equal by value, printed as lower-case hexadecimal digits.</summary>
public readonly struct Measurement : IEquatable<Measurement>
{
    private readonly byte[]? bytes;

    /// <summary>Takes the bytes as they are.</summary>
    /// <exception cref="ArgumentException">There are neither 32 nor 48.</exception>
    public Measurement(ReadOnlySpan<byte> bytes)
    {
        if (!IsSize(bytes.Length))
            throw new ArgumentException($"A measurement has 32 or 48 bytes, not {bytes.Length}.", nameof(bytes));
        this.bytes = bytes.ToArray();
    }

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => bytes;

    /// <summary>Reads 64 or 96 hexadecimal digits, in either case.</summary>
    /// <returns>False for any other text; nothing throws.</returns>
    public static bool TryParseHex(ReadOnlySpan<char> text, out Measurement measurement)
    {
        measurement = default;
        if (text.Length % 2 != 0 || !IsSize(text.Length / 2)) return false;
        Span<byte> read = stackalloc byte[text.Length / 2];
        if (Convert.FromHexString(text, read, out _, out _) != System.Buffers.OperationStatus.Done) return false;
        measurement = new Measurement(read);
        return true;
    }

    /// <inheritdoc/>
    public bool Equals(Measurement other) => Bytes.SequenceEqual(other.Bytes);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Measurement other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = new();
        hash.AddBytes(Bytes);
        return hash.ToHashCode();
    }

    /// <inheritdoc/>
    public override string ToString() => Convert.ToHexStringLower(Bytes);

    /// <summary>Whether two measurements are the same bytes.</summary>
    public static bool operator ==(Measurement left, Measurement right) => left.Equals(right);

    /// <summary>Whether two measurements differ.</summary>
    public static bool operator !=(Measurement left, Measurement right) => !left.Equals(right);

    private static bool IsSize(int size) => size is 32 or 48;
}
