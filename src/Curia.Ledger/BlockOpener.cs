using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>A period whose private parts were disclosed: from a seqno to where the next known period begins.</summary>
/// <param name="From">The first seqno of the period.</param>
/// <param name="DataKey"><see cref="LedgerSecret.DataKey"/> of the period.</param>
public sealed record DisclosedPeriod(SeqNo From, SecretBytes DataKey);

/// <summary>Opens private parts wherever they were sealed: it finds the period by seqno and the sealing node in the
/// block.</summary>
/// <remarks>One thread at a time. It keeps one key for each period and node that it met.</remarks>
public sealed class BlockOpener : IDisposable
{
    private readonly Dictionary<(object Period, NodeId Node), EntrySealer> openers = [];
    private readonly LedgerSecrets? secrets;
    private readonly DisclosedPeriod[] periods = [];

    /// <summary>Opens with the secrets that a node holds, those that are added later included.</summary>
    public BlockOpener(LedgerSecrets secrets)
    {
        ArgumentNullException.ThrowIfNull(secrets);
        this.secrets = secrets;
    }

    /// <summary>Opens what was disclosed. The keys stay with the caller.</summary>
    public BlockOpener(IEnumerable<DisclosedPeriod> periods) =>
        this.periods = [.. periods.OrderBy(period => period.From)];

    /// <summary>Opens the private part of an entry.</summary>
    /// <param name="block">The block that holds it.</param>
    /// <param name="seqNo">A seqno of the block.</param>
    /// <param name="privateBytes">The private part; empty when the entry has none.</param>
    /// <returns>False when no key for its period is known, the key is another, or any byte of the entry was
    /// changed.</returns>
    /// <exception cref="InvariantException">The seqno is not in the block.</exception>
    public bool TryOpen(Block block, SeqNo seqNo, out byte[] privateBytes)
    {
        ArgumentNullException.ThrowIfNull(block);
        privateBytes = [];
        LedgerEntry entry = block.EntryAt(seqNo);
        if (entry.SealedPrivate.IsEmpty) return true;
        return FindOpener(seqNo, block.NodeId) is { } opener && opener.TryOpen(entry, out privateBytes);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (EntrySealer opener in openers.Values) opener.Dispose();
        openers.Clear();
    }

    private EntrySealer? FindOpener(SeqNo seqNo, NodeId node)
    {
        LedgerSecret? secret = null;
        secrets?.TryAt(seqNo, out secret);
        DisclosedPeriod? disclosed = periods.LastOrDefault(period => period.From <= seqNo);
        object? period = (object?)secret ?? disclosed;
        if (period is null) return null;
        if (openers.TryGetValue((period, node), out EntrySealer? known)) return known;
        EntrySealer opener = secret is not null ? new EntrySealer(secret, node)
            : new EntrySealer(disclosed!.DataKey, node);
        openers.Add((period, node), opener);
        return opener;
    }
}
