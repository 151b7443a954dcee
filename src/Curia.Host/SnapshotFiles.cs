using System;
using System.IO;
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
    private readonly Action<Input> tell;
    private readonly HostLog log;

    /// <summary>Takes the folder, which exists and can be written.</summary>
    public SnapshotFiles(string folder, Action<Input> tell, HostLog log)
    {
        this.folder = folder;
        this.tell = tell;
        this.log = log;

        // What a process left that ended while it wrote: without a receipt it is of no use to anybody.
        foreach (string unfinished in Directory.EnumerateFiles(folder, "snapshot_*.tmp"))
            DurableFiles.Remove(unfinished);
    }

    /// <summary>Writes the state; <see cref="Input.SnapshotMade"/> follows.</summary>
    public void Make(SnapshotJob job) =>
        OnItsOwnThread(() => tell(new Input.SnapshotMade(job.TxId.SeqNo, WriteState(job))));

    /// <summary>Completes the file with its receipt and gives it its name.</summary>
    public void Finish(Effect.FinishSnapshot finish) => OnItsOwnThread(() => Complete(finish));

    private static void OnItsOwnThread(Action work) =>
        new Thread(() => work())
        {
            IsBackground = true,
            Name = "snapshot",
            Priority = ThreadPriority.BelowNormal
        }.Start();

    private SnapshotEvidence? WriteState(SnapshotJob job)
    {
        string path = Temporary(job.TxId.SeqNo);
        try
        {
            using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
            long offset = 0;
            SnapshotEvidence evidence = job.Run(frame =>
            {
                RandomAccess.Write(file, frame.Span, offset);
                offset += frame.Length;
            });
            DurableFiles.Flush(file);
            return evidence;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
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
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Abandon(finish.SeqNo, e);
        }
    }

    private void Abandon(SeqNo seqNo, Exception e)
    {
        DurableFiles.Remove(Temporary(seqNo));
        log.Warning($"The snapshot at {seqNo} cannot be written in {folder}: {e.Message}");
    }

    private string Temporary(SeqNo seqNo) => Path.Combine(folder, $"snapshot_{seqNo}.tmp");
}
