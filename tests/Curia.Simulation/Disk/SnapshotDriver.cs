using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>The part of the shell that writes snapshots, some time later and while writes go on. A finished one is read
/// as a joining node will read it, and its content compared with the naive model.</summary>
internal sealed class SnapshotDriver(World world, FaultPlan plan, SeededRandom random)
{
    private readonly SortedDictionary<SeqNo, byte[]> written = [];

    public void Make(SnapshotJob job) => world.Agenda.After(random.Between(1, 30_000), () =>
    {
        if (random.Percent(plan.FailedSnapshotPercent))
        {
            world.Situations.Reached("snapshot not written");
            world.Deliver(new Input.SnapshotMade(job.TxId.SeqNo, null));
            return;
        }

        if (world.Node.View.Last.SeqNo > job.TxId.SeqNo) world.Situations.Reached("snapshot made while writes went on");
        List<byte> file = [];
        SnapshotEvidence evidence = job.Run(bytes => file.AddRange(bytes.Span));
        written[job.TxId.SeqNo] = [.. file];
        world.Blocks.NothingPrivate(file.ToArray(), $"snapshot at {job.TxId}");
        world.Trace.Add(world.Agenda.Now, $"snapshot at {job.TxId}: {file.Count} bytes {evidence.Snapshot}");
        world.Deliver(new Input.SnapshotMade(job.TxId.SeqNo, evidence));
    });

    public void Finish(Effect.FinishSnapshot finish)
    {
        world.Situations.Reached("snapshot finished");
        byte[] file = [.. written[finish.SeqNo], .. finish.ReceiptFrame.Span];
        if (!Snapshot.TryDecode(file, out Snapshot? snapshot) || snapshot is null)
        {
            throw new Violation(Rules.SnapshotsHoldTheState, $"the snapshot at {finish.SeqNo} cannot be read");
        }

        Require(snapshot.Header.TxId.SeqNo == finish.SeqNo, snapshot, "is of another seqno");
        ReceiptVerifyOptions options = new() { Keys = ServiceKeys.Of(world.Blocks.Service!) };
        ReceiptReport report = ReceiptVerifier.Verify(snapshot.Receipt, options);
        Require(report.Verdict == ReceiptVerdict.Valid, snapshot, $"has a receipt that is not valid: {report.Reason}");
        Require(report.TxId?.SeqNo == finish.EvidenceSeqNo, snapshot, "has a receipt of another transaction");
        Require(report.Receipts[0].Claims == snapshot.Digest, snapshot, "has a receipt that claims another digest");
        Content(snapshot);
    }

    private void Content(Snapshot snapshot)
    {
        // Without any private write yet the secret was never seen at work; such a snapshot has no private frame either.
        IReadOnlyList<byte[]> opened = [];
        if (snapshot.PrivateCount > 0)
        {
            bool opens = world.Content.Secret is { } secret && snapshot.TryOpen(secret, out opened);
            Require(opens, snapshot, "has private frames that do not open");
        }

        StateImport import = new();
        foreach (ReadOnlyMemory<byte> frame in snapshot.Public)
        {
            Require(import.TryAdd(frame.Span), snapshot, "has a wrong frame");
        }

        foreach (byte[] frame in opened) Require(import.TryAdd(frame), snapshot, "has a wrong private frame");
        Require(import.TryFinish(snapshot.Header.TxId, out State? state), snapshot, "holds no state");
        Require(state!.ComputeDigest() == snapshot.Header.StateDigest, snapshot, "holds another state than it says");
        NaiveModel.ModelState expected = world.History.Model.At(snapshot.Header.TxId.SeqNo.Value);
        foreach (string map in (string[])[Maps.Private, Maps.Public, Maps.Counters, Maps.Totals])
        {
            Require(
                state.Entries(map).Select(entry => Read(map, entry)).SequenceEqual(expected.All(map)),
                snapshot,
                $"differs from the naive model in {map}");
        }
    }

    private static (ulong Key, string Value) Read(string map, StateEntry entry)
    {
        bool text = map is Maps.Private or Maps.Public;
        return Codecs.UInt64.TryDecode(entry.Key.Span, out ulong key)
            ? (key, text ? Encoding.UTF8.GetString(entry.Value.Span) : Number(entry.Value.Span))
            : throw new Violation(Rules.SnapshotsHoldTheState, $"{map} has a key that is no number");
    }

    private static string Number(ReadOnlySpan<byte> bytes) =>
        Codecs.UInt64.TryDecode(bytes, out ulong number) ? number.ToString(CultureInfo.InvariantCulture) : "unreadable";

    private static void Require(bool holds, Snapshot snapshot, string problem)
    {
        if (!holds)
        {
            throw new Violation(
                Rules.SnapshotsHoldTheState, $"the snapshot at {snapshot.Header.TxId} {problem}");
        }
    }
}
