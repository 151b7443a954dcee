using System;
using System.Collections.Generic;
using Curia.Consensus;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>A block in this node's log, sealed here or received.</summary>
/// <param name="Info">What consensus knows of it.</param>
/// <param name="Bytes">The block.</param>
/// <param name="After">The Merkle tree up to its end.</param>
/// <param name="Root">The root that it signs.</param>
/// <param name="Nodes">The nodes of the network after it.</param>
/// <param name="Received">The block decoded; null for one that was sealed here.</param>
internal sealed record AppendedBlock(
    BlockInfo Info, ReadOnlyMemory<byte> Bytes, MerkleFrontier After, Digest Root, NodeTable Nodes, Block? Received)
{
    /// <summary>Its signature transaction.</summary>
    public TxId LastTxId => Info.LastTxId;
}

/// <summary>The end of the ledger as the node holds it in memory: what is known at the last committed block, and all
/// blocks after it.</summary>
internal sealed class LedgerTail
{
    private readonly List<AppendedBlock> uncommitted = [];

    /// <summary>Begins where a ledger ends.</summary>
    public LedgerTail(TxId committed, MerkleFrontier after, Digest root, NodeTable nodes)
    {
        Committed = committed;
        CommittedAfter = after;
        CommittedRoot = root;
        CommittedNodes = nodes;
    }

    /// <summary>The last transaction of the last committed block.</summary>
    public TxId Committed { get; private set; }

    /// <summary>The Merkle tree up to the last committed block.</summary>
    public MerkleFrontier CommittedAfter { get; private set; }

    /// <summary>The root that the last committed block signs.</summary>
    public Digest CommittedRoot { get; private set; }

    /// <summary>The nodes of the network after the last committed block.</summary>
    public NodeTable CommittedNodes { get; private set; }

    /// <summary>The last transaction of all.</summary>
    public TxId Last => uncommitted.Count > 0 ? uncommitted[^1].LastTxId : Committed;

    /// <summary>The Merkle tree up to the last block.</summary>
    public MerkleFrontier After => uncommitted.Count > 0 ? uncommitted[^1].After : CommittedAfter;

    /// <summary>The nodes of the network after the last block.</summary>
    public NodeTable Nodes => uncommitted.Count > 0 ? uncommitted[^1].Nodes : CommittedNodes;

    /// <summary>Blocks that are not committed.</summary>
    public int UncommittedCount => uncommitted.Count;

    /// <summary>The blocks that are not committed, oldest first.</summary>
    public IReadOnlyList<AppendedBlock> Uncommitted => uncommitted;

    /// <summary>The uncommitted block that ends with a transaction; null when there is none.</summary>
    public AppendedBlock? Find(TxId last) => uncommitted.Find(block => block.LastTxId == last);

    /// <summary>Adds a block at the end.</summary>
    public void Append(AppendedBlock block)
    {
        Invariant.Holds(block.Info.First == Last.SeqNo.Next, "a block does not follow the end of the ledger");
        uncommitted.Add(block);
    }

    /// <summary>Takes blocks off the end.</summary>
    public void TruncateAfter(SeqNo last)
    {
        Invariant.Holds(last >= Committed.SeqNo, "what is committed would be taken back");
        uncommitted.RemoveAll(block => block.Info.Last > last);
    }

    /// <summary>The oldest block has committed.</summary>
    public AppendedBlock Commit(TxId last)
    {
        AppendedBlock block = uncommitted[0];
        Invariant.Holds(block.LastTxId == last, "blocks committed out of order");
        uncommitted.RemoveAt(0);
        Committed = last;
        CommittedAfter = block.After;
        CommittedRoot = block.Root;
        CommittedNodes = block.Nodes;
        return block;
    }
}
