using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>Runs an establishment again from what the genesis block holds: everything that each founder has asked of
/// each other one, and that the block says nothing but what follows from it (DESIGN 1).</summary>
/// <remarks>Pure and total: it needs no network and no clock, whatever bytes it is given. What it cannot see is the
/// ledger secret, of which the block has the commitment alone: whether the founders held it, only they know.</remarks>
public static class EstablishmentAudit
{
    /// <summary>How far the time of the genesis block may be from a founder's own before that refuses the block. Hosts
    /// keep time to a second where they try; as much as Kerberos allows leaves room for those that do not.</summary>
    public static readonly TimeSpan TimeDifferenceMax = TimeSpan.FromMinutes(5);

    private const string Page = "establishment.md";

    private static readonly string[] founderMaps =
    [
        GenesisMaps.Charter.Name, GenesisMaps.Slots.Name, GenesisMaps.FoundingEndorsements.Name,
        GenesisMaps.FoundingStatements.Name,
    ];

    /// <summary>Runs it.</summary>
    /// <param name="genesis">What the genesis block holds.</param>
    /// <returns>Null when the block has no charter, and nothing that comes from one: the network was begun by one
    /// node.</returns>
    public static EstablishmentReport? Run(GenesisRecord genesis)
    {
        ArgumentNullException.ThrowIfNull(genesis);
        if (!WriteSet.TryDecode(genesis.PublicWrites.Span, default, out WriteSet? writes))
        {
            return Unread(genesis, Failed("writes", "the public part of the genesis block is no write set"));
        }

        if (!writes.Maps.Any(map => founderMaps.Contains(map.Name))) return null;
        GenesisReading reading = new(writes);
        if (!reading.TryGet(GenesisMaps.Charter, GenesisMaps.CharterKeyName, out byte[]? encoded))
            return Unread(genesis, Failed("charter", "there are founders, and no charter is recorded"));
        return Charter.TryDecode(encoded, out Charter? charter, out CharterRefusal? refusal)
            ? Run(genesis, writes, reading, charter)
            : Unread(genesis, Failed("charter", $"what is recorded is no charter: {refusal}"));
    }

    private static EstablishmentReport Run(
        GenesisRecord genesis, WriteSet writes, GenesisReading reading, Charter charter)
    {
        RecordedFounder[] recorded =
        [
            .. charter.Content.Slots.Keys.Order(StringComparer.Ordinal).Select(slot => reading.Find(charter, slot)),
        ];
        int? attempt = recorded.Select(one => one.Said?.Attempt).FirstOrDefault(said => said is not null);
        EndorsementCache cache = new();
        EstablishedFounder[] founders =
        [
            .. recorded.Select(one => Judge(one, recorded, charter, attempt ?? 0, genesis.At, cache)),
        ];
        bool areFounders = founders.All(founder => founder.Checks.All(check => check.Passed));
        List<Check> checks =
        [
            Check("charter", true, $"{charter.Content.Name}, {charter.Digest}"),
            .. FounderChecks(recorded, reading),
            Check("private-part", !genesis.HasPrivatePart,
                genesis.HasPrivatePart ? "the genesis block has a private part, and nothing founds on one" : "none"),
        ];
        if (areFounders && checks.TrueForAll(check => check.Passed))
            checks.AddRange(RunWrites(genesis, writes, reading, Agreement(charter, attempt!.Value, recorded)));
        else checks.Add(Failed("writes", "what they had to be follows from founders that have passed"));
        return new EstablishmentReport
        {
            Charter = charter,
            Attempt = attempt,
            At = genesis.At,
            Founders = founders,
            Checks = checks,
        };
    }

    private static IEnumerable<Check> FounderChecks(RecordedFounder[] recorded, GenesisReading reading)
    {
        string[] empty = [.. recorded.Where(one => one.Node is null).Select(one => CharterCbor.Shown(one.Slot))];
        yield return Check("slots-filled", empty.Length == 0,
            empty.Length == 0
                ? $"{recorded.Length} of {recorded.Length}"
                : $"no node is recorded in slot {Listed(empty)}");
        string[] twice =
        [
            .. recorded.Where(one => one.Node is not null).GroupBy(one => one.Node).Where(group => group.Count() > 1)
                .Select(group => $"{group.Key}"),
        ];
        yield return Check("one-slot-each", twice.Length == 0,
            twice.Length == 0 ? "no node is in two slots" : $"in more than one slot is {Listed(twice)}");
        HashSet<string> known = [.. recorded.Where(one => one.Node is not null).Select(one => $"{one.Node}")];
        string[] strangers =
            [.. reading.KeysOf(GenesisMaps.NodeInfo).Where(id => !known.Contains(id)).Select(CharterCbor.Shown)];
        yield return Check("no-other-node", strangers.Length == 0,
            strangers.Length == 0 ? "every node is a founder" : $"in no slot is {Listed(strangers)}");
    }

    private static EstablishedFounder Judge(
        RecordedFounder one, RecordedFounder[] all, Charter charter, int attempt, DateTimeOffset at,
        EndorsementCache cache)
    {
        CharterSlot slot = charter.Content.Slots[one.Slot];
        List<Check> checks = [];
        Measurement? measurement = null;
        if (one is { Node: { } node, Shown: { } shown })
        {
            checks.Add(Check(
                "endorsement", FounderCheck.FindEndorsement(charter, attempt, node, shown, at),
                $"by {slot.Owner}, for this node, address, evidence and attempt"));
            checks.Add(Check(
                "evidence", FounderCheck.FindEvidence(
                    charter, one.Slot, node, shown.Evidence, at, cache, out AttestationClaims? claims),
                "as the charter's policy takes it, of a program of the charter, bound to key and charter"));
            measurement = claims?.Measurement;
        }
        else
        {
            checks.Add(Failed("recorded", one.Missing));
        }

        checks.Add(JudgeStatement(one, all, charter, attempt));
        return new EstablishedFounder(one.Slot, slot.Owner, one.Node, slot.Platform, measurement, checks);
    }

    private static Check JudgeStatement(RecordedFounder one, RecordedFounder[] all, Charter charter, int attempt)
    {
        const string name = "statement";
        if (one.Node is not { } node || one.Signed is not { } signed)
            return Failed(name, "it has signed no founding statement that can be read");
        if (!signed.IsBy(node)) return Failed(name, $"the key of node {node} did not sign it");
        if (all.FirstOrDefault(other => other.Shown is null) is { } missing)
            return Failed(name, $"nothing to compare it with: slot {CharterCbor.Shown(missing.Slot)} is not whole");
        FounderEntry[] founders =
            [.. all.Select(other => FounderEntry.Of(other.Node!.Value, other.Shown!)).OrderBy(entry => entry.Node)];
        return Check(
            name,
            signed.Statement.Span.SequenceEqual(new FoundingStatement(charter.Digest, attempt, founders).Encode()),
            passed: $"signed by its key, for attempt {attempt} with these {founders.Length} founders",
            failed: "it is about something else than what the genesis block records");
    }

    private static FoundingAgreement Agreement(Charter charter, int attempt, RecordedFounder[] recorded) => new(
        charter, attempt,
        [
            .. recorded.Select(one => new AgreedFounder(one.Node!.Value, one.Shown!, one.Signed!))
                .OrderBy(one => one.Node),
        ]);

    private static IEnumerable<Check> RunWrites(
        GenesisRecord genesis, WriteSet writes, GenesisReading reading, FoundingAgreement agreement)
    {
        bool isSealedByPrimary = genesis.SealedBy == agreement.Primary;
        yield return Check("primary", isSealedByPrimary, passed: $"{agreement.Primary}, the lowest id",
            failed: $"node {genesis.SealedBy} has made the block, and the lowest id is {agreement.Primary}");
        if (!reading.TryGet(GenesisMaps.NodeCertificates, $"{agreement.Primary}", out string? pem)
            || !Certificate.TryFromPem(pem, out Certificate? primary)
            || primary!.KeyDigest != agreement.Primary.Value || !primary.IsIssuedBy(genesis.Service))
        {
            yield return Failed("primary-certificate", "there is none of the primary's key by the service");
            yield break;
        }

        yield return Check("primary-certificate", true, "of its key, by the service");
        if (!reading.TryGet(GenesisMaps.ServiceInfo, GenesisMaps.ServiceKeyName, out string? info)
            || !GenesisWrites.TryReadFounding(info, out _, out Digest secret))
        {
            yield return Failed("service", "it does not say its attempt, and the commitment of its secret");
            yield break;
        }

        if (GenesisWrites.Expect(agreement, genesis.Service, primary, secret) is not { } expected)
        {
            yield return Failed("writes", "what follows from the charter does not fit one transaction");
            yield break;
        }

        foreach (Check check in GenesisDifference.Compare(writes, expected)) yield return check;
        bool isSame = genesis.PublicWrites.Span.SequenceEqual(expected.Encode(Domain.Public));
        yield return Check("writes", isSame, passed: $"{genesis.PublicWrites.Length} bytes, each as it follows",
            failed: "the bytes are not those that follow from what they say");
    }

    private static EstablishmentReport Unread(GenesisRecord genesis, Check failed) =>
        new() { At = genesis.At, Checks = [failed] };

    /// <summary>The first few of a list.</summary>
    internal static string Listed(IReadOnlyCollection<string> names)
    {
        const int shownMax = 3;
        string shown = string.Join(", ", names.Take(shownMax));
        return names.Count > shownMax ? $"{shown} and {names.Count - shownMax} more" : shown;
    }

    /// <summary>A check of an establishment.</summary>
    internal static Check Check(string name, bool isPassed, string detail) => new(name, isPassed, Page, detail);

    private static Check Check(string name, bool isPassed, string passed, string failed) =>
        new(name, isPassed, Page, isPassed ? passed : failed);

    private static Check Check(string name, FoundingRefusal? refusal, string passed) =>
        new(name, refusal is null, Page, refusal is null ? passed : $"{refusal}");

    private static Check Failed(string name, string detail) => new(name, false, Page, detail);
}
