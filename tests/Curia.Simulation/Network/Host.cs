using System;
using Curia.Consensus;
using Curia.Node;

namespace Curia.Simulation.Network;

/// <summary>The hosts, who are the enemy: kill, stop, cut off, break disks, turn clocks.</summary>
internal sealed class Host(NetworkWorld world, SeededRandom random)
{
    /// <summary>Does something, good or bad.</summary>
    public void Disturb()
    {
        NodeProcess[] live = [.. world.Live];
        NodeProcess any = random.Pick(live);
        NodeProcess primary = world.Primary ?? any;
        long timeout = world.Plan.TimeoutMicroseconds;
        switch (random.Below(20))
        {
            case < 4:
                if (world.Wire.IsBroken) world.Wire.Heal();
                else world.Wire.Partition(live);
                break;
            case < 6:
                world.Wire.Heal();
                break;
            case < 8:
                NodeProcess still = random.Percent(50) ? primary : any;
                if (still == primary) world.Situations.Reached("primary stood still");
                still.StandStill(random.Between((int)timeout / 2, 4 * (int)timeout));
                break;
            case < 10:
                Kill(primary, "primary killed");
                break;
            case < 12:
                Kill(any, "node killed");
                break;
            case 12:
                if (!world.Operator.CanSpare(any)) break;
                world.Trace.Add(world.Agenda.Now, $"the disk of {any} breaks");
                any.Disk.FailsNext = true;
                break;
            case < 15:
                world.Operator.RetireLive();
                break;
            case 15:
                world.Operator.Join(random.Percent(60) ? NodeRequest.Learner : NodeRequest.Voter);
                break;
            case 16:
                Drain(random.Percent(60) ? primary : any);
                break;
            case 17:
                world.Situations.Reached("host clock jumped");
                any.ClockAhead = TimeSpan.FromMinutes(random.Between(-300, 300));
                break;
            case 18:
                // What it orders from here on nobody else has, and stays on its disk.
                world.Wire.CutOff(primary, live);
                world.Agenda.After(
                    random.Between((int)timeout / 10, (int)timeout),
                    () => Kill(primary, "primary killed while cut off"));
                break;
            default:
                world.Operator.AskWrongly();
                break;
        }
    }

    /// <summary>What operators do where nothing goes wrong.</summary>
    public void Administer()
    {
        switch (random.Below(6))
        {
            case 0: world.Operator.RetireLive(); break;
            case 1: world.Operator.Join(NodeRequest.Learner); break;
            case 2: Drain(random.Pick([.. world.Live])); break;
            default: world.Operator.AskWrongly(); break;
        }
    }

    private void Kill(NodeProcess process, string situation)
    {
        if (process.IsDead || !world.Operator.CanSpare(process)) return;
        world.Situations.Reached(situation);
        if (process.IsJoining) world.Situations.Reached("node killed while it joins");
        process.End("killed");
    }

    private void Drain(NodeProcess process)
    {
        if (process.IsDraining || process.IsStopped || !process.IsOpen || !world.Operator.CanSpare(process)) return;
        if (process.Node.View.Role == ReplicaRole.Primary) world.Situations.Reached("hand-over asked of a primary");
        process.IsDraining = true;
        process.Deliver(new Input.Drain());
    }
}
