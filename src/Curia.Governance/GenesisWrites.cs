using System;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>What stands in the genesis block of a network: made by the first primary, computed again by each founder
/// before it stores the block, and by auditors years later.</summary>
public static class GenesisWrites
{
    private const string AttemptName = "attempt";
    private const string SecretName = "secret";

    /// <summary>The view of a new service; view 1 is never used, as in CCF.</summary>
    public static readonly View FirstView = new(2);

    /// <summary>Where the genesis transaction stands.</summary>
    public static readonly TxId TxId = new(FirstView, new SeqNo(1));

    /// <summary>Writes the genesis maps of a network that founders have agreed on. All of it follows from the
    /// agreement and what is given here, so each founder can see whether the primary has written what it should
    /// have.</summary>
    /// <param name="transaction">The first one.</param>
    /// <param name="agreement">What the founders agreed on.</param>
    /// <param name="service">The certificate of the service.</param>
    /// <param name="primary">The certificate of the first primary, by the service.</param>
    /// <param name="secret">The commitment of the ledger secret.</param>
    public static void Write(
        Transaction transaction, FoundingAgreement agreement, Certificate service, Certificate primary, Digest secret)
    {
        CharterContent charter = agreement.Charter.Content;
        WriteActors(transaction, GenesisSettings.Of(agreement.Charter));
        foreach (AgreedFounder founder in agreement.Founders) Write(transaction, charter, founder);
        if (charter.Consensus is { } rules and not { Platforms: 1, Operators: 1 })
        {
            transaction.Map(GenesisMaps.CommitRule).Put(GenesisMaps.RuleKeyName, new DiversityRule(
                rules.Platforms, rules.Operators, rules.LossWaived, InForce: false));
        }

        transaction.Map(GenesisMaps.Charter).Put(GenesisMaps.CharterKeyName, agreement.Charter.Encoded.ToArray());
        transaction.Map(GenesisMaps.NodeCertificates).Put(agreement.Primary.ToString(), primary.ToPem());
        string[] platforms = [.. charter.Code.Values.SelectMany(one => one.Platforms.Keys).Distinct().Order()];
        JsonObject info = ServiceInfo(charter.Name, string.Join(',', platforms), service);
        info[SecretName] = secret.ToString();
        info[AttemptName] = agreement.Attempt;
        transaction.Map(GenesisMaps.ServiceInfo).Put(GenesisMaps.ServiceKeyName, info.ToJsonString(JsonFormat.Options));
    }

    /// <summary>Reads what <see cref="Write(Transaction, FoundingAgreement, Certificate, Certificate, Digest)"/> has
    /// put into the service's own word and nowhere else; nothing throws.</summary>
    /// <param name="info">What the service says of itself.</param>
    /// <param name="attempt">The attempt.</param>
    /// <param name="secret">The commitment of the ledger secret.</param>
    public static bool TryReadFounding(string info, out int attempt, out Digest secret)
    {
        attempt = 0;
        secret = default;
        try
        {
            using JsonDocument document = JsonDocument.Parse(
                info, new JsonDocumentOptions { MaxDepth = JsonFormat.DepthMax });
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty(AttemptName, out JsonElement number)
                && number.ValueKind == JsonValueKind.Number && number.TryGetInt32(out attempt)
                && document.RootElement.TryGetProperty(SecretName, out JsonElement digest)
                && digest.ValueKind == JsonValueKind.String && Digest.TryParseHex(digest.GetString(), out secret);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException) // half a surrogate pair
        {
            return false;
        }
    }

    /// <summary>What the primary must have written.</summary>
    /// <returns>Null when it is more than one transaction can write.</returns>
    public static WriteSet? Expect(
        FoundingAgreement agreement, Certificate service, Certificate primary, Digest secret)
    {
        KeyValueStore store = new();
        Transaction transaction = store.Begin(MapAccess.Node);
        Write(transaction, agreement, service, primary, secret);
        return (store.Commit(transaction, FirstView) as CommitOutcome.Committed)?.Changes;
    }

    /// <summary>Writes the members and users that a service begins with.</summary>
    public static void WriteActors(Transaction transaction, GenesisSettings genesis)
    {
        foreach (GenesisMember member in genesis.Members)
        {
            string id = new MemberId(member.Certificate.Fingerprint).ToString();
            transaction.Map(GenesisMaps.MemberCertificates).Put(id, member.Certificate.ToPem());
            transaction.Map(GenesisMaps.MemberInfo).Put(id, new JsonObject { ["status"] = "Active" }.ToJsonString());
            if (member.EncryptionKeyPem is { } key) transaction.Map(GenesisMaps.MemberEncryptionKeys).Put(id, key);
        }

        foreach (GenesisUser user in genesis.Users)
        {
            transaction.Map(GenesisMaps.UserCertificates)
                .Put(new UserId(user.Certificate.Fingerprint).ToString(), user.Certificate.ToPem());
        }
    }

    private static void Write(Transaction transaction, CharterContent charter, AgreedFounder founder)
    {
        string id = founder.Node.ToString();
        FounderPresentation shown = founder.Shown;
        CharterSlot slot = charter.Slots[shown.Slot];
        CharterMember owner = charter.Members[slot.Owner];
        bool isRead = FounderEndorsement.TryVerify(
            shown.Endorsement, owner.Certificate, out FounderEndorsement? endorsement, out _);
        Invariant.Holds(isRead && endorsement is not null, "founders agreed on an endorsement that is none");
        transaction.Map(GenesisMaps.NodeInfo).Put(id, new NodeRecord(
            NodeRecord.Trusted, slot.Platform, endorsement.PublishedAddresses, slot.Address, Owner: owner.Id,
            LedgerFormat: shown.LedgerFormat));
        transaction.Map(GenesisMaps.Slots).Put(shown.Slot, id);
        transaction.Map(GenesisMaps.NodeEvidence).Put(id, shown.Evidence);
        transaction.Map(GenesisMaps.FoundingEndorsements).Put(id, shown.Endorsement.ToArray());
        transaction.Map(GenesisMaps.FoundingStatements).Put(id, founder.Statement.Encode());
    }

    /// <summary>What a service says of itself.</summary>
    /// <param name="name">The name of the network.</param>
    /// <param name="platforms">The TEE platforms that it takes, with commas between them.</param>
    /// <param name="service">Its certificate.</param>
    public static JsonObject ServiceInfo(string name, string platforms, Certificate service)
    {
        JsonObject info = new()
        {
            ["name"] = name,
            ["status"] = "Open",
            ["cert"] = service.ToPem(),
            ["platform"] = platforms,
        };

        // DESIGN 6: a network that accepts the simulated platform says so in the genesis block.
        if (platforms.Split(',').Contains(VirtualPlatform.Name)) info["warning"] = InsecureWarning;
        return info;
    }

    /// <summary>What a network on the simulated platform says of itself.</summary>
    public const string InsecureWarning =
        "INSECURE: the virtual platform is simulated; whoever runs this machine can read and change everything.";
}
