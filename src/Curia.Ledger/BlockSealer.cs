using System;
using System.Collections.Immutable;
using System.Linq;
using Curia.Cryptography;
using Curia.Vocabulary;

namespace Curia.Ledger;

/// <summary>A block as it leaves the TEE.</summary>
/// <param name="View">The view of all its entries.</param>
/// <param name="First">The seqno of its first entry.</param>
/// <param name="Last">The seqno of its signature transaction.</param>
/// <param name="Digest">SHA-256 of its bytes.</param>
/// <param name="Root">The root that it signs.</param>
/// <param name="Bytes">The block itself.</param>
public sealed record SealedBlock(
    View View, SeqNo First, SeqNo Last, Digest Digest, Digest Root, ReadOnlyMemory<byte> Bytes);

/// <summary>Makes blocks of one node: encrypts every entry of an open block into the place where it stays, appends the
/// leaves, signs the root with both keys. No entry is copied twice.</summary>
/// <remarks>One thread at a time. It keeps all that it is given and disposes nothing but its own key.</remarks>
public sealed class BlockSealer : IDisposable
{
    /// <summary>The largest signature transaction: a certificate of 64 KiB, two signatures with their headers, a
    /// frontier; and what it records of acknowledgements.</summary>
    public const int SignatureBytesMax = 72 * 1024 + BlockAcknowledgements.BytesMax;

    private readonly EntrySealer sealer;
    private readonly NodeId nodeId;
    private readonly Signer nodeKey;
    private readonly ReadOnlyMemory<byte> nodeCertificate;
    private readonly Signer serviceKey;
    private readonly string issuer;
    private readonly string subject;

    /// <summary>A sealer for one period.</summary>
    /// <param name="secret">The ledger secret of the period.</param>
    /// <param name="nodeKey">The key of the node; its id is the digest of the public half.</param>
    /// <param name="nodeCertificateDer">Issued by the service key.</param>
    /// <param name="serviceKey">The service key.</param>
    /// <param name="issuer">CWT claim 1 of its signatures.</param>
    /// <param name="subject">CWT claim 2 of its signatures.</param>
    /// <exception cref="InvariantException">The certificate is not that of the node key, or a name has no usable
    /// size.</exception>
    public BlockSealer(
        LedgerSecret secret, Signer nodeKey, ReadOnlyMemory<byte> nodeCertificateDer, Signer serviceKey,
        string issuer, string subject)
    {
        ArgumentNullException.ThrowIfNull(nodeKey);
        ArgumentNullException.ThrowIfNull(serviceKey);
        Invariant.Holds(
            Certificate.TryFromDer(nodeCertificateDer.Span, out Certificate? certificate) && certificate is not null
            && certificate.SubjectPublicKeyInfo.Span.SequenceEqual(nodeKey.SubjectPublicKeyInfo.Span),
            "the node certificate is that of the node key");
        Invariant.Holds(SignatureHeader.AreNames(issuer, subject), "issuer and subject are names");
        nodeId = new NodeId(Digest.Of(nodeKey.SubjectPublicKeyInfo.Span));
        sealer = new EntrySealer(secret, nodeId);
        this.nodeKey = nodeKey;
        nodeCertificate = nodeCertificateDer;
        this.serviceKey = serviceKey;
        this.issuer = issuer;
        this.subject = subject;
    }

    /// <summary>Seals and signs an open block. The tree grows by its leaves, that of the signature transaction
    /// included.</summary>
    /// <param name="open">The block; it may be empty, as the first block of a view is.</param>
    /// <param name="tree">The tree of the ledger up to the block.</param>
    /// <param name="committed">The highest TxID known as committed.</param>
    /// <param name="time">The time of signing; the caller sees to it that it never goes back.</param>
    /// <param name="acknowledgements">Of the blocks that <paramref name="committed"/> names for the first time, where a
    /// rule asks for them.</param>
    /// <exception cref="InvariantException">The tree does not end where the block begins, or a seqno was sealed before.
    /// The caller gives up the view: nothing of the block may be used.</exception>
    public SealedBlock Seal(
        OpenBlock open, MerkleTree tree, TxId committed, DateTimeOffset time,
        ImmutableArray<BlockAcknowledgements> acknowledgements = default)
    {
        if (acknowledgements.IsDefault) acknowledgements = [];
        ArgumentNullException.ThrowIfNull(open);
        ArgumentNullException.ThrowIfNull(tree);
        Invariant.Holds(tree.Size == open.First.Value,
            $"the tree has {tree.Size} leaves, the block begins at {open.First}");
        Invariant.Holds(open.First.Value > 1 || open.Count == 1, "the genesis block holds genesis and its signature");
        Invariant.Holds(open.Count == 1 || open.Entries.All(entry => entry.Type == EntryType.WriteSet),
            "an epoch begins with a block of its own");
        Invariant.Holds(committed.SeqNo < open.First, "a block does not know its own transactions as committed");

        MerkleFrontier before = tree.Frontier();
        byte[] buffer = new byte[Block.HeaderSize + (int)open.Bytes + SignatureRoom(acknowledgements)];
        int offset = Block.HeaderSize;
        foreach (OpenEntry entry in open.Entries)
        {
            Span<byte> target = buffer.AsSpan(offset, (int)entry.SealedBytes);
            tree.Append(sealer.Seal(entry.Type, entry.TxId, entry.Claims, entry.Public.Span, entry.Private.Span,
                target));
            offset += target.Length;
        }

        TxId last = new(open.View, open.Next);
        Digest root = tree.Root();
        byte[] signature = SignatureTransaction
            .Sign(last, root, before, nodeKey, nodeCertificate, serviceKey, committed, time, issuer, subject,
                acknowledgements)
            .Encode();
        int signatureSize = (int)LedgerEntry.SizeOf(signature.Length, 0);
        tree.Append(sealer.Seal(
            EntryType.Signature, last, ClaimsDigest.None, signature, [], buffer.AsSpan(offset, signatureSize)));
        Memory<byte> block = buffer.AsMemory(0, offset + signatureSize);
        new BlockHeader(block.Length, open.View, open.First, last.SeqNo, nodeId).Write(block.Span);
        return new SealedBlock(open.View, open.First, last.SeqNo, Digest.Of(block.Span), root, block);
    }

    /// <inheritdoc/>
    public void Dispose() => sealer.Dispose();

    // The certificate and the rest at its largest: two names of 256 bytes, two signatures of 132, a full frontier.
    private int SignatureRoom(ImmutableArray<BlockAcknowledgements> acknowledgements) => nodeCertificate.Length
        + 4 * 1024 + (acknowledgements.IsEmpty ? 0 : BlockAcknowledgements.BytesOf(acknowledgements));
}
