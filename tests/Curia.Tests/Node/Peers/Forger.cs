using System;
using System.Linq;
using Curia.Consensus;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Node.Peers;
using Curia.Tests.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Node.Peers;

/// <summary>Whoever has the keys of a service: makes blocks that verify and that no honest node would send.</summary>
internal sealed class Forger : IDisposable
{
    private readonly EcdsaSigner nodeKey;
    private readonly EcdsaSigner serviceKey;
    private readonly Certificate nodeCertificate;
    private readonly LedgerSecret secret;

    /// <summary>With the keys of a network.</summary>
    public Forger(TestNetwork network)
    {
        Assert.True(SealedSecrets.TryOpen(network.Sealed.Span, TestNetwork.SealingKey, out SealedSecrets? known));
        Assert.True(EcdsaSigner.TryOpen(known.ServiceKey, out EcdsaSigner? signer));
        serviceKey = signer!;
        secret = new LedgerSecret(known.Periods[^1].Secret);
        Assert.True(Certificate.TryFromDer(
            network.Primary.Node.View.ServiceCertificate.Span, out Certificate? certificate));
        (nodeKey, nodeCertificate) = NewNode(certificate!);
    }

    /// <summary>With keys of a service of its own.</summary>
    public Forger(SampleLedger ledger)
    {
        serviceKey = ledger.ServiceKey;
        secret = ledger.Secret;
        (nodeKey, nodeCertificate) = NewNode(ledger.ServiceCertificate);
    }

    /// <summary>A block of one transaction behind a tree.</summary>
    public SealedBlock Block(
        MerkleFrontier before, View view, byte[] publicBytes, EntryType type = EntryType.WriteSet)
    {
        using BlockSealer sealer = new(secret, nodeKey, nodeCertificate.Der, serviceKey, "test", "ledger.signature");
        OpenBlock open = new(view, new SeqNo(before.Size));
        open.Add(new TxId(view, open.Next), type, ClaimsDigest.None, publicBytes, default);
        return sealer.Seal(open, MerkleTree.FromFrontier(before), TxId.Zero, TestShell.Noon.AddDays(1));
    }

    /// <summary>An append with blocks.</summary>
    public static byte[] Append(
        View view, TxId previous, TxId committed, params ReadOnlyMemory<byte>[] blocks) =>
    [
        .. PeerCodec.Encode(new ReplicaMessage.Append(
            view, previous, [.. blocks.Select(InfoOf)], committed, Round: 1)),
        .. blocks.SelectMany(block => block.ToArray()),
    ];

    public void Dispose()
    {
        nodeKey.Dispose();
        serviceKey.Dispose();
        secret.Dispose();
    }

    private static BlockInfo InfoOf(ReadOnlyMemory<byte> bytes) => new(
        View.Max, SeqNo.Zero, SeqNo.Zero, Digest.Of(bytes.Span), Configuration: null); // only their number is sent

    private (EcdsaSigner Key, Certificate Certificate) NewNode(Certificate service)
    {
        Entropy entropy = new SystemEntropy();
        EcdsaSigner key = EcdsaSigner.Generate(entropy);
        byte[] der = CertificateAuthority.Issue(
            serviceKey, service, key.SubjectPublicKeyInfo.Span, "forger", [], TestShell.Noon.AddDays(-1),
            TestShell.Noon.AddDays(30), entropy);
        Assert.True(Certificate.TryFromDer(der, out Certificate? certificate));
        return (key, certificate!);
    }
}
