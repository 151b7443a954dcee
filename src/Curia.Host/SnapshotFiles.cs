using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;
using Microsoft.Win32.SafeHandles;

namespace Curia.Host;

/// <summary>Snapshots on disk: written off the loop, under a temporary name until they are whole and flushed.</summary>
/// <remarks>The node makes one at a time. One that cannot be written is a warning and not the end: the ledger holds
/// everything that it would.</remarks>
internal sealed class SnapshotFiles
{
    private readonly string folder;
    private readonly int kept;
    private readonly Action<Input> tell;
    private readonly HostLog log;
    private readonly Lock gate = new();
    private readonly List<Thread> threads = [];
    private volatile bool stopping;

    /// <summary>Takes the folder, which was prepared, and how many snapshots stay in it.</summary>
    public SnapshotFiles(string folder, int kept, Action<Input> tell, HostLog log)
    {
        this.folder = folder;
        this.kept = kept;
        this.tell = tell;
        this.log = log;
    }

    /// <summary>Makes the folder, and finds out whether it can be written. For a new ledger it holds nothing: the
    /// snapshots of another service must neither be taken for this one's nor be removed as old ones.</summary>
    /// <exception cref="StartFailure">It cannot be used.</exception>
    public static void Prepare(string folder, bool isNewLedger)
    {
        StartChecks.WritableFolder("snapshot", folder);
        RemoveUnfinished(folder);
        if (isNewLedger) StartChecks.NothingElse("snapshot", folder);
    }

    /// <summary>Writes the state; <see cref="Input.SnapshotMade"/> follows.</summary>
    public void Make(SnapshotJob job) =>
        OnItsOwnThread(() => tell(new Input.SnapshotMade(job.TxId.SeqNo, WriteState(job))));

    /// <summary>Completes the file with its receipt and gives it its name.</summary>
    public void Finish(Effect.FinishSnapshot finish) => OnItsOwnThread(() => Complete(finish));

    /// <summary>Reads the newest of these snapshots that is here. It is verified by who asked.</summary>
    /// <returns>Empty when none is.</returns>
    public ReadOnlyMemory<byte> Read(IReadOnlyList<RecordedSnapshot> recorded)
    {
        foreach ((string path, SeqNo seqNo) in Newest())
        {
            if (recorded.All(one => one.SeqNo != seqNo)) continue;
            try
            {
                return File.ReadAllBytes(path);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                log.Warning($"The snapshot {path} cannot be read: {e.Message}");
            }
        }

        return default;
    }

    /// <summary>Reads a part of a complete snapshot. Any thread.</summary>
    /// <param name="seqNo">Which one; zero for the newest.</param>
    /// <param name="offset">Where the part begins.</param>
    /// <param name="bytesMax">The most bytes of it.</param>
    /// <returns>Null when it is not here, or not any more, or ends before the part.</returns>
    /// <exception cref="IOException">The disk is broken.</exception>
    public SnapshotPart? ReadPart(SeqNo seqNo, ulong offset, int bytesMax)
    {
        (string? path, SeqNo found) = Newest().FirstOrDefault(one => seqNo == SeqNo.Zero || one.SeqNo == seqNo);
        if (path is null) return null;
        try
        {
            using SafeFileHandle file =
                File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            long length = RandomAccess.GetLength(file);
            if (offset >= (ulong)length) return null;
            byte[] bytes = new byte[Math.Min(bytesMax, length - (long)offset)];
            return RandomAccess.Read(file, bytes, (long)offset) == bytes.Length
                ? new SnapshotPart(found, length, bytes)
                : null;
        }
        catch (FileNotFoundException)
        {
            return null; // removed as an old one meanwhile
        }
    }

    /// <summary>Begins nothing more, gives up what is being written, and removes what is not whole.</summary>
    /// <param name="patience">How long to wait for a thread that writes.</param>
    /// <returns>False when one still runs after that time: the keys that it seals with must not be cleared
    /// then.</returns>
    public bool Stop(TimeSpan patience)
    {
        Thread[] running;
        lock (gate)
        {
            stopping = true;
            running = [.. threads];
        }

        long end = Environment.TickCount64 + (long)patience.TotalMilliseconds;
        bool haveEnded = running.All(thread =>
            thread.Join(TimeSpan.FromMilliseconds(Math.Max(0, end - Environment.TickCount64))));
        RemoveUnfinished(folder);
        return haveEnded;
    }

    // Without a receipt it is of no use to anybody, whether this process or an earlier one left it.
    private static void RemoveUnfinished(string folder)
    {
        try
        {
            foreach (string unfinished in Directory.EnumerateFiles(folder, "snapshot_*.tmp"))
                DurableFiles.Remove(unfinished);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // They stay behind under names that nothing reads.
        }
    }

    private void OnItsOwnThread(Action work)
    {
        lock (gate)
        {
            if (stopping) return;
            threads.RemoveAll(thread => !thread.IsAlive);
            Thread one = new(() => work())
            {
                IsBackground = true,
                Name = "snapshot",
                Priority = ThreadPriority.BelowNormal
            };
            threads.Add(one);
            one.Start();
        }
    }

    private SnapshotEvidence? WriteState(SnapshotJob job)
    {
        string path = Temporary(job.TxId.SeqNo);
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
            long offset = 0;
            SnapshotEvidence evidence = job.Run(frame =>
            {
                if (stopping) throw new OperationCanceledException();
                RandomAccess.Write(file, frame.Span, offset);
                offset += frame.Length;
            });
            DurableFiles.Flush(file);
            return evidence;
        }
#pragma warning disable CA1031 // The last line of defence: an exception that leaves a thread ends the process.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Abandon(job.TxId.SeqNo, e);
            return null;
        }
    }

    private void Complete(Effect.FinishSnapshot finish)
    {
        string path = Temporary(finish.SeqNo);
        try
        {
            using (SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Write))
            {
                RandomAccess.Write(file, finish.ReceiptFrame.Span, RandomAccess.GetLength(file));
                DurableFiles.Flush(file);
            }

            File.Move(path,
                Path.Combine(folder, Snapshot.FileName(finish.SeqNo, finish.EvidenceSeqNo, committed: true)));
            DurableFiles.FlushFolder(folder);
            RemoveOld();
        }
#pragma warning disable CA1031 // The last line of defence: an exception that leaves a thread ends the process.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Abandon(finish.SeqNo, e);
        }
    }

    // Only after a newer one is whole and durable: at no moment is there none. Snapshots would otherwise fill the disk
    // sooner or later, and a full disk ends the ledger as well.
    private void RemoveOld()
    {
        string[] old = [.. Newest().Skip(kept).Select(one => one.Path)];
        foreach (string path in old) DurableFiles.Remove(path);
    }

    private IEnumerable<(string Path, SeqNo SeqNo)> Newest() => Directory.EnumerateFiles(folder)
        .Select(path => (Path: path, SeqNo: SeqNoOrNull(path)))
        .Where(one => one.SeqNo is not null)
        .Select(one => (one.Path, one.SeqNo!.Value))
        .OrderByDescending(one => one.Value);

    private static SeqNo? SeqNoOrNull(string path) =>
        Snapshot.TryParseFileName(Path.GetFileName(path), out SeqNo seqNo, out _, out bool committed) && committed
            ? seqNo
            : null;

    private void Abandon(SeqNo seqNo, Exception e)
    {
        DurableFiles.Remove(Temporary(seqNo));
        if (stopping) return; // given up, not failed
        bool isOfDisk = e is IOException or UnauthorizedAccessException;
        string reason = isOfDisk ? e.Message : Fault.Describe(e);
        log.Warning($"The snapshot at {seqNo} cannot be written in {folder}: {reason}");
    }

    private string Temporary(SeqNo seqNo) => Path.Combine(folder, $"snapshot_{seqNo}.tmp");
}

/// <summary>A part of a snapshot file.</summary>
/// <param name="SeqNo">The state's position.</param>
/// <param name="Length">The size of the whole file.</param>
/// <param name="Bytes">The part.</param>
internal sealed record SnapshotPart(SeqNo SeqNo, long Length, byte[] Bytes);
