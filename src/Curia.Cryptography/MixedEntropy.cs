using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Security.Cryptography;

namespace Curia.Cryptography;

/// <summary>Randomness of a platform, mixed with what others have contributed: it is good when any one of them is
/// (DESIGN 1, "mixing entropy from every founder's").</summary>
/// <remarks>What the platform gives is combined by exclusive or with a stream that HKDF makes of the contributions. One
/// thread at a time.</remarks>
public sealed class MixedEntropy : Entropy, IDisposable
{
    /// <summary>The size of a contribution in bytes.</summary>
    public const int ContributionSize = 32;

    private static readonly byte[] salt = "curia founders' entropy 1"u8.ToArray();

    private readonly Entropy platform;
    private readonly SecretBytes key;
    private ulong fills;

    /// <summary>Mixes.</summary>
    /// <param name="platform">The platform's own.</param>
    /// <param name="contributions">Those of others, in an order that all agree on. They are read, and not taken
    /// over.</param>
    public MixedEntropy(Entropy platform, IReadOnlyList<SecretBytes> contributions)
    {
        ArgumentNullException.ThrowIfNull(platform);
        ArgumentNullException.ThrowIfNull(contributions);
        this.platform = platform;
        byte[] joined = GC.AllocateArray<byte>(contributions.Count * ContributionSize, pinned: true);
        Span<byte> extracted = stackalloc byte[SHA256.HashSizeInBytes];
        for (int i = 0; i < contributions.Count; i++)
        {
            if (contributions[i].Length != ContributionSize)
                throw new ArgumentException($"a contribution has {ContributionSize} bytes", nameof(contributions));
            contributions[i].Reveal().CopyTo(joined.AsSpan(i * ContributionSize));
        }

        HKDF.Extract(HashAlgorithmName.SHA256, joined, salt, extracted);
        key = new SecretBytes(extracted);
        CryptographicOperations.ZeroMemory(extracted);
        CryptographicOperations.ZeroMemory(joined);
    }

    /// <inheritdoc/>
    public override void Fill(Span<byte> target)
    {
        platform.Fill(target);
        Span<byte> block = stackalloc byte[SHA256.HashSizeInBytes];
        Span<byte> info = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(info, fills++);
        for (int at = 0; at < target.Length; at += block.Length)
        {
            BinaryPrimitives.WriteUInt64BigEndian(info[sizeof(ulong)..], (ulong)at);
            HKDF.Expand(HashAlgorithmName.SHA256, key.Reveal(), block, info);
            int count = Math.Min(block.Length, target.Length - at);
            for (int i = 0; i < count; i++) target[at + i] ^= block[i];
        }

        CryptographicOperations.ZeroMemory(block);
    }

    /// <summary>Clears the contributions.</summary>
    public void Dispose() => key.Dispose();
}
