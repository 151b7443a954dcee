using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>What an auditor finds on the disk after the power was off.</summary>
internal sealed class Autopsy(World world, SeededRandom random)
{
    public void Run()
    {
        SeqNo synced = world.Disk.SyncedLast;
        SeqNo acknowledged = world.Statuses.AcknowledgedLast;
        world.Disk.Crash(random);
        List<ChunkFile> found = [.. world.Disk.Read().Select(file => new ChunkFile(file.Name, file.Bytes))];
        if (found.Count(file => LedgerChunk.TryParseName(file.Name, out LedgerChunkName name) && name.IsOpen) > 1)
        {
            world.Situations.Reached("power failed before a chunk had its final name");
        }

        List<ChunkFile> repaired = Repair(found, out SeqNo last);
        world.Trace.Add(world.Agenda.Now, $"on disk up to {last}, synced {synced}, acknowledged {acknowledged}");
        if (last < acknowledged)
        {
            throw new Violation(
                Rules.AcknowledgedSurvives, $"up to {acknowledged} was acknowledged, {last} is left");
        }

        if (last < synced) throw new Violation(Rules.AuditPasses, $"up to {synced} was synced, {last} can be read");
        if (last == SeqNo.Zero)
        {
            world.Situations.Reached("power failed before genesis was stored");
            return;
        }

        Audit(repaired, last);
        bool torn = found.Count != repaired.Count || found[^1].Bytes.Length != repaired[^1].Bytes.Length;
        if (torn) AuditTorn(found, last);
    }

    // What a restart will do: cut the newest file behind the last block that is whole.
    private List<ChunkFile> Repair(List<ChunkFile> found, out SeqNo last)
    {
        List<ChunkFile> repaired = [];
        last = SeqNo.Zero;
        foreach (ChunkFile file in found)
        {
            int end = EndOfWhole(file, ref last);
            if (end > 0) repaired.Add(file with { Bytes = file.Bytes[..end] });
            if (end < file.Bytes.Length) break;
        }

        return repaired;
    }

    private int EndOfWhole(ChunkFile file, ref SeqNo last)
    {
        if (!LedgerChunk.TryReadHeader(file.Bytes, out _, out _)) return 0;
        int offset = LedgerChunk.HeaderSize;
        while (Block.TryReadLength(file.Bytes.AsSpan(offset), out int length) && length <= file.Bytes.Length - offset)
        {
            byte[] bytes = file.Bytes[offset..(offset + length)];
            if (!Block.TryDecode(bytes, out Block? block) || block!.First != last.Next) break;

            // A torn block can still decode; it is whole when it is what the node gave.
            SeqNo first = block.First;
            if (world.Blocks.Blocks.First(given => given.First == first).Digest != Digest.Of(bytes)) break;
            last = block.Last;
            offset += length;
        }

        return offset;
    }

    private void Audit(List<ChunkFile> files, SeqNo last)
    {
        int expected = Math.Max(1, (int)world.Statuses.AcknowledgedLast.Value);
        LedgerAudit audit = new(new AuditOptions
        {
            ServiceCertificate = world.Blocks.Service,
            Genesis = world.Blocks.Blocks[0].Digest,
            Expect = world.Blocks.Entries[expected - 1].TxId,
            Leaves = world.Receipts.Leaves,
        });
        foreach (ChunkFile file in files) audit.AddChunk(file.Name, file.Bytes);
        AuditReport report = audit.Finish();
        if (!report.Ok) throw new Violation(Rules.AuditPasses, string.Join("; ", report.Problems));
        if (report.LastTxId.SeqNo != last)
        {
            throw new Violation(
                Rules.AuditPasses, $"the audit ends at {report.LastTxId}, the disk at {last}");
        }

        world.Situations.Reached("audit passed");
    }

    // The audit must see the torn tail, blame the newest file, and find everything before it whole.
    private void AuditTorn(List<ChunkFile> files, SeqNo last)
    {
        LedgerAudit audit = new(new AuditOptions { ServiceCertificate = world.Blocks.Service });
        foreach (ChunkFile file in files) audit.AddChunk(file.Name, file.Bytes);
        AuditReport report = audit.Finish();
        world.Situations.Reached("torn tail audited");
        if (report.Ok) throw new Violation(Rules.AuditPasses, "the audit passed a ledger with a torn tail");
        if (report.Problems.Any(problem => problem.File != files[^1].Name))
        {
            throw new Violation(
                Rules.AuditPasses, $"a torn tail in {files[^1].Name} is reported as {report.Problems[0]}");
        }

        if (report.LastTxId.SeqNo < last)
        {
            throw new Violation(
                Rules.AuditPasses, $"the audit ends at {report.LastTxId} before {last}");
        }
    }

    private sealed record ChunkFile(string Name, byte[] Bytes);
}
