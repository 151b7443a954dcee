using System;
using System.Linq;
using CsCheck;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Tests.KeyValue;

public sealed class CodecTests
{
    private sealed record Entry(string Name, int Count);

    [Fact]
    public void Numbers_keep_their_order() => Gen.Select(Gen.ULong, Gen.ULong).Sample((left, right) =>
        Assert.Equal(
            Math.Sign(left.CompareTo(right)),
            Math.Sign(Codecs.UInt64.Encode(left).AsSpan().SequenceCompareTo(Codecs.UInt64.Encode(right)))));

    [Fact]
    public void Digests_keep_their_order() =>
        Gen.Select(Gen.Byte.Array[32], Gen.Byte.Array[32]).Sample((first, second) =>
        {
            Digest left = new(first);
            Digest right = new(second);
            int order = Codecs.Digest.Encode(left).AsSpan().SequenceCompareTo(Codecs.Digest.Encode(right));
            Assert.Equal(Math.Sign(left.CompareTo(right)), Math.Sign(order));
        });

    [Fact]
    public void What_was_encoded_is_decoded()
    {
        Gen.ULong.Sample(number =>
            Codecs.UInt64.TryDecode(Codecs.UInt64.Encode(number), out ulong again) && again == number);
        Gen.Byte.Array[0, 40].Sample(bytes =>
            Codecs.Bytes.TryDecode(bytes, out byte[]? again) && again.SequenceEqual(bytes));
        Gen.String[Gen.Char['\0', '\ud7ff'], 0, 20].Sample(text =>
            Codecs.Utf8.TryDecode(Codecs.Utf8.Encode(text), out string? again) && again == text);
        Codec<Entry> json = Codecs.Json<Entry>();
        Assert.True(json.TryDecode(json.Encode(new Entry("n", 3)), out Entry? entry));
        Assert.Equal(new Entry("n", 3), entry);
    }

    [Fact]
    public void Bytes_of_another_form_are_refused_and_nothing_throws()
    {
        Codec<Entry> json = Codecs.Json<Entry>();
        Gen.Byte.Array[0, 40].Where(bytes => bytes.Length != 8).Sample(bytes => !Codecs.UInt64.TryDecode(bytes, out _));
        Gen.Byte.Array[0, 31].Sample(bytes => !Codecs.Digest.TryDecode(bytes, out _));
        Gen.Byte.Array[0, 40].Sample(bytes =>
        {
            if (Codecs.Utf8.TryDecode(bytes, out string? text)) Assert.Equal(bytes, Codecs.Utf8.Encode(text));
            Assert.False(json.TryDecode(bytes, out _));
        });
        Assert.False(json.TryDecode("null"u8, out _));
        Assert.False(json.TryDecode("""{"Name":"a","Name":"b","Count":1}"""u8, out _));
        Assert.False(json.TryDecode("""{"Name":"\ud800","Count":1}"""u8, out _));
        Assert.False(json.TryDecode("""{"Name":"a","Count":1} x"""u8, out _));
        Assert.False(json.TryDecode(Enumerable.Repeat((byte)'[', 100_000).ToArray(), out _));
    }

    [Fact]
    public void Text_without_a_code_point_has_no_encoding() =>
        Assert.ThrowsAny<ArgumentException>(() => Codecs.Utf8.Encode("\ud800"));

    [Fact]
    public void A_map_that_holds_something_else_says_so_without_showing_it()
    {
        KeyValueStore store = new();
        Transaction transaction = store.Begin(MapAccess.Application);
        transaction.Map(new Map<string, string>("m", Codecs.Utf8, Codecs.Utf8)).Put("key", "secret text");
        store.Commit(transaction, new View(2));
        ReadOnlyMapView<string, ulong> wrong =
            store.BeginReadOnly(MapAccess.Application).Map(new Map<string, ulong>("m", Codecs.Utf8, Codecs.UInt64));
        MapFormatException refused = Assert.Throws<MapFormatException>(() => wrong.Get("key"));
        Assert.Contains("Map m ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
        Assert.Throws<MapFormatException>(() => wrong.Range().Count());
        ReadOnlyMapView<ulong, string> wrongKey =
            store.BeginReadOnly(MapAccess.Application).Map(new Map<ulong, string>("m", Codecs.UInt64, Codecs.Utf8));
        Assert.Throws<MapFormatException>(() => wrongKey.Range().Count());
    }
}
