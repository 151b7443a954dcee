using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>A ledger directory on a disk with a write cache: what is written can be read back, what is synced survives.
/// Lays chunk files out as the shell does (docs/ledger-format.md, "Chunk files"), with small chunks so that runs have
/// several.</summary>
internal class VirtualDisk(int chunkBytes, long capacityBytes, Situations situations)
{
    private readonly List<VirtualFile> files = [];
    private readonly List<StoredBlock> blocks = [];
    private long used;

    /// <summary>What was written, synced or not.</summary>
    public IReadOnlyList<StoredBlock> Blocks => blocks;

    public IReadOnlyList<VirtualFile> Files => files;

    /// <summary>The last seqno of the last block that a crash cannot take any more.</summary>
    public SeqNo SyncedLast
    {
        get
        {
            SeqNo last = SeqNo.Zero;
            foreach (StoredBlock block in blocks)
            {
                if (block.File.SyncedLength < block.Offset + block.Length) break;
                last = block.Last;
            }

            return last;
        }
    }

    /// <summary>Appends a block to the write cache.</summary>
    /// <param name="first">The seqno of its first entry.</param>
    /// <param name="last">The seqno of its last entry.</param>
    /// <param name="bytes">The block.</param>
    /// <param name="keptBytes">How much of it a failing write gets done; all of it when the disk is well.</param>
    /// <returns>False when not all of it was written.</returns>
    public bool Write(SeqNo first, SeqNo last, ReadOnlySpan<byte> bytes, int keptBytes = int.MaxValue)
    {
        VirtualFile file = OpenChunk(first);
        int offset = file.Length;
        int room = (int)Math.Min(bytes.Length, Math.Max(0, capacityBytes - used));
        int kept = Math.Min(room, keptBytes);
        file.Append(bytes[..kept]);
        used += kept;
        if (kept < bytes.Length) return false;
        blocks.Add(new StoredBlock(first, last, file, offset, bytes.Length));
        return true;
    }

    /// <summary>Syncs everything that was written.</summary>
    public virtual void Sync()
    {
        foreach (VirtualFile file in files) file.Sync();
    }

    /// <summary>A sync fails: the cache is marked clean, whatever reached the platter. A later sync reports
    /// success.</summary>
    public void FailSync()
    {
        foreach (VirtualFile file in files) file.LoseCache();
    }

    public StoredBlock? Find(SeqNo seqNo) => blocks.Find(block => block.First <= seqNo && seqNo <= block.Last);

    public virtual void Crash(SeededRandom random)
    {
        foreach (VirtualFile file in files) file.Crash(random, situations);
        blocks.Clear();
    }

    /// <summary>The names and contents as an auditor finds them.</summary>
    public IEnumerable<(string Name, byte[] Bytes)> Read() => files.Select(file => (file.Name, file.ReadAll()));

    /// <summary>Gives complete files whose blocks have all committed their final names, as the shell does.</summary>
    public virtual void NameCommitted(SeqNo committed)
    {
        foreach (VirtualFile file in files.SkipLast(1))
        {
            (SeqNo first, SeqNo last) = (SeqNo.Zero, SeqNo.Zero);
            foreach (StoredBlock block in blocks.Where(block => block.File == file))
            {
                if (first == SeqNo.Zero) first = block.First;
                last = block.Last;
            }

            if (last <= committed) file.Name = LedgerChunk.ClosedName(first, last);
        }
    }

    private VirtualFile OpenChunk(SeqNo first)
    {
        if (files.Count > 0 && files[^1].Length < chunkBytes) return files[^1];
        if (files.Count > 0)
        {
            situations.Reached("chunk closed");
            files[^1].Sync();
        }

        VirtualFile file = new(LedgerChunk.OpenName(first));
        file.Append(LedgerChunk.Header(first));
        used += LedgerChunk.HeaderSize;
        files.Add(file);
        return file;
    }
}

/// <summary>Where a block is.</summary>
internal sealed record StoredBlock(SeqNo First, SeqNo Last, VirtualFile File, int Offset, int Length)
{
    public byte[] Read() => File.Read(Offset, Length);
}
