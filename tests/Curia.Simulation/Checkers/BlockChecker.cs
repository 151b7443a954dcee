using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Looks at every block that leaves a node: its place, its root over all leaves so far, both signatures, that
/// no seqno is sealed twice, that a process begins with an epoch of its own, and that nothing private stands in it in
/// clear.</summary>
internal sealed class BlockChecker : IDisposable
{
    private readonly Situations situations;
    private readonly byte[] publicMarker;
    private readonly List<byte[]> hidden;
    private readonly List<LedgerEntry> entries = [];
    private readonly List<SealedRange> blocks = [];
    private readonly List<KnownEpoch> epochs = [];
    private NaiveTree tree = new();
    private bool begins = true;
    private bool publicSeen;

    public BlockChecker(byte[] privateMarker, byte[] publicMarker, KeyUses uses, Situations situations)
    {
        this.publicMarker = publicMarker;
        this.situations = situations;
        Uses = uses;
        hidden = [privateMarker];
        tree.Append(new byte[Digest.Size]); // leaf 0 stands for nothing
    }

    /// <summary>The same ledger up to here, for what becomes of a copied disk.</summary>
    public BlockChecker(BlockChecker origin)
    {
        publicMarker = origin.publicMarker;
        situations = origin.situations;
        publicSeen = origin.publicSeen;
        Uses = origin.Uses;
        hidden = [.. origin.hidden];
        entries = [.. origin.entries];
        blocks = [.. origin.blocks];
        epochs = [.. origin.epochs];
    }

    /// <summary>What may come once, here and on every copy of the disk.</summary>
    public KeyUses Uses { get; }

    /// <summary>All entries of the ledger, the one with seqno 1 first.</summary>
    public IReadOnlyList<LedgerEntry> Entries => entries;

    /// <summary>All blocks of the ledger, with the digest of their bytes.</summary>
    public IReadOnlyList<SealedRange> Blocks => blocks;

    /// <summary>All epochs of the ledger, the newest one last.</summary>
    public IReadOnlyList<KnownEpoch> Epochs => epochs;

    /// <summary>The newest service certificate; null before the first block.</summary>
    public Certificate? Service => epochs.Count == 0 ? null : epochs[^1].Service;

    /// <summary>The epoch of a seqno.</summary>
    public KnownEpoch EpochAt(SeqNo seqNo) => epochs.Last(epoch => epoch.First <= seqNo);

    /// <summary>Whether this is a transaction of the ledger.</summary>
    public bool Has(TxId txId) => txId.SeqNo > SeqNo.Zero && txId.SeqNo.Value <= (ulong)entries.Count
        && entries[(int)txId.SeqNo.Value - 1].TxId == txId;

    /// <summary>A block leaves the node.</summary>
    /// <param name="store">The block.</param>
    /// <param name="newest">The epoch whose secrets the process has sealed.</param>
    public void Check(Effect.StoreBlock store, KnownEpoch? newest)
    {
        NothingPrivate(store.Bytes.Span, $"block {store.First} to {store.Last}");
        if (!Block.TryDecode(store.Bytes, out Block? block, out string reason))
            throw new Violation(Rules.BlocksAreSigned, $"block {store.First}: {reason}");
        if (begins) Begin(block, newest);
        else Chained(block.Entries[0].Type is not (EntryType.Genesis or EntryType.Epoch), block, "is a second one");
        begins = false;
        foreach (LedgerEntry entry in block.Entries) Uses.Seal(epochs[^1].EntryKey, entry.TxId);
        Place(block, store);
        Signatures(block);
        foreach (LedgerEntry entry in block.Entries) Add(entry);
        blocks.Add(SealedRange.Of(block));
        if (block.Entries.Length > 2) situations.Reached("block of several transactions");
    }

    /// <summary>Only this much of the ledger is left; the next block is the first one of another process.</summary>
    public void Rewind(SeqNo last)
    {
        begins = true;
        entries.RemoveRange((int)last.Value, entries.Count - (int)last.Value);
        blocks.RemoveAll(block => block.First > last);
        epochs.RemoveAll(epoch => epoch.First > last);
        tree = new NaiveTree();
        tree.Append(new byte[Digest.Size]);
        foreach (LedgerEntry entry in entries) tree.Append(NaiveLeaf(entry));
    }

    /// <summary>These bytes must never be found on the disk.</summary>
    public void Hide(byte[] secret) => hidden.Add(secret);

    /// <summary>Searches bytes that reach the disk for what must not be there: the marker that stands in every private
    /// value, and keys.</summary>
    public void NothingPrivate(ReadOnlySpan<byte> bytes, string what)
    {
        foreach (byte[] secret in hidden)
        {
            if (bytes.IndexOf(secret) >= 0)
                throw new Violation(Rules.PrivateIsSealed, $"{what} holds a private value or a key in clear");
        }

        // The same search must find what is public, or it would prove nothing.
        publicSeen |= bytes.IndexOf(publicMarker) >= 0;
        if (publicSeen) situations.Reached("public marker found in clear");
    }

    public void Dispose()
    {
        foreach (KnownEpoch epoch in epochs) epoch.Dispose();
    }

    private void Add(LedgerEntry entry)
    {
        entries.Add(entry);
        tree.Append(NaiveLeaf(entry));
    }

    private void Place(Block block, Effect.StoreBlock store)
    {
        Require(block.First == store.First && block.Last == store.Last, block, "says another place than the effect");
        Require(block.First.Value == (ulong)entries.Count + 1, block, $"does not follow {entries.Count}");
        if (blocks.Count == 0) return;
        Require(block.Signature.Time >= blocks[^1].Time, block, "was signed before the block in front of it");
    }

    private void Begin(Block block, KnownEpoch? newest)
    {
        if (newest is null || newest.First != block.First)
            throw new Violation(Rules.SecretsAreSealed, $"block {block.First} comes before its sealed secrets");
        newest.Opened = null;
        if (blocks.Count == 0)
        {
            Require(GenesisBlock.TryRead(block, out GenesisBlock? genesis), block, "is no genesis block");
            newest.Service = genesis!.ServiceCertificate;
        }
        else
        {
            if (!EpochBlock.TryRead(block, out EpochBlock? epoch))
                throw new Violation(Rules.EpochsChain, $"block {block.First} of a new process opens no epoch");
            FollowOn(block, epoch);
            newest.Service = epoch.ServiceCertificate;
            newest.Opened = epoch;
            situations.Reached("epoch opened");
        }

        Chained(newest.Service.KeyDigest == newest.ServiceKeyId, block, "has another service key than was sealed");
        Chained(newest.Node == block.NodeId, block, "is of another node than its sealed secrets");
        epochs.Add(newest);
    }

    // docs/ledger-format.md, "Epoch", said once more.
    private void FollowOn(Block block, EpochBlock epoch)
    {
        SealedRange before = blocks[^1];
        Certificate older = epochs[^1].Service!;
        Certificate newer = epoch.ServiceCertificate;
        ServiceEndorsement endorsement = epoch.Endorsement;
        Chained(block.Entries.Length == 2, block, "holds more than its epoch");
        Chained(block.View.Value == before.LastTxId.View.Value + 2, block, $"is in view {block.View}");
        Chained(epoch.Continues == before.LastTxId, block, $"goes on from {epoch.Continues}, not {before.LastTxId}");
        Chained(epoch.Root == before.Root, block, "goes on from another root");
        Chained(endorsement.Continues == before.LastTxId, block, "is endorsed for another TxID");
        Chained(endorsement.Root == before.Root, block, "is endorsed for another root");
        Chained(endorsement.IsFor(older, newer), block, "is not endorsed by the service key before");
        Chained(newer.IsIssuedBy(newer), block, "has a certificate that is not signed with its own key");
        Chained(epoch.PreviousCertificate.KeyDigest == older.KeyDigest, block, "certifies another key");
        Chained(epoch.PreviousCertificate.IsIssuedBy(newer), block, "does not certify the key before");
    }

    private void Signatures(Block block)
    {
        Certificate service = epochs[^1].Service!;
        byte[] root = tree.RootWith([.. block.Entries[..^1].Select(NaiveLeaf)]);
        Require(block.Signature.Root == new Digest(root), block, "signs another root");
        Require(
            Certificate.TryFromDer(block.Signature.NodeCertificate.Span, out Certificate? node)
                && node!.IsIssuedBy(service) && new NodeId(node.KeyDigest) == block.NodeId,
            block,
            "is signed by a node without a certificate of the service");
        Require(node!.Key.VerifyHash(root, block.Signature.NodeSignature.Span), block, "has a wrong node signature");
        Require(block.Signature.Cose.Verify(service.Key, root), block, "has a wrong service signature");
    }

    // docs/ledger-format.md, "Leaf": from the bytes alone; claims digest at 18, evidence digest at 50.
    private static byte[] NaiveLeaf(LedgerEntry entry)
    {
        ReadOnlySpan<byte> bytes = entry.Bytes.Span;
        return SHA256.HashData([.. SHA256.HashData(bytes), .. bytes.Slice(50, 32), .. bytes.Slice(18, 32)]);
    }

    private static void Require(bool holds, Block block, string problem)
    {
        if (!holds) throw new Violation(Rules.BlocksAreSigned, $"block {block.First} to {block.Last} {problem}");
    }

    private static void Chained(bool holds, Block block, string problem)
    {
        if (!holds) throw new Violation(Rules.EpochsChain, $"the epoch of block {block.First} {problem}");
    }
}

/// <summary>A block that left a node.</summary>
internal sealed record SealedRange(SeqNo First, TxId LastTxId, Digest Digest, Digest Root, DateTimeOffset Time)
{
    public SeqNo Last => LastTxId.SeqNo;

    public static SealedRange Of(Block block) => new(
        block.First, block.Entries[^1].TxId, Digest.Of(block.Bytes.Span), block.Signature.Root, block.Signature.Time);
}
