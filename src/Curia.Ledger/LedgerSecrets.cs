using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>The ledger secrets that a node holds, each valid from a seqno until the next one begins.</summary>
/// <remarks>Any thread may read while one adds: the list is replaced, never changed.</remarks>
public sealed class LedgerSecrets
{
    private volatile (SeqNo From, LedgerSecret Secret)[] periods = [];

    /// <summary>The first seqno of each period, in order.</summary>
    public IReadOnlyList<SeqNo> Periods => Array.ConvertAll(periods, period => period.From);

    /// <summary>Adds the secret of the period that begins at a seqno.</summary>
    /// <exception cref="InvariantException">A period begins there or later already.</exception>
    public void Add(SeqNo from, LedgerSecret secret)
    {
        ArgumentNullException.ThrowIfNull(secret);
        (SeqNo From, LedgerSecret Secret)[] known = periods;
        Invariant.Holds(known.Length == 0 || known[^1].From < from, "ledger secrets must be added in order");
        periods = [.. known, (from, secret)];
    }

    /// <summary>The secret of the period that holds a seqno.</summary>
    /// <returns>False for a seqno before the first period that this node knows.</returns>
    public bool TryAt(SeqNo seqNo, [NotNullWhen(true)] out LedgerSecret? secret)
    {
        (SeqNo From, LedgerSecret Secret)[] known = periods;
        for (int i = known.Length - 1; i >= 0; i--)
        {
            if (known[i].From > seqNo) continue;
            secret = known[i].Secret;
            return true;
        }

        secret = null;
        return false;
    }

    /// <summary>The secret of the period that holds a seqno.</summary>
    /// <exception cref="InvariantException">No known period holds it.</exception>
    public LedgerSecret At(SeqNo seqNo)
    {
        Invariant.Holds(TryAt(seqNo, out LedgerSecret? secret), $"no ledger secret for seqno {seqNo}");
        return secret;
    }
}
