using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>One process: a node and the shell around it, from its start on what the disk holds to its end.</summary>
internal sealed class Life : IDisposable
{
    // So long the node is looked at after it should have stopped.
    private const int InputsAfterFailure = 30;

    private readonly World world;
    private readonly WriteGate gate;
    private readonly SecretFiles secrets;
    private readonly SortedDictionary<long, (string What, Action<Answer> Answer)> open = [];
    private readonly SeededEntropy entropy;
    private readonly SeededSigner nodeKey;
    private NodeUnderTest? node;
    private Effect.StoreSecrets? unsealed;
    private SeqNo named;
    private long tickets;
    private int inputsAfterFailure;

    public Life(World world, LifePlan plan, SeededRandom random)
    {
        this.world = world;
        Plan = plan;
        gate = new WriteGate(world, plan, random.Fork());
        secrets = new SecretFiles(world, gate);
        Chunks = new ChunkFiles(world, gate, world.Settings.ChunkBytes);
        Driver = new DiskDriver(world, Chunks, world.Plan, random.Fork());
        Snapshots = new SnapshotDriver(world, gate, random.Fork());
        entropy = new SeededEntropy(random.Next());
        nodeKey = new SeededSigner(entropy);
    }

    public LifePlan Plan { get; }

    public ChunkFiles Chunks { get; }

    public DiskDriver Driver { get; }

    public SnapshotDriver Snapshots { get; }

    /// <summary>There once the ledger was read.</summary>
    public NodeUnderTest Node => node ?? throw new InvalidOperationException("the node was not made");

    /// <summary>The service is served.</summary>
    public bool IsOpen { get; private set; }

    /// <summary>The node has stopped, and was looked at for a while.</summary>
    public bool IsOver => Driver.HasFailed && inputsAfterFailure > InputsAfterFailure;

    /// <summary>Nothing waits for an answer.</summary>
    public bool IsAnswered => open.Count == 0;

    /// <summary>What some of the waiting ones wait for.</summary>
    public string Waiting => string.Join(", ", open.Values.Select(ticket => ticket.What).Take(5));

    /// <summary>The last seqno of the ledger that it found.</summary>
    public SeqNo Found { get; private set; }

    /// <summary>Strikes at operations that did not come; they wait for the next process.</summary>
    public IReadOnlyList<Strike> Unstruck => gate.Unstruck;

    /// <summary>Reads what is there, makes it good, and starts the node.</summary>
    /// <exception cref="DiskError">The start fails.</exception>
    public void Begin(DateTimeOffset now)
    {
        Startup startup = new(world, gate);
        startup.Run(Platform.Genesis);
        Found = world.Survived();
        if (startup.Replay is { } replay) secrets.RemoveOthers(replay.SecretsFileName!);
        foreach ((string name, SeqNo last) in startup.Finished) Chunks.Adopt(name, last);
        node = world.Subject.Node(Platform.Setup(nodeKey, entropy, world.Settings.Limits), startup.Replay);
        Deliver(new Input.Start(now));
    }

    /// <summary>Gives the node an input, and performs what it asks for.</summary>
    public void Deliver(Input input)
    {
        world.Trace.Add(world.Agenda.Now, Describe.Of(input));
        foreach (Effect effect in Node.Step(input)) Perform(effect);
        SeqNo committed = Node.View.Committed.SeqNo;
        if (committed > named)
        {
            named = committed;
            Driver.NameCommitted(committed);
        }

        if (Driver.HasFailed) inputsAfterFailure++;
    }

    /// <summary>A block could not be stored: the node must stop in this step and do nothing any more.</summary>
    public void StoreFails(string reason)
    {
        world.Trace.Add(world.Agenda.Now, $"store fails: {reason}");
        bool stops = false;
        foreach (Effect effect in Node.Step(new Input.StoreFailed(reason)))
        {
            stops |= effect is Effect.Stop;
            Perform(effect);
        }

        if (!stops) throw new Violation(Rules.FailedStoreStops, $"the node goes on after: {reason}");
    }

    /// <summary>A start that did not succeed takes away what it wrote: first the blocks, for good, and then the
    /// secrets without which nobody could go on from them.</summary>
    public void Withdraw()
    {
        world.Situations.Reached("start withdrawn");
        try
        {
            if (!world.Habits.KeepsSecretsOfBlocks) secrets.Withdraw();
            foreach (string name in Chunks.OwnNames) gate.Remove(WritePoint.ChunkRemove, world.Disk.Ledger, name);
            gate.Flush(WritePoint.ChunkFlush, world.Disk.Ledger);
            secrets.Withdraw();
        }
        catch (DiskError)
        {
            world.Situations.Reached("start not withdrawn");
        }
    }

    /// <summary>A ticket that the node will answer.</summary>
    public long Ticket(string what, Action<Answer> answer)
    {
        open.Add(++tickets, (what, answer));
        return tickets;
    }

    /// <summary>The client hears no more.</summary>
    /// <returns>False when it has heard everything already.</returns>
    public bool Close(long ticket) => open.Remove(ticket);

    public void Dispose()
    {
        node?.Dispose();
        nodeKey.Dispose();
    }

    private void Perform(Effect effect)
    {
        world.Trace.Add(world.Agenda.Now, Describe.Of(effect));
        switch (effect)
        {
            case Effect.Open opened:
                IsOpen = true;
                world.Opened(opened);
                Seal();
                secrets.RemoveOlder();
                break;
            case Effect.StoreSecrets store:
                world.Secrets.Check(store);
                unsealed = store;
                if (!world.Habits.KeepsOlderSecrets) secrets.RemoveOthers("");
                if (world.Habits.SealsFirst) Seal();
                break;
            case Effect.StoreBlock store:
                world.Blocks.Check(store, world.Secrets.Newest);
                world.Sealed?.Invoke(store.Bytes);
                Driver.Store(store);
                break;
            case Effect.ReadBlock read:
                Driver.Read(read.SeqNo);
                break;
            case Effect.MakeSnapshot make:
                Snapshots.Make(make.Job);
                break;
            case Effect.FinishSnapshot finish:
                Snapshots.Finish(finish);
                break;
            case Effect.Reply reply:
                Reply(reply);
                break;
            case Effect.Stop stop when !Driver.HasFailed:
                throw new Violation(Rules.NodeHolds, $"the node stopped: {stop.Reason}");
        }
    }

    private void Seal()
    {
        if (unsealed is { } store) secrets.Write(store);
        unsealed = null;
    }

    private void Reply(Effect.Reply reply)
    {
        bool acknowledges = reply.Answer is Answer.Ordered or Answer.Finished { Status: TransactionStatus.Committed };
        if (Driver.HasFailed && acknowledges)
        {
            throw new Violation(
                Rules.FailedStoreStops, $"ticket {reply.Ticket} was told {reply.Answer} after a failed store");
        }

        // A ticket that is closed had left, unless the node answers twice.
        if (open.TryGetValue(reply.Ticket, out (string What, Action<Answer> Answer) waiting))
        {
            waiting.Answer(reply.Answer);
        }
    }
}
