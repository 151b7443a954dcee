using System;
using System.Collections.Immutable;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Node;

/// <summary>What a primary has ordered since its last block, and when that becomes a block: at once while the pipe is
/// idle, by size while it is busy (DESIGN 4: blocks are sealed adaptively, there is no fixed interval). Sealing
/// encrypts each write set, makes it a leaf, signs the root with node and service key, and so makes bytes that may
/// leave the TEE.</summary>
internal sealed class BlockSealing : IDisposable
{
    private readonly BlockSealer sealer;
    private readonly NodeLimits limits;
    private MerkleTree tree = MerkleTree.OfEmptyLedger();
    private OpenBlock? open;
    private bool isEnding;

    /// <summary>Seals with a service key in the period of a ledger secret.</summary>
    public BlockSealing(NodeSetup setup, ServiceKey service, LedgerSecret secret)
    {
        limits = setup.Limits;
        sealer = new BlockSealer(
            secret, setup.NodeKey, service.NodeCertificate.Der, service.Signer, setup.Genesis.Name, "ledger.signature");
    }

    /// <summary>Blocks sealed since start.</summary>
    public long BlocksSealed { get; private set; }

    /// <summary>Bytes of all blocks sealed since start.</summary>
    public long BytesSealed { get; private set; }

    /// <summary>The transaction of the open block that changed which nodes take part, where there is one: it is the
    /// last of its block, so that a configuration counts from a block's end (DESIGN 4, "Reconfiguration").</summary>
    public SeqNo? NodesFrom { get; private set; }

    /// <summary>Whether the open block can take a transaction of this size besides what it holds.</summary>
    public bool HasRoomFor(long publicBytes, long privateBytes) =>
        !isEnding && (open?.HasRoomFor(publicBytes, privateBytes) ?? true);

    /// <summary>This node orders from here on.</summary>
    public void Begin(MerkleFrontier after) => tree = MerkleTree.FromFrontier(after);

    /// <summary>Seals next a block of nothing but its signature. A new primary opens its view with one, before anything
    /// else: only through it do blocks of earlier views commit.</summary>
    public void OpenEmpty(View view, SeqNo first)
    {
        open = new OpenBlock(view, first);
        isEnding = true;
    }

    /// <summary>This node orders no longer: what is open is dropped. Nothing of it ever left the TEE.</summary>
    public void End()
    {
        open = null;
        isEnding = false;
        NodesFrom = null;
    }

    /// <summary>Adds what the store has taken. Nothing of it leaves the TEE before it is sealed.</summary>
    public void Join(TxId txId, EntryType type, ClaimsDigest claims, byte[] publicBytes, byte[] privateBytes)
    {
        open ??= new OpenBlock(txId.View, txId.SeqNo);
        open.Add(txId, type, claims, publicBytes, privateBytes);
    }

    /// <summary>What joined last changed which nodes take part: the block ends with it.</summary>
    public void NodesChanged(SeqNo from)
    {
        NodesFrom = from;
        isEnding = true;
    }

    /// <summary>Seals the open block if it is time.</summary>
    /// <param name="inFlight">Blocks that are not committed.</param>
    /// <param name="committed">The highest transaction known as committed; recorded in the signature.</param>
    /// <param name="now">The ledger's time; recorded in the signature.</param>
    /// <param name="acknowledgements">Gives what a block records of those before it; asked when it is sealed.</param>
    /// <param name="moreWait">Whether more transactions may join before anything else happens; only a block that is
    /// full or must end does not wait for them.</param>
    /// <returns>The block, or null while there is nothing to seal or a reason to wait.</returns>
    public SealedBlock? SealIfDue(
        int inFlight, TxId committed, DateTimeOffset now, bool moreWait,
        Func<ImmutableArray<BlockAcknowledgements>> acknowledgements)
    {
        if (open is null) return null;
        bool full = open.Bytes >= limits.BlockBytes || open.Count >= limits.BlockTransactions;
        bool due = isEnding
            || (full ? inFlight < limits.BlocksInFlightMax : inFlight == 0 && !moreWait);
        if (!due) return null;
        SealedBlock sealedBlock = sealer.Seal(open, tree, committed, now, acknowledgements());
        tree.Flush(tree.Size);
        End();
        BlocksSealed++;
        BytesSealed += sealedBlock.Bytes.Length;
        return sealedBlock;
    }

    /// <summary>The Merkle tree up to the last block that was sealed.</summary>
    public MerkleFrontier After() => tree.Frontier();

    public void Dispose() => sealer.Dispose();
}
