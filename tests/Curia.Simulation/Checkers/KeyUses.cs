using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>What may come once in the world: in all processes of a run and on every copy of its disk.</summary>
internal sealed class KeyUses
{
    private readonly HashSet<(Digest EntryKey, TxId Nonce)> nonces = [];
    private readonly HashSet<Digest> born = [];

    /// <summary>An entry is sealed.</summary>
    /// <param name="entryKey">The digest of the key that seals it.</param>
    /// <param name="nonce">View and seqno: all that the nonce is made of.</param>
    public void Seal(Digest entryKey, TxId nonce)
    {
        if (!nonces.Add((entryKey, nonce)))
            throw new Violation(Rules.NoncesAreUsedOnce, $"{nonce} was sealed twice with one key");
    }

    /// <summary>A node, a service key or a ledger secret is born.</summary>
    public void Born(string what, Digest id)
    {
        if (!born.Add(id)) throw new Violation(Rules.IdentitiesAreNew, $"the {what} {id} was there before");
    }
}
