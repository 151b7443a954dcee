using System;
using System.Security.Cryptography;
using System.Text;

namespace Curia.Cryptography;

/// <summary>HKDF-SHA-256 (RFC 5869) with a label and a context in the info field.</summary>
public static class KeyDerivation
{
    /// <summary>A key of its own for each label and context.</summary>
    /// <param name="secret">The input key material.</param>
    /// <param name="label">ASCII without zero bytes, for example <c>curia data key</c>.</param>
    /// <param name="context">What the key is for, for example a node id; may be empty.</param>
    /// <param name="length">The size of the result in bytes.</param>
    /// <returns>HKDF(salt empty, secret, info = label ‖ 0x00 ‖ context).</returns>
    public static SecretBytes Derive(
        SecretBytes secret, string label, ReadOnlySpan<byte> context, int length = AeadKey.KeySize)
    {
        ArgumentNullException.ThrowIfNull(secret);
        ArgumentNullException.ThrowIfNull(label);
        byte[] info = new byte[label.Length + 1 + context.Length];
        Encoding.ASCII.GetBytes(label, info);
        context.CopyTo(info.AsSpan(label.Length + 1));
        Span<byte> key = stackalloc byte[length];
        HKDF.DeriveKey(HashAlgorithmName.SHA256, secret.Reveal(), key, salt: [], info);
        SecretBytes derived = new(key);
        CryptographicOperations.ZeroMemory(key);
        return derived;
    }
}
