using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>The part of the shell that writes snapshots, some time later and while writes go on. One that cannot be
/// written is given up; the node goes on.</summary>
internal sealed class SnapshotDriver(World world, WriteGate gate, SeededRandom random)
{
    private const int Kept = 2;

    private VirtualFolder Folder => world.Disk.Snapshots;

    public void Make(SnapshotJob job) => world.Agenda.After(random.Between(1, 30_000), () =>
    {
        if (world.Node.View.Last.SeqNo > job.TxId.SeqNo) world.Situations.Reached("snapshot made while writes went on");
        SnapshotEvidence? evidence = null;
        string name = Temporary(job.TxId.SeqNo);
        Try(name, () =>
        {
            VirtualFile file = gate.Create(WritePoint.SnapshotWrite, Folder, name);
            SnapshotEvidence made = job.Run(bytes => gate.Append(WritePoint.SnapshotWrite, file, bytes));
            world.Trace.Add(world.Agenda.Now, $"snapshot at {job.TxId}: {file.Length} bytes {made.Snapshot}");
            gate.Sync(WritePoint.SnapshotSync, file);
            evidence = made;
        });
        world.Deliver(new Input.SnapshotMade(job.TxId.SeqNo, evidence));
    });

    public void Finish(Effect.FinishSnapshot finish) => Try(Temporary(finish.SeqNo), () =>
    {
        string temporary = Temporary(finish.SeqNo);
        string final = Snapshot.FileName(finish.SeqNo, finish.EvidenceSeqNo, committed: true);
        gate.Append(WritePoint.SnapshotWrite, Folder[temporary], finish.ReceiptFrame);
        gate.Sync(WritePoint.SnapshotSync, Folder[temporary]);
        gate.Rename(WritePoint.SnapshotRename, Folder, temporary, final);
        gate.Flush(WritePoint.SnapshotFlush, Folder);
        new SnapshotChecker(world).Check(final, Folder[final].ReadAll());
        world.Situations.Reached("snapshot finished");
        foreach (string old in Finished().SkipLast(Kept).ToArray())
            gate.Remove(WritePoint.SnapshotRemove, Folder, old);
    });

    private IEnumerable<string> Finished() =>
        from name in Folder.Names
        let isFinished = Snapshot.TryParseFileName(name, out SeqNo seqNo, out _, out bool committed) && committed
        where isFinished
        orderby SeqNoOf(name)
        select name;

    private static SeqNo SeqNoOf(string name) =>
        Snapshot.TryParseFileName(name, out SeqNo seqNo, out _, out _) ? seqNo : SeqNo.Zero;

    private void Try(string temporary, Action work)
    {
        try
        {
            work();
        }
        catch (DiskError error)
        {
            world.Situations.Reached("snapshot not written");
            world.Trace.Add(world.Agenda.Now, $"snapshot given up: {error.Message}");
            if (Folder.Has(temporary)) Folder.Remove(temporary);
        }
    }

    private static string Temporary(SeqNo seqNo) => $"snapshot_{seqNo}.tmp";
}
