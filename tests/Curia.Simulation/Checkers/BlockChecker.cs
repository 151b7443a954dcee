using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>Looks at every block that leaves the node: its place, its root over all leaves so far, both signatures,
/// that no seqno is sealed twice, and that nothing private stands in it in clear.</summary>
internal sealed class BlockChecker(byte[] privateMarker, byte[] publicMarker, Situations situations)
{
    private readonly NaiveTree tree = new();
    private readonly HashSet<(NodeId, View, SeqNo)> nonces = [];
    private readonly List<LedgerEntry> entries = [];
    private readonly List<SealedRange> blocks = [];
    private Certificate? service;
    private DateTimeOffset newest;
    private bool publicSeen;

    /// <summary>All entries that were sealed, the one with seqno 1 first.</summary>
    public IReadOnlyList<LedgerEntry> Entries => entries;

    /// <summary>All blocks that were sealed, with the digest of their bytes.</summary>
    public IReadOnlyList<SealedRange> Blocks => blocks;

    /// <summary>The service certificate that the genesis block names.</summary>
    public Certificate? Service => service;

    public void Check(Effect.StoreBlock store)
    {
        NothingPrivate(store.Bytes.Span, $"block {store.First} to {store.Last}");
        if (!Block.TryDecode(store.Bytes, out Block? block, out string reason))
        {
            throw new Violation(Rules.BlocksAreSigned, $"block {store.First}: {reason}");
        }

        Nonces(block!);
        Place(block!, store);
        service ??= ServiceOf(block!);
        Signatures(block!);
        foreach (LedgerEntry entry in block!.Entries)
        {
            entries.Add(entry);
            tree.Append(NaiveLeaf(entry));
        }

        blocks.Add(new SealedRange(block.First, block.Last, Digest.Of(store.Bytes.Span)));
        if (block.Entries.Length > 2) situations.Reached("block of several transactions");
    }

    /// <summary>Searches bytes that reach the disk for the marker that stands in every private value.</summary>
    public void NothingPrivate(ReadOnlySpan<byte> bytes, string what)
    {
        if (bytes.IndexOf(privateMarker) >= 0)
        {
            throw new Violation(
                Rules.PrivateIsSealed, $"{what} holds a private value in clear");
        }

        // The same search must find what is public, or it would prove nothing.
        publicSeen |= bytes.IndexOf(publicMarker) >= 0;
        if (publicSeen) situations.Reached("public marker found in clear");
    }

    private void Nonces(Block block)
    {
        foreach (LedgerEntry entry in block.Entries)
        {
            if (!nonces.Add((block.NodeId, entry.TxId.View, entry.TxId.SeqNo)))
            {
                throw new Violation(Rules.NoncesAreUsedOnce, $"{entry.TxId} was sealed twice by {block.NodeId}");
            }
        }
    }

    private void Place(Block block, Effect.StoreBlock store)
    {
        Require(block.First == store.First && block.Last == store.Last, block, "says another place than the effect");
        Require(block.First.Value == (ulong)entries.Count + 1, block, $"does not follow {entries.Count}");
        Require(block.Signature.Time >= newest, block, "was signed before the block in front of it");
        newest = block.Signature.Time;
    }

    private void Signatures(Block block)
    {
        if (tree.Count == 0) tree.Append(new byte[Digest.Size]); // leaf 0 stands for nothing
        byte[] root = tree.RootWith([.. block.Entries[..^1].Select(NaiveLeaf)]);
        Require(block.Signature.Root == new Digest(root), block, "signs another root");
        Require(
            Certificate.TryFromDer(block.Signature.NodeCertificate.Span, out Certificate? node)
                && node!.IsIssuedBy(service!) && new NodeId(node.KeyDigest) == block.NodeId,
            block,
            "is signed by a node without a certificate of the service");
        Require(node!.Key.VerifyHash(root, block.Signature.NodeSignature.Span), block, "has a wrong node signature");
        Require(block.Signature.Cose.Verify(service!.Key, root), block, "has a wrong service signature");
    }

    // docs/ledger-format.md, "Leaf": from the bytes alone; claims digest at 18, evidence digest at 50.
    private static byte[] NaiveLeaf(LedgerEntry entry)
    {
        ReadOnlySpan<byte> bytes = entry.Bytes.Span;
        return SHA256.HashData([.. SHA256.HashData(bytes), .. bytes.Slice(50, 32), .. bytes.Slice(18, 32)]);
    }

    private static Certificate ServiceOf(Block block) =>
        GenesisBlock.TryRead(block, out GenesisBlock? genesis)
            ? genesis!.ServiceCertificate
            : throw new Violation(Rules.BlocksAreSigned, "the first block is no genesis block");

    private static void Require(bool holds, Block block, string problem)
    {
        if (!holds) throw new Violation(Rules.BlocksAreSigned, $"block {block.First} to {block.Last} {problem}");
    }
}

/// <summary>A block that left the node.</summary>
internal sealed record SealedRange(SeqNo First, SeqNo Last, Digest Digest);
