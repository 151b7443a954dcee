using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>One run: a node, its disk, its clients and its checkers in virtual time, all from one seed.</summary>
internal sealed class World : IDisposable
{
    private const long TickMicroseconds = 10_000;

    // A run that is well ends far below it; one that does not end is wrong.
    private const int EventsMax = 400_000;

    private readonly FaultPlan plan;
    private readonly RunSettings settings;
    private readonly SeededRandom random;
    private readonly Workload workload;
    private readonly SortedDictionary<long, (string What, Action<Answer> Answer)> open = [];
    private readonly List<Client> clients = [];
    private readonly DiskDriver driver;
    private readonly SnapshotDriver snapshots;
    private readonly BlockChecker blocks;
    private readonly ContentChecker content;
    private readonly StatusChecker statuses;
    private readonly ReceiptChecker receipts;
    private TimeSpan hostClockAhead;
    private SeqNo named;
    private long tickets;
    private int operations;
    private int inputsAfterFailure;
    private bool isDraining;

    public World(SeededRandom random, FaultPlan plan, Subject subject)
    {
        this.random = random;
        this.plan = plan;
        settings = RunSettings.From(random.Fork());
        workload = new Workload(random.Fork(), settings.Keys);
        Disk = subject.Disk(settings.ChunkBytes, plan.CapacityBytes, Situations);
        driver = new DiskDriver(this, plan, random.Fork());
        snapshots = new SnapshotDriver(this, plan, random.Fork());
        SeededEntropy entropy = new(random.Next());
        SeededSigner nodeKey = new(entropy);
        Node = subject.Node(Setup(nodeKey, entropy));
        blocks = new BlockChecker(
            Encoding.ASCII.GetBytes(workload.PrivateMarker),
            Encoding.ASCII.GetBytes(workload.PublicMarker),
            Situations);
        content = new ContentChecker(entropy, new NodeId(Digest.Of(nodeKey.SubjectPublicKeyInfo.Span)));
        statuses = new StatusChecker(random.Fork(), Situations);
        receipts = new ReceiptChecker(this);
        History = new HistoryChecker(blocks, content, statuses, Situations);
        operations = settings.Operations;
        for (int count = 0; count < settings.Clients; count++) clients.Add(new Client(this, settings, random.Fork()));
    }

    public Agenda Agenda { get; } = new();

    public Trace Trace { get; } = new();

    public Situations Situations { get; } = new();

    public VirtualDisk Disk { get; }

    public NodeUnderTest Node { get; }

    public HistoryChecker History { get; }

    public BlockChecker Blocks => blocks;

    public ContentChecker Content => content;

    public ReceiptChecker Receipts => receipts;

    public StatusChecker Statuses => statuses;

    /// <summary>Hears of every block that left the node.</summary>
    public Action<ReadOnlyMemory<byte>>? Sealed { get; init; }

    /// <summary>Why the power is off; null while it is on.</summary>
    public string? PowerFailure { get; private set; }

    /// <summary>How long a run takes at most, in events.</summary>
    public long Events { get; private set; }

    /// <summary>Runs to the end and looks at what is left on disk.</summary>
    public void Run()
    {
        Agenda.After(0, () => Deliver(new Input.Start(HostTime())));
        Agenda.After(TickMicroseconds, Tick);
        while (PowerFailure is null && !IsQuiet()) StepOnce();
        if (PowerFailure is null)
        {
            driver.IsHonest = true;
            new Finale(this, random.Fork()).Run();
            PowerFails("after everything was stored");
        }

        new Autopsy(this, random.Fork()).Run();
    }

    /// <summary>Lets the next event happen.</summary>
    public void StepOnce()
    {
        if (++Events > EventsMax)
        {
            throw new Violation(
                Rules.EverythingEnds, $"{EventsMax} events and no end; open: {Open()}");
        }

        if (!Agenda.Next()) throw new Violation(Rules.EverythingEnds, $"nothing is left to happen; open: {Open()}");
    }

    /// <summary>Gives the node an input, performs what it asks for, and checks everything that can be
    /// checked.</summary>
    public void Deliver(Input input)
    {
        if (PowerFailure is not null) return;
        Trace.Add(Agenda.Now, Describe.Of(input));
        IReadOnlyList<Effect> effects = Node.Step(input);
        foreach (Effect effect in effects) Perform(effect);
        History.CheckSealed();
        statuses.AfterStep(Node, Disk.SyncedLast);
        SeqNo committed = Node.View.Committed.SeqNo;
        if (committed > named)
        {
            named = committed;
            Agenda.After(random.Between(0, 5_000), () => Disk.NameCommitted(committed));
        }

        if (driver.HasFailed && ++inputsAfterFailure > 30) PowerFails("after the node had stopped");
    }

    public Execution Execute(Request request)
    {
        Execution execution = Node.Execute(request);
        Trace.Add(Agenda.Now, $"execute {request.Verb} {request.Path} -> {Describe.Of(execution)}");
        return execution;
    }

    /// <summary>A block could not be stored: the node must stop in this step and do nothing any more.</summary>
    public void StoreFails(string reason)
    {
        Trace.Add(Agenda.Now, $"store fails: {reason}");
        IReadOnlyList<Effect> effects = Node.Step(new Input.StoreFailed(reason));
        bool stops = false;
        foreach (Effect effect in effects)
        {
            stops |= effect is Effect.Stop;
            Perform(effect);
        }

        if (!stops) throw new Violation(Rules.FailedStoreStops, $"the node goes on after: {reason}");
    }

    public void PowerFails(string when)
    {
        Trace.Add(Agenda.Now, $"power fails {when}");
        Situations.Reached($"power failed {when}");
        PowerFailure = when;
        Agenda.Clear();
    }

    /// <summary>The next operation of a client, or null when the run has had enough.</summary>
    public Operation? NextOperation()
    {
        if (operations == 0) return null;
        operations--;
        if (operations == 0 || (operations == settings.Operations / 2 && random.Percent(10))) Drain();
        return workload.Next();
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

    public void Finished(Answer.Finished finished)
    {
        statuses.Told(finished.TxId, finished.Status, Node.View, Disk.SyncedLast);
        Situations.Reached($"waited for {finished.Status}");
    }

    public bool AskForReceipt(TxId txId, bool cose) => receipts.Ask(txId, cose);

    public bool AskForHistory(Operation operation, TxId txId, ReadOnlyMemory<byte> certificate) =>
        receipts.AskForHistory(operation, txId, certificate);

    public void Dispose()
    {
        content.Dispose();
        Node.Dispose();
        Trace.Dispose();
    }

    private void Perform(Effect effect)
    {
        Trace.Add(Agenda.Now, Describe.Of(effect));
        switch (effect)
        {
            case Effect.Open:
                foreach (Client client in clients) client.Think();
                break;
            case Effect.StoreBlock store:
                blocks.Check(store);
                Sealed?.Invoke(store.Bytes);
                driver.Store(store);
                break;
            case Effect.ReadBlock read:
                driver.Read(read.SeqNo);
                break;
            case Effect.MakeSnapshot make:
                snapshots.Make(make.Job);
                break;
            case Effect.FinishSnapshot finish:
                snapshots.Finish(finish);
                break;
            case Effect.Reply reply:
                Reply(reply);
                break;
            case Effect.Stop stop when !driver.HasFailed:
                throw new Violation(Rules.NodeHolds, $"the node stopped: {stop.Reason}");
        }
    }

    private void Reply(Effect.Reply reply)
    {
        bool acknowledges = reply.Answer is Answer.Ordered or Answer.Finished { Status: TransactionStatus.Committed };
        if (driver.HasFailed && acknowledges)
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

    private void Drain()
    {
        if (operations > 0) Situations.Reached("drained under load");
        Agenda.After(random.Between(0, 5_000), () =>
        {
            isDraining = true;
            Deliver(new Input.Drain());
        });
    }

    private void Tick()
    {
        if (random.Percent(plan.ClockJumpPercent))
        {
            Situations.Reached("host clock jumped");
            hostClockAhead = TimeSpan.FromMinutes(random.Between(-600, 600));
        }

        Deliver(new Input.Tick(HostTime()));
        driver.ReadUnasked();
        if (PowerFailure is null) Agenda.After(TickMicroseconds, Tick);
    }

    // A failed run is over when the node has refused for a while; a good one when everything is stored and answered.
    private bool IsQuiet() =>
        !driver.HasFailed && isDraining && driver.IsIdle && open.Count == 0
        && Node.View.Committed == Node.View.Last && clients.TrueForAll(client => client.IsDone);

    private string Open() => string.Join(", ", open.Values.Select(ticket => ticket.What).Take(5));

    private DateTimeOffset HostTime() =>
        Identities.Beginning + hostClockAhead + TimeSpan.FromMicroseconds(Agenda.Now);

    private NodeSetup Setup(Signer nodeKey, Entropy entropy) => new()
    {
        NodeKey = nodeKey,
        Entropy = entropy,
        NewSigner = source => new SeededSigner(source),
        Application = SimulationApp.Endpoints,
        Genesis = new GenesisSettings
        {
            Name = "simulation",
            Members = [new GenesisMember(Identities.Member, null)],
            Users = [.. Identities.Users.Select(user => new GenesisUser(user))],
        },
        SubjectAlternativeNames = [new SubjectAlternativeName.Dns("localhost")],
        PublishedAddresses = ["localhost:8000"],
        Limits = settings.Limits,
    };
}
