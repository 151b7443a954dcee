using System;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Ledger;
using Curia.Node;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Host.Peers;

/// <summary>How the search of processes that were started on the disks of one network has ended.</summary>
internal abstract record RestartOutcome
{
    /// <summary>This one opens the epoch.</summary>
    public sealed record Found(Formation Formation) : RestartOutcome;

    /// <summary>Another one opens it, and this one takes part.</summary>
    public sealed record Follow(RestartClaim Founder, IReadOnlyDictionary<NodeId, string> Members) : RestartOutcome;

    /// <summary>The network never ended, or goes on already.</summary>
    public sealed record Join(IReadOnlyDictionary<NodeId, string> Nodes) : RestartOutcome;
}

/// <summary>Finds the other processes that were started on the disks of the network, and agrees with them on who opens
/// the next epoch (docs/consensus.md, "Cold restart"). What is decided, <see cref="ColdRestart"/> decides.</summary>
internal sealed class ColdRestarting : IProbed
{
    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(3);

    // Who is started a moment later takes part from the beginning, and need not be admitted by members.
    private static readonly TimeSpan grace = TimeSpan.FromSeconds(3);

    // A network without its old quorum loses its primary in less; one with a primary for so long lives.
    private static readonly TimeSpan liveTime = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan promiseTime = TimeSpan.FromSeconds(5);

    // A claim that was renewed meanwhile is here after one round. Who refuses that often is left out for a while, and
    // asked again then: it may only have waited for a process that is gone.
    private const int RefusalsMax = 5;
    private static readonly TimeSpan unwillingTime = ColdRestart.ClaimTime;

    private static readonly TimeSpan sayInterval = TimeSpan.FromSeconds(10);

    private readonly NodePeers peers;
    private readonly ColdRestart restart;
    private readonly DiskFile disk;
    private readonly Action<SealedSecrets> keep;
    private readonly HostLog log;
    private readonly Lock gate = new();
    private readonly TaskCompletionSource<RestartOutcome> begun =
        new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ConcurrentDictionary<NodeId, string> live = new();
    private readonly HashSet<string> addresses;
    private readonly HashSet<string> refusals = [];
    private readonly Dictionary<NodeId, (int Count, TimeSpan At)> refused = [];
    private Formation? own;
    private RestartOutcome.Follow? follow;
    private bool hasLeft;
    private Vote? promised;
    private long? liveSince;

    // The addresses are kept here: a claim may be dropped between the promise and the beginning.
    private sealed record Vote(
        RestartClaim Founder, IReadOnlyList<NodeId> Members, IReadOnlyDictionary<NodeId, string> Addresses,
        TimeSpan At);

    private static TimeSpan Now => Stopwatch.GetElapsedTime(0);

    /// <summary>Begins to answer the others.</summary>
    /// <param name="peers">Reaches the others.</param>
    /// <param name="restart">Decides.</param>
    /// <param name="disk">Keeps promises.</param>
    /// <param name="keep">Seals the secrets of the new epoch to the disk.</param>
    /// <param name="log">Takes progress.</param>
    public ColdRestarting(
        NodePeers peers, ColdRestart restart, DiskFile disk, Action<SealedSecrets> keep, HostLog log)
    {
        this.peers = peers;
        this.restart = restart;
        this.disk = disk;
        this.keep = keep;
        this.log = log;
        addresses = [.. restart.Addresses.Values];
        addresses.Remove(peers.Address);
        peers.Probed = this;
    }

    /// <summary>Searches until it is decided.</summary>
    public async Task<RestartOutcome> RunAsync(CancellationToken cancel)
    {
        log.Info($"The network ended at {restart.Own.Last}. Looking for the other disks of its "
            + $"{restart.Own.Active[^1].Count} nodes.");
        long said = Stopwatch.GetTimestamp();
        long? enough = null;
        while (true)
        {
            await Task.WhenAll(Known().Select(address => AskAsync(address, cancel))).ConfigureAwait(false);
            cancel.ThrowIfCancellationRequested();
            if (begun.Task.IsCompleted) return await begun.Task.ConfigureAwait(false);

            // After the round: when it was this process that paused, the others have answered by now.
            foreach (RestartClaim gone in restart.ForgetSilent(Now))
            {
                log.Info($"The process at {gone.PeerAddress} (node {gone.Node}) is not heard any more: its disk does "
                    + "not count until it is.");
            }

            Formation? formation = restart.Find(Unwilling());
            if (formation is null)
            {
                enough = null;
                if (IsLive() && TryLeave()) return new RestartOutcome.Join(live.ToDictionary());
            }
            else
            {
                enough ??= Stopwatch.GetTimestamp();
                bool isTime = restart.IsComplete(formation) || Stopwatch.GetElapsedTime(enough.Value) > grace;
                if (isTime && formation.Founder.Node == restart.Own.Node
                    && await PrepareAsync(formation, cancel).ConfigureAwait(false))
                {
                    return new RestartOutcome.Found(formation);
                }
            }

            if (Stopwatch.GetElapsedTime(said) > sayInterval)
            {
                said = Stopwatch.GetTimestamp();
                log.Warning(Standing(formation));
            }

            await Task.WhenAny(begun.Task, Task.Delay(pause, cancel)).ConfigureAwait(false);
        }
    }

    // What an operator is told, by what is known now.
    private string Standing(Formation? formation)
    {
        string missing = string.Join(", ", restart.Missing());
        string start = missing.Length > 0 ? $" Disks that are missing: {missing}. Start nodes on them." : "";
        HashSet<NodeId> unwilling = Unwilling();
        string refusing = unwilling.Count == 0
            ? ""
            : $" Nodes that have refused to take part, and are asked again: {string.Join(", ", unwilling)}.";
        if (formation is null)
        {
            return (restart.IsMajorityHere && unwilling.Count == 0
                ? "The network cannot go on yet: the disks that are here are not enough for the ledger that goes "
                    + "furthest, or for the diversity rule."
                : "The network cannot go on yet.") + refusing + start;
        }

        return (formation.Founder.Node == restart.Own.Node
            ? "Enough disks are here, and the ledger of this one goes furthest; not all nodes have promised yet to "
                + "take part."
            : "Enough disks are here. The node that opens the epoch is that whose ledger goes furthest: "
                + $"{formation.Founder.Node} ({formation.Founder.PeerAddress}); it has not begun yet.") + refusing;
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Answer(NodeId from, byte kind, ReadOnlyMemory<byte> body)
    {
        lock (gate)
        {
            return kind switch
            {
                PeerCalls.Claim => AnswerClaim(from, body),
                PeerCalls.Prepare => Flag(TryPromise(from, body.Span)),
                PeerCalls.Begin => Flag(TryBegin(from, body)),
                _ => throw new ArgumentException($"a probe has no call {kind}"),
            };
        }
    }

    private static ReadOnlyMemory<byte> Flag(bool yes) => new byte[] { yes ? (byte)1 : (byte)0 };

    /// <summary>The address of a claim; null when it is none.</summary>
    public static PeerAddress? AddressOf(string text) =>
        NodeConfiguration.TryHostAndPort(text, out string host, out int port) && port > 0
            ? new PeerAddress(host, port)
            : null;

    private ReadOnlyMemory<byte> AnswerClaim(NodeId from, ReadOnlyMemory<byte> body)
    {
        Take(body.Span, from);
        return (byte[])[(byte)ProbeAnswer.Restarting, .. restart.Claim.Span];
    }

    private RestartClaim? Take(ReadOnlySpan<byte> claim, NodeId? from = null)
    {
        if (!restart.TryTake(claim, Now, out RestartClaim? taken, out string reason, from))
        {
            bool isNew;
            lock (gate) isNew = refusals.Add(reason);
            if (isNew) log.Warning($"The claim of another process to be of this network is refused: {reason}.");
            return null;
        }

        if (taken.PeerAddress != peers.Address) Know(taken.PeerAddress);
        return taken;
    }

    private void Know(string address)
    {
        lock (gate) addresses.Add(address);
    }

    private string[] Known()
    {
        lock (gate) return [.. addresses];
    }

    private async Task AskAsync(string address, CancellationToken cancel)
    {
        if (AddressOf(address) is not { } target) return;
        PeerReply reply = await peers.Network
            .ProbeAsync(target, null, PeerCalls.Claim, restart.Claim, patience, cancel).ConfigureAwait(false);
        ReadOnlyMemory<byte> body = reply is PeerReply.Answered answered ? answered.Body : default;
        ProbeAnswer? answer = body.IsEmpty ? null : (ProbeAnswer)body.Span[0];
        if (answer == ProbeAnswer.Live && body.Length == 1 + Digest.Size)
        {
            live[new NodeId(new Digest(body.Span[1..]))] = address;
            restart.ForgetAt(address); // what it was before it went on with others
            return;
        }

        foreach ((NodeId id, _) in live.Where(one => one.Value == address)) live.TryRemove(id, out _);
        if (answer == ProbeAnswer.Busy) restart.ForgetAt(address);
        else if (answer == ProbeAnswer.Restarting && Take(body.Span[1..]) is { } taken)
            restart.ForgetAt(address, taken.Node);
    }

    private bool IsLive()
    {
        if (live.IsEmpty)
        {
            liveSince = null;
            return false;
        }

        liveSince ??= Stopwatch.GetTimestamp();
        return Stopwatch.GetElapsedTime(liveSince.Value) > liveTime;
    }

    // Some of those that refuse cannot do otherwise: they ended before they knew the epoch of this claim, for example.
    // The others go on without them where they are enough.
    private HashSet<NodeId> Unwilling()
    {
        lock (gate)
        {
            foreach ((NodeId node, (_, TimeSpan at)) in refused)
                if (Now - at > unwillingTime) refused.Remove(node);
            return [.. refused.Where(one => one.Value.Count >= RefusalsMax).Select(one => one.Key)];
        }
    }

    // From here on nothing is promised: the disk goes to the network that lives.
    private bool TryLeave()
    {
        lock (gate) return hasLeft = follow is null;
    }

    // All have promised, durably, before the founder stores the first block: so a disk that has not promised proves
    // that the formation never committed anything.
    private async Task<bool> PrepareAsync(Formation formation, CancellationToken cancel)
    {
        lock (gate)
        {
            if (IsPromised(restart.Own.Node) || follow is not null || formation.View <= disk.Promised) return false;
            own = formation;
        }

        byte[] body = Encode(formation);
        bool[] agreed = await Task.WhenAll(formation.Members.Where(one => one.Node != restart.Own.Node)
            .Select(member => AskToPromiseAsync(member, body, cancel))).ConfigureAwait(false);
        lock (gate)
        {
            if (!agreed.All(yes => yes))
            {
                own = null;
                return false;
            }

            disk.Promise(restart.Own.Node, formation.View);
        }

        log.Info($"{formation.Members.Count} nodes go on together from {formation.Founder.Last}; this one opens the "
            + "epoch.");
        return true;
    }

    private async Task<bool> AskToPromiseAsync(RestartClaim member, byte[] body, CancellationToken cancel)
    {
        PeerReply reply = AddressOf(member.PeerAddress) is { } address
            ? await peers.Network.ProbeAsync(address, member.Node, PeerCalls.Prepare, body, patience, cancel)
                .ConfigureAwait(false)
            : new PeerReply.NotSent("no address");
        if (reply is not PeerReply.Answered { Body.Length: 1 } answer)
        {
            restart.Forget(member.Node);
            return false;
        }

        bool isAgreed = answer.Body.Span[0] == 1;
        lock (gate)
        {
            if (isAgreed) refused.Remove(member.Node);
            else refused[member.Node] = (refused.GetValueOrDefault(member.Node).Count + 1, Now);
        }

        return isAgreed;
    }

    private bool IsPromised(NodeId unless) => promised is { } before && before.Founder.Node != unless
        && Now - before.At < promiseTime;

    private bool TryPromise(NodeId founder, ReadOnlySpan<byte> body)
    {
        if (hasLeft || follow is not null || own is not null || IsPromised(founder)
            || Decode(body) is not var (view, members) || view <= disk.Promised
            || !members.Contains(restart.Own.Node) || !members.Contains(founder)
            || restart.Find(new HashSet<NodeId>()) is not { } formation || formation.Founder.Node != founder)
        {
            return false;
        }

        disk.Promise(restart.Own.Node, view);
        restart.Promise(view);
        promised = new Vote(formation.Founder, members, AddressesOf(members), Now);
        return true;
    }

    private Dictionary<NodeId, string> AddressesOf(IReadOnlyList<NodeId> members) => members
        .Where(id => id != restart.Own.Node && restart.ClaimOf(id) is not null)
        .ToDictionary(id => id, id => restart.ClaimOf(id)!.PeerAddress);

    // The promise is what counts: the founder may have been silent for so long that its claim does not any more.
    private bool TryBegin(NodeId founder, ReadOnlyMemory<byte> body)
    {
        if (follow is not null) return follow.Founder.Node == founder;
        if (hasLeft || own is not null || promised is not { } promise || promise.Founder.Node != founder
            || !SealedSecrets.TryImport(body.Span, out SealedSecrets? secrets))
        {
            return false;
        }

        NodePeers.Clear(body); // they were copied out
        using (secrets)
        {
            if (secrets.NodeId != restart.Own.Node) return false;
            keep(secrets);
        }

        Dictionary<NodeId, string> members = AddressesOf(promise.Members);
        foreach ((NodeId id, string address) in promise.Addresses) members.TryAdd(id, address);
        log.Info($"Node {founder} opens a new epoch with {promise.Members.Count} nodes, this one among them.");
        follow = new RestartOutcome.Follow(promise.Founder, members);
        return begun.TrySetResult(follow);
    }

    private static byte[] Encode(Formation formation)
    {
        byte[] bytes = new byte[sizeof(ulong) + formation.Ids.Count * Digest.Size];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, formation.View.Value);
        for (int i = 0; i < formation.Ids.Count; i++)
            formation.Ids[i].Value.CopyTo(bytes.AsSpan(sizeof(ulong) + i * Digest.Size));
        return bytes;
    }

    private static (View View, List<NodeId> Members)? Decode(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < sizeof(ulong) || (bytes.Length - sizeof(ulong)) % Digest.Size != 0) return null;
        ulong view = BinaryPrimitives.ReadUInt64BigEndian(bytes);
        if (view > View.Max.Value) return null;
        List<NodeId> ids = [];
        for (int at = sizeof(ulong); at < bytes.Length; at += Digest.Size)
            ids.Add(new NodeId(new Digest(bytes.Slice(at, Digest.Size))));
        return (new View(view), ids);
    }
}
