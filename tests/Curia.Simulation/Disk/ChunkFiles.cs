using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>The ledger folder as the process at hand knows it: lays chunk files out as the shell does
/// (docs/ledger-format.md, "Chunk files"), with small chunks so that runs have several.</summary>
internal sealed class ChunkFiles(World world, WriteGate gate, int chunkBytes)
{
    private readonly List<Chunk> chunks = [];
    private readonly List<StoredBlock> blocks = [];
    private Chunk? growing;
    private bool hasNewName;
    private int durable;

    /// <summary>What was written, synced or not, by this process and those before it.</summary>
    public IReadOnlyList<StoredBlock> Blocks => blocks;

    /// <summary>The last seqno of the last block that was written whole.</summary>
    public SeqNo WrittenLast => blocks.Count == 0 ? SeqNo.Zero : blocks[^1].Last;

    /// <summary>The last seqno of the last block that a crash cannot take any more.</summary>
    public SeqNo SyncedLast
    {
        get
        {
            for (; durable < blocks.Count; durable++)
            {
                StoredBlock block = blocks[durable];
                if (!block.File.IsDurable(block.Offset, block.Length) || !Folder.IsDurable(block.File)) break;
            }

            return durable == 0 ? SeqNo.Zero : blocks[durable - 1].Last;
        }
    }

    /// <summary>The names of the files that this process made.</summary>
    public IEnumerable<string> OwnNames => chunks.Where(chunk => chunk.IsOwn).Select(chunk => chunk.Name);

    private VirtualFolder Folder => world.Disk.Ledger;

    /// <summary>Takes over a file that an earlier process wrote.</summary>
    public void Adopt(string name, SeqNo last)
    {
        VirtualFile file = Folder[name];
        ReadOnlyMemory<byte> rest = file.ReadAll().AsMemory(LedgerChunk.HeaderSize);
        int offset = LedgerChunk.HeaderSize;
        while (Block.TryReadLength(rest.Span, out int length) && length <= rest.Length
            && Block.TryDecode(rest[..length], out Block? block))
        {
            blocks.Add(new StoredBlock(block.First, block.Last, file, offset, length));
            offset += length;
            rest = rest[length..];
        }

        chunks.Add(new Chunk(name, file) { Last = last, IsComplete = true });
    }

    /// <summary>Appends a block to the write cache, in a new file if there is none to append to.</summary>
    public void Append(Effect.StoreBlock block)
    {
        if (growing is null)
        {
            string name = LedgerChunk.OpenName(block.First);
            growing = new Chunk(name, gate.Create(WritePoint.ChunkHeader, Folder, name)) { IsOwn = true };
            hasNewName = true;
            chunks.Add(growing);
            gate.Append(WritePoint.ChunkHeader, growing.File, LedgerChunk.Header(block.First));
        }

        int offset = growing.File.Length;
        gate.Append(WritePoint.BlockWrite, growing.File, block.Bytes);
        blocks.Add(new StoredBlock(block.First, block.Last, growing.File, offset, block.Bytes.Length));
        growing.Last = block.Last;
        if (growing.File.Length < chunkBytes) return;

        // What begins later must not survive where this one does not: neither its bytes nor its name.
        world.Situations.Reached("chunk closed");
        gate.Sync(WritePoint.ChunkSync, growing.File);
        FlushNames();
        growing.IsComplete = true;
        growing = null;
    }

    /// <summary>Makes everything durable that was written.</summary>
    public void Sync()
    {
        if (growing is not null) gate.Sync(WritePoint.BlockSync, growing.File);
        FlushNames();
    }

    /// <summary>Gives complete files whose blocks have all committed their final names.</summary>
    public void NameCommitted(SeqNo committed)
    {
        bool isRenamed = false;
        foreach (Chunk chunk in chunks.Where(chunk => chunk.IsComplete && chunk.Last <= committed))
        {
            if (!LedgerChunk.TryParseName(chunk.Name, out LedgerChunkName name) || !name.IsOpen) continue;
            string final = LedgerChunk.ClosedName(name.First, chunk.Last);
            gate.Rename(WritePoint.ChunkRename, Folder, chunk.Name, final);
            chunk.Name = final;
            isRenamed = true;
        }

        if (isRenamed) gate.Flush(WritePoint.ChunkFlush, Folder);
    }

    public StoredBlock? Find(SeqNo seqNo) => blocks.Find(block => block.First <= seqNo && seqNo <= block.Last);

    private void FlushNames()
    {
        if (hasNewName) gate.Flush(WritePoint.ChunkFlush, Folder);
        hasNewName = false;
    }

    private sealed class Chunk(string name, VirtualFile file)
    {
        public string Name { get; set; } = name;

        public VirtualFile File => file;

        public SeqNo Last { get; set; }

        public bool IsComplete { get; set; }

        public bool IsOwn { get; init; }
    }
}

/// <summary>Where a block is.</summary>
internal sealed record StoredBlock(SeqNo First, SeqNo Last, VirtualFile File, int Offset, int Length)
{
    public byte[] Read() => File.Read(Offset, Length);
}
