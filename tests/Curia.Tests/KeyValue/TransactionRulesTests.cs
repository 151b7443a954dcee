using System;
using System.Collections.Generic;
using System.Linq;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Tests.KeyValue;

/// <summary>The rules of DESIGN 5 one by one; RandomHistoryTests holds their combinations to a model.</summary>
public sealed class TransactionRulesTests
{
    private static readonly View View = new(2);
    private static readonly Map<ulong, string> Log = new("log", Codecs.UInt64, Codecs.Utf8);
    private static readonly Map<ulong, string> Other = new("other", Codecs.UInt64, Codecs.Utf8);

    private readonly KeyValueStore store = new();

    [Fact]
    public void The_snapshot_is_fixed_at_the_first_read_and_not_before()
    {
        Transaction transaction = store.Begin(MapAccess.Application);
        MapView<ulong, string> log = transaction.Map(Log);
        log.Put(9, "own");
        Assert.Null(transaction.ReadVersion);
        Put(1, "one");
        Assert.Equal("one", log.Get(1));
        Assert.Equal(new TxId(View, new SeqNo(1)), transaction.ReadVersion);
        Put(1, "later");
        Put(2, "later");
        Assert.Equal("one", log.Get(1));
        Assert.Equal([(1UL, "one"), (9UL, "own")], Pairs(log.Range()));
    }

    [Fact]
    public void One_snapshot_serves_every_map()
    {
        Transaction transaction = store.Begin(MapAccess.Application);
        Assert.False(transaction.Map(Log).Contains(1));
        Put(1, "one", Other);
        Assert.False(transaction.Map(Other).Contains(1));
    }

    [Fact]
    public void Blind_writes_never_conflict()
    {
        Transaction first = store.Begin(MapAccess.Application);
        Transaction second = store.Begin(MapAccess.Application);
        first.Map(Log).Put(1, "first");
        second.Map(Log).Put(1, "second");
        second.Map(Log).Remove(2);
        Put(2, "between");
        Assert.IsType<CommitOutcome.Committed>(store.Commit(first, View));
        Assert.IsType<CommitOutcome.Committed>(store.Commit(second, View));
        Assert.Equal([(1UL, "second")], Pairs(store.BeginReadOnly(MapAccess.Application).Map(Log).Range()));
    }

    [Fact]
    public void A_conflict_names_the_map_and_writes_nothing()
    {
        Transaction transaction = store.Begin(MapAccess.Application);
        transaction.Map(Log).Put(1, "x");
        Assert.False(transaction.Map(Other).TryGet(7, out _));
        Put(7, "meanwhile", Other);
        Assert.Equal(new CommitOutcome.Conflict("other"), store.Commit(transaction, View));
        Assert.Equal(0, store.Current.Count("log"));
        Assert.Equal(1UL, store.Current.TxId.SeqNo.Value);
    }

    [Fact]
    public void A_range_conflicts_only_in_the_part_that_was_read()
    {
        foreach (ulong key in (ulong[])[10, 20, 30, 40]) Put(key, "v");
        AssertConflict(false, log => log.Range(limit: 2).Count(), 25);
        AssertConflict(true, log => log.Range(limit: 2).Count(), 15);
        AssertConflict(false, log => log.Range(limit: 2, descending: true).Count(), 25);
        AssertConflict(true, log => log.Range(limit: 2, descending: true).Count(), 35);
        AssertConflict(false, log => log.Range().First(), 39);
        AssertConflict(false, log => log.Range(from: 20, to: Bound.Excluding(30UL)).Count(), 31);
        AssertConflict(true, log => log.Range(from: 20, to: Bound.Excluding(30UL)).Count(), 29);
    }

    [Fact]
    public void Count_and_Clear_conflict_with_keys_that_come_and_go_but_not_with_new_values()
    {
        Put(1, "v");
        AssertConflict(false, log => log.Count, 1);
        AssertConflict(true, log => log.Count, 2);
        AssertConflict(false, log => Cleared(log), 1);
        AssertConflict(true, log => Cleared(log), 3);

        static bool Cleared(MapView<ulong, string> log)
        {
            log.Clear();
            return true;
        }
    }

    [Fact]
    public void Asking_for_presence_does_not_depend_on_the_value_however_often_it_is_asked()
    {
        for (ulong key = 0; key < 100; key++) Put(key, "v");
        AssertConflict(false, log => Asked(log, 300, reads: 0), 7);
        AssertConflict(true, log => Asked(log, 300, reads: 0), 100);
        AssertConflict(true, log => Asked(log, 300, reads: 1), 7);
        AssertConflict(false, log => Asked(log, 300, reads: 1), 8);

        static bool Asked(MapView<ulong, string> log, int times, int reads)
        {
            for (int i = 0; i < reads; i++) log.Get(7);
            for (int i = 0; i < times; i++) log.Contains((ulong)i % 101);
            return true;
        }
    }

    [Fact]
    public void Pages_follow_each_other_in_both_directions()
    {
        Transaction filled = Filled(Enumerable.Range(0, 1000).Select(i => (ulong)i * 3));
        Assert.IsType<CommitOutcome.Committed>(store.Commit(filled, View));
        ReadOnlyMapView<ulong, string> log = store.BeginReadOnly(MapAccess.Application).Map(Log);
        List<ulong> up = [];
        List<ulong> down = [];
        for (Bound<ulong>? from = null; ; from = Bound.Excluding(up[^1]))
        {
            ulong[] page = [.. log.Range(from: from, limit: 7).Select(entry => entry.Key)];
            up.AddRange(page);
            if (page.Length < 7) break;
        }

        for (Bound<ulong>? to = null; ; to = Bound.Excluding(down[^1]))
        {
            ulong[] page = [.. log.Range(to: to, limit: 7, descending: true).Select(entry => entry.Key)];
            down.AddRange(page);
            if (page.Length < 7) break;
        }

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (ulong)i * 3), up);
        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (ulong)i * 3).Reverse(), down);
    }

    [Fact]
    public void Writes_during_a_range_are_seen_by_the_next_range()
    {
        foreach (ulong key in (ulong[])[1, 2, 3]) Put(key, "old");
        Transaction transaction = store.Begin(MapAccess.Application);
        MapView<ulong, string> log = transaction.Map(Log);
        foreach (KeyValuePair<ulong, string> entry in log.Range())
        {
            log.Put(entry.Key + 100, entry.Value);
            log.Remove(entry.Key);
        }

        Assert.Equal([101UL, 102UL, 103UL], log.Range().Select(entry => entry.Key));
        Assert.Equal(3, log.Count);
    }

    [Fact]
    public void The_version_of_a_key_is_the_seqno_that_wrote_it_and_ignores_own_writes()
    {
        Put(5, "a");
        Put(1, "b");
        Put(1, "c");
        Transaction transaction = store.Begin(MapAccess.Application);
        transaction.Map(Log).Put(1, "own");
        Assert.True(transaction.Map(Log).TryGetVersion(1, out SeqNo version));
        Assert.Equal(new SeqNo(3), version);
        Assert.False(transaction.Map(Log).TryGetVersion(2, out _));
    }

    [Fact]
    public void A_transaction_without_writes_takes_no_seqno()
    {
        Put(1, "a");
        Transaction transaction = store.Begin(MapAccess.Application);
        transaction.Map(Log).Get(1);
        Put(1, "b");
        Assert.Equal(new CommitOutcome.NothingToCommit(new TxId(View, new SeqNo(1))), store.Commit(transaction, View));
        Assert.Equal(2UL, store.Current.TxId.SeqNo.Value);
    }

    [Fact]
    public void A_committed_transaction_is_used_up()
    {
        Transaction transaction = Filled([1]);
        store.Commit(transaction, View);
        Assert.Throws<InvariantException>(() => store.Commit(transaction, View));
        Assert.Throws<InvalidOperationException>(() => transaction.Map(Log).Put(1, "again"));
    }

    [Fact]
    public void What_a_rollback_dropped_conflicts_and_the_rest_does_not()
    {
        Put(1, "kept");
        Put(2, "dropped");
        Transaction readsKept = store.Begin(MapAccess.Application);
        readsKept.Map(Log).Get(1);
        readsKept.Map(Log).Put(3, "x");
        Transaction readsDropped = store.Begin(MapAccess.Application);
        readsDropped.Map(Log).Get(2);
        readsDropped.Map(Log).Put(3, "x");
        store.Rollback(new SeqNo(1));
        Put(2, "dropped", view: 4);
        Assert.IsType<CommitOutcome.Conflict>(store.Commit(readsDropped, new View(4)));
        Assert.IsType<CommitOutcome.Committed>(store.Commit(readsKept, new View(4)));
    }

    [Fact]
    public void Nothing_rolls_back_behind_commit_and_nothing_commits_ahead_of_the_end()
    {
        for (ulong key = 1; key <= 5; key++) Put(key, "v");
        store.Compact(new SeqNo(3));
        Assert.Equal(3UL, store.Committed.TxId.SeqNo.Value);
        Assert.False(store.TryStateAt(new SeqNo(2), out _));
        Assert.True(store.TryStateAt(new SeqNo(3), out _));
        Assert.False(store.TryStateAt(new SeqNo(6), out _));
        Assert.Throws<InvariantException>(() => store.Rollback(new SeqNo(2)));
        Assert.Throws<InvariantException>(() => store.Rollback(new SeqNo(6)));
        Assert.Throws<InvariantException>(() => store.Compact(new SeqNo(2)));
        Assert.Throws<InvariantException>(() => store.Compact(new SeqNo(6)));
        store.Rollback(new SeqNo(3));
        Assert.Equal(3, store.Current.Count("log"));
    }

    [Fact]
    public void Transactions_come_in_order_of_seqno_and_view()
    {
        store.Apply(new TxId(View, new SeqNo(1)), WriteSet.Empty);
        Assert.Throws<InvariantException>(() => store.Apply(new TxId(View, new SeqNo(1)), WriteSet.Empty));
        Assert.Throws<InvariantException>(() => store.Apply(new TxId(View, new SeqNo(3)), WriteSet.Empty));
        Assert.Throws<InvariantException>(() => store.Apply(new TxId(new View(1), new SeqNo(2)), WriteSet.Empty));
        Assert.Throws<InvariantException>(() => store.Commit(Filled([1]), new View(1)));
        store.Apply(new TxId(new View(3), new SeqNo(2)), WriteSet.Empty);
        Assert.Equal(2UL, store.Current.TxId.SeqNo.Value);
    }

    [Theory]
    [InlineData("public:ccf.gov.members.certs")]
    [InlineData("public:curia.gov.charter")]
    [InlineData("public:ccf.internal.nodes")]
    [InlineData("public:curia.internal.signatures")]
    public void The_application_reads_but_does_not_write_the_maps_of_node_and_governance(string name)
    {
        Map<string, string> map = new(name, Codecs.Utf8, Codecs.Utf8);
        Transaction node = store.Begin(MapAccess.Node);
        node.Map(map).Put("k", "v");
        store.Commit(node, View);
        MapView<string, string> view = store.Begin(MapAccess.Application).Map(map);
        Assert.Equal("v", view.Get("k"));
        Assert.Throws<MapAccessException>(() => view.Put("k", "w"));
        Assert.Throws<MapAccessException>(() => view.Remove("k"));
        Assert.Throws<MapAccessException>(view.Clear);
    }

    [Fact]
    public void Private_maps_of_the_node_do_not_exist_for_the_application()
    {
        Map<string, string> map = new("curia.internal.secrets", Codecs.Utf8, Codecs.Utf8);
        Assert.Throws<MapAccessException>(() => store.Begin(MapAccess.Application).Map(map));
        Assert.Throws<MapAccessException>(() => store.BeginReadOnly(MapAccess.Application).Map(map));
        Assert.False(store.BeginReadOnly(MapAccess.Node).Map(map).Contains("k"));
        Assert.False(MapNames.MayWrite(map.Name, MapAccess.Application));
        Assert.True(MapNames.MayWrite(map.Name, MapAccess.Node));
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("a", true)]
    [InlineData("public:", true)]
    [InlineData("a b~", true)]
    [InlineData("a\tb", false)]
    [InlineData("é", false)]
    [InlineData(null, false)]
    public void A_map_name_is_printable_ASCII(string? name, bool isValid) =>
        Assert.Equal(isValid, MapNames.IsValid(name));

    [Fact]
    public void A_map_name_has_at_most_128_characters()
    {
        Assert.True(MapNames.IsValid(new string('m', 128)));
        Assert.False(MapNames.IsValid(new string('m', 129)));
        Assert.Throws<ArgumentException>(
            () => new Map<ulong, string>(new string('m', 129), Codecs.UInt64, Codecs.Utf8));
    }

    [Fact]
    public void What_no_transaction_may_hold_is_refused_with_its_size()
    {
        Map<byte[], byte[]> map = new("m", Codecs.Bytes, Codecs.Bytes);
        Assert.Equal(("key", SizeLimits.KeyBytesMax + 1L), Refused(new byte[SizeLimits.KeyBytesMax + 1], []));
        Assert.Equal(("value", SizeLimits.ValueBytesMax + 1L), Refused([], new byte[SizeLimits.ValueBytesMax + 1]));
        Transaction fits = store.Begin(MapAccess.Application);
        fits.Map(map).Put(new byte[SizeLimits.KeyBytesMax], new byte[SizeLimits.ValueBytesMax]);
        Assert.IsType<CommitOutcome.Committed>(store.Commit(fits, View));

        (string, long) Refused(byte[] key, byte[] value)
        {
            Transaction transaction = store.Begin(MapAccess.Application);
            transaction.Map(map).Put(key, value);
            CommitOutcome.TooLarge outcome = Assert.IsType<CommitOutcome.TooLarge>(store.Commit(transaction, View));
            return (outcome.Part, outcome.Bytes);
        }
    }

    [Fact]
    public void The_size_of_a_write_set_is_that_of_its_two_encoded_parts()
    {
        Map<byte[], byte[]> sealedMap = new("m", Codecs.Bytes, Codecs.Bytes);
        Map<byte[], byte[]> clear = new("public:m", Codecs.Bytes, Codecs.Bytes);
        const int headers = (5 + 6 + (4 * 9) + 4) + (5 + 13 + 5 + 1);
        int last = SizeLimits.WriteSetBytesMax - (3 * SizeLimits.ValueBytesMax) - headers;
        Assert.IsType<CommitOutcome.Committed>(store.Commit(Written(last), View));
        CommitOutcome.TooLarge outcome = Assert.IsType<CommitOutcome.TooLarge>(store.Commit(Written(last + 1), View));
        Assert.Equal(("write set", SizeLimits.WriteSetBytesMax + 1L), (outcome.Part, outcome.Bytes));

        Transaction Written(int lastBytes)
        {
            Transaction transaction = store.Begin(MapAccess.Application);
            byte[] largest = new byte[SizeLimits.ValueBytesMax];
            for (byte key = 0; key < 3; key++) transaction.Map(sealedMap).Put([key], largest);
            transaction.Map(sealedMap).Put([3], new byte[lastBytes]);
            transaction.Map(clear).Remove([0]);
            return transaction;
        }
    }

    [Fact]
    public void A_transaction_opens_at_most_1024_maps_and_their_writes_are_decoded()
    {
        Transaction transaction = store.Begin(MapAccess.Application);
        for (int i = 0; i < SizeLimits.MapsMax; i++) transaction.Map(MapOf(i)).Put(1, "v");
        Assert.Throws<MapAccessException>(() => transaction.Map(MapOf(SizeLimits.MapsMax)));
        WriteSet changes = Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, View)).Changes;
        byte[] bytes = changes.Encode(Domain.Private);
        Assert.True(WriteSet.TryDecode([], bytes, out _));
        byte[] oneMore = [1, 0, 0, 4, 1, .. bytes[5..], 5, .. "m9999"u8, 0, 0, 0, 1, 0, 0, 0, 0, 0];
        Assert.False(WriteSet.TryDecode([], oneMore, out _));

        static Map<ulong, string> MapOf(int i) => new($"m{i:D4}", Codecs.UInt64, Codecs.Utf8);
    }

    [Fact]
    public void Changing_the_bytes_given_to_a_transaction_changes_nothing()
    {
        Map<byte[], byte[]> map = new("m", Codecs.Bytes, Codecs.Bytes);
        byte[] key = [1];
        byte[] value = [2];
        Transaction transaction = store.Begin(MapAccess.Application);
        Assert.False(transaction.Map(map).Contains(key));
        transaction.Map(map).Put(key, value);
        key[0] = 7;
        value[0] = 7;
        Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, View));
        Assert.True(store.Current.TryGet("m", [1], out ReadOnlyMemory<byte> stored, out _));
        Assert.Equal([2], stored.ToArray());

        byte[] absent = [3];
        Transaction readsAbsent = store.Begin(MapAccess.Application);
        Assert.False(readsAbsent.Map(map).TryGet(absent, out _));
        readsAbsent.Map(map).Put([9], [9]);
        absent[0] = 8;
        Transaction meanwhile = store.Begin(MapAccess.Application);
        meanwhile.Map(map).Put([3], [3]);
        store.Commit(meanwhile, View);
        Assert.IsType<CommitOutcome.Conflict>(store.Commit(readsAbsent, View));
    }

    private void AssertConflict<T>(bool expected, Func<MapView<ulong, string>, T> read, ulong written)
    {
        SeqNo start = store.Current.TxId.SeqNo;
        Transaction transaction = store.Begin(MapAccess.Application);
        read(transaction.Map(Log));
        transaction.Map(Other).Put(1, "write");
        Put(written, "meanwhile");
        Assert.Equal(expected, store.Commit(transaction, View) is CommitOutcome.Conflict { Map: "log" });
        store.Rollback(start);
    }

    private Transaction Filled(IEnumerable<ulong> keys)
    {
        Transaction transaction = store.Begin(MapAccess.Application);
        foreach (ulong key in keys) transaction.Map(Log).Put(key, "v");
        return transaction;
    }

    private void Put(ulong key, string value, Map<ulong, string>? map = null, ulong view = 2)
    {
        Transaction transaction = store.Begin(MapAccess.Application);
        transaction.Map(map ?? Log).Put(key, value);
        Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, new View(view)));
    }

    private static IEnumerable<(ulong, string)> Pairs(IEnumerable<KeyValuePair<ulong, string>> entries) =>
        entries.Select(entry => (entry.Key, entry.Value));
}
