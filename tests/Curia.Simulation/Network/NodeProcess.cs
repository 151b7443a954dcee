using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Consensus;
using Curia.Endpoints;
using Curia.Ledger;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Vocabulary;

namespace Curia.Simulation.Network;

/// <summary>One process of the network: a node, its shell, its clock and its disk.</summary>
internal sealed class NodeProcess : IDisposable
{
    private readonly NetworkWorld world;
    private readonly SeededRandom random;
    private readonly Queue<Action> stopped = new();
    private readonly Queue<Action> requests = new();
    private readonly SortedDictionary<long, Action<Answer>> open = [];
    private readonly SeededSigner key;
    private readonly long tickMicroseconds;
    private readonly HashSet<NodeId> guests = [];
    private List<byte> snapshot = [];
    private long tickets;
    private bool isStopped;

    public NodeProcess(NetworkWorld world, int number, SeededRandom random)
    {
        this.world = world;
        this.random = random;
        Number = number;
        Entropy = new SeededEntropy(random.Next());
        key = new SeededSigner(Entropy);
        Id = new NodeId(Digest.Of(key.SubjectPublicKeyInfo.Span));
        Disk = new NodeDisk(world, this, random.Fork());

        // Quartz is off by a little; a host's clock by as much as it likes.
        tickMicroseconds = NetworkWorld.TickMicroseconds * random.Between(970, 1030) / 1000;
    }

    /// <summary>Counts the processes of a run, from 0.</summary>
    public int Number { get; }

    public NodeId Id { get; }

    public SeededEntropy Entropy { get; }

    public NodeDisk Disk { get; }

    public NetworkNode Node { get; private set; } = null!; // there once it was started

    public bool IsDead { get; private set; }

    /// <summary>When it ended.</summary>
    public long EndedAt { get; private set; }

    /// <summary>The host does not let it run: SIGSTOP.</summary>
    public bool IsStopped => isStopped;

    public bool IsOpen { get; private set; }

    public bool IsDraining { get; set; }

    /// <summary>Whether it joined and has not been told the secrets.</summary>
    public bool IsJoining { get; private set; }

    public string PeerAddress => $"node{Number}:1";

    /// <summary>With whom it talks.</summary>
    public HashSet<NodeId> Others { get; } = [];

    /// <summary>The ledger as the node has it in mind, block by block.</summary>
    public List<BlockFacts> Ledger { get; } = [];

    /// <summary>How many blocks of it are committed here.</summary>
    public int CommittedBlocks { get; set; }

    /// <summary>The certificate that it serves, once it is open.</summary>
    public ReadOnlyMemory<byte> ServiceCertificate { get; private set; }

    public TimeSpan ClockAhead { get; set; }

    /// <summary>Makes the node and starts it.</summary>
    public void Start(LedgerSurvey? survey, IReadOnlyList<BlockFacts> blocks)
    {
        NodeSetup setup = Platform.Setup(key, Entropy, world.Plan.Limits) with
        {
            Genesis = Members.GenesisOf(world.Plan),
            PeerAddress = PeerAddress,
        };
        IsJoining = survey is not null;
        Disk.Begin(blocks);
        Ledger.AddRange(blocks);
        CommittedBlocks = blocks.Count;
        world.Checks.Commit.Joins(this);
        CuriaNode made = survey is null ? new CuriaNode(setup) : new CuriaNode(setup, survey);
        Node = world.Subject.Node(made, world);
        Deliver(new Input.Start(HostTime()));
        After(random.Between(1, (int)NetworkWorld.TickMicroseconds), Tick);
    }

    /// <summary>Something happens here later, unless the process has ended by then; while it stands still, it
    /// waits.</summary>
    public void After(long microseconds, Action happens) => world.Agenda.After(microseconds, () =>
    {
        if (IsDead) return;
        if (isStopped) stopped.Enqueue(happens);
        else happens();
    });

    /// <summary>Gives the node an input, performs what it asks for, and checks everything.</summary>
    public void Deliver(Input input)
    {
        if (IsDead) return;
        string? line = NetworkDescribe.Of(input);
        bool wasPrimary = Node.View.Role == ReplicaRole.Primary;
        IReadOnlyList<Effect> effects = Node.Step(input);
        if (line is not null || effects.Count > 0) world.Trace.Add(world.Agenda.Now, $"{this} > {line ?? "tick"}");
        foreach (Effect effect in effects)
        {
            if (IsDead) break;
            Perform(effect);
        }

        if (IsDead) return;
        world.Checks.AfterStep(this);

        NoteSituations(input, effects, wasPrimary);

        // Whoever waited is told after the checkers know what has committed.
        foreach (Effect effect in effects)
        {
            if (effect is Effect.Reply { Answer: Answer.Finished } reply) Answered(reply);
        }
    }

    public Execution Execute(Request request)
    {
        Execution execution = Node.Execute(request);
        world.Trace.Add(
            world.Agenda.Now, $"{this} executes {request.Verb} {request.Path} -> {Describe.Of(execution)}");
        return execution;
    }

    /// <summary>A message arrives from another node.</summary>
    public void Hear(NodeProcess from, ReadOnlyMemory<byte> bytes, DamagedMessage? damage)
    {
        // Who was away knows newer nodes last: one that shows a certificate of the service is let in and answered.
        if (!Others.Contains(from.Id))
        {
            if (!from.IsOpen) return;
            world.Situations.Reached("heard a node that is not yet known");
            guests.Add(from.Id);
        }

        bool isRead = Node.TryRead(bytes, out PeerMessage? message, out MessageProblem? problem);
        if (damage is not null)
        {
            HearDamaged(from, damage, isRead ? message : null);
            return;
        }

        if (!isRead) throw new Violation(NetworkRules.MessagesAreRead, $"{this} refuses what {from} sent: {problem}");
        Deliver(new Input.Message(from.Id, message!));
    }

    /// <summary>Submits what was executed.</summary>
    public long Submit(Execution.Proposed proposed, bool wait, Action<Answer> answer)
    {
        open.Add(++tickets, answer);
        long ticket = tickets;
        Deliver(new Input.Submit(ticket, proposed, wait));
        return ticket;
    }

    /// <summary>Asks for a linearisable read to be confirmed.</summary>
    public long Confirm(Execution.Unconfirmed read, Action<Answer> answer)
    {
        open.Add(++tickets, answer);
        long ticket = tickets;
        Deliver(new Input.Confirm(ticket, read));
        return ticket;
    }

    /// <summary>Waits until a TxID is final.</summary>
    public long Await(TxId txId, Action<Answer> answer)
    {
        open.Add(++tickets, answer);
        long ticket = tickets;
        Deliver(new Input.Await(ticket, txId));
        return ticket;
    }

    /// <summary>Hears no more of a ticket.</summary>
    public bool Close(long ticket) => open.Remove(ticket);

    /// <summary>The host stops the process, and lets it go on some time later: then everything arrives at
    /// once.</summary>
    public void StandStill(long microseconds)
    {
        if (isStopped || IsDead) return;
        isStopped = true;
        world.Trace.Add(world.Agenda.Now, $"{this} stands still");
        world.Agenda.After(microseconds, GoOn);
    }

    /// <summary>A request that comes just before the process goes on, and is the first to be seen then: other threads
    /// take requests than time and messages.</summary>
    public void RequestLater(Action request) => requests.Enqueue(request);

    public void GoOn()
    {
        if (!isStopped) return;
        isStopped = false;
        world.Trace.Add(world.Agenda.Now, $"{this} goes on");
        while (requests.TryDequeue(out Action? request)) request();
        while (!isStopped && !IsDead && stopped.TryDequeue(out Action? happens)) happens();
    }

    public void StoreFails(string reason)
    {
        bool stops = false;
        foreach (Effect effect in Node.Step(new Input.StoreFailed(reason)))
        {
            stops |= effect is Effect.Stop;
            if (effect is Effect.StoreBlock or Effect.Reply { Answer: Answer.Ordered }
                or Effect.Reply { Answer: Answer.Finished { Status: TransactionStatus.Committed } })
            {
                throw new Violation(Rules.FailedStoreStops, $"{this} goes on after a failed store");
            }
        }

        if (!stops) throw new Violation(Rules.FailedStoreStops, $"{this} does not stop after a failed store");
        world.Situations.Reached("store failed");
        End("its disk failed");
    }

    /// <summary>The process is no more; its disk stays as the crash left it.</summary>
    public void End(string why)
    {
        if (IsDead) return;
        world.Trace.Add(world.Agenda.Now, $"{this} ends: {why}");
        IsDead = true;
        EndedAt = world.Agenda.Now;
        Disk.Crash();
        open.Clear();
        stopped.Clear();
        while (requests.TryDequeue(out Action? request)) request(); // whose clients learn that nobody is there
        Node.Dispose();
    }

    /// <summary>Makes the state from the own ledger.</summary>
    public void Load(Effect.LoadState load)
    {
        BlockFacts[] blocks = [.. Disk.Written.Where(block => block.Block.Last <= load.Last)];
        After(random.Between(500, 60_000), () =>
        {
            if (TryLoadSnapshot(load, blocks) is { } fast)
            {
                Deliver(new Input.StateLoaded(fast, ""));
                return;
            }

            LedgerReplay replay = new([load.Secrets]);
            replay.AddChunk(LedgerChunk.OpenName(new SeqNo(1)), NodeDisk.Chunk(blocks));
            AuditReport report = replay.Finish();
            string? problem = report.Ok
                ? replay.FindLoadObstacle(Members.GenesisOf(world.Plan), NodeSetup.VirtualPlatform)
                : string.Join("; ", report.Problems);
            if (problem is not null) throw new Violation(Rules.GoesOn, $"{this} cannot load its state: {problem}");
            Deliver(new Input.StateLoaded(replay, ""));
        });
    }

    private SnapshotReplay? TryLoadSnapshot(Effect.LoadState load, BlockFacts[] blocks)
    {
        RecordedSnapshot? recorded = load.Snapshots.LastOrDefault(one => world.Snapshots.ContainsKey(one.SeqNo));
        if (recorded is null || random.Percent(30)) return null;
        byte[] file = [.. world.Snapshots[recorded.SeqNo]];

        bool isDamaged = random.Percent(20);
        if (isDamaged) file[random.Below(file.Length)] ^= (byte)(1 << random.Below(8));
        ReadOnlyMemory<byte> Read(SeqNo from, int bytesMax)
        {
            IEnumerable<byte[]> some = blocks.SkipWhile(block => block.Block.Last < from).Take(bytesMax == 1 ? 1 : 5)
                .Select(block => block.Block.Bytes.ToArray());
            return some.SelectMany(bytes => bytes).ToArray();
        }

        SnapshotReplay? replay = SnapshotReplay.Read(
            load, file, Read, Members.GenesisOf(world.Plan), NodeSetup.VirtualPlatform, out string problem);
        world.Situations.Reached(replay is null ? "damaged snapshot refused" : "state made from a snapshot");
        return replay is null == isDamaged
            ? replay
            : throw new Violation(Rules.GoesOn, $"{this}, snapshot at {recorded.SeqNo}: '{problem}'");
    }

    public DateTimeOffset HostTime() =>
        Identities.Beginning + ClockAhead + TimeSpan.FromMicroseconds(world.Agenda.Now);

    public override string ToString() => $"n{Number}";

    public void Dispose()
    {
        if (!IsDead) Node?.Dispose();
        key.Dispose();
    }

    private void Tick()
    {
        Deliver(new Input.Tick(HostTime()));
        if (IsDraining && !IsDead && Node.View.MayEnd)
        {
            world.Situations.Reached("planned stop");
            End("as planned");
            return;
        }

        After(tickMicroseconds, Tick);
    }

    private void HearDamaged(NodeProcess from, DamagedMessage damage, PeerMessage? message)
    {
        world.Situations.Reached($"heard {damage.Kind}");
        if (message is null) return;
        if (damage.LeftOut > SeqNo.Zero && damage.LeftOut <= Node.View.Committed.SeqNo) return;
        if (!damage.MayBeRead) throw new Violation(NetworkRules.BadMessagesAreRefused, $"{this} read {damage.Kind}");
        TxId last = Node.View.Last;
        int blocks = Ledger.Count;
        BlockFacts? end = blocks > 0 ? Ledger[^1] : null;
        Deliver(new Input.Message(from.Id, message));
        if (IsDead || (Ledger.Count == blocks && (blocks == 0 || Ledger[^1] == end))) return;
        throw new Violation(
            NetworkRules.BadMessagesAreRefused, $"{damage.Kind} moved {this} from {last} to {Node.View.Last}");
    }

    private void Perform(Effect effect)
    {
        if (NetworkDescribe.Of(effect) is { } line) world.Trace.Add(world.Agenda.Now, $"{this}   < {line}");
        switch (effect)
        {
            case Effect.Open opened:
                IsOpen = true;
                if (IsJoining) world.Situations.Reached("node that joined opened");
                IsJoining = false;
                ServiceCertificate = opened.ServiceCertificate;
                break;
            case Effect.StoreSecrets store:
                world.Checks.SecretsSealed(this, store);
                break;
            case Effect.StoreBlock store:
                Ledger.Add(world.Checks.Stored(this, store));
                Disk.Add(store);
                break;
            case Effect.TruncateLedger truncate:
                world.Checks.Truncated(this, truncate.Last);
                Disk.Add(truncate);
                break;
            case Effect.LoadState load:
                Disk.Add(load);
                break;
            case Effect.Send send:
                Send(send);
                break;
            case Effect.SendSecrets send:
                SendSecrets(send);
                break;
            case Effect.Peers others:
                Others.Clear();
                foreach ((NodeId id, string address) in others.Addresses)
                {
                    if (id != Id) Others.Add(id);
                }

                break;
            default:
                PerformOther(effect);
                break;
        }
    }

    private void PerformOther(Effect effect)
    {
        switch (effect)
        {
            case Effect.ReadBlock read:
                After(random.Between(1, world.Plan.DiskMicroseconds), () =>
                    Deliver(new Input.BlockRead(read.SeqNo, Disk.Find(read.SeqNo)?.Block.Bytes)));
                break;
            case Effect.RecallBlocks recall:
                After(random.Between(1, world.Plan.DiskMicroseconds), () => Recall(recall));
                break;
            case Effect.MakeSnapshot make:
                After(random.Between(1, 30_000), () =>
                {
                    snapshot = [];
                    SnapshotEvidence evidence = make.Job.Run(bytes =>
                    {
                        world.Markers.NothingPrivate(bytes.Span, "a snapshot");
                        snapshot.AddRange(bytes.Span);
                    });
                    Deliver(new Input.SnapshotMade(make.Job.TxId.SeqNo, evidence));
                });
                break;
            case Effect.FinishSnapshot finish:
                world.Snapshots[finish.SeqNo] = [.. snapshot]; // without the receipt, which no digest covers
                world.Situations.Reached("snapshot finished");
                break;
            case Effect.Reply { Answer: not Answer.Finished } reply:
                Answered(reply);
                break;
            case Effect.Log:
                break;
            case Effect.Stop stop:
                throw new Violation(Rules.NodeHolds, $"{this} stopped: {stop.Reason}");
        }
    }

    private void NoteSituations(Input input, IReadOnlyList<Effect> effects, bool wasPrimary)
    {
        bool isPrimary = Node.View.Role == ReplicaRole.Primary;
        if (input is Input.Message { Content: PeerMessage.AskForSecrets } && !isPrimary)
            world.Situations.Reached("secrets asked of a node that is not primary");
        if (input is Input.Message { Content: PeerMessage.Consensus { Message: ReplicaMessage.HandOver } })
            world.Situations.Reached("asked to take over");
        bool isDropped = effects.Any(effect =>
            effect is Effect.Reply { Answer: Answer.Finished { Status: TransactionStatus.Invalid } });
        if (wasPrimary && !isPrimary && isDropped) world.Situations.Reached("open block dropped");
    }

    private void Recall(Effect.RecallBlocks asked)
    {
        SeqNo last = Node.View.Committed.SeqNo;
        RecalledBlocks? blocks = RecalledBlocks.Read(
            asked, (from, bytesMax) => Disk.Read(from, last, bytesMax == 1 ? 1 : 3));
        if (blocks is not null) world.Situations.Reached("block recalled for another node");
        Deliver(new Input.BlocksRecalled(asked.Node, blocks));
    }

    private void Answered(Effect.Reply reply)
    {
        if (open.TryGetValue(reply.Ticket, out Action<Answer>? answer)) answer(reply.Answer);
    }

    private void Send(Effect.Send send)
    {
        bool isKnown = Others.Contains(send.To) || guests.Contains(send.To);
        if (!isKnown || world.ProcessOf(send.To) is not { IsDead: false } to) return;
        using System.IO.MemoryStream message = new();
        message.Write(send.Message.Header.Span);
        world.Markers.NothingPrivate(send.Message.Header.Span, "a message");
        foreach (OutgoingBlock block in send.Message.Blocks)
        {
            ReadOnlyMemory<byte>? bytes = block.Bytes ?? Disk.Find(block.First)?.Block.Bytes;
            if (block.Bytes is null) world.Situations.Reached("block read from disk for another node");
            if (bytes is null)
            {
                // It is committed, and this node's disk lags behind: the message is lost.
                world.Situations.Reached("block to send not yet on disk");
                return;
            }

            world.Book.Look(bytes.Value);
            message.Write(bytes.Value.Span);
        }

        world.Wire.Send(this, to, message.ToArray());
    }

    private void SendSecrets(Effect.SendSecrets send)
    {
        using SecretBytesHolder holder = new(send.Secrets);
        world.Checks.SecretsSent(this, send.To);
        if (world.ProcessOf(send.To) is { IsDead: false } to)
            world.Wire.Send(this, to, PeerCodec.GiveSecrets(send.Secrets.Reveal()));
    }

    // The bytes are cleared when they are sent.
    private readonly ref struct SecretBytesHolder(Cryptography.SecretBytes secrets)
    {
        public void Dispose() => secrets.Dispose();
    }
}
