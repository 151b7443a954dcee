using System;
using System.Collections.Generic;
using System.Linq;
using System.Numerics;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Fuzz.Seeding;

/// <summary>A service with one node that signs whatever it is asked to, also what no node would: blocks at the ends of
/// what a number can hold.</summary>
internal sealed class MadeService
{
    private static readonly DateTimeOffset start = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    private readonly EcdsaSigner nodeKey = EcdsaSigner.Generate(new SystemEntropy());

    public MadeService()
    {
        Entropy entropy = new SystemEntropy();
        ServiceCertificate = Read(
            CertificateAuthority.SelfSigned(ServiceKey, "Made Service", start, start.AddYears(10), entropy));
        NodeCertificate = Read(CertificateAuthority.Issue(
            ServiceKey, ServiceCertificate, nodeKey.SubjectPublicKeyInfo.Span, "node0", [], start, start.AddYears(10),
            entropy));
    }

    public EcdsaSigner ServiceKey { get; } = EcdsaSigner.Generate(new SystemEntropy());

    public Certificate ServiceCertificate { get; }

    public Certificate NodeCertificate { get; }

    /// <summary>What an honest node of it writes blocks with.</summary>
    public BlockSealer Sealer(LedgerSecret secret) => new(
        secret, nodeKey, NodeCertificate.Der, ServiceKey, "service.example.com", "ledger.signature");

    /// <summary>A block of a few transactions and its signature.</summary>
    public byte[] Block(ulong first, int transactions, ulong view = 2)
    {
        NodeId nodeId = new(NodeCertificate.KeyDigest);
        using LedgerSecret secret = LedgerSecret.Generate(new SystemEntropy());
        using EntrySealer sealer = new(secret, nodeId);
        List<byte[]> entries = [];
        for (int i = 0; i < transactions; i++)
        {
            TxId txId = new(new View(view), new SeqNo(first + (ulong)i));
            bool isGenesis = txId.SeqNo.Value == 1;
            byte[] text = Seeds.Text($"public {i}");
            byte[] publicBytes = isGenesis ? GenesisBlock.EncodePublic(ServiceCertificate.Der.Span, text) : text;
            entries.Add(sealer.Seal(isGenesis ? EntryType.Genesis : EntryType.WriteSet, txId, ClaimsDigest.None,
                publicBytes, i % 2 == 0 ? [] : Seeds.Text($"private {i}")));
        }

        TxId last = new(new View(view), new SeqNo(first + (ulong)transactions));
        entries.Add(sealer.Seal(EntryType.Signature, last, ClaimsDigest.None, Signature(last, first, entries), []));
        return Ledger.Block.Encode(nodeId, new View(view), new SeqNo(first), entries);
    }

    /// <summary>A signature transaction.</summary>
    public byte[] Signature(
        TxId txId, ulong first, IEnumerable<byte[]> entries, params IEnumerable<ulong> acknowledged)
    {
        MerkleFrontier before = FrontierOf(first);
        Digest root = Digest.Zero;
        if (before.IsWellFormed)
        {
            MerkleTree tree = MerkleTree.FromFrontier(before);
            foreach (byte[] entry in entries) tree.Append(LeafOf(entry));
            root = tree.Root();
        }

        return SignatureTransaction.Sign(txId, root, before, nodeKey, NodeCertificate.Der, ServiceKey, TxId.Zero,
            start, "service.example.com", "ledger.signature", [.. acknowledged.Select(Acknowledged)]).Encode();
    }

    /// <summary>A block that this node and the service key have acknowledged.</summary>
    private BlockAcknowledgements Acknowledged(ulong seqNo)
    {
        TxId block = new(new View(4), new SeqNo(seqNo));
        Acknowledgement[] by = [AcknowledgedBy(nodeKey, block), AcknowledgedBy(ServiceKey, block)];
        return new BlockAcknowledgements(block, [.. by.OrderBy(one => one.Node)]);
    }

    private static Acknowledgement AcknowledgedBy(Signer key, TxId block) =>
        Acknowledgement.Sign(key, Digest.Of("a network"u8), block, Digest.Of("a root"u8));

    /// <summary>A tree of some size with digests that are no digests of anything.</summary>
    public static MerkleFrontier FrontierOf(ulong size) => new(size,
        [.. Enumerable.Range(0, BitOperations.PopCount(size)).Select(i => Digest.Of([(byte)i]))]);

    private static Digest LeafOf(byte[] bytes)
    {
        Must.Hold(LedgerEntry.TryDecode(bytes, out LedgerEntry? entry), "an entry that was sealed is read");
        return entry.Leaf;
    }

    private static Certificate Read(byte[] der)
    {
        Must.Hold(Certificate.TryFromDer(der, out Certificate? certificate), "a certificate that was made is read");
        return certificate!;
    }
}
