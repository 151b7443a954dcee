using System;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The commit evidence of one period, reduced to what an entry holds of it. Keeps its keyed hash from one to
/// the next, because preparing the key costs more than hashing a TxID.</summary>
/// <remarks>One thread at a time.</remarks>
internal sealed class EvidenceDigests : IDisposable
{
    private readonly IncrementalHash mac;

    public EvidenceDigests(SecretBytes key) => mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key.Reveal());

    /// <summary>The keyed digest of the TxID, which the evidence reveals.</summary>
    public Digest CodeFor(TxId txId)
    {
        Span<byte> input = stackalloc byte[2 * sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(input, txId.View.Value);
        BinaryPrimitives.WriteUInt64BigEndian(input[sizeof(ulong)..], txId.SeqNo.Value);
        mac.AppendData(input);
        Span<byte> code = stackalloc byte[Digest.Size];
        mac.GetHashAndReset(code);
        return new Digest(code);
    }

    /// <summary>The digest of the evidence: sealing needs no text.</summary>
    public Digest For(TxId txId) => CommitEvidence.DigestOf(txId, CodeFor(txId));

    /// <inheritdoc/>
    public void Dispose() => mac.Dispose();
}
