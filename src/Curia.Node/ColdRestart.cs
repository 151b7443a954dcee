using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Threading;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>What a process that was started on the disk of a node tells others that were started so: who it is, and how
/// far the ledger of the disk goes.</summary>
/// <param name="Network">The name of the network.</param>
/// <param name="Epoch">The first transaction of the newest epoch on the disk; its service key signs the claim.</param>
/// <param name="Node">The new node.</param>
/// <param name="PeerAddress">Where it hears others.</param>
/// <param name="PublishedAddresses">Where clients will find it.</param>
/// <param name="Earlier">All nodes whose disk it was, as far as the disk says.</param>
/// <param name="Last">The last signed transaction on the disk.</param>
/// <param name="Active">The voters of each configuration that counts at the end of the ledger.</param>
/// <param name="Promised">The highest view that the disk was promised to; zero when to none.</param>
/// <param name="LedgerFormat">The newest format of the ledger that the process reads; null for the first.</param>
public sealed record RestartClaim(
    Digest Network, TxId Epoch, NodeId Node, string PeerAddress, IReadOnlyList<string> PublishedAddresses,
    IReadOnlyList<NodeId> Earlier, TxId Last, IReadOnlyList<IReadOnlyList<NodeId>> Active, View Promised,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] int? LedgerFormat = null)
{
    /// <summary>The largest claim.</summary>
    public const int BytesMax = 1 << 20;

    /// <summary>Reads a claim and nothing behind it; whether the signature is good is not looked at.</summary>
    /// <param name="bytes">The claim.</param>
    /// <param name="claim">What it says; null for other bytes.</param>
    /// <param name="text">What is signed.</param>
    /// <param name="signature">The signature.</param>
    public static bool TryDecode(
        ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out RestartClaim? claim, out ReadOnlySpan<byte> text,
        out ReadOnlySpan<byte> signature)
    {
        claim = null;
        text = signature = default;
        if (bytes.Length is < sizeof(int) or > BytesMax) return false;
        int length = BinaryPrimitives.ReadInt32BigEndian(bytes);
        if (length < 0 || length > bytes.Length - sizeof(int)) return false;
        text = bytes.Slice(sizeof(int), length);
        signature = bytes[(sizeof(int) + length)..];
        try
        {
            claim = JsonSerializer.Deserialize<RestartClaim>(text, JsonFormat.Options);
            if (claim is { Active.Count: > 0 }) return true;
        }
        catch (JsonException)
        {
            // Refused, as any other bytes.
        }

        claim = null;
        return false;
    }
}

/// <summary>Who opens a new epoch together after a cold restart.</summary>
/// <param name="Founder">The node whose disk goes furthest: the epoch goes on from it.</param>
/// <param name="Members">All of them, the founder among them.</param>
/// <param name="View">The view that the epoch begins in. It is above each that any member's disk was promised to, as
/// the term of a candidate is in Raft: so no two formations have the same.</param>
public sealed record Formation(RestartClaim Founder, IReadOnlyList<RestartClaim> Members, View View)
{
    // Genesis, and the signature transaction of its block.
    private static readonly SeqNo genesisEnd = new(2);

    /// <summary>The ids of the members.</summary>
    public IReadOnlyList<NodeId> Ids => [.. Members.Select(member => member.Node)];

    /// <summary>Who of these can go on together, and from whose disk.</summary>
    /// <param name="claims">One of each process.</param>
    /// <returns>Null when they are too few.</returns>
    public static Formation? Of(IReadOnlyCollection<RestartClaim> claims)
    {
        ArgumentNullException.ThrowIfNull(claims);
        foreach (RestartClaim founder in claims.OrderByDescending(one => one.Last).ThenBy(one => one.Node))
        {
            if (MayFound(founder, claims)) return new Formation(founder, [.. claims], ViewAfter(founder, claims));
        }

        return null;
    }

    private static View ViewAfter(RestartClaim founder, IReadOnlyCollection<RestartClaim> members)
    {
        ulong step = EpochBlock.ViewStep;
        ulong last = founder.Last.View.Value;
        ulong promised = Math.Max(last, members.Max(one => one.Promised.Value));
        return new View(last + ((promised - last) / step + 1) * step);
    }

    // A founder needs, of each configuration that counts at the end of its ledger, more than half, and only of those
    // whose ledger does not go further: what they lack did not commit. Raft paper, section 5.4.1, with disks for votes.
    // A disk whose own ledger gives it no vote waits for the others.
    private static bool MayFound(RestartClaim founder, IReadOnlyCollection<RestartClaim> all)
    {
        if (!founder.Active[^1].Any(founder.Earlier.Contains)) return false;
        HashSet<NodeId> behind = [.. all.Where(one => one.Last <= founder.Last).SelectMany(one => one.Earlier)];

        // DESIGN 1: what founders have agreed on commits when all of them have stored the genesis block, and a ledger
        // that ends with it does not say that they have.
        bool needsAll = founder.Last.SeqNo <= genesisEnd;
        return founder.Active.All(voters => needsAll ? voters.All(behind.Contains) : IsMajority(voters, behind));
    }

    internal static bool IsMajority(IReadOnlyList<NodeId> of, HashSet<NodeId> here) =>
        of.Count(here.Contains) > of.Count / 2;
}

/// <summary>All processes of a network have ended: those that are started on its disks find out whether they are enough
/// to go on, and who of them goes first (DESIGN 4, "Cold restart"; docs/consensus.md, "Cold restart").</summary>
/// <remarks>Pure, any thread at a time. A claim is believed when the service key of an epoch that is known here has
/// signed it: whoever can do that was told the secrets once, and runs code that does not lie. It counts for as long as
/// its process is heard; nothing that is safe rests on it, for that there are promises. Times are those of one clock
/// that never goes back.</remarks>
public sealed class ColdRestart : IDisposable
{
    private const string Label = "curia cold restart claim 1\n";

    private readonly IReadOnlyList<ServiceEpoch> epochs;
    private readonly NodeTable nodes;
    private readonly int format;
    private readonly Signer key;
    private readonly Dictionary<NodeId, Heard> claims = [];
    private byte[] claim;

    /// <summary>Begins with what the own disk says.</summary>
    /// <param name="setup">What the node is given.</param>
    /// <param name="replay">The ledger; finished, and without obstacle.</param>
    /// <param name="earlier">All nodes whose disk it was.</param>
    /// <param name="promised">The highest view that the disk was promised to.</param>
    public ColdRestart(
        NodeSetup setup, LedgerReplay replay, IReadOnlyList<NodeId> earlier, View promised)
    {
        ArgumentNullException.ThrowIfNull(setup);
        ArgumentNullException.ThrowIfNull(replay);
        epochs = replay.Epochs.InOrder;
        nodes = replay.Outline.Nodes;
        format = replay.Format;
        Addresses = nodes.Addresses();
        Own = new RestartClaim(
            replay.Genesis, epochs[^1].First, new NodeId(Digest.Of(setup.NodeKey.SubjectPublicKeyInfo.Span)),
            setup.PeerAddress!, setup.PublishedAddresses, earlier, replay.Last,
            [.. replay.Outline.Active.Select(one => (IReadOnlyList<NodeId>)[.. one.Voters])], promised,
            setup.LedgerFormat);
        Signer? sealedKey = setup.OpenSigner(replay.Sealed!.ServiceKey);
        Invariant.Holds(sealedKey is not null, "the sealed service key is none");
        key = sealedKey;
        claim = Sign(Own, key);
        claims[Own.Node] = new Heard(Own, default);
    }

    /// <summary>How long a claim counts after its process was last heard: several rounds of questions, and more than a
    /// loaded machine makes a process pause.</summary>
    public static TimeSpan ClaimTime { get; } = TimeSpan.FromSeconds(10);

    /// <summary>What this process says of itself.</summary>
    public RestartClaim Own { get; private set; }

    /// <summary>The same, signed, for others.</summary>
    public ReadOnlyMemory<byte> Claim => Volatile.Read(ref claim);

    /// <summary>Where the nodes of the network were: others may be started there.</summary>
    public IReadOnlyDictionary<NodeId, string> Addresses { get; }

    /// <summary>The disk is promised to a view, and the claim says so from here on: whoever founds next takes a higher
    /// one.</summary>
    public void Promise(View view)
    {
        lock (claims)
        {
            Own = Own with { Promised = view };
            claims[Own.Node] = new Heard(Own, default);
            Volatile.Write(ref claim, Sign(Own, key));
        }
    }

    /// <summary>Clears the key: nothing can be promised any more.</summary>
    public void Dispose() => key.Dispose();

    /// <summary>Takes the claim of another process.</summary>
    /// <param name="bytes">As <see cref="Claim"/> has it.</param>
    /// <param name="now">The time.</param>
    /// <param name="claim">What its process says of itself, which may be more than these bytes do when they are older
    /// than what was taken before; null when it is not believed.</param>
    /// <param name="reason">Empty, or why not.</param>
    /// <param name="from">The node that has sent it; null when that is not known, as of an answer.</param>
    public bool TryTake(
        ReadOnlySpan<byte> bytes, TimeSpan now, [NotNullWhen(true)] out RestartClaim? claim, out string reason,
        NodeId? from = null)
    {
        reason = "";
        if (!RestartClaim.TryDecode(bytes, out claim, out ReadOnlySpan<byte> text, out ReadOnlySpan<byte> signature))
        {
            reason = "it is no claim";
            return false;
        }

        TxId epoch = claim.Epoch;
        if (claim.Network != Own.Network) reason = "it is of another network";
        else if (epochs.FirstOrDefault(one => one.First == epoch) is not { } known)
            reason = "its epoch is not known here";
        else if (!known.Certificate.Key.VerifyHash(HashOf(text, known.Certificate.Key.Curve), signature))
            reason = "the service key of its epoch has not signed it";
        else if (from is { } sender && sender != claim.Node)
            reason = "another node has sent it"; // claims are told to whoever asks, and anybody can repeat them
        else if (!TryKeep(ref claim, now)) reason = "a later process of the same disk is here";
        if (reason.Length == 0) return true;
        claim = null;
        return false;
    }

    // An older process of the same disk has ended: it could not have been started again otherwise. What a process said
    // before it promised more may come late, and takes nothing back.
    private bool TryKeep(ref RestartClaim claim, TimeSpan now)
    {
        lock (claims)
        {
            NodeId node = claim.Node;
            if (claims.Values.Any(one => one.Claim.Node != node && one.Claim.Earlier.Contains(node))) return false;
            foreach (NodeId older in claims.Keys.Where(id => Own.Node != id && id != node).Intersect(claim.Earlier)
                .ToArray())
            {
                claims.Remove(older);
            }

            if (claims.TryGetValue(node, out Heard? before)
                && (claim.Promised < before.Claim.Promised || claim.Last < before.Claim.Last || node == Own.Node))
            {
                claim = before.Claim;
            }

            claims[node] = new Heard(claim, now);
            return true;
        }
    }

    /// <summary>The claim of a process; null when there is none.</summary>
    public RestartClaim? ClaimOf(NodeId node)
    {
        lock (claims) return claims.GetValueOrDefault(node)?.Claim;
    }

    /// <summary>Drops the claims of processes that have not been heard for longer than <see cref="ClaimTime"/>: they
    /// may have ended for good, and the others are not to wait for them.</summary>
    /// <param name="now">The time.</param>
    /// <returns>What was dropped.</returns>
    public IReadOnlyList<RestartClaim> ForgetSilent(TimeSpan now)
    {
        lock (claims)
        {
            RestartClaim[] silent = [.. claims.Values
                .Where(one => one.Claim.Node != Own.Node && now - one.At > ClaimTime).Select(one => one.Claim)];
            foreach (RestartClaim gone in silent) claims.Remove(gone.Node);
            return silent;
        }
    }

    /// <summary>A process does not answer any more.</summary>
    public void Forget(NodeId node)
    {
        lock (claims)
        {
            if (node != Own.Node) claims.Remove(node);
        }
    }

    /// <summary>What answers at an address searches no longer, or is another process than before.</summary>
    /// <param name="address">The address.</param>
    /// <param name="except">The process that answers there; null for one that does not search.</param>
    public void ForgetAt(string address, NodeId? except = null)
    {
        lock (claims)
        {
            foreach (RestartClaim gone in claims.Values.Select(one => one.Claim).ToArray())
                if (gone.PeerAddress == address && gone.Node != Own.Node && gone.Node != except)
                    claims.Remove(gone.Node);
        }
    }

    /// <summary>Who can go on together, by the claims that are here; null while they are too few.</summary>
    /// <param name="except">Processes that do not take part.</param>
    /// <remarks>When this process founds, the members are those whose disk was that of a node that takes part, by its
    /// ledger: a node that members have retired does not come back so. They must meet the diversity rule, or more disks
    /// are waited for.</remarks>
    public Formation? Find(IReadOnlySet<NodeId> except)
    {
        Formation? formation = Formation.Of([.. All().Where(one => !except.Contains(one.Node) && Reads(one))]);
        if (formation?.Founder.Node != Own.Node) return formation;
        formation = formation with
        {
            Members = [.. formation.Members.Where(one => nodes.SuccessorOf(one.Earlier) is not null)],
        };
        return MeetsRule(formation) ? formation : null;
    }

    // A program that is too old for the ledger could not store it, and the first block needs all members.
    private bool Reads(RestartClaim one) => (one.LedgerFormat ?? LedgerFormat.Oldest) >= format;

    // Those that could not commit by the diversity rule would found what never comes to be.
    private bool MeetsRule(Formation formation)
    {
        NodeTable members = NodeTable.Empty.With(nodes.Rule);
        foreach (RestartClaim member in formation.Members)
            members = members.With(member.Node, nodes.SuccessorOf(member.Earlier)!);
        return members.ToConfiguration(default) is { } made && made.IsSatisfiedBy(made.Voters.ToHashSet());
    }

    /// <summary>Whether more than half of the voters of each configuration, by the own ledger, have their disks
    /// here.</summary>
    public bool IsMajorityHere
    {
        get
        {
            HashSet<NodeId> here = Here();
            return Own.Active.All(voters => Formation.IsMajority(voters, here));
        }
    }

    /// <summary>The voters whose disks are not here, by id and address: those of the configurations that lack more than
    /// half, or, where none does, those of the newest one.</summary>
    public IReadOnlyList<string> Missing()
    {
        HashSet<NodeId> here = Here();
        IReadOnlyList<NodeId>[] lacking = [.. Own.Active.Where(voters => !Formation.IsMajority(voters, here))];
        return
        [
            .. (lacking.Length > 0 ? lacking.SelectMany(voters => voters).Distinct() : Own.Active[^1])
                .Where(voter => !here.Contains(voter))
                .Select(voter => $"{voter} ({nodes.AddressOf(voter) ?? "no address"})"),
        ];
    }

    /// <summary>Whether a formation has the disks of all voters of the newest configuration on this one. Of the
    /// formation, not of the claims: another one may have come since it was found, and is not to be left out.</summary>
    public bool IsComplete(Formation formation)
    {
        ArgumentNullException.ThrowIfNull(formation);
        HashSet<NodeId> here = [.. formation.Members.SelectMany(one => one.Earlier)];
        return Own.Active[^1].All(here.Contains);
    }

    private HashSet<NodeId> Here() => [.. All().SelectMany(one => one.Earlier)];

    private RestartClaim[] All()
    {
        lock (claims) return [.. claims.Values.Select(one => one.Claim)];
    }

    private static byte[] Sign(RestartClaim claim, Signer key)
    {
        byte[] text = JsonSerializer.SerializeToUtf8Bytes(claim, JsonFormat.Options);
        byte[] signature = key.SignHash(HashOf(text, key.Curve));
        byte[] bytes = new byte[sizeof(int) + text.Length + signature.Length];
        BinaryPrimitives.WriteInt32BigEndian(bytes, text.Length);
        text.CopyTo(bytes, sizeof(int));
        signature.CopyTo(bytes, sizeof(int) + text.Length);
        return bytes;
    }

    private static byte[] HashOf(ReadOnlySpan<byte> text, SigningCurve curve) =>
        EcdsaSignature.Hash(curve, [.. Encoding.ASCII.GetBytes(Label), .. text]);

    /// <summary>A claim, and when its process was last heard.</summary>
    private sealed record Heard(RestartClaim Claim, TimeSpan At);
}
