using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Cryptography;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Host;

/// <summary>What a node left on its disk, read by the offline half of Curia.Ledger.</summary>
internal static class LedgerOnDisk
{
    public static AuditReport Audit(NodeFolder folder, IEnumerable<TxId> expected)
    {
        Assert.True(Certificate.TryFromPem(File.ReadAllText(folder.At("service_cert.pem")), out Certificate? service));
        TxId last = expected.DefaultIfEmpty(TxId.Zero).Max();
        LedgerAudit audit =
            new(new AuditOptions { ServiceCertificate = service, Expect = last == TxId.Zero ? null : last });
        foreach (string path in Chunks(folder)) audit.AddChunk(Path.GetFileName(path), File.ReadAllBytes(path));
        return audit.Finish();
    }

    /// <summary>Every whole block, in order.</summary>
    public static IEnumerable<Block> Blocks(NodeFolder folder)
    {
        foreach (string path in Chunks(folder))
        {
            ReadOnlyMemory<byte> rest = File.ReadAllBytes(path).AsMemory(LedgerChunk.HeaderSize);
            while (BlockHeader.TryDecode(rest.Span, out BlockHeader header, out _) && header.Length <= rest.Length)
            {
                Assert.True(Block.TryDecode(rest[..header.Length], out Block? block));
                yield return block!;
                rest = rest[header.Length..];
            }
        }
    }

    /// <summary>The transactions of clients.</summary>
    public static HashSet<TxId> Transactions(NodeFolder folder) =>
        [.. Blocks(folder).SelectMany(block => block.Entries)
            .Where(entry => entry.Type == EntryType.WriteSet).Select(entry => entry.TxId)];

    public static IEnumerable<string> Chunks(NodeFolder folder) => folder.LedgerFiles
        .Where(path => LedgerChunk.TryParseName(Path.GetFileName(path), out _))
        .OrderBy(path => LedgerChunk.TryParseName(Path.GetFileName(path), out LedgerChunkName name) ? name : default);
}
