using System;
using System.Collections.Immutable;
using Curia.Consensus;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Reads whole blocks of the own ledger, back to back.</summary>
/// <param name="from">Any seqno of the first block.</param>
/// <param name="bytesMax">About how much; one block at least.</param>
/// <returns>Empty when there is no such block.</returns>
public delegate ReadOnlyMemory<byte> BlockReader(SeqNo from, int bytesMax);

/// <summary>Committed blocks of the own disk, for a node that is far behind. They are not believed and need not be: who
/// receives them verifies them as any others.</summary>
public sealed class RecalledBlocks
{
    private const int BytesMax = 1 << 20;

    private readonly ImmutableArray<ReadOnlyMemory<byte>> bytes;

    private RecalledBlocks(TxId previous, ImmutableArray<BlockInfo> infos, ImmutableArray<ReadOnlyMemory<byte>> bytes)
    {
        Previous = previous;
        Infos = infos;
        this.bytes = bytes;
    }

    /// <summary>The last transaction before the first block.</summary>
    public TxId Previous { get; }

    /// <summary>The blocks, one at least, each following on the one before. A configuration is found in its bytes, by
    /// who receives them.</summary>
    public ImmutableArray<BlockInfo> Infos { get; }

    /// <summary>The last transaction of all.</summary>
    public TxId Last => Infos[^1].LastTxId;

    /// <summary>Reads what was asked for. Any thread.</summary>
    /// <param name="asked">Which blocks.</param>
    /// <param name="read">Reads the ledger.</param>
    /// <returns>Null when it is not there, or is no ledger.</returns>
    public static RecalledBlocks? Read(Effect.RecallBlocks asked, BlockReader read)
    {
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentNullException.ThrowIfNull(read);
        if (FindPrevious(asked.NotAfter, read) is not { } previous) return null;
        ImmutableArray<BlockInfo>.Builder infos = ImmutableArray.CreateBuilder<BlockInfo>();
        ImmutableArray<ReadOnlyMemory<byte>>.Builder blocks = ImmutableArray.CreateBuilder<ReadOnlyMemory<byte>>();
        TxId before = previous;
        for (ReadOnlyMemory<byte> rest = read(previous.SeqNo.Next, BytesMax);
            infos.Count < asked.Count && TryTake(ref rest, out BlockHeader header, out ReadOnlyMemory<byte> block);)
        {
            if (header.First != before.SeqNo.Next || header.View < before.View) return null;
            infos.Add(new BlockInfo(header.View, header.First, header.Last, Digest.Of(block.Span), null));
            blocks.Add(block);
            before = infos[^1].LastTxId;
        }

        return infos.Count == 0 ? null : new RecalledBlocks(previous, infos.ToImmutable(), blocks.ToImmutable());
    }

    /// <summary>The bytes of one of the blocks; null when it is not one of them.</summary>
    internal ReadOnlyMemory<byte>? BytesOf(BlockInfo info) =>
        Infos.IndexOf(info) is >= 0 and int index ? bytes[index] : (ReadOnlyMemory<byte>?)null;

    // The seqno may be in the middle of a block.
    private static TxId? FindPrevious(SeqNo notAfter, BlockReader read)
    {
        while (notAfter != SeqNo.Zero)
        {
            ReadOnlyMemory<byte> bytes = read(notAfter, 1);
            if (!TryTake(ref bytes, out BlockHeader header, out _) || header.First > notAfter) return null;
            if (header.Last == notAfter) return new TxId(header.View, header.Last);
            notAfter = new SeqNo(header.First.Value - 1);
        }

        return TxId.Zero;
    }

    private static bool TryTake(
        ref ReadOnlyMemory<byte> blocks, out BlockHeader header, out ReadOnlyMemory<byte> block)
    {
        header = default;
        return Block.TryTake(ref blocks, out block) && BlockHeader.TryDecode(block.Span, out header, out _);
    }
}
