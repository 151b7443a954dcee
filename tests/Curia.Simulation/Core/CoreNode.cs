using System;
using System.Collections.Generic;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>One process: a replica, the log that its effects ask for, and its disk.</summary>
internal sealed class CoreNode
{
    public CoreNode(int number, Func<NodeId, Replica> make, CoreLog disk)
    {
        Number = number;
        Id = CoreIds.Node(number);
        Replica = make(Id);
        Disk = disk;
        Log = disk.CopyThrough(SeqNo.Max);
        Committed = disk.Last;
    }

    public int Number { get; }

    public NodeId Id { get; }

    public Replica Replica { get; }

    /// <summary>What the node holds, on its disk or on the way to it: of these blocks it has the bytes.</summary>
    public CoreLog Log { get; }

    /// <summary>What is synced. It outlives the process.</summary>
    public CoreLog Disk { get; }

    /// <summary>What the disk has not done yet, in order; a truncation has no block.</summary>
    public Queue<(BlockInfo? Block, ulong Number, SeqNo After)> Writing { get; } = [];

    public bool IsDiskBusy { get; set; }

    /// <summary>How much slower the disk is than others.</summary>
    public int DiskSlowness { get; set; } = 1;

    public bool NextStoreFails { get; set; }

    public bool IsAlive { get; set; } = true;

    /// <summary>Whether its disk has come back under another id.</summary>
    public bool IsDiskReused { get; set; }

    /// <summary>Whether somebody told it to leave: it gets no vote again.</summary>
    public bool IsLeaving { get; set; }

    public int TickMicroseconds { get; set; } = CoreSettings.TickMicroseconds;

    public long ClockStopsUntil { get; set; }

    public VoterKind Kind { get; init; } = new("snp", "a");

    public SnapshotInfo? Snapshot { get; set; }

    public int BlocksSinceSnapshot { get; set; }

    /// <summary>Checked: what it last reported as committed.</summary>
    public TxId Committed { get; set; }

    /// <summary>Checked: up to where it acknowledged, and in which view.</summary>
    public (View View, SeqNo Last) Acknowledged { get; set; }

    /// <summary>Checked: rounds that were asked for, and what was committed anywhere then.</summary>
    public Queue<(ulong Round, TxId Committed)> Asked { get; } = [];

    public override string ToString() => $"n{Number}";
}
