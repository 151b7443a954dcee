using System;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation.Network;

/// <summary>A client of the application: asks one node, goes to the primary when it is told to, waits for commit, asks
/// for statuses and receipts anywhere.</summary>
internal sealed class NetworkClient(NetworkWorld world, SeededRandom random)
{
    private const int ExecutionsMax = 5;
    private const int PollsMax = 30;

    private NodeProcess? node;

    /// <summary>It waits for nothing.</summary>
    public bool IsIdle { get; private set; } = true;

    public void Think()
    {
        IsIdle = true;
        world.Agenda.After(random.Between(1, 2 * world.Plan.ThinkMicroseconds), Next);
    }

    private void Next()
    {
        if (world.ClientsRest)
        {
            Think();
            return;
        }

        IsIdle = false;
        if (node is { IsStopped: true, IsDead: false } still && random.Percent(50))
        {
            still.RequestLater(() =>
                Attempt(world.Workload.Read(isLinearizable: true), 1, world.Served.Ask()));
            return;
        }

        if (node is null || node.IsDead || node.IsStopped || !node.IsOpen || random.Percent(4))
            node = world.AnyOpen(random);
        if (node is null)
        {
            Think();
            return;
        }

        int choice = random.Below(100);
        if (choice < 76) Attempt(world.Workload.Next(), 1, world.Served.Ask());
        else if (choice < 88) Attempt(world.Workload.Read(isLinearizable: true), 1, world.Served.Ask());
        else if (choice < 94) AskForReceipt(random.Percent(50));
        else CompareState();
    }

    private void Attempt(Operation operation, int executions, Asked asked)
    {
        NodeProcess at = node!;
        if (at.IsDead || at.IsStopped)
        {
            Lose();
            return;
        }

        long since = world.Agenda.Now;
        switch (at.Execute(operation.ToRequest(Identities.Users[0].Der)))
        {
            case Execution.Elsewhere when operation is Operation.Get && executions < ExecutionsMax
                && at.Node.View.Primary is { } primary && world.ProcessOf(primary) is { } other && other != at:
                node = other;
                Attempt(operation, executions + 1, asked);
                break;
            case Execution.Answered { Response.Status: 503 } or Execution.Elsewhere:
                Lose();
                break;
            case Execution.Answered answered:
                world.Served.Answered(at, operation, answered);
                Think();
                break;
            case Execution.Unconfirmed read:
                world.Agenda.After(Held(), () => Confirm(at, operation, read, asked));
                break;
            case Execution.Proposed proposed:
                // Meanwhile others go on, and the primary may change: this is where conflicts come from.
                world.Agenda.After(Held(), () => Submit(at, operation, proposed, executions, asked, since));
                break;
        }
    }

    private long Held()
    {
        if (!random.Percent(3)) return random.Between(0, 2_000);
        world.Situations.Reached("transaction held for long");
        return random.Between(1, 4 * (int)world.Plan.TimeoutMicroseconds);
    }

    private void Submit(
        NodeProcess at, Operation operation, Execution.Proposed proposed, int executions, Asked asked, long since)
    {
        bool wait = random.Percent(60);
        Wait(at, hear => at.Submit(proposed, wait, hear), answer =>
        {
            switch (answer)
            {
                case Answer.Ordered ordered:
                    world.Served.Ordered(operation, ordered.TxId, proposed.Response, asked.At, since);
                    return wait ? null : Think;
                case Answer.Finished finished:
                    world.Served.Told(at, finished.TxId, finished.Status);
                    world.Situations.Reached($"waited for {finished.Status}");
                    return Think;
                case Answer.Conflict when executions < ExecutionsMax:
                    world.Situations.Reached("conflict");
                    return () => world.Agenda.After(
                        random.Between(1, 500), () => Attempt(operation, executions + 1, asked));
                default:
                    return AfterRefusal(at, answer);
            }
        });
    }

    private void Confirm(NodeProcess at, Operation operation, Execution.Unconfirmed read, Asked asked) =>
        Wait(at, hear => at.Confirm(read, hear), answer =>
        {
            switch (answer)
            {
                case Answer.Finished { Status: TransactionStatus.Committed } finished:
                    world.Served.Told(at, finished.TxId, finished.Status);
                    world.Served.Confirmed(at, operation, read, asked);
                    return Think;
                case Answer.NotConfirmed or Answer.Finished:
                    world.Situations.Reached("linearisable read not confirmed");
                    return Lose;
                default:
                    return AfterRefusal(at, answer);
            }
        });

    private Action AfterRefusal(NodeProcess at, Answer answer)
    {
        if (answer is Answer.NotPrimary) return () => Redirect(at);
        if (answer is not Answer.Refused refused) return Think;
        world.Situations.Reached($"refused {refused.Code}");
        return Lose;
    }

    /// <param name="at">The node.</param>
    /// <param name="send">Sends the request, and gives its ticket.</param>
    /// <param name="hear">Takes an answer, and says what to do then; null while more is to come.</param>
    private void Wait(NodeProcess at, Func<Action<Answer>, long> send, Func<Answer, Action?> hear)
    {
        if (at.IsDead || at.IsStopped)
        {
            Lose();
            return;
        }

        long ticket = 0;
        bool isOver = false;
        void End(Action then)
        {
            if (isOver) return;
            isOver = true;
            at.Close(ticket);
            then();
        }

        ticket = send(answer =>
        {
            if (hear(answer) is { } then) End(then);
        });
        if (isOver) at.Close(ticket);
        else world.Agenda.After(8 * world.Plan.TimeoutMicroseconds, () => End(() => Leave(at, ticket)));
    }

    // The answer does not come; the node may have died, or nobody may hear it.
    private void Leave(NodeProcess at, long ticket)
    {
        world.Situations.Reached("client left before commit");
        if (!at.IsDead && !at.IsStopped) at.Deliver(new Input.Forget(ticket));
        Lose();
    }

    private void Redirect(NodeProcess at)
    {
        world.Situations.Reached("client sent to the primary");
        node = at.Node.View.Primary is { } primary ? world.ProcessOf(primary) : null;
        Think();
    }

    private void Lose()
    {
        node = null;
        Think();
    }

    private void CompareState()
    {
        NodeProcess at = node!;
        Operation list = new Operation.List(
            random.Pick([Maps.Private, Maps.Public, Maps.Counters, Maps.Totals]));
        if (at.Execute(list.ToRequest(Identities.Users[0].Der)) is Execution.Answered { Response.Status: 200 } answer)
            world.Served.Answered(at, list, answer);
        Think();
    }

    private void AskForReceipt(bool cose)
    {
        CommitChecker ledger = world.Checks.Commit;
        if (ledger.Last == SeqNo.Zero)
        {
            Think();
            return;
        }

        Poll(node!, ledger.ReceiptAt(random.Below((int)ledger.Last.Value)), cose, 1);
    }

    private void Poll(NodeProcess at, TxId txId, bool cose, int polls)
    {
        if (at.IsDead || at.IsStopped || polls > PollsMax || NetworkReceipts.Ask(world, at, txId, cose)) Think();
        else world.Agenda.After(random.Between(1_000, 30_000), () => Poll(at, txId, cose, polls + 1));
    }
}

/// <summary>Receipts of any node, verified with the service certificate alone.</summary>
internal static class NetworkReceipts
{
    /// <summary>Asks once.</summary>
    /// <returns>False when the receipt is not there yet.</returns>
    public static bool Ask(NetworkWorld world, NodeProcess at, TxId txId, bool cose)
    {
        string path = cose ? "/app/receipt/cose" : "/app/receipt";
        if (at.Execute(Requests.Make("GET", $"{path}?transaction_id={txId}")) is not Execution.Answered answered)
            throw new Violation(Rules.ReceiptsVerify, $"{path} was proposed for order");
        if (answered.FollowUp is { } followUp)
        {
            world.Situations.Reached("block loaded for a receipt");
            at.After(1, () => at.Deliver(followUp));
        }

        // A backup may not know yet that it is committed.
        if (answered.Response.Status != 200)
        {
            if (answered.Response.Status == 404 && txId.SeqNo <= at.Node.View.Committed.SeqNo)
                throw new Violation(Rules.ReceiptsVerify, $"{at} has no receipt of {txId}, which is committed there");
            return false;
        }

        CommitChecker ledger = world.Checks.Commit;
        ReceiptVerifyOptions options = new() { Keys = ServiceKeys.Of(ledger.Service!), TxId = txId };
        ReceiptReport report = ReceiptVerifier.Verify(answered.Response.Body, options);
        if (report.Verdict != ReceiptVerdict.Valid)
            throw new Violation(Rules.ReceiptsVerify, $"{at}, {txId}: {report.Reason}");
        if (report.Receipts[0].Leaf != ledger.Entries[(int)txId.SeqNo.Value - 1].Leaf)
            throw new Violation(Rules.ReceiptsVerify, $"{at} gives a receipt of {txId} for another entry");
        bool isOther = ledger.Blocks.Exists(block =>
            block.Block.First <= txId.SeqNo && block.Block.Last >= txId.SeqNo && block.Block.NodeId != at.Id);
        world.Situations.Reached(cose ? "COSE receipt" : "JSON receipt");
        if (isOther) world.Situations.Reached("receipt of a block that another node sealed");
        return true;
    }
}
