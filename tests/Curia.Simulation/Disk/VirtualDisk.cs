using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Simulation;

/// <summary>The folders of a node on a disk with a write cache and a size.</summary>
internal class VirtualDisk(Situations situations)
{
    /// <summary>Chunk files.</summary>
    public VirtualFolder Ledger { get; private init; } = new("ledger");

    /// <summary>What the platform sealed.</summary>
    public VirtualFolder Secrets { get; private init; } = new("secrets");

    public VirtualFolder Snapshots { get; private init; } = new("snapshots");

    /// <summary>The disk has this many bytes.</summary>
    public long CapacityBytes { get; set; } = long.MaxValue;

    public long UsedBytes => Folders.SelectMany(folder => folder.Files).Sum(file => (long)file.Length);

    public int RoomBytes => (int)Math.Clamp(CapacityBytes - UsedBytes, 0, int.MaxValue);

    public IEnumerable<VirtualFolder> Folders => [Ledger, Secrets, Snapshots];

    protected Situations Situations => situations;

    /// <summary>Another disk with the same files, as a host makes one.</summary>
    public VirtualDisk Copy() => new(situations)
    {
        Ledger = Ledger.Copy(),
        Secrets = Secrets.Copy(),
        Snapshots = Snapshots.Copy(),
    };

    public virtual void Sync(VirtualFile file) => file.Sync();

    /// <summary>Power fails.</summary>
    public virtual void Crash(SeededRandom random)
    {
        foreach (VirtualFolder folder in Folders) folder.Crash(random, situations);
    }

    /// <summary>The cache lets clean pages go.</summary>
    public void Evict()
    {
        foreach (VirtualFile file in Folders.SelectMany(folder => folder.Files)) file.Evict();
    }

    /// <summary>The names and contents of a folder as a process finds them.</summary>
    public static IReadOnlyList<(string Name, byte[] Bytes)> Read(VirtualFolder folder) =>
        [.. folder.Names.Select(name => (name, folder[name].ReadAll()))];
}
