using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Endpoints;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Asks for receipts and for old transactions, and verifies what comes with the service certificate
/// alone.</summary>
internal sealed class ReceiptChecker(World world)
{
    private readonly SortedDictionary<TxId, Digest> leaves = [];

    /// <summary>What verified receipts prove to be in the ledger: anchors for the audit.</summary>
    public IReadOnlyList<ExpectedLeaf> Leaves =>
        [.. leaves.Select(leaf => new ExpectedLeaf(leaf.Key, leaf.Value, "receipt"))];

    /// <summary>Asks once.</summary>
    /// <returns>False when the receipt is not there yet.</returns>
    public bool Ask(TxId txId, bool cose)
    {
        string path = cose ? "/app/receipt/cose" : "/app/receipt";
        if (Answered(Requests.Make("GET", $"{path}?transaction_id={txId}"), txId) is not { } response) return false;
        string kind = cose ? "COSE receipt" : "JSON receipt";
        if (response.Status != 200)
        {
            throw new Violation(
                Rules.ReceiptsVerify, $"{kind} of {txId}: answered {response.Status}");
        }

        if (txId > world.Node.View.Committed)
        {
            throw new Violation(
                Rules.ReceiptsVerify, $"{kind} of {txId}, which is pending");
        }

        ReceiptVerifyOptions options = new() { Keys = ServiceKeys.Of(world.Blocks.Service!), TxId = txId };
        ReceiptReport report = ReceiptVerifier.Verify(response.Body, options);
        if (report.Verdict != ReceiptVerdict.Valid)
        {
            throw new Violation(
                Rules.ReceiptsVerify, $"{kind} of {txId}: {report.Reason}");
        }

        LedgerEntry entry = world.Blocks.Entries[(int)txId.SeqNo.Value - 1];
        if (report.Receipts[0].Leaf != entry.Leaf)
        {
            throw new Violation(
                Rules.ReceiptsVerify, $"{kind} of {txId} is for another entry");
        }

        leaves[txId] = entry.Leaf;
        world.Situations.Reached(kind);
        return true;
    }

    /// <summary>Asks once what an operation wrote to one of its keys, or to a key that it did not touch.</summary>
    /// <returns>False when the transaction is not loaded yet.</returns>
    public bool AskForHistory(Operation operation, TxId txId, ReadOnlyMemory<byte> certificate)
    {
        OrderedOperation ordered = world.History.Operations.First(candidate => candidate.TxId == txId);
        ModelWrite asked = ordered.Writes.Count > 0 ? ordered.Writes[^1] : new ModelWrite(Maps.Private, 1, null);
        string target = $"/app/historical?seqno={txId.SeqNo}&map={Uri.EscapeDataString(asked.Map)}&key={asked.Key}";
        if (Answered(Requests.Make("GET", target, default, certificate), txId) is not { } response) return false;
        if (txId > world.Node.View.Committed)
        {
            throw new Violation(
                Rules.HistoryIsTrue, $"{txId} is pending, {operation} is history");
        }

        world.History.Historical(ordered, asked, response);
        world.Situations.Reached("old transaction read");
        return true;
    }

    // Whatever is said of a pending transaction besides 200 means: not yet.
    private Response? Answered(Request request, TxId txId)
    {
        if (world.Execute(request) is not Execution.Answered answered)
        {
            throw new Violation(Rules.HistoryIsTrue, $"{request.Path} was proposed for order");
        }

        if (answered.FollowUp is { } followUp)
        {
            world.Situations.Reached("block loaded for an old transaction");
            world.Agenda.After(1, () => world.Deliver(followUp));
        }

        // Told for a while after the disk has returned something else; the truth may come later, a lie must not.
        if (answered.Response.Status == 503 && world.Situations.Counts.ContainsKey("wrong bytes read back"))
        {
            world.Situations.Reached("history unavailable for a while");
            return null;
        }

        bool pending = txId > world.Node.View.Committed && answered.Response.Status != 200;
        if (pending) world.Situations.Reached("asked for the past of a pending transaction");
        return pending || answered.Response.Status == 202 ? null : answered.Response;
    }
}
