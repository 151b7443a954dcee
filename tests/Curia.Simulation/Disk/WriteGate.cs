using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Simulation;

/// <summary>The operating system says that it could not.</summary>
internal sealed class DiskError(string message) : Exception(message);

/// <summary>The process is no more.</summary>
internal sealed class ProcessEnds(string when, bool powerFails) : Exception(when)
{
    public bool PowerFails => powerFails;
}

/// <summary>Every change of the disk by one process goes through here, and here it is struck.</summary>
internal sealed class WriteGate(World world, LifePlan plan, SeededRandom random)
{
    private readonly int[] occurrences = new int[plan.Strikes.Count];

    /// <summary>Strikes at operations that did not come.</summary>
    public IReadOnlyList<Strike> Unstruck =>
        [.. plan.Strikes.Where((strike, at) => occurrences[at] < strike.Occurrence)];

    public VirtualFile Create(WritePoint point, VirtualFolder folder, string name)
    {
        VirtualFile? file = null;
        Do(point, () => file = folder.Create(name), null);
        return file!;
    }

    /// <summary>Appends; an error leaves a part of it.</summary>
    public void Append(WritePoint point, VirtualFile file, ReadOnlyMemory<byte> bytes)
    {
        int room = world.Disk.RoomBytes;
        Do(
            point,
            () => file.Append(bytes.Span[..Math.Min(room, bytes.Length)]),
            () => file.Append(bytes.Span[..Math.Min(room, random.Below(bytes.Length + 1))]));
        if (random.Percent(10)) file.WriteBack(random);
        if (room >= bytes.Length) return;
        world.Situations.Reached("disk full");
        world.Situations.Reached($"disk full at {point}");
        throw new DiskError("write: no space left on device");
    }

    public void Sync(WritePoint point, VirtualFile file) =>
        Do(point, () => world.Disk.Sync(file), () => file.WriteBack(random), () => file.FailSync(random));

    public void Rename(WritePoint point, VirtualFolder folder, string from, string to) =>
        Do(point, () => folder.Rename(from, to), null);

    public void Remove(WritePoint point, VirtualFolder folder, string name) =>
        Do(point, () => folder.Remove(name), null);

    // A folder that cannot be flushed keeps its changes in the cache; file systems that see such an error take no more
    // writes, so what is interesting is only that the node stops.
    public void Flush(WritePoint point, VirtualFolder folder) => Do(point, folder.Flush, null);

    // Before, within, or after: a fault that leaves no trace on the disk is one, too.
    private void Do(WritePoint point, Action whole, Action? part, Action? failed = null)
    {
        if (Struck(point) is not { } strike)
        {
            whole();
            return;
        }

        world.Trace.Add(world.Agenda.Now, $"{strike.Fault} at {point} {strike.Occurrence}");
        world.Situations.Reached($"{strike.Fault} at {point}");
        world.Situations.Reached($"{point} struck");
        if (strike.Fault == Fault.Error)
        {
            (failed ?? part)?.Invoke();
            throw new DiskError($"{point}: input/output error");
        }

        int when = random.Below(3);
        if (when == 1) part?.Invoke();
        if (when == 2) whole();
        throw new ProcessEnds($"{strike.Fault} at {point}", strike.Fault == Fault.PowerFailure);
    }

    private Strike? Struck(WritePoint point)
    {
        Strike? struck = null;
        for (int i = 0; i < occurrences.Length; i++)
        {
            Strike strike = plan.Strikes[i];
            if (strike.Point == point && ++occurrences[i] == strike.Occurrence) struck ??= strike;
        }

        return struck;
    }
}
