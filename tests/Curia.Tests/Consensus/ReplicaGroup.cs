using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using static Curia.Tests.Consensus.Given;

namespace Curia.Tests.Consensus;

/// <summary>A few replicas and the messages between them, in the order in which they were sent.</summary>
internal sealed class ReplicaGroup
{
    private const int MessagesMax = 10_000;

    private readonly SortedDictionary<int, OneReplica> replicas = [];
    private readonly List<(int From, int To, ReplicaMessage Message)> bag = [];
    private readonly HashSet<int> cut = [];

    public ReplicaGroup(int voters, ReplicaOptions? options = null)
    {
        for (int number = 1; number <= voters; number++)
            replicas.Add(number, new OneReplica(number, First(voters), options));
    }

    public OneReplica this[int number] => replicas[number];

    public IReadOnlyList<(int From, int To, ReplicaMessage Message)> Bag => bag;

    public void Add(OneReplica replica) => replicas.Add(replica.Number, replica);

    /// <summary>What comes from these nodes and goes to them is lost from now on.</summary>
    public void Cut(params int[] numbers) => cut.UnionWith(numbers);

    public void Heal() => cut.Clear();

    public IReadOnlyList<ReplicaEffect> Step(int number, ReplicaInput input)
    {
        IReadOnlyList<ReplicaEffect> effects = replicas[number].Step(input);
        foreach (ReplicaEffect.Send sent in effects.OfType<ReplicaEffect.Send>())
        {
            foreach (int to in replicas.Keys.Where(to => Id(to) == sent.To)) bag.Add((number, to, sent.Message));
        }

        return effects;
    }

    /// <summary>Delivers all messages, and those that are sent because of them.</summary>
    public void Settle()
    {
        for (int delivered = 0; bag.Count > 0; delivered++)
        {
            Assert.True(delivered < MessagesMax, "the replicas never stop talking");
            (int from, int to, ReplicaMessage message) = bag[0];
            bag.RemoveAt(0);
            if (cut.Contains(from) || cut.Contains(to)) continue;
            Step(to, new ReplicaInput.Receive(Id(from), message));
        }
    }

    /// <summary>Lets time go by on one node, and everybody hear of it.</summary>
    public void Tick(int number, int times = 1)
    {
        for (int tick = 0; tick < times; tick++) Step(number, new ReplicaInput.Tick());
        Settle();
    }

    public void Elect(int number)
    {
        Tick(number, Timeout);
        Assert.Equal(ReplicaRole.Primary, replicas[number].Role);
    }

    /// <summary>The primary proposes a block of two transactions.</summary>
    public BlockInfo Propose(int primary, Configuration? made = null)
    {
        Replica replica = replicas[primary].Replica;
        BlockInfo block = Block(replica.View.Value, replica.Last.Value + 1, replica.Last.Value + 2, made);
        Step(primary, new ReplicaInput.Propose(block));
        return block;
    }

    public ulong Committed(int number) => replicas[number].Replica.Committed.SeqNo.Value;
}
