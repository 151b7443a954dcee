using System;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Benchmarks.Micro;

/// <summary>A ledger in memory with keys of its own, to which blocks of small writes are sealed.</summary>
internal sealed class BenchmarkLedger : IDisposable
{
    private static readonly DateTimeOffset now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly LedgerSecret secret;
    private readonly EcdsaSigner serviceKey;
    private readonly EcdsaSigner nodeKey;
    private readonly BlockSealer blocks;
    private readonly MerkleTree tree = MerkleTree.OfEmptyLedger();

    public BenchmarkLedger()
    {
        SystemEntropy entropy = new();
        secret = LedgerSecret.Generate(entropy);
        serviceKey = EcdsaSigner.Generate(entropy);
        nodeKey = EcdsaSigner.Generate(entropy);
        Certificate certificate = Read(
            CertificateAuthority.SelfSigned(serviceKey, "service", now, now.AddYears(1), entropy));
        byte[] node = CertificateAuthority.Issue(
            serviceKey, certificate, nodeKey.SubjectPublicKeyInfo.Span, "node", [], now, now.AddYears(1), entropy);
        Entries = new EntrySealer(secret, new NodeId(Digest.Of(nodeKey.SubjectPublicKeyInfo.Span)));
        blocks = new BlockSealer(secret, nodeKey, node, serviceKey, "service.example.com", "ledger.signature");
        Service = new ServiceIdentity(certificate);
        OpenBlock genesis = new(new View(2), new SeqNo(1));
        genesis.Add(
            new TxId(new View(2), new SeqNo(1)), EntryType.Genesis, ClaimsDigest.None,
            GenesisBlock.EncodePublic(certificate.Der.Span, PublicBytes.Span), default);
        Genesis = blocks.Seal(genesis, tree, TxId.Zero, now);
    }

    public ReadOnlyMemory<byte> PublicBytes { get; } = new byte[50];

    public ReadOnlyMemory<byte> PrivateBytes { get; } = new byte[100];

    public EntrySealer Entries { get; }

    public ServiceIdentity Service { get; }

    public SealedBlock Genesis { get; }

    /// <summary>Seals the next block.</summary>
    public SealedBlock SealBlock(int entries)
    {
        OpenBlock open = new(new View(2), new SeqNo(tree.Size));
        for (int i = 0; i < entries; i++)
            open.Add(new TxId(open.View, open.Next), EntryType.WriteSet, ClaimsDigest.None, PublicBytes, PrivateBytes);
        SealedBlock done = blocks.Seal(open, tree, TxId.Zero, now);
        tree.Flush(tree.Size);
        return done;
    }

    public void Dispose()
    {
        Entries.Dispose();
        blocks.Dispose();
        secret.Dispose();
        serviceKey.Dispose();
        nodeKey.Dispose();
    }

    private static Certificate Read(byte[] der) => Certificate.TryFromDer(der, out Certificate? certificate)
        ? certificate!
        : throw new InvalidOperationException("the certificate that was made cannot be read");
}
