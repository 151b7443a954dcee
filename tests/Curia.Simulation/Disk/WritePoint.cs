namespace Curia.Simulation;

/// <summary>Every place at which the shell changes the disk. Each can be struck by each fault.</summary>
internal enum WritePoint
{
    /// <summary>A chunk file is made and gets its header.</summary>
    ChunkHeader,

    /// <summary>A block is appended.</summary>
    BlockWrite,

    /// <summary>The blocks of a batch are made durable.</summary>
    BlockSync,

    /// <summary>A complete chunk is made durable before the next one begins.</summary>
    ChunkSync,

    /// <summary>The name of a new chunk is made durable.</summary>
    ChunkFlush,

    /// <summary>A complete, committed chunk gets its final name.</summary>
    ChunkRename,

    SecretsWrite,
    SecretsSync,
    SecretsRename,
    SecretsFlush,

    /// <summary>The secrets of older epochs, or of one that did not come to be, are removed.</summary>
    SecretsRemove,

    /// <summary>The chunks of a start that did not succeed are removed.</summary>
    ChunkRemove,

    SnapshotWrite,
    SnapshotSync,
    SnapshotRename,
    SnapshotFlush,

    /// <summary>An old or unfinished snapshot is removed.</summary>
    SnapshotRemove,

    /// <summary>A process that starts removes what no whole block is in.</summary>
    RepairRemove,

    /// <summary>A process that starts writes what is whole of an open chunk anew.</summary>
    RepairWrite,
    RepairSync,
    RepairRename,
    RepairFlush,
}

/// <summary>What goes wrong at a write point.</summary>
internal enum Fault
{
    None,

    /// <summary>The process ends there and then (kill -9): what it wrote is in the cache.</summary>
    Kill,

    /// <summary>The power fails: what was not synced may be lost, in parts.</summary>
    PowerFailure,

    /// <summary>The operation returns an error after some of its work.</summary>
    Error,
}

/// <summary>The operation that a fault strikes: the nth one at a write point.</summary>
internal sealed record Strike(WritePoint Point, int Occurrence, Fault Fault);
