using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>The end of a run: nothing goes wrong any more, so the network must go on, and go on well.</summary>
internal sealed class CoreFinale(CoreWorld world, CoreFaults faults, SeededRandom random)
{
    private const int TimeoutsToCommit = 10;

    // Candidates that do not ask first disturb each other, sometimes for long; no program runs so.
    private const int TimeoutsWithoutPreVote = 60;
    private const int TimeoutsMax = 200;

    public void Run()
    {
        Calm();

        // What was slow or late before is over after this.
        Wait(12);
        EndOutcasts();
        if (!faults.CanGoOn())
        {
            world.Checker.ExpectNothingLost();
            return;
        }

        ExpectCommit();
        if (random.Percent(60)) return;
        Wait(4);
        if (random.Percent(50)) ExpectReturnDisturbsNobody();
        else ExpectStepsDown();
    }

    private void Calm()
    {
        world.Network.IsQuiet = true;
        world.Network.Heal();
        foreach (CoreNode node in world.Nodes)
        {
            node.TickMicroseconds = CoreSettings.TickMicroseconds * random.Between(95, 105) / 100;
            node.ClockStopsUntil = 0;
            node.DiskSlowness = 1;
            node.NextStoreFails = false;
            world.HurryDisk(node);
        }

        if (world.IsTraced) world.Note("faults stop");
    }

    // A node that was let go and did not hear of it is ended by whoever runs it.
    private void EndOutcasts()
    {
        List<Configuration> counting = [.. world.Checker.PossibleConfigurations()];
        foreach (CoreNode node in world.Nodes.Where(node => !counting.Exists(one => one.Has(node.Id))))
            world.Crash(node);
    }

    private void ExpectCommit()
    {
        int allowed = world.Settings.Options.PreVote ? TimeoutsToCommit : TimeoutsWithoutPreVote;

        // What faults left undone commits before it; as long as it does, the new block may wait.
        long from = world.Agenda.Now;
        TxId last = world.Checker.Chain.Last;
        for (int waited = 0, idle = 0; idle < allowed && waited < TimeoutsMax; waited++, idle++)
        {
            Wait(1);
            if (world.Checker.NewestCommittedAt >= from) return;
            if (world.Checker.Chain.Last != last) idle = 0;
            last = world.Checker.Chain.Last;
        }

        string roles = string.Join(", ", world.Nodes.Where(node => node.IsAlive).Select(node =>
            $"{node} {node.Replica.Role} in view {node.Replica.View} at {node.Replica.LastTxId}"));
        throw new Violation(CoreRules.GoesOn, $"{roles}; {world.Checker.Chain.Last} is committed");
    }

    private void ExpectReturnDisturbsNobody()
    {
        ReplicaOptions options = world.Settings.Options;
        if (!options.PreVote || !options.RefusePreVotesWhilePrimaryIsHeard) return;
        List<CoreNode> primaries = [.. world.Primaries()];
        if (primaries.Count != 1) return;
        CoreNode primary = primaries[0];
        View view = primary.Replica.View;
        CoreNode? other = world.Nodes.Find(node => node.IsAlive && node != primary
            && primary.Replica.Configurations[^1].Voters.Contains(node.Id) && faults.MayLose([node]));
        if (other is null) return;
        faults.CutOff(other);
        Wait(6);
        world.Network.Heal();
        Wait(4);
        if (primary.Replica.View == view) return;
        throw new Violation(
            CoreRules.ReturnDisturbsNobody, $"{primary} was primary in view {view}, then {other} came back");
    }

    private void ExpectStepsDown()
    {
        List<CoreNode> primaries = [.. world.Primaries()];
        if (primaries.Count != 1) return;
        CoreNode primary = primaries[0];
        SortedSet<NodeId> alone = [primary.Id];
        if (primary.Replica.Configurations.All(one => one.IsSatisfiedBy(alone))) return;
        faults.CutOff(primary);
        Wait(2);
        if (!primary.IsAlive || primary.Replica.Role != ReplicaRole.Primary) return;
        throw new Violation(CoreRules.StepsDown, $"{primary} is primary of view {primary.Replica.View} alone");
    }

    private void Wait(int timeouts) =>
        world.RunUntil(world.Agenda.Now + timeouts * world.Settings.ElectionTimeoutMicroseconds);
}
