using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using Curia.Consensus;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Governance;
using Curia.Ledger;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Tests.Attestation;
using Curia.Tests.Governance;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>Several nodes without threads, disks or sockets: messages wait in one queue until the test lets them
/// arrive, and links can be cut.</summary>
internal sealed class TestNetwork : IDisposable
{
    public static readonly SecretBytes SealingKey = new(new byte[32]);

    private readonly Queue<(Member From, NodeId To, ReadOnlyMemory<byte> Bytes)> wire = new();
    private readonly HashSet<(NodeId From, NodeId To)> cut = [];
    private readonly Entropy entropy = new SystemEntropy();
    private readonly NodeLimits limits;
    private readonly bool isAlone;
    private readonly string platform;
    private DateTimeOffset now = TestShell.Noon;

    public TestNetwork(
        int members = 1, NodeLimits? limits = null, bool isAlone = false, DiversityRule? rule = null,
        int format = LedgerFormat.Newest, string platform = NodeSetup.VirtualPlatform)
    {
        this.isAlone = isAlone;
        this.platform = platform;
        this.limits = limits ?? new NodeLimits();
        User = TestShell.NewCertificate("user0", entropy);
        Members = [.. Enumerable.Range(0, members).Select(index => new TestMember($"member{index}", entropy))];
        Genesis = new GenesisSettings
        {
            Name = "test",
            Members = [.. Members.Select(member => new GenesisMember(member.Certificate, null))],
            Users = [new GenesisUser(User)],
            Rule = rule,
            Owner = rule is null ? null : Members[0].Id,
            Plays = rule is null ? null : "virtual-0",
        };
        Found(format);
    }

    private TestNetwork(Charter charter)
    {
        limits = new NodeLimits();
        User = MadeCharter.Actor("user").Certificate;
        Members = [];
        platform = NodeSetup.VirtualPlatform;
        Genesis = GenesisSettings.Of(charter);
        now = MadeFounders.Now;
    }

    public Certificate User { get; }

    /// <summary>Who may sign requests.</summary>
    public IReadOnlyList<TestMember> Members { get; }

    /// <summary>The time as all nodes know it.</summary>
    public DateTimeOffset Now => now;

    public GenesisSettings Genesis { get; }

    public List<Member> Nodes { get; } = [];

    /// <summary>The one node that orders in the newest view.</summary>
    public Member Primary => Nodes.Where(node => !node.IsDead && node.Node.View.Role == ReplicaRole.Primary)
        .OrderByDescending(node => node.Node.View.View.Value).First();

    /// <summary>The nodes that live.</summary>
    public IReadOnlyList<Member> Alive => [.. Nodes.Where(node => !node.IsDead)];

    /// <summary>Whom secrets were sent to, in order.</summary>
    public List<NodeId> SecretsSent { get; } = [];

    /// <summary>The snapshots that nodes have made, without receipts.</summary>
    public Dictionary<SeqNo, byte[]> Snapshots { get; } = [];

    /// <summary>Whether the test itself makes the state of a node that joins.</summary>
    public bool HoldsLoads { get; set; }

    /// <summary>What the founder sealed: with it a test speaks for the service.</summary>
    public ReadOnlyMemory<byte> Sealed { get; private set; }

    /// <summary>A network of so many open nodes.</summary>
    public static TestNetwork Of(int nodes, NodeLimits? limits = null)
    {
        TestNetwork network = new(limits: limits);
        for (int node = 1; node < nodes; node++)
        {
            network.Join();
            network.Run(100);
        }

        Assert.All(network.Nodes, node => Assert.True(node.IsOpen));
        Assert.Equal(nodes, network.Primary.Node.View.Configurations[^1].Voters.Count);
        return network;
    }

    /// <summary>A network that founders have just agreed on: the primary has told the others its secrets, and the
    /// genesis block is on its way.</summary>
    /// <param name="founders">All of them.</param>
    /// <param name="cheat">What the primary takes in place of the agreement.</param>
    /// <param name="told">What it tells in place of the secrets.</param>
    public static TestNetwork Founded(
        IReadOnlyList<MadeFounder> founders, Func<FoundingAgreement, FoundingAgreement>? cheat = null,
        Func<SealedSecrets, SealedSecrets>? told = null)
    {
        TestNetwork network = new(founders[0].Charter);
        FoundingAgreement[] agreements = MadeFounders.Agree(founders);
        NodeId first = agreements[0].Primary;
        MadeFounder leading = founders.Single(one => one.Node == first);
        FoundingAgreement own = agreements[founders.ToList().IndexOf(leading)];
        Member primary = network.Add(
            leading, new CuriaNode(network.Setup(leading.Key), cheat?.Invoke(own) ?? own, told: null));
        primary.Step(new Input.Start(network.now));
        foreach ((MadeFounder founder, FoundingAgreement agreement) in founders.Zip(agreements))
        {
            if (founder == leading) continue;
            using SecretBytes all = primary.Node.SecretsFor(founder.Node)!;
            Assert.True(SealedSecrets.TryImport(all.Reveal(), out SealedSecrets? secrets));
            network.Add(founder, new CuriaNode(
                network.Setup(founder.Key), agreement, told?.Invoke(secrets) ?? secrets))
                .Step(new Input.Start(network.now));
        }

        return network;
    }

    /// <summary>A network whose nodes are each of another platform and owner, by a rule that asks for some.</summary>
    public static TestNetwork Diverse(
        int platforms, int operators, int nodes = 3, bool isLossWaived = false, NodeLimits? limits = null)
    {
        TestNetwork network =
            new(nodes, limits, rule: new DiversityRule(platforms, operators, isLossWaived, InForce: false));
        for (int kind = 1; kind < nodes; kind++)
        {
            network.Join(kind: kind);
            network.Run(100);
        }

        Assert.All(network.Nodes, node => Assert.True(node.IsOpen));
        return network;
    }

    public NodeRequest Retire(Member node) => new(node.Node.View.Genesis, NodeRequest.Retire, node.Id);

    /// <summary>The ledger of a node, read back by a process that unseals what the founder sealed.</summary>
    public LedgerReplay Replay(Member node)
    {
        Assert.True(SealedSecrets.TryOpen(Sealed.Span, SealingKey, out SealedSecrets? secrets));
        LedgerReplay replay = new([secrets!]);
        replay.AddChunk(LedgerChunk.OpenName(new SeqNo(1)), Chunk(node.Disk));
        Assert.Empty(replay.Finish().Problems);
        return replay;
    }

    /// <summary>A process that was started on the disk of a node after all have ended.</summary>
    public ColdRestart Restart(Member node, int format = LedgerFormat.Newest)
    {
        LedgerReplay replay = Replay(node);
        Assert.Null(replay.FindObstacle(Genesis, NodeSetup.VirtualPlatform));
        return new ColdRestart(Setup(EcdsaSigner.Generate(entropy), format), replay, [node.Id], default);
    }

    public string StatusOf(Member node) =>
        JsonDocument.Parse(Assert.IsType<Execution.Answered>(
            Primary.Execute("GET", $"/node/network/nodes/{node.Id}")).Response.Body)
            .RootElement.GetProperty("status").GetString()!;

    /// <summary>What a node that joins reads of the ledger.</summary>
    public LedgerSurvey Survey()
    {
        LedgerSurvey survey = new(new AuditOptions());
        survey.AddChunk(LedgerChunk.OpenName(new SeqNo(1)), Chunk(Primary.CommittedBlocks()));
        Assert.Empty(survey.Finish().Problems);
        Assert.Null(survey.FindObstacle());
        return survey;
    }

    /// <summary>A node that joins from the ledger of another one, admitted by hand.</summary>
    /// <param name="role">Whether it is to vote.</param>
    /// <param name="kind">The number of its owner, and of the platform that it plays; null where no rule asks.</param>
    /// <param name="format">The newest format of the ledger that its program reads.</param>
    public Member Join(string role = NodeRequest.Voter, int? kind = null, int format = LedgerFormat.Newest)
    {
        Member from = Primary;
        EcdsaSigner key = EcdsaSigner.Generate(entropy);
        NodeSetup setup = Setup(key, format);
        NodeId id = new(Digest.Of(key.SubjectPublicKeyInfo.Span));
        List<ReadOnlyMemory<byte>> fetched = from.CommittedBlocks();
        LedgerSurvey survey = Survey();
        Member joiner = new(this, new CuriaNode(setup, survey), id) { Key = key };
        joiner.Disk.AddRange(fetched);
        Nodes.Add(joiner);
        joiner.Step(new Input.Start(now));
        from.Ask(new NodeRequest(
            from.Node.View.Genesis, NodeRequest.Add, id, kind is null ? "virtual" : $"virtual-{kind}",
            $"node{Nodes.Count - 1}:1", setup.PublishedAddresses, role,
            kind is { } number ? Members[number].Id : null, format));
        return joiner;
    }

    /// <summary>The hosts of all nodes say that it is later.</summary>
    public void Jump(TimeSpan time) => now += time;

    /// <summary>Lets time pass, and everything that was sent arrive.</summary>
    public void Run(int ticks)
    {
        for (int tick = 0; tick < ticks; tick++)
        {
            now += TimeSpan.FromMilliseconds(10);
            foreach (Member node in Nodes.Where(node => !node.IsDead)) node.Step(new Input.Tick(now));
            Deliver();
        }
    }

    public void Deliver()
    {
        for (int round = 0; round < 10_000; round++)
        {
            foreach (Member node in Nodes.Where(node => !node.IsDead && !node.IsDiskStill)) node.Sync();
            if (!wire.TryDequeue(out var sent)) return;
            Member? to = Nodes.Find(node => node.Id == sent.To && !node.IsDead);
            if (to is null || sent.From.IsDead || cut.Contains((sent.From.Id, sent.To))) continue;
            bool isRead = to.Node.TryRead(sent.Bytes, out PeerMessage? message, out MessageProblem? problem);
            Assert.True(isRead, $"{problem}");
            if (to.HearsNoQuestions && message is PeerMessage.AskForSecrets) continue;
            to.Step(new Input.Message(sent.From.Id, message!));
        }

        Assert.Fail("the network never comes to rest");
    }

    public void Cut(Member one)
    {
        foreach (Member other in Nodes)
        {
            cut.Add((one.Id, other.Id));
            cut.Add((other.Id, one.Id));
        }
    }

    /// <summary>Others hear a node, and it hears nobody.</summary>
    public void Deafen(Member one)
    {
        foreach (Member other in Nodes) cut.Add((other.Id, one.Id));
    }

    public void Heal() => cut.Clear();

    public void Dispose()
    {
        foreach (Member node in Nodes) node.Node.Dispose();
    }

    private Member Add(MadeFounder founder, CuriaNode node)
    {
        Member member = new(this, node, founder.Node) { Key = founder.Key };
        Nodes.Add(member);
        return member;
    }

    private void Found(int format)
    {
        EcdsaSigner key = EcdsaSigner.Generate(entropy);
        NodeId id = new(Digest.Of(key.SubjectPublicKeyInfo.Span));
        Member founder = new(this, new CuriaNode(Setup(key, format)), id)
        {
            Key = key,
        };
        Nodes.Add(founder);
        founder.Step(new Input.Start(now));
        Deliver();
    }

    private NodeSetup Setup(EcdsaSigner key, int format = LedgerFormat.Newest) => new()
    {
        LedgerFormat = format,
        NodeKey = key,
        Entropy = entropy,
        NewSigner = source => EcdsaSigner.Generate(source),
        SealingKey = SealingKey,
        Application = TestShell.Application(),
        Genesis = Genesis,
        Platform = platform,
        Evidence = TestEvidence.Of(new NodeId(Digest.Of(key.SubjectPublicKeyInfo.Span))),
        SubjectAlternativeNames = [],
        PublishedAddresses = [$"127.0.0.1:800{Nodes.Count}"],
        PeerAddress = isAlone ? null : $"node{Nodes.Count}:1",
        Limits = limits,
    };

    private static byte[] Chunk(IEnumerable<ReadOnlyMemory<byte>> blocks) =>
        [.. LedgerChunk.Header(new SeqNo(1)), .. blocks.SelectMany(block => block.ToArray())];

    /// <summary>One node with its shell.</summary>
    internal sealed class Member(TestNetwork network, CuriaNode node, NodeId id)
    {
        private readonly Queue<Effect> disk = new();
        private long tickets;

        public CuriaNode Node { get; } = node;

        public NodeId Id { get; } = id;

        public required EcdsaSigner Key { get; init; }

        public bool IsDead { get; set; }

        /// <summary>Nothing becomes durable.</summary>
        public bool IsDiskStill { get; set; }

        /// <summary>Questions for secrets do not reach it.</summary>
        public bool HearsNoQuestions { get; set; }

        public bool IsOpen { get; private set; }

        /// <summary>Blocks that are durable.</summary>
        public List<ReadOnlyMemory<byte>> Disk { get; } = [];

        public Dictionary<long, List<Answer>> Answers { get; } = [];

        public List<string> Log { get; } = [];

        /// <summary>What the test has to do itself.</summary>
        public Effect.LoadState? Held { get; private set; }

        /// <summary>What is durable, decoded.</summary>
        public List<Block> Blocks() => [.. Disk.Select(Decode)];

        /// <summary>The durable block of a transaction.</summary>
        public Block BlockOf(TxId txId) =>
            Blocks().Single(block => block.First <= txId.SeqNo && txId.SeqNo <= block.Last);

        public List<ReadOnlyMemory<byte>> CommittedBlocks() =>
            [.. Disk.Where(block => Decode(block).Last <= Node.View.Committed.SeqNo)];

        public void Step(Input input)
        {
            foreach (Effect effect in Node.Step(input).InOrder.ToArray()) Perform(effect);
        }

        public void Sync()
        {
            while (disk.TryDequeue(out Effect? effect))
            {
                if (effect is Effect.TruncateLedger truncation)
                {
                    Disk.RemoveAll(block => Decode(block).Last > truncation.Last);
                    continue;
                }

                Effect.StoreBlock block = (Effect.StoreBlock)effect;
                Disk.Add(block.Bytes);
                Step(new Input.Stored(block.Number));
            }
        }

        /// <summary>One member after the other signs a request, until it is decided.</summary>
        public JsonElement Ask(NodeRequest request)
        {
            byte[] payload = JsonSerializer.SerializeToUtf8Bytes(request, JsonFormat.Options);
            JsonElement answer = default;
            foreach (TestMember member in network.Members)
            {
                (int status, answer) = Post(member.Sign(payload, network.now));
                if (status != 200 || answer.GetProperty("state").GetString() == "Accepted") break;
            }

            return answer;
        }

        /// <summary>Sends a signed request, which is ordered when it writes something.</summary>
        public (int Status, JsonElement Answer) Post(byte[] signed)
        {
            Execution execution = Execute("POST", "/node/network/nodes", signed);
            if (execution is Execution.Proposed proposed)
            {
                Step(new Input.Submit(++tickets, proposed, WaitForCommit: false));
                Assert.IsType<Answer.Ordered>(Answers[tickets][0]);
                return (proposed.Response.Status, JsonDocument.Parse(proposed.Response.Body).RootElement);
            }

            Response response = Assert.IsType<Execution.Answered>(execution).Response;
            return (response.Status, JsonDocument.Parse(response.Body).RootElement);
        }

        public long Submit(string name, string value)
        {
            Execution.Proposed proposed = Assert.IsType<Execution.Proposed>(
                Execute("PUT", "/app/names/" + name, JsonSerializer.Serialize(new { value })));
            Step(new Input.Submit(++tickets, proposed, WaitForCommit: true));
            return tickets;
        }

        /// <summary>Writes with an idempotency key; gives the place of the first request with it, and the code of a
        /// refusal.</summary>
        public (TxId? TxId, string? Refusal) WriteOnce(string name, string value, string key)
        {
            Execution execution =
                Execute("PUT", "/app/names/" + name, JsonSerializer.Serialize(new { value }), key);
            if (execution is Execution.Proposed proposed)
            {
                Step(new Input.Submit(++tickets, proposed, WaitForCommit: false));
                return (Assert.IsType<Answer.Ordered>(Answers[tickets][0]).TxId, null);
            }

            Execution.Answered answered = Assert.IsType<Execution.Answered>(execution);
            return answered.Response.IsSuccess
                ? (answered.TxId, null)
                : (null, JsonDocument.Parse(answered.Response.Body).RootElement.GetProperty("error")
                    .GetProperty("code").GetString());
        }

        public TxId Write(string name, string value)
        {
            long ticket = Submit(name, value);
            return Assert.IsType<Answer.Ordered>(Answers[ticket][0]).TxId;
        }

        public string? Read(string name) =>
            ValueIn(Assert.IsType<Execution.Answered>(Execute("GET", "/app/names/" + name)).Response);

        private static string? ValueIn(Response response) => response.IsSuccess
            ? JsonDocument.Parse(response.Body).RootElement.GetProperty("value").GetString()
            : null;

        /// <summary>Executes a linearisable read, and asks for its confirmation.</summary>
        public long AskForNewest(string name, out string? value)
        {
            Execution.Unconfirmed read = ExecuteNewest(name);
            value = ValueIn(read.Response);
            return Confirm(read);
        }

        public Execution.Unconfirmed ExecuteNewest(string name) =>
            Assert.IsType<Execution.Unconfirmed>(Execute("GET", "/app/newest/" + name));

        public long Confirm(Execution.Unconfirmed read)
        {
            Step(new Input.Confirm(++tickets, read));
            return tickets;
        }

        /// <summary>What a client was told last; null when nothing yet.</summary>
        public Answer? Told(long ticket) => Answers.TryGetValue(ticket, out List<Answer>? all) ? all[^1] : null;

        /// <summary>The ids of nodes whose machines may go, as this node has them.</summary>
        public IReadOnlyList<string> Removable() =>
            [.. JsonDocument.Parse(Assert.IsType<Execution.Answered>(
                Execute("GET", "/node/network/removable_nodes")).Response.Body)
                .RootElement.GetProperty("nodes").EnumerateArray()
                .Select(node => node.GetProperty("node_id").GetString()!)];

        public string StatusOf(TxId txId)
        {
            Response response = Assert.IsType<Execution.Answered>(
                Execute("GET", $"/app/tx?transaction_id={txId}")).Response;
            return JsonDocument.Parse(response.Body).RootElement.GetProperty("status").GetString()!;
        }

        public Execution Execute(string method, string target, string? body = null, string? key = null) =>
            Execute(method, target, body is null ? [] : Encoding.UTF8.GetBytes(body), key);

        private Execution Execute(string method, string target, byte[] body, string? key = null)
        {
            Assert.True(Request.TryCreate(
                method,
                target,
                name => name switch
                {
                    "Content-Type" when body.Length > 0 => "application/json",
                    NodeHeaders.IdempotencyKey => key,
                    _ => null,
                },
                body,
                network.User.Der,
                out Request? request,
                out _));
            return Node.Execute(request!);
        }

        private static Block Decode(ReadOnlyMemory<byte> bytes)
        {
            Assert.True(Block.TryDecode(bytes, out Block? block));
            return block;
        }

        private void Perform(Effect effect)
        {
            switch (effect)
            {
                case Effect.StoreBlock or Effect.TruncateLedger: disk.Enqueue(effect); break;
                case Effect.Open: IsOpen = true; break;
                case Effect.Log line: Log.Add(line.Message); break;
                case Effect.StoreSecrets store when network.Sealed.IsEmpty: network.Sealed = store.Bytes; break;
                case Effect.Stop stop: Assert.Fail(stop.Reason); break;
                case Effect.Send send: network.wire.Enqueue((this, send.To, Bytes(send.Message))); break;
                case Effect.SendSecrets send:
                    network.SecretsSent.Add(send.To);
                    network.wire.Enqueue((this, send.To, PeerCodec.GiveSecrets(send.Secrets.Reveal())));
                    send.Secrets.Dispose();
                    break;
                case Effect.LoadState load: Load(load); break;
                case Effect.RecallBlocks recall:
                    Step(new Input.BlocksRecalled(recall.Node, RecalledBlocks.Read(recall, Read)));
                    break;
                case Effect.ReadBlock read:
                    Step(new Input.BlockRead(read.SeqNo, Disk.Find(
                        stored => Decode(stored).First <= read.SeqNo && Decode(stored).Last >= read.SeqNo)));
                    break;
                case Effect.MakeSnapshot make: Make(make.Job); break;
                case Effect.Reply reply:
                    if (!Answers.TryGetValue(reply.Ticket, out List<Answer>? list)) Answers[reply.Ticket] = list = [];
                    list.Add(reply.Answer);
                    break;
            }
        }

        private ReadOnlyMemory<byte> Read(SeqNo from, int bytesMax) => RecalledBlocksTests.Read(Disk, from, bytesMax);

        private ReadOnlyMemory<byte> Bytes(OutgoingMessage message) =>
        (byte[])[
            .. message.Header.Span,
            .. message.Blocks.SelectMany(block =>
                (block.Bytes ?? Disk.Find(stored => Decode(stored).First == block.First)).ToArray()),
        ];

        private void Make(SnapshotJob job)
        {
            List<byte> file = [];
            SnapshotEvidence evidence = job.Run(frame => file.AddRange(frame.Span));
            network.Snapshots[job.TxId.SeqNo] = [.. file];
            Step(new Input.SnapshotMade(job.TxId.SeqNo, evidence));
        }

        private void Load(Effect.LoadState load)
        {
            if (network.HoldsLoads)
            {
                Held = load;
                return;
            }

            LedgerReplay replay = new([load.Secrets]);
            replay.AddChunk(
                LedgerChunk.OpenName(new SeqNo(1)), Chunk(Disk.Where(block => Decode(block).Last <= load.Last)));
            Assert.Empty(replay.Finish().Problems);
            Assert.Null(replay.FindLoadObstacle(network.Genesis, NodeSetup.VirtualPlatform));
            Step(new Input.StateLoaded(replay, ""));
        }
    }
}
