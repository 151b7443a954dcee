using System.Collections.Generic;
using System.Linq;
using Curia.Governance;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation.Network;

/// <summary>The end of a run: faults have stopped, so the network must soon go on, all nodes must come to the same
/// state, and every question gets its answer.</summary>
internal sealed class NetworkFinale(NetworkWorld world)
{
    private const int ReceiptsAsked = 4;

    public void Run()
    {
        world.Calm();
        if (!world.Operator.IsEnoughLeft())
        {
            // Nobody may expect anything of it any more.
            world.Situations.Reached("too few nodes left");
            world.Trace.Add(world.Agenda.Now, $"too few nodes left: {world.DescribeAll()}");
            return;
        }

        long since = world.Agenda.Now;
        long timeout = world.Plan.TimeoutMicroseconds;
        world.Trace.Add(since, "faults stop");
        world.While(
            () => world.Served.NewestCommittedAsk < since, 10 * timeout, "no new write commits",
            NetworkRules.GoesOnSoon);
        world.Trace.Add(since, "a new write has committed");
        world.Rest();
        world.While(() => !IsSettled(), 100 * timeout, "nodes do not come together", NetworkRules.AllCatchUp);
        Look();
        world.Situations.Reached("run counted");
    }

    private bool IsSettled()
    {
        if (!world.AreClientsIdle || world.Primary is not { } primary) return false;
        NodeView newest = primary.Node.View;
        if (newest.Last != newest.Committed || newest.Configurations.Count > 1) return false;
        foreach (NodeProcess process in world.Live)
        {
            NodeRecord? record = world.Checks.Commit.Nodes.GetValueOrDefault(process.Id);
            if (record is not { Status: NodeRecord.Trusted or NodeRecord.Learner }) return false;
            if (!process.IsOpen || process.Node.View.Committed != newest.Committed) return false;
        }

        return world.Checks.Commit.Nodes.All(node => node.Value.Status == NodeRecord.Retired
            || world.ProcessOf(node.Key) is { IsDead: false });
    }

    private void Look()
    {
        CommitChecker ledger = world.Checks.Commit;
        foreach (NodeProcess process in world.Live)
        {
            foreach (string map in (string[])[Maps.Private, Maps.Public, Maps.Counters, Maps.Totals])
            {
                Operation list = new Operation.List(map);
                if (process.Execute(list.ToRequest(Identities.Users[0].Der))
                    is not Curia.Node.Execution.Answered { Response.Status: 200 } answered)
                {
                    throw new Violation(Rules.StateIsSerial, $"{process} does not answer");
                }

                world.Served.Answered(process, list, answered);
            }

            foreach (TxId txId in world.Served.Known)
            {
                TransactionStatus status = world.Served.Ask(process, txId);
                bool isFinal = status is TransactionStatus.Committed or TransactionStatus.Invalid;
                if (!isFinal && txId <= ledger.Entries[^1].TxId)
                    throw new Violation(Rules.EverythingEnds, $"{txId} is {status} on {process}");
            }
        }

        Receipts();
        world.Served.CheckHistories();
    }

    private void Receipts()
    {
        CommitChecker ledger = world.Checks.Commit;
        foreach (NodeProcess process in world.Live.ToArray())
        {
            for (int count = 0; count < ReceiptsAsked; count++)
            {
                int at = (int)((ulong)(count + 1) * (ledger.Last.Value - 1) / ReceiptsAsked);
                TxId txId = ledger.ReceiptAt(at);
                bool cose = count % 2 == 0;
                for (int polls = 0; !NetworkReceipts.Ask(world, process, txId, cose); polls++)
                {
                    if (polls > 200) throw new Violation(Rules.EverythingEnds, $"{process}: no receipt of {txId}");
                    long until = world.Agenda.Now + 10_000;
                    world.While(() => world.Agenda.Now < until, 1_000_000, "time stands still");
                }
            }
        }
    }
}
