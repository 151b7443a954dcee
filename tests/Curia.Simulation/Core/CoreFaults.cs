using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>What goes wrong, and when. Primaries are struck most often, and just after they proposed: what is half
/// replicated is where rules break.</summary>
internal sealed class CoreFaults(CoreWorld world, SeededRandom random)
{
    /// <summary>Who was told to take over, and the view that it should open.</summary>
    public (int Node, View View) HandedOver { get; set; }

    /// <summary>Whether more was lost than the rules survive.</summary>
    public bool IsMajorityLost { get; private set; }

    private bool IsOver => world.Network.IsQuiet;

    public void Strike()
    {
        if (IsOver) return;
        int kind = world.Settings.Seesaws ? random.Pick([70, 75, 80]) : random.Below(100);
        switch (kind)
        {
            case < 14: Crash([Choose()]); break;
            case < 18: CrashMinority(); break;
            case < 22: FailStore(Choose()); break;
            case < 34: Split(); break;
            case < 46: CutOff(ChoosePrimary()); break;
            case < 56: CutOneWay(); break;
            case < 64: CutToBridge(); break;
            case < 74: SlowDisk(Choose()); break;
            case < 84: ChangeClock(Choose()); break;
            case < 90: StopClock(random.Percent(60) ? ChoosePrimary() : Choose()); break;
            default: world.Network.Heal(); break;
        }

        world.Agenda.After(random.Between(1, 2 * world.Settings.FaultMicroseconds), Strike);
    }

    /// <summary>Figure 8 of the Raft paper needs primaries that fall when few have their newest block.</summary>
    public void AfterProposal(CoreNode primary)
    {
        if (IsOver || world.Settings.StrikePercent == 0 || !random.Percent(world.Settings.StrikePercent)) return;
        if (random.Percent(30) && MayLose([primary]))
        {
            world.Counts.Reached(CoreSituation.PrimaryCrashedAfterProposal);
            Crash([primary]);
            return;
        }

        // One other node still hears it.
        world.Counts.Reached(CoreSituation.PrimaryCutOffAfterProposal);
        CutOff(primary, spared: random.Pick(world.Nodes));
        HealLater();
    }

    /// <summary>Whoever was cut off before comes back, and the new primary is cut off in its turn: at once, so that it
    /// opens its view alone, or when what older views left has reached others and nothing of its own has.</summary>
    /// <returns>After how long it is to open its view.</returns>
    public int AfterElection(CoreNode primary)
    {
        if (IsOver) return 0;
        world.Network.Heal();
        int quarter = world.Settings.ElectionTimeoutMicroseconds / 4;
        int cut = random.Percent(50) ? 0 : random.Between(quarter, 3 * quarter);
        CoreNode? spared = random.Percent(20) ? random.Pick(world.Nodes) : null;
        world.Agenda.After(
            cut,
            () =>
            {
                if (!IsOver && primary.Replica.Role == ReplicaRole.Primary) CutOff(primary, spared);
            });
        return random.Percent(70) ? cut + random.Below(quarter) : random.Below(4 * quarter);
    }

    /// <summary>Whether all that may still come to count could go on without these nodes.</summary>
    public bool MayLose(IReadOnlyCollection<CoreNode> lost)
    {
        List<CoreNode> left = world.Nodes.FindAll(node =>
            node.IsAlive && !node.NextStoreFails && !lost.Contains(node));
        HashSet<NodeId> ids = [.. left.Select(node => node.Id)];
        if (!world.Checker.PossibleConfigurations().All(one => one.IsSatisfiedBy(ids))) return false;

        // Whoever has most goes on, and may not know yet that a newer configuration has ended an older one.
        CoreNode? best = left.Where(node => node.Replica.Configurations.Any(one => one.Voters.Contains(node.Id)))
            .MaxBy(node => node.Log.Last);
        return best is not null && best.Replica.Configurations.All(one => one.IsSatisfiedBy(ids));
    }

    /// <summary>Whether all that may still come to count can go on.</summary>
    public bool CanGoOn() => MayLose([]);

    public void CutOff(CoreNode node, CoreNode? spared = null)
    {
        foreach (CoreNode other in world.Nodes)
        {
            if (other == spared) continue;
            world.Network.Cut(node.Number, other.Number);
            world.Network.Cut(other.Number, node.Number);
        }

        if (world.IsTraced) world.Note($"{node} is cut off{(spared is null ? "" : $" from all but {spared}")}");
    }

    private void Crash(IReadOnlyCollection<CoreNode> nodes)
    {
        bool mayLose = MayLose(nodes);
        if (!mayLose && !(world.Settings.MayLoseMajority && random.Percent(30))) return;
        if (!mayLose)
        {
            IsMajorityLost = true;
            world.Counts.Reached(CoreSituation.MajorityLost);
        }

        foreach (CoreNode node in nodes) world.Crash(node);
    }

    private void CrashMinority()
    {
        List<CoreNode> lost = [];
        foreach (CoreNode node in Alive())
        {
            lost.Add(node);
            if (!MayLose(lost)) lost.Remove(node);
        }

        if (lost.Count < 2) return;
        world.Counts.Reached(CoreSituation.MinorityLost);
        Crash(lost);
    }

    private void Split()
    {
        HashSet<CoreNode> one = [.. Alive().Where(_ => random.Percent(50))];
        foreach (CoreNode left in one)
        {
            foreach (CoreNode right in world.Nodes.Where(node => !one.Contains(node)))
            {
                world.Network.Cut(left.Number, right.Number);
                world.Network.Cut(right.Number, left.Number);
            }
        }

        if (world.IsTraced) world.Note($"split: {string.Join(' ', one)} | the others");
        HealLater();
    }

    private void CutOneWay()
    {
        world.Counts.Reached(CoreSituation.OneWayPartition);
        CoreNode node = random.Percent(50) ? ChoosePrimary() : Choose();
        bool isDeaf = random.Percent(50);
        foreach (CoreNode other in world.Nodes)
        {
            if (isDeaf) world.Network.Cut(other.Number, node.Number);
            else world.Network.Cut(node.Number, other.Number);
        }

        if (world.IsTraced) world.Note($"{node} is {(isDeaf ? "deaf" : "mute")}");
        HealLater();
    }

    // Two halves that one node alone reaches.
    private void CutToBridge()
    {
        world.Counts.Reached(CoreSituation.BridgePartition);
        CoreNode bridge = Choose();
        foreach (CoreNode left in world.Nodes)
        {
            foreach (CoreNode right in world.Nodes)
            {
                if (left == bridge || right == bridge || left.Number % 2 == right.Number % 2) continue;
                world.Network.Cut(left.Number, right.Number);
            }
        }

        if (world.IsTraced) world.Note($"{bridge} is a bridge");
        HealLater();
    }

    private void HealLater() =>
        world.Agenda.After(
            random.Between(1, random.Pick([2, 4, 12]) * world.Settings.ElectionTimeoutMicroseconds),
            () =>
            {
                world.Network.Heal();
                if (world.IsTraced) world.Note("all reach all");
            });

    private void SlowDisk(CoreNode node)
    {
        node.DiskSlowness = random.Pick([1, 5, 20, 200]);
        if (world.IsTraced) world.Note($"the disk of {node} is {node.DiskSlowness} times slower");
    }

    private void FailStore(CoreNode node)
    {
        if (!MayLose([node])) return;
        node.NextStoreFails = true;
        if (world.IsTraced) world.Note($"the next store of {node} fails");
    }

    private void ChangeClock(CoreNode node)
    {
        node.TickMicroseconds = CoreSettings.TickMicroseconds * random.Pick([30, 60, 100, 100, 200, 300]) / 100;
        if (world.IsTraced) world.Note($"a tick of {node} takes {node.TickMicroseconds}");
    }

    private void StopClock(CoreNode node)
    {
        world.Counts.Reached(CoreSituation.ClockStopped);
        int timeouts = random.Pick([1, 3, 8]);
        node.ClockStopsUntil = world.Agenda.Now + timeouts * world.Settings.ElectionTimeoutMicroseconds;
        if (world.IsTraced) world.Note($"the clock of {node} stops until {node.ClockStopsUntil}");
    }

    private List<CoreNode> Alive() => world.Nodes.FindAll(node => node.IsAlive);

    private CoreNode Choose()
    {
        List<CoreNode> alive = Alive();
        return alive.Count == 0 ? world.Nodes[0] : random.Pick(alive);
    }

    private CoreNode ChoosePrimary()
    {
        List<CoreNode> primaries = [.. world.Primaries()];
        return primaries.Count == 0 ? Choose() : random.Pick(primaries);
    }
}
