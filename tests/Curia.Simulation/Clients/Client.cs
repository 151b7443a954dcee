using System;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>One client and its connection: asks, waits for the answer, thinks, asks again.</summary>
internal sealed class Client(World world, RunSettings settings, SeededRandom random)
{
    private const int PollsMax = 40;

    private readonly ReadOnlyMemory<byte> certificate = random.Pick(Identities.Users).Der;
    private (Operation Operation, TxId TxId)? unsettled;

    /// <summary>There is nothing left to ask and nothing left to wait for.</summary>
    public bool IsDone { get; private set; }

    /// <summary>A process serves, perhaps another one: what the client wrote last is there or not, for good.</summary>
    public void Connect()
    {
        IsDone = false;
        if (unsettled is { } last && last.TxId.View < world.Node.View.View)
        {
            unsettled = null;
            if (world.StatusOf(last.TxId) == TransactionStatus.Invalid && random.Percent(50))
            {
                world.Situations.Reached("lost write repeated");
                world.Agenda.After(random.Between(0, settings.ThinkMicroseconds), () => Attempt(last.Operation, 1));
                return;
            }
        }

        Think();
    }

    private void Think() => world.Agenda.After(random.Between(0, settings.ThinkMicroseconds), Next);

    private void Next()
    {
        if (world.NextOperation() is not { } operation)
        {
            IsDone = true;
            return;
        }

        if (random.Percent(2)) AskAsStranger(operation);
        Attempt(operation, 1);
    }

    private void AskAsStranger(Operation operation)
    {
        ReadOnlyMemory<byte> nobody = random.Percent(50) ? Identities.Stranger.Der : default;
        Execution execution = world.Execute(operation.ToRequest(nobody));

        // Who does not order does not look at the caller: the primary would.
        if (execution is not (Execution.Answered { Response.Status: 401 } or Execution.Elsewhere))
        {
            throw new Violation(Rules.NodeHolds, $"a stranger was let in: {operation}");
        }

        world.Situations.Reached("stranger refused");
    }

    private void Attempt(Operation operation, int executions)
    {
        switch (world.Execute(operation.ToRequest(certificate)))
        {
            case Execution.Answered answered:
                world.History.Answered(operation, answered, world.Node.View);
                Think();
                break;
            case Execution.Elsewhere:
                Think(); // the node has lost its disk: it orders nothing more, and there is no other
                break;
            case Execution.Proposed proposed:
                // Meanwhile others go on: this is where conflicts come from.
                world.Agenda.After(Held(), () => Submit(operation, proposed, executions));
                break;
        }
    }

    // Sometimes a worker is so slow that what it read is long committed and compacted away.
    private long Held()
    {
        if (!random.Percent(3)) return random.Between(0, settings.ThinkMicroseconds);
        world.Situations.Reached("transaction held for long");
        return random.Between(20_000, 300_000);
    }

    private void Submit(Operation operation, Execution.Proposed proposed, int executions)
    {
        bool wait = random.Percent(40);
        long ticket = 0;
        ticket = world.Ticket(operation.Target, answer =>
        {
            switch (answer)
            {
                case Answer.Ordered ordered:
                    world.History.Ordered(operation, ordered.TxId, proposed.Response);
                    unsettled = (operation, ordered.TxId);
                    if (wait && random.Percent(10)) world.Agenda.After(random.Between(0, 2_000), () => Leave(ticket));
                    if (wait) return;
                    world.Close(ticket);
                    AfterOrdered(operation, ordered.TxId);
                    break;
                case Answer.Finished finished:
                    world.Close(ticket);
                    world.Finished(finished);
                    AfterOrdered(operation, finished.TxId);
                    break;
                case Answer.Conflict:
                    world.Close(ticket);
                    Again(operation, executions);
                    break;
                case Answer.Refused refused:
                    world.Close(ticket);
                    world.Situations.Reached($"refused {refused.Code}");
                    Think();
                    break;
            }
        });
        world.Deliver(new Input.Submit(ticket, proposed, wait));
    }

    private void Again(Operation operation, int executions)
    {
        world.Situations.Reached("conflict");
        if (executions < settings.Limits.ExecutionsMax)
        {
            world.Agenda.After(random.Between(0, 50), () => Attempt(operation, executions + 1));
            return;
        }

        world.Situations.Reached("gave up after conflicts");
        Think();
    }

    // The client has its time-out. If the answer is there already, it does not come again.
    private void Leave(long ticket)
    {
        if (!world.Close(ticket)) return;
        world.Situations.Reached("client left before commit");
        world.Deliver(new Input.Forget(ticket));
        Think();
    }

    private void AfterOrdered(Operation operation, TxId txId)
    {
        int next = random.Below(100);
        if (next < 15) world.Agenda.After(random.Between(0, 3_000), () => Await(txId));
        else if (next < 30) world.Agenda.After(random.Between(0, 3_000), () => Receipt(txId, random.Percent(50), 1));
        else if (next < 45) world.Agenda.After(random.Between(0, 3_000), () => History(operation, txId, 1));
        else Think();
    }

    private void Await(TxId txId)
    {
        // Sometimes a TxID that nobody was given: of an older view it is invalid at once, of a newer one it never
        // comes.
        if (random.Percent(20)) txId = txId with { View = random.Percent(50) ? txId.View.Next : new View(1) };
        long ticket = 0;
        ticket = world.Ticket($"await {txId}", answer =>
        {
            world.Close(ticket);
            if (answer is Answer.Finished finished) world.Finished(finished);
            else if (answer is Answer.Refused refused) world.Situations.Reached($"refused {refused.Code}");
            Think();
        });
        world.Agenda.After(random.Between(1_000, 100_000), () => Leave(ticket));
        world.Deliver(new Input.Await(ticket, txId));
    }

    private void Receipt(TxId txId, bool cose, int polls)
    {
        bool given = world.AskForReceipt(txId, cose);
        if (given || polls >= PollsMax) Think();
        else world.Agenda.After(random.Between(100, 20_000), () => Receipt(txId, cose, polls + 1));
    }

    private void History(Operation operation, TxId txId, int polls)
    {
        bool given = world.AskForHistory(operation, txId, certificate);
        if (given || polls >= PollsMax) Think();
        else world.Agenda.After(random.Between(100, 20_000), () => History(operation, txId, polls + 1));
    }
}
