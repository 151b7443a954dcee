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
    /// <param name="epochs">The epochs before, whose data this one goes on with.</param>
    /// <param name="view">What the node says of itself.</param>
    public static Service Create(
        NodeSetup setup, NodeId id, KeyValueStore store, LedgerClock clock, ServiceEpochs epochs,
        Func<NodeView> view) =>
        new(setup, id, store, clock, epochs, ServiceKey.Create(setup, clock.Now),
            LedgerSecret.Generate(setup.Entropy), view);

    /// <summary>The service exists, and another trusted node has told this one its key and ledger secrets.</summary>
    /// <param name="setup">What the node was given.</param>
    /// <param name="id">The node.</param>
    /// <param name="store">The state.</param>
    /// <param name="clock">The ledger's time.</param>
    /// <param name="epochs">All epochs.</param>
    /// <param name="signer">The service key; taken over.</param>
    /// <param name="view">What the node says of itself.</param>
    public static Service Join(
        NodeSetup setup, NodeId id, KeyValueStore store, LedgerClock clock, ServiceEpochs epochs, Signer signer,
        Func<NodeView> view)
    {
        ServiceEpoch newest = epochs.InOrder[^1];
        return new Service(setup, id, store, clock, epochs,
            ServiceKey.Join(setup, signer, newest.Certificate, clock.Now), newest.Secret, view);
    }

    private Service(
        NodeSetup setup, NodeId id, KeyValueStore store, LedgerClock clock, ServiceEpochs epochs, ServiceKey key,
        LedgerSecret secret, Func<NodeView> view)
    {
        Key = key;
        this.secret = secret;
        Epochs = epochs;
        Opener = new BlockOpener(Secrets);
        foreach (ServiceEpoch epoch in epochs.InOrder) Secrets.Add(epoch.First.SeqNo, epoch.Secret);
        Sealing = new BlockSealing(setup, Key, secret);
        History = new HistoricalQueries(
            Epochs, setup.Limits.HistoryBytesMax,
            node => store.BeginReadOnly(MapAccess.Node).Map(NodeMaps.NodeEndorsements)
                .TryGet(node.ToString(), out byte[]? endorsement) ? endorsement : null);
        Snapshots = new Snapshots(secret, id, setup.Limits.SnapshotInterval, store.Current.TxId.SeqNo);
        NodeEndpoints own = new(setup, view, store, Epochs, new NodeRequests(view, clock));
        Idempotency idempotency = new(clock);
        idempotency.Rehearse();
        Pipeline = new TransactionPipeline(
            store, own.WithApplication(), own.Node(), new CallerAuthentication(clock), History, Sealing, idempotency,
            setup.Limits);
    }

    /// <summary>The service identity.</summary>
    public ServiceKey Key { get; }

    /// <summary>All epochs; that of this process once it has its place.</summary>
    public ServiceEpochs Epochs { get; }

    /// <summary>The ledger secret of this epoch.</summary>
    public LedgerSecret Secret => secret;

    /// <summary>The ledger secrets of all epochs.</summary>
    public LedgerSecrets Secrets { get; } = new();

    /// <summary>Opens blocks of other nodes.</summary>
    public BlockOpener Opener { get; }

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
        using SealedSecrets all = Export(id);
        return all.Seal(sealingKey, entropy);
    }

    /// <summary>What a node must know to take part in the service. The caller clears it.</summary>
    /// <param name="id">The node that tells it.</param>
    public SealedSecrets Export(NodeId id) => new(
        id,
        Key.Signer.Export(),
        [.. Epochs.InOrder.Select(epoch =>
            new SecretPeriod(epoch.First.SeqNo, epoch.Certificate.KeyDigest, epoch.Secret.Export()))]);

    /// <summary>This process opens the epoch: it begins with this.</summary>
    public void Opens(ServiceEpoch epoch)
    {
        Epochs.Add(epoch);
        Secrets.Add(epoch.First.SeqNo, epoch.Secret);
    }

    public void Dispose()
    {
        Sealing.Dispose();
        Opener.Dispose();
        Key.Signer.Dispose();
        Epochs.Clear();
        secret.Dispose();
    }
}
