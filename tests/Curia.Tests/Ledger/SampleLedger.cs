using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Ledger;

/// <summary>A service with one node and keys from a seed, and a ledger that it writes.</summary>
internal sealed class SampleLedger : IDisposable
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private readonly List<SealedBlock> blocks = [];
    private readonly string seed;
    private BlockSealer sealer;

    public SampleLedger(string seed = "sample")
    {
        this.seed = seed;
        SeededEntropy entropy = new(seed);
        ServiceKey = EcdsaSigner.Generate(entropy);
        NodeKey = EcdsaSigner.Generate(entropy);
        Secret = LedgerSecret.Generate(entropy);
        ServiceCertificate = Read(CertificateAuthority.SelfSigned(ServiceKey, "Sample Service", Start,
            Start.AddYears(10), entropy));
        NodeCertificate = Read(CertificateAuthority.Issue(
            ServiceKey, ServiceCertificate, NodeKey.SubjectPublicKeyInfo.Span, "node0", [], Start, Start.AddYears(10),
                entropy));
        NodeId = new NodeId(NodeCertificate.KeyDigest);
        sealer = NewSealer();
    }

    public EcdsaSigner ServiceKey { get; }

    public EcdsaSigner NodeKey { get; }

    public LedgerSecret Secret { get; }

    public Certificate ServiceCertificate { get; }

    public Certificate NodeCertificate { get; }

    public NodeId NodeId { get; }

    public MerkleTree Tree { get; } = MerkleTree.OfEmptyLedger();

    public IReadOnlyList<SealedBlock> Blocks => blocks;

    public TxId Last => blocks.Count == 0 ? TxId.Zero : new TxId(blocks[^1].View, blocks[^1].Last);

    public Digest GenesisDigest => blocks[0].Digest;

    /// <summary>Genesis; three transactions; a new view that opens with a signature alone; two transactions.</summary>
    public static SampleLedger Written(string seed = "sample")
    {
        SampleLedger ledger = new(seed);
        ledger.WriteGenesis();
        ledger.Write(2, ("one", "private one"), ("two", ""), ("", "private three"));
        ledger.Write(3);
        ledger.Write(3, ("four", "private four"), ("five", "private five"));
        return ledger;
    }

    /// <summary>Another process with the same keys, which knows nothing of what was sealed.</summary>
    public void Restart()
    {
        sealer.Dispose();
        sealer = NewSealer();
    }

    /// <summary>Another ledger of the same keys that begins with the first blocks of this one, and may go on in
    /// another way.</summary>
    public SampleLedger Fork(int blocksInCommon)
    {
        SampleLedger fork = new(seed);
        foreach (SealedBlock common in blocks.Take(blocksInCommon))
        {
            Assert.True(Block.TryDecode(common.Bytes, out Block? block));
            foreach (Digest leaf in block.Leaves()) fork.Tree.Append(leaf);
            fork.blocks.Add(common);
        }

        return fork;
    }

    public SealedBlock WriteGenesis(ulong view = 2)
    {
        OpenBlock open = new(new View(view), new SeqNo(1));
        byte[] genesis = GenesisBlock.EncodePublic(ServiceCertificate.Der.Span, "genesis"u8);
        open.Add(new TxId(open.View, new SeqNo(1)), EntryType.Genesis, ClaimsDigest.None, genesis,
            ReadOnlyMemory<byte>.Empty);
        return Seal(open);
    }

    public SealedBlock Write(ulong view, params (string Public, string Private)[] transactions)
    {
        OpenBlock open = new(new View(view), Last.SeqNo.Next);
        foreach ((string publicText, string privateText) in transactions)
        {
            ClaimsDigest claims = publicText == "one" ? new ClaimsDigest(Digest.Of("claims of one"u8))
                : ClaimsDigest.None;
            open.Add(new TxId(open.View, open.Next), EntryType.WriteSet, claims,
                Encoding.UTF8.GetBytes(publicText), Encoding.UTF8.GetBytes(privateText));
        }

        return Seal(open);
    }

    public SealedBlock Seal(OpenBlock open, TxId? committed = null, DateTimeOffset? time = null)
    {
        SealedBlock block = sealer.Seal(open, Tree, committed ?? Last,
            time ?? Start.AddMilliseconds(250 * (blocks.Count + 1)));
        blocks.Add(block);
        return block;
    }

    /// <summary>The files: a closed one with the first blocks, and an open one with the rest.</summary>
    public List<(string Name, byte[] Bytes)> Files(int blocksInFirst = 2)
    {
        SealedBlock[] closed = [.. blocks.Take(blocksInFirst)];
        SealedBlock[] rest = [.. blocks.Skip(blocksInFirst)];
        List<(string Name, byte[] Bytes)> files = [];
        if (closed.Length > 0) files.Add((LedgerChunk.ClosedName(closed[0].First, closed[^1].Last), Chunk(closed)));
        if (rest.Length > 0) files.Add((LedgerChunk.OpenName(rest[0].First), Chunk(rest)));
        return files;
    }

    public static AuditReport Audit(IEnumerable<(string Name, byte[] Bytes)> files, AuditOptions? options = null)
    {
        LedgerAudit audit = new(options ?? new AuditOptions());
        foreach ((string name, byte[] bytes) in files) audit.AddChunk(name, bytes);
        return audit.Finish();
    }

    public static byte[] Chunk(params SealedBlock[] blocks) =>
        [.. LedgerChunk.Header(blocks[0].First), .. blocks.SelectMany(block => block.Bytes.ToArray())];

    public void Dispose()
    {
        sealer.Dispose();
        Secret.Dispose();
        NodeKey.Dispose();
        ServiceKey.Dispose();
    }

    private BlockSealer NewSealer() =>
        new(Secret, NodeKey, NodeCertificate.Der, ServiceKey, "service.example.com", "ledger.signature");

    private static Certificate Read(byte[] der)
    {
        Assert.True(Certificate.TryFromDer(der, out Certificate? certificate));
        return certificate!;
    }
}
