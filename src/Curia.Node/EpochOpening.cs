using System.Text.Json.Nodes;
using Curia.Endpoints;
using Curia.Governance;
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
    /// <param name="formation">Who opens the epoch with the new node; null when it is alone.</param>
    public static void Write(
        Transaction transaction, NodeSetup setup, NodeId nodeId, ServiceKey service, LedgerSecret secret,
        LedgerReplay replay, Formation? formation)
    {
        // All processes of before have ended, or will never commit anything again.
        MapView<string, NodeRecord> nodes = transaction.Map(GenesisMaps.NodeInfo);
        foreach ((NodeId older, NodeRecord record) in replay.Outline.Nodes.Records)
        {
            if (record is not { Status: NodeRecord.Retired, RetiredCommitted: true })
                nodes.Put(older.ToString(), record with { Status = NodeRecord.Retired, RetiredCommitted = true });
        }

        foreach (RestartClaim member in formation?.Members ?? [])
        {
            NodeRecord? record = replay.Outline.Nodes.SuccessorOf(member.Earlier);
            Invariant.Holds(record is not null, $"{member.Node} is a member and its disk was that of no node");
            nodes.Put(member.Node.ToString(), record with
            {
                PublishedAddresses = member.PublishedAddresses,
                PeerAddress = member.PeerAddress,
                LedgerFormat = member.LedgerFormat,
            });
        }

        // The same disk and the same code on the same machine: who owned the node of before owns this one.
        NodeRecord? before = replay.Outline.Nodes
            .SuccessorOf(formation?.Founder.Earlier ?? [replay.Sealed!.NodeId]);
        nodes.Put(nodeId.ToString(), new NodeRecord(
            NodeRecord.Trusted, before?.Platform ?? setup.Platform, setup.PublishedAddresses, setup.PeerAddress,
            Owner: before?.Owner, LedgerFormat: setup.LedgerFormat));
        if (setup.Evidence is { } evidence) transaction.Map(GenesisMaps.NodeEvidence).Put(nodeId.ToString(), evidence);
        transaction.Map(GenesisMaps.NodeCertificates).Put(nodeId.ToString(), service.NodeCertificate.ToPem());
        MapView<string, string> info = transaction.Map(GenesisMaps.ServiceInfo);
        Invariant.Holds(info.TryGet(GenesisMaps.ServiceKeyName, out string? known), "a ledger without a service");
        JsonNode changed = JsonNode.Parse(known)!;
        changed["cert"] = service.Certificate.ToPem();
        info.Put(GenesisMaps.ServiceKeyName, changed.ToJsonString(JsonFormat.Options));
        ServiceEpoch epoch = replay.Epochs.InOrder[^1];
        transaction.Map(NodeMaps.WrappedLedgerSecrets)
            .Put(epoch.First.SeqNo.Value, secret.Wrap(epoch.First.SeqNo, epoch.Secret));
    }
}
