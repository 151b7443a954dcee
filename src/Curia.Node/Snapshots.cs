using System;
using System.Collections.Immutable;
using System.Linq;
using System.Text.Json.Nodes;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>State on disk: a job off the loop writes it, a transaction records its digest, and that transaction's
/// receipt completes the file. Execution never stops for it, because the state is immutable. One is made at a
/// time.</summary>
internal sealed class Snapshots
{
    private readonly LedgerSecret secret;
    private readonly NodeId nodeId;
    private readonly ulong interval;
    private ulong nextAt;
    private SnapshotJob? job;
    private TxId? evidence;

    public Snapshots(LedgerSecret secret, NodeId nodeId, ulong interval, SeqNo last)
    {
        this.secret = secret;
        this.nodeId = nodeId;
        this.interval = interval;
        nextAt = last.Value + interval;
    }

    /// <summary>Snapshots whose evidence has committed.</summary>
    public long Finished { get; private set; }

    /// <summary>A block has committed: begins a snapshot when it is time, and ends one whose evidence is in the
    /// block.</summary>
    public void Committed(
        AppendedBlock block, State state, ViewHistory views, HistoricalQueries history, Effects effects)
    {
        if (evidence is { } recorded && recorded <= block.LastTxId)
        {
            Invariant.Holds(history.TryFind(recorded.SeqNo, out var transaction),
                "a block that just committed is not held");
            effects.Add(new Effect.FinishSnapshot(
                job!.TxId.SeqNo, recorded.SeqNo, SnapshotWriter.Receipt(transaction!.ReceiptJson)));
            Finished++;
            evidence = null;
            job = null;
        }

        if (job is null && block.Info.Last.Value >= nextAt)
        {
            // Writing a state costs in proportion to its entries. When as many transactions lie between two snapshots,
            // none costs more than a fixed share of theirs, and what lies after the newest one is read back in about
            // the time that reading the state itself takes.
            nextAt = block.Info.Last.Value + Math.Max(interval, (ulong)state.EntryCount);

            // A new primary commits blocks of the view before its own: the views of the state end there.
            job = new SnapshotJob(
                secret, nodeId, state, block.After, views.TruncateAfter(block.Info.Last));
            effects.Add(new Effect.MakeSnapshot(job));
        }
    }

    /// <summary>The job is done: writes its evidence.</summary>
    /// <returns>False when there is none to write.</returns>
    public bool Write(Input.SnapshotMade made, Transaction transaction, Effects effects)
    {
        if (job is null || evidence is not null || made.SeqNo != job.TxId.SeqNo) return false;
        if (made.Evidence is not { } snapshot)
        {
            Abandon($"the snapshot at {made.SeqNo} could not be written", effects);
            return false;
        }

        transaction.Map(NodeMaps.SnapshotEvidence).Put(made.SeqNo.Value, new JsonObject
        {
            ["txid"] = job.TxId.ToString(),
            ["state_digest"] = snapshot.State.ToString(),
            ["snapshot_digest"] = snapshot.Snapshot.ToString(),
        }.ToJsonString());
        transaction.SetClaims(snapshot.Snapshot);
        return true;
    }

    /// <summary>The evidence has its place in the order, or was refused.</summary>
    public void Recorded(Answer answer, Effects effects)
    {
        if (answer is Answer.Ordered ordered) evidence = ordered.TxId;
        else Abandon($"the evidence of the snapshot at {job!.TxId.SeqNo} was not ordered", effects);
    }

    /// <summary>This node orders no longer: the evidence can have no place.</summary>
    public void Abandon(Effects effects)
    {
        if (job is not null && evidence is null) Abandon($"the snapshot at {job.TxId.SeqNo} was given up", effects);
        job = null;
        evidence = null;
    }

    private void Abandon(string what, Effects effects)
    {
        effects.Add(new Effect.Log(LogSeverity.Warning, $"{what}; the next one will be tried at {nextAt}"));
        job = null;
    }
}

/// <summary>What the ledger records of a snapshot.</summary>
/// <param name="State">The digest of the state, which any node that holds the state can compute.</param>
/// <param name="Snapshot">The digest of the frames that were written.</param>
public readonly record struct SnapshotEvidence(Digest State, ClaimsDigest Snapshot);

/// <summary>Writes the state at one position as snapshot frames. Runs on any thread, once, beside the loop.</summary>
public sealed class SnapshotJob
{
    // A frame is sealed as a whole: large enough that tag and header vanish, and small enough to stay out of the large
    // object heap.
    private const int FrameBytesMax = 64 << 10;

    private readonly LedgerSecret secret;
    private readonly NodeId nodeId;
    private readonly State state;
    private readonly MerkleFrontier frontier;
    private readonly ViewHistory views;

    internal SnapshotJob(LedgerSecret secret, NodeId nodeId, State state, MerkleFrontier frontier, ViewHistory views)
    {
        this.secret = secret;
        this.nodeId = nodeId;
        this.state = state;
        this.frontier = frontier;
        this.views = views;
    }

    /// <summary>The position of the state: the last transaction of a committed block.</summary>
    public TxId TxId => state.TxId;

    /// <summary>Makes the frames and hands each to the file's writer, in order.</summary>
    /// <param name="write">Appends bytes to a temporary file.</param>
    /// <returns>What goes into the ledger; <see cref="Input.SnapshotMade"/> carries it back.</returns>
    public SnapshotEvidence Run(Action<ReadOnlyMemory<byte>> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        Digest stateDigest = state.ComputeDigest();
        ImmutableArray<ViewStart> starts = [.. views.Starts.Select(start => new ViewStart(start.View, start.SeqNo))];
        SnapshotHeader header = new(TxId, nodeId, stateDigest, FrameBytesMax, starts, frontier);
        using SnapshotWriter writer = new(header, secret);
        write(writer.Start());
        foreach (var frame in state.Export(Domain.Public, FrameBytesMax)) write(writer.Public(frame.Span));
        foreach (var frame in state.Export(Domain.Private, FrameBytesMax)) write(writer.Private(frame.Span));
        write(writer.End());
        return new SnapshotEvidence(stateDigest, writer.Digest);
    }
}
