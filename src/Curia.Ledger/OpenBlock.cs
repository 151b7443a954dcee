using System;
using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>A transaction that waits in the open block, still in clear.</summary>
/// <param name="TxId">Its position.</param>
/// <param name="Type">Any type but a signature transaction, which sealing adds.</param>
/// <param name="Claims">The application's digest of its own claims.</param>
/// <param name="Public">The public part.</param>
/// <param name="Private">The private part; empty when there is none.</param>
public sealed record OpenEntry(
    TxId TxId, EntryType Type, ClaimsDigest Claims, ReadOnlyMemory<byte> Public, ReadOnlyMemory<byte> Private)
{
    /// <summary>The size of the entry when it is sealed.</summary>
    public long SealedBytes => LedgerEntry.SizeOf(Public.Length, Private.Length);
}

/// <summary>The transactions since the last block. Nothing of it leaves the TEE before it is sealed; a primary that
/// loses its role drops it (DESIGN 4).</summary>
/// <remarks>One thread at a time.</remarks>
public sealed class OpenBlock
{
    // What is left when header and signature transaction have their place.
    private const long BytesMax = Block.BytesMax - BlockSealer.SignatureBytesMax - Block.HeaderSize;

    private readonly List<OpenEntry> entries = [];

    /// <summary>An open block without transactions.</summary>
    /// <exception cref="InvariantException">View or seqno is outside what a block can hold.</exception>
    public OpenBlock(View view, SeqNo first)
    {
        Invariant.Holds(view.Value is > 0 and <= uint.MaxValue, $"no block can be in view {view}");
        Invariant.Holds(first.Value > 0, "the first seqno is 1");
        View = view;
        First = first;
    }

    /// <summary>The view of all its transactions.</summary>
    public View View { get; }

    /// <summary>The seqno of its first transaction.</summary>
    public SeqNo First { get; }

    /// <summary>The seqno of the next transaction; when the block is sealed, of its signature transaction.</summary>
    public SeqNo Next => new(First.Value + (ulong)entries.Count);

    /// <summary>The number of transactions.</summary>
    public int Count => entries.Count;

    /// <summary>The size of its entries when they are sealed, without header and signature transaction.</summary>
    public long Bytes { get; private set; }

    /// <summary>Its transactions, in order.</summary>
    public IReadOnlyList<OpenEntry> Entries => entries;

    /// <summary>Whether a further entry keeps the block within <see cref="Block.BytesMax"/>.</summary>
    public bool HasRoomFor(long publicBytes, long privateBytes) =>
        Bytes + LedgerEntry.SizeOf(publicBytes, privateBytes) <= BytesMax && entries.Count < Block.EntriesMax - 1;

    /// <summary>Adds the next transaction. The block keeps both arrays.</summary>
    /// <exception cref="InvariantException">The TxID is not the next one, the type is that of a signature transaction,
    /// or there is no room.</exception>
    public void Add(TxId txId, EntryType type, ClaimsDigest claims, ReadOnlyMemory<byte> publicBytes,
        ReadOnlyMemory<byte> privateBytes)
    {
        Invariant.Holds(txId == new TxId(View, Next), $"{txId} joins an open block that waits for {View}.{Next}");
        Invariant.Holds(type != EntryType.Signature, "sealing adds the signature transaction");
        Invariant.Holds(type == EntryType.Genesis == (txId.SeqNo.Value == 1), "genesis is seqno 1");
        Invariant.Holds(HasRoomFor(publicBytes.Length, privateBytes.Length), $"no room for {txId} in the open block");
        OpenEntry entry = new(txId, type, claims, publicBytes, privateBytes);
        Invariant.Holds(entry.SealedBytes <= LedgerEntry.BytesMax,
            $"entry {txId} of {entry.SealedBytes} bytes is too large");
        entries.Add(entry);
        Bytes += entry.SealedBytes;
    }
}
