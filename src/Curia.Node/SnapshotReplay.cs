using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>Makes the state from a snapshot and the blocks after it. Nothing of what is read is believed by itself: the
/// snapshot is the one whose digest the ledger records, as this node has verified it; each block after it follows root
/// by root and is signed by the service.</summary>
/// <remarks>One thread. docs/ledger-format.md, "Snapshot".</remarks>
public sealed class SnapshotReplay : LoadedState
{
    private const int BytesAtOnce = 4 << 20;

    private readonly Effect.LoadState load;
    private State state;
    private MerkleFrontier after;

    private SnapshotReplay(Effect.LoadState load, MerkleFrontier after)
    {
        this.load = load;
        this.after = after;
        state = State.Empty;
    }

    /// <summary>Makes the state. Any thread, some time.</summary>
    /// <param name="load">What was asked for; its secrets are taken over when there is no problem.</param>
    /// <param name="file">A file that another node or the own disk calls a snapshot.</param>
    /// <param name="read">Reads the own ledger.</param>
    /// <param name="settings">What node.json says of genesis.</param>
    /// <param name="platform">What node.json says of the platform.</param>
    /// <param name="problem">Empty, or why the state cannot be made from this file.</param>
    /// <returns>Null when there is a problem.</returns>
    public static SnapshotReplay? Read(
        Effect.LoadState load, ReadOnlyMemory<byte> file, BlockReader read, GenesisSettings settings, string platform,
        out string problem)
    {
        ArgumentNullException.ThrowIfNull(load);
        ArgumentNullException.ThrowIfNull(read);
        ArgumentNullException.ThrowIfNull(settings);
        if (!Snapshot.TryDecode(file, out Snapshot? snapshot))
        {
            problem = "it is no snapshot";
            return null;
        }

        RecordedSnapshot found = new(snapshot.Header.TxId.SeqNo, snapshot.Digest);
        if (!load.Snapshots.Contains(found) || found.SeqNo > load.Last)
        {
            problem = $"its digest {snapshot.Digest} is not that of the snapshot at {found.SeqNo} in the ledger";
            return null;
        }

        SnapshotReplay replay = new(load, snapshot.Header.Frontier);
        problem = replay.FindProblem(snapshot, read, settings, platform) ?? "";
        if (problem.Length == 0) return replay;
        replay.Opener.Dispose();
        replay.Epochs.Clear();
        return null;
    }

    private protected override void ReleaseSecrets() => load.Secrets.Dispose();

    private string? FindProblem(Snapshot snapshot, BlockReader read, GenesisSettings settings, string platform)
    {
        foreach (EpochIdentity epoch in load.Epochs)
        {
            if (BeginEpoch(epoch, [load.Secrets]) is { } unknown) return unknown;
        }

        string? problem = FindGenesisProblem(read, settings, platform) ?? Import(snapshot);
        while (problem is null && state.TxId.SeqNo < load.Last) problem = ApplySome(read);
        if (problem is not null) return problem;
        Sealed = load.Secrets;
        Store = new KeyValueStore(state);
        return null;
    }

    private string? FindGenesisProblem(BlockReader read, GenesisSettings settings, string platform)
    {
        SeqNo first = new(1);
        ReadOnlyMemory<byte> blocks = read(first, 1);
        if (!Block.TryTake(ref blocks, out ReadOnlyMemory<byte> bytes) || Digest.Of(bytes.Span) != load.Genesis
            || !Block.TryDecode(bytes, out Block? block))
        {
            return "the genesis block on disk is not that of the network";
        }

        State atGenesis = State.Empty;
        return Apply(block, ref atGenesis) ?? LedgerReplay.FindDifference(atGenesis, settings, platform);
    }

    private string? Import(Snapshot snapshot)
    {
        SnapshotHeader header = snapshot.Header;
        if (!snapshot.TryOpen(Secrets.At(header.TxId.SeqNo), out IReadOnlyList<byte[]> opened))
            return "its private parts cannot be opened with the secrets that were told";
        StateImport import = new();
        bool isTaken = snapshot.Public.All(frame => import.TryAdd(frame.Span))
            && opened.All(frame => import.TryAdd(frame));
        foreach (byte[] frame in opened) Array.Clear(frame);
        if (!isTaken || !import.TryFinish(header.TxId, out State? imported)
            || imported.ComputeDigest() != header.StateDigest)
        {
            return "its frames do not make the state that it names";
        }

        state = imported;
        return null;
    }

    private string? ApplySome(BlockReader read)
    {
        SeqNo next = state.TxId.SeqNo.Next;
        ReadOnlyMemory<byte> bytes = read(next, BytesAtOnce);
        if (bytes.IsEmpty) return $"the block of seqno {next} is not on disk";
        while (state.TxId.SeqNo < load.Last && !bytes.IsEmpty)
        {
            next = state.TxId.SeqNo.Next;
            if (!Block.TryTake(ref bytes, out ReadOnlyMemory<byte> one) || !Block.TryDecode(one, out Block? block)
                || block.First != next || block.Last > load.Last)
            {
                return $"what is on disk for seqno {next} is no block that begins there";
            }

            if (!block.Signature.Frontier.Equals(after))
                return $"the Merkle tree of the block at {next} does not go on from the snapshot";
            EpochIdentity epoch = load.Epochs.Last(known => known.First.SeqNo <= block.First);
            if (!epoch.Identity.Verify(block, out string reason)) return reason;
            if (Apply(block, ref state) is { } unreadable) return unreadable;
            after = block.FrontierAfter();
        }

        return null;
    }

    private string? Apply(Block block, ref State to)
    {
        foreach (LedgerEntry entry in block.Entries)
        {
            if (!LedgerOutline.TryOpenWrites(Opener, block, entry, out WriteSet? writes))
                return $"{entry.TxId} cannot be opened with the secrets that were told";
            to = to.After(entry.TxId, writes);
        }

        return null;
    }
}
