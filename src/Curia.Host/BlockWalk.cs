using System;
using Curia.Ledger;

namespace Curia.Host;

/// <summary>Blocks back to back, by the lengths that they say themselves. Nothing is believed by it.</summary>
internal static class BlockWalk
{
    /// <summary>A chunk is closed after the block that brings it over its size, so it is never longer than both
    /// together.</summary>
    public const long ChunkBytesMax = (long)Block.BytesMax + LedgerChunk.BytesToClose + LedgerChunk.HeaderSize;

    /// <summary>The last whole block; nothing when there is none.</summary>
    public static ReadOnlyMemory<byte> Last(ReadOnlyMemory<byte> blocks)
    {
        ReadOnlyMemory<byte> block = default;
        while (Block.TryTake(ref blocks, out ReadOnlyMemory<byte> next)) block = next;
        return block;
    }
}
