using Curia.Endpoints;
using Curia.Governance;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>The first transaction of a network that one node begins alone: its identity and what it was given. That of
/// founders is <see cref="GenesisWrites"/>.</summary>
internal static class Genesis
{
    /// <summary>Writes the genesis maps of a network that one node begins alone.</summary>
    public static void Write(Transaction transaction, NodeSetup setup, NodeId nodeId, ServiceKey service)
    {
        GenesisWrites.WriteActors(transaction, setup.Genesis);
        transaction.Map(GenesisMaps.NodeInfo)
            .Put(nodeId.ToString(), new NodeRecord(
                NodeRecord.Trusted, setup.Genesis.Plays ?? setup.Platform, setup.PublishedAddresses, setup.PeerAddress,
                Owner: setup.Genesis.Owner, LedgerFormat: setup.LedgerFormat));
        if (setup.Genesis.Rule is { } rule) transaction.Map(GenesisMaps.CommitRule).Put(GenesisMaps.RuleKeyName, rule);
        if (setup.Evidence is { } evidence) transaction.Map(GenesisMaps.NodeEvidence).Put(nodeId.ToString(), evidence);
        transaction.Map(GenesisMaps.NodeCertificates).Put(nodeId.ToString(), service.NodeCertificate.ToPem());
        transaction.Map(GenesisMaps.ServiceInfo).Put(
            GenesisMaps.ServiceKeyName,
            GenesisWrites.ServiceInfo(setup.Genesis.Name, setup.Platform, service.Certificate)
                .ToJsonString(JsonFormat.Options));
    }
}
