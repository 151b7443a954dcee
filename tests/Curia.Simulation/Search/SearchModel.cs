using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>A network that is small enough to be searched through: three nodes, so many views and blocks, and a change
/// of who votes.</summary>
/// <param name="Name">What it is about.</param>
/// <param name="Views">Views that somebody may stand for.</param>
/// <param name="Blocks">Blocks that primaries may propose, all together.</param>
/// <param name="Heartbeats">Ticks of primaries, all together; each says again what is committed.</param>
/// <param name="Window">Blocks on their way to a node at a time.</param>
/// <param name="First">Who votes at first, of nodes 1 to 3; the others learn.</param>
/// <param name="Second">Who votes once a block says so; null when nobody may change that.</param>
/// <param name="IsDiskSlow">Whether a store may be reported at any later time, or at once.</param>
internal sealed record SearchModel(
    string Name, int Views, int Blocks, int Heartbeats, int Window, int[] First, int[]? Second, bool IsDiskSlow)
{
    public const int Nodes = 3;

    /// <summary>Whether it is searched in seconds: <c>./check</c> does that each time.</summary>
    public bool IsSmall { get; private init; }

    public static IReadOnlyList<SearchModel> All { get; } =
    [
        new("three vote", 3, 3, 0, 1, [1, 2, 3], null, false),
        new("three vote, pipelined", 3, 2, 0, 2, [1, 2, 3], null, false) { IsSmall = true },
        new("three vote and hear of commits", 2, 2, 1, 1, [1, 2, 3], null, false) { IsSmall = true },
        new("three vote, slow disks", 2, 2, 0, 1, [1, 2, 3], null, true) { IsSmall = true },
        new("three vote for long", 4, 2, 0, 1, [1, 2, 3], null, false),
        new("a third gets a vote", 3, 3, 0, 1, [1, 2], [1, 2, 3], false),
        new("one is left", 3, 2, 0, 1, [1, 2, 3], [1], false),
        new("others vote", 3, 3, 0, 1, [1], [2, 3], false) { IsSmall = true },
    ];

    /// <summary>The ledger that all begin with; blocks of the model follow it.</summary>
    public static TxId Beginning { get; } = new(Replica.BeforeFirstView, new SeqNo(1));

    /// <summary>Timeouts have no chance in them: a backup that is given two ticks stands.</summary>
    public ReplicaOptions Options => new()
    {
        ElectionTimeoutTicks = 2,
        ElectionSpreadTicks = 1,
        PreVote = false,
        WindowBlocks = Window,
        RefusePreVotesWhilePrimaryIsHeard = false,
    };

    public View LastView => new(Replica.BeforeFirstView.Value + (ulong)Views);

    public Configuration Beginners => Make(First, Beginning.SeqNo);

    /// <summary>What the block that changes it says.</summary>
    public Configuration Change(SeqNo from) => Make(Second!, from);

    /// <summary>The ways to name the nodes anew that leave the model as it is: place by place, who stands
    /// there.</summary>
    public IReadOnlyList<int[]> Symmetries() =>
    [
        .. from order in (int[][])[[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
           where Maps(order, First) && (Second is null || Maps(order, Second))
           select order,
    ];

    private static bool Maps(int[] order, int[] nodes) =>
        nodes.Select(node => order[node - 1] + 1).Order().SequenceEqual(nodes.Order());

    private static Configuration Make(int[] voters, SeqNo from) =>
        new(from, [.. voters.Select(CoreIds.Node)])
        {
            Learners = [.. Enumerable.Range(1, Nodes).Except(voters).Select(CoreIds.Node)],
        };
}
