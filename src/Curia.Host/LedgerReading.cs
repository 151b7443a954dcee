using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
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
    // A chunk is closed after the block that brings it over its size, so it is never longer than both together.
    private const long ChunkBytesMax = (long)Block.BytesMax + LedgerChunk.BytesToClose + LedgerChunk.HeaderSize;

    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(2);

    private readonly string folder;
    private readonly HostLog log;
    private readonly List<(LedgerChunkName Name, SeqNo Last)> chunks = [];
    private AuditTail? tail;

    private LedgerReading(string folder, HostLog log)
    {
        this.folder = folder;
        this.log = log;
    }

    /// <summary>What was read; null when there is no ledger to go on with: a new one begins.</summary>
    public LedgerReplay? Replay { get; private set; }

    /// <summary>Reads and verifies the ledger of a folder. Changes nothing.</summary>
    /// <param name="folder">The ledger folder; it exists.</param>
    /// <param name="secrets">What the platform unsealed.</param>
    /// <param name="settings">What node.json says of genesis.</param>
    /// <param name="platform">What node.json says of the platform.</param>
    /// <param name="log">Takes progress.</param>
    /// <exception cref="StartFailure">A file cannot be read or believed, or this node cannot go on with it.</exception>
    public static LedgerReading Read(
        string folder, IReadOnlyList<SealedSecrets> secrets, GenesisSettings settings, string platform, HostLog log)
    {
        LedgerReading reading = new(folder, log);
        IReadOnlyList<string> names = reading.Names();
        if (names.Count == 0)
        {
            foreach (SealedSecrets unused in secrets) unused.Dispose();
            return reading;
        }

        LedgerReplay replay = new(secrets);
        AuditReport report = reading.ReadAll(replay, names);
        reading.tail = report.Tail;
        bool isWhole = report.Ok || (report.Tail is not null && report.Problems.Count == 1);

        // A process that ended before its genesis block was stored has promised nothing to anybody.
        bool isEmpty = names.Count == 1 && report.LastTxId == TxId.Zero && report.Problems.All(
            problem => problem.Kind == AuditProblemKind.TornTail || problem.File.Length == 0);
        if (!isWhole && !isEmpty) throw reading.Refuse(names, report);
        if (isEmpty)
        {
            replay.Dispose();
            return reading;
        }

        if (replay.FindObstacle(settings, platform) is { } obstacle)
        {
            throw new StartFailure($"The node cannot go on with the ledger in {folder}", obstacle,
                "Start it with the settings and sealed secrets that belong to this ledger, or name another folder");
        }

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

            // The process that wrote it may have ended before its flush did.
            using (SafeFileHandle file = File.OpenHandle(path, FileMode.Open, FileAccess.Write)) DurableFiles.Flush(file);
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

    private AuditReport ReadAll(LedgerReplay replay, IReadOnlyList<string> names)
    {
        long start = Stopwatch.GetTimestamp();
        long said = start;
        foreach (string name in names)
        {
            replay.AddChunk(name, ReadFile(name));
            if (LedgerChunk.TryParseName(name, out LedgerChunkName parsed))
                chunks.Add((parsed, new SeqNo(replay.Transactions)));
            if (Stopwatch.GetElapsedTime(said) < ProgressInterval) continue;
            said = Stopwatch.GetTimestamp();
            log.Info($"Reading the ledger: {replay.Transactions} transactions, {chunks.Count} of {names.Count} files.");
        }

        AuditReport report = replay.Finish();
        string seconds = Stopwatch.GetElapsedTime(start).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
        log.Info($"The ledger was read: {report.Transactions} transactions up to {report.LastTxId}, in {seconds} s.");
        return report;
    }

    private byte[] ReadFile(string name)
    {
        try
        {
            string path = Path.Combine(folder, name);
            if (new FileInfo(path).Length > ChunkBytesMax)
                throw new IOException($"{name} is larger than any ledger file");
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(e);
        }
    }

    // The replay names what follows a change; the full audit names the change itself.
    private StartFailure Refuse(IReadOnlyList<string> names, AuditReport found)
    {
        LedgerAudit audit = new(new AuditOptions());
        foreach (string name in names) audit.AddChunk(name, ReadFile(name));
        AuditReport report = audit.Finish();
        AuditProblem first = (report.Ok ? found : report).Problems[0];
        string where = first.File.Length == 0 ? "" : $"{first.File}, ";
        string seqNo = first.SeqNo is { } at ? $"seqno {at}: " : "";
        int more = (report.Ok ? found : report).Problems.Count - 1;
        string others = more > 0 ? $" (and {more} more)" : "";
        return new StartFailure($"The ledger in {folder} cannot be believed", $"{where}{seqNo}{first.Reason}{others}",
            "Put the files back as they were written; curia ledger verify names everything that is wrong");
    }

    private StartFailure Unreadable(Exception e) => new(
        $"The ledger in {folder} cannot be read", e.Message.TrimEnd('.'), "Look at the disk, the path and its permissions");

    private void Cut()
    {
        if (tail is null) return;
        log.Warning($"{tail.File}, seqno {tail.SeqNo}: cut off a write that did not finish ({tail.Reason}). It was never "
            + "acknowledged.");
        using SafeFileHandle file =
            File.OpenHandle(Path.Combine(folder, tail.File), FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.SetLength(file, Math.Max(tail.Offset, 0));
        DurableFiles.Flush(file);
    }
}
