using System;
using System.Collections.Generic;
using System.Text.Json;
using Curia.Endpoints;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Asks for statuses after every step and remembers the final ones, over all processes.</summary>
internal sealed class StatusChecker
{
    private const int AskedPerStep = 3;

    private readonly BlockChecker blocks;
    private readonly SeededRandom random;
    private readonly Situations situations;
    private readonly SortedDictionary<TxId, TransactionStatus> final = [];
    private readonly SortedSet<TxId> ordered = [];
    private readonly List<TxId> asked = [];
    private TxId committed;

    public StatusChecker(BlockChecker blocks, SeededRandom random, Situations situations)
    {
        this.blocks = blocks;
        this.random = random;
        this.situations = situations;
    }

    /// <summary>What was told up to here stays true on a copied disk.</summary>
    public StatusChecker(StatusChecker origin, BlockChecker blocks, SeededRandom random)
    {
        this.blocks = blocks;
        this.random = random;
        situations = origin.situations;
        foreach ((TxId txId, TransactionStatus status) in origin.final) final.Add(txId, status);
        ordered.UnionWith(origin.ordered);
        asked.AddRange(origin.asked);
        committed = origin.committed;
        AcknowledgedLast = origin.AcknowledgedLast;
    }

    /// <summary>Everything that a client was told as committed is here.</summary>
    public SeqNo AcknowledgedLast { get; private set; }

    /// <summary>Every TxID that was given or asked for.</summary>
    public IReadOnlyCollection<TxId> Known => asked;

    public void Ordered(TxId txId)
    {
        ordered.Add(txId);
        asked.Add(txId);
    }

    /// <summary>Only this much of the ledger is left.</summary>
    public void Rewind(SeqNo last) => ordered.RemoveWhere(txId => txId.SeqNo > last);

    /// <summary>Takes note of what a client was told.</summary>
    public void Told(TxId txId, TransactionStatus status, NodeView view, SeqNo synced)
    {
        if (final.TryGetValue(txId, out TransactionStatus before) && before != status)
        {
            throw new Violation(Rules.StatusesAreFinal, $"{txId} was {before} and is {status}");
        }

        // An older view is over: what the ledger has of it is committed, and the rest never comes.
        bool holds = status switch
        {
            TransactionStatus.Committed => blocks.Has(txId) && txId <= view.Committed,
            TransactionStatus.Invalid => !ordered.Contains(txId) && !blocks.Has(txId)
                && (txId.View < view.View || txId.SeqNo <= view.Committed.SeqNo),
            TransactionStatus.Pending => txId.SeqNo > view.Committed.SeqNo && txId.SeqNo <= view.Last.SeqNo
                && txId.View == view.View,
            _ => !ordered.Contains(txId) && txId.View >= view.View,
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
            if (txId.View < view.View) situations.Reached("transaction of an older epoch told as committed");
        }

        if (status == TransactionStatus.Invalid && txId.View.Value % 2 == 0 && txId.View < view.View)
            situations.Reached("transaction of an older epoch told as invalid");
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
        TxId made = new(new View((ulong)random.Between(1, (int)view.View.Value + 2)), new SeqNo(seqNo));
        if (random.Percent(10)) asked.Add(made);
        return made;
    }
}
