using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Reads a snapshot as a joining node will read it, and compares its content with the naive model.</summary>
internal sealed class SnapshotChecker(World world)
{
    /// <summary>Looks at a file of the snapshot folder; one without its final name is nobody's business.</summary>
    public void Check(string name, byte[] file)
    {
        world.Blocks.NothingPrivate(file, name);
        if (!Snapshot.TryParseFileName(name, out SeqNo seqNo, out SeqNo evidence, out bool isFinished) || !isFinished)
            return;
        if (!Snapshot.TryDecode(file, out Snapshot? snapshot))
            throw new Violation(Rules.SnapshotsHoldTheState, $"{name} cannot be read");
        Require(snapshot.Header.TxId.SeqNo == seqNo, snapshot, "is of another seqno");
        Require(world.Blocks.Has(snapshot.Header.TxId), snapshot, "is not of this ledger");
        KnownEpoch epoch = world.Blocks.EpochAt(evidence);
        ReceiptVerifyOptions options = new() { Keys = ServiceKeys.Of(epoch.Service!) };
        ReceiptReport report = ReceiptVerifier.Verify(snapshot.Receipt, options);
        Require(report.Verdict == ReceiptVerdict.Valid, snapshot, $"has a receipt that is not valid: {report.Reason}");
        Require(report.TxId?.SeqNo == evidence, snapshot, "has a receipt of another transaction");
        Require(world.Blocks.Has(report.TxId!.Value), snapshot, "is recorded in another ledger");
        Require(report.Receipts[0].Claims == snapshot.Digest, snapshot, "has a receipt that claims another digest");
        Content(snapshot, epoch);
    }

    private void Content(Snapshot snapshot, KnownEpoch epoch)
    {
        Require(snapshot.TryOpen(epoch.Secret, out IReadOnlyList<byte[]> opened), snapshot, "does not open");
        StateImport import = new();
        foreach (var frame in snapshot.Public) Require(import.TryAdd(frame.Span), snapshot, "has a wrong frame");
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

    private static string Number(System.ReadOnlySpan<byte> bytes) =>
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
