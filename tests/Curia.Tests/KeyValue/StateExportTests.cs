using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using CsCheck;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Tests.KeyValue;

/// <summary>docs/ledger-format-write-sets.md, "State export".</summary>
public sealed class StateExportTests
{
    private static readonly Gen<(string Map, string Key, string Value)[]> GenEntries = Gen.Select(
        Gen.OneOf("a", "b", "public:a", "public:ab"), Gen.String[Gen.Char['a', 'c'], 0, 4],
        Gen.String[Gen.Char['x', 'z'], 0, 9]).Array[0, 20];

    [Fact]
    public void Frames_of_any_size_give_the_same_state_back() =>
        Gen.Select(GenEntries, Gen.Int[1, 120]).Sample((entries, frameBytesMax) =>
        {
            State state = StateOf(entries);
            StateImport import = new();
            Assert.All(FramesOf(state, frameBytesMax), frame => Assert.True(import.TryAdd(frame.Span)));
            State again = import.Finish(state.TxId);
            Assert.Equal(state.ComputeDigest(), again.ComputeDigest());
            Assert.Equal(Lines(state), Lines(again));
            Assert.Equal(state.TxId, again.TxId);
        });

    [Fact]
    public void A_frame_ends_before_it_would_be_too_large()
    {
        State state = StateOf(
            [.. Enumerable.Range(0, 300).Select(i => ($"map{i / 3:D2}", $"key{i:D3}", new string('v', i % 50)))]);
        List<ReadOnlyMemory<byte>> frames = [.. state.Export(Domain.Private, 200)];
        const int largestEntry = (1 + 5 + 4) + (8 + 4 + 6 + 4 + 49);
        Assert.All(frames, frame => Assert.True(frame.Length <= 200));
        Assert.All(frames.SkipLast(1), frame => Assert.True(frame.Length > 200 - largestEntry));
    }

    [Fact]
    public void A_map_has_one_section_in_a_frame()
    {
        State state = StateOf([("m", "a", "1"), ("m", "b", "2")]);
        byte[][] frames = [.. state.Export(Domain.Private, 30).Select(frame => frame.ToArray())];
        Assert.Equal(2, frames.Length);
        Assert.False(new StateImport().TryAdd([.. frames[0], .. frames[1][2..]]));
        StateImport apart = new();
        Assert.True(apart.TryAdd(frames[0]) && apart.TryAdd(frames[1]));
    }

    [Fact]
    public void A_large_imported_map_takes_changes_like_any_other()
    {
        State state = StateOf([.. Enumerable.Range(0, 5000).Select(i => ("map", $"{i:D5}", "v"))]);
        StateImport import = new();
        foreach (ReadOnlyMemory<byte> frame in FramesOf(state, 1000)) Assert.True(import.TryAdd(frame.Span));
        State imported = import.Finish(state.TxId);
        KeyValueStore fromImport = new(imported);
        KeyValueStore original = new(state);
        foreach (KeyValueStore store in (KeyValueStore[])[fromImport, original])
        {
            Transaction transaction = store.Begin(MapAccess.Application);
            MapView<string, string> map = transaction.Map(new Map<string, string>("map", Codecs.Utf8, Codecs.Utf8));
            for (int i = 0; i < 5000; i += 3) map.Remove($"{i:D5}");
            for (int i = 0; i < 5000; i += 2) map.Put($"{i:D5}x", "w");
            Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, new View(2)));
        }

        Assert.Equal(original.Current.ComputeDigest(), fromImport.Current.ComputeDigest());
    }

    [Fact]
    public void The_digest_depends_on_content_version_and_TxID_and_not_on_history()
    {
        State once = StateOf([("m", "a", "1"), ("m", "b", "2")]);
        Assert.Equal(once.ComputeDigest(), StateOf([("m", "a", "1"), ("m", "b", "2")]).ComputeDigest());
        Assert.NotEqual(once.ComputeDigest(), StateOf([("m", "a", "1"), ("m", "b", "3")]).ComputeDigest());
        Assert.NotEqual(once.ComputeDigest(), StateOf([("n", "a", "1"), ("n", "b", "2")]).ComputeDigest());
        Assert.NotEqual(once.ComputeDigest(), StateOf([("m", "b", "2"), ("m", "a", "1")]).ComputeDigest());
        State later = once.After(new TxId(new View(2), once.TxId.SeqNo.Next), WriteSet.Empty);
        Assert.NotEqual(once.ComputeDigest(), later.ComputeDigest());
        Assert.Equal(once.ComputeDigest(Domain.Private), later.ComputeDigest(Domain.Private));

        // Keys that came and went leave no trace.
        KeyValueStore store = new();
        Map<string, string> map = new("m", Codecs.Utf8, Codecs.Utf8);
        Transaction add = store.Begin(MapAccess.Node);
        add.Map(map).Put("gone", "x");
        store.Commit(add, new View(2));
        Transaction remove = store.Begin(MapAccess.Node);
        remove.Map(map).Clear();
        store.Commit(remove, new View(2));
        Assert.Equal(State.Empty.ComputeDigest(Domain.Private), store.Current.ComputeDigest(Domain.Private));
        Assert.Empty(store.Current.MapNames);
    }

    [Fact]
    public void The_digest_is_computed_as_the_page_says()
    {
        State state = StateOf([("public:p", "k", "v")]);
        Digest publicPart = Digest.Of(Convert.FromHexString(
            "01" + "00" + "08" + Hex("public:p") + "0000000000000001"
                + "0000000000000001" + "00000001" + Hex("k") + "00000001" + Hex("v")));
        Digest privatePart = Digest.Of([1, 1]);
        Assert.Equal(publicPart, state.ComputeDigest(Domain.Public));
        Assert.Equal(privatePart, state.ComputeDigest(Domain.Private));
        string txId = "0000000000000002" + "0000000000000001";
        Digest whole = Digest.Of(Convert.FromHexString("01" + txId + publicPart + privatePart));
        Assert.Equal(whole, state.ComputeDigest());
        Assert.Equal(
            "01" + "00" + "08" + Hex("public:p") + "00000001"
                + "0000000000000001" + "00000001" + Hex("k") + "00000001" + Hex("v"),
            Convert.ToHexString(Assert.Single(state.Export(Domain.Public, 1000)).Span));
    }

    [Fact]
    public void The_digest_of_much_content_is_that_of_its_exported_entries()
    {
        // Larger than the pieces in which it is hashed.
        State state = StateOf([.. Enumerable.Range(0, 3000).Select(i => ("m", $"{i:D4}", new string('v', 60)))]);
        byte[] frame = Assert.Single(state.Export(Domain.Private, SizeLimits.StateFrameBytesMax)).ToArray();
        byte[] content = [.. frame[..4], 0, 0, 0, 0, .. frame[4..]];
        Assert.Equal(Digest.Of(content), state.ComputeDigest(Domain.Private));
    }

    [Fact]
    public void Frames_that_are_taken_are_the_canonical_ones() =>
        Gen.Select(GenEntries, Gen.Int[0, 300], Gen.Byte, Gen.Int[0, 3]).Sample(
            (entries, at, value, kind) =>
            {
                foreach (Domain domain in Enum.GetValues<Domain>())
                {
                    byte[] frame = [.. StateOf(entries).Export(domain, 10_000).SelectMany(bytes => bytes.ToArray())];
                    if (frame.Length == 0) continue;
                    byte[] changed = Mutate(frame, at % frame.Length, value, kind);
                    StateImport import = new();
                    if (!import.TryAdd(changed)) continue;
                    State state = import.Finish(new TxId(new View(2), new SeqNo(ulong.MaxValue)));
                    Domain found = (Domain)changed[1];
                    Assert.Equal(changed, Assert.Single(state.Export(found, 10_000)).ToArray());
                }
            },
            iter: 3_000);

    [Fact]
    public void Random_bytes_are_no_frame_or_a_canonical_one() =>
        Gen.OneOf(Gen.Const((byte)0), Gen.Const((byte)1), Gen.Const((byte)'a')).Array[0, 60].Sample(
            bytes =>
            {
                StateImport import = new();
                if (!import.TryAdd(bytes)) return;
                State state = import.Finish(new TxId(new View(2), new SeqNo(ulong.MaxValue)));
                Assert.Equal(bytes, Assert.Single(state.Export((Domain)bytes[1], 1000)).ToArray());
            },
            iter: 20_000);

    [Fact]
    public void Every_truncation_and_every_trailing_byte_is_refused()
    {
        State state = StateOf([("m", "a", "1"), ("n", "b", "2")]);
        byte[] frame = Assert.Single(state.Export(Domain.Private, 1000)).ToArray();
        for (int length = 0; length < frame.Length; length++)
        {
            // A cut between two sections is a frame of its own; only the digest tells that something is missing.
            bool isWhole = length == 2 + 6 + 18;
            Assert.Equal(isWhole, new StateImport().TryAdd(frame.AsSpan(0, length)));
        }

        Assert.False(new StateImport().TryAdd([.. frame, 0]));
    }

    [Fact]
    public void Frames_in_another_order_are_refused()
    {
        State state = StateOf([("m", "a", "1"), ("m", "b", "2"), ("n", "a", "1"), ("public:m", "a", "1")]);
        byte[][] frames = [.. FramesOf(state, 30).Select(frame => frame.ToArray())];
        Assert.Equal(4, frames.Length);
        foreach (int[] order in (int[][])[[1, 0], [2, 1], [3, 2], [1, 1], [0, 0], [3, 1]])
        {
            StateImport import = new();
            Assert.True(import.TryAdd(frames[order[0]]));
            Assert.False(import.TryAdd(frames[order[1]]));
            Assert.False(import.TryAdd(frames[3]));
            Assert.False(import.TryFinish(state.TxId, out _));
            Assert.Throws<InvariantException>(() => import.Finish(state.TxId));
        }
    }

    [Fact]
    public void An_entry_that_is_newer_than_the_state_is_refused()
    {
        State state = StateOf([("m", "a", "1"), ("m", "b", "2")]);
        StateImport import = new();
        foreach (ReadOnlyMemory<byte> frame in FramesOf(state, 1000)) Assert.True(import.TryAdd(frame.Span));
        Assert.False(import.TryFinish(new TxId(new View(2), new SeqNo(1)), out _));
    }

    private static IEnumerable<ReadOnlyMemory<byte>> FramesOf(State state, int frameBytesMax) =>
        state.Export(Domain.Public, frameBytesMax).Concat(state.Export(Domain.Private, frameBytesMax));

    /// <summary>One transaction for each entry, so that versions differ.</summary>
    private static State StateOf((string Map, string Key, string Value)[] entries)
    {
        KeyValueStore store = new();
        foreach ((string map, string key, string value) in entries)
        {
            Transaction transaction = store.Begin(MapAccess.Node);
            transaction.Map(new Map<string, string>(map, Codecs.Utf8, Codecs.Utf8)).Put(key, value);
            store.Commit(transaction, new View(2));
        }

        return store.Current;
    }

    private static byte[] Mutate(byte[] bytes, int at, byte value, int kind) => kind switch
    {
        0 => [.. bytes[..at], value, .. bytes[(at + 1)..]],
        1 => [.. bytes[..at], .. bytes[(at + 1)..]],
        2 => [.. bytes[..at], value, .. bytes[at..]],
        _ => [.. bytes[..at], (byte)(bytes[at] ^ (1 << (value & 7))), .. bytes[(at + 1)..]],
    };

    private static string[] Lines(State state) =>
    [
        .. state.MapNames.SelectMany(map => state.Entries(map).Select(entry =>
            $"{map}/{Convert.ToHexString(entry.Key.Span)}={Convert.ToHexString(entry.Value.Span)}@{entry.Version}")),
    ];

    private static string Hex(string text) => Convert.ToHexString(Encoding.ASCII.GetBytes(text));
}
