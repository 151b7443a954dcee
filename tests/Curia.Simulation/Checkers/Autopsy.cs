using System;
using System.Linq;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>What an auditor finds on the disk after a process has ended and the next one has made it good.</summary>
internal sealed class Autopsy(World world)
{
    /// <summary>Compares block by block with what left the nodes, and audits every signature.</summary>
    /// <param name="cannotBeLost">The last seqno that no end of a process can take.</param>
    /// <returns>The last seqno of the ledger.</returns>
    public SeqNo Run(SeqNo cannotBeLost)
    {
        string[] names = [.. LedgerChunk.InOrder(world.Disk.Ledger.Names)];
        SeqNo last = SeqNo.Zero;
        foreach (string name in names) Compare(name, ref last);
        SeqNo acknowledged = world.Statuses.AcknowledgedLast;
        world.Trace.Add(
            world.Agenda.Now, $"on disk up to {last}, kept up to {cannotBeLost}, acknowledged {acknowledged}");
        if (last < acknowledged)
        {
            throw new Violation(
                Rules.AcknowledgedSurvives, $"up to {acknowledged} was acknowledged, {last} is left");
        }

        if (last < cannotBeLost)
            throw new Violation(Rules.AuditPasses, $"up to {cannotBeLost} was kept, {last} can be read");
        if (last != SeqNo.Zero) Audit(names, last);
        return last;
    }

    // Byte for byte: the digest of each block is that of the block that left the node.
    private void Compare(string name, ref SeqNo last)
    {
        byte[] file = world.Disk.Ledger[name].ReadAll();
        int offset = LedgerChunk.HeaderSize;
        while (offset < file.Length)
        {
            SeqNo first = last.Next;
            SealedRange? given = world.Blocks.Blocks.FirstOrDefault(block => block.First == first);
            bool isWhole = Block.TryReadLength(file.AsSpan(offset), out int length) && length <= file.Length - offset;
            if (!isWhole || given is null || Digest.Of(file.AsSpan(offset, length)) != given.Digest)
            {
                throw new Violation(
                    Rules.AuditPasses, $"{name}: what stands at {offset} is not the block from {first} on");
            }

            last = given.Last;
            offset += length;
        }
    }

    private void Audit(string[] names, SeqNo last)
    {
        KnownEpoch[] epochs = [.. world.Blocks.Epochs.Where(epoch => epoch.First <= last)];
        LedgerAudit audit = new(new AuditOptions
        {
            ServiceCertificate = epochs[(int)(last.Value % (ulong)epochs.Length)].Service,
            Genesis = world.Blocks.Blocks[0].Digest,
            Expect = world.Blocks.Entries[(int)last.Value - 1].TxId,
            Leaves = world.Receipts.Leaves,
        });
        foreach (string name in names) audit.AddChunk(name, world.Disk.Ledger[name].ReadAll());
        AuditReport report = audit.Finish();
        if (!report.Ok) throw new Violation(Rules.AuditPasses, string.Join("; ", report.Problems));
        if (report.LastTxId.SeqNo != last || report.Epochs != (ulong)epochs.Length)
        {
            throw new Violation(
                Rules.AuditPasses, $"the audit ends at {report.LastTxId}, the disk at {last}");
        }

        world.Situations.Reached("audit passed");
        if (epochs.Length > 2) world.Situations.Reached("audit passed over three epochs or more");
    }
}
