using System.Collections.Generic;
using System.Linq;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>One epoch of the service: from genesis, or from where a process went on, until the next one.</summary>
/// <param name="First">Its first transaction.</param>
/// <param name="Identity">Who signs in it.</param>
/// <param name="Secret">Its ledger secret.</param>
/// <param name="Opened">How it was opened; null for the first one, which genesis opened.</param>
internal sealed record ServiceEpoch(TxId First, ServiceIdentity Identity, LedgerSecret Secret, EpochBlock? Opened)
{
    /// <summary>The service certificate of the epoch.</summary>
    public Certificate Certificate => Identity.Certificate;
}

/// <summary>All epochs of the ledger that a node continues, its own last.</summary>
/// <remarks>Any thread may read while the loop adds: the list is replaced, never changed.</remarks>
internal sealed class ServiceEpochs
{
    private volatile ServiceEpoch[] epochs = [];

    /// <summary>In order.</summary>
    public IReadOnlyList<ServiceEpoch> InOrder => epochs;

    /// <summary>The same, without what is secret.</summary>
    public EpochIdentity[] Identities =>
        [.. epochs.Select(epoch => new EpochIdentity(epoch.First, epoch.Identity, epoch.Opened))];

    /// <summary>The epoch begins.</summary>
    public void Add(ServiceEpoch epoch)
    {
        ServiceEpoch[] known = epochs;
        Invariant.Holds(known.Length == 0 || known[^1].First < epoch.First, "epochs begin in order");
        epochs = [.. known, epoch];
    }

    /// <summary>The epoch that holds a seqno.</summary>
    public ServiceEpoch At(SeqNo seqNo)
    {
        ServiceEpoch? found = epochs.LastOrDefault(epoch => epoch.First.SeqNo <= seqNo);
        Invariant.Holds(found is not null, $"no epoch holds seqno {seqNo}");
        return found;
    }

    /// <summary>The certificates that lead from the service key of a transaction to the newest one, nearest to the
    /// transaction first: each is an older key, certified by the next.</summary>
    public IReadOnlyList<Certificate> EndorsementsOf(SeqNo seqNo) =>
        [
            .. epochs.Where(epoch => epoch.Opened is not null && epoch.First.SeqNo > seqNo)
                .Select(epoch => epoch.Opened!.PreviousCertificate),
        ];

    /// <summary>Clears the secrets.</summary>
    public void Clear()
    {
        foreach (ServiceEpoch epoch in epochs) epoch.Secret.Dispose();
    }
}
