using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Simulation.Network;

/// <summary>The network between nodes: it loses, doubles, delays and reorders messages, and links break in one
/// direction or both.</summary>
internal sealed class Wire(NetworkWorld world, SeededRandom random)
{
    private readonly HashSet<(int From, int To)> cut = [];
    private readonly Dictionary<(int From, int To), long> arrivals = [];

    public bool IsCut(NodeProcess from, NodeProcess to) => cut.Contains((from.Number, to.Number));

    /// <summary>Whether anything is cut.</summary>
    public bool IsBroken => cut.Count > 0;

    public void Heal() => cut.Clear();

    /// <summary>Takes a message to another node, or not.</summary>
    public void Send(NodeProcess from, NodeProcess to, ReadOnlyMemory<byte> bytes)
    {
        if (IsCut(from, to)) return;
        NetworkPlan plan = world.Plan;
        if (world.HasFaults && random.Below(1000) < plan.Dropped)
        {
            if (PeerKinds.IsSecret(bytes)) world.Situations.Reached("secrets lost on the way");
            return;
        }

        Arrive(from, to, bytes);
        if (world.HasFaults && random.Below(1000) < plan.Doubled) Arrive(from, to, bytes);
        if (world.HasFaults && random.Below(1000) < plan.Damaged) Damage(from, to, bytes);
    }

    /// <summary>Breaks some links of some shape.</summary>
    public void Partition(IReadOnlyList<NodeProcess> nodes)
    {
        if (nodes.Count < 2) return;
        NodeProcess[] shuffled = [.. nodes.OrderBy(_ => random.Next())];
        int side = random.Between(1, nodes.Count - 1);
        NodeProcess? primary = Array.Find(shuffled, node => node.Node.View.Role == Consensus.ReplicaRole.Primary);
        switch (random.Below(5))
        {
            case 0:
                world.Situations.Reached("partition in two");
                Cut(shuffled[..side], shuffled[side..], both: true);
                break;
            case 1:
                world.Situations.Reached("partition in one direction");
                Cut(shuffled[..side], shuffled[side..], both: false);
                break;
            case 2 when nodes.Count > 2:
                // Two sides that only one node in between hears.
                world.Situations.Reached("partition with a bridge");
                Cut(shuffled[1..(1 + side)], shuffled[(1 + side)..], both: true);
                break;
            case 3:
                world.Situations.Reached("single links broken");
                foreach (NodeProcess from in shuffled)
                    foreach (NodeProcess to in shuffled)
                        if (random.Percent(30)) cut.Add((from.Number, to.Number));
                break;
            default:
                if (primary is not null) CutOff(primary, shuffled);
                break;
        }
    }

    /// <summary>A node is not heard any more, and mostly hears nobody.</summary>
    public void CutOff(NodeProcess one, IEnumerable<NodeProcess> nodes)
    {
        world.Situations.Reached("primary cut off");
        Cut([one], [.. nodes.Where(node => node != one)], both: random.Percent(70));
    }

    private void Cut(NodeProcess[] one, NodeProcess[] other, bool both)
    {
        foreach (NodeProcess from in one)
        {
            foreach (NodeProcess to in other)
            {
                cut.Add((from.Number, to.Number));
                if (both) cut.Add((to.Number, from.Number));
            }
        }
    }

    private void Arrive(NodeProcess from, NodeProcess to, ReadOnlyMemory<byte> bytes)
    {
        NetworkPlan plan = world.Plan;
        long delay = random.Between(50, plan.WireMicroseconds);
        if (world.HasFaults && random.Below(1000) < plan.Late)
            delay += random.Between(1, (int)plan.TimeoutMicroseconds);
        long at = world.Agenda.Now + delay;

        // A connection keeps the order of its messages, as long as it lasts.
        if (!(plan.Reorders && world.HasFaults))
        {
            (int, int) link = (from.Number, to.Number);
            at = Math.Max(at, arrivals.GetValueOrDefault(link) + 1);
            arrivals[link] = at;
        }

        to.After(at - world.Agenda.Now, () =>
        {
            if (!IsCut(from, to)) to.Hear(from, bytes, damage: null);
        });
    }

    private void Damage(NodeProcess from, NodeProcess to, ReadOnlyMemory<byte> bytes)
    {
        if (world.Damages.Of(bytes) is not { } damaged) return;
        to.After(random.Between(50, world.Plan.WireMicroseconds), () =>
        {
            if (!IsCut(from, to)) to.Hear(from, damaged.Bytes, damaged);
        });
    }
}
