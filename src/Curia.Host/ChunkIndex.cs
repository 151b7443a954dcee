using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Linq;
using System.Threading;
using Curia.Ledger;
using Curia.Vocabulary;
using Microsoft.Win32.SafeHandles;

namespace Curia.Host;

/// <summary>What becomes of the files when the end of the ledger is taken back.</summary>
/// <param name="Removed">Files to remove, the last one first.</param>
/// <param name="Path">The file that grows again; null when a new one begins.</param>
/// <param name="Length">How many bytes of it stay.</param>
internal readonly record struct ChunkCut(IReadOnlyList<string> Removed, string? Path, long Length);

/// <summary>Where each block lies: transaction to file and offset. Any thread.</summary>
/// <remarks>The chunks are few and all known; the blocks of a closed chunk are found again by walking its lengths when
/// somebody asks, so that memory does not grow with the ledger.</remarks>
internal sealed class ChunkIndex
{
    // A chunk of smallest blocks (5 MiB of some 700 bytes) has about 7,500 positions of 24 bytes: 64 chunks are 12 MiB,
    // and history that is read is mostly recent.
    private const int ChunksLocatedMax = 64;

    private readonly string folder;
    private readonly Lock gate = new();
    private readonly List<Chunk> chunks = [];
    private readonly Queue<Chunk> located = new();
    private int adopted;
    private int unnamedFrom;
    private ulong unnamedLast = ulong.MaxValue;

    /// <summary>An index of nothing.</summary>
    public ChunkIndex(string folder) => this.folder = folder;

    /// <summary>The files that this process wrote.</summary>
    public IReadOnlyList<string> OwnPaths
    {
        get
        {
            lock (gate) return [.. chunks.Skip(adopted).Select(chunk => chunk.Path)];
        }
    }

    /// <summary>A chunk that an earlier process wrote; before any of this one's.</summary>
    public void Adopt(FinishedChunk chunk)
    {
        lock (gate)
        {
            chunks.Add(new Chunk { First = chunk.First, Last = chunk.Last, Path = chunk.Path, IsClosed = true });
            adopted = unnamedFrom = chunks.Count;
        }
    }

    /// <summary>A new chunk begins.</summary>
    public void Open(SeqNo first, string path)
    {
        lock (gate) chunks.Add(new Chunk { First = first, Path = path, Blocks = [] });
    }

    /// <summary>The chunk that grows has one block more.</summary>
    public void Add(SeqNo first, SeqNo last, long offset, int length)
    {
        lock (gate)
        {
            Chunk chunk = chunks[^1];
            chunk.Blocks!.Add(new Place(first, offset, length));
            chunk.Last = last;
        }
    }

    /// <summary>The chunk that grew is complete.</summary>
    public void Close()
    {
        lock (gate)
        {
            chunks[^1].IsClosed = true;
            Keep(chunks[^1]);
            FindUnnamed();
        }
    }

    /// <summary>Whether a complete chunk still bears its first name though all of it is committed.</summary>
    /// <remarks>Without the lock, which is held while files are renamed: the node loop asks this.</remarks>
    public bool HasUnnamed(SeqNo committed) => Volatile.Read(ref unnamedLast) <= committed.Value;

    /// <summary>Gives complete, committed chunks their final names.</summary>
    /// <returns>Whether a file was renamed.</returns>
    public bool NameCommitted(SeqNo committed)
    {
        if (!HasUnnamed(committed)) return false;
        lock (gate)
        {
            for (; FindUnnamed() <= committed.Value; unnamedFrom++)
            {
                Chunk chunk = chunks[unnamedFrom];
                string path = Path.Combine(folder, LedgerChunk.ClosedName(chunk.First, chunk.Last));
                File.Move(chunk.Path, path);
                chunk.Path = path;
            }
        }

        return true;
    }

    /// <summary>Forgets all blocks after one. None of them is committed, so their files still bear their first
    /// names.</summary>
    /// <returns>The files that have to go, and the one that grows again.</returns>
    public ChunkCut TruncateAfter(SeqNo last)
    {
        lock (gate)
        {
            List<string> removed = [];
            while (chunks.Count > adopted && chunks[^1].First > last)
            {
                removed.Add(chunks[^1].Path);
                chunks.RemoveAt(chunks.Count - 1);
            }

            bool isWhole = chunks.Count == 0 || chunks[^1].Last <= last;
            if (chunks.Count <= Math.Max(adopted, unnamedFrom) || (isWhole && chunks[^1].IsClosed))
            {
                FindUnnamed();
                return new ChunkCut(removed, null, 0);
            }

            Chunk chunk = chunks[^1];
            if (chunk.Blocks is null)
            {
                using SafeFileHandle file = File.OpenHandle(
                    chunk.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
                chunk.Blocks = Walk(file);
            }

            chunk.Blocks.RemoveAll(block => block.First > last);
            chunk.Last = last;
            chunk.IsClosed = false;
            FindUnnamed();
            Place end = chunk.Blocks[^1];
            return new ChunkCut(removed, chunk.Path, end.Offset + end.Length);
        }
    }

    /// <summary>The bytes of the block that holds a transaction.</summary>
    /// <returns>Null when there is no such block, or the file ends before it does.</returns>
    public ReadOnlyMemory<byte>? Read(SeqNo seqNo)
    {
        if (!TryOpen(seqNo, out Chunk? chunk, out SafeFileHandle? file)) return null;
        using (file)
        {
            if (Locate(chunk, file, seqNo) is not Place place) return null;
            byte[] block = new byte[place.Length];
            return RandomAccess.Read(file, block, place.Offset) == block.Length ? block : null;
        }
    }

    /// <summary>The bytes of the block that holds a transaction and of those after it, as they stand in one
    /// file.</summary>
    /// <param name="from">Any seqno of the first block.</param>
    /// <param name="last">No block that ends after this one is read.</param>
    /// <param name="bytesMax">About how much; one block at least.</param>
    /// <returns>Null when there is no such block, or the file ends before it does.</returns>
    public ReadOnlyMemory<byte>? ReadRange(SeqNo from, SeqNo last, int bytesMax)
    {
        if (!TryOpen(from, out Chunk? chunk, out SafeFileHandle? file)) return null;
        using (file)
        {
            (Place First, Place End)? range = LocateRange(chunk, file, from, last, bytesMax);
            if (range is not { } found) return null;
            byte[] blocks = new byte[found.End.Offset + found.End.Length - found.First.Offset];
            return RandomAccess.Read(file, blocks, found.First.Offset) == blocks.Length ? blocks : null;
        }
    }

    private bool TryOpen(
        SeqNo seqNo, [NotNullWhen(true)] out Chunk? chunk, [NotNullWhen(true)] out SafeFileHandle? file)
    {
        chunk = null;
        file = null;
        lock (gate)
        {
            int at = chunks.FindLastIndex(candidate => candidate.First <= seqNo);
            if (at < 0 || seqNo > chunks[at].Last) return false;
            chunk = chunks[at];

            // Opened under the lock, since the writer renames under it; the open file keeps its content after that.
            file = File.OpenHandle(chunk.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            return true;
        }
    }

    private (Place First, Place End)? LocateRange(
        Chunk chunk, SafeFileHandle file, SeqNo from, SeqNo last, int bytesMax)
    {
        EnsureLocated(chunk, file);
        lock (gate)
        {
            if (chunk.Blocks is not { } blocks || FindIndex(blocks, from) is not (>= 0 and int first)) return null;
            int end = first;
            long bytes = blocks[first].Length;
            while (end + 1 < blocks.Count && (bytes += blocks[end + 1].Length) <= bytesMax
                && LastOf(chunk, end + 1) <= last)
            {
                end++;
            }

            return LastOf(chunk, first) <= last ? (blocks[first], blocks[end]) : null;
        }
    }

    private static SeqNo LastOf(Chunk chunk, int block) => block + 1 < chunk.Blocks!.Count
        ? new SeqNo(chunk.Blocks[block + 1].First.Value - 1)
        : chunk.Last;

    private Place? Locate(Chunk chunk, SafeFileHandle file, SeqNo seqNo)
    {
        EnsureLocated(chunk, file);
        lock (gate)
        {
            if (chunk.Blocks is not { } blocks) return null;
            int index = FindIndex(blocks, seqNo);
            return index < 0 ? null : blocks[index];
        }
    }

    private void EnsureLocated(Chunk chunk, SafeFileHandle file)
    {
        lock (gate)
        {
            if (chunk.Blocks is not null) return;
        }

        List<Place> blocks = Walk(file);
        lock (gate)
        {
            if (chunk.Blocks is not null) return;
            chunk.Blocks = blocks;
            Keep(chunk);
        }
    }

    private ulong FindUnnamed()
    {
        bool found = unnamedFrom < chunks.Count && chunks[unnamedFrom].IsClosed;
        ulong last = found ? chunks[unnamedFrom].Last.Value : ulong.MaxValue;
        Volatile.Write(ref unnamedLast, last);
        return last;
    }

    private void Keep(Chunk chunk)
    {
        located.Enqueue(chunk);
        if (located.Count > ChunksLocatedMax) located.Dequeue().Blocks = null;
    }

    private static int FindIndex(List<Place> blocks, SeqNo seqNo)
    {
        int low = 0;
        int high = blocks.Count - 1;
        while (low < high)
        {
            int middle = (low + high + 1) / 2;
            if (blocks[middle].First <= seqNo) low = middle;
            else high = middle - 1;
        }

        return high < 0 || blocks[low].First > seqNo ? -1 : low;
    }

    // Lengths on disk are the enemy's: a wrong one ends the walk, and the node then says that the block is missing or
    // changed.
    private static List<Place> Walk(SafeFileHandle file)
    {
        List<Place> blocks = [];
        long size = RandomAccess.GetLength(file);
        Span<byte> start = stackalloc byte[Block.HeaderSize];
        for (long offset = LedgerChunk.HeaderSize; RandomAccess.Read(file, start, offset) == start.Length;)
        {
            if (!BlockHeader.TryDecode(start, out BlockHeader header, out _) || header.Length > size - offset) break;
            blocks.Add(new Place(header.First, offset, header.Length));
            offset += header.Length;
        }

        return blocks;
    }

    private readonly record struct Place(SeqNo First, long Offset, int Length);

    private sealed class Chunk
    {
        public required SeqNo First { get; init; }

        public SeqNo Last { get; set; }

        public required string Path { get; set; }

        public bool IsClosed { get; set; }

        public List<Place>? Blocks { get; set; }
    }
}
