using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>What must be true of a charter's content: bounds of its parts, and that no part contradicts another. The
/// first fault in the order of the fields is the one that is named.</summary>
internal static class CharterRules
{
    // As many as govern by hand; everything that they decide is a ballot of each of them.
    private const int MembersMax = 100;

    // Each is written by the genesis transaction, which is bounded.
    private const int ParticipantsMax = 1_000;

    // Every founder appraises every other one: 100 are 9,900 appraisals.
    private const int SlotsMax = 100;

    // Far more than anybody would read before signing.
    private const int ComponentsMax = 32;
    private const int ReferencesMax = 64;
    private const int TermsMax = 64;
    private const int ListMax = 64;
    private const int LineMax = 1_024;

    private const int ConstitutionBytesMax = 1 << 20;
    private const int DaysMax = 36_525; // a hundred years
    private const int HoursMax = 24 * DaysMax;
    private const int NodesPerOwnerMax = 1_000;
    private const int BlockBytesMin = 4 << 10;
    private const int BlockBytesMax = 64 << 20; // half of what a block may have at all
    private const int BlockTransactionsMax = 100_000;
    private const int NameMax = 64;

    /// <exception cref="RefusedException">Something is not true.</exception>
    public static void Check(CharterContent charter)
    {
        Require(charter.Name.Length is >= 1 and <= NameMax && !charter.Name.AsSpan().ContainsAnyExceptInRange(' ', '~'),
            CharterFault.OutOfBounds, "name", "is not 1 to 64 printable ASCII characters");
        CheckActors(charter);
        CheckCode(charter);
        PolicyRules.Check(charter.Platforms);
        int size = IsText(charter.Constitution) ? Encoding.UTF8.GetByteCount(charter.Constitution) : 0;
        Require(size is > 0 and <= ConstitutionBytesMax && !string.IsNullOrWhiteSpace(charter.Constitution),
            CharterFault.OutOfBounds, "constitution", $"is not a program of 1 to {ConstitutionBytesMax} bytes");
        CheckBounds(charter);
        CheckRecovery(charter);
        CheckNames(charter.Terms, "terms", 0, TermsMax);
        CheckSlots(charter);
        FoundingRules.Check(charter);
    }

    /// <summary>The platform whose rules hold for a node of this name: <c>virtual</c> for one that plays
    /// another.</summary>
    public static string FamilyOf(string platform) =>
        VirtualEvidence.IsName(platform) ? VirtualPlatform.Name : platform;

    public static void Require(bool holds, CharterFault fault, string path, string detail)
    {
        if (!holds) throw new RefusedException(fault, path, detail);
    }

    public static void RequireRange(int value, int min, int max, string path) => Require(
        value >= min && value <= max, CharterFault.OutOfBounds, path, $"is {value}, and it is {min} to {max}");

    // ASCII alone, so that what people compare is what is there.
    public static void RequireLine(string text, string path) => Require(
        text.Length is > 0 and <= LineMax && !text.AsSpan().ContainsAnyExceptInRange(' ', '~'),
        CharterFault.OutOfBounds, path, $"is not one line of 1 to {LineMax} printable ASCII characters");

    public static void RequireCount(int count, int min, int max, string path) => Require(
        count >= min && count <= max, CharterFault.OutOfBounds, path,
        $"has {count} entries, and it has {min} to {max}");

    public static void RequireShort<T>(IReadOnlyCollection<T>? list, int min, string path)
    {
        if (list is not null) RequireCount(list.Count, min, ListMax, path);
    }

    public static string At(string path, string name) => $"{path}[\"{CharterCbor.Shown(name)}\"]";

    private static void CheckNames<T>(IReadOnlyDictionary<string, T> named, string path, int min, int max)
    {
        RequireCount(named.Count, min, max, path);
        foreach (string name in named.Keys.Order(StringComparer.Ordinal))
        {
            Require(IsName(name), CharterFault.BadName, At(path, name),
                "is no name: 1 to 64 small letters, digits, dots and hyphens, the first a letter or digit");
        }
    }

    private static bool IsName(string name) => name.Length is >= 1 and <= NameMax && char.IsAsciiLetterOrDigit(name[0])
        && name.All(one => char.IsAsciiLetterLower(one) || char.IsAsciiDigit(one) || one is '.' or '-');

    // Half of a surrogate pair has no UTF-8.
    private static bool IsText(string text)
    {
        for (int i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i])) continue;
            if (i + 1 == text.Length || !char.IsSurrogatePair(text[i], text[i + 1])) return false;
            i++;
        }

        return true;
    }

    private static void CheckActors(CharterContent charter)
    {
        CheckNames(charter.Members, "members", 1, MembersMax);
        CheckNames(charter.Participants, "participants", 0, ParticipantsMax);
        Dictionary<Digest, string> certificates = [];
        Dictionary<Digest, string> keys = [];
        Dictionary<Digest, string> encryptionKeys = [];
        foreach ((string name, CharterMember member) in Sorted(charter.Members))
        {
            string path = At("members", name);
            CheckCertificate(member.Certificate, path);
            Require(Enum.IsDefined(member.Recovery), CharterFault.UnknownValue, $"{path}.recovery", "is no part");
            Require(member.EncryptionKey is not null || member.Recovery == RecoveryRole.NonParticipant,
                CharterFault.EncryptionKeyMissing, path, "has a part in recovery and no encryption_key");
            if (member.EncryptionKey is not { } key) continue;
            Require(encryptionKeys.TryAdd(key.Fingerprint, path), CharterFault.EncryptionKeyTaken,
                $"{path}.encryption_key", $"is also that of {encryptionKeys[key.Fingerprint]}");
        }

        foreach ((string name, CharterParticipant participant) in Sorted(charter.Participants))
        {
            string path = At("participants", name);
            Require(!charter.Members.ContainsKey(name), CharterFault.NameTaken, path, "is also the name of a member");
            Require(Enum.IsDefined(participant.Kind), CharterFault.UnknownValue, $"{path}.kind", "is no kind");
            CheckCertificate(participant.Certificate, path);
        }

        void CheckCertificate(Certificate certificate, string path)
        {
            Require(certificates.TryAdd(certificate.Fingerprint, path), CharterFault.CertificateTaken,
                $"{path}.certificate", $"is also that of {certificates[certificate.Fingerprint]}");

            // Two names with one key would be one who speaks for two, and look like two.
            Require(keys.TryAdd(certificate.KeyDigest, path), CharterFault.KeyTaken,
                $"{path}.certificate", $"has the same key as that of {keys[certificate.KeyDigest]}");
        }
    }

    private static void CheckCode(CharterContent charter)
    {
        CheckNames(charter.Code, "code", 1, ComponentsMax);
        HashSet<string> references = [];
        foreach ((string name, CodeComponent component) in Sorted(charter.Code))
        {
            string path = At("code", name);
            RequireLine(component.Version, $"{path}.version");
            RequireLine(component.Source, $"{path}.source");
            RequireCount(component.Platforms.Count, 1, ListMax, $"{path}.platforms");
            foreach ((string platform, IReadOnlyList<CodeReference> list) in Sorted(component.Platforms))
            {
                string at = At($"{path}.platforms", platform);
                Require(platform is "snp" or "tdx" or VirtualPlatform.Name, CharterFault.UnknownPlatform, at,
                    "is no platform of nodes; there are snp, tdx and virtual");
                Require(PolicyOf(charter.Platforms, platform) is not null, CharterFault.PolicyMissing,
                    $"platforms.{platform}", $"is missing, and {name} may run there");
                RequireCount(list.Count, 1, ReferencesMax, at);
                for (int i = 0; i < list.Count; i++)
                {
                    string here = $"{at}[{i}]";
                    PolicyRules.Check(list[i], platform, here);
                    string encoded = Convert.ToHexString(CharterCbor.Encode(CharterShape.Write(list[i])));
                    Require(references.Add($"{platform} {encoded}"), CharterFault.ReferenceTaken, here,
                        "is there twice, so nobody could say which program it is");
                }
            }
        }

        foreach (string platform in (string[])["snp", "tdx", VirtualPlatform.Name])
        {
            Require(PolicyOf(charter.Platforms, platform) is null
                || charter.Code.Values.Any(one => one.Platforms.ContainsKey(platform)),
                CharterFault.CodeMissing, $"platforms.{platform}", "is there, and no code may run on it");
        }
    }

    private static object? PolicyOf(PlatformPolicies policies, string platform) => platform switch
    {
        "snp" => policies.Snp,
        "tdx" => policies.Tdx,
        _ => policies.Virtual,
    };

    private static void CheckBounds(CharterContent charter)
    {
        const string consensus = "consensus";
        ConsensusRules rules = charter.Consensus;
        RequireRange(rules.Platforms, 1, SlotsMax, $"{consensus}.commit_rule.platforms");
        RequireRange(rules.Operators, 1, SlotsMax, $"{consensus}.commit_rule.operators");
        Require(Enum.IsDefined(rules.Durability), CharterFault.UnknownValue, $"{consensus}.durability", "is no word");
        Require(rules.Curve is SigningCurve.P256 or SigningCurve.P384, CharterFault.UnknownValue, $"{consensus}.curve",
            "is not P-256 or P-384");
        RequireRange(rules.BlockBytes, BlockBytesMin, BlockBytesMax, $"{consensus}.block_bytes");
        RequireRange(rules.BlockTransactions, 1, BlockTransactionsMax, $"{consensus}.block_transactions");
        RequireRange(charter.KeyPeriodDays, 0, DaysMax, "key_period_days");
        RequireRange(charter.Admission.NodesPerOwner, 0, NodesPerOwnerMax, "admission.nodes_per_owner");
        RequireRange(charter.LeaseHours, 0, HoursMax, "lease_hours");
        Require(Enum.IsDefined(charter.Opening), CharterFault.UnknownValue, "opening", "is no word");
    }

    private static void CheckRecovery(CharterContent charter)
    {
        int holders = charter.Members.Values.Count(one => one.Recovery == RecoveryRole.Participant);
        bool hasOwner = charter.Members.Values.Any(one => one.Recovery == RecoveryRole.Owner);
        Require(holders > 0 || hasOwner, CharterFault.NoShareHolders, "members",
            "has nobody with a part in recovery: what all nodes forget would be lost for ever");

        // Owners alone need no threshold; one share of one is how CCF writes that.
        int most = Math.Max(holders, 1);
        Require(charter.RecoveryThreshold >= 1, CharterFault.OutOfBounds, "recovery_threshold", "is not 1 or more");
        Require(charter.RecoveryThreshold <= most, CharterFault.ThresholdAboveHolders, "recovery_threshold",
            $"is {charter.RecoveryThreshold}, and {holders} members hold shares");
    }

    private static void CheckSlots(CharterContent charter)
    {
        CheckNames(charter.Slots, "slots", 1, SlotsMax);
        Dictionary<string, string> addresses = new(StringComparer.OrdinalIgnoreCase);
        foreach ((string name, CharterSlot slot) in Sorted(charter.Slots))
        {
            string path = At("slots", name);
            Require(!charter.Participants.ContainsKey(slot.Owner), CharterFault.OwnerIsNoMember, $"{path}.owner",
                "is a participant, whose nodes do not vote");
            Require(charter.Members.ContainsKey(slot.Owner), CharterFault.UnknownOwner, $"{path}.owner",
                $"is {CharterCbor.Shown(slot.Owner)}, and no member has this name");
            string family = FamilyOf(slot.Platform);
            Require(family is "snp" or "tdx" or VirtualPlatform.Name, CharterFault.UnknownPlatform,
                $"{path}.platform", "is no platform of nodes: snp, tdx, virtual, or virtual-NAME");
            Require(charter.Code.Values.Any(one => one.Platforms.ContainsKey(family)),
                CharterFault.MeasurementMissing, $"{path}.platform", $"is {slot.Platform}, and no code may run there");
            Require(PolicyRules.Takes(charter.Platforms, slot.Platform), CharterFault.PlatformNotAccepted,
                $"{path}.platform", $"is {slot.Platform}, and platforms.virtual.minimum_tcb names others");
            Require(PeerAddress.IsValid(slot.Address), CharterFault.BadAddress, $"{path}.address",
                "is not a host and a port, as in node.example:9000");
            Require(addresses.TryAdd(slot.Address, path), CharterFault.AddressTaken, $"{path}.address",
                $"is also that of {addresses[slot.Address]}");
        }
    }

    private static IEnumerable<KeyValuePair<string, T>> Sorted<T>(IReadOnlyDictionary<string, T> named) =>
        named.OrderBy(one => one.Key, StringComparer.Ordinal);
}
