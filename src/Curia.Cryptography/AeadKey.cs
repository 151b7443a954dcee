using System;
using System.Security.Cryptography;

namespace Curia.Cryptography;

/// <summary>An AES-256-GCM key (NIST SP 800-38D): nonces of 12 bytes, tags of 16. One thread at a time.</summary>
/// <remarks>The caller answers for nonces: one nonce is used once with one key (docs/ledger-format.md,
/// "Sealing").</remarks>
public sealed class AeadKey : IDisposable
{
    /// <summary>The size of a key in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>The size of a nonce in bytes.</summary>
    public const int NonceSize = 12;

    /// <summary>The size of a tag in bytes.</summary>
    public const int TagSize = 16;

    private readonly AesGcm aes;

    /// <summary>Takes 32 bytes of key material.</summary>
    public AeadKey(SecretBytes key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (key.Length != KeySize)
            throw new ArgumentException($"A key has {KeySize} bytes, not {key.Length}.", nameof(key));
        aes = new AesGcm(key.Reveal(), TagSize);
    }

    /// <summary>Encrypts and authenticates. Ciphertext and plaintext have one size.</summary>
    public void Seal(
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> plaintext,
        ReadOnlySpan<byte> associatedData,
        Span<byte> ciphertext,
        Span<byte> tag) => aes.Encrypt(nonce, plaintext, ciphertext, tag, associatedData);

    /// <summary>Checks and decrypts.</summary>
    /// <returns>False, and a zeroed target, when anything was changed or the key is another.</returns>
    public bool TryOpen(
        ReadOnlySpan<byte> nonce,
        ReadOnlySpan<byte> ciphertext,
        ReadOnlySpan<byte> tag,
        ReadOnlySpan<byte> associatedData,
        Span<byte> plaintext)
    {
        try
        {
            aes.Decrypt(nonce, ciphertext, tag, plaintext, associatedData);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            plaintext.Clear();
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => aes.Dispose();
}
