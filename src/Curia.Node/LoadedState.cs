using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Cryptography;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>The state that was made from files, and the secrets that opened them: what a node goes on with. Dispose it
/// only if no node took it over.</summary>
public abstract class LoadedState : IDisposable
{
    private protected LoadedState() => Opener = new BlockOpener(Secrets);

    /// <summary>What was unsealed or told; there once nothing was found wrong.</summary>
    public SealedSecrets? Sealed { get; private protected set; }

    /// <summary>The state, once there is no obstacle.</summary>
    internal KeyValueStore Store { get; private protected set; } = new();

    internal ServiceEpochs Epochs { get; } = new();

    private protected LedgerSecrets Secrets { get; } = new();

    private protected BlockOpener Opener { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Clears what is secret, but not what a node has taken over.</summary>
    internal void Release()
    {
        Opener.Dispose();
        ReleaseSecrets();
    }

    /// <summary>Clears all that is secret.</summary>
    /// <param name="disposing">Always true.</param>
    protected virtual void Dispose(bool disposing)
    {
        Release();
        Epochs.Clear();
    }

    private protected abstract void ReleaseSecrets();

    // Null, or why the epoch cannot be opened.
    private protected string? BeginEpoch(EpochIdentity epoch, IEnumerable<SealedSecrets> candidates)
    {
        SeqNo first = epoch.First.SeqNo;
        Digest service = epoch.Identity.KeyId;
        SecretPeriod? period = candidates.SelectMany(candidate => candidate.Periods)
            .FirstOrDefault(known => known.From == first && known.ServiceKeyId == service);
        if (period is null) return $"no sealed secrets open the epoch that begins at {first} (service key {service})";
        LedgerSecret secret = new(new SecretBytes(period.Secret.Reveal()));
        Secrets.Add(first, secret);
        Epochs.Add(new ServiceEpoch(epoch.First, epoch.Identity, secret, epoch.Opened));
        return null;
    }
}
