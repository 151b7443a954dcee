using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>Whether a node may found a network with others by a charter: what each founder asks of each other one and
/// of itself, and what an auditor asks again years later (DESIGN 1, "a node is endorsed", "do lists and authorised code
/// match?").</summary>
public static class FounderCheck
{
    /// <summary>Looks at what a node shows, from what is cheap and says most to what costs.</summary>
    /// <param name="charter">The charter of who asks.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="node">Whose key the connection has, or in a ledger the id that it is recorded under.</param>
    /// <param name="shown">What it shows.</param>
    /// <param name="at">The time.</param>
    /// <param name="cache">What has been verified before; null verifies all.</param>
    /// <returns>Null when it may.</returns>
    public static FoundingRefusal? Find(
        Charter charter, int attempt, NodeId node, FounderPresentation shown, DateTimeOffset at,
        EndorsementCache? cache = null)
    {
        ArgumentNullException.ThrowIfNull(charter);
        ArgumentNullException.ThrowIfNull(shown);
        return FindEndorsement(charter, attempt, node, shown, at)
            ?? Find(charter, charter.Content.Slots[shown.Slot], node, shown, at, cache, out _);
    }

    /// <summary>The part of it that costs little: the same charter, a slot of it, and what the slot's owner has signed.
    /// </summary>
    /// <param name="charter">The charter of who asks.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="node">The node.</param>
    /// <param name="shown">What it shows.</param>
    /// <param name="at">The time.</param>
    /// <returns>Null when the owner has endorsed what is shown, for this.</returns>
    public static FoundingRefusal? FindEndorsement(
        Charter charter, int attempt, NodeId node, FounderPresentation shown, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(charter);
        ArgumentNullException.ThrowIfNull(shown);
        if (shown.Charter != charter.Digest)
        {
            return new FoundingRefusal(FoundingFault.AnotherCharter,
                $"its charter is {shown.Charter}, and here it is {charter.Digest}");
        }

        if (!charter.Content.Slots.TryGetValue(shown.Slot, out CharterSlot? slot))
            return new FoundingRefusal(FoundingFault.UnknownSlot, $"the charter has no slot {Shown(shown.Slot)}");
        Certificate owner = charter.Content.Members[slot.Owner].Certificate;
        return FounderEndorsement.TryVerify(
            shown.Endorsement, owner, out FounderEndorsement? endorsement, out FoundingRefusal? refusal)
            ? Find(charter, slot, attempt, node, shown, endorsement, at)
            : refusal;
    }

    /// <summary>Looks at the evidence of a node alone: what its owner asks before it endorses the node.</summary>
    /// <param name="charter">The owner's charter.</param>
    /// <param name="slot">The slot, one of the charter.</param>
    /// <param name="node">The node.</param>
    /// <param name="evidence">What it shows.</param>
    /// <param name="at">The time.</param>
    /// <returns>Null when it is what the charter says.</returns>
    public static FoundingRefusal? FindEvidence(
        Charter charter, string slot, NodeId node, AttesterEvidence evidence, DateTimeOffset at) =>
        FindEvidence(charter, slot, node, evidence, at, cache: null, out _);

    /// <summary>The same, with what the evidence says.</summary>
    /// <param name="charter">The charter.</param>
    /// <param name="slot">The slot, one of the charter.</param>
    /// <param name="node">The node.</param>
    /// <param name="evidence">What it shows.</param>
    /// <param name="at">The time.</param>
    /// <param name="cache">What has been verified before; null verifies all.</param>
    /// <param name="claims">What is claimed, and vouched for; null when it is refused.</param>
    public static FoundingRefusal? FindEvidence(
        Charter charter, string slot, NodeId node, AttesterEvidence evidence, DateTimeOffset at,
        EndorsementCache? cache, out AttestationClaims? claims)
    {
        ArgumentNullException.ThrowIfNull(charter);
        return Find(
            charter, charter.Content.Slots[slot], node,
            new FounderPresentation(charter.Digest, slot, evidence, default, LedgerFormat: 0), at, cache, out claims);
    }

    /// <summary>Looks at the evidence of a node that joins a network later: what each node of it asks.</summary>
    /// <param name="charter">The network's charter.</param>
    /// <param name="node">The node.</param>
    /// <param name="platform">The platform that it is said to be of.</param>
    /// <param name="evidence">What it shows.</param>
    /// <param name="bound">What it must bind beside its key (<see cref="GovernanceState.BindingOf"/>).</param>
    /// <param name="at">The time.</param>
    /// <param name="cache">What has been verified before; null verifies all.</param>
    /// <returns>Null when it is what the charter says.</returns>
    public static FoundingRefusal? FindJoiner(
        Charter charter, NodeId node, string platform, AttesterEvidence evidence, Digest bound, DateTimeOffset at,
        EndorsementCache? cache = null)
    {
        ArgumentNullException.ThrowIfNull(charter);
        ArgumentNullException.ThrowIfNull(evidence);
        if (!AttesterEvidence.Platforms.ContainsKey(evidence.Platform))
            return new FoundingRefusal(FoundingFault.AnotherPlatform, "its evidence is of no platform that is known");
        (AttestationResult? accepted, string reason) = Appraise(charter, node, evidence, bound, at, cache);
        if (accepted is null) return new FoundingRefusal(FoundingFault.EvidenceRefused, reason);
        string named = NodeAttestation.PlatformOf(accepted.Claims!);
        return named == platform
            ? null
            : new FoundingRefusal(
                FoundingFault.AnotherPlatform, $"its evidence is of {named}, and it is said to be of {platform}");
    }

    /// <summary>Whether a node runs code that the charter authorises, on a platform that it takes, whichever charter
    /// the node goes by: to such a one a charter may be shown.</summary>
    public static bool IsAuthorised(Charter charter, NodeId node, FounderPresentation shown, DateTimeOffset at)
    {
        ArgumentNullException.ThrowIfNull(charter);
        ArgumentNullException.ThrowIfNull(shown);
        return AttesterEvidence.Platforms.ContainsKey(shown.Evidence.Platform)
            && Appraise(charter, node, shown.Evidence, shown.Charter, at, cache: null).Accepted is not null;
    }

    private static FoundingRefusal? Find(
        Charter charter, CharterSlot slot, int attempt, NodeId node, FounderPresentation shown,
        FounderEndorsement said, DateTimeOffset at)
    {
        if (said.Charter != charter.Digest)
            return Differs(FoundingFault.EndorsementForAnotherCharter, "charter", said.Charter, charter.Digest);
        if (said.Slot != shown.Slot)
            return Differs(FoundingFault.EndorsementForAnotherSlot, "slot", Shown(said.Slot), shown.Slot);
        if (said.Node != node)
            return Differs(FoundingFault.EndorsementForAnotherNode, "node", said.Node, node);
        if (said.Address != slot.Address)
            return Differs(FoundingFault.EndorsementForAnotherAddress, "address", Shown(said.Address), slot.Address);
        if (said.Role != FounderEndorsement.VoterRole)
        {
            return Differs(
                FoundingFault.EndorsementForAnotherRole, "role", Shown(said.Role), FounderEndorsement.VoterRole);
        }

        if (said.Attempt != attempt)
            return Differs(FoundingFault.EndorsementForAnotherAttempt, "attempt", said.Attempt, attempt);
        Digest evidence = FounderPresentation.DigestOf(shown.Evidence);
        if (said.Evidence != evidence)
            return Differs(FoundingFault.EndorsementForOtherEvidence, "evidence", said.Evidence, evidence);
        return at <= said.Expires
            ? null
            : new FoundingRefusal(FoundingFault.EndorsementExpired, $"its endorsement held until {said.Expires:u}");
    }

    private static FoundingRefusal? Find(
        Charter charter, CharterSlot slot, NodeId node, FounderPresentation shown, DateTimeOffset at,
        EndorsementCache? cache, out AttestationClaims? claims)
    {
        claims = null;
        string platform = VirtualEvidence.IsName(slot.Platform) ? VirtualPlatform.Name : slot.Platform;
        if (shown.Evidence.Platform != platform)
        {
            return new FoundingRefusal(FoundingFault.AnotherPlatform,
                $"its evidence is of {shown.Evidence.Platform}, and its slot is for {slot.Platform}");
        }

        (AttestationResult? accepted, string reason) =
            Appraise(charter, node, shown.Evidence, shown.Charter, at, cache);
        if (accepted is null) return new FoundingRefusal(FoundingFault.EvidenceRefused, reason);
        string named = NodeAttestation.PlatformOf(accepted.Claims!);
        if (named != slot.Platform)
        {
            return new FoundingRefusal(FoundingFault.AnotherPlatform,
                $"its evidence is of {named}, and its slot is for {slot.Platform}");
        }

        claims = accepted.Claims;
        return null;
    }

    // Any of the programs that the charter has for the platform may run; the reason is that of the first.
    private static (AttestationResult? Accepted, string Reason) Appraise(
        Charter charter, NodeId node, AttesterEvidence evidence, Digest binding, DateTimeOffset at,
        EndorsementCache? cache)
    {
        string platform = evidence.Platform;
        AttestationPlatform kind = AttesterEvidence.Platforms[platform];
        AppraisalPolicy policy = charter.Content.Platforms.ToAppraisalPolicy();
        byte[] bound = NodeAttestation.ReportDataOf(node, binding);
        string? reason = null;
        foreach (CodeReference reference in charter.Content.Code.Values
            .SelectMany(component => component.Platforms.GetValueOrDefault(platform, [])))
        {
            AttestationResult result = EvidenceAppraiser.Appraise(
                evidence, reference.ToReferenceValues(kind, bound), policy, at, cache);
            if (result.Verdict == AttestationVerdict.Accepted) return (result, "");
            reason ??= result.Reason;
        }

        return (null, reason ?? "no-code-for-platform");
    }

    private static FoundingRefusal Differs(FoundingFault fault, string what, object said, object expected) =>
        new(fault, $"its endorsement is for {what} {said}, and this is {what} {expected}");

    private static string Shown(string name) => CharterCbor.Shown(name);
}
