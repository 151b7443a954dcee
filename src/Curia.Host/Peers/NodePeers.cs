using System;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Collections.ObjectModel;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Node;
using Curia.Node.Peers;
using Curia.Peers;
using Curia.Vocabulary;
using PeerMessage = Curia.Peers.PeerMessage;

namespace Curia.Host.Peers;

/// <summary>What calls between nodes ask for (docs/node-protocol.md, "What calls ask for").</summary>
internal static class PeerCalls
{
    /// <summary>Committed blocks from a seqno on.</summary>
    public const byte Blocks = 1;

    /// <summary>The answer to a client's request.</summary>
    public const byte Request = 2;

    /// <summary>In a probe: what a process says that was started on the disk of a node.</summary>
    public const byte Claim = 3;

    /// <summary>In a probe: whether the process promises to take part in a formation.</summary>
    public const byte Prepare = 4;

    /// <summary>In a probe: the formation begins, and these are its secrets.</summary>
    public const byte Begin = 5;

    /// <summary>Where the nodes are, as the caller knows them.</summary>
    public const byte Introduce = 6;

    /// <summary>A part of a snapshot.</summary>
    public const byte Snapshot = 7;

    /// <summary>In a probe: what a founder shows to another one.</summary>
    public const byte Present = 8;

    /// <summary>In a probe: the founding statement of a founder, and for the first primary its entropy.</summary>
    public const byte Agree = 9;

    /// <summary>In a probe: the genesis block is made, and these are its secrets.</summary>
    public const byte Found = 10;

    /// <summary>In a probe: the charter, for a founder of another one whose code is authorised here too.</summary>
    public const byte Charter = 11;
}

/// <summary>What the answer to <see cref="PeerCalls.Claim"/> begins with.</summary>
internal enum ProbeAnswer : byte
{
    /// <summary>The claim of the other process follows.</summary>
    Restarting = 1,

    /// <summary>The other node is part of a network that has a primary; its id follows.</summary>
    Live = 2,

    /// <summary>The other node has nothing to say so far.</summary>
    Busy = 3,
}

/// <summary>Answers the probes of processes that are none of the peers.</summary>
internal interface IProbed
{
    /// <summary>Answers one. Any thread.</summary>
    ReadOnlyMemory<byte> Answer(NodeId from, byte kind, ReadOnlyMemory<byte> body);
}

/// <summary>What a node that serves gives its connections with others.</summary>
/// <param name="Node">Reads messages.</param>
/// <param name="TryTell">Takes them; false when too many wait.</param>
/// <param name="Ledger">Has the blocks that others ask for.</param>
/// <param name="Snapshots">Gives snapshots.</param>
/// <param name="Requests">Answers the requests that others forward.</param>
internal sealed record PeerService(
    CuriaNode Node, Func<Input.Message, bool> TryTell, LedgerFiles Ledger, SnapshotFiles Snapshots,
    RequestHandling Requests);

/// <summary>The node's connections with other nodes: effects go out, inputs come in, calls are answered.</summary>
internal sealed class NodePeers : IAsyncDisposable
{
    // A few round trips fill a chunk, and a reply is far from the limit of frames.
    private const int BlockBytesAtOnce = 4 << 20;

    private const int ExpectedMax = 256;

    // Longer than it takes to come into a nodes map; who never does is forgotten.
    private static readonly TimeSpan introducedTime = TimeSpan.FromMinutes(1);

    // A node that missed the admission of another one hears of it so, and can then hear it.
    private static readonly TimeSpan introduceInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan introducePatience = TimeSpan.FromSeconds(1);

    private readonly HostLog log;
    private readonly PeerNetwork network;
    private readonly Lock gate = new();
    private readonly HashSet<NodeId> known = [];
    private readonly Dictionary<NodeId, string> expected = [];
    private readonly Dictionary<NodeId, (string Address, long Heard)> introduced = [];
    private readonly CancellationTokenSource ending = new();
    private IReadOnlyDictionary<NodeId, string> map = ReadOnlyDictionary<NodeId, string>.Empty;
    private volatile PeerService? service;
    private volatile IProbed? probed;
    private readonly ConcurrentDictionary<string, long> refused = new(StringComparer.Ordinal);

    private NodePeers(EcdsaSigner key, Entropy entropy, HostLog log)
    {
        this.log = log;
        network = new PeerNetwork(new PeerSettings
        {
            Key = key,
            Entropy = entropy,
            OnMessage = Hear,
            OnCall = AnswerAsync,
            OnProbe = (from, kind, body, _) => Task.FromResult(AnswerProbe(from, kind, body)),
            Info = log.Info,
            Warning = log.Warning,
        });
    }

    /// <summary>Where other nodes find this one, <c>host:port</c>.</summary>
    public string Address { get; private set; } = "";

    /// <summary>The connections.</summary>
    public PeerNetwork Network => network;

    /// <summary>Listens; nobody is let in so far.</summary>
    /// <exception cref="StartFailure">The address cannot be used.</exception>
    public static async Task<NodePeers> BindAsync(
        PeersConfiguration configuration, EcdsaSigner key, Entropy entropy, HostLog log)
    {
        NodePeers peers = new(key, entropy, log);
        try
        {
            System.Net.IPEndPoint bound = await peers.network.BindAsync(configuration.Bind).ConfigureAwait(false);
            int port = configuration.PublishedPort == 0 ? bound.Port : configuration.PublishedPort;
            peers.Address = new PeerAddress(configuration.PublishedHost, port).ToString();
            return peers;
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            await peers.DisposeAsync().ConfigureAwait(false);
            throw new StartFailure($"The node cannot listen for other nodes on {configuration.Bind}", e.Message,
                "Free the port, or set peers.address to another one");
        }
    }

    /// <summary>Answers probes in place of the node; null once it serves.</summary>
    public IProbed? Probed
    {
        get => probed;
        set => probed = value;
    }

    /// <summary>Lets nodes connect though the nodes map does not have them yet.</summary>
    /// <param name="others">Who, and where.</param>
    public void Expect(IReadOnlyDictionary<NodeId, string> others)
    {
        lock (gate)
        {
            foreach ((NodeId id, string address) in others)
            {
                // Who was in the own map once and is not now has left.
                if (!known.Contains(id) && expected.Count < ExpectedMax) expected[id] = address;
            }

            Apply();
        }
    }

    /// <summary>From here on messages are taken and calls answered.</summary>
    public void Serve(PeerService service)
    {
        this.service = service;
        _ = Task.Run(IntroduceAsync);
    }

    /// <summary>Says who may connect.</summary>
    /// <param name="addresses">The nodes, and where they listen.</param>
    public void Set(IReadOnlyDictionary<NodeId, string> addresses)
    {
        lock (gate)
        {
            map = addresses;
            known.UnionWith(addresses.Keys);
            foreach (NodeId id in addresses.Keys)
            {
                expected.Remove(id);
                introduced.Remove(id);
            }

            Apply();
        }
    }

    // Members signed the addresses; that does not make each of them one.
    private void Apply()
    {
        Dictionary<NodeId, PeerAddress> peers = [];
        IEnumerable<KeyValuePair<NodeId, string>> strangers =
            introduced.Select(one => KeyValuePair.Create(one.Key, one.Value.Address));
        foreach ((NodeId id, string address) in strangers.Concat(expected).Concat(map))
        {
            if (NodeConfiguration.TryHostAndPort(address, out string host, out int port) && port > 0)
                peers[id] = new PeerAddress(host, port);
            else
                log.Warning($"Node {id} cannot be reached: \"{address}\" is no host and port.");
        }

        network.SetPeers(peers);
    }

    /// <summary>Sends a message.</summary>
    public void Send(Effect.Send send)
    {
        // An append stays behind the blocks of those before it, or it would be refused and they sent again.
        bool mayPass = !PeerCodec.IsAppend(send.Message.Header.Span);
        List<PeerPart> parts = [PeerPart.Of(send.Message.Header)];
        foreach (OutgoingBlock block in send.Message.Blocks)
            parts.Add(block.Bytes is { } bytes ? PeerPart.Of(bytes) : PeerPart.Later(() => Read(block)));
        network.Send(send.To, new PeerMessage(parts, mayPass));
    }

    /// <summary>Tells a trusted node the secrets.</summary>
    public void Send(Effect.SendSecrets send)
    {
        using SecretBytes secrets = send.Secrets;
        network.Send(send.To, PeerMessage.OfSecret(PeerCodec.GiveSecrets(secrets.Reveal())));
    }

    /// <summary>Messages that were none, or whose blocks are wrong or cannot be read, by the names of
    /// <see cref="MessageProblem"/>.</summary>
    public IReadOnlyDictionary<string, long> MessagesRefused => refused;

    /// <summary>The other nodes that take part, as this one knows them.</summary>
    public IReadOnlyList<NodeId> Others()
    {
        lock (gate) return [.. map.Keys.Where(id => id != network.NodeId)];
    }

    /// <summary>Asks another node for committed blocks.</summary>
    /// <param name="from">The node.</param>
    /// <param name="seqNo">The first transaction that is wanted.</param>
    /// <param name="patience">How long to wait.</param>
    /// <param name="cancel">Ends the wait.</param>
    public Task<PeerReply> FetchAsync(NodeId from, SeqNo seqNo, TimeSpan patience, CancellationToken cancel)
    {
        byte[] question = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(question, seqNo.Value);
        return network.CallAsync(from, PeerCalls.Blocks, question, patience, cancel);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await ending.CancelAsync().ConfigureAwait(false);
        await network.DisposeAsync().ConfigureAwait(false);
    }

    private async Task IntroduceAsync()
    {
        while (!ending.IsCancellationRequested)
        {
            KeyValuePair<NodeId, string>[] nodes;
            lock (gate) nodes = [.. map];
            byte[] body = JsonSerializer.SerializeToUtf8Bytes(
                nodes.ToDictionary(node => node.Key.ToString(), node => node.Value));
            await Task.WhenAll(nodes.Where(node => node.Key != network.NodeId).Select(node =>
                    network.CallAsync(node.Key, PeerCalls.Introduce, body, introducePatience, ending.Token)))
                .ConfigureAwait(false);
            await Task.WhenAny(Task.Delay(introduceInterval, ending.Token)).ConfigureAwait(false);
        }
    }

    private void TakeIntroduction(NodeId from, ReadOnlySpan<byte> body)
    {
        lock (gate)
        {
            // A node that is itself only expected introduces nobody.
            if (!map.ContainsKey(from)) return;
        }

        Dictionary<NodeId, string> others = [];
        foreach ((string text, string address) in JsonSerializer.Deserialize<Dictionary<string, string>>(body) ?? [])
        {
            // The framework lets null stand where there must be none.
            bool isAddress = address is not null && NodeConfiguration.TryHostAndPort(address, out _, out int port)
                && port > 0;
            if (isAddress && Digest.TryParseHex(text, out Digest id)) others[new NodeId(id)] = address!;
        }

        others.Remove(network.NodeId);
        lock (gate)
        {
            if (Meet(others)) Apply();
        }
    }

    // Who has them in its map says so again every two seconds.
    private bool Meet(Dictionary<NodeId, string> others)
    {
        bool changes = false;
        foreach ((NodeId id, (_, long heard)) in introduced)
        {
            if (Stopwatch.GetElapsedTime(heard) > introducedTime) changes |= introduced.Remove(id);
        }

        foreach ((NodeId id, string address) in others)
        {
            // Who was in the own map once and is not now has left.
            bool isNew = !introduced.TryGetValue(id, out (string Address, long Heard) before);
            if (known.Contains(id) || expected.ContainsKey(id) || (isNew && introduced.Count >= ExpectedMax)) continue;
            introduced[id] = (address, Stopwatch.GetTimestamp());
            changes |= isNew || before.Address != address;
        }

        return changes;
    }

    private ReadOnlyMemory<byte>? Read(OutgoingBlock block)
    {
        try
        {
            return service?.Ledger.ReadRange(block.First, block.Last, bytesMax: 1) is { IsEmpty: false } bytes
                ? bytes
                : (ReadOnlyMemory<byte>?)null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            log.Warning($"The block of seqno {block.First}, which another node needs, cannot be read: {e.Message}");
            return null;
        }
    }

    private ReadOnlyMemory<byte> AnswerProbe(NodeId from, byte kind, ReadOnlyMemory<byte> body)
    {
        if (probed is { } restarting) return restarting.Answer(from, kind, body);
        if (kind != PeerCalls.Claim) throw new ArgumentException($"a node that serves has no call {kind} for a probe");
        return service is { Node.View: { IsOpen: true, Primary: not null } view }
            ? (byte[])[(byte)ProbeAnswer.Live, .. view.NodeId.Value.ToArray()]
            : (byte[])[(byte)ProbeAnswer.Busy];
    }

    // Roots and signatures are verified here, on the thread of the connection, and not on the loop.
    private string? Hear(NodeId from, ReadOnlyMemory<byte> bytes)
    {
        if (service is not { } serving) return null;
        if (serving.Node.TryRead(bytes, out Node.Peers.PeerMessage? message, out MessageProblem? problem))
        {
            // They were copied out.
            if (message is Node.Peers.PeerMessage.GiveSecrets) Clear(bytes);
            if (!serving.TryTell(new Input.Message(from, message)))
                Refuse(from, new MessageProblem(PeerRefusal.Busy, "too many messages wait for this node's next step"));
            return null;
        }

        Refuse(from, problem);
        return problem.IsDishonest ? problem.Name : null;
    }

    /// <summary>Counts and logs what is refused of what another node sent.</summary>
    public void Refuse(NodeId from, MessageProblem problem)
    {
        long count = refused.AddOrUpdate(problem.Name, 1, (_, before) => before + 1);
        if (long.IsPow2(count))
            log.Warning($"A message of node {from} is refused: {problem}. So far for this reason: {count}.");
    }

    // What was received belongs to who takes it.
    internal static void Clear(ReadOnlyMemory<byte> received) =>
        CryptographicOperations.ZeroMemory(MemoryMarshal.AsMemory(received).Span);

    private async Task<ReadOnlyMemory<byte>> AnswerAsync(
        NodeId from, byte kind, ReadOnlyMemory<byte> body, CancellationToken gone)
    {
        if (kind == PeerCalls.Introduce)
        {
            TakeIntroduction(from, body.Span);
            return ReadOnlyMemory<byte>.Empty;
        }

        if (service is not { } serving)
        {
            // A forwarded request has surely not been executed, which whoever forwards has to know.
            return kind == PeerCalls.Request
                ? Forwarding.Encode(new Outgoing(HostResponses.NoPrimary))
                : throw new InvalidOperationException("The node starts.");
        }

        switch (kind)
        {
            case PeerCalls.Blocks:
                if (body.Length != sizeof(ulong)) throw new ArgumentException("a seqno has eight bytes");
                SeqNo first = new(BinaryPrimitives.ReadUInt64BigEndian(body.Span));
                return first <= serving.Node.View.Committed.SeqNo && first.Value > 0
                    ? serving.Ledger.ReadRange(first, serving.Node.View.Committed.SeqNo, BlockBytesAtOnce)
                    : ReadOnlyMemory<byte>.Empty;
            case PeerCalls.Snapshot:
                return SnapshotSource.Answer(serving.Snapshots, body.Span, BlockBytesAtOnce);
            case PeerCalls.Request:
                // Whom members admitted, and who was told the secrets: it speaks for clients (docs/node-protocol.md).
                if (!serving.Node.View.MayForward(from))
                    return Forwarding.Encode(new Outgoing(HostResponses.NoPrimary));
                return await serving.Requests.ExecuteForwardedAsync(body, gone).ConfigureAwait(false);
            default:
                throw new ArgumentException($"there is no call {kind}");
        }
    }
}
