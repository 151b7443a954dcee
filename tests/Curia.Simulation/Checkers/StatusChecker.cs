using System;
using System.Collections.Generic;
using System.Text.Json;
using Curia.Endpoints;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Asks for statuses after every step and remembers the final ones.</summary>
internal sealed class StatusChecker(SeededRandom random, Situations situations)
{
    private const int AskedPerStep = 3;

    private readonly SortedDictionary<TxId, TransactionStatus> final = [];
    private readonly SortedSet<TxId> ordered = [];
    private readonly List<TxId> asked = [];
    private TxId committed;

    /// <summary>Everything that a client was told as committed is here.</summary>
    public SeqNo AcknowledgedLast { get; private set; }

    public void Ordered(TxId txId)
    {
        ordered.Add(txId);
        asked.Add(txId);
    }

    /// <summary>Takes note of what a client was told.</summary>
    public void Told(TxId txId, TransactionStatus status, NodeView view, SeqNo synced)
    {
        if (final.TryGetValue(txId, out TransactionStatus before) && before != status)
        {
            throw new Violation(Rules.StatusesAreFinal, $"{txId} was {before} and is {status}");
        }

        bool holds = status switch
        {
            TransactionStatus.Committed => txId <= view.Committed && txId.View == view.View,
            TransactionStatus.Invalid => !ordered.Contains(txId)
                && (txId.View < view.View || txId.SeqNo <= view.Committed.SeqNo),
            TransactionStatus.Pending => txId.SeqNo > view.Committed.SeqNo && txId.SeqNo <= view.Last.SeqNo,
            _ => !ordered.Contains(txId),
        };
        if (!holds)
        {
            throw new Violation(
                Rules.StatusesAreFinal, $"{txId} is said to be {status} at {view.Committed}, {view.Last}");
        }

        if (status == TransactionStatus.Committed)
        {
            if (txId.SeqNo > synced)
            {
                throw new Violation(
                    Rules.CommitIsDurable, $"{txId} is told as committed, synced is {synced}");
            }

            if (txId.SeqNo > AcknowledgedLast) AcknowledgedLast = txId.SeqNo;
        }

        if (status is TransactionStatus.Committed or TransactionStatus.Invalid) final[txId] = status;
        situations.Reached($"status {status}");
    }

    public void AfterStep(NodeUnderTest node, SeqNo synced)
    {
        NodeView view = node.View;
        if (view.Committed < committed) throw new Violation(Rules.CommitGrows, $"from {committed} to {view.Committed}");
        committed = view.Committed;
        if (committed.SeqNo > synced)
        {
            throw new Violation(
                Rules.CommitIsDurable, $"committed is {committed}, synced is {synced}");
        }

        if (committed.SeqNo > view.Last.SeqNo)
        {
            throw new Violation(
                Rules.NodeHolds, $"{committed} is beyond the end {view.Last}");
        }

        if (!view.IsOpen) return;
        for (int count = 0; count < AskedPerStep; count++) Ask(node, Choose(view), synced);
    }

    /// <summary>Asks as a client does.</summary>
    public TransactionStatus Ask(NodeUnderTest node, TxId txId, SeqNo synced)
    {
        Request request = Requests.Make("GET", $"/app/tx?transaction_id={txId}");
        if (node.Execute(request) is not Execution.Answered { Response.Status: 200 } answered)
        {
            throw new Violation(Rules.StatusesAreFinal, $"no answer to the status of {txId}");
        }

        using JsonDocument body = JsonDocument.Parse(answered.Response.Body);
        TransactionStatus status = Enum.Parse<TransactionStatus>(body.RootElement.GetProperty("status").GetString()!);
        Told(txId, status, node.View, synced);
        return status;
    }

    // Known ones, and such as nobody was ever given: other views, far ahead.
    private TxId Choose(NodeView view)
    {
        if (asked.Count > 0 && random.Percent(60)) return asked[random.Below(asked.Count)];
        ulong seqNo = (ulong)random.Between(1, (int)view.Last.SeqNo.Value + 5);
        TxId made = new(new View((ulong)random.Between(1, 4)), new SeqNo(seqNo));
        if (random.Percent(10)) asked.Add(made);
        return made;
    }
}
