using BenchmarkDotNet.Attributes;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Benchmarks.Micro;

/// <summary>What one transaction costs without network, ledger and disk. Expected: a commit of one write into a million
/// entries copies five nodes (about 1.5 KB) in a few microseconds; a get is five binary searches.</summary>
[MemoryDiagnoser]
public class KeyValueBenchmarks
{
    private static readonly Map<ulong, byte[]> Entries = new("entries", Codecs.UInt64, Codecs.Bytes);

    private readonly byte[] value = new byte[100];
    private KeyValueStore store = new();
    private ulong next;

    [Params(1_000, 1_000_000)]
    public int Count { get; set; }

    [GlobalSetup]
    public void Fill()
    {
        store = new KeyValueStore();
        for (int from = 0; from < Count; from += 1_000)
        {
            Transaction transaction = store.Begin(MapAccess.Application);
            MapView<ulong, byte[]> entries = transaction.Map(Entries);
            for (int i = 0; i < 1_000; i++) entries.Put(Scattered(from + i), value);
            CommitAndCompact(transaction);
        }
    }

    [Benchmark]
    public void CommitOneBlindWrite()
    {
        Transaction transaction = store.Begin(MapAccess.Application);
        transaction.Map(Entries).Put(NextKey(), value);
        CommitAndCompact(transaction);
    }

    [Benchmark]
    public void CommitReadModifyWrite()
    {
        Transaction transaction = store.Begin(MapAccess.Application);
        MapView<ulong, byte[]> entries = transaction.Map(Entries);
        ulong key = NextKey();
        entries.TryGet(key, out _);
        entries.Put(key, value);
        CommitAndCompact(transaction);
    }

    /// <summary>The dearest check there is: the whole map was counted and one value has changed since. What both
    /// versions share is skipped, so the cost follows the depth of the tree (32 nodes a level), not its
    /// entries.</summary>
    [Benchmark]
    public object CommitAfterCountingWhileAnotherWrites()
    {
        Transaction transaction = store.Begin(MapAccess.Application);
        MapView<ulong, byte[]> entries = transaction.Map(Entries);
        ulong key = NextKey();
        entries.Put(key, entries.Count > 0 ? value : []);
        CommitOneBlindWrite();
        CommitOutcome outcome = store.Commit(transaction, new View(2));
        store.Compact(store.Current.TxId.SeqNo);
        return outcome;
    }

    [Benchmark]
    public bool GetOne() => store.BeginReadOnly(MapAccess.Application).Map(Entries).TryGet(NextKey(), out _);

    [Benchmark]
    public int RangeOfHundred()
    {
        int seen = 0;
        ReadOnlyMapView<ulong, byte[]> entries = store.BeginReadOnly(MapAccess.Application).Map(Entries);
        foreach ((_, byte[] value) in entries.Range(from: NextKey(), limit: 100)) seen += value.Length;
        return seen;
    }

    private void CommitAndCompact(Transaction transaction)
    {
        store.Commit(transaction, new View(2));
        store.Compact(store.Current.TxId.SeqNo);
    }

    private ulong NextKey() => Scattered((int)(next++ % (ulong)Count));

    // Multiplication by an odd number reorders without collision: keys arrive in no order, as identifiers do.
    private static ulong Scattered(int i) => unchecked((ulong)i * 0x9E3779B97F4A7C15);
}
