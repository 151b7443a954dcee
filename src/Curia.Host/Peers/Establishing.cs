using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Ledger;
using Curia.Node;
using Curia.Peers;
using Curia.Vocabulary;

namespace Curia.Host.Peers;

/// <summary>How the exchange between founders ends for this one.</summary>
internal abstract record EstablishmentOutcome(FoundingAgreement Agreement)
{
    /// <summary>This node is the first primary.</summary>
    /// <param name="Agreement">What all agreed on.</param>
    /// <param name="Contributions">The entropy of each founder, in the order of their ids; taken over.</param>
    public sealed record Lead(FoundingAgreement Agreement, IReadOnlyList<SecretBytes> Contributions)
        : EstablishmentOutcome(Agreement);

    /// <summary>The first primary has told this one the secrets.</summary>
    /// <param name="Agreement">What all agreed on.</param>
    /// <param name="Told">The secrets; taken over.</param>
    public sealed record Follow(FoundingAgreement Agreement, SealedSecrets Told) : EstablishmentOutcome(Agreement);
}

/// <summary>The exchange between founding nodes: each shows itself to each other one, and decides for itself
/// (<see cref="Founding"/>). Messages over probes, in which TLS says whose key the other end has
/// (docs/establishment.md).</summary>
internal sealed class Establishing : IProbed, IDisposable
{
    private const int ReasonBytesMax = 1000; // it is somebody else's

    private static readonly TimeSpan pause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan patience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan sayInterval = TimeSpan.FromSeconds(15);

    private readonly NodePeers peers;
    private readonly Charter charter;
    private readonly EstablishmentConfiguration settings;
    private readonly EcdsaSigner nodeKey;
    private readonly AttesterEvidence evidence;
    private readonly int ledgerFormat;
    private readonly HostLog log;
    private readonly Lock gate = new();
    private readonly SecretBytes contribution;
    private readonly Dictionary<NodeId, SecretBytes> contributions = [];
    private readonly Dictionary<string, Verdict> verdicts = [];
    private readonly Dictionary<string, string> said = [];
    private Founding? founding;
    private bool hasContributed;
    private readonly long began = Stopwatch.GetTimestamp();
    private SealedSecrets? told;

    /// <summary>Begins nothing yet.</summary>
    public Establishing(
        NodePeers peers, Charter charter, EstablishmentConfiguration settings, EcdsaSigner nodeKey,
        AttesterEvidence evidence, int ledgerFormat, Entropy entropy, HostLog log)
    {
        this.peers = peers;
        this.charter = charter;
        this.settings = settings;
        this.nodeKey = nodeKey;
        this.evidence = evidence;
        this.ledgerFormat = ledgerFormat;
        this.log = log;
        contribution = SecretBytes.Random(MixedEntropy.ContributionSize, entropy);
    }

    /// <summary>Waits for the owner's endorsement and for the other founders.</summary>
    /// <exception cref="StartFailure">The time is up: it says who is missing, and who is refused and why.</exception>
    /// <exception cref="OperationCanceledException">The process is asked to end.</exception>
    public async Task<EstablishmentOutcome> RunAsync(CancellationToken cancel)
    {
        peers.Probed = this;
        log.Info($"This is node {peers.Network.NodeId}, at {peers.Address} for other founders. It is to be in slot "
            + $"{settings.Slot} of the charter {charter.Digest}, attempt {settings.Attempt}.");
        FounderPresentation own = await AwaitEndorsementAsync(cancel).ConfigureAwait(false);
        byte[] shown = own.Encode();
        log.Info("The owner has endorsed this node. It shows itself to the other founders.");
        bool isExpecting = false;
        while (true)
        {
            lock (gate)
            {
                if (!isExpecting && founding?.Agreement is { } agreement)
                {
                    isExpecting = true;
                    peers.Expect(OthersOf(agreement).ToDictionary(one => one.Node, one => one.PeerAddress));
                }

                if (TryConclude() is { } outcome) return outcome;
            }

            await Task.WhenAll(charter.Content.Slots.Where(slot => slot.Key != settings.Slot)
                .Select(slot => AskAsync(slot.Key, slot.Value.Address, shown, cancel))).ConfigureAwait(false);
            RequireTime(Describe());
            await Task.Delay(pause, cancel).ConfigureAwait(false);
        }
    }

    /// <summary>What this node knows of the founders; also after the exchange.</summary>
    public EstablishmentReply Report()
    {
        Founding? begun;
        FoundingAgreement? agreed;
        NodeId? primary;
        IReadOnlyDictionary<string, FounderStatus>? slots;
        Dictionary<string, Verdict> told;
        lock (gate)
        {
            (begun, agreed, primary, slots) = (founding, founding?.Agreement, founding?.Primary, founding?.Slots);
            told = new Dictionary<string, Verdict>(verdicts);
        }

        // Anybody may ask, as often as they like: the exchange does not wait for what follows.
        EstablishmentState state = begun is null ? EstablishmentState.AwaitingEndorsement
            : agreed is null ? EstablishmentState.Verifying
            : EstablishmentState.Agreed;
        double left = settings.DeadlineSeconds - Stopwatch.GetElapsedTime(began).TotalSeconds;
        return new EstablishmentReply(
            state, peers.Network.NodeId, settings.Slot, charter.Digest, charter.Content.Name, settings.Attempt,
            Network: null, primary,
            state == EstablishmentState.Agreed ? null : (int)Math.Max(0, Math.Ceiling(left)),
            [
                .. charter.Content.Slots.Keys.Order(StringComparer.Ordinal)
                    .Select(slot => Report(slot, slots?[slot], told.GetValueOrDefault(slot))),
            ]);
    }

    /// <inheritdoc/>
    public ReadOnlyMemory<byte> Answer(NodeId from, byte kind, ReadOnlyMemory<byte> body)
    {
        lock (gate)
        {
            return kind switch
            {
                PeerCalls.Present => TakePresentation(from, body),
                PeerCalls.Agree => TakeStatement(from, body),
                PeerCalls.Found => (byte[])[TryFound(from, body) ? (byte)1 : (byte)0],
                PeerCalls.Charter => ShowCharter(from, body),
                _ => throw new ArgumentException($"a founder has no call {kind}"),
            };
        }
    }

    /// <summary>Clears what was not handed out.</summary>
    public void Dispose()
    {
        contribution.Dispose();
        foreach (SecretBytes one in contributions.Values) one.Dispose();
    }

    private FounderReply Report(string slot, FounderStatus? status, Verdict? verdict)
    {
        FounderReply reply = FounderReply.Of(charter, slot);
        Certificate owner = charter.Content.Members[reply.Owner].Certificate;
        IReadOnlyList<string> published = status?.Shown is { } shown
            && FounderEndorsement.TryVerify(shown.Endorsement, owner, out FounderEndorsement? said, out _)
                ? said.PublishedAddresses
                : [];
        bool isOwn = slot == settings.Slot;
        FounderState state = status?.State ?? FounderState.Missing;
        return reply with
        {
            State = state,
            Reason = status?.Refusal?.ToString(),
            NodeId = isOwn ? peers.Network.NodeId : status?.Node,
            PublishedAddresses = published,
            Says = isOwn || state == FounderState.Agreed ? state
                : verdict is null ? FounderState.Missing
                : verdict.Reason is null ? FounderState.Verified
                : FounderState.Refused,
            SaysReason = verdict?.Reason,
            Differences = verdict?.Differences is { } differences
                ? [.. differences.Select(one => new FieldDifference(one.Path, one.Left, one.Right))]
                : null,
        };
    }

    private async Task<FounderPresentation> AwaitEndorsementAsync(CancellationToken cancel)
    {
        long? asked = null;
        FoundingRefusal? refusal = null;
        while (true)
        {
            FounderPresentation own =
                new(charter.Digest, settings.Slot, evidence, ReadEndorsement(), ledgerFormat);
            FoundingRefusal? before = refusal;
            refusal = Founding.TryBegin(
                charter, own, settings.Attempt, nodeKey, DateTimeOffset.UtcNow, out Founding? begun);
            if (refusal is null)
            {
                lock (gate) founding = begun;
                return own;
            }

            bool isMissing = refusal.Fault == FoundingFault.EndorsementMissing;
            if (!isMissing && refusal.Fault is < FoundingFault.EndorsementMissing or > FoundingFault.EndorsementExpired)
            {
                throw new StartFailure($"The node cannot found a network in slot {settings.Slot}", $"{refusal}",
                    "Compare the charter with what runs: ./curia charter show");
            }

            if (refusal != before || asked is not { } last || Stopwatch.GetElapsedTime(last) > sayInterval)
            {
                asked = Stopwatch.GetTimestamp();
                if (isMissing)
                {
                    log.Info($"Waiting for the owner's endorsement in {settings.Endorsement} (curia node endorse "
                        + $"--charter FILE --slot {settings.Slot} --identity FILE).");
                }
                else log.Warning($"The endorsement in {settings.Endorsement} is refused: {refusal}.");
            }

            RequireTime($"the owner has not endorsed it: {refusal}");
            await Task.Delay(pause, cancel).ConfigureAwait(false);
        }
    }

    private ReadOnlyMemory<byte> ReadEndorsement()
    {
        const int bytesMax = 64 * 1024;
        try
        {
            FileInfo file = new(settings.Endorsement);
            return file.Exists && file.Length <= bytesMax ? File.ReadAllBytes(settings.Endorsement) : default;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return default; // it is being written, or says so again with the next look
        }
    }

    private void RequireTime(string state)
    {
        if (Stopwatch.GetElapsedTime(began).TotalSeconds < settings.DeadlineSeconds) return;
        throw new StartFailure($"The network was not founded within {settings.DeadlineSeconds} seconds", state,
            "Nothing was begun: mend what is named, or wait for who is missing, and start this node again; its owner "
            + "then endorses the new process with a higher attempt");
    }

    private EstablishmentOutcome? TryConclude()
    {
        if (founding?.Agreement is not { } agreement) return null;
        if (agreement.Primary != founding.Self)
        {
            if (told is not { } secrets) return null;
            log.Info($"All {agreement.Founders.Count} founders agree; node {agreement.Primary} has told the secrets.");
            return new EstablishmentOutcome.Follow(agreement, secrets);
        }

        contributions[founding.Self] = contribution;
        if (contributions.Count < agreement.Founders.Count) return null;
        RequireValid(agreement);
        log.Info($"All {agreement.Founders.Count} founders agree; this one makes the genesis block.");
        return new EstablishmentOutcome.Lead(agreement, [.. agreement.Ids.Select(id => contributions[id])]);
    }

    // What held when it was shown must hold when the block is made: auditors judge by that time (decision 26).
    private void RequireValid(FoundingAgreement agreement)
    {
        foreach (AgreedFounder founder in agreement.Founders)
        {
            if (FounderCheck.Find(
                charter, agreement.Attempt, founder.Node, founder.Shown, DateTimeOffset.UtcNow) is not { } refusal)
            {
                continue;
            }

            throw new StartFailure(
                $"The network cannot be founded with the node in slot {founder.Shown.Slot} any more", $"{refusal}",
                "Start all founders again, and let their owners endorse them with a higher attempt");
        }
    }

    /// <summary>The other founders, and where they hear this one.</summary>
    public IEnumerable<Opener> OthersOf(FoundingAgreement agreement) => agreement.Founders
        .Where(one => one.Node != peers.Network.NodeId)
        .Select(one => new Opener(one.Node, charter.Content.Slots[one.Shown.Slot].Address));

    private async Task AskAsync(string slot, string address, byte[] shown, CancellationToken cancel)
    {
        if (ColdRestarting.AddressOf(address) is not { } target) return;
        FounderStatus status;
        byte[]? statement;
        bool isAccepted;
        bool isPrimary;
        bool isContributionDue;
        lock (gate)
        {
            status = founding!.Slots[slot];
            statement = founding.Statement?.Encode();
            isAccepted = verdicts.TryGetValue(slot, out Verdict? verdict) && verdict.Reason is null;
            isPrimary = founding.Primary is { } primary && primary == status.Node;
            isContributionDue = isPrimary && !hasContributed;
        }

        if (!isAccepted)
        {
            PeerReply reply = await peers.Network
                .ProbeAsync(target, null, PeerCalls.Present, shown, patience, cancel).ConfigureAwait(false);
            await TakeVerdictAsync(slot, target, shown, reply, cancel).ConfigureAwait(false);
        }

        bool isDue = statement is not null && status.Node is not null
            && (status.State == FounderState.Verified || isContributionDue);
        if (isDue) await AgreeAsync(status.Node!.Value, target, statement!, isPrimary, cancel).ConfigureAwait(false);
    }

    private async Task TakeVerdictAsync(
        string slot, PeerAddress address, byte[] shown, PeerReply reply, CancellationToken cancel)
    {
        if (reply is not PeerReply.Answered { Body: { Length: > 0 } body }) return;
        if (body.Span[0] == 1)
        {
            lock (gate)
            {
                if (!verdicts.TryGetValue(slot, out Verdict? before) || before.Reason is not null)
                    log.Info($"The node in slot {slot} has verified this one.");
                verdicts[slot] = new Verdict(null, null);
            }

            return;
        }

        string reason = Encoding.UTF8.GetString(body.Span[1..Math.Min(body.Length, ReasonBytesMax)]);
        string line = $"The node at the address of slot {slot} refuses this one: {reason}.";
        if (reason.Length == 0) return;
        lock (gate)
        {
            verdicts[slot] = new Verdict(reason, verdicts.GetValueOrDefault(slot)?.Differences);
            if (!Say($"{slot} refuses", line)) return;
        }

        if (!reason.StartsWith(nameof(FoundingFault.AnotherCharter), StringComparison.Ordinal)) return;
        PeerReply answer = await peers.Network
            .ProbeAsync(address, null, PeerCalls.Charter, shown, patience, cancel).ConfigureAwait(false);
        if (answer is PeerReply.Answered { Body: { IsEmpty: false } bytes }
            && Charter.TryDecode(bytes, out Charter? theirs, out _))
        {
            IReadOnlyList<CharterDifference> differences = CharterDifference.Between(charter, theirs);
            lock (gate) verdicts[slot] = new Verdict(reason, differences);
            foreach (CharterDifference one in differences)
            {
                log.Warning($"Charters differ in {one.Path}: here {one.Left ?? "nothing"}, in slot {slot} "
                    + $"{one.Right ?? "nothing"}.");
            }
        }
    }

    private async Task AgreeAsync(
        NodeId node, PeerAddress address, byte[] statement, bool isPrimary, CancellationToken cancel)
    {
        byte[] body = new byte[sizeof(int) + statement.Length + (isPrimary ? contribution.Length : 0)];
        BinaryPrimitives.WriteInt32BigEndian(body, statement.Length);
        statement.CopyTo(body, sizeof(int));
        if (isPrimary) contribution.Reveal().CopyTo(body.AsSpan(sizeof(int) + statement.Length));
        PeerReply reply = await peers.Network
            .ProbeAsync(address, node, PeerCalls.Agree, body, patience, cancel).ConfigureAwait(false);
        Array.Clear(body);
        if (reply is not PeerReply.Answered { Body: { IsEmpty: false } theirs }) return;
        lock (gate)
        {
            hasContributed |= isPrimary;
            if (!SignedFoundingStatement.TryDecode(theirs, out SignedFoundingStatement? signed)) return;
            if (founding!.Take(node, signed) is { } refusal)
                Say($"{node} agrees", $"The founding statement of node {node} is refused: {refusal}.");
        }
    }

    private byte[] TakePresentation(NodeId from, ReadOnlyMemory<byte> body)
    {
        if (founding is null) return [2];
        if (!FounderPresentation.TryDecode(body, out FounderPresentation? shown))
            return Refused(new FoundingRefusal(FoundingFault.Malformed, "what it shows is malformed"));
        bool isNew = founding.Slots.TryGetValue(shown.Slot, out FounderStatus? before) && before.Node != from;
        if (founding.Take(from, shown, DateTimeOffset.UtcNow) is { } refusal)
        {
            Say($"{from} shows", $"Node {from}, which says to be in slot {shown.Slot}, is refused: {refusal}.");
            return Refused(refusal);
        }

        if (isNew) log.Info($"Node {from} in slot {shown.Slot} is verified: charter, endorsement and evidence.");
        return [1];
    }

    private static byte[] Refused(FoundingRefusal refusal) => [0, .. Encoding.UTF8.GetBytes($"{refusal}")];

    // Whoever has not verified all others yet has signed nothing, and is asked again.
    private ReadOnlyMemory<byte> TakeStatement(NodeId from, ReadOnlyMemory<byte> body)
    {
        if (founding?.Statement is not { } own || body.Length < sizeof(int)) return default;
        int length = BinaryPrimitives.ReadInt32BigEndian(body.Span);
        ReadOnlyMemory<byte> rest = body[sizeof(int)..];
        if (length < 0 || length > rest.Length
            || !SignedFoundingStatement.TryDecode(rest[..length], out SignedFoundingStatement? signed))
        {
            return default;
        }

        if (founding.Take(from, signed) is { } refusal)
        {
            Say($"{from} agrees", $"The founding statement of node {from} is refused: {refusal}.");

            // The other one must see it too, or it would wait for this node without knowing why.
            return refusal.Fault == FoundingFault.StatementDiffers ? own.Encode() : default;
        }

        ReadOnlyMemory<byte> entropy = rest[length..];
        if (entropy.Length == MixedEntropy.ContributionSize && !contributions.ContainsKey(from))
            contributions[from] = new SecretBytes(entropy.Span);
        NodePeers.Clear(entropy); // it was copied out; the statement keeps the rest
        return own.Encode();
    }

    private bool TryFound(NodeId from, ReadOnlyMemory<byte> body)
    {
        if (founding?.Agreement is not { } agreement || agreement.Primary != from || from == founding.Self)
            return false;
        if (told is not null) return true;
        if (!SealedSecrets.TryImport(body.Span, out SealedSecrets? secrets)) return false;
        NodePeers.Clear(body); // they were copied out
        if (secrets.NodeId != founding.Self)
        {
            secrets.Dispose();
            return false;
        }

        told = secrets;
        return true;
    }

    // Where charters differ, people must be told in what. Code that is authorised here keeps a charter for itself.
    private ReadOnlyMemory<byte> ShowCharter(NodeId from, ReadOnlyMemory<byte> body) =>
        FounderPresentation.TryDecode(body, out FounderPresentation? shown)
        && FounderCheck.IsAuthorised(charter, from, shown, DateTimeOffset.UtcNow)
            ? charter.Encoded
            : default;

    private string Describe()
    {
        lock (gate)
        {
            return string.Join("; ", founding!.Slots.Where(slot => slot.Value.State != FounderState.Agreed)
                .OrderBy(slot => slot.Key, StringComparer.Ordinal).Select(slot => slot.Value switch
                {
                    { Refusal: { } refusal } => $"slot {slot.Key} is refused ({refusal})",
                    { State: FounderState.Verified } => $"slot {slot.Key} has not signed",
                    _ => $"slot {slot.Key} is missing",
                }));
        }
    }

    // What is the same as before is not said again.
    private bool Say(string about, string line)
    {
        if (said.TryGetValue(about, out string? before) && before == line) return false;
        const int linesMax = 1000; // strangers may call
        if (said.Count < linesMax) said[about] = line;
        log.Warning(line);
        return true;
    }

    /// <summary>What another founder says of this node.</summary>
    /// <param name="Reason">Why it refuses; null when it has verified this node.</param>
    /// <param name="Differences">In what its charter differs, once it has shown that.</param>
    private sealed record Verdict(string? Reason, IReadOnlyList<CharterDifference>? Differences);
}
