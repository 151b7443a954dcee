using System;
using System.IO;
using System.Threading.Tasks;
using Curia.Host.Peers;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>Makes the state of a node that has joined, with the secrets that another node told: from a snapshot and the
/// blocks after it, or else from the whole ledger. What comes from the disk is verified once more.</summary>
internal sealed class StateLoader(
    LedgerFiles ledger, SnapshotFiles snapshots, SnapshotSource? others, NodeSetup setup, HostLog log,
    Action<Input> tell)
{
    // As large as a file of the ledger: so much is verified while the one before is applied.
    private const int BytesAtOnce = LedgerChunk.BytesToClose;

    /// <summary>Makes the state; <see cref="Input.StateLoaded"/> follows. Any thread, some time.</summary>
    public void Load(Effect.LoadState load) => _ = LoadAsync(load);

    private async Task LoadAsync(Effect.LoadState load)
    {
        LoadedState? state = null;
        string problem = "";
        try
        {
            state = await FromSnapshotAsync(load).ConfigureAwait(false);
            state ??= FromLedger(load, out problem);
        }
#pragma warning disable CA1031 // The last line of defence: an exception that leaves a thread ends the process.
        catch (Exception e)
#pragma warning restore CA1031
        {
            problem = e is IOException or UnauthorizedAccessException ? e.Message : Fault.Describe(e);
        }

        tell(new Input.StateLoaded(state, problem));
    }

    // Null when there is none that is right: the ledger has everything that it would.
    private async Task<LoadedState?> FromSnapshotAsync(Effect.LoadState load)
    {
        if (load.Snapshots.Count == 0) return null;
        ReadOnlyMemory<byte> own = snapshots.Read(load.Snapshots);
        if (!own.IsEmpty)
        {
            if (FromSnapshot(load, own, out string problem) is { } made) return made;
            log.Warning($"The snapshot in the node's own folder is not used: {problem}.");
        }

        if (others is null) return null;
        await foreach ((NodeId node, ReadOnlyMemory<byte> file) in others.FetchAsync(load.Snapshots)
            .ConfigureAwait(false))
        {
            if (FromSnapshot(load, file, out string problem) is { } made) return made;
            others.Refuse(node, problem);
        }

        return null;
    }

    private SnapshotReplay? FromSnapshot(Effect.LoadState load, ReadOnlyMemory<byte> file, out string problem)
    {
        SnapshotReplay? replay = SnapshotReplay.Read(
            load, file, (from, bytesMax) => ledger.ReadRange(from, load.Last, bytesMax), setup.Genesis, setup.Platform,
            out problem);
        if (replay is not null)
            log.Info($"The state was made from a snapshot of {file.Length >> 10} KiB and the ledger after it.");
        return replay;
    }

    private LedgerReplay? FromLedger(Effect.LoadState load, out string problem)
    {
        LedgerReplay replay = new([load.Secrets]);
        problem = "it could not be read";
        try
        {
            problem = Read(replay, load.Last) ?? replay.FindLoadObstacle(setup.Genesis, setup.Platform) ?? "";
            return problem.Length == 0 ? replay : null;
        }
        finally
        {
            if (problem.Length > 0) replay.Dispose();
        }
    }

    private string? Read(LedgerReplay replay, SeqNo last)
    {
        using ReplayThread applying = new(replay);
        for (SeqNo from = new(1); from <= last;)
        {
            ReadOnlyMemory<byte> blocks = ledger.ReadRange(from, last, BytesAtOnce);
            if (!BlockHeader.TryDecode(BlockWalk.Last(blocks).Span, out BlockHeader header, out _))
                return $"the block of seqno {from} is not on disk";
            byte[] chunk = [.. LedgerChunk.Header(from), .. blocks.Span];
            applying.Add(replay.Verify(LedgerChunk.ClosedName(from, header.Last), chunk));
            from = header.Last.Next;
        }

        applying.Finish();
        AuditReport report = replay.Finish();
        return report.Ok ? null : report.Problems[0].Reason;
    }
}
