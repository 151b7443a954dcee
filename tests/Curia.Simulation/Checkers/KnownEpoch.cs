using System;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>An epoch as the checkers know it: they have its ledger secret, which nobody else has.</summary>
internal sealed class KnownEpoch : IDisposable
{
    public KnownEpoch(SeqNo first, Digest serviceKeyId, NodeId node, SecretBytes secret)
    {
        First = first;
        ServiceKeyId = serviceKeyId;
        Node = node;
        SecretBytes = secret.Reveal().ToArray();
        Secret = new LedgerSecret(new SecretBytes(SecretBytes));
        Sealer = new EntrySealer(Secret, node);
        using SecretBytes dataKey = Secret.DataKey();
        using SecretBytes entryKey = KeyDerivation.Derive(dataKey, "curia entry key", node.Value.ToArray());
        EntryKey = Digest.Of(entryKey.Reveal());
    }

    /// <summary>Its first seqno.</summary>
    public SeqNo First { get; }

    public Digest ServiceKeyId { get; }

    /// <summary>The one node that seals in it.</summary>
    public NodeId Node { get; }

    public byte[] SecretBytes { get; }

    public LedgerSecret Secret { get; }

    /// <summary>Opens its entries.</summary>
    public EntrySealer Sealer { get; }

    /// <summary>The digest of the key of its entries.</summary>
    public Digest EntryKey { get; }

    /// <summary>The service certificate; known when its first block was sealed.</summary>
    public Certificate? Service { get; set; }

    /// <summary>How it says that it goes on from the epoch before; null for the first one.</summary>
    public EpochBlock? Opened { get; set; }

    public void Dispose()
    {
        Sealer.Dispose();
        Secret.Dispose();
    }
}
