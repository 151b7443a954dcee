using System;
using BenchmarkDotNet.Attributes;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Benchmarks.Micro;

/// <summary>What the ledger costs without network and disk. Expected for 100 bytes a transaction: about 6 µs for an
/// entry (HMAC, AES-GCM, three hashes, one for the tree) and two P-256 signatures for each block, so 100,000 entries a
/// second on one thread need blocks of a hundred entries and more.</summary>
[MemoryDiagnoser]
public class LedgerBenchmarks : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly byte[] publicBytes = new byte[50];
    private readonly byte[] privateBytes = new byte[100];
    private readonly SystemEntropy entropy = new();
    private readonly MerkleTree leaves = MerkleTree.OfEmptyLedger();
    private MerkleTree tree = MerkleTree.OfEmptyLedger();
    private EntrySealer? entries;
    private BlockSealer? blocks;
    private LedgerSecret? secret;
    private EcdsaSigner? serviceKey;
    private EcdsaSigner? nodeKey;
    private ServiceIdentity? service;
    private ReadOnlyMemory<byte> block;
    private ulong next;

    [Params(1, 100, 1000)]
    public int EntriesPerBlock { get; set; }

    [GlobalSetup]
    public void Start()
    {
        secret = LedgerSecret.Generate(entropy);
        serviceKey = EcdsaSigner.Generate(entropy);
        nodeKey = EcdsaSigner.Generate(entropy);
        Certificate certificate = Read(CertificateAuthority.SelfSigned(serviceKey, "service", Now, Now.AddYears(1),
            entropy));
        byte[] node = CertificateAuthority.Issue(
            serviceKey, certificate, nodeKey.SubjectPublicKeyInfo.Span, "node", [], Now, Now.AddYears(1), entropy);
        entries = new EntrySealer(secret, new NodeId(Digest.Of(nodeKey.SubjectPublicKeyInfo.Span)));
        blocks = new BlockSealer(secret, nodeKey, node, serviceKey, "service.example.com", "ledger.signature");
        service = new ServiceIdentity(certificate);
        tree = MerkleTree.OfEmptyLedger();
        OpenBlock genesis = new(new View(2), new SeqNo(1));
        genesis.Add(
            new TxId(new View(2), new SeqNo(1)), EntryType.Genesis, ClaimsDigest.None,
            GenesisBlock.EncodePublic(certificate.Der.Span, publicBytes), default);
        blocks.Seal(genesis, tree, TxId.Zero, Now);
        block = SealBlock().Bytes;
        next = 1;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        entries?.Dispose();
        blocks?.Dispose();
        secret?.Dispose();
        serviceKey?.Dispose();
        nodeKey?.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark]
    public byte[] SealEntry() => entries!.Seal(
        EntryType.WriteSet, new TxId(new View(2), new SeqNo(++next)), ClaimsDigest.None, publicBytes, privateBytes);

    [Benchmark]
    public SealedBlock SealBlock()
    {
        OpenBlock open = new(new View(2), new SeqNo(tree.Size));
        for (int i = 0; i < EntriesPerBlock; i++)
            open.Add(new TxId(open.View, open.Next), EntryType.WriteSet, ClaimsDigest.None, publicBytes, privateBytes);
        SealedBlock done = blocks!.Seal(open, tree, TxId.Zero, Now);
        tree.Flush(tree.Size);
        return done;
    }

    [Benchmark]
    public Block? DecodeBlock() => Block.TryDecode(block, out Block? decoded) ? decoded : null;

    [Benchmark]
    public bool DecodeAndVerifyBlock() =>
        Block.TryDecode(block, out Block? decoded) && service!.Verify(decoded, out _);

    [Benchmark]
    public void MerkleAppend()
    {
        leaves.Append(Digest.Zero);
        if (leaves.Size % 4096 == 0) leaves.Flush(leaves.Size);
    }

    private static Certificate Read(byte[] der) =>
        Certificate.TryFromDer(der, out Certificate? certificate) ? certificate!
            : throw new InvalidOperationException();
}
