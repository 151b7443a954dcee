using System;
using System.Buffers.Binary;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>Seals and opens the entries of one node in one period. Key: HKDF(data key, "curia entry key", node id);
/// nonce: view (4 bytes) ‖ seqno (8 bytes). So two processes never share a key and a nonce, whatever the host
/// copies.</summary>
/// <remarks>One thread at a time. DESIGN 5, "Keys"; docs/ledger-format.md, "Sealing".</remarks>
public sealed class EntrySealer : IDisposable
{
    private readonly EvidenceDigests? evidences;
    private readonly AeadKey key;
    private TxId last = TxId.Zero;

    /// <summary>Seals and opens with the ledger secret, which stays with the caller.</summary>
    public EntrySealer(LedgerSecret secret, NodeId sealingNode)
    {
        ArgumentNullException.ThrowIfNull(secret);
        evidences = secret.EvidenceDigests();
        using SecretBytes dataKey = secret.DataKey();
        key = EntryKey(dataKey, sealingNode);
    }

    /// <summary>Opens with a disclosed data key; it cannot seal, because it cannot make commit evidence.</summary>
    public EntrySealer(SecretBytes dataKey, NodeId sealingNode) => key = EntryKey(dataKey, sealingNode);

    /// <summary>A new array with the sealed entry.</summary>
    /// <exception cref="InvariantException">As in <see cref="Seal(EntryType, TxId, ClaimsDigest, ReadOnlySpan{byte},
    /// ReadOnlySpan{byte}, Span{byte})"/>.</exception>
    public byte[] Seal(
        EntryType type, TxId txId, ClaimsDigest claims, ReadOnlySpan<byte> publicBytes, ReadOnlySpan<byte> privateBytes)
    {
        byte[] entry = new byte[checked((int)LedgerEntry.SizeOf(publicBytes.Length, privateBytes.Length))];
        Seal(type, txId, claims, publicBytes, privateBytes, entry);
        return entry;
    }

    /// <summary>Writes the sealed entry where it will stay.</summary>
    /// <returns>The leaf of the entry.</returns>
    /// <param name="type">A signature transaction has no commit evidence, claims or private part.</param>
    /// <param name="txId">After every TxID that this sealer has sealed.</param>
    /// <param name="claims">The application's digest of its own claims.</param>
    /// <param name="publicBytes">The public part.</param>
    /// <param name="privateBytes">The private part; empty when there is none.</param>
    /// <param name="target">Exactly <see cref="LedgerEntry.SizeOf"/> bytes.</param>
    /// <exception cref="InvariantException">The TxID is not after the last one, the entry is too large, or a signature
    /// transaction carries more than its public part.</exception>
    public Digest Seal(
        EntryType type, TxId txId, ClaimsDigest claims, ReadOnlySpan<byte> publicBytes, ReadOnlySpan<byte> privateBytes,
        Span<byte> target)
    {
        Invariant.Holds(evidences is not null, "a disclosed data key seals nothing");
        // DESIGN 5, "Keys": within a process a seqno is never sealed twice in a view, for the nonce is made of both.
        Invariant.Holds(txId > last && txId.View <= View.Max, $"entry {txId} is sealed after {last}");
        Invariant.Holds(target.Length == LedgerEntry.SizeOf(publicBytes.Length, privateBytes.Length)
            && target.Length <= LedgerEntry.BytesMax, $"entry {txId} does not fit {target.Length} bytes");
        bool signature = type == EntryType.Signature;
        Invariant.Holds(!signature || (privateBytes.IsEmpty && claims == ClaimsDigest.None),
            $"signature transaction {txId} has claims or a private part");
        last = txId;

        Digest evidence = signature ? Digest.Zero : evidences.For(txId);
        int sealedLength = target.Length - LedgerEntry.HeaderSize - publicBytes.Length;
        LedgerEntry.WriteClear(target, type, txId, claims, evidence, publicBytes, sealedLength);
        if (sealedLength != 0)
        {
            Span<byte> nonce = stackalloc byte[AeadKey.NonceSize];
            WriteNonce(nonce, txId);
            key.Seal(nonce, privateBytes, target[..^sealedLength],
                target.Slice(target.Length - sealedLength, privateBytes.Length), target[^AeadKey.TagSize..]);
        }

        return LedgerEntry.LeafOf(Digest.Of(target), evidence, claims);
    }

    /// <summary>Opens the private part of an entry that this node sealed in this period.</summary>
    /// <returns>False when the key is another or any byte of the entry was changed.</returns>
    public bool TryOpen(LedgerEntry entry, out byte[] privateBytes)
    {
        ArgumentNullException.ThrowIfNull(entry);
        privateBytes = [];
        if (entry.SealedPrivate.IsEmpty) return true;
        ReadOnlySpan<byte> sealedPrivate = entry.SealedPrivate.Span;
        Span<byte> nonce = stackalloc byte[AeadKey.NonceSize];
        WriteNonce(nonce, entry.TxId);
        byte[] plaintext = new byte[sealedPrivate.Length - AeadKey.TagSize];
        if (!key.TryOpen(nonce, sealedPrivate[..^AeadKey.TagSize], sealedPrivate[^AeadKey.TagSize..],
            entry.AssociatedData.Span, plaintext))
        {
            return false;
        }

        privateBytes = plaintext;
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        key.Dispose();
        evidences?.Dispose();
    }

    private static AeadKey EntryKey(SecretBytes dataKey, NodeId sealingNode)
    {
        Span<byte> context = stackalloc byte[Digest.Size];
        sealingNode.Value.CopyTo(context);
        using SecretBytes entryKey = KeyDerivation.Derive(dataKey, "curia entry key", context);
        return new AeadKey(entryKey);
    }

    private static void WriteNonce(Span<byte> nonce, TxId txId)
    {
        BinaryPrimitives.WriteUInt32BigEndian(nonce, (uint)txId.View.Value);
        BinaryPrimitives.WriteUInt64BigEndian(nonce[sizeof(uint)..], txId.SeqNo.Value);
    }
}
