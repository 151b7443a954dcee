using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Numerics;
using Curia.Attestation;

namespace Curia.Governance;

/// <summary>What a charter comes to, in a sentence for people who are asked to sign it.</summary>
/// <param name="Topic">What it is about: one of <see cref="Topics"/>.</param>
/// <param name="Text">The sentence.</param>
/// <param name="IsWarning">Whether it is weaker than a charter can be.</param>
public sealed record CharterMeaning(string Topic, string Text, bool IsWarning = false)
{
    private const string Readers = "readers";
    private const string Founders = "founders";
    private const string Platforms = "platforms";
    private const string Commit = "commit";
    private const string WithoutVote = "without_a_vote";

    /// <summary>What there is to say something about, in this order, with a heading for each.</summary>
    public static IReadOnlyDictionary<string, string> Topics { get; } = new OrderedDictionary<string, string>
    {
        [Readers] = "Who can read everything",
        [Founders] = "How many founders may cheat",
        [Platforms] = "On which platforms confidentiality rests",
        [Commit] = "When a transaction is final",
        [WithoutVote] = "What may happen without a vote",
    };

    /// <summary>All that is to be said of a charter.</summary>
    public static IReadOnlyList<CharterMeaning> Of(Charter charter)
    {
        ArgumentNullException.ThrowIfNull(charter);
        CharterContent content = charter.Content;
        return
        [
            .. OfReaders(content), .. OfFounders(charter), .. OfPlatforms(content.Platforms),
            .. OfCommit(content.Consensus, content.Slots.Count), .. OfWithoutVote(content),
        ];
    }

    private static IEnumerable<CharterMeaning> OfReaders(CharterContent content)
    {
        string[] holders = [.. NamesOf(content, RecoveryRole.Participant)];
        string[] owners = [.. NamesOf(content, RecoveryRole.Owner)];
        const string read = "open the ledger secrets and read all that is ever written";
        if (holders.Length > 0)
        {
            int needed = content.RecoveryThreshold;
            yield return needed == 1
                ? new(Readers, $"Each of these members alone can {read}: {Listed(holders)}.", IsWarning: true)
                : new(Readers, $"Any {needed} of these {holders.Length} share holders together can {read}: "
                    + $"{Listed(holders)}.");
        }

        if (owners.Length > 0)
        {
            yield return new(
                Readers, $"Each of these recovery owners alone can {read}: {Listed(owners)}.", IsWarning: true);
        }

        yield return new(Readers, "Every trusted node holds all secrets: who breaks into one trusted environment, "
            + "whoever owns it, reads everything.");
    }

    private static IEnumerable<CharterMeaning> OfFounders(Charter charter)
    {
        int slots = charter.Content.Slots.Count;
        int needed = charter.Content.FoundersNeeded;
        string[] owners = [.. charter.Content.Slots.Values.Select(slot => slot.Owner).Distinct()];
        yield return new(Founders, needed == slots
            ? $"All {Count(slots, "founding node")} of {Count(owners.Length, "owner")} must be there."
            : $"{needed} of {slots} founding nodes of {Count(owners.Length, "owner")} are enough.");
        int cheating = charter.CheatingFoundersMax;
        yield return new(Founders, cheating == 0
            ? "No founding node may cheat: one that does could make two networks of this charter."
            : $"Up to {Count(cheating, "founding node")} may cheat, and there is still one network at most; "
                + $"{cheating + 1} could make two of this charter.", IsWarning: cheating == 0 && slots > 1);
        if (owners.Length < slots && owners.Length > 0)
        {
            (string owner, int nodes) = charter.Content.Slots.Values.CountBy(slot => slot.Owner)
                .OrderByDescending(one => one.Value).ThenBy(one => one.Key, StringComparer.Ordinal).First();
            yield return new(
                Founders, $"{owner} alone owns {nodes} of them.", IsWarning: nodes > cheating && owners.Length > 1);
        }
    }

    /// <summary>The platform on which confidentiality rests in the end: of those that a charter takes, the one of which
    /// it asks least; all of them, with commas between, where it asks the same.</summary>
    internal static string WeakestPlatform(PlatformPolicies policies)
    {
        if (policies.Virtual is not null) return VirtualPlatform.Name;
        List<(string Name, string[] Weaknesses)> accepted = Accepted(policies);
        (string weakest, string[] most) = accepted.MaxBy(one => one.Weaknesses.Length);
        return most.Length > 0 ? weakest : string.Join(", ", accepted.Select(one => one.Name));
    }

    private static List<(string Name, string[] Weaknesses)> Accepted(PlatformPolicies policies)
    {
        List<(string Name, string[] Weaknesses)> accepted = [];
        if (policies.Snp is { } snp) accepted.Add(("snp", [.. WeaknessesOf(snp)]));
        if (policies.Tdx is { } tdx) accepted.Add(("tdx", [.. WeaknessesOf(tdx)]));
        return accepted;
    }

    private static IEnumerable<CharterMeaning> OfPlatforms(PlatformPolicies policies)
    {
        List<(string Name, string[] Weaknesses)> accepted = Accepted(policies);
        (string weakest, string[] most) = accepted.Count > 0 ? accepted.MaxBy(one => one.Weaknesses.Length) : ("", []);
        if (policies.Virtual is not null) weakest = VirtualPlatform.Name;
        string[] names =
            [.. accepted.Select(one => one.Name), .. policies.Virtual is null ? [] : (string[])[VirtualPlatform.Name]];
        bool differ = most.Length > 0 || policies.Virtual is not null;
        yield return new(Platforms, names.Length == 1
            ? $"On {names[0]} alone: who breaks that reads everything."
            : $"On each of {Listed(names)}, and so on the weakest of them: who breaks one reads everything"
                + (differ ? $". By this charter that is {weakest}." : "."));
        if (policies.Virtual is not null)
        {
            yield return new(Platforms, "The virtual platform is simulated and proves nothing: INSECURE. Who owns such "
                + "a machine reads everything, of all nodes.", IsWarning: true);
        }

        foreach ((string name, string[] weaknesses) in accepted)
        {
            foreach (string weakness in weaknesses)
                yield return new(Platforms, $"The policy of {name} {weakness}.", IsWarning: true);
        }
    }

    private static IEnumerable<string> WeaknessesOf(SnpPolicy policy)
    {
        if (policy.MinimumTcb.Count == 0) yield return "names no minimum TCB: firmware with known flaws passes";
        if (!policy.RevocationListRequired) yield return "takes evidence without a revocation list";
        if (policy.Providers is null) yield return "takes keys that any cloud provider has loaded";
        if (policy.Providers is { Count: > 0 } named) yield return $"believes the key of {Listed(named)} beside AMD's";
        if (policy.MaskedChipIdAllowed) yield return "takes processors that the host does not name";
        if (policy.MigrationAgentAllowed) yield return "takes guests that a migration agent may move and read";
    }

    private static IEnumerable<string> WeaknessesOf(TdxPolicy policy)
    {
        if (policy.RequiredCollateral != IntelCollateral.All)
            yield return "takes evidence without some of Intel's collateral";
        string[] old =
        [
            .. policy.AcceptedTcbStatuses.Except(TdxPolicy.Strict.AcceptedTcbStatuses).Order()
                .Select(status => status.ToString()),
        ];
        if (old.Length > 0) yield return $"takes firmware of which Intel says {Listed(old)}";
        TdxAttributes more = policy.AllowedAttributes & ~TdxPolicy.Strict.AllowedAttributes;
        if (more != 0)
            yield return $"allows {Count(BitOperations.PopCount((ulong)more), "more attribute")} than the strict one";
        if (policy.ServiceDomainsAllowed) yield return "takes domains that service domains may read";
    }

    private static IEnumerable<CharterMeaning> OfCommit(ConsensusRules rules, int founders)
    {
        string kinds = string.Join(" and ", ((string?[])
        [
            rules.Platforms > 1 ? $"{rules.Platforms} platforms" : null,
            rules.Operators > 1 ? $"{rules.Operators} owners" : null,
        ]).OfType<string>());
        yield return new(Commit, "When more than half of the voting nodes have stored it"
            + (kinds.Length > 0 ? $", and among these are nodes of {kinds}." : "."));
        if (founders == 1)
            yield return new(Commit, "With one node that is this node's disk alone.", IsWarning: true);
        if (rules is { LossWaived: true } && kinds.Length > 0)
        {
            yield return new(
                Commit, "That may stop with the loss of one node: the charter waives the reserve.", IsWarning: true);
        }

        if (rules.Durability == Durability.Buffered)
        {
            yield return new(Commit, "Stored means handed to the operating system: where more than half lose power at "
                + "once, what was final may be gone.", IsWarning: true);
        }
    }

    private static IEnumerable<CharterMeaning> OfWithoutVote(CharterContent content)
    {
        yield return new(WithoutVote, content.Opening == OpeningRule.AtOnce
            ? "The network opens as soon as its genesis block has committed."
            : "Nothing opens: the members vote for it.");
        AdmissionRules admission = content.Admission;
        yield return admission.NodesPerOwner == 0
            ? new(WithoutVote, "No node comes in.")
            : new(WithoutVote, $"An owner may have up to {Count(admission.NodesPerOwner, "node")} without one, if it "
                + $"runs voted code: it is given all secrets once nodes of {Count(admission.Appraisers, "owner")} have "
                + "appraised it.",
                IsWarning: admission.Appraisers == 1);
        yield return new(WithoutVote, content.KeyPeriodDays == 0
            ? "The ledger secret stays as it is: only a vote renews it."
            : $"A new ledger secret begins every {Count(content.KeyPeriodDays, "day")}; nodes keep the older ones.");
        if (content.LeaseHours > 0)
        {
            yield return new(WithoutVote, "A node that does not come back as a fresh process within "
                + $"{Count(content.LeaseHours, "hour")} loses its trust; the host's clock tells the time.");
        }

        string[] authorities = [.. content.Participants
            .Where(one => one.Value.Kind == ParticipantKind.Authority).Select(one => one.Key)
            .Order(StringComparer.Ordinal)];
        if (authorities.Length > 0)
            yield return new(WithoutVote, $"These participants issue keys of their own: {Listed(authorities)}.");
        yield return new(WithoutVote, "After all nodes have ended, more than half of the last disks go on, under a new "
            + "service key that the old one endorses.");
        yield return new(WithoutVote, "Everything else is what the constitution says: read it before you sign.");
    }

    private static IEnumerable<string> NamesOf(CharterContent content, RecoveryRole role) => content.Members
        .Where(one => one.Value.Recovery == role).Select(one => one.Key).Order(StringComparer.Ordinal);

    private static string Count(int number, string thing) =>
        string.Create(CultureInfo.InvariantCulture, $"{number} {thing}{(number == 1 ? "" : "s")}");

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names);
}
