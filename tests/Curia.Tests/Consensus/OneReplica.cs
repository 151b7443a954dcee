using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Vocabulary;
using static Curia.Tests.Consensus.Given;

namespace Curia.Tests.Consensus;

/// <summary>A replica and what it asked for. Its disk is done at once, unless it is slow.</summary>
internal sealed class OneReplica(int number, Configuration? configuration, ReplicaOptions? options = null)
{
    private ulong stores;

    public int Number { get; } = number;

    public Replica Replica { get; } = new(
        Id(number), configuration, options ?? Options, configuration is null ? default : Replica.BeforeFirstView);

    public bool HasSlowDisk { get; set; }

    public ReplicaRole Role => Replica.Role;

    /// <summary>What it says of itself, to see that nothing changed.</summary>
    public string State => Replica.Describe();

    /// <summary>A backup of node 2 with this log, in a view, of which nothing is committed.</summary>
    public static OneReplica Backup(int voters, ulong view, params BlockInfo[] log)
    {
        OneReplica replica = new(1, First(voters));
        replica.Receive(2, Append(view, TxId.Zero, log));
        return replica;
    }

    /// <summary>The primary of a view with this log from older ones.</summary>
    public static OneReplica Primary(int voters, ulong view = 2, params BlockInfo[] log) =>
        Primary(First(voters), Options, view, log);

    public static OneReplica Primary(
        Configuration configuration, ReplicaOptions options, ulong view = 2, params BlockInfo[] log)
    {
        OneReplica replica = new(1, configuration, options);
        if (view > 2) replica.Receive(2, Append(view - 1, TxId.Zero, log));
        replica.Tick(Timeout);
        foreach (int other in Enumerable.Range(2, 8))
        {
            if (replica.Role == ReplicaRole.PreCandidate) replica.Receive(other, Vote(view - 1, isPreVote: true));
        }

        foreach (int other in Enumerable.Range(2, 8))
        {
            if (replica.Role == ReplicaRole.Candidate) replica.Receive(other, Vote(view));
        }

        Assert.Equal((ReplicaRole.Primary, View(view)), (replica.Role, replica.Replica.View));
        return replica;
    }

    /// <summary>Gives an input, and what the disk says of it.</summary>
    /// <returns>All that was asked for, in order.</returns>
    public IReadOnlyList<ReplicaEffect> Step(ReplicaInput input)
    {
        List<ReplicaEffect> effects = [.. Replica.Step(input).All];
        foreach (ReplicaEffect.Store store in effects.OfType<ReplicaEffect.Store>().ToArray())
        {
            stores = store.Number;
            if (!HasSlowDisk) effects.AddRange(Replica.Step(new ReplicaInput.Stored(stores)).All);
        }

        return effects;
    }

    public IReadOnlyList<ReplicaEffect> Receive(int from, ReplicaMessage message) =>
        Step(new ReplicaInput.Receive(Id(from), message));

    /// <summary>The last thing it sent because of a message.</summary>
    public ReplicaMessage Answer(int from, ReplicaMessage message) =>
        Receive(from, message).OfType<ReplicaEffect.Send>().Last(sent => sent.To == Id(from)).Message;

    public IReadOnlyList<ReplicaEffect> Tick(int times)
    {
        List<ReplicaEffect> effects = [];
        for (int tick = 0; tick < times; tick++) effects.AddRange(Step(new ReplicaInput.Tick()));
        return effects;
    }

    public IReadOnlyList<ReplicaEffect> Propose(BlockInfo block) => Step(new ReplicaInput.Propose(block));

    /// <summary>The disk has all that was asked for.</summary>
    public IReadOnlyList<ReplicaEffect> DiskIsDone() => Step(new ReplicaInput.Stored(stores));

    public static IReadOnlyList<(NodeId To, T Message)> Sent<T>(IEnumerable<ReplicaEffect> effects)
        where T : ReplicaMessage =>
        [.. effects.OfType<ReplicaEffect.Send>().Where(sent => sent.Message is T)
            .Select(sent => (sent.To, (T)sent.Message))];

    public static void AssertIgnored(IEnumerable<ReplicaEffect> effects, MessageRefusal reason) =>
        Assert.Equal(reason, Assert.Single(effects.OfType<ReplicaEffect.Ignored>()).Reason);
}
