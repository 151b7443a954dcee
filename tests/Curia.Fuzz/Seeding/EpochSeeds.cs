using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Fuzz.Seeding;

/// <summary>A ledger that a second process went on with, and the secrets that it was told.</summary>
internal static class EpochSeeds
{
    private static readonly DateTimeOffset start = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    private static readonly Entropy entropy = new SystemEntropy();
    private static readonly MadeService older = new();
    private static readonly MadeService newer = new();
    private static readonly SealedBlock[] blocks = Write();

    /// <summary>The blocks of both epochs.</summary>
    public static byte[] Blocks { get; } = [.. blocks.SelectMany(block => block.Bytes.ToArray())];

    public static List<byte[]> Epochs()
    {
        byte[] epoch = Decoded(blocks[2]).Entries[0].Public.ToArray();
        Must.Hold(EpochBlock.TryDecodePublic(TxId.Zero, epoch, out EpochBlock? read), "an epoch that was made is read");
        return [epoch, read.Endorsement.Bytes.ToArray(), epoch[..^read.PublicWrites.Length]];
    }

    /// <summary>What stands inside of sealed secrets: node, service key, periods.</summary>
    public static List<byte[]> Secrets()
    {
        byte[] node = Digest.Zero.ToArray();
        byte[] key = older.ServiceKey.ExportPkcs8();
        byte[] one = [.. node, 0, (byte)key.Length, .. key, 0, 0, 0, 1, .. Period(1)];
        byte[] two = [.. node, 0, (byte)key.Length, .. key, 0, 0, 0, 2, .. Period(1), .. Period(9)];
        byte[] noKey = [.. node, 0, 0, 0, 0, 0, 2, .. Period(9), .. Period(1)];
        return [one, two, noKey, new byte[LedgerSecret.WrappedSize]];
    }

    private static byte[] Period(byte from) =>
        [0, 0, 0, 0, 0, 0, 0, from, .. Digest.Zero.ToArray(), .. new byte[LedgerSecret.Size]];

    private static SealedBlock[] Write()
    {
        using LedgerSecret secret = LedgerSecret.Generate(entropy);
        MerkleTree tree = MerkleTree.OfEmptyLedger();
        using BlockSealer first = older.Sealer(secret);
        OpenBlock open = new(new View(2), new SeqNo(1));
        byte[] genesis = GenesisBlock.EncodePublic(older.ServiceCertificate.Der.Span, "genesis"u8);
        open.Add(new TxId(open.View, open.Next), EntryType.Genesis, ClaimsDigest.None, genesis, default);
        SealedBlock genesisBlock = first.Seal(open, tree, TxId.Zero, start);
        open = new(new View(2), new SeqNo(3));
        open.Add(new TxId(open.View, open.Next), EntryType.WriteSet, ClaimsDigest.None, "public"u8.ToArray(),
            "private"u8.ToArray());
        SealedBlock block = first.Seal(open, tree, new TxId(new View(2), new SeqNo(2)), start);

        TxId last = new(block.View, block.Last);
        ServiceEndorsement endorsement = ServiceEndorsement.Sign(
            older.ServiceKey, newer.ServiceCertificate.SubjectPublicKeyInfo.Span, last, block.Root, "network");
        byte[] previous = CertificateAuthority.Certify(
            newer.ServiceKey, newer.ServiceCertificate, older.ServiceCertificate, start, start.AddYears(1), entropy);
        open = new(new View(4), block.Last.Next);
        open.Add(new TxId(open.View, open.Next), EntryType.Epoch, ClaimsDigest.None, EpochBlock.EncodePublic(
            newer.ServiceCertificate.Der.Span, endorsement, previous, "writes"u8), default);
        using BlockSealer second = newer.Sealer(secret);
        return [genesisBlock, block, second.Seal(open, tree, last, start)];
    }

    private static Block Decoded(SealedBlock sealedBlock)
    {
        Must.Hold(Block.TryDecode(sealedBlock.Bytes, out Block? block), "a block that was sealed is read");
        return block;
    }
}
