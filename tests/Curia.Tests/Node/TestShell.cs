using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.KeyValue;
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

    public TestShell(NodeLimits? limits = null, bool start = true)
    {
        Entropy entropy = new SystemEntropy();
        User = NewCertificate("user0", entropy);
        Stranger = NewCertificate("stranger", entropy);
        Node = new CuriaNode(new NodeSetup
        {
            NodeKey = EcdsaSigner.Generate(entropy),
            Entropy = entropy,
            NewSigner = source => EcdsaSigner.Generate(source),
            Application = Application(),
            Genesis = new GenesisSettings { Name = "test", Members = [], Users = [new GenesisUser(User)] },
            SubjectAlternativeNames = [],
            PublishedAddresses = ["127.0.0.1:8000"],
            Limits = limits ?? new NodeLimits(),
        });
        if (!start) return;
        Step(new Input.Start(Noon));
        Sync();
    }

    public CuriaNode Node { get; }

    public Certificate User { get; }

    public Certificate Stranger { get; }

    /// <summary>Blocks that are durable, in order.</summary>
    public List<ReadOnlyMemory<byte>> Disk { get; } = [];

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
            Step(new Input.Stored(block.Last));
        }
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

    private static EndpointTable Application()
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
        app.MapHistorical(
            "/history/{at}",
            AuthenticationPolicy.UserCertificate,
            (AtPath path) => new SeqNo(path.At),
            (path, found) => found.Writes.Map(names).Range().Select(pair => pair.Key + "=" + pair.Value).ToArray());
        return app.Build();
    }

    private static Certificate NewCertificate(string name, Entropy entropy)
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
