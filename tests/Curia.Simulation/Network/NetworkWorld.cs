using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Consensus;
using Curia.Governance;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation.Network;

/// <summary>One run: a network of nodes, its clients and members, its hosts, and the checkers, in virtual time, all
/// from one seed.</summary>
internal sealed class NetworkWorld : IDisposable
{
    public const long TickMicroseconds = 10_000;

    // A run that is well ends far below it; one that does not end is wrong.
    private const long EventsMax = 3_000_000;

    private readonly SeededRandom random;
    private readonly Host host;
    private readonly List<NodeProcess> processes = [];
    private readonly Dictionary<NodeId, NodeProcess> byId = [];
    private readonly List<NetworkClient> clients = [];

    public NetworkWorld(SeededRandom random, NetworkPlan plan, NetworkSubject subject, int lines)
    {
        Trace = new Trace(lines);
        this.random = random;
        Plan = plan;
        Subject = subject;
        Workload = new Workload(random.Fork(), plan.Keys);
        Markers = new MarkerChecker(Situations, Encoding.ASCII.GetBytes(Workload.PrivateMarker));
        Book = new BlockBook(Markers);
        Checks = new NetworkChecks(this);
        Served = new ServedChecker(this, random.Fork());
        Wire = new Wire(this, random.Fork());
        Damages = new Damages(random.Fork());
        Operator = new Operator(this, random.Fork());
        host = new Host(this, random.Fork());
        for (int count = 0; count < plan.Clients; count++) clients.Add(new NetworkClient(this, random.Fork()));
    }

    public NetworkPlan Plan { get; }

    public NetworkSubject Subject { get; }

    public Agenda Agenda { get; } = new();

    public Trace Trace { get; }

    public Situations Situations { get; } = new();

    /// <summary>Snapshots that are complete on the disk of some node.</summary>
    public Dictionary<SeqNo, byte[]> Snapshots { get; } = [];

    public Workload Workload { get; }

    public MarkerChecker Markers { get; }

    public BlockBook Book { get; }

    public NetworkChecks Checks { get; }

    public ServedChecker Served { get; }

    public Wire Wire { get; }

    public Damages Damages { get; }

    public Operator Operator { get; }

    /// <summary>All processes that ever were.</summary>
    public IReadOnlyList<NodeProcess> Processes => processes;

    public IEnumerable<NodeProcess> Live => processes.Where(process => !process.IsDead);

    /// <summary>Whether things go wrong now.</summary>
    public bool HasFaults { get; private set; }

    /// <summary>Clients ask nothing new.</summary>
    public bool ClientsRest { get; private set; } = true;

    /// <summary>Whether nodes may be added now.</summary>
    public bool MayGrow { get; private set; } = true;

    public long Events { get; private set; }

    public DateTimeOffset HostNow => Identities.Beginning + TimeSpan.FromMicroseconds(Agenda.Now);

    /// <summary>The node that says that it orders, in the newest view.</summary>
    public NodeProcess? Primary => Live
        .Where(process => process.Node.View.Role == ReplicaRole.Primary)
        .MaxBy(process => process.Node.View.View.Value);

    public NodeProcess? ProcessOf(NodeId id) => byId.GetValueOrDefault(id);

    /// <summary>A node that serves; mostly the primary, as clients remember it.</summary>
    public NodeProcess? AnyOpen(SeededRandom choice)
    {
        NodeProcess[] open = [.. Live.Where(process => process.IsOpen && !process.IsStopped)];
        return open.Length == 0 ? null : choice.Pick(open);
    }

    public void Run()
    {
        Found();
        Agenda.After(1, Turn);
        foreach (NetworkClient client in clients) client.Think();
        ClientsRest = false;
        long patience = 2000 * Plan.TimeoutMicroseconds;
        While(() => Checks.Commit.Nodes.Count(node => node.Value.Status == NodeRecord.Trusted) < Plan.Nodes, patience,
            "the network does not grow to its size");
        HasFaults = Plan.WithFaults;
        long least = Agenda.Now + Plan.FaultTimeouts * Plan.TimeoutMicroseconds;
        While(() => Agenda.Now < least || Checks.Commit.Blocks.Count < Plan.Blocks, 20 * patience,
            "blocks do not commit any more");
        new NetworkFinale(this).Run();
    }

    /// <summary>Faults stop: everything that lives is heard and goes on.</summary>
    public void Calm()
    {
        HasFaults = false;
        MayGrow = false;
        Wire.Heal();
        foreach (NodeProcess process in processes)
        {
            process.Disk.FailsNext = false;
            process.GoOn();
        }
    }

    public void Rest() => ClientsRest = true;

    public bool AreClientsIdle => clients.TrueForAll(client => client.IsIdle);

    /// <summary>Lets time go by as long as something is so.</summary>
    public void While(Func<bool> holds, long patience, string problem, string rule = Rules.EverythingEnds)
    {
        long last = Agenda.Now + patience;
        while (holds())
        {
            if (Agenda.Now > last || ++Events > EventsMax)
                throw new Violation(rule, $"{problem}: {DescribeAll()}");
            if (!Agenda.Next()) throw new Violation(rule, "nothing is left to happen");
        }
    }

    /// <summary>A new process that joins with what it finds; null when it finds nothing.</summary>
    public NodeProcess? NewProcess(SeededRandom choice)
    {
        NodeProcess[] dead = [.. processes.Where(process => process.IsDead && process.Disk.Synced.Count > 0)
            .OrderBy(process => process.EndedAt)];
        bool takesOld = dead.Length > 0 && choice.Percent(40);
        IReadOnlyList<BlockFacts>? blocks = takesOld
            ? OldFiles(choice.Percent(50) ? dead[^1] : choice.Pick(dead))
            : Fetched(choice);
        if (blocks is not { Count: > 0 }) return null;
        LedgerSurvey survey = new(new AuditOptions { Genesis = Checks.Commit.Genesis });
        survey.AddChunk(LedgerChunk.OpenName(new SeqNo(1)), NodeDisk.Chunk(blocks));
        AuditReport report = survey.Finish();
        if (!report.Ok || survey.FindObstacle() is not null)
        {
            throw new Violation(
                Rules.GoesOn, $"a node cannot join: {survey.FindObstacle()} {string.Join("; ", report.Problems)}");
        }

        Situations.Reached(takesOld ? "join with old files" : "join with blocks of a live node");
        NodeProcess process = new(this, processes.Count, random.Fork());
        processes.Add(process);
        byId.Add(process.Id, process);
        Trace.Add(Agenda.Now, $"{process} is {NetworkDescribe.Short(process.Id)}, joins after {blocks[^1].LastTxId}");
        process.Start(survey, blocks);
        return process;
    }

    public void Dispose()
    {
        foreach (NodeProcess process in processes) process.Dispose();
        Served.Dispose();
        Trace.Dispose();
    }

    public string DescribeAll() => string.Join("; ", Live.Select(Describe));

    private string Describe(NodeProcess process)
    {
        NodeView view = process.Node.View;
        NodeRecord? record = Checks.Commit.Nodes.GetValueOrDefault(process.Id);
        return $"{process} {view.Role} view {view.View} committed {view.Committed} last {view.Last} "
            + $"{(process.IsOpen ? "open" : "closed")} of {string.Join('+', view.Configurations.Select(VotersOf))}"
            + $", {record?.Status}"
            + $"{(record is { RetiredCommitted: true } ? " for good" : "")}";
    }

    private string VotersOf(Configuration active) =>
        $"{{{string.Join(' ', active.Voters.Select(voter => ProcessOf(voter)?.Number).Order())}}}@{active.From}";

    private void Found()
    {
        NodeProcess founder = new(this, 0, random.Fork());
        processes.Add(founder);
        byId.Add(founder.Id, founder);
        Operator.Founded(founder);
        Trace.Add(Agenda.Now, $"{founder} is {NetworkDescribe.Short(founder.Id)}, founds the network: {Plan}");
        founder.Start(null, []);
        While(() => !founder.IsOpen, 1_000 * Plan.TimeoutMicroseconds, "the founder does not open");
    }

    // Operators look after their nodes; hosts and operators do something new now and then.
    private void Turn()
    {
        Operator.Repair();
        if (HasFaults && random.Below(Plan.Calm) == 0) host.Disturb();
        else if (!Plan.WithFaults && MayGrow && random.Below(10) == 0) host.Administer();
        Agenda.After(random.Between((int)Plan.TimeoutMicroseconds / 2, 2 * (int)Plan.TimeoutMicroseconds), Turn);
    }

    // The end of an old disk may hold blocks that never committed: what its last block knows as committed counts.
    private List<BlockFacts>? OldFiles(NodeProcess dead)
    {
        List<BlockFacts> disk = dead.Disk.Synced;
        if (!Subject.CutsAtCommitted) return disk;
        SeqNo committed = disk[^1].Block.Signature.Committed.SeqNo;
        return [.. disk.Where(block => block.Block.Last <= committed)];
    }

    private IReadOnlyList<BlockFacts>? Fetched(SeededRandom choice)
    {
        if (AnyOpen(choice) is not { } from) return null;
        SeqNo committed = from.Node.View.Committed.SeqNo;
        return [.. from.Disk.Written.Where(block => block.Block.Last <= committed)];
    }
}
