using System.Linq;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Simulation;

internal sealed class NeverSyncs(Situations situations) : VirtualDisk(situations)
{
    public override void Sync(VirtualFile file)
    {
    }
}

internal sealed class LosesSynced(Situations situations) : VirtualDisk(situations)
{
    public override void Crash(SeededRandom random)
    {
        base.Crash(random);
        if (LedgerChunk.InOrder(Ledger.Names) is [.., string newest]
            && Ledger[newest].Length > LedgerChunk.HeaderSize)
        {
            Ledger[newest].Cut(LedgerChunk.HeaderSize);
        }
    }
}

internal sealed class ChangesSynced(Situations situations) : VirtualDisk(situations)
{
    public override void Crash(SeededRandom random)
    {
        base.Crash(random);
        foreach (VirtualFile file in Ledger.Files.Where(file => file.Length > 0))
            file.Damage(random.Below(file.Length), 0xA5);
    }
}

internal sealed class NamesWrongly(Situations situations) : VirtualDisk(situations)
{
    public override void Crash(SeededRandom random)
    {
        base.Crash(random);
        string[] names = [.. LedgerChunk.InOrder(Ledger.Names)];
        if (names.Length > 1) Ledger.Rename(names[0], LedgerChunk.ClosedName(new SeqNo(1), new SeqNo(1_000_000)));
    }
}
