using System;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.EndToEnd.CommandLine;

/// <summary>A founder that says whatever it likes, over the real transport: whoever has a key and can reach a node is
/// one. Its virtual evidence is as good as that of a real node, so it also stands for a broken TEE.</summary>
internal sealed class RogueFounder : IAsyncDisposable
{
    private const byte Present = 8;
    private const byte Agree = 9;
    private const byte Found = 10;
    private const byte CharterCall = 11;

    private static readonly TimeSpan patience = TimeSpan.FromSeconds(20);

    private readonly Founders founders;
    private readonly EcdsaSigner key = EcdsaSigner.Generate(new SystemEntropy());
    private readonly PeerNetwork network;

    private RogueFounder(Founders founders, string slot)
    {
        this.founders = founders;
        Assert.True(Charter.TryDecode(File.ReadAllBytes(founders.PathOf("charter.cbor")), out Charter? charter, out _));
        Charter = charter;
        Slot = slot;
        Owner = charter.Content.Slots[slot].Owner;
        network = new PeerNetwork(new PeerSettings
        {
            Key = key,
            Entropy = new SystemEntropy(),
            OnMessage = (_, _) => null,
            OnCall = (_, _, body, _) => Task.FromResult(body),
            OnProbe = (from, kind, body, _) => Task.FromResult(Answer(from, kind, body)),
            Info = _ => { },
            Warning = _ => { },
        });
    }

    public Charter Charter { get; }

    public string Slot { get; }

    public string Owner { get; }

    public NodeId Node => network.NodeId;

    /// <summary>What others have shown to it, by their ids.</summary>
    public ConcurrentDictionary<NodeId, byte[]> Heard { get; } = new();

    /// <summary>What it answers to who agrees.</summary>
    public Func<NodeId, SignedFoundingStatement?> Answers { get; set; } = _ => null;

    /// <summary>Comes into being where a slot's node is looked for.</summary>
    public static async Task<RogueFounder> StartAsync(Founders founders, int slot, bool listens = true)
    {
        RogueFounder rogue = new(founders, Founders.Slots[slot]);
        if (listens) await rogue.network.BindAsync(new IPEndPoint(IPAddress.Loopback, founders.Ports[slot]));
        return rogue;
    }

    /// <summary>Evidence of this node, or of another one.</summary>
    public AttesterEvidence Evidence(
        Digest? charter = null, NodeId? node = null, string platform = "virtual", string? program = null,
        bool debug = false, int tcb = 1) => EvidenceOf(
            node ?? Node,
            program is null
                ? Charter.Content.Code["logging"].Platforms["virtual"][0].Measurement!.Value
                : new Measurement(Digest.Of(Encoding.UTF8.GetBytes(program)).ToArray()),
            charter ?? Charter.Digest, platform, debug, tcb);

    /// <summary>Evidence of the virtual platform, whose key everybody has.</summary>
    public static AttesterEvidence EvidenceOf(
        NodeId node, Measurement program, Digest bound, string platform = "virtual", bool debug = false, int tcb = 1)
    {
        using EcdsaSigner everybodys = VirtualPlatform.OpenKey();
        return AttesterEvidence.OfVirtual(VirtualEvidence.Sign(
            new VirtualReport(
                platform, program, NodeAttestation.ReportDataOf(node, bound), new byte[32], tcb, debug),
            everybodys));
    }

    /// <summary>The same as a node writes it into its identity.json.</summary>
    public static string IdentityOf(NodeId node, AttesterEvidence evidence) => new JsonObject
    {
        ["node_id"] = $"{node}",
        ["evidence"] = new JsonObject
        {
            ["platform"] = evidence.Platform,
            ["files"] = new JsonObject(evidence.Files.Select(file =>
                KeyValuePair.Create(file.Key, (JsonNode?)Convert.ToBase64String(file.Value)))),
        },
    }.ToJsonString();

    /// <summary>What its owner would say of it.</summary>
    public FounderEndorsement Said(AttesterEvidence? evidence = null) => new(
        Charter.Digest, Slot, Node, Charter.Content.Members[Owner].Id, Charter.Content.Slots[Slot].Address,
        ["127.0.0.1:1"], FounderPresentation.DigestOf(evidence ?? Evidence()), 1, DateTimeOffset.UtcNow.AddHours(1));

    /// <summary>What it shows; signed by its owner, or by somebody else whose key is in the folder, as
    /// its own.</summary>
    public FounderPresentation Shown(
        FounderEndorsement? said = null, AttesterEvidence? evidence = null, string? signer = null)
    {
        evidence ??= Evidence();
        string name = signer ?? Owner;
        Assert.True(Certificate.TryFromPem(
            File.ReadAllText(founders.PathOf($"{name}_cert.pem")), out Certificate? certificate));
        Assert.True(EcdsaSigner.TryFromPem(
            File.ReadAllText(founders.PathOf($"{name}_privk.pem")), out EcdsaSigner? owner));
        using (owner)
        {
            FounderEndorsement signed = said ?? Said(evidence);
            if (signer is not null) signed = signed with { Owner = new MemberId(certificate!.Fingerprint) };
            return new FounderPresentation(
                Charter.Digest, Slot, evidence, signed.Sign(certificate!, owner!), LedgerFormat: 2);
        }
    }

    /// <summary>Signs a statement of founders.</summary>
    public SignedFoundingStatement Sign(params FounderEntry[] founders) => SignedFoundingStatement.Sign(
        new FoundingStatement(Charter.Digest, 1, founders), key);

    /// <summary>Shows something to a node.</summary>
    /// <returns>Empty when it is verified; otherwise why not.</returns>
    public Task<string> ShowAsync(int node, FounderPresentation shown) => ShowAsync(node, shown.Encode());

    /// <summary>The same with any bytes.</summary>
    public async Task<string> ShowAsync(int node, byte[] shown)
    {
        byte[] reply = await CallAsync(node, Present, shown);

        // A node that has not read its own endorsement yet has no verdict on anybody.
        for (int again = 0; again < 200 && reply is [2]; again++)
        {
            await Task.Delay(50, TestContext.Current.CancellationToken);
            reply = await CallAsync(node, Present, shown);
        }

        return reply switch
        {
            [1] => "",
            [0, .. byte[] reason] => Encoding.UTF8.GetString(reason),
            _ => "no verdict",
        };
    }

    /// <summary>Sends a statement, and entropy.</summary>
    /// <returns>What the node has signed; null when it has not.</returns>
    public async Task<SignedFoundingStatement?> AgreeAsync(int node, SignedFoundingStatement statement)
    {
        byte[] encoded = statement.Encode();
        byte[] body = new byte[sizeof(int) + encoded.Length + 32];
        BinaryPrimitives.WriteInt32BigEndian(body, encoded.Length);
        encoded.CopyTo(body, sizeof(int));
        byte[] reply = await CallAsync(node, Agree, body);
        return SignedFoundingStatement.TryDecode(reply, out SignedFoundingStatement? theirs) ? theirs : null;
    }

    /// <summary>Sends secrets as a first primary would.</summary>
    /// <returns>Whether they are taken.</returns>
    public async Task<bool> FoundAsync(int node, byte[] secrets) => await CallAsync(node, Found, secrets) is [1];

    /// <summary>Asks for a node's charter.</summary>
    public Task<byte[]> AskCharterAsync(int node, FounderPresentation shown) =>
        CallAsync(node, CharterCall, shown.Encode());

    public async ValueTask DisposeAsync()
    {
        await network.DisposeAsync();
        key.Dispose();
    }

    private async Task<byte[]> CallAsync(int node, byte kind, byte[] body)
    {
        PeerReply reply = await network.ProbeAsync(
            new PeerAddress("127.0.0.1", founders.Ports[node]), null, kind, body, patience,
            TestContext.Current.CancellationToken);
        return Assert.IsType<PeerReply.Answered>(reply).Body.ToArray();
    }

    private ReadOnlyMemory<byte> Answer(NodeId from, byte kind, ReadOnlyMemory<byte> body)
    {
        if (kind == Present) Heard[from] = body.ToArray();
        return kind == Agree && Answers(from) is { } statement ? statement.Encode() : (byte[])[2];
    }
}
