using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Cryptography;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>What exists once the service does: its key, its ledger secret, and all that works with them.</summary>
internal sealed class Service : IDisposable
{
    private readonly LedgerSecret secret;

    /// <summary>Service key and ledger secret are born here, in the TEE of the first primary of an epoch.</summary>
    /// <param name="setup">What the node was given.</param>
    /// <param name="id">The node.</param>
    /// <param name="store">The state so far.</param>
    /// <param name="clock">The ledger's time.</param>
    /// <param name="replay">What was read back from disk; null for a new ledger.</param>
    /// <param name="view">What the node says of itself.</param>
    public Service(
        NodeSetup setup, NodeId id, KeyValueStore store, LedgerClock clock, LedgerReplay? replay, Func<NodeView> view)
    {
        Key = ServiceKey.Create(setup, clock.Now);
        secret = LedgerSecret.Generate(setup.Entropy);
        Epochs = replay?.Epochs ?? new ServiceEpochs();
        Sealing = new BlockSealing(setup, Key, secret, replay?.Tree() ?? MerkleTree.OfEmptyLedger());
        History = new HistoricalQueries(Epochs, setup.Limits.HistoryBytesMax);
        Snapshots = new Snapshots(secret, id, setup.Limits.SnapshotInterval, store.Current.TxId.SeqNo);
        NodeEndpoints own = new(setup, view, store, Epochs);
        Pipeline = new TransactionPipeline(
            store, own.WithApplication(), own.Node(), new CallerAuthentication(clock), History, Sealing, setup.Limits);
    }

    /// <summary>The service identity.</summary>
    public ServiceKey Key { get; }

    /// <summary>All epochs; that of this process once it has its place.</summary>
    public ServiceEpochs Epochs { get; }

    /// <summary>The ledger secret of this process.</summary>
    public LedgerSecret Secret => secret;

    /// <summary>The way of a transaction.</summary>
    public TransactionPipeline Pipeline { get; }

    /// <summary>Turns open blocks into sealed ones.</summary>
    public BlockSealing Sealing { get; }

    /// <summary>Old transactions and receipts.</summary>
    public HistoricalQueries History { get; }

    /// <summary>State on disk, to start from.</summary>
    public Snapshots Snapshots { get; }

    /// <summary>The data keys of all periods, for an auditor to whom they are disclosed. The caller clears
    /// them.</summary>
    public IReadOnlyList<DisclosedPeriod> DataKeys() =>
        [.. Epochs.InOrder.Select(epoch => new DisclosedPeriod(epoch.First.SeqNo, epoch.Secret.DataKey()))];

    /// <summary>What the next process must know to go on from the disk, sealed by the platform.</summary>
    public byte[] SealSecrets(SecretBytes sealingKey, NodeId id, Entropy entropy)
    {
        using SealedSecrets all = new(
            id,
            Key.Signer.Export(),
            [.. Epochs.InOrder.Select(epoch =>
                new SecretPeriod(epoch.First.SeqNo, epoch.Certificate.KeyDigest, epoch.Secret.Export()))]);
        return all.Seal(sealingKey, entropy);
    }

    public void Dispose()
    {
        Sealing.Dispose();
        Key.Signer.Dispose();
        Epochs.Clear();
        secret.Dispose();
    }
}
