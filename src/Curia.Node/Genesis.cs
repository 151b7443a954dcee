using System.Text.Json.Nodes;
using Curia.Endpoints;
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

    /// <summary>Writes the genesis maps.</summary>
    public static void Write(Transaction transaction, NodeSetup setup, NodeId nodeId, ServiceKey service)
    {
        foreach (GenesisMember member in setup.Genesis.Members)
        {
            string id = new MemberId(member.Certificate.Fingerprint).ToString();
            transaction.Map(NodeMaps.MemberCertificates).Put(id, member.Certificate.ToPem());
            transaction.Map(NodeMaps.MemberInfo).Put(id, new JsonObject { ["status"] = "Active" }.ToJsonString());
            if (member.EncryptionKeyPem is { } key) transaction.Map(NodeMaps.MemberEncryptionKeys).Put(id, key);
        }

        foreach (GenesisUser user in setup.Genesis.Users)
        {
            transaction.Map(NodeMaps.UserCertificates)
                .Put(new UserId(user.Certificate.Fingerprint).ToString(), user.Certificate.ToPem());
        }

        transaction.Map(NodeMaps.NodeInfo)
            .Put(nodeId.ToString(), new NodeRecord(
                NodeRecord.Trusted, setup.Genesis.Plays ?? setup.Platform, setup.PublishedAddresses, setup.PeerAddress,
                Owner: setup.Genesis.Owner, LedgerFormat: setup.LedgerFormat));
        if (setup.Genesis.Rule is { } rule) transaction.Map(NodeMaps.CommitRule).Put(NodeMaps.RuleKeyName, rule);
        if (setup.Evidence is { } evidence) transaction.Map(NodeMaps.NodeEvidence).Put(nodeId.ToString(), evidence);
        transaction.Map(NodeMaps.NodeCertificates).Put(nodeId.ToString(), service.NodeCertificate.ToPem());
        transaction.Map(NodeMaps.ServiceInfo).Put(NodeMaps.ServiceKeyName, ServiceInfo(setup, service));
    }

    private static string ServiceInfo(NodeSetup setup, ServiceKey service)
    {
        JsonObject info = new()
        {
            ["name"] = setup.Genesis.Name,
            ["status"] = "Open",
            ["cert"] = service.Certificate.ToPem(),
            ["platform"] = setup.Platform,
        };

        // DESIGN 6: a network that accepts the simulated platform says so in the genesis block.
        if (setup.Platform == NodeSetup.VirtualPlatform) info["warning"] = InsecureWarning;
        return info.ToJsonString(JsonFormat.Options);
    }

    /// <summary>What a network on the simulated platform says of itself.</summary>
    public const string InsecureWarning =
        "INSECURE: the virtual platform is simulated; whoever runs this machine can read and change everything.";
}
