using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>How far a founder is with another slot.</summary>
public enum FounderState
{
    /// <summary>Nothing is heard of it.</summary>
    Missing,

    /// <summary>What it shows is refused.</summary>
    Refused,

    /// <summary>It has passed every check.</summary>
    Verified,

    /// <summary>It has signed the same founding statement.</summary>
    Agreed,
}

/// <summary>What a founder knows of a slot.</summary>
/// <param name="State">How far it is.</param>
/// <param name="Node">The node in it; null while nothing is heard.</param>
/// <param name="Shown">What it has shown, once it is verified; null before.</param>
/// <param name="Refusal">Why what it showed last is refused; null when it is not.</param>
public sealed record FounderStatus(
    FounderState State, NodeId? Node, FounderPresentation? Shown, FoundingRefusal? Refusal);

/// <summary>A founder that all have agreed on, with all that shows it.</summary>
/// <param name="Node">The node.</param>
/// <param name="Shown">What it has shown.</param>
/// <param name="Statement">What it has signed.</param>
public sealed record AgreedFounder(NodeId Node, FounderPresentation Shown, SignedFoundingStatement Statement);

/// <summary>All founders agree: what the genesis block is made of.</summary>
/// <param name="Charter">The charter.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Founders">In ascending order of their ids; the first one is primary.</param>
public sealed record FoundingAgreement(Charter Charter, int Attempt, IReadOnlyList<AgreedFounder> Founders)
{
    /// <summary>The primary of the first view.</summary>
    public NodeId Primary => Founders[0].Node;

    /// <summary>The ids of the founders.</summary>
    public IReadOnlyList<NodeId> Ids => [.. Founders.Select(founder => founder.Node)];
}

/// <summary>One founding node's own decision (DESIGN 1): it checks what each other founder shows against its own
/// charter, signs once with whom it founds, and agrees when each of them has signed the same.</summary>
/// <remarks>Pure, one thread at a time. Nobody's word counts for anybody else: a founder believes what it has checked
/// itself. Its first signature is its last one, so no node is in two networks: who would need another has to start
/// anew, as another node.</remarks>
public sealed class Founding
{
    private readonly Signer nodeKey;
    private readonly int attempt;
    private readonly EndorsementCache cache = new();
    private readonly SortedDictionary<string, Known> slots = new(StringComparer.Ordinal);

    private Founding(Charter charter, NodeId self, FounderPresentation own, int attempt, Signer nodeKey)
    {
        Charter = charter;
        Self = self;
        Own = own;
        this.attempt = attempt;
        this.nodeKey = nodeKey;
        foreach (string slot in charter.Content.Slots.Keys) slots[slot] = new Known();
        slots[own.Slot] = new Known { Node = self, Shown = own };
    }

    /// <summary>The charter.</summary>
    public Charter Charter { get; }

    /// <summary>This node.</summary>
    public NodeId Self { get; }

    /// <summary>What this node shows.</summary>
    public FounderPresentation Own { get; }

    /// <summary>What this node has signed; null before it has verified all others.</summary>
    public SignedFoundingStatement? Statement { get; private set; }

    /// <summary>Who is primary of the first view by what this node has signed; null before.</summary>
    public NodeId? Primary => Statement is null ? null : slots.Values.Min(slot => slot.Node);

    /// <summary>What all have agreed on; null before.</summary>
    public FoundingAgreement? Agreement { get; private set; }

    /// <summary>What is known of each slot.</summary>
    public IReadOnlyDictionary<string, FounderStatus> Slots => slots.ToDictionary(
        slot => slot.Key, slot => slot.Value.Status, StringComparer.Ordinal);

    /// <summary>Begins: this node asks of itself what it will ask of the others.</summary>
    /// <param name="charter">Its charter.</param>
    /// <param name="own">What it will show.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="nodeKey">Its key; not taken over.</param>
    /// <param name="now">The time.</param>
    /// <param name="founding">The decision, or null.</param>
    /// <returns>Why it cannot begin; null when it can.</returns>
    public static FoundingRefusal? TryBegin(
        Charter charter, FounderPresentation own, int attempt, Signer nodeKey, DateTimeOffset now,
        out Founding? founding)
    {
        ArgumentNullException.ThrowIfNull(charter);
        ArgumentNullException.ThrowIfNull(nodeKey);
        founding = null;
        NodeId self = new(Digest.Of(nodeKey.SubjectPublicKeyInfo.Span));
        FoundingRefusal? refusal = FounderCheck.Find(charter, attempt, self, own, now);
        if (refusal is not null) return refusal;
        founding = new Founding(charter, self, own, attempt, nodeKey);
        founding.SignIfComplete(); // where there is nobody else
        return null;
    }

    /// <summary>Takes what another founder shows.</summary>
    /// <param name="from">The node that the connection ends in.</param>
    /// <param name="shown">What it shows.</param>
    /// <param name="now">The time.</param>
    /// <returns>Why it is refused; null when it is verified.</returns>
    public FoundingRefusal? Take(NodeId from, FounderPresentation shown, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(shown);
        if (FindKnown(from, shown) is { } known) return known.Refusal;
        FoundingRefusal? refusal = FounderCheck.Find(Charter, attempt, from, shown, now, cache)
            ?? FindTaken(from, shown.Slot);

        // Who is refused takes nobody's place: anybody can say to be in a slot.
        if (!slots.TryGetValue(shown.Slot, out Known? slot)) return refusal;
        if (refusal is not null)
        {
            if (slot.Shown is null) slot.Refusal = refusal;
            return refusal;
        }

        (slot.Node, slot.Shown, slot.Refusal) = (from, shown, null);
        SignIfComplete();
        return null;
    }

    /// <summary>Takes the statement of another founder.</summary>
    /// <param name="from">The node that the connection ends in.</param>
    /// <param name="said">What it has signed.</param>
    /// <returns>Why it is refused; null when it is the same as here.</returns>
    public FoundingRefusal? Take(NodeId from, SignedFoundingStatement said)
    {
        ArgumentNullException.ThrowIfNull(said);
        if (Statement is not { } own)
            return new FoundingRefusal(FoundingFault.StatementDiffers, "not all founders are verified here yet");
        if (slots.Values.FirstOrDefault(slot => slot.Node == from) is not { } founder)
            return new FoundingRefusal(FoundingFault.StatementDiffers, $"node {from} is no founder here");
        if (!said.IsBy(from))
            return new FoundingRefusal(FoundingFault.StatementInvalid, $"the key of node {from} did not sign it");

        // Both are signed, so anybody can be shown that it has cheated.
        if (founder.Statement is { } before && !before.Statement.Span.SequenceEqual(said.Statement.Span))
        {
            return founder.Refusal = new FoundingRefusal(FoundingFault.SecondStatement,
                $"node {from} has signed two founding statements");
        }

        if (!said.Statement.Span.SequenceEqual(own.Statement.Span))
        {
            founder.Statement ??= said;
            return founder.Refusal = new FoundingRefusal(FoundingFault.StatementDiffers, Difference(said));
        }

        if (founder.Refusal is { } cheated) return cheated;
        founder.Statement = said;
        if (Agreement is null && slots.Values.All(slot => slot is { Statement: not null, Refusal: null })) Agree();
        return null;
    }

    // What was verified once need not be again, and a node shows the same all its life.
    private FounderStatus? FindKnown(NodeId from, FounderPresentation shown) =>
        slots.TryGetValue(shown.Slot, out Known? slot) && slot.Node == from && slot.Shown is { } before
            && before.Encode().AsSpan().SequenceEqual(shown.Encode())
                ? slot.Status
                : null;

    private FoundingRefusal? FindTaken(NodeId from, string slot)
    {
        if (slot == Own.Slot)
            return new FoundingRefusal(FoundingFault.OwnSlot, $"slot {slot} is that of node {Self}");
        if (slots[slot].Node is { } other && other != from)
        {
            return new FoundingRefusal(
                FoundingFault.SlotTaken, $"node {other} is in slot {slot}, endorsed for the same attempt");
        }

        if (slots.FirstOrDefault(one => one.Key != slot && one.Value.Node == from).Key is { } its)
            return new FoundingRefusal(FoundingFault.NodeTaken, $"node {from} is in slot {its}");
        return slots[slot].Shown is null
            ? null
            : new FoundingRefusal(FoundingFault.SlotTaken, $"node {from} has shown something else before");
    }

    private void SignIfComplete()
    {
        if (Statement is not null || slots.Values.Any(slot => slot.Shown is null)) return;
        FounderEntry[] founders =
        [
            .. slots.Values.Select(slot => FounderEntry.Of(slot.Node!.Value, slot.Shown!)).OrderBy(one => one.Node),
        ];
        Statement = SignedFoundingStatement.Sign(new FoundingStatement(Charter.Digest, attempt, founders), nodeKey);
        slots[Own.Slot].Statement = Statement;
        if (slots.Count == 1) Agree();
    }

    private void Agree() => Agreement = new FoundingAgreement(
        Charter, attempt,
        [
            .. slots.Values.Select(slot => new AgreedFounder(slot.Node!.Value, slot.Shown!, slot.Statement!))
                .OrderBy(one => one.Node),
        ]);

    private string Difference(SignedFoundingStatement said)
    {
        if (!FoundingStatement.TryDecode(said.Statement, out FoundingStatement? theirs)) return "it is none";
        FoundingStatement.TryDecode(Statement!.Statement, out FoundingStatement? ours);
        FounderEntry? other = theirs.Founders.Except(ours!.Founders).FirstOrDefault();
        return other is null
            ? $"it is of {theirs.Founders.Count} founders and attempt {theirs.Attempt}"
            : $"it has node {other.Node} in slot {CharterCbor.Shown(other.Slot)}, which is not what is here";
    }

    private sealed class Known
    {
        public NodeId? Node { get; set; }

        public FounderPresentation? Shown { get; set; }

        public SignedFoundingStatement? Statement { get; set; }

        public FoundingRefusal? Refusal { get; set; }

        public FounderStatus Status => new(
            Refusal is not null ? FounderState.Refused
                : Statement is not null ? FounderState.Agreed
                : Shown is not null ? FounderState.Verified
                : FounderState.Missing,
            Node, Shown, Refusal);
    }
}
