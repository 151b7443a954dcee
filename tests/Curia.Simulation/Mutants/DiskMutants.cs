using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Simulation;

internal sealed class NeverSyncs(int chunkBytes, long capacityBytes, Situations situations)
    : VirtualDisk(chunkBytes, capacityBytes, situations)
{
    public override void Sync()
    {
    }
}

internal sealed class LosesSynced(int chunkBytes, long capacityBytes, Situations situations)
    : VirtualDisk(chunkBytes, capacityBytes, situations)
{
    public override void Crash(SeededRandom random)
    {
        base.Crash(random);
        if (Files.Count > 0 && Files[^1].Length > LedgerChunk.HeaderSize) Files[^1].Cut(LedgerChunk.HeaderSize);
    }
}

internal sealed class ChangesSynced(int chunkBytes, long capacityBytes, Situations situations)
    : VirtualDisk(chunkBytes, capacityBytes, situations)
{
    public override void Crash(SeededRandom random)
    {
        foreach (VirtualFile file in Files)
        {
            if (file.SyncedLength > 0) file.Overwrite(random.Below(file.SyncedLength), 0xA5);
        }

        base.Crash(random);
    }
}

internal sealed class NamesWrongly(int chunkBytes, long capacityBytes, Situations situations)
    : VirtualDisk(chunkBytes, capacityBytes, situations)
{
    public override void Crash(SeededRandom random)
    {
        base.Crash(random);
        if (Files.Count > 1) Files[0].Name = LedgerChunk.ClosedName(new SeqNo(1), new SeqNo(1_000_000));
    }
}
