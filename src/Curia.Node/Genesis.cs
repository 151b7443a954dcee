using System.Linq;
using System.Text.Json.Nodes;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>The first transaction of a service: its identity and what it was given.</summary>
internal static class Genesis
{
    /// <summary>The view of a new service; view 1 is never used, as in CCF.</summary>
    public static readonly View FirstView = new(2);

    /// <summary>Where the genesis transaction stands.</summary>
    public static readonly TxId TxId = new(FirstView, new SeqNo(1));

    /// <summary>Writes the genesis maps of a network that one node begins alone.</summary>
    public static void Write(Transaction transaction, NodeSetup setup, NodeId nodeId, ServiceKey service)
    {
        WriteActors(transaction, setup.Genesis);
        transaction.Map(NodeMaps.NodeInfo)
            .Put(nodeId.ToString(), new NodeRecord(
                NodeRecord.Trusted, setup.Genesis.Plays ?? setup.Platform, setup.PublishedAddresses, setup.PeerAddress,
                Owner: setup.Genesis.Owner, LedgerFormat: setup.LedgerFormat));
        if (setup.Genesis.Rule is { } rule) transaction.Map(NodeMaps.CommitRule).Put(NodeMaps.RuleKeyName, rule);
        if (setup.Evidence is { } evidence) transaction.Map(NodeMaps.NodeEvidence).Put(nodeId.ToString(), evidence);
        transaction.Map(NodeMaps.NodeCertificates).Put(nodeId.ToString(), service.NodeCertificate.ToPem());
        transaction.Map(NodeMaps.ServiceInfo).Put(NodeMaps.ServiceKeyName, ServiceInfo(setup, service));
    }

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
            transaction.Map(NodeMaps.CommitRule).Put(NodeMaps.RuleKeyName, new DiversityRule(
                rules.Platforms, rules.Operators, rules.LossWaived, InForce: false));
        }

        transaction.Map(NodeMaps.Charter).Put(NodeMaps.CharterKeyName, agreement.Charter.Encoded.ToArray());
        transaction.Map(NodeMaps.NodeCertificates).Put(agreement.Primary.ToString(), primary.ToPem());
        string[] platforms = [.. charter.Code.Values.SelectMany(one => one.Platforms.Keys).Distinct().Order()];
        JsonObject info = ServiceInfo(charter.Name, string.Join(',', platforms), service);
        info["secret"] = secret.ToString();
        info["attempt"] = agreement.Attempt;
        transaction.Map(NodeMaps.ServiceInfo).Put(NodeMaps.ServiceKeyName, info.ToJsonString(JsonFormat.Options));
    }

    /// <summary>The public and the private part of what the primary must have written; by one of the others.</summary>
    public static (byte[] Public, byte[] Private) Expect(
        FoundingAgreement agreement, Certificate service, Certificate primary, Digest secret)
    {
        KeyValueStore store = new();
        Transaction transaction = store.Begin(MapAccess.Node);
        Write(transaction, agreement, service, primary, secret);
        CommitOutcome.Committed? written = store.Commit(transaction, FirstView) as CommitOutcome.Committed;
        Invariant.Holds(written is not null, "a first transaction meets no other");
        return (written.Changes.Encode(Domain.Public), written.Changes.Encode(Domain.Private));
    }

    private static void WriteActors(Transaction transaction, GenesisSettings genesis)
    {
        foreach (GenesisMember member in genesis.Members)
        {
            string id = new MemberId(member.Certificate.Fingerprint).ToString();
            transaction.Map(NodeMaps.MemberCertificates).Put(id, member.Certificate.ToPem());
            transaction.Map(NodeMaps.MemberInfo).Put(id, new JsonObject { ["status"] = "Active" }.ToJsonString());
            if (member.EncryptionKeyPem is { } key) transaction.Map(NodeMaps.MemberEncryptionKeys).Put(id, key);
        }

        foreach (GenesisUser user in genesis.Users)
        {
            transaction.Map(NodeMaps.UserCertificates)
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
        transaction.Map(NodeMaps.NodeInfo).Put(id, new NodeRecord(
            NodeRecord.Trusted, slot.Platform, endorsement.PublishedAddresses, slot.Address, Owner: owner.Id,
            LedgerFormat: shown.LedgerFormat));
        transaction.Map(NodeMaps.Slots).Put(shown.Slot, id);
        transaction.Map(NodeMaps.NodeEvidence).Put(id, shown.Evidence);
        transaction.Map(NodeMaps.FoundingEndorsements).Put(id, shown.Endorsement.ToArray());
        transaction.Map(NodeMaps.FoundingStatements).Put(id, founder.Statement.Encode());
    }

    private static string ServiceInfo(NodeSetup setup, ServiceKey service) =>
        ServiceInfo(setup.Genesis.Name, setup.Platform, service.Certificate).ToJsonString(JsonFormat.Options);

    private static JsonObject ServiceInfo(string name, string platforms, Certificate service)
    {
        JsonObject info = new()
        {
            ["name"] = name,
            ["status"] = "Open",
            ["cert"] = service.ToPem(),
            ["platform"] = platforms,
        };

        // DESIGN 6: a network that accepts the simulated platform says so in the genesis block.
        if (platforms.Split(',').Contains(NodeSetup.VirtualPlatform)) info["warning"] = InsecureWarning;
        return info;
    }

    /// <summary>What a network on the simulated platform says of itself.</summary>
    public const string InsecureWarning =
        "INSECURE: the virtual platform is simulated; whoever runs this machine can read and change everything.";
}
