using System;
using System.Collections.Generic;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>How much of a ledger an audit has verified.</summary>
internal readonly record struct ChainExtent(SeqNo First, TxId Last, ulong Transactions, ulong Blocks);

/// <summary>What each block must have in common with those before it.</summary>
/// <param name="verifiesAcknowledgements">Whether each signature under an acknowledgement is verified; where the last
/// signature of an epoch vouches for all before it, it does so for these too.</param>
internal sealed class AuditedChain(bool verifiesAcknowledgements)
{
    // The ends of blocks that a later block may still call committed, and the roots that they sign: from the newest
    // that was called so on.
    private readonly Queue<(TxId TxId, Digest Root)> ends = new([(TxId.Zero, default)]);
    private MerkleFrontier? frontier = MerkleTree.OfEmptyLedger().Frontier();
    private TxId committed = TxId.Zero;
    private DateTimeOffset time = DateTimeOffset.UnixEpoch;
    private Digest? genesis;
    private bool gap;

    /// <summary>What was added so far.</summary>
    public ChainExtent Extent { get; private set; } = new(SeqNo.Zero, TxId.Zero, 0, 0);

    public TxId Last => Extent.Last;

    /// <summary>The root that <see cref="Last"/> signs.</summary>
    public Digest LastRoot { get; private set; }

    /// <summary>Whether every block so far follows the one before it.</summary>
    public bool IsWhole => frontier is not null;

    /// <summary>Something before the next block could not be verified: the next one is taken with its own frontier,
    /// which its signed root covers.</summary>
    public void Break()
    {
        frontier = null;
        gap = true;
    }

    /// <summary>What is wrong between this block and those before it; null when nothing is.</summary>
    public string? FindProblem(Block block)
    {
        SignatureTransaction signature = block.Signature;
        if (block.View < Last.View) return $"the view goes back from {Last.View} to {block.View}";
        if (frontier is not null && frontier.Size != block.First.Value)
            return $"the block begins at {block.First} after {Last}";
        if (frontier is not null && frontier != signature.Frontier)
            return "the frontier is not that of the entries before: they were changed, or belong to another ledger";
        if (signature.Time < time) return $"the time of signing goes back from {time:O} to {signature.Time:O}";
        if (signature.Committed.SeqNo < committed.SeqNo)
            return $"the committed TxID goes back from {committed} to {signature.Committed}";
        return gap || IsEnd(signature.Committed)
            ? FindAcknowledgementProblem(signature)
            : $"{signature.Committed} is called committed and ends no block of this ledger";
    }

    // They stand where their block is called committed for the first time, and nowhere else, so that who looks for them
    // knows where to look.
    private string? FindAcknowledgementProblem(SignatureTransaction signature)
    {
        foreach (BlockAcknowledgements one in signature.Acknowledgements)
        {
            if (one.Block.SeqNo <= committed.SeqNo || one.Block.SeqNo > signature.Committed.SeqNo)
                return $"it records acknowledgements of {one.Block}, which it is not the first to call committed";
            if (gap) continue;
            if (RootOf(one.Block) is not { } root)
                return $"it records acknowledgements of {one.Block}, which ends no block of this ledger";
            if (verifiesAcknowledgements && genesis is { } network && one.FindForged(network, root) is { } node)
                return $"node {node} has not signed the acknowledgement of {one.Block} that it records";
        }

        return null;
    }

    private Digest? RootOf(TxId txId)
    {
        foreach ((TxId end, Digest root) in ends)
        {
            if (end == txId) return root;
        }

        return null;
    }

    public void Add(Block block)
    {
        frontier = block.FrontierAfter();
        if (block.First.Value == 1) genesis = block.Digest;
        Extent = new ChainExtent(
            Extent.First == SeqNo.Zero ? block.First : Extent.First, block.Entries[^1].TxId,
            Extent.Transactions + (ulong)block.Entries.Length, Extent.Blocks + 1);
        LastRoot = block.Signature.Root;
        if (block.Signature.Time > time) time = block.Signature.Time;
        if (block.Signature.Committed.SeqNo > committed.SeqNo) committed = block.Signature.Committed;
        while (ends.TryPeek(out (TxId TxId, Digest Root) end) && end.TxId.SeqNo < committed.SeqNo) ends.Dequeue();
        ends.Enqueue((Last, LastRoot));
    }

    // A block is the unit of commit (DESIGN 2), so what is committed ends with a signature transaction.
    private bool IsEnd(TxId txId)
    {
        foreach ((TxId end, Digest _) in ends)
        {
            if (end == txId) return true;
            if (end.SeqNo > txId.SeqNo) return false;
        }

        return false;
    }
}
