using System.Collections.Generic;
using System.Linq;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>What must turn up in the ledger because somebody else has seen it there.</summary>
internal sealed class AuditAnchors
{
    private readonly TxId? expect;
    private readonly ILookup<SeqNo, ExpectedLeaf> leaves;
    private readonly ILookup<Digest, ExpectedRoot> roots;
    private readonly HashSet<ExpectedLeaf> leavesToFind;
    private readonly HashSet<Digest> rootsToFind;
    private bool expectSeen;

    public AuditAnchors(AuditOptions options)
    {
        expect = options.Expect;
        leaves = options.Leaves.ToLookup(leaf => leaf.TxId.SeqNo);
        roots = options.Roots.ToLookup(root => root.Root);
        rootsToFind = [.. options.Roots.Select(root => root.Root)];
        leavesToFind = [.. options.Leaves];
    }

    private AuditAnchors(AuditAnchors other)
    {
        expect = other.expect;
        leaves = other.leaves;
        roots = other.roots;
        rootsToFind = [.. other.rootsToFind];
        leavesToFind = [.. other.leavesToFind];
        expectSeen = other.expectSeen;
    }

    /// <summary>The same, with what was found so far.</summary>
    public AuditAnchors Copy() => new(this);

    /// <summary>Ticks off what a verified block holds.</summary>
    public void See(Block block)
    {
        if (expect is { } txId && txId.SeqNo >= block.First && txId.SeqNo <= block.Last && txId.View == block.View)
            expectSeen = true;
        rootsToFind.Remove(block.Signature.Root);
        if (leaves.Count == 0) return;
        foreach (LedgerEntry entry in block.Entries)
        {
            foreach (ExpectedLeaf leaf in leaves[entry.TxId.SeqNo])
            {
                if (leaf.TxId == entry.TxId && leaf.Leaf == entry.Leaf) leavesToFind.Remove(leaf);
            }
        }
    }

    /// <summary>One sentence for each thing that did not turn up.</summary>
    public IEnumerable<string> Missed(TxId last)
    {
        if (expect is { } txId && !expectSeen) yield return $"{txId} is not in this ledger, which ends at {last}";
        foreach (ExpectedLeaf leaf in leavesToFind)
            yield return $"{leaf.Source}: {leaf.TxId} with that content is not in this ledger, which ends at {last}";
        foreach (ExpectedRoot root in roots.SelectMany(group => group).Where(root => rootsToFind.Contains(root.Root)))
            yield return $"{root.Source}: its root was not signed in this ledger, which ends at {last}";
    }
}
