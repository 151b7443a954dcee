using System.Collections.Generic;
using System.Linq;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>The end of a process in which nothing broke for good: the disk is honest now, so every question must get
/// its answer.</summary>
internal sealed class Finale(World world, SeededRandom random)
{
    private const int Sampled = 8;
    private const int PollsMax = 20;

    public void Run()
    {
        foreach (OrderedOperation operation in world.History.Operations)
        {
            TransactionStatus status = world.Statuses.Ask(world.Node, operation.TxId, world.Life.Chunks.SyncedLast);
            if (status != TransactionStatus.Committed)
            {
                throw new Violation(
                    Rules.EverythingEnds, $"{operation.TxId} is {status}");
            }
        }

        CompareState(world);
        List<OrderedOperation> sample = [.. world.History.Operations.OrderBy(_ => random.Next()).Take(Sampled)];
        foreach (OrderedOperation operation in sample)
        {
            Poll(operation.TxId, () => world.AskForReceipt(operation.TxId, cose: false));
            Poll(operation.TxId, () => world.AskForReceipt(operation.TxId, cose: true));
            Poll(
                operation.TxId,
                () => world.AskForHistory(operation.Operation, operation.TxId, Identities.Users[0].Der));
        }

        world.Situations.Reached("process ended well");
    }

    /// <summary>Every map must be what the naive model says.</summary>
    public static void CompareState(World world)
    {
        foreach (string map in (string[])[Maps.Private, Maps.Public, Maps.Counters, Maps.Totals])
            Compare(world, map, world.Node.View);
    }

    private static void Compare(World world, string map, NodeView view)
    {
        Operation list = new Operation.List(map);
        if (world.Execute(list.ToRequest(Identities.Users[0].Der)) is not Execution.Answered answered)
        {
            throw new Violation(Rules.StateIsSerial, $"a read of {map} was proposed for order");
        }

        if (answered.TxId != view.Last)
        {
            throw new Violation(
                Rules.StateIsSerial, $"{map} was read at {answered.TxId}, the end is {view.Last}");
        }

        world.History.Answered(list, answered, view);
    }

    private void Poll(TxId txId, System.Func<bool> ask)
    {
        for (int polls = 0; polls < PollsMax; polls++)
        {
            if (ask()) return;
            for (int events = 0; events < 20; events++) world.StepOnce();
        }

        throw new Violation(Rules.EverythingEnds, $"{txId} was not given in {PollsMax} polls of an honest disk");
    }
}
