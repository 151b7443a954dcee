using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The secret of one period of the ledger. Nothing is sealed with it: every use has a key of its own, derived
/// with HKDF and a label, so that a period can later be disclosed without giving away anything else (DESIGN 5,
/// "Keys").</summary>
/// <remarks>Safe to call from any thread. docs/ledger-format.md, "Keys".</remarks>
public sealed class LedgerSecret : IDisposable
{
    /// <summary>The size of a ledger secret in bytes.</summary>
    public const int Size = 32;

    /// <summary>The size of a wrapped ledger secret in bytes: the secret and a tag.</summary>
    public const int WrappedSize = Size + AeadKey.TagSize;

    private readonly SecretBytes secret;
    private readonly SecretBytes evidenceKey;

    /// <summary>Takes over the bytes, which are disposed with this object.</summary>
    /// <exception cref="ArgumentException">The secret has not 32 bytes.</exception>
    public LedgerSecret(SecretBytes secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        if (secret.Length != Size)
            throw new ArgumentException($"A ledger secret has {Size} bytes, not {secret.Length}.", nameof(secret));

        this.secret = secret;
        evidenceKey = KeyDerivation.Derive(secret, "curia commit evidence key", []);
        using SecretBytes commitment = KeyDerivation.Derive(secret, "curia ledger secret commitment", []);
        Commitment = new Digest(commitment.Reveal());
    }

    /// <summary>A public value that only this secret gives; it says nothing about the secret.</summary>
    public Digest Commitment { get; }

    /// <summary>A new secret.</summary>
    public static LedgerSecret Generate(Entropy entropy) => new(SecretBytes.Random(Size, entropy));

    /// <summary>The key from which the entry keys come, one for each sealing node. Disclosing it opens the private
    /// parts of this period and nothing else. The caller disposes it.</summary>
    public SecretBytes DataKey() => KeyDerivation.Derive(secret, "curia data key", []);

    /// <summary>The key that wraps the older ledger secret. The caller disposes it.</summary>
    public SecretBytes ChainKey() => KeyDerivation.Derive(secret, "curia chain key", []);

    /// <summary>The key from which the keys of snapshots come. The caller disposes it.</summary>
    public SecretBytes SnapshotKey() => KeyDerivation.Derive(secret, "curia snapshot key", []);

    /// <summary>The key of indexes that a node spills to its disk. The caller disposes it.</summary>
    public SecretBytes IndexKey() => KeyDerivation.Derive(secret, "curia index key", []);

    /// <summary>The secret of the period before, sealed under the chain key, which seals nothing else: whoever has the
    /// newest secret has all. docs/ledger-format.md, "Keys".</summary>
    /// <param name="olderFrom">The first seqno of the older period.</param>
    /// <param name="older">Its secret.</param>
    public byte[] Wrap(SeqNo olderFrom, LedgerSecret older)
    {
        ArgumentNullException.ThrowIfNull(older);
        Span<byte> from = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(from, olderFrom.Value);
        byte[] wrapped = new byte[WrappedSize];
        using SecretBytes chainKey = ChainKey();
        using AeadKey key = new(chainKey);
        key.Seal(
            new byte[AeadKey.NonceSize], older.secret.Reveal(), from, wrapped.AsSpan(0, Size), wrapped.AsSpan(Size));
        return wrapped;
    }

    /// <summary>The secret of the period before, as <see cref="Wrap"/> gave it.</summary>
    /// <returns>False when this is another secret, or anything was changed.</returns>
    public bool TryUnwrap(SeqNo olderFrom, ReadOnlySpan<byte> wrapped, [NotNullWhen(true)] out LedgerSecret? older)
    {
        older = null;
        if (wrapped.Length != WrappedSize) return false;
        Span<byte> from = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(from, olderFrom.Value);
        using SecretBytes chainKey = ChainKey();
        using AeadKey key = new(chainKey);
        Span<byte> clear = stackalloc byte[Size];
        bool isOpen = key.TryOpen(new byte[AeadKey.NonceSize], wrapped[..Size], wrapped[Size..], from, clear);
        if (isOpen) older = new LedgerSecret(new SecretBytes(clear));
        CryptographicOperations.ZeroMemory(clear);
        return isOpen;
    }

    /// <summary>A copy of the secret itself, to be sealed by the platform. The caller disposes it.</summary>
    public SecretBytes Export() => new(secret.Reveal());

    /// <summary>The commit evidence of a transaction of this period.</summary>
    public CommitEvidence EvidenceFor(TxId txId) => new(txId, EvidenceCodeFor(txId));

    /// <inheritdoc/>
    public void Dispose()
    {
        secret.Dispose();
        evidenceKey.Dispose();
    }

    /// <summary>Makes the digests of commit evidence, one after the other. The caller disposes it.</summary>
    internal EvidenceDigests EvidenceDigests() => new(evidenceKey);

    private Digest EvidenceCodeFor(TxId txId)
    {
        using EvidenceDigests digests = EvidenceDigests();
        return digests.CodeFor(txId);
    }
}
