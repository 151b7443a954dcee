using System;
using System.Collections.Generic;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>When the open block becomes a sealed one: at once while the pipe is idle, by size while it is busy (DESIGN
/// 4: blocks are sealed adaptively, there is no fixed interval). Sealing encrypts each write set, makes it a leaf,
/// signs the root with node and service key, and so makes bytes that may leave the TEE.</summary>
internal sealed class BlockSealing : IDisposable
{
    private readonly BlockSealer sealer;
    private readonly NodeLimits limits;
    private readonly MerkleTree tree;
    private readonly Queue<ProposedBlock> inFlight = new();
    private OpenBlock? open;

    /// <summary>Goes on where the tree ends; it is taken over.</summary>
    public BlockSealing(NodeSetup setup, ServiceKey service, LedgerSecret secret, MerkleTree tree)
    {
        limits = setup.Limits;
        this.tree = tree;
        sealer = new BlockSealer(
            secret, setup.NodeKey, service.NodeCertificate.Der, service.Signer, setup.Genesis.Name, "ledger.signature");
    }

    /// <summary>Blocks proposed and not yet committed.</summary>
    public int InFlight => inFlight.Count;

    /// <summary>Blocks sealed since start.</summary>
    public long BlocksSealed { get; private set; }

    /// <summary>Bytes of all blocks sealed since start.</summary>
    public long BytesSealed { get; private set; }

    /// <summary>Whether the open block can take a transaction of this size besides what it holds.</summary>
    public bool HasRoomFor(long publicBytes, long privateBytes) => open?.HasRoomFor(publicBytes, privateBytes) ?? true;

    /// <summary>Adds what the store has taken. Nothing of it leaves the TEE before it is sealed.</summary>
    public void Join(TxId txId, EntryType type, ClaimsDigest claims, byte[] publicBytes, byte[] privateBytes)
    {
        open ??= new OpenBlock(txId.View, txId.SeqNo);
        open.Add(txId, type, claims, publicBytes, privateBytes);
    }

    /// <summary>Seals the open block if it is time.</summary>
    /// <param name="store">Learns of the signature transaction: it writes no map, but it has a seqno of its
    /// own.</param>
    /// <param name="committed">The highest transaction known as committed; recorded in the signature.</param>
    /// <param name="now">The ledger's time; recorded in the signature.</param>
    /// <param name="moreWait">Whether more transactions may join before anything else happens; only a full block does
    /// not wait for them.</param>
    /// <returns>The block to propose, or null while there is nothing to seal or a reason to wait.</returns>
    public ProposedBlock? SealIfDue(KeyValueStore store, TxId committed, DateTimeOffset now, bool moreWait)
    {
        if (open is null) return null;
        bool full = open.Bytes >= limits.BlockBytes || open.Count >= limits.BlockTransactions;
        bool due = full ? inFlight.Count < limits.BlocksInFlightMax : inFlight.Count == 0 && !moreWait;
        if (!due) return null;
        SealedBlock sealedBlock = sealer.Seal(open, tree, committed, now);
        tree.Flush(tree.Size);
        open = null;
        ProposedBlock block = new(sealedBlock, tree.Frontier());
        store.Apply(block.LastTxId, WriteSet.Empty);
        inFlight.Enqueue(block);
        BlocksSealed++;
        BytesSealed += sealedBlock.Bytes.Length;
        return block;
    }

    /// <summary>The oldest block has committed.</summary>
    public ProposedBlock Committed(TxId last)
    {
        ProposedBlock block = inFlight.Dequeue();
        Invariant.Holds(block.LastTxId == last, "blocks committed out of order");
        return block;
    }

    public void Dispose() => sealer.Dispose();
}

/// <summary>A sealed block on its way to commit.</summary>
/// <param name="Block">The block.</param>
/// <param name="After">The Merkle tree up to its end.</param>
internal sealed record ProposedBlock(SealedBlock Block, MerkleFrontier After)
{
    /// <summary>Its signature transaction.</summary>
    public TxId LastTxId => new(Block.View, Block.Last);
}
