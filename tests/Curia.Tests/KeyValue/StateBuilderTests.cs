using System.Collections.Generic;
using System.Text;
using CsCheck;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Tests.KeyValue;

/// <summary>A state that is built in one go is the state that comes about one transaction after the other.</summary>
public sealed class StateBuilderTests
{
    private static readonly Map<string, string>[] maps =
    [
        new("public:one", Codecs.Utf8, Codecs.Utf8), new("two", Codecs.Utf8, Codecs.Utf8),
        new("three", Codecs.Utf8, Codecs.Utf8),
    ];

    private static readonly Gen<(int Map, int Key, int Value)[][]> transactions =
        Gen.Select(Gen.Int[0, 2], Gen.Int[0, 40], Gen.Int[-3, 9]).Array[0, 6].Array[0, 60];

    [Fact]
    public void It_gives_what_applying_one_after_the_other_gives() => transactions.Sample(
        all =>
        {
            KeyValueStore store = new();
            StateBuilder builder = new();
            foreach ((int Map, int Key, int Value)[] writes in all)
            {
                TxId id = new(new View(2), store.Current.TxId.SeqNo.Next);
                WriteSet changes = Make(store, writes, id);
                builder.Apply(id, changes);
                Assert.Equal(store.Current.TxId, builder.TxId);
            }

            State built = builder.ToState();
            Assert.Equal(store.Current.ComputeDigest(), built.ComputeDigest());
            Assert.Equal(store.Current.MapNames, built.MapNames);
            foreach (string map in built.MapNames)
                Assert.Equal(Versions(store.Current, map), Versions(built, map));
        },
        iter: 300);

    [Fact]
    public void A_gap_or_an_older_view_breaks_a_promise()
    {
        StateBuilder builder = new();
        builder.Apply(new TxId(new View(2), new SeqNo(1)), WriteSet.Empty);
        Assert.Throws<InvariantException>(() => builder.Apply(new TxId(new View(2), new SeqNo(3)), WriteSet.Empty));
        Assert.Throws<InvariantException>(() => builder.Apply(new TxId(new View(1), new SeqNo(2)), WriteSet.Empty));
    }

    // A negative value removes the key.
    private static WriteSet Make(KeyValueStore store, (int Map, int Key, int Value)[] writes, TxId id)
    {
        Transaction transaction = store.Begin(MapAccess.Node);
        foreach ((int map, int key, int value) in writes)
        {
            if (value < 0) transaction.Map(maps[map]).Remove($"key {key}");
            else transaction.Map(maps[map]).Put($"key {key}", $"value {value}");
        }

        if (store.Commit(transaction, new View(2)) is CommitOutcome.Committed done) return done.Changes;
        store.Apply(id, WriteSet.Empty);
        return WriteSet.Empty;
    }

    private static List<string> Versions(State state, string map)
    {
        List<string> versions = [];
        foreach (StateEntry entry in state.Entries(map))
            versions.Add($"{Encoding.UTF8.GetString(entry.Key.Span)} {entry.Version}");
        return versions;
    }
}
