using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using Curia.Cryptography;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.EndToEnd.Live;

/// <summary>What a node left on its disk, verified, and the public messages in it.</summary>
internal sealed class LedgerCopy
{
    private const string PublicRecords = "public:records";

    public LedgerCopy(string name) => Name = name;

    public string Name { get; }

    /// <summary>Every entry, by seqno from 1.</summary>
    public List<(TxId TxId, Digest Leaf)> Entries { get; } = [];

    /// <summary>Every public message, in order.</summary>
    public List<(TxId TxId, ulong Key, string Value)> Messages { get; } = [];

    /// <summary>What the audit finds wrong; a torn tail is not.</summary>
    public IReadOnlyList<string> Problems { get; private set; } = [];

    public static LedgerCopy Read(string name, string folder, string servicePem)
    {
        LedgerCopy copy = new(name);
        Assert.True(Certificate.TryFromPem(servicePem, out Certificate? service));
        LedgerAudit audit = new(new AuditOptions { ServiceCertificate = service, Accept = copy.Take });
        IEnumerable<string> files = Directory.EnumerateFiles(folder)
            .Where(path => LedgerChunk.TryParseName(Path.GetFileName(path), out _))
            .OrderBy(path => LedgerChunk.TryParseName(Path.GetFileName(path), out LedgerChunkName one) ? one : default);
        foreach (string path in files) audit.AddChunk(Path.GetFileName(path), File.ReadAllBytes(path));
        AuditReport report = audit.Finish();
        copy.Problems = [.. report.Problems.Where(problem => problem.Kind != AuditProblemKind.TornTail)
            .Select(problem => $"{name}: {problem.File} {problem.SeqNo} {problem.Reason}")];
        return copy;
    }

    /// <summary>Whether it has a transaction, and not only one in its place.</summary>
    public bool Has(TxId txId) =>
        txId.SeqNo.Value >= 1 && txId.SeqNo.Value <= (ulong)Entries.Count
        && Entries[(int)txId.SeqNo.Value - 1].TxId == txId;

    private void Take(Block block)
    {
        foreach (LedgerEntry entry in block.Entries)
        {
            Entries.Add((entry.TxId, entry.Leaf));
            if (entry.Type != EntryType.WriteSet) continue;
            if (!WriteSet.TryDecode(entry.Public.Span, default, out WriteSet? writes))
                throw new LiveException($"{Name}: the writes of {entry.TxId} cannot be read");
            IEnumerable<MapWrites> records = writes.Maps.Where(map => map.Name == PublicRecords);
            foreach (KeyWrite write in records.SelectMany(map => map.Writes))
            {
                ulong key = BinaryPrimitives.ReadUInt64BigEndian(write.Key.Span);
                Messages.Add((entry.TxId, key, Encoding.UTF8.GetString(write.Value!.Value.Span)));
            }
        }
    }
}
