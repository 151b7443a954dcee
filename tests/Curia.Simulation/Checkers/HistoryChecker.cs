using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Endpoints;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Compares what clients were told, and what stands in the ledger, with the naive model.</summary>
internal sealed class HistoryChecker
{
    private readonly BlockChecker blocks;
    private readonly ContentChecker content;
    private readonly StatusChecker statuses;
    private readonly Situations situations;
    private readonly NaiveModel model;
    private readonly SortedDictionary<SeqNo, OrderedOperation> ordered = [];
    private SeqNo contentChecked;

    public HistoryChecker(
        BlockChecker blocks, ContentChecker content, StatusChecker statuses, Situations situations)
    {
        this.blocks = blocks;
        this.content = content;
        this.statuses = statuses;
        this.situations = situations;
        model = new NaiveModel();
    }

    /// <summary>The same history up to here, for what becomes of a copied disk.</summary>
    public HistoryChecker(
        HistoryChecker origin, BlockChecker blocks, ContentChecker content, StatusChecker statuses)
    {
        this.blocks = blocks;
        this.content = content;
        this.statuses = statuses;
        situations = origin.situations;
        model = new NaiveModel(origin.model);
        foreach ((SeqNo seqNo, OrderedOperation operation) in origin.ordered) ordered.Add(seqNo, operation);
        contentChecked = origin.contentChecked;
    }

    public NaiveModel Model => model;

    /// <summary>Every operation that has its place, in order.</summary>
    public IReadOnlyCollection<OrderedOperation> Operations => ordered.Values;

    /// <summary>An operation was answered without a place in the order: it must be right for the version that it was
    /// read from.</summary>
    public void Answered(Operation operation, Execution.Answered answered, NodeView view)
    {
        if (answered.TxId is not { } read)
        {
            throw new Violation(
                Rules.StateIsSerial, $"{operation} was answered {answered.Response.Status} without a TxID");
        }

        if (read.SeqNo > view.Last.SeqNo)
        {
            throw new Violation(
                Rules.StatusesAreFinal, $"an answer names {read}, the end is {view.Last}");
        }

        Expected expected = operation.On(model.At(read.SeqNo.Value));
        if (expected.Status < 400 && expected.Writes.Count > 0)
        {
            throw new Violation(
                Rules.StateIsSerial, $"{operation} should have written and was answered {answered.Response.Status}");
        }

        Compare(operation, read, expected, answered.Response);
        if (read > view.Committed) situations.Reached("read of pending state");
    }

    /// <summary>An operation has its place: its answer must be that of running alone, after all others before
    /// it.</summary>
    public void Ordered(Operation operation, TxId txId, Response response)
    {
        Expected expected = operation.On(model.At(txId.SeqNo.Value - 1));
        Compare(operation, txId, expected, response);
        if (!ordered.TryAdd(txId.SeqNo, new OrderedOperation(txId, operation, expected.Writes)))
        {
            throw new Violation(Rules.StateIsSerial, $"{txId} was given to two operations");
        }

        model.Apply(txId.SeqNo.Value, expected.Writes);
        statuses.Ordered(txId);
    }

    /// <summary>Only this much of the ledger is left: what came after it never was.</summary>
    public void Rewind(SeqNo last)
    {
        foreach (SeqNo seqNo in ordered.Keys.Where(seqNo => seqNo > statuses.AcknowledgedLast).ToArray())
        {
            situations.Reached(seqNo > last ? "pending write lost" : "write kept that nobody was told of");
            if (seqNo > last) ordered.Remove(seqNo);
        }

        model.Rewind(last.Value);
        if (contentChecked > last) contentChecked = last;
    }

    /// <summary>Compares the entries of the blocks sealed since the last time with what was ordered.</summary>
    public void CheckSealed()
    {
        foreach (LedgerEntry entry in blocks.Entries.Skip((int)contentChecked.Value))
        {
            SeqNo seqNo = entry.TxId.SeqNo;
            contentChecked = seqNo;
            if (entry.Type != EntryType.WriteSet)
            {
                if (ordered.ContainsKey(seqNo))
                {
                    throw new Violation(
                        Rules.StateIsSerial, $"{entry.TxId} was ordered and is {entry.Type}");
                }
            }
            else if (ordered.TryGetValue(seqNo, out OrderedOperation? operation))
            {
                content.Check(entry, operation);
            }
            else if (content.Open(entry).Maps.Any(map => map.Name != NodeMaps.SnapshotEvidence.Name))
            {
                throw new Violation(Rules.StateIsSerial, $"nobody ordered {entry.TxId}");
            }
        }
    }

    /// <summary>The answer to a question for what one transaction wrote to a key.</summary>
    public void Historical(OrderedOperation operation, ModelWrite asked, Response response)
    {
        string? value = operation.Writes.LastOrDefault(write => write.Map == asked.Map && write.Key == asked.Key).Value;
        string body = Encoding.UTF8.GetString(response.Body.Span);
        bool right = value is null ? response.Status == 404 : response.Status == 200 && body == value;
        if (!right)
        {
            throw new Violation(
                Rules.HistoryIsTrue,
                $"{operation.TxId} wrote {value ?? "nothing"}, the answer is {response.Status} {body}");
        }
    }

    private static void Compare(Operation operation, TxId txId, Expected expected, Response response)
    {
        string body = Encoding.UTF8.GetString(response.Body.Span);
        bool right = response.Status == expected.Status && (expected.Status >= 400 || body == expected.Body);
        if (!right)
        {
            throw new Violation(
                Rules.StateIsSerial,
                $"{operation} at {txId} answered {response.Status} {body}, expected {expected.Status} {expected.Body}");
        }
    }
}
