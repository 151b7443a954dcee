using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Who joins, gets a vote, and leaves: what governance asks of whoever is primary.</summary>
internal sealed class CoreMembers(CoreWorld world, SeededRandom random)
{
    private const int NodesMax = 24;

    private static readonly string[] Platforms = ["snp", "tdx", "sgx"];
    private static readonly string[] Operators = ["a", "b", "c", "d"];

    private readonly List<VoterKind> kinds = [];

    public Configuration FirstConfiguration(int nodes, SeqNo from)
    {
        for (int number = 1; number <= NodesMax; number++)
            kinds.Add(new VoterKind(random.Pick(Platforms), random.Pick(Operators)));
        ImmutableSortedSet<NodeId> voters = [.. Enumerable.Range(1, nodes).Select(CoreIds.Node)];
        Configuration first = new(from, voters);
        return first with { Rule = ChooseRule(voters) };
    }

    public void StartFirst()
    {
        foreach (NodeId _ in world.First.Voters)
        {
            CoreNode node = Start(world.First, world.Beginning, new CoreLog(world.Beginning));
            if (world.Settings.BeginsLate) world.SnapshotMade(node, SnapshotOfBeginning());
        }
    }

    /// <summary>Proposes a change to whoever is primary, and comes again.</summary>
    public void Change()
    {
        if (world.Network.IsQuiet) return;
        List<CoreNode> primaries = [.. world.Primaries()];
        if (primaries.Count > 0) ChangeAt(random.Pick(primaries));
        world.Agenda.After(random.Between(1, 2 * world.Settings.ChangeMicroseconds), Change);
    }

    /// <summary>Whether enough of its voters would be left without some nodes.</summary>
    public bool IsSatisfied(Configuration configuration, IReadOnlySet<NodeId> lost)
    {
        HashSet<NodeId> left = [.. world.Nodes
            .Where(node => node.IsAlive && !lost.Contains(node.Id)).Select(node => node.Id)];
        return configuration.IsSatisfiedBy(left);
    }

    private void ChangeAt(CoreNode primary)
    {
        Configuration now = primary.Replica.Configurations[^1];
        int choice = random.Below(100);
        if (choice < 10) world.Step(primary, new ReplicaInput.HandOver());
        else if (choice < 14) GiveUp(primary);
        else if (choice < 40) Join(primary, now);
        else Move(primary, now);
    }

    private void GiveUp(CoreNode primary)
    {
        world.Counts.Reached(CoreSituation.GivenUp);
        world.Step(primary, new ReplicaInput.GiveUp());
    }

    // New nodes begin as learners, one or several with one transaction.
    private void Join(CoreNode primary, Configuration now)
    {
        int count = random.Pick([1, 1, 2, 3]);
        int alive = now.Voters.Count(IsAlive) + now.Learners.Count(IsAlive);
        if (world.Nodes.Count + count > NodesMax || alive + count > 8) return;
        ImmutableSortedSet<NodeId> joining = [.. Enumerable.Range(0, count).Select(_ => StartNew().Id)];
        Propose(primary, now with { Learners = now.Learners.Union(joining) });
    }

    // Learners that are near get votes, voters lose them, and learners that leave are let go: any of it at once.
    private void Move(CoreNode primary, Configuration now)
    {
        bool isCommitted = primary.Replica.Configurations.Count == 1;
        ImmutableSortedSet<NodeId> promoted = [.. now.Learners.Where(id =>
            IsAlive(id) && !Node(id).IsLeaving && primary.Replica.IsWithinAWindow(id) && random.Percent(80))];
        ImmutableSortedSet<NodeId> demoted = [.. now.Voters.Where(id =>
            random.Percent(IsAlive(id) ? 12 : 70) && !(id == primary.Id && random.Percent(50)))];

        // The second transaction of a retirement comes after the first has committed, else nothing was gained by two.
        ImmutableSortedSet<NodeId> gone = isCommitted
            ? [.. now.Learners.Where(id => (Node(id).IsLeaving || !IsAlive(id)) && random.Percent(70))]
            : [];
        ImmutableSortedSet<NodeId> voters = now.Voters.Union(promoted).Except(demoted);
        if (voters.Count is 0 or > 7) return;
        Configuration next = new(now.From, voters)
        {
            Learners = now.Learners.Except(promoted).Except(gone).Union(demoted),
            Rule = random.Percent(60) ? now.Rule : ChooseRule(voters),
        };
        if (next.SaysTheSameAs(now) || !IsSatisfied(next, ImmutableHashSet<NodeId>.Empty)) return;
        if (!Propose(primary, next)) return;
        foreach (NodeId id in demoted) Node(id).IsLeaving = true;
        int changes = promoted.Count + demoted.Count + gone.Count;
        if (changes > 1) world.Counts.Reached(CoreSituation.SeveralNodesChangedAtOnce);
    }

    private bool Propose(CoreNode primary, Configuration next)
    {
        if (!primary.Replica.CanPropose) return false;
        return world.ProposeAt(primary, from => new Configuration(from, next.Voters)
        {
            Learners = next.Learners,
            Rule = next.Rule,
        });
    }

    // Only what the nodes that are alive can fulfil; else nothing would ever commit again.
    private CommitRule ChooseRule(ImmutableSortedSet<NodeId> voters)
    {
        if (!world.Settings.HasRules || random.Percent(30)) return CommitRule.Majority;
        ImmutableSortedDictionary<NodeId, VoterKind> known = voters.ToImmutableSortedDictionary(
            id => id, id => kinds[CoreIds.NumberOf(id) - 1]);
        CommitRule rule = new(random.Pick([0, 2, 2]), random.Pick([0, 0, 2]), known);
        IEnumerable<NodeId> alive = voters.Where(id => world.Nodes.Count == 0 || IsAlive(id));
        Configuration asked = new(SeqNo.Zero, voters) { Rule = rule };
        return asked.IsSatisfiedBy(alive.ToHashSet()) ? rule : CommitRule.Majority;
    }

    private CoreNode StartNew()
    {
        CoreNode? dead = world.Nodes.Find(node => !node.IsAlive && !node.IsDiskReused && random.Percent(40));
        if (dead is not null)
        {
            dead.IsDiskReused = true;
            world.Counts.Reached(CoreSituation.OldDiskJoined);
            return StartFrom(dead);
        }

        world.Counts.Reached(CoreSituation.NodeJoinedFromNothing);
        return Start(null, TxId.Zero, new CoreLog(TxId.Zero));
    }

    // Of an old disk only what is committed is believed; the rest is cut off. (The end of it may be a block that was
    // taken back in the meantime, whose place another one has that is committed.)
    private CoreNode StartFrom(CoreNode dead)
    {
        CoreLog disk = dead.Disk.CopyThrough(dead.Committed.SeqNo);
        while (disk.Count > 0 && !world.Checker.Chain.Contains(disk.Last)) disk.TruncateAfter(Before(disk.Last));
        TxId end = disk.Last;
        Configuration? known = end == TxId.Zero ? null : world.Checker.ConfigurationAt(end);
        CoreNode node = Start(known, end, disk);
        if (dead.Snapshot is { } snapshot && snapshot.At <= end) world.SnapshotMade(node, snapshot);
        return node;
    }

    private static SeqNo Before(TxId last) => new(last.SeqNo.Value - 1);

    private CoreNode Start(Configuration? configuration, TxId committed, CoreLog disk)
    {
        VoterKind kind = kinds[world.Nodes.Count];
        ReplicaOptions options = world.Settings.Options with { Seed = random.Next() };
        View view = committed.View > Replica.BeforeFirstView ? committed.View : Replica.BeforeFirstView;
        return world.Start(id => new Replica(id, configuration, options, view, committed), disk, kind);
    }

    private SnapshotInfo SnapshotOfBeginning() =>
        new(world.Beginning, CoreIds.Digest(world.Beginning.SeqNo.Value), 2, world.First);

    private CoreNode Node(NodeId id) => world.Nodes[CoreIds.NumberOf(id) - 1];

    private bool IsAlive(NodeId id) => Node(id).IsAlive;
}
