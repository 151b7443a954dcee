using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using System.Text.Json;
using Curia.Consensus;
using Curia.Governance;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation.Network;

/// <summary>The members and the operators of nodes: replace nodes that are gone, let nodes come and go, and ask for
/// what must be refused.</summary>
internal sealed class Operator(NetworkWorld world, SeededRandom random)
{
    private const int NodesMax = 9;

    private readonly SortedDictionary<int, long> askedAt = [];
    private readonly SortedDictionary<int, string> roles = [];

    /// <summary>Nodes that were asked to be retired, so that they are not counted on.</summary>
    private readonly HashSet<NodeId> leaving = [];

    /// <summary>Whether the host or an operator may take this node away: what is left can still commit, in every
    /// configuration that may count now or soon.</summary>
    public bool CanSpare(NodeProcess? taken, NodeId? retired = null)
    {
        NodeId[] coming = [.. world.Live.Where(IsComing).Select(node => node.Id)];
        NodeId[] going = [.. leaving.Concat(retired is { } one ? [one] : []).Where(IsVoter)];
        Configuration[] actives = [.. ActiveConfigurations(taken)];
        foreach (Configuration active in actives)
        {
            foreach (NodeId[] joined in Some(coming))
            {
                foreach (NodeId[] left in Some(going))
                {
                    ImmutableSortedSet<NodeId> voters = active.Voters.Union(joined).Except(left);
                    if (!voters.IsEmpty && !IsEnough(voters, taken, world.Plan.IsDiverse)) return false;
                }
            }
        }

        return actives.Length > 0;
    }

    // None, each, or all: which of them the next configurations have is open.
    private static IEnumerable<NodeId[]> Some(NodeId[] nodes) => [[], nodes, .. nodes.Select(node => (NodeId[])[node])];

    /// <summary>Whether enough nodes live.</summary>
    public bool IsEnoughLeft() => ActiveConfigurations(null)
        .All(active => IsEnough(active.Voters, null, active.Rule.IsStricterThanMajority));

    /// <summary>Brings the network to what it should be.</summary>
    public void Repair()
    {
        ImmutableSortedDictionary<NodeId, NodeRecord> nodes = world.Checks.Commit.Nodes;
        foreach (NodeProcess process in world.Processes)
        {
            bool isKnown = nodes.TryGetValue(process.Id, out NodeRecord? record);
            if (process.IsDead && isKnown && record!.Status != NodeRecord.Retired) Retire(process);
            else if (!process.IsDead && !isKnown && process.Number > 0) AskAgain(process);
            else if (!process.IsDead && record is { RetiredCommitted: true }) Release(process);
        }

        int coming = world.Live.Count(process => roles.GetValueOrDefault(process.Number) == NodeRequest.Voter
            && !process.IsDraining && !leaving.Contains(process.Id));
        int spare = Spare();
        bool mayGrow = (world.MayGrow || spare > 0) && world.Live.Count() < NodesMax;
        if (coming < world.Plan.Nodes + spare && mayGrow) Join(NodeRequest.Voter);
    }

    // A node that is gone is not let go while the others could not meet the rule: two new ones are never both of the
    // owner of whom there are enough.
    private int Spare() =>
        world.Plan.IsDiverse && Voters().Any(voter => world.ProcessOf(voter) is not { IsDead: false }) ? 2 : 0;

    /// <summary>A new node joins: from old files of a node that is no more, or with all blocks of one that
    /// lives.</summary>
    public void Join(string role)
    {
        if (world.NewProcess(random) is not { } joiner) return;
        roles[joiner.Number] = role;
        askedAt[joiner.Number] = world.Agenda.Now;
        if (role == NodeRequest.Learner) world.Situations.Reached("learner added");
        AskForAdmission(joiner);
    }

    public void Founded(NodeProcess founder) => roles[founder.Number] = NodeRequest.Voter;

    /// <summary>A live node is retired, the primary or another.</summary>
    public void RetireLive()
    {
        NodeProcess[] candidates = [.. world.Live.Where(process => process.IsOpen && CanSpare(process))];
        if (candidates.Length == 0 || Voters().Count < 2) return;
        NodeProcess chosen = random.Pick(candidates);
        if (random.Percent(40)) chosen = Array.Find(candidates, IsPrimary) ?? chosen;
        if (IsVoter(chosen.Id) && !CanSpare(chosen, chosen.Id)) return;
        if (world.Wire.IsBroken && world.Live.Any(other => other != chosen && world.Wire.IsCut(other, chosen)))
            world.Situations.Reached("node retired while partitioned");
        Retire(chosen);
    }

    /// <summary>Asks for what must be refused.</summary>
    public void AskWrongly()
    {
        if (world.Primary is not { } primary || primary.IsStopped) return;
        Digest network = world.Checks.Commit.Genesis;
        NodeProcess any = random.Pick(world.Processes);
        NodeRequest retire = new(network, NodeRequest.Retire, any.Id);

        // Only small networks ever have a single voter, and not for long.
        switch (Voters().Count == 1 ? 3 : random.Below(4))
        {
            case 0:
                Expect(primary, Members.Stranger, retire, 401, "stranger's request refused");
                break;
            case 1:
                Expect(
                    primary, random.Pick(Members.All), retire with { Network = Digest.Of("another"u8) }, 400,
                    "request for another network refused");
                break;
            case 2:
                NodeId[] retired =
                [
                    .. NodesOf(primary).Where(node => node.Value == NodeRecord.Retired).Select(node => node.Key),
                ];
                if (retired.Length == 0) return;
                NodeRequest again = new(
                    network, NodeRequest.Add, random.Pick(retired), "virtual", "node0:1", [], NodeRequest.Voter);
                Expect(primary, random.Pick(Members.All), again, 409, "replayed add of a retired node refused");
                break;
            default:
                NodeId[] trusted =
                [
                    .. NodesOf(primary).Where(node => node.Value == NodeRecord.Trusted).Select(node => node.Key),
                ];
                if (trusted.Length != 1) return;
                Expect(
                    primary, random.Pick(Members.All), new NodeRequest(network, NodeRequest.Retire, trusted[0]), 409,
                    "retirement of the last voter refused");
                break;
        }
    }

    private static SortedDictionary<NodeId, string> NodesOf(NodeProcess primary)
    {
        SortedDictionary<NodeId, string> nodes = [];
        if (primary.Execute(Requests.Make("GET", "/node/network/nodes"))
            is not Execution.Answered { Response.Status: 200 } answered)
        {
            return nodes;
        }

        using JsonDocument body = JsonDocument.Parse(answered.Response.Body);
        foreach (JsonElement node in body.RootElement.GetProperty("nodes").EnumerateArray())
        {
            if (Digest.TryParseHex(node.GetProperty("node_id").GetString(), out Digest id))
                nodes[new NodeId(id)] = node.GetProperty("status").GetString()!;
        }

        return nodes;
    }

    private void Expect(NodeProcess primary, Member member, NodeRequest asked, int status, string situation)
    {
        Execution execution = primary.Execute(member.Sign(asked, world.HostNow));
        if (execution is not Execution.Answered answered || answered.Response.Status != status)
            throw new Violation(NetworkRules.RequestsAreGuarded, $"{situation}: not so");
        world.Situations.Reached(situation);
    }

    // Of the nodes that could be elected: those that hold all that has committed. They may not know of the newest
    // commit yet, and then older configurations count for them. What others take for active matters to nobody.
    private IEnumerable<Configuration> ActiveConfigurations(NodeProcess? taken) => world.Live
        .Where(process => process != taken && HoldsAll(process))
        .SelectMany(process => process.Node.View.Configurations);

    private bool HoldsAll(NodeProcess process)
    {
        List<BlockFacts> committed = world.Checks.Commit.Blocks;
        return process.Ledger.Count >= committed.Count
            && process.Ledger[committed.Count - 1].Digest == committed[^1].Digest;
    }

    private bool IsComing(NodeProcess process) => process.IsJoining
        || world.Checks.Commit.Nodes.GetValueOrDefault(process.Id) is { Status: NodeRecord.Pending };

    private bool IsEnough(ImmutableSortedSet<NodeId> voters, NodeProcess? taken, bool isDiverse)
    {
        NodeProcess[] living =
        [
            .. voters.Select(world.ProcessOf).OfType<NodeProcess>().Where(process => !process.IsDead
                && process != taken && !process.IsDraining && !process.Disk.FailsNext),
        ];
        return living.Length > voters.Count / 2
            && (!isDiverse || living.Select(Members.OwnerOf).Distinct().Count() > 1);
    }

    private ImmutableSortedSet<NodeId> Voters() =>
    [
        .. world.Checks.Commit.Nodes.Where(node => node.Value.Status == NodeRecord.Trusted).Select(node => node.Key),
    ];

    private bool IsVoter(NodeId node) => Voters().Contains(node);

    private static bool IsPrimary(NodeProcess process) => process.Node.View.Role == ReplicaRole.Primary;

    private void Retire(NodeProcess process)
    {
        if (Voters() is { Count: 1 } only && only.Contains(process.Id)) return;
        if (!IsTime(process)) return;
        leaving.Add(process.Id);
        world.Trace.Add(world.Agenda.Now, $"members ask to retire {process}");
        Ask(new NodeRequest(world.Checks.Commit.Genesis, NodeRequest.Retire, process.Id));
    }

    private void AskAgain(NodeProcess joiner)
    {
        if (IsTime(joiner)) AskForAdmission(joiner);
    }

    private bool IsTime(NodeProcess process)
    {
        if (askedAt.TryGetValue(process.Number, out long before)
            && world.Agenda.Now - before < 5 * world.Plan.TimeoutMicroseconds)
        {
            return false;
        }

        askedAt[process.Number] = world.Agenda.Now;
        return true;
    }

    private void AskForAdmission(NodeProcess joiner) => Ask(new NodeRequest(
        world.Checks.Commit.Genesis, NodeRequest.Add, joiner.Id, NodeSetup.VirtualPlatform, joiner.PeerAddress, [],
        roles.GetValueOrDefault(joiner.Number, NodeRequest.Voter),
        world.Plan.IsDiverse ? new MemberId(Members.OwnerOf(joiner).Certificate.Fingerprint) : null));

    // Two of three members, one after the other; the owner of a node that comes is one of them.
    private void Ask(NodeRequest asked)
    {
        Member[] members = [.. Members.All.OrderBy(_ => random.Next())
            .OrderByDescending(member => member.Certificate.Fingerprint == asked.Owner?.Value).Take(2)];
        long delay = 1;
        foreach (Member member in members)
        {
            delay += random.Between(1, 20_000);
            world.Agenda.After(delay, () => Ask(asked, member));
        }
    }

    private void Ask(NodeRequest asked, Member member)
    {
        if (world.Primary is not { } primary || primary.IsStopped) return;
        Execution execution = primary.Execute(member.Sign(asked, world.HostNow));
        if (execution is Execution.Answered { Response.Status: 200 })
        {
            // Whoever has signed already is answered without a transaction.
            world.Situations.Reached("member signed a request twice");
        }
        else if (execution is Execution.Answered { Response.Status: not (409 or 503) } refused)
        {
            throw new Violation(
                NetworkRules.RequestsAreGuarded,
                $"a member's request was refused: {System.Text.Encoding.UTF8.GetString(refused.Response.Body.Span)}");
        }

        if (execution is not Execution.Proposed proposed) return;
        long ticket = 0;
        ticket = primary.Submit(proposed, wait: false, _ => { });
        primary.Close(ticket);
    }

    // It has left for good and may end.
    private void Release(NodeProcess process)
    {
        if (!IsTime(process) || process.Node.View.Role == ReplicaRole.Primary) return;
        if (process.Node.View.Role != ReplicaRole.Retired)
            world.Situations.Reached("node that never learned of its retirement");
        process.End("retired");
    }
}
