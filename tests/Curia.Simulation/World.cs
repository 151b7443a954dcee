using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Endpoints;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>One run: a disk, the processes that work on it one after the other, their clients and the checkers, in
/// virtual time, all from one seed.</summary>
internal sealed class World : IDisposable
{
    private const long TickMicroseconds = 10_000;

    // A run that is well ends far below it; one that does not end is wrong.
    private const int EventsMax = 400_000;

    // Of all TxIDs that were ever given, the newest so many are asked for when a process opens.
    private const int StatusesAsked = 60;

    private readonly SeededRandom random;
    private readonly Workload workload;
    private readonly List<Client> clients = [];
    private readonly List<World> copies = [];
    private TimeSpan hostClockAhead;
    private SeqNo cannotBeLost;
    private IReadOnlyList<Strike> waiting = [];
    private Life? life;
    private int operations;
    private bool isDraining;

    public World(SeededRandom random, FaultPlan plan, Subject subject)
    {
        this.random = random;
        Plan = plan;
        Subject = subject;
        Settings = RunSettings.From(random.Fork());
        workload = new Workload(random.Fork(), Settings.Keys);
        Disk = subject.Disk(Situations);
        KeyUses uses = new();
        Blocks = new BlockChecker(
            Encoding.ASCII.GetBytes(workload.PrivateMarker),
            Encoding.ASCII.GetBytes(workload.PublicMarker),
            uses,
            Situations);
        Secrets = new SecretsChecker(Blocks, uses, Situations);
        Content = new ContentChecker(Blocks);
        Statuses = new StatusChecker(Blocks, random.Fork(), Situations);
        Receipts = new ReceiptChecker(this);
        History = new HistoryChecker(Blocks, Content, Statuses, Situations);
        MakeClients();
    }

    /// <summary>A host has copied the disk, and starts a process on the copy.</summary>
    private World(World origin, FaultPlan plan, SeededRandom random)
    {
        this.random = random;
        Plan = plan;
        Subject = origin.Subject;
        Settings = origin.Settings;
        IsCopy = true;
        Situations = origin.Situations;
        Trace = origin.Trace;
        Agenda = new Agenda(origin.Agenda.Now);
        workload = origin.workload;
        Disk = origin.Disk.Copy();
        Blocks = new BlockChecker(origin.Blocks);
        Secrets = new SecretsChecker(Blocks, origin.Blocks.Uses, Situations);
        Content = new ContentChecker(Blocks);
        Statuses = new StatusChecker(origin.Statuses, Blocks, random.Fork());
        Receipts = new ReceiptChecker(this, origin.Receipts);
        History = new HistoryChecker(origin.History, Blocks, Content, Statuses);
        cannotBeLost = origin.life?.Chunks.WrittenLast ?? origin.cannotBeLost;
        MakeClients();
    }

    public FaultPlan Plan { get; }

    public Subject Subject { get; }

    public ShellHabits Habits => Subject.Shell;

    public RunSettings Settings { get; }

    /// <summary>This is what became of a copied disk.</summary>
    public bool IsCopy { get; }

    public Agenda Agenda { get; } = new();

    public Trace Trace { get; } = new();

    public Situations Situations { get; } = new();

    public VirtualDisk Disk { get; }

    /// <summary>The process at hand.</summary>
    public Life Life => life ?? throw new InvalidOperationException("no process runs");

    public NodeUnderTest Node => Life.Node;

    public HistoryChecker History { get; }

    public BlockChecker Blocks { get; }

    public SecretsChecker Secrets { get; }

    public ContentChecker Content { get; }

    public ReceiptChecker Receipts { get; }

    public StatusChecker Statuses { get; }

    /// <summary>What became of copies of the disk.</summary>
    public IReadOnlyList<World> Copies => copies;

    /// <summary>Hears of every block that left the node.</summary>
    public Action<ReadOnlyMemory<byte>>? Sealed { get; init; }

    /// <summary>How long a run takes at most, in events.</summary>
    public long Events { get; private set; }

    /// <summary>How many processes there were, and how much they did.</summary>
    public RunSize Size => copies.Aggregate(
        new RunSize(Events, Blocks.Blocks.Count, Blocks.Entries.Count, Blocks.Epochs.Count),
        (size, copy) => size + new RunSize(copy.Events, 0, 0, copy.Blocks.Epochs.Count));

    /// <summary>Runs one process after the other, and looks at what is left on disk.</summary>
    public void Run()
    {
        foreach (LifePlan plan in Plan.Lives)
        {
            RunLife(plan);
            if (plan.Copied == Copied.AfterItsEnd) CopyDisk();
        }

        new LastLook(this, random.Fork()).Run();
    }

    /// <summary>Lets the next event happen.</summary>
    public void StepOnce()
    {
        if (++Events > EventsMax)
            throw new Violation(Rules.EverythingEnds, $"{EventsMax} events and no end; open: {Life.Waiting}");
        if (!Agenda.Next())
            throw new Violation(Rules.EverythingEnds, $"nothing is left to happen; open: {Life.Waiting}");
    }

    /// <summary>Gives the node an input, performs what it asks for, and checks everything that can be
    /// checked.</summary>
    public void Deliver(Input input)
    {
        Life.Deliver(input);
        History.CheckSealed();
        Statuses.AfterStep(Node, Life.Chunks.SyncedLast);
    }

    public Execution Execute(Request request)
    {
        Execution execution = Node.Execute(request);
        Trace.Add(Agenda.Now, $"execute {request.Verb} {request.Path} -> {Describe.Of(execution)}");
        return execution;
    }

    public void StoreFails(string reason) => Life.StoreFails(reason);

    /// <summary>A process has read and repaired what it found: it must be what the processes before it gave, up to
    /// what cannot be lost. Everything after that is forgotten.</summary>
    /// <returns>The last seqno of the ledger.</returns>
    public SeqNo Survived()
    {
        SeqNo last = new Autopsy(this).Run(cannotBeLost);
        Secrets.CheckDisk(Disk);
        Blocks.Rewind(last);
        History.Rewind(last);
        Statuses.Rewind(last);
        Snapshots();
        cannotBeLost = last;
        return last;
    }

    /// <summary>The service is open: clients come back.</summary>
    public void Opened(Effect.Open opened)
    {
        Receipts.Opened(opened);
        Finale.CompareState(this);
        foreach (TxId txId in Statuses.Known.TakeLast(StatusesAsked)) StatusOf(txId);
        foreach (Client client in clients) client.Connect();
    }

    /// <summary>Asks as a client does.</summary>
    public TransactionStatus StatusOf(TxId txId) => Statuses.Ask(Node, txId, Life.Chunks.SyncedLast);

    /// <summary>The next operation of a client, or null when the process has had enough.</summary>
    public Operation? NextOperation()
    {
        if (operations == 0) return null;
        operations--;
        if (operations == 0 || (operations == Life.Plan.Operations / 2 && random.Percent(10))) Drain();
        return workload.Next();
    }

    /// <summary>A ticket that the node will answer.</summary>
    public long Ticket(string what, Action<Answer> answer) => Life.Ticket(what, answer);

    /// <summary>The client hears no more.</summary>
    /// <returns>False when it has heard everything already.</returns>
    public bool Close(long ticket) => Life.Close(ticket);

    public bool AskForReceipt(TxId txId, bool cose) => Receipts.Ask(txId, cose);

    public bool AskForHistory(Operation operation, TxId txId, ReadOnlyMemory<byte> certificate) =>
        Receipts.AskForHistory(operation, txId, certificate);

    public void Finished(Answer.Finished finished)
    {
        Statuses.Told(finished.TxId, finished.Status, Node.View, Life.Chunks.SyncedLast);
        Situations.Reached($"waited for {finished.Status}");
    }

    public void Dispose()
    {
        foreach (World copy in copies) copy.Dispose();
        if (IsCopy) return;
        Blocks.Dispose();
        Trace.Dispose();
    }

    private void RunLife(LifePlan planned)
    {
        // A strike at something rare waits until it comes.
        LifePlan plan = planned.Strikes.Count > 0 ? planned : planned with { Strikes = waiting };
        Disk.CapacityBytes = plan.RoomBytes == long.MaxValue ? long.MaxValue : Disk.UsedBytes + plan.RoomBytes;
        operations = plan.Operations;
        isDraining = false;
        bool powerFails = plan.PowerFails;
        using Life begun = life = new Life(this, plan, random.Fork());
        Trace.Add(Agenda.Now, $"process {(IsCopy ? "on a copy " : "")}begins: {plan}");
        try
        {
            LiveOn(plan);
        }
        catch (ProcessEnds end)
        {
            powerFails = end.PowerFails;
            Trace.Add(Agenda.Now, $"the process ends: {end.Message}");
        }

        End(begun, powerFails);
        waiting = begun.Unstruck;
        life = null;
    }

    private void LiveOn(LifePlan plan)
    {
        if (plan.KilledAfter is { } microseconds) Agenda.After(microseconds, () => throw Killed(plan));
        try
        {
            Life.Begin(HostTime());
        }
        catch (DiskError error)
        {
            Trace.Add(Agenda.Now, $"the start fails: {error.Message}");
            Situations.Reached("start failed");
            Life.Withdraw();
            return;
        }

        if (plan.Copied == Copied.WhileItRuns) Agenda.After(random.Between(1, 100_000), CopyDisk);
        Agenda.After(TickMicroseconds, Tick);
        while (!Life.IsOver && !IsQuiet()) StepOnce();
        if (!Life.IsOver)
        {
            Life.Driver.IsHonest = true;
            new Finale(this, random.Fork()).Run();
        }
        else if (!Life.IsOpen)
        {
            Life.Withdraw();
        }
    }

    // What was synced stays, whatever happens; what was only written stays while the cache does, if nothing of it was
    // called clean without being so.
    private void End(Life ended, bool powerFails)
    {
        Agenda.Clear();
        if (ended.IsOpen)
            cannotBeLost = powerFails || ended.Driver.HasFailed ? ended.Chunks.SyncedLast : ended.Chunks.WrittenLast;
        Situations.Reached(powerFails ? "power failed" : "process ended");
        if (powerFails) Disk.Crash(random);
        else if (random.Percent(30)) Disk.Evict();
    }

    private ProcessEnds Killed(LifePlan plan)
    {
        Situations.Reached("killed between two steps");
        return new ProcessEnds("between two steps", plan.PowerFails);
    }

    private void CopyDisk()
    {
        Situations.Reached(life is null ? "disk copied after the end" : "disk copied while the process runs");
        Trace.Add(Agenda.Now, "the host copies the disk");
        World copy = new(this, Plan.OfCopy(random.Fork()), random.Fork());
        copies.Add(copy);
        copy.Run();
        Trace.Add(Agenda.Now, "the host looks at the original again");
    }

    private void Snapshots()
    {
        SnapshotChecker checker = new(this);
        foreach ((string name, byte[] bytes) in VirtualDisk.Read(Disk.Snapshots)) checker.Check(name, bytes);
    }

    private void MakeClients()
    {
        for (int count = 0; count < Settings.Clients; count++) clients.Add(new Client(this, Settings, random.Fork()));
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
        if (random.Percent(Plan.ClockJumpPercent))
        {
            Situations.Reached("host clock jumped");
            hostClockAhead = TimeSpan.FromMinutes(random.Between(-600, 600));
        }

        Deliver(new Input.Tick(HostTime()));
        Life.Driver.ReadUnasked();
        Agenda.After(TickMicroseconds, Tick);
    }

    // A failed process is over when the node has refused for a while; a good one when everything is stored and
    // answered.
    private bool IsQuiet() =>
        !Life.Driver.HasFailed && isDraining && Life.Driver.IsIdle && Life.IsAnswered
        && Node.View.Committed == Node.View.Last && clients.TrueForAll(client => client.IsDone);

    private DateTimeOffset HostTime() =>
        Identities.Beginning + hostClockAhead + TimeSpan.FromMicroseconds(Agenda.Now);
}
