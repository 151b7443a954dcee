using System;
using Curia.Cryptography;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>What exists once the service does: its key, its ledger secret, and all that works with them.</summary>
internal sealed class Service : IDisposable
{
    private readonly LedgerSecret secret;

    /// <summary>Service key and ledger secret are born here, in the TEE of the first primary.</summary>
    public Service(NodeSetup setup, NodeId id, KeyValueStore store, LedgerClock clock, Func<NodeView> view)
    {
        Key = ServiceKey.Create(setup, clock.Now);
        secret = LedgerSecret.Generate(setup.Entropy);
        Sealing = new BlockSealing(setup, Key, secret);
        History = new HistoricalQueries(secret, id, Key.Certificate, setup.Limits.HistoryBytesMax);
        Snapshots = new Snapshots(secret, id, setup.Limits.SnapshotInterval);
        NodeEndpoints own = new(setup, view, store);
        Pipeline = new TransactionPipeline(
            store, own.WithApplication(), own.Node(), new CallerAuthentication(clock), History, Sealing, setup.Limits);
    }

    /// <summary>The service identity.</summary>
    public ServiceKey Key { get; }

    /// <summary>The way of a transaction.</summary>
    public TransactionPipeline Pipeline { get; }

    /// <summary>Turns open blocks into sealed ones.</summary>
    public BlockSealing Sealing { get; }

    /// <summary>Old transactions and receipts.</summary>
    public HistoricalQueries History { get; }

    /// <summary>State on disk, to start from.</summary>
    public Snapshots Snapshots { get; }

    /// <summary>The data key of this period, for an auditor to whom it is disclosed. The caller clears it.</summary>
    public SecretBytes DataKey() => secret.DataKey();

    public void Dispose()
    {
        Sealing.Dispose();
        Key.Signer.Dispose();
        secret.Dispose();
    }
}
