using System.Text.Json.Nodes;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>The first transaction of a process that goes on from a ledger on disk (DESIGN 6, "Epochs"): a new node with
/// a new service identity and a new ledger secret takes the place of the one that ended.</summary>
internal static class EpochOpening
{
    /// <summary>Writes what changes with the epoch; everything else goes on as it was.</summary>
    /// <param name="transaction">Reads and writes the state that was read back.</param>
    /// <param name="setup">What the new node was given.</param>
    /// <param name="nodeId">The new node.</param>
    /// <param name="service">The new service key.</param>
    /// <param name="secret">The new ledger secret.</param>
    /// <param name="replay">What was read back.</param>
    public static void Write(
        Transaction transaction, NodeSetup setup, NodeId nodeId, ServiceKey service, LedgerSecret secret,
        LedgerReplay replay)
    {
        MapView<string, NodeRecord> nodes = transaction.Map(NodeMaps.NodeInfo);
        string older = replay.Sealed!.NodeId.ToString();
        if (nodes.TryGet(older, out NodeRecord? record))
            nodes.Put(older, record with { Status = NodeRecord.Retired, RetiredCommitted = true });
        nodes.Put(nodeId.ToString(), new NodeRecord(
            NodeRecord.Trusted, setup.Platform, setup.PublishedAddresses, setup.PeerAddress));
        transaction.Map(NodeMaps.NodeCertificates).Put(nodeId.ToString(), service.NodeCertificate.ToPem());
        MapView<string, string> info = transaction.Map(NodeMaps.ServiceInfo);
        Invariant.Holds(info.TryGet(NodeMaps.ServiceKeyName, out string? known), "a ledger without a service");
        JsonNode changed = JsonNode.Parse(known)!;
        changed["cert"] = service.Certificate.ToPem();
        info.Put(NodeMaps.ServiceKeyName, changed.ToJsonString(JsonFormat.Options));
        ServiceEpoch before = replay.Epochs.InOrder[^1];
        transaction.Map(NodeMaps.WrappedLedgerSecrets)
            .Put(before.First.SeqNo.Value, secret.Wrap(before.First.SeqNo, before.Secret));
    }
}
