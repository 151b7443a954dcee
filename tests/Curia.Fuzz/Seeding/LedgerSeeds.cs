using System;
using System.Collections.Generic;
using System.Linq;
using Curia.KeyValue;
using Curia.Ledger;
using Curia.Vocabulary;

namespace Curia.Fuzz.Seeding;

/// <summary>Blocks, entries, files, state.</summary>
internal static class LedgerSeeds
{
    private static readonly MadeService service = new();

    // The first seqnos of a ledger, the last one and the one behind it, and the last that a number can hold.
    private static readonly ulong[] positions =
        [1, 2, 1UL << 32, SeqNo.Max.Value, SeqNo.Max.Value + 1, 1UL << 63, ulong.MaxValue];

    public static List<byte[]> Blocks() =>
    [
        .. Reference.Blocks.Select(block => block.Bytes.ToArray()),
        .. positions.Select(first => service.Block(first, first == 1 ? 1 : 0)),
        service.Block(1UL << 40, 5),
        service.Block(3, 12, uint.MaxValue),
    ];

    public static List<byte[]> Entries() =>
    [
        .. Reference.Entries.Values.OrderBy(entry => entry.TxId).Select(entry => entry.Bytes.ToArray()),
    ];

    public static List<byte[]> Signatures() =>
    [
        .. Reference.Blocks.Select(block => block.Entries[^1].Public.ToArray()),
        .. Reference.Blocks.Select(block => block.Signature.Header.Encode()),
        .. positions.Select(first => service.Signature(new TxId(View.Max, new SeqNo(first)), first, [])),
        service.Signature(new TxId(new View(4), new SeqNo(20)), 19, [], acknowledged: [3]),
        service.Signature(new TxId(new View(4), new SeqNo(20)), 19, [], acknowledged: [3, 9]),
    ];

    public static List<byte[]> Snapshots()
    {
        byte[] whole = Reference.Snapshot;
        Must.Hold(Snapshot.TryDecode(whole, out Snapshot? snapshot), "the reference snapshot is read");
        return [whole, whole[..^(snapshot.Receipt.Length + 6)], .. Made()];
    }

    public static List<byte[]> Ledgers()
    {
        (string Name, byte[] Bytes)[] files = [.. Reference.Chunks];
        byte[] blocks = [.. Reference.LedgerBytes];
        byte[] open = [.. LedgerChunk.Header(new SeqNo(1)), .. blocks];
        byte[] made = [.. LedgerChunk.Header(new SeqNo(1)), .. service.Block(1, 1), .. service.Block(3, 3)];
        return
        [
            Files(files),
            Files(files[0]),
            Files(files[1]),
            Files(files[1], files[0]),
            Files(("ledger_1", open)),
            Files(("ledger_1", open[..^100])),
            Files(("ledger_1", [.. open, .. new byte[50]])),
            Files(("ledger_1", made)),
            Files(("ledger_18446744073709551615", [.. LedgerChunk.Header(new SeqNo(1)), .. service.Block(1, 1)])),
            Files((files[0].Name, files[0].Bytes[..LedgerChunk.HeaderSize]), files[1]),
            Files(("readme.txt", []), ("ledger_1", [])),
            Files(("ledger_1", [.. LedgerChunk.Header(new SeqNo(1)), .. EpochSeeds.Blocks])),
        ];
    }

    public static List<byte[]> WriteSets()
    {
        using EntrySealer sealer = new(Reference.Secret, Reference.Blocks[0].NodeId);
        List<byte[]> inputs = [];
        foreach (LedgerEntry entry in Reference.Entries.Values.Where(entry => entry.Type == EntryType.WriteSet))
        {
            sealer.TryOpen(entry, out byte[] privateBytes);
            inputs.Add(Parts.Join(entry.Public.ToArray(), privateBytes));
        }

        WriteSet mixed = Mixed();
        inputs.Add(Parts.Join(mixed.Encode(Domain.Public), mixed.Encode(Domain.Private)));
        return inputs;
    }

    public static List<byte[]> States()
    {
        State state = State.Empty.After(new TxId(new View(2), new SeqNo(9)), Mixed());
        return
        [
            Frames(state, 4096, Domain.Public, Domain.Private),
            Frames(state, 60, Domain.Public, Domain.Private),
            Frames(state, 200, Domain.Private),
        ];
    }

    private static byte[] Frames(State state, int frameBytesMax, params Domain[] domains) => Parts.Join(
        domains.SelectMany(domain => state.Export(domain, frameBytesMax)).Select(frame => frame.ToArray()));

    // Two maps in each domain, with removals, an empty key, an empty value, and a run of keys that splits a frame.
    private static WriteSet Mixed()
    {
        KeyValueStore store = new();
        Transaction transaction = store.Begin(MapAccess.Node);
        MapView<string, string> log = transaction.Map(new Map<string, string>("log", Codecs.Utf8, Codecs.Utf8));
        for (int i = 0; i < 12; i++) log.Put($"key {i}", $"value {i}");
        log.Remove("key that was not there");
        transaction.Map(new Map<string, string>("public:curia.gov.a", Codecs.Utf8, Codecs.Utf8)).Put("", "");
        transaction.Map(new Map<ulong, Digest>("public:b", Codecs.UInt64, Codecs.Digest)).Put(7, Digest.Zero);
        transaction.Map(new Map<string, string>("~", Codecs.Utf8, Codecs.Utf8)).Put("a", "b");
        CommitOutcome.Committed committed = (CommitOutcome.Committed)store.Commit(transaction, new View(2));
        return committed.Changes;
    }

    private static IEnumerable<byte[]> Made()
    {
        State state = State.Empty.After(new TxId(new View(2), new SeqNo(9)), Mixed());
        foreach (bool withPrivate in new[] { false, true })
        {
            SnapshotHeader header = new(
                new TxId(new View(4), new SeqNo(9)), new NodeId(Digest.Zero), state.ComputeDigest(), 300,
                [new ViewStart(new View(2), new SeqNo(1)), new ViewStart(new View(4), new SeqNo(5))],
                MadeService.FrontierOf(10));
            using SnapshotWriter writer = new(header, Reference.Secret);
            List<byte> file = [.. writer.Start()];
            foreach (ReadOnlyMemory<byte> frame in state.Export(Domain.Public, 300))
                file.AddRange(writer.Public(frame.Span));
            foreach (ReadOnlyMemory<byte> frame in state.Export(Domain.Private, 300))
            {
                if (withPrivate) file.AddRange(writer.Private(frame.Span));
            }

            file.AddRange(writer.End());
            yield return [.. file];
            yield return [.. file, .. SnapshotWriter.Receipt("{}")];
        }
    }

    private static byte[] Files(params (string Name, byte[] Bytes)[] files) =>
        Parts.Join([.. files.SelectMany(file => new[] { Seeds.Text(file.Name), file.Bytes })]);
}
