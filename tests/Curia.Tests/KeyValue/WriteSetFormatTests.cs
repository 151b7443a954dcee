using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using CsCheck;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Tests.KeyValue;

/// <summary>docs/ledger-format-write-sets.md, "Write sets".</summary>
public sealed class WriteSetFormatTests
{
    private static readonly Gen<(string Map, string Key, string? Value)[]> GenWrites = Gen.Select(
        Gen.OneOf("a", "b", "public:a", "public:ab", "~"), Gen.String[Gen.Char['a', 'c'], 0, 4],
        Gen.String[Gen.Char['x', 'z'], 0, 5].Null()).Array[1, 12];

    [Fact]
    public void The_example_of_the_page_is_what_the_encoder_writes()
    {
        WriteSet changes = Committed([("public:log", "k1", "v"), ("public:log", "k2", null), ("secret", "", "")]);
        Assert.Equal(
            "01" + "00000001" + "0A" + Hex("public:log") + "00000002"
                + "01" + "00000002" + Hex("k1") + "00000001" + Hex("v")
                + "00" + "00000002" + Hex("k2"),
            Convert.ToHexString(changes.Encode(Domain.Public)));
        Assert.Equal(
            "01" + "00000001" + "06" + Hex("secret") + "00000001" + "01" + "00000000" + "00000000",
            Convert.ToHexString(changes.Encode(Domain.Private)));
    }

    [Fact]
    public void A_domain_without_writes_is_no_bytes_at_all()
    {
        WriteSet changes = Committed([("secret", "k", "v")]);
        Assert.Empty(changes.Encode(Domain.Public));
        Assert.Empty(WriteSet.Empty.Encode(Domain.Private));
        Assert.True(WriteSet.TryDecode([], [], out WriteSet? empty));
        Assert.True(empty.IsEmpty);
    }

    [Fact]
    public void What_was_encoded_is_decoded() => GenWrites.Sample(writes =>
    {
        WriteSet changes = Committed(writes);
        byte[] publicBytes = changes.Encode(Domain.Public);
        Assert.True(WriteSet.TryDecode(publicBytes, changes.Encode(Domain.Private), out WriteSet? decoded));
        Assert.Equal(Lines(changes), Lines(decoded));
    });

    [Fact]
    public void Bytes_that_decode_are_the_canonical_ones() =>
        Gen.Select(GenWrites, Gen.Int[0, 200], Gen.Byte, Gen.Int[0, 3]).Sample((writes, at, value, kind) =>
        {
            WriteSet changes = Committed(writes);
            foreach (Domain domain in Enum.GetValues<Domain>())
            {
                byte[] changed = Mutate(changes.Encode(domain), at, value, kind);
                if (!TryDecode(domain, changed, out WriteSet? decoded)) continue;
                Assert.Equal(changed, decoded!.Encode(domain));
                Assert.Empty(decoded.Encode(domain == Domain.Public ? Domain.Private : Domain.Public));
            }
        });

    [Fact]
    public void Random_bytes_are_refused_or_canonical() =>
        Gen.OneOf(Gen.Const((byte)0), Gen.Const((byte)1), Gen.Const((byte)'a')).Array[0, 60].Sample(
            bytes =>
            {
                if (!TryDecode(Domain.Private, bytes, out WriteSet? decoded)) return;
                Assert.Equal(bytes, decoded!.Encode(Domain.Private));
            },
            iter: 20_000);

    [Fact]
    public void Every_truncation_and_every_trailing_byte_is_refused()
    {
        byte[] bytes = Committed([("m", "k1", "value"), ("m", "k2", null), ("n", "k", "v")]).Encode(Domain.Private);
        for (int length = 1; length < bytes.Length; length++)
        {
            Assert.False(TryDecode(Domain.Private, bytes[..length], out _));
        }

        Assert.False(TryDecode(Domain.Private, [.. bytes, 0], out _));
        Assert.True(TryDecode(Domain.Private, bytes, out _));
    }

    [Theory]
    [InlineData("another version", "02" + "00000001" + "01" + "61" + "00000001" + "00" + "00000000")]
    [InlineData("no maps", "01" + "00000000")]
    [InlineData("a map without writes", "01" + "00000001" + "01" + "61" + "00000000")]
    [InlineData("a name of no characters", "01" + "00000001" + "00" + "00000001" + "00" + "00000000")]
    [InlineData("a name that is not ASCII", "01" + "00000001" + "01" + "E9" + "00000001" + "00" + "00000000")]
    [InlineData("an unknown operation", "01" + "00000001" + "01" + "61" + "00000001" + "02" + "00000000")]
    [InlineData("the same key twice",
        "01" + "00000001" + "01" + "61" + "00000002" + "00" + "00000000" + "00" + "00000000")]
    [InlineData("keys out of order",
        "01" + "00000001" + "01" + "61" + "00000002" + "0000000001" + "62" + "0000000001" + "61")]
    [InlineData("the same map twice",
        "01" + "00000002" + "0161" + "00000001" + "00" + "00000000" + "0161" + "00000001" + "00" + "00000000")]
    [InlineData("maps out of order",
        "01" + "00000002" + "0162" + "00000001" + "00" + "00000000" + "0161" + "00000001" + "00" + "00000000")]
    [InlineData("more writes than bytes", "01" + "00000001" + "01" + "61" + "FFFFFFFF" + "00" + "00000000")]
    [InlineData("more maps than bytes", "01" + "FFFFFFFF" + "01" + "61" + "00000001" + "00" + "00000000")]
    [InlineData("a key longer than the rest", "01" + "00000001" + "01" + "61" + "00000001" + "00" + "FFFFFFFF")]
    public void Bytes_of_another_form_are_refused(string what, string hex) =>
        Assert.False(TryDecode(Domain.Private, Convert.FromHexString(hex), out _), what);

    [Fact]
    public void A_map_in_the_part_of_the_other_domain_is_refused()
    {
        WriteSet changes = Committed([("public:a", "k", "v"), ("a", "k", "v")]);
        Assert.False(WriteSet.TryDecode(changes.Encode(Domain.Private), [], out _));
        Assert.False(WriteSet.TryDecode([], changes.Encode(Domain.Public), out _));
    }

    [Fact]
    public void A_key_over_its_limit_is_refused_also_by_the_decoder()
    {
        byte[] largest = Committed([("a", new string('k', SizeLimits.KeyBytesMax), "v")]).Encode(Domain.Private);
        Assert.True(TryDecode(Domain.Private, largest, out _));
        byte[] larger = [.. largest[..12], 0x00, 0x01, 0x00, 0x01, .. largest[16..20], .. largest[19..]];
        Assert.False(TryDecode(Domain.Private, larger, out _));
    }

    private static bool TryDecode(Domain domain, byte[] bytes, out WriteSet? writeSet) => domain == Domain.Public
        ? WriteSet.TryDecode(bytes, [], out writeSet)
        : WriteSet.TryDecode([], bytes, out writeSet);

    private static byte[] Mutate(byte[] bytes, int at, byte value, int kind)
    {
        if (bytes.Length == 0) return bytes;
        at %= bytes.Length;
        return kind switch
        {
            0 => [.. bytes[..at], value, .. bytes[(at + 1)..]],
            1 => [.. bytes[..at], .. bytes[(at + 1)..]],
            2 => [.. bytes[..at], value, .. bytes[at..]],
            _ => [.. bytes[..at], (byte)(bytes[at] ^ (1 << (value & 7))), .. bytes[(at + 1)..]],
        };
    }

    private static WriteSet Committed(IEnumerable<(string Map, string Key, string? Value)> writes)
    {
        KeyValueStore store = new();
        Transaction transaction = store.Begin(MapAccess.Node);
        foreach ((string map, string key, string? value) in writes)
        {
            MapView<string, string> view = transaction.Map(new Map<string, string>(map, Codecs.Utf8, Codecs.Utf8));
            if (value is null) view.Remove(key);
            else view.Put(key, value);
        }

        return Assert.IsType<CommitOutcome.Committed>(store.Commit(transaction, new View(2))).Changes;
    }

    private static string[] Lines(WriteSet writeSet) =>
    [
        .. writeSet.Maps.SelectMany(map => map.Writes.Select(write =>
            $"{map.Name}/{Convert.ToHexString(write.Key.Span)}="
            + (write.Value is { } value ? Convert.ToHexString(value.Span) : "removed"))),
    ];

    private static string Hex(string text) => Convert.ToHexString(Encoding.ASCII.GetBytes(text));
}
