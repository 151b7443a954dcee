using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Tests.Node;

/// <summary>A shell without threads, disk or network: performs effects in memory, when the test says so.</summary>
internal sealed class TestShell : IDisposable
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly Map<string, string> names = new("names", Codecs.Utf8, Codecs.Utf8);
    private readonly Queue<Effect.StoreBlock> unsynced = new();
    private long tickets;

    public TestShell(NodeLimits? limits = null, bool start = true) : this(null, null, limits, start)
    {
    }

    private TestShell(TestShell? before, LedgerReplay? replay, NodeLimits? limits, bool start)
    {
        Entropy entropy = new SystemEntropy();
        User = before?.User ?? NewCertificate("user0", entropy);
        Stranger = before?.Stranger ?? NewCertificate("stranger", entropy);
        Genesis = before?.Genesis ?? new GenesisSettings
        {
            Name = "test",
            Members = [new GenesisMember(NewCertificate("member0", entropy), "an encryption key")],
            Users = [new GenesisUser(User)],
        };
        foreach (ReadOnlyMemory<byte> block in before?.Disk ?? []) Disk.Add(block);
        foreach ((string name, ReadOnlyMemory<byte> bytes) in before?.Secrets ?? []) Secrets.Add(name, bytes);
        NodeSetup setup = new()
        {
            NodeKey = EcdsaSigner.Generate(entropy),
            Entropy = entropy,
            NewSigner = source => EcdsaSigner.Generate(source),
            SealingKey = SealingKey,
            Application = Application(),
            Genesis = Genesis,
            SubjectAlternativeNames = [],
            PublishedAddresses = ["127.0.0.1:8000"],
            Limits = limits ?? new NodeLimits(),
        };
        Node = new CuriaNode(setup, replay);
        if (!start) return;
        Step(new Input.Start(Noon));
        Sync();
    }

    /// <summary>The key of the platform on which all these nodes run.</summary>
    public static SecretBytes SealingKey { get; } = new(new byte[32]);

    public GenesisSettings Genesis { get; }

    public CuriaNode Node { get; }

    public Certificate User { get; }

    public Certificate Stranger { get; }

    /// <summary>Blocks that are durable, in order.</summary>
    public List<ReadOnlyMemory<byte>> Disk { get; } = [];

    /// <summary>Sealed secrets that are durable, by the names of their files.</summary>
    public Dictionary<string, ReadOnlyMemory<byte>> Secrets { get; } = [];

    /// <summary>What clients were told, by ticket.</summary>
    public Dictionary<long, List<Answer>> Answers { get; } = [];

    public List<Effect> Others { get; } = [];

    public void Step(Input input, bool moreWait = false)
    {
        foreach (Effect effect in Node.Step(input, moreWait).InOrder.ToArray())
        {
            switch (effect)
            {
                case Effect.StoreBlock store: unsynced.Enqueue(store); break;
                case Effect.StoreSecrets store: Secrets.Add(store.FileName, store.Bytes); break;
                case Effect.Reply reply:
                    if (!Answers.TryGetValue(reply.Ticket, out List<Answer>? list)) Answers[reply.Ticket] = list = [];
                    list.Add(reply.Answer);
                    break;
                default: Others.Add(effect); break;
            }
        }
    }

    public void Tick(int times)
    {
        for (int i = 0; i < times; i++) Step(new Input.Tick(Noon));
    }

    /// <summary>The disk catches up.</summary>
    public void Sync()
    {
        while (unsynced.TryDequeue(out Effect.StoreBlock? block))
        {
            Disk.Add(block.Bytes);
            Step(new Input.Stored(block.Number));
        }
    }

    /// <summary>What is durable, read back as a process does that starts on it.</summary>
    /// <param name="candidates">Taken over; all sealed secrets that are durable when none are given.</param>
    public LedgerReplay Read(params IReadOnlyList<SealedSecrets> candidates)
    {
        LedgerReplay replay = new(candidates.Count > 0 ? candidates : [.. Secrets.Keys.Select(Unseal)]);
        replay.AddChunk(LedgerChunk.OpenName(new SeqNo(1)), Chunk());
        return replay;
    }

    /// <summary>What is durable, as one file.</summary>
    public byte[] Chunk() => [.. LedgerChunk.Header(new SeqNo(1)), .. Disk.SelectMany(block => block.ToArray())];

    public SealedSecrets Unseal(string fileName)
    {
        Assert.True(SealedSecrets.TryOpen(Secrets[fileName].Span, SealingKey, out SealedSecrets? secrets));
        return secrets;
    }

    /// <summary>Another process on what is durable; this one is as good as killed.</summary>
    public TestShell Restart(NodeLimits? limits = null, bool start = true)
    {
        LedgerReplay replay = Read();
        Assert.Empty(replay.Finish().Problems);
        Assert.Null(replay.FindObstacle(Genesis, NodeSetup.VirtualPlatform));
        return new TestShell(this, replay, limits, start);
    }

    /// <summary>The disk catches up, and the process ends before it hears of it.</summary>
    public void SyncUnheard()
    {
        while (unsynced.TryDequeue(out Effect.StoreBlock? block)) Disk.Add(block.Bytes);
    }

    public Execution Execute(string method, string target, string? body = null, Certificate? caller = null)
    {
        byte[] bytes = body is null ? [] : Encoding.UTF8.GetBytes(body);
        Assert.True(Request.TryCreate(
            method,
            target,
            name => name == "Content-Type" && body is not null ? "application/json" : null,
            bytes,
            caller?.Der ?? default,
            out Request? request,
            out _));
        return Node.Execute(request!);
    }

    /// <summary>Executes and answers without ordering anything.</summary>
    public Response Get(string target, Certificate? caller = null)
    {
        Execution.Answered answered = Assert.IsType<Execution.Answered>(Execute("GET", target, null, caller));
        if (answered.FollowUp is { } input) Step(input);
        return answered.Response;
    }

    public JsonElement GetJson(string target, Certificate? caller = null) =>
        JsonDocument.Parse(Get(target, caller).Body).RootElement;

    public string StatusOf(string txId) => GetJson($"/app/tx?transaction_id={txId}").GetProperty("status").GetString()!;

    public Execution.Proposed Propose(string name, string value) =>
        Assert.IsType<Execution.Proposed>(
            Execute("PUT", "/app/names/" + name, JsonSerializer.Serialize(new { value }), User));

    public long Submit(Execution.Proposed proposed, bool wait = false, bool moreWait = false)
    {
        Step(new Input.Submit(++tickets, proposed, wait), moreWait);
        return tickets;
    }

    public TxId Write(string name, string value)
    {
        long ticket = Submit(Propose(name, value));
        return Assert.IsType<Answer.Ordered>(Answers[ticket][0]).TxId;
    }

    public void Dispose() => Node.Dispose();

    public static EndpointTable Application()
    {
        EndpointTableBuilder app = new("names", "1.0.0");
        app.MapPut("/names/{name}", AuthenticationPolicy.UserCertificate,
            (NamePath path, NameBody body, Request _, Transaction transaction) =>
        {
            transaction.Map(names).Put(path.Name, body.Value);
            return true;
        });
        app.MapPost("/append", AuthenticationPolicy.UserCertificate, (NameBody body, Transaction transaction) =>
        {
            MapView<string, string> map = transaction.Map(names);
            map.Put("all", (map.TryGet("all", out string? all) ? all : "") + body.Value);
            return true;
        });
        app.MapPost("/fail", AuthenticationPolicy.UserCertificate, (Request request, Transaction transaction) =>
        {
            transaction.Map(names).Put("failed", "yes");
            return Response.Error(409, "Refused", "Always.");
        });
        app.MapGet("/names/{name}", AuthenticationPolicy.UserCertificate,
            (NamePath path, ReadOnlyTransaction transaction) =>
                transaction.Map(names).TryGet(path.Name, out string? value)
                    ? Response.Json(new NameBody(value))
                    : Response.NotFound("None."));
        app.MapGet("/newest/{name}", AuthenticationPolicy.UserCertificate,
            (NamePath path, ReadOnlyTransaction transaction) =>
                transaction.Map(names).TryGet(path.Name, out string? value)
                    ? Response.Json(new NameBody(value))
                    : Response.NotFound("None."))
            .Linearizable();
        app.MapDelete("/names/{name}", AuthenticationPolicy.UserCertificate, (NamePath path, Transaction transaction) =>
        {
            transaction.Map(names).Remove(path.Name);
            return true;
        }).Redirected();
        app.MapHistorical(
            "/history/{at}",
            AuthenticationPolicy.UserCertificate,
            (AtPath path) => new SeqNo(path.At),
            (path, found) => found.Writes.Map(names).Range().Select(pair => pair.Key + "=" + pair.Value).ToArray());
        return app.Build();
    }

    public static Certificate NewCertificate(string name, Entropy entropy)
    {
        using EcdsaSigner key = EcdsaSigner.Generate(entropy);
        byte[] der = CertificateAuthority.SelfSigned(key, name, Noon.AddDays(-1), Noon.AddDays(30), entropy);
        Assert.True(Certificate.TryFromDer(der, out Certificate? certificate));
        return certificate!;
    }

    private sealed record NamePath(string Name);

    private sealed record NameBody(string Value);

    private sealed record AtPath(ulong At);
}
