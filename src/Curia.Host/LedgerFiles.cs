using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;
using Microsoft.Win32.SafeHandles;

namespace Curia.Host;

/// <summary>The ledger on disk: append-only chunk files (docs/ledger-format.md), one thread that writes them.</summary>
/// <remarks>A block counts as stored when the file and the folder that names it are flushed. When several blocks wait,
/// they share one flush. After a failed write or flush nothing is tried again: what the disk holds is then unknown, and
/// a second fsync that succeeds would prove nothing (the kernel has dropped the dirty pages and their error).</remarks>
internal sealed class LedgerFiles : IDisposable
{
    private static readonly TimeSpan closeTime = TimeSpan.FromSeconds(10);

    private readonly string folder;
    private readonly ChunkIndex index;
    private readonly Action<Input> tell;
    private readonly HostMetrics metrics;
    private readonly HostLog log;
    private readonly Thread writer;
    private readonly Lock gate = new();
    private readonly AutoResetEvent hasWork = new(false);
    private List<Effect> waiting = [];
    private List<Effect> taken = [];
    private Action<Effect.LoadState>? loader;
    private SeqNo committed;
    private bool closing;
    private bool isDisposed;

    // The chunk that grows; only the writing thread touches these.
    private SafeFileHandle? file;
    private long fileBytes;
    private bool folderChanged;

    private LedgerFiles(string folder, Action<Input> tell, HostMetrics metrics, HostLog log)
    {
        this.folder = folder;
        this.tell = tell;
        this.metrics = metrics;
        this.log = log;
        index = new ChunkIndex(folder);
        writer = new Thread(Write) { IsBackground = true, Name = "ledger writer" };
    }

    /// <summary>Starts the writing thread.</summary>
    /// <param name="folder">Where the chunks go.</param>
    /// <param name="finished">What an earlier process wrote there.</param>
    /// <param name="tell">Takes the outcomes: <see cref="Input.Stored"/>, <see cref="Input.StoreFailed"/> and
    /// <see cref="Input.BlockRead"/>.</param>
    /// <param name="metrics">Counts bytes and flushes.</param>
    /// <param name="log">Takes failures.</param>
    public static LedgerFiles Open(
        string folder, IReadOnlyList<FinishedChunk> finished, Action<Input> tell, HostMetrics metrics, HostLog log)
    {
        LedgerFiles files = new(folder, tell, metrics, log);
        foreach (FinishedChunk chunk in finished) files.index.Adopt(chunk);
        files.writer.Start();
        return files;
    }

    /// <summary>Appends a block; <see cref="Input.Stored"/> follows when it is safe, perhaps together with later
    /// ones.</summary>
    public void Append(Effect.StoreBlock block)
    {
        lock (gate) waiting.Add(block);
        hasWork.Set();
    }

    /// <summary>Takes what comes after a block off the ledger, in its place among the appended blocks.</summary>
    public void Truncate(Effect.TruncateLedger truncation)
    {
        lock (gate) waiting.Add(truncation);
        hasWork.Set();
    }

    /// <summary>Has a state loaded when everything that was appended before can be read.</summary>
    public void Load(Effect.LoadState load, Action<Effect.LoadState> loader)
    {
        lock (gate)
        {
            waiting.Add(load);
            this.loader = loader;
        }

        hasWork.Set();
    }

    /// <summary>Chunks that end at or before this transaction get their final name.</summary>
    public void Committed(SeqNo last)
    {
        lock (gate) committed = last;
        if (index.HasUnnamed(last)) hasWork.Set();
    }

    /// <summary>Reads the block that holds a transaction; <see cref="Input.BlockRead"/> follows. The node verifies what
    /// comes back, so a changed file is found there and not here.</summary>
    public void Read(SeqNo seqNo) => ThreadPool.UnsafeQueueUserWorkItem(ReadOne, (this, seqNo), preferLocal: false);

    /// <summary>Reads blocks for another node; <see cref="Input.BlocksRecalled"/> follows.</summary>
    public void Recall(Effect.RecallBlocks asked) =>
        ThreadPool.UnsafeQueueUserWorkItem(RecallSome, (this, asked), preferLocal: false);

    /// <summary>Reads committed blocks, from the one that holds a transaction on; empty when there is none such. Any
    /// thread.</summary>
    /// <param name="from">Any seqno of the first block.</param>
    /// <param name="last">No block that ends after this one is read.</param>
    /// <param name="bytesMax">About how much; one block at least.</param>
    /// <exception cref="IOException">The disk is broken.</exception>
    public ReadOnlyMemory<byte> ReadRange(SeqNo from, SeqNo last, int bytesMax) =>
        index.ReadRange(from, last, bytesMax) ?? default;

    /// <summary>Takes away what was written by a start that did not succeed, so that the next one finds the folder
    /// as this one did.</summary>
    public void Discard()
    {
        Dispose();
        foreach (string path in index.OwnPaths) DurableFiles.Remove(path);
    }

    /// <summary>Writes what waits, then closes the file.</summary>
    public void Dispose()
    {
        if (isDisposed) return;
        lock (gate) closing = true;
        hasWork.Set();
        if (writer.IsAlive && !writer.Join(closeTime)) return; // a disk that hangs must not hang the end as well
        isDisposed = true;
        file?.Dispose();
        file = null;
        hasWork.Dispose();
    }

    private static void ReadOne((LedgerFiles Files, SeqNo SeqNo) request)
    {
        ReadOnlyMemory<byte>? block = null;
        try
        {
            block = request.Files.index.Read(request.SeqNo);
        }
#pragma warning disable CA1031 // The last line of defence: an exception that leaves a thread ends the process.
        catch (Exception e)
#pragma warning restore CA1031
        {
            string reason = e is IOException or UnauthorizedAccessException ? e.Message : Fault.Describe(e);
            request.Files.log.Warning($"The block of seqno {request.SeqNo} cannot be read: {reason}");
        }

        request.Files.tell(new Input.BlockRead(request.SeqNo, block));
    }

    private static void RecallSome((LedgerFiles Files, Effect.RecallBlocks Asked) request)
    {
        RecalledBlocks? blocks = null;
        try
        {
            SeqNo last;
            lock (request.Files.gate) last = request.Files.committed;
            blocks = RecalledBlocks.Read(
                request.Asked, (from, bytesMax) => request.Files.ReadRange(from, last, bytesMax));
        }
#pragma warning disable CA1031 // The last line of defence: an exception that leaves a thread ends the process.
        catch (Exception e)
#pragma warning restore CA1031
        {
            string reason = e is IOException or UnauthorizedAccessException ? e.Message : Fault.Describe(e);
            request.Files.log.Warning($"Blocks after {request.Asked.NotAfter}, which another node needs, cannot be "
                + $"read: {reason}");
        }

        request.Files.tell(new Input.BlocksRecalled(request.Asked.Node, blocks));
    }

    private void Write()
    {
        try
        {
            while (TakeAll(out SeqNo safeToName))
            {
                if (taken.Count > 0) StoreTaken();
                if (index.NameCommitted(safeToName)) DurableFiles.FlushFolder(folder);
            }
        }
#pragma warning disable CA1031 // The last line of defence: an exception that leaves a thread ends the process.
        catch (Exception e)
#pragma warning restore CA1031
        {
            string reason = e is IOException or UnauthorizedAccessException ? e.Message : Fault.Describe(e);
            log.Error($"The ledger cannot be written in {folder}: {reason}");
            tell(new Input.StoreFailed($"{folder}: {reason}"));
        }
    }

    private bool TakeAll(out SeqNo safeToName)
    {
        while (true)
        {
            lock (gate)
            {
                taken.Clear();
                (waiting, taken) = (taken, waiting);
                safeToName = committed;
                bool isNeeded = taken.Count > 0 || index.HasUnnamed(committed);
                if (isNeeded || closing) return isNeeded;
            }

            hasWork.WaitOne();
        }
    }

    private void StoreTaken()
    {
        ulong number = 0;
        foreach (Effect effect in taken)
        {
            if (effect is Effect.TruncateLedger truncation)
            {
                TruncateAfter(truncation.Last);
                continue;
            }

            if (effect is Effect.LoadState load)
            {
                ThreadPool.UnsafeQueueUserWorkItem(loader!, load, preferLocal: false);
                continue;
            }

            Effect.StoreBlock block = (Effect.StoreBlock)effect;
            if (file is null) OpenChunk(block.First);
            RandomAccess.Write(file!, block.Bytes.Span, fileBytes);
            index.Add(block.First, block.Last, fileBytes, block.Bytes.Length);
            fileBytes += block.Bytes.Length;
            metrics.LedgerBytes(block.Bytes.Length);
            number = block.Number;
            if (fileBytes >= LedgerChunk.BytesToClose) CloseChunk();
        }

        if (file is not null) Flush(file);
        FlushNames();
        if (number > 0) tell(new Input.Stored(number));
    }

    // What goes was never committed. From the end on, and durable before anything takes its place: a crash leaves a
    // ledger that ends somewhere between both ends, and never a gap.
    private void TruncateAfter(SeqNo last)
    {
        ChunkCut cut = index.TruncateAfter(last);
        file?.Dispose();
        file = null;
        foreach (string path in cut.Removed)
        {
            File.Delete(path);
            folderChanged = true;
        }

        FlushNames();
        if (cut.Path is not { } kept) return;
        file = File.OpenHandle(kept, FileMode.Open, FileAccess.Write, FileShare.Read);
        RandomAccess.SetLength(file, cut.Length);
        fileBytes = cut.Length;
        Flush(file);
    }

    private void OpenChunk(SeqNo first)
    {
        string path = Path.Combine(folder, LedgerChunk.OpenName(first));
        byte[] header = LedgerChunk.Header(first);

        // CreateNew: a second process on the same folder must not write into this one's ledger.
        file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
        index.Open(first, path);
        RandomAccess.Write(file, header, 0);
        fileBytes = header.Length;
        folderChanged = true;
    }

    private void CloseChunk()
    {
        Flush(file!);

        // Before a later chunk exists: a crash may take the newest name, and never leave a gap before it.
        FlushNames();
        file!.Dispose();
        file = null;
        index.Close();
    }

    private void FlushNames()
    {
        if (folderChanged) DurableFiles.FlushFolder(folder);
        folderChanged = false;
    }

    private void Flush(SafeFileHandle target)
    {
        long start = Stopwatch.GetTimestamp();
        DurableFiles.Flush(target);
        metrics.Flushed(Stopwatch.GetElapsedTime(start));
    }
}
