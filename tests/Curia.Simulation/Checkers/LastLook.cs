using System.Linq;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>The end of a run: what is on the disk is made good once more, by a process that then does nothing, and
/// compared with what became of its copies.</summary>
internal sealed class LastLook(World world, SeededRandom random)
{
    public void Run()
    {
        world.Disk.CapacityBytes = long.MaxValue;
        new Startup(world, new WriteGate(world, LifePlan.Drained(0), random)).Run(Platform.Genesis);
        world.Survived();
        foreach (World copy in world.Copies) Compare(copy);
    }

    // DESIGN 6, "Epochs": forks cannot be prevented, only made visible.
    private void Compare(World copy)
    {
        KnownEpoch[] theirs = [.. copy.Blocks.Epochs.Except(world.Blocks.Epochs)];
        KnownEpoch[] ours = [.. world.Blocks.Epochs.Except(copy.Blocks.Epochs)];
        if (theirs.Length == 0) return;
        world.Situations.Reached("copy of the disk continued");
        foreach (KnownEpoch other in theirs)
        {
            bool isSame = ours.Any(own => own.ServiceKeyId == other.ServiceKeyId || own.Node == other.Node
                || own.EntryKey == other.EntryKey);
            Require(!isSame, $"the epochs at {other.First} have a key in common");
        }

        Strangers(world, copy);
        Strangers(copy, world);
    }

    // Who has a receipt of one of them sees that the other is another service: its keys do not speak for it, and its
    // ledger does not hold it.
    private void Strangers(World one, World other)
    {
        foreach ((TxId txId, var receipt, _) in one.Receipts.Kept)
        {
            int at = (int)txId.SeqNo.Value - 1;
            Digest leaf = one.Blocks.Entries[at].Leaf;
            if (other.Blocks.Has(txId) && other.Blocks.Entries[at].Leaf == leaf) continue;
            LedgerAudit audit = new(new AuditOptions { Leaves = [new ExpectedLeaf(txId, leaf, "receipt")] });
            foreach (string name in LedgerChunk.InOrder(other.Disk.Ledger.Names))
                audit.AddChunk(name, other.Disk.Ledger[name].ReadAll());
            Require(!audit.Finish().Ok, $"a ledger without {txId} passes with a receipt for it");
            world.Situations.Reached("fork found by a receipt");
            if (other.Blocks.Service is null || other.Blocks.Epochs.Contains(one.Blocks.EpochAt(txId.SeqNo))) continue;
            ReceiptVerifyOptions options = new() { Keys = other.Receipts.Trusted, TxId = txId };
            Require(
                ReceiptVerifier.Verify(receipt, options).Verdict != ReceiptVerdict.Valid,
                $"a receipt of {txId} verifies with the keys of the other ledger");
            world.Situations.Reached("receipt refused on the other side of a fork");
        }
    }

    private static void Require(bool holds, string problem)
    {
        if (!holds) throw new Violation(Rules.ForksShow, problem);
    }
}
