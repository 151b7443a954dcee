using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Asks for receipts and for old transactions, and verifies what comes with service certificates
/// alone.</summary>
internal sealed class ReceiptChecker
{
    private const int ReceiptsKept = 12;

    private readonly World world;
    private readonly SortedDictionary<TxId, Digest> leaves = [];
    private readonly List<(TxId TxId, ReadOnlyMemory<byte> Receipt, int Epochs)> kept = [];
    private IReadOnlyList<Certificate> previous = [];

    public ReceiptChecker(World world) => this.world = world;

    /// <summary>Receipts of before stay valid on a copied disk.</summary>
    public ReceiptChecker(World world, ReceiptChecker origin)
    {
        this.world = world;
        kept.AddRange(origin.kept);
        foreach ((TxId txId, Digest leaf) in origin.leaves) leaves.Add(txId, leaf);
    }

    /// <summary>What verified receipts prove to be in the ledger: anchors for the audit.</summary>
    public IReadOnlyList<ExpectedLeaf> Leaves =>
        [.. leaves.Select(leaf => new ExpectedLeaf(leaf.Key, leaf.Value, "receipt"))];

    /// <summary>Receipts that were given, with the number of epochs that there were.</summary>
    public IReadOnlyList<(TxId TxId, ReadOnlyMemory<byte> Receipt, int Epochs)> Kept => kept;

    /// <summary>What somebody trusts who was given the newest service certificate, and the older keys that it
    /// certifies.</summary>
    public ServiceKeys Trusted => ServiceKeys.Of(world.Blocks.Service!).WithEndorsed(previous);

    /// <summary>The service is open, perhaps under another identity: whoever knows an older one follows it, and
    /// receipts of before verify.</summary>
    public void Opened(Effect.Open opened)
    {
        Require(
            opened.ServiceCertificate.Span.SequenceEqual(world.Blocks.Service!.Der.Span),
            "the service opens with another certificate than the ledger has");
        previous = [.. opened.Endorsements.Select(Read)];
        Require(previous.Count == world.Blocks.Epochs.Count - 1, $"{previous.Count} older keys are certified");
        Follow();
        foreach ((TxId txId, ReadOnlyMemory<byte> receipt, int epochs) in kept)
        {
            Verify("receipt of before", txId, receipt, Trusted);
            if (epochs < world.Blocks.Epochs.Count) world.Situations.Reached("receipt of an older epoch verified");
        }
    }

    /// <summary>Asks once.</summary>
    /// <returns>False when the receipt is not there yet.</returns>
    public bool Ask(TxId txId, bool cose)
    {
        string path = cose ? "/app/receipt/cose" : "/app/receipt";
        if (Answered(Requests.Make("GET", $"{path}?transaction_id={txId}"), txId) is not { } response) return false;
        string kind = cose ? "COSE receipt" : "JSON receipt";
        Require(response.Status == 200, $"{kind} of {txId}: answered {response.Status}");
        Require(txId <= world.Node.View.Committed, $"{kind} of {txId}, which is pending");

        // A JSON receipt brings the chain to the newest certificate with it.
        ServiceKeys keys = cose ? Trusted : ServiceKeys.Of(world.Blocks.Service!);
        Digest leaf = Verify(kind, txId, response.Body, keys);
        LedgerEntry entry = world.Blocks.Entries[(int)txId.SeqNo.Value - 1];
        Require(leaf == entry.Leaf, $"{kind} of {txId} is for another entry");
        leaves[txId] = entry.Leaf;
        if (kept.Count < ReceiptsKept) kept.Add((txId, response.Body, world.Blocks.Epochs.Count));
        world.Situations.Reached(kind);
        if (txId.View < world.Node.View.View) world.Situations.Reached($"{kind} of an older epoch");
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
        if (txId.View < world.Node.View.View) world.Situations.Reached("transaction of an older epoch read");
        return true;
    }

    // As the client of a consortium does it: from the identity that it pinned first, endorsement by endorsement, and
    // each must name where the older key stopped.
    private void Follow()
    {
        JsonElement epochs = Json("/node/service/endorsements").GetProperty("epochs");
        Require(epochs.GetArrayLength() == world.Blocks.Epochs.Count, $"{epochs.GetArrayLength()} epochs are told");
        Certificate? older = null;
        foreach ((JsonElement told, KnownEpoch known) in epochs.EnumerateArray().Zip(world.Blocks.Epochs))
        {
            Require(
                Certificate.TryFromPem(told.GetProperty("service_certificate").GetString(), out Certificate? newer)
                    && newer!.Fingerprint == known.Service!.Fingerprint,
                $"the epoch at {known.First} is told with another identity");
            if (older is not null)
            {
                byte[] bytes = told.GetProperty("endorsement").GetBytesFromBase64();
                TxId before = world.Blocks.Entries[(int)known.First.Value - 2].TxId;
                Require(
                    ServiceEndorsement.TryDecode(bytes, out ServiceEndorsement? endorsement)
                        && endorsement.IsFor(older, newer!) && endorsement.Continues == before,
                    $"the identity of the epoch at {known.First} cannot be followed");
                world.Situations.Reached("identity followed to the next epoch");
            }

            older = newer;
        }

        JsonElement network = Json("/node/network");
        Require(
            network.GetProperty("recovery_count").GetInt32() == world.Blocks.Epochs.Count - 1,
            "the network tells another number of epochs");
        Require(
            network.GetProperty("genesis").GetString() == world.Blocks.Blocks[0].Digest.ToString(),
            "the network has another name");
    }

    private JsonElement Json(string path)
    {
        if (world.Execute(Requests.Make("GET", path)) is not Execution.Answered { Response.Status: 200 } answered)
            throw new Violation(Rules.ReceiptsVerify, $"{path} is not answered");
        using JsonDocument body = JsonDocument.Parse(answered.Response.Body);
        return body.RootElement.Clone();
    }

    private static Digest Verify(string kind, TxId txId, ReadOnlyMemory<byte> receipt, ServiceKeys keys)
    {
        ReceiptReport report = ReceiptVerifier.Verify(receipt, new ReceiptVerifyOptions { Keys = keys, TxId = txId });
        Require(report.Verdict == ReceiptVerdict.Valid, $"{kind} of {txId}: {report.Reason}");
        return report.Receipts[0].Leaf!.Value;
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

    private static Certificate Read(ReadOnlyMemory<byte> der) => Certificate.TryFromDer(der.Span, out Certificate? read)
        ? read!
        : throw new Violation(Rules.ReceiptsVerify, "an endorsement is no certificate");

    private static void Require(bool holds, string problem)
    {
        if (!holds) throw new Violation(Rules.ReceiptsVerify, problem);
    }
}
