using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.IO;
using System.Linq;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Fuzz;

/// <summary>A ledger that was written once, with its receipts and its secret: what is signed by its keys and is not in
/// it was made by a fuzzer, and must not pass for genuine.</summary>
internal static class Reference
{
    private static readonly string folder = Path.Combine(AppContext.BaseDirectory, "format-1");
    private static readonly ILookup<string, string[]> expected = File.ReadLines(FileOf("expected.txt"))
        .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split(' '))
        .ToLookup(line => line[0], line => line[1..]);

    /// <summary>The chunk files, in the order of the ledger.</summary>
    public static ImmutableArray<(string Name, byte[] Bytes)> Chunks { get; } =
    [
        .. LedgerChunk.InOrder(Directory.EnumerateFiles(folder).Select(file => Path.GetFileName(file)!))
            .Select(name => (name, File.ReadAllBytes(FileOf(name)))),
    ];

    public static byte[] Snapshot { get; } = File.ReadAllBytes(FileOf("snapshot_9_10.committed"));

    public static byte[] JsonReceipt { get; } = File.ReadAllBytes(FileOf("receipt_3.json"));

    public static byte[] CoseReceipt { get; } = File.ReadAllBytes(FileOf("receipt_3.cose"));

    public static Certificate ServiceCertificate { get; } = ReadServiceCertificate();

    public static ServiceKeys Keys { get; } = ServiceKeys.Of(ServiceCertificate);

    public static LedgerSecret Secret { get; } = new(SecretOfLedger());

    public static TxId Last { get; } = ReadTxId(expected["last"].Single()[0]);

    /// <summary>Its blocks, in order.</summary>
    public static ImmutableArray<Block> Blocks { get; } = ReadBlocks();

    /// <summary>Each entry by its TxID.</summary>
    public static ImmutableDictionary<TxId, LedgerEntry> Entries { get; } =
        Blocks.SelectMany(block => block.Entries).ToImmutableDictionary(entry => entry.TxId);

    /// <summary>Each signed root.</summary>
    public static ImmutableHashSet<Digest> Roots { get; } = [.. Blocks.Select(block => block.Signature.Root)];

    /// <summary>All blocks, back to back.</summary>
    public static ImmutableArray<byte> LedgerBytes { get; } = [.. Blocks.SelectMany(block => block.Bytes.ToArray())];

    /// <summary>What its node would have sealed for the next one, but for the service key, which is gone.</summary>
    public static SealedSecrets Sealed() => new(
        Blocks[0].NodeId, new SecretBytes([0]),
        [new SecretPeriod(new SeqNo(1), ServiceCertificate.KeyDigest, SecretOfLedger())]);

    /// <summary>Whether the bytes are one of its blocks.</summary>
    public static bool HasBlock(ReadOnlySpan<byte> bytes)
    {
        foreach (Block block in Blocks)
        {
            if (block.Bytes.Span.SequenceEqual(bytes)) return true;
        }

        return false;
    }

    private static SecretBytes SecretOfLedger() =>
        new(Convert.FromHexString(expected["ledger_secret"].Single()[0]));

    private static string FileOf(string name) => Path.Combine(folder, name);

    private static Certificate ReadServiceCertificate()
    {
        bool read = Certificate.TryFromPem(File.ReadAllText(FileOf("service_cert.pem")), out Certificate? certificate);
        Must.Hold(read, "the service certificate of the reference ledger is read");
        return certificate!;
    }

    private static TxId ReadTxId(string text)
    {
        Must.Hold(TxId.TryParse(text, out TxId txId), "the last TxID of the reference ledger is read");
        return txId;
    }

    private static ImmutableArray<Block> ReadBlocks()
    {
        List<Block> blocks = [];
        foreach ((string _, byte[] bytes) in Chunks)
        {
            ReadOnlyMemory<byte> rest = bytes.AsMemory(LedgerChunk.HeaderSize);
            while (!rest.IsEmpty)
            {
                Must.Hold(Block.TryReadLength(rest.Span, out int length), "a block of the reference ledger begins");
                Must.Hold(Block.TryDecode(rest[..length], out Block? block), "a block of the reference ledger is read");
                blocks.Add(block);
                rest = rest[length..];
            }
        }

        return [.. blocks];
    }
}
