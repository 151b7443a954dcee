using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Governance;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>The part of the shell that finds what an earlier process left: reads and verifies it first, makes it good
/// and takes it over after. Nothing that a crash leaves may keep a process from going on.</summary>
internal sealed class Startup(World world, WriteGate gate)
{
    private readonly List<(LedgerChunkName Name, SeqNo Last)> chunks = [];
    private AuditTail? tail;

    /// <summary>What was read; null when there is no ledger to go on with: a new one begins.</summary>
    public LedgerReplay? Replay { get; private set; }

    /// <summary>The chunk files with their final names, and the seqno that each ends with.</summary>
    public List<(string Name, SeqNo Last)> Finished { get; } = [];

    private VirtualFolder Folder => world.Disk.Ledger;

    /// <summary>Reads, verifies and repairs.</summary>
    /// <exception cref="DiskError">The repair failed; the next start tries again.</exception>
    public void Run(GenesisSettings settings)
    {
        foreach (VirtualFolder folder in world.Disk.Folders) RemoveUnfinished(folder);
        if (world.Habits.CutsTooMuch) CutLastBlock();
        string[] names = [.. LedgerChunk.InOrder(Folder.Names)];
        if (names.Length == 0) return;
        Read(names, settings);
        Repair();
    }

    private void Read(string[] names, GenesisSettings settings)
    {
        LedgerReplay replay = new(Unseal());
        if (!ReadAll(replay, names).Ok)
        {
            replay.Dispose();
            AuditReport report = Audit(names);
            tail = report.Tail is not null && report.Problems.Count == 1 ? report.Tail : null;
            if (IsUnborn(names, report))
            {
                world.Situations.Reached("started on a ledger without a whole genesis block");
                return;
            }

            if (tail is null) throw Refused(string.Join("; ", report.Problems));
            world.Situations.Reached("torn tail cut off");
            replay = new LedgerReplay(Unseal());
            AuditReport whole = ReadAll(replay, names);
            if (!whole.Ok) throw Refused(string.Join("; ", whole.Problems));
        }

        if (replay.FindObstacle(settings, NodeSetup.VirtualPlatform) is { } obstacle) throw Refused(obstacle);
        if (!replay.IsAlone) throw Refused("its newest configuration is not this disk's node alone");
        Replay = replay;
    }

    // A process that ended before its genesis block was stored has promised nothing to anybody.
    private static bool IsUnborn(string[] names, AuditReport report) =>
        names.Length == 1 && report.LastTxId == TxId.Zero && report.Problems.All(
            problem => problem.Kind == AuditProblemKind.TornTail || problem.File.Length == 0);

    private IReadOnlyList<SealedSecrets> Unseal() => SecretFiles.Open(world.Disk.Secrets, Platform.SealingKey);

    private AuditReport ReadAll(LedgerReplay replay, string[] names)
    {
        chunks.Clear();
        foreach (string name in names)
        {
            if (tail is not null && tail.LaterFiles.Contains(name)) continue;
            ReadOnlyMemory<byte> bytes = Whole(name);
            if (!bytes.IsEmpty) replay.AddChunk(name, bytes);
            if (LedgerChunk.TryParseName(name, out LedgerChunkName parsed))
                chunks.Add((parsed, new SeqNo(replay.Transactions)));
        }

        return replay.Finish();
    }

    private byte[] Whole(string name) =>
        tail?.File == name ? Folder[name].Read(0, tail.Offset) : Folder[name].ReadAll();

    private AuditReport Audit(string[] names)
    {
        LedgerAudit audit = new(new AuditOptions());
        chunks.Clear();
        foreach (string name in names)
        {
            audit.AddChunk(name, Folder[name].ReadAll());
            if (LedgerChunk.TryParseName(name, out LedgerChunkName parsed)) chunks.Add((parsed, SeqNo.Zero));
        }

        return audit.Finish();
    }

    // Later files go before the tail is cut: without the tail nobody knew any more why they stand there.
    private void Repair()
    {
        foreach (string later in tail?.LaterFiles.Reverse() ?? [])
        {
            world.Situations.Reached("file behind a torn tail removed");
            gate.Remove(WritePoint.RepairRemove, Folder, later);
            gate.Flush(WritePoint.RepairFlush, Folder);
        }

        foreach ((LedgerChunkName name, SeqNo last) in chunks)
        {
            string file = name.ToString();
            if (!name.IsOpen)
            {
                Finished.Add((file, last));
            }
            else if (last < name.First || Replay is null)
            {
                gate.Remove(WritePoint.RepairRemove, Folder, file); // no whole block is in it
            }
            else
            {
                string final = LedgerChunk.ClosedName(name.First, last);
                MakeDurable(file);
                gate.Rename(WritePoint.RepairRename, Folder, file, final);
                Finished.Add((final, last));
            }
        }

        gate.Flush(WritePoint.RepairFlush, Folder);
    }

    // Whether the process before could make this durable is not known, and a sync of what it wrote says nothing about
    // it: after a failed one the cache is clean and may hold what the platter does not. So it is written anew.
    private void MakeDurable(string file)
    {
        if (!world.Habits.WritesAnew)
        {
            Folder[file].SetLength(Whole(file).Length);
            gate.Sync(WritePoint.RepairSync, Folder[file]);
            return;
        }

        string temporary = file + ".tmp";
        VirtualFile copy = gate.Create(WritePoint.RepairWrite, Folder, temporary);
        gate.Append(WritePoint.RepairWrite, copy, world.Habits.CutsTail ? Whole(file) : Folder[file].ReadAll());
        gate.Sync(WritePoint.RepairSync, copy);
        gate.Rename(WritePoint.RepairRename, Folder, temporary, file);
        gate.Flush(WritePoint.RepairFlush, Folder);
    }

    private void RemoveUnfinished(VirtualFolder folder)
    {
        foreach (string name in folder.Names.Where(name => name.EndsWith(".tmp", StringComparison.Ordinal)).ToArray())
        {
            world.Situations.Reached($"unfinished file of the {folder.Name} folder removed");
            gate.Remove(WritePoint.RepairRemove, folder, name);
        }
    }

    private void CutLastBlock()
    {
        if (LedgerChunk.InOrder(Folder.Names) is not [.., string name]) return;
        VirtualFile file = Folder[name];
        int offset = LedgerChunk.HeaderSize;
        int end = offset;
        byte[] bytes = file.ReadAll();
        while (offset < bytes.Length && Block.TryReadLength(bytes.AsSpan(offset), out int length)
            && length <= bytes.Length - offset)
        {
            end = offset;
            offset += length;
        }

        if (LedgerChunk.TryParseName(name, out LedgerChunkName parsed) && parsed.IsOpen) file.Cut(end);
    }

    private static Violation Refused(string reason) =>
        new(Rules.GoesOn, $"a process cannot start on what a crash left: {reason}");
}
