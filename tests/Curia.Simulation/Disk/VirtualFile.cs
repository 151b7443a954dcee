using System;
using System.Collections.Generic;

namespace Curia.Simulation;

/// <summary>A file that is only appended to: what was written, and how much of it a sync has put on the
/// platter.</summary>
internal sealed class VirtualFile(string name)
{
    private readonly List<byte> bytes = [];
    private bool cacheLost;

    public string Name { get; set; } = name;

    public int Length => bytes.Count;

    /// <summary>A crash leaves at least this much.</summary>
    public int SyncedLength { get; private set; }

    public void Append(ReadOnlySpan<byte> more) => bytes.AddRange(more);

    public void Sync()
    {
        // After a failed sync the cache is clean: there is nothing left to write, and success means nothing.
        if (!cacheLost) SyncedLength = bytes.Count;
    }

    public void LoseCache() => cacheLost = SyncedLength < bytes.Count || cacheLost;

    public byte[] Read(int from, int length) => bytes.GetRange(from, length).ToArray();

    public byte[] ReadAll() => [.. bytes];

    public void Overwrite(int at, byte value) => bytes[at] = value;

    /// <summary>Power fails: what was not synced is lost, kept, cut, or kept in some sectors and not in
    /// others.</summary>
    public void Crash(SeededRandom random, Situations situations)
    {
        int unsynced = bytes.Count - SyncedLength;
        if (unsynced == 0)
        {
            situations.Reached("crash with everything synced");
            return;
        }

        switch (random.Below(4))
        {
            case 0:
                situations.Reached("crash loses unsynced writes");
                Cut(SyncedLength);
                break;
            case 1:
                situations.Reached("crash keeps unsynced writes");
                break;
            case 2:
                situations.Reached("crash cuts unsynced writes");
                Cut(SyncedLength + random.Below(unsynced));
                break;
            default:
                situations.Reached("crash tears unsynced writes");
                Tear(random);
                break;
        }
    }

    public void Cut(int length) => bytes.RemoveRange(length, bytes.Count - length);

    // Length is metadata and may reach the platter before the sectors do: those that did not come read as zeros.
    private void Tear(SeededRandom random)
    {
        const int sectorBytes = 512;
        for (int at = SyncedLength; at < bytes.Count; at++)
        {
            int end = Math.Min((at / sectorBytes + 1) * sectorBytes, bytes.Count);
            bool lost = random.Percent(50);
            for (; at < end; at++)
            {
                if (lost) bytes[at] = 0;
            }

            at--;
        }
    }
}
