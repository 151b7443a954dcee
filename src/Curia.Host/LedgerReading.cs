using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using Curia.Governance;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;
using Microsoft.Win32.SafeHandles;

namespace Curia.Host;

/// <summary>A chunk file that an earlier process wrote.</summary>
/// <param name="First">The seqno of its first entry.</param>
/// <param name="Last">The seqno of its last entry.</param>
/// <param name="Path">Where it is.</param>
internal sealed record FinishedChunk(SeqNo First, SeqNo Last, string Path);

/// <summary>What an earlier process left in a ledger folder: read and verified first, made good and taken over
/// after.</summary>
/// <remarks>DESIGN 6, "Epochs". Every byte is the host's word until the replay has verified it.</remarks>
internal sealed class LedgerReading
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(2);

    private readonly string folder;
    private readonly HostLog log;
    private readonly Func<bool> isStopping;
    private readonly List<(LedgerChunkName Name, SeqNo Last)> chunks = [];
    private AuditTail? tail;

    private LedgerReading(string folder, HostLog log, Func<bool> isStopping)
    {
        this.folder = folder;
        this.log = log;
        this.isStopping = isStopping;
    }

    /// <summary>What was read; null when there is no ledger to go on with: a new one begins.</summary>
    public LedgerReplay? Replay { get; private set; }

    /// <summary>Reads and verifies the ledger of a folder. Changes nothing.</summary>
    /// <param name="folder">The ledger folder; it exists.</param>
    /// <param name="unseal">Opens what the platform sealed.</param>
    /// <param name="settings">What node.json says of genesis.</param>
    /// <param name="platform">What node.json says of the platform.</param>
    /// <param name="log">Takes progress.</param>
    /// <param name="isStopping">Whether the process is asked to end: a large ledger is not read to its end
    /// then.</param>
    /// <exception cref="OperationCanceledException">The process is asked to end.</exception>
    /// <exception cref="StartFailure">A file cannot be read or believed, or this node cannot go on with it.</exception>
    public static LedgerReading Read(
        string folder, Func<IReadOnlyList<SealedSecrets>> unseal, GenesisSettings settings, string platform,
        HostLog log, Func<bool> isStopping)
    {
        LedgerReading reading = new(folder, log, isStopping);
        IReadOnlyList<string> names = reading.Names();
        if (names.Count == 0) return reading;
        LedgerReplay replay = new(unseal());
        if (!reading.ReadAll(replay, names).Ok)
        {
            // The replay looks at the last signatures only, and is of no use after a problem: the full audit says what
            // the problem is, and where the whole part ends.
            replay.Dispose();
            AuditReport report = reading.Audit(names);
            reading.tail = report.Tail is not null && report.Problems.Count == 1 ? report.Tail : null;
            if (IsUnborn(names, report)) return reading;
            if (reading.tail is null) throw reading.Refuse(report);
            replay = new LedgerReplay(unseal());
            AuditReport whole = reading.ReadAll(replay, names);
            if (!whole.Ok) throw reading.Refuse(whole);
        }

        if (replay.FindObstacle(settings, platform) is { } obstacle)
        {
            throw new StartFailure($"The node cannot go on with the ledger in {folder}", obstacle,
                "Start it with the settings and sealed secrets that belong to this ledger, or name another folder");
        }

        // Files, blocks and tables: more than the state itself is garbage now, and would stay while the node idles.
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        reading.Replay = replay;
        return reading;
    }

    /// <summary>Cuts off a write that did not finish, makes everything else durable, and gives each file its final
    /// name.</summary>
    /// <returns>The files, in order.</returns>
    /// <exception cref="IOException">The disk is full or broken.</exception>
    public IReadOnlyList<FinishedChunk> Finish()
    {
        Cut();
        List<FinishedChunk> finished = [];
        foreach ((LedgerChunkName name, SeqNo last) in chunks)
        {
            string path = Path.Combine(folder, name.ToString());
            if (!name.IsOpen)
            {
                finished.Add(new FinishedChunk(name.First, last, path));
                continue;
            }

            if (last < name.First || Replay is null)
            {
                File.Delete(path); // no whole block is in it
                continue;
            }

            // Written anew: the process that wrote it may have ended because its flush failed, and then what was read
            // back is in memory only, marked as clean, and another flush of the same file would prove nothing.
            DurableFiles.Rewrite(path, ReadFile(name.ToString()));
            string final = Path.Combine(folder, LedgerChunk.ClosedName(name.First, last));
            File.Move(path, final);
            finished.Add(new FinishedChunk(name.First, last, final));
        }

        DurableFiles.FlushFolder(folder);
        return finished;
    }

    private IReadOnlyList<string> Names()
    {
        try
        {
            return LedgerChunk.InOrder(Directory.EnumerateFiles(folder).Select(path => Path.GetFileName(path)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
    }

    // A process that ended before its genesis block was stored has promised nothing to anybody.
    private static bool IsUnborn(IReadOnlyList<string> names, AuditReport report) =>
        names.Count == 1 && report.LastTxId == TxId.Zero && report.Problems.All(
            problem => problem.Kind == AuditProblemKind.TornTail || problem.File.Length == 0);

    // Verifying and applying cost about the same, so each has a thread.
    private AuditReport ReadAll(LedgerReplay replay, IReadOnlyList<string> names)
    {
        long start = Stopwatch.GetTimestamp();
        long said = start;
        chunks.Clear();
        using ReplayThread applying = new(replay);
        SeqNo last = SeqNo.Zero;
        foreach (string name in names)
        {
            if (tail is not null && tail.LaterFiles.Contains(name)) continue;
            EndIfAsked();
            ReadOnlyMemory<byte> bytes = ReadFile(name);
            if (tail?.File == name) bytes = bytes[..tail.Offset];
            IReadOnlyList<Block> verified = bytes.IsEmpty ? [] : replay.Verify(name, bytes);
            if (verified.Count > 0) last = verified[^1].Last;
            if (LedgerChunk.TryParseName(name, out LedgerChunkName parsed)) chunks.Add((parsed, last));
            applying.Add(verified);
            if (Stopwatch.GetElapsedTime(said) < ProgressInterval) continue;
            said = Stopwatch.GetTimestamp();
            log.Info($"Reading the ledger: {replay.Transactions} transactions, {chunks.Count} of {names.Count} files.");
        }

        applying.Finish();
        AuditReport report = replay.Finish();
        if (!report.Ok) return report;
        string seconds = Stopwatch.GetElapsedTime(start).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        log.Info($"The ledger was read: {report.Transactions} transactions up to {report.LastTxId}, in {seconds} s.");
        return report;
    }

    private AuditReport Audit(IReadOnlyList<string> names)
    {
        LedgerAudit audit = new(new AuditOptions());
        chunks.Clear();
        foreach (string name in names)
        {
            EndIfAsked();
            audit.AddChunk(name, ReadFile(name));
            if (LedgerChunk.TryParseName(name, out LedgerChunkName parsed)) chunks.Add((parsed, SeqNo.Zero));
        }

        return audit.Finish();
    }

    private void EndIfAsked()
    {
        if (isStopping())
            throw new OperationCanceledException(
                $"The node ends before it has read {folder}; nothing there was changed.");
    }

    private byte[] ReadFile(string name)
    {
        try
        {
            string path = Path.Combine(folder, name);
            if (new FileInfo(path).Length > BlockWalk.ChunkBytesMax)
                throw new IOException($"{name} is larger than any ledger file");
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
    }

    private StartFailure Refuse(AuditReport report)
    {
        AuditProblem? first = report.Problems.Count == 0 ? null : report.Problems[0];
        string where = first is null || first.File.Length == 0 ? "" : $"{first.File}, ";
        string seqNo = first?.SeqNo is { } at ? $"seqno {at}: " : "";
        string others = report.Problems.Count > 1 ? $" (and {report.Problems.Count - 1} more)" : "";

        // No problem at all: what the replay read a moment ago is not what the audit read.
        string reason = first?.Reason ?? "its files change while they are read";
        return new StartFailure($"The ledger in {folder} cannot be believed", $"{where}{seqNo}{reason}{others}",
            "Put the files back as they were written; curia ledger verify names everything that is wrong");
    }

    private StartFailure Unreadable(Exception e) => new(
        $"The ledger in {folder} cannot be read", e.Message.TrimEnd('.'),
        "Look at the disk, the path and its permissions");

    private void Cut()
    {
        if (tail is null) return;
        log.Warning($"{tail.File}, seqno {tail.First}: cut off a write that did not finish ({tail.Reason}). No "
            + "block after it says that it was committed.");

        // From the end on: a crash in between leaves a torn tail again, and never a gap before a later file.
        foreach (string later in tail.LaterFiles.Reverse())
        {
            File.Delete(Path.Combine(folder, later));
            DurableFiles.FlushFolder(folder);
        }

        using SafeFileHandle file =
            File.OpenHandle(Path.Combine(folder, tail.File), FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.SetLength(file, tail.Offset);
        DurableFiles.Flush(file);
    }
}
