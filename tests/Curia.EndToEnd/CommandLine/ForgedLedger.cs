using System;
using System.IO;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.EndToEnd.CommandLine;

/// <summary>A ledger that somebody makes of another one's genesis writes, with a service key and a node of his own:
/// each digest and each signature in it is right.</summary>
internal static class ForgedLedger
{
    /// <summary>Writes it.</summary>
    /// <param name="source">The first file of a ledger.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="later">By how much it is signed later than the other one.</param>
    public static void Write(string source, string folder, TimeSpan later)
    {
        Block original = First(File.ReadAllBytes(source));
        Assert.True(GenesisBlock.TryRead(original, out GenesisBlock? genesis));
        DateTimeOffset at = original.Signature.Time + later;
        SystemEntropy entropy = new();
        using EcdsaSigner serviceKey = EcdsaSigner.Generate(entropy);
        using EcdsaSigner nodeKey = EcdsaSigner.Generate(entropy);
        using LedgerSecret secret = LedgerSecret.Generate(entropy);
        Certificate service =
            Read(CertificateAuthority.SelfSigned(serviceKey, "Curia Service", at, at.AddDays(1), entropy));
        Certificate node = Read(CertificateAuthority.Issue(
            serviceKey, service, nodeKey.SubjectPublicKeyInfo.Span, "Curia Node", [], at, at.AddDays(1), entropy));
        using BlockSealer sealer = new(secret, nodeKey, node.Der, serviceKey, "forged", "ledger.signature");
        OpenBlock open = new(original.View, original.First);
        open.Add(
            original.Entries[0].TxId, EntryType.Genesis, ClaimsDigest.None,
            GenesisBlock.EncodePublic(service.Der.Span, genesis.PublicWrites.Span), default);
        SealedBlock block = sealer.Seal(open, MerkleTree.OfEmptyLedger(), TxId.Zero, at);
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(
            Path.Combine(folder, LedgerChunk.OpenName(original.First)),
            [.. LedgerChunk.Header(original.First), .. block.Bytes.Span]);
    }

    private static Block First(byte[] file)
    {
        Assert.True(BlockHeader.TryDecode(file.AsSpan(LedgerChunk.HeaderSize), out BlockHeader header, out _));
        Assert.True(Block.TryDecode(file.AsMemory(LedgerChunk.HeaderSize, header.Length), out Block? block));
        return block;
    }

    private static Certificate Read(byte[] der)
    {
        Assert.True(Certificate.TryFromDer(der, out Certificate? read));
        return read!;
    }
}
