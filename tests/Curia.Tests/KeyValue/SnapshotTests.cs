using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using CsCheck;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Tests.KeyValue;

/// <summary>DESIGN 5: "a reader holds a version while writers go on"; and the form of the tree that makes this
/// cheap.</summary>
public sealed class SnapshotTests
{
    private static readonly View View = new(2);
    private static readonly Map<ulong, ulong> Accounts = new("accounts", Codecs.UInt64, Codecs.UInt64);

    [Fact]
    public async Task Readers_on_other_threads_see_whole_transactions_while_the_loop_commits_and_rolls_back()
    {
        const ulong accountCount = 300;
        const ulong total = accountCount * 100;
        KeyValueStore store = new();
        Transaction opening = store.Begin(MapAccess.Application);
        for (ulong account = 0; account < accountCount; account++) opening.Map(Accounts).Put(account, 100);
        store.Commit(opening, View);

        using CancellationTokenSource writing =
            CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        int reads = 0;
        Task<string?>[] readers = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(() => Read(writing.Token)))];
        for (uint turn = 0; turn < 3_000 || Volatile.Read(ref reads) < 20; turn++)
        {
            if (readers.Any(reader => reader.IsCompleted)) break;
            Transfer(store, turn);
        }

        await writing.CancelAsync();
        foreach (Task<string?> reader in readers) Assert.Null(await reader);
        Assert.True(reads > 0);

        string? Read(CancellationToken stop)
        {
            while (!stop.IsCancellationRequested)
            {
                ReadOnlyMapView<ulong, ulong> accounts = store.BeginReadOnly(MapAccess.Application).Map(Accounts);
                ulong upward = accounts.Range().Aggregate(0UL, (sum, entry) => sum + entry.Value);
                ulong downward = accounts.Range(descending: true).Aggregate(0UL, (sum, entry) => sum + entry.Value);
                if (upward != total || downward != total) return $"{upward} up, {downward} down";
                State state = store.Current;
                if (state.ComputeDigest() != state.ComputeDigest()) return "a state changed";
                Interlocked.Increment(ref reads);
            }

            return null;
        }
    }

    [Fact]
    public void An_enumeration_that_was_begun_goes_on_over_the_same_version()
    {
        KeyValueStore store = new();
        Put(store, Enumerable.Range(0, 500).Select(i => (ulong)i));
        using IEnumerator<StateEntry> entries = store.Current.Entries("accounts").GetEnumerator();
        for (int i = 0; i < 250; i++) Assert.True(entries.MoveNext());
        Transaction clear = store.Begin(MapAccess.Application);
        clear.Map(Accounts).Clear();
        store.Commit(clear, View);
        store.Compact(store.Current.TxId.SeqNo);
        int rest = 0;
        while (entries.MoveNext()) rest++;
        Assert.Equal(250, rest);
        Assert.Equal(0, store.Current.Count("accounts"));
    }

    [Fact]
    public void The_tree_stays_shallow_and_filled_whatever_is_added_and_removed() =>
        Gen.Select(Gen.Int[1, 4000], Gen.Int[1, 4000], Gen.Int[0, 3], Gen.Bool).Sample(
            (added, removed, pattern, random) =>
            {
                KeyValueStore store = new();
                ulong factor = random ? 0x9E3779B97F4A7C15 : 1;
                Put(store, Enumerable.Range(0, added).Select(i => unchecked((ulong)i * factor)));
                AssertShape(store.Current.ShapeOf("accounts"), added);
                Transaction transaction = store.Begin(MapAccess.Application);
                MapView<ulong, ulong> view = transaction.Map(Accounts);
                ulong[] keys = [.. view.Range(descending: pattern == 1).Select(entry => entry.Key)];
                if (pattern == 2) keys = [.. keys.Where((_, at) => at % 5 != 0), .. keys.Where((_, at) => at % 5 == 0)];
                if (pattern == 3) keys = [.. keys.Skip(added / 2), .. keys.Take(added / 2)];
                foreach (ulong key in keys.Take(removed)) view.Remove(key);
                Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, View));
                AssertShape(store.Current.ShapeOf("accounts"), Math.Max(0, added - removed));
            },
            iter: 60);

    [Fact]
    public void Keys_that_only_grow_fill_their_nodes()
    {
        KeyValueStore store = new();
        Put(store, Enumerable.Range(0, 32 * 32 * 3).Select(i => (ulong)i));
        MapShape shape = store.Current.ShapeOf("accounts");
        Assert.Equal((96 + 3 + 1, 3), (shape.Nodes, shape.Depth));
        Assert.Equal(16 * shape.Entries, shape.Bytes);
    }

    [Fact]
    public void A_map_that_has_shrunk_to_one_entry_is_one_node_again()
    {
        KeyValueStore store = new();
        Put(store, Enumerable.Range(0, 4_000).Select(i => (ulong)i));
        Transaction transaction = store.Begin(MapAccess.Application);
        for (ulong key = 0; key < 3_999; key++) transaction.Map(Accounts).Remove(key);
        store.Commit(transaction, View);
        Assert.Equal(new MapShape(1, 16, 1, 1), store.Current.ShapeOf("accounts"));
    }

    [Fact]
    public void Keys_that_always_come_just_behind_a_full_leaf_do_not_leave_nodes_of_one_entry()
    {
        KeyValueStore store = new();
        Put(store, Enumerable.Range(0, 32).Select(i => (ulong)i));
        for (ulong key = 0xFF00; key > 0x100; key -= 0x100) Put(store, [key]);
        AssertShape(store.Current.ShapeOf("accounts"), 32 + 0xFE);
    }

    [Fact]
    public void A_long_run_of_changes_leaves_the_memory_where_it_was()
    {
        KeyValueStore store = new();
        Put(store, Enumerable.Range(0, 2_000).Select(i => (ulong)i));
        for (uint turn = 0; turn < 20_000; turn++)
        {
            Transaction transaction = store.Begin(MapAccess.Application);
            transaction.Map(Accounts).Put(turn % 2_000, turn);
            store.Commit(transaction, View);
            store.Compact(store.Current.TxId.SeqNo);
        }

        AssertShape(store.Current.ShapeOf("accounts"), 2_000);
        Assert.False(store.TryStateAt(new SeqNo(store.Current.TxId.SeqNo.Value - 1), out _));
    }

    /// <summary>A node but the last of its level has at least a quarter of 32, so depth and number of nodes are
    /// bounded.</summary>
    private static void AssertShape(MapShape shape, int entries)
    {
        Assert.Equal(entries, shape.Entries);
        long leavesMax = (entries / 8) + 1;
        Assert.InRange(shape.Nodes, entries == 0 ? 0 : 1, leavesMax + (leavesMax / 7) + shape.Depth);
        int depthMax = entries == 0 ? 0 : 1 + (int)Math.Ceiling(Math.Log(Math.Max(1, leavesMax), 8));
        Assert.InRange(shape.Depth, entries == 0 ? 0 : 1, depthMax + 1);
    }

    private static void Transfer(KeyValueStore store, uint turn)
    {
        Transaction transaction = store.Begin(MapAccess.Application);
        MapView<ulong, ulong> accounts = transaction.Map(Accounts);
        ulong from = turn * 7919 % 300;
        ulong to = turn * 104729 % 300;
        ulong amount = Math.Min(accounts.Get(from), turn % 10);
        accounts.Put(from, accounts.Get(from) - amount);
        accounts.Put(to, accounts.Get(to) + amount);
        Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, View));
        if (turn % 17 == 16) store.Rollback(new SeqNo(store.Current.TxId.SeqNo.Value - 3));
        if (turn % 11 != 10) return;
        ulong committed = Math.Max(store.Committed.TxId.SeqNo.Value, store.Current.TxId.SeqNo.Value - 5);
        store.Compact(new SeqNo(committed));
    }

    private static void Put(KeyValueStore store, IEnumerable<ulong> keys)
    {
        Transaction transaction = store.Begin(MapAccess.Application);
        foreach (ulong key in keys) transaction.Map(Accounts).Put(key, key);
        Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, View));
    }
}
