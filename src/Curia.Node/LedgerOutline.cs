using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using Curia.Consensus;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>One epoch as everybody can see it: who signs in it, and how it was opened.</summary>
/// <param name="First">Its first transaction.</param>
/// <param name="Identity">Who signs in it.</param>
/// <param name="Opened">How it was opened; null for the first one, which genesis opened.</param>
internal sealed record EpochIdentity(TxId First, ServiceIdentity Identity, EpochBlock? Opened);

/// <summary>What a verified ledger says without being opened: the network's name, its epochs and views, its nodes, and
/// where it ends. That is all that a node needs to take part in consensus.</summary>
/// <remarks>One thread at a time.</remarks>
internal sealed class LedgerOutline
{
    private static readonly byte[] snapshotEvidence = Encoding.UTF8.GetBytes(NodeMaps.SnapshotEvidence.Name);

    // More than a node keeps; a joiner needs the newest one that another node still has.
    private const int SnapshotsMax = 32;

    private readonly List<EpochIdentity> epochs = [];
    private readonly List<RecordedSnapshot> snapshots = [];
    private readonly List<Configuration> active = [];
    private Block? last;
    private SeqNo nodesFrom;

    /// <summary>The name of the network.</summary>
    public Digest Genesis { get; private set; }

    /// <summary>The epochs in order.</summary>
    public IReadOnlyList<EpochIdentity> Epochs => epochs;

    /// <summary>Where each view begins.</summary>
    public ViewHistory Views { get; private set; } = ViewHistory.Empty;

    /// <summary>The nodes at its end.</summary>
    public NodeTable Nodes { get; private set; } = NodeTable.Empty;

    /// <summary>By whom and by which rules the network is governed at its end.</summary>
    public GovernanceState Governance { get; private set; } = GovernanceState.Empty;

    /// <summary>What who goes on with it must be able to read: the format in which it is written at its end.</summary>
    public int Format { get; private set; } = LedgerFormat.Oldest;

    /// <summary>The snapshots that it records, the newest ones, oldest first.</summary>
    public IReadOnlyList<RecordedSnapshot> Snapshots => snapshots;

    /// <summary>Whether nothing was added yet.</summary>
    public bool IsEmpty => last is null;

    /// <summary>The last signature transaction.</summary>
    public TxId Last => last!.Entries[^1].TxId;

    /// <summary>What its last block says of the commit.</summary>
    public TxId Committed => last!.Signature.Committed;

    /// <summary>The root that the last block signs.</summary>
    public Digest Root => last!.Signature.Root;

    /// <summary>When it was signed.</summary>
    public DateTimeOffset Time => last!.Signature.Time;

    /// <summary>Who votes at its end; null when nobody does.</summary>
    public Configuration? Configuration => Nodes.ToConfiguration(nodesFrom);

    /// <summary>The configurations that count at its end, oldest first: the newest one that its last block knows to be
    /// committed, and those after it.</summary>
    public IReadOnlyList<Configuration> Active => active;

    /// <summary>The Merkle tree up to its end.</summary>
    public MerkleFrontier After() => last!.FrontierAfter();

    /// <summary>Adds the next block of an audited ledger. Before the audit's verdict it may say anything.</summary>
    public void Add(Block block)
    {
        if (block.First.Value == 1 || block.Entries[0].Type == EntryType.Epoch) BeginEpoch(block);
        if (Views.Starts.Count == 0 || Views.Starts[^1].View != block.View)
            Views = Views.With(new TxId(block.View, block.First));
        NodeTable before = Nodes;
        Nodes = NodesAfter(block, Nodes, ref nodesFrom) ?? Nodes;
        if (!ReferenceEquals(before, Nodes) && Configuration is { } changed) active.Add(changed);

        Format = Math.Max(Format, LedgerFormat.Of(block));
        if (!ReferenceEquals(before, Nodes)) Format = Math.Max(Format, Nodes.LedgerFormat);

        // Whoever opens an epoch goes on from its disk as if all of it were committed, which it is when the epoch is.
        SeqNo committed = block.Signature.Committed.SeqNo;
        if (committed < epochs[^1].First.SeqNo) committed = SeqNo.Zero;
        while (active.Count > 1 && active[1].From <= committed) active.RemoveAt(0);
        foreach (LedgerEntry entry in block.Entries)
        {
            if (entry.Public.Span.IndexOf(snapshotEvidence) >= 0) AddSnapshots(entry);
            if (GovernanceState.IsNamedIn(entry.Public.Span) && TryFindWrites(entry, out ReadOnlyMemory<byte> bytes)
                && WriteSet.TryDecode(bytes.Span, default, out WriteSet? writes))
            {
                Governance = Governance.With(writes);
            }
        }

        last = block;
    }

    /// <summary>The nodes after a block.</summary>
    /// <param name="block">The block.</param>
    /// <param name="before">The nodes before it.</param>
    /// <param name="from">Becomes the seqno of the last transaction that changed them, where there is one.</param>
    /// <returns>Null when what it says of nodes cannot be read.</returns>
    public static NodeTable? NodesAfter(Block block, NodeTable before, ref SeqNo from)
    {
        NodeTable nodes = before;
        foreach (LedgerEntry entry in block.Entries)
        {
            // Few transactions touch nodes, so few are decoded for it.
            if (!NodeTable.IsNamedIn(entry.Public.Span) || !TryFindWrites(entry, out ReadOnlyMemory<byte> bytes))
                continue;
            if (!WriteSet.TryDecode(bytes.Span, default, out WriteSet? writes)
                || nodes.With(writes) is not { } changed)
            {
                return null;
            }

            if (!ReferenceEquals(changed, nodes)) from = entry.TxId.SeqNo;
            nodes = changed;
        }

        return nodes;
    }

    /// <summary>The public write set of an entry.</summary>
    /// <returns>False for a signature transaction, and for an entry that cannot be read.</returns>
    public static bool TryFindWrites(LedgerEntry entry, out ReadOnlyMemory<byte> writes)
    {
        writes = entry.Public;
        return entry.Type switch
        {
            EntryType.Signature => false,
            EntryType.Genesis => GenesisBlock.TryDecodePublic(entry.Public, out _, out writes),
            EntryType.Epoch => EpochBlock.TryFindWrites(entry.Public, out writes),
            _ => true,
        };
    }

    /// <summary>The write set of an entry, opened; the empty one for a signature transaction.</summary>
    /// <returns>False when no key of the opener fits, or the entry cannot be read.</returns>
    public static bool TryOpenWrites(
        BlockOpener opener, Block block, LedgerEntry entry, [NotNullWhen(true)] out WriteSet? writes)
    {
        writes = WriteSet.Empty;
        return entry.Type == EntryType.Signature
            || (TryFindWrites(entry, out ReadOnlyMemory<byte> publicBytes)
                && opener.TryOpen(block, entry.TxId.SeqNo, out byte[] privateBytes)
                && WriteSet.TryDecode(publicBytes.Span, privateBytes, out writes));
    }

    private void AddSnapshots(LedgerEntry entry)
    {
        if (!TryFindWrites(entry, out ReadOnlyMemory<byte> bytes)
            || !WriteSet.TryDecode(bytes.Span, default, out WriteSet? writes))
        {
            return;
        }

        foreach (MapWrites map in writes.Maps)
        {
            if (map.Name != NodeMaps.SnapshotEvidence.Name) continue;
            foreach (KeyWrite write in map.Writes)
            {
                if (write.Value is null || !NodeMaps.SnapshotEvidence.Keys.TryDecode(write.Key.Span, out ulong seqNo))
                    continue;
                if (snapshots.Count == SnapshotsMax) snapshots.RemoveAt(0);
                snapshots.Add(new RecordedSnapshot(new SeqNo(seqNo), entry.Claims));
            }
        }
    }

    private void BeginEpoch(Block block)
    {
        if (GenesisBlock.TryRead(block, out GenesisBlock? genesis))
        {
            Genesis = genesis.Digest;
            epochs.Add(new EpochIdentity(
                block.Entries[0].TxId, new ServiceIdentity(genesis.ServiceCertificate), Opened: null));
            return;
        }

        Invariant.Holds(EpochBlock.TryRead(block, out EpochBlock? epoch), "an audited block opens no epoch");
        epochs.Add(new EpochIdentity(
            block.Entries[0].TxId, new ServiceIdentity(epoch.ServiceCertificate), epoch));
    }
}
