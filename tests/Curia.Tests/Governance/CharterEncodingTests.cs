using System;
using System.Collections.Generic;
using System.Formats.Cbor;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Curia.Attestation;
using Curia.Governance;
using Curia.Tests.Architecture;
using Curia.Tests.Ledger;
using Curia.Vocabulary;

namespace Curia.Tests.Governance;

/// <summary>One content has one encoding, and one encoding one content (docs/charter.md, "Encoding"; decision
/// 25).</summary>
public sealed class CharterEncodingTests
{
    private const string Golden = "tests/Curia.Tests/Governance/old/charter-1";

    private static readonly Charter made = MadeCharter.Of(MadeCharter.Content());

    [Fact]
    public void What_is_read_is_what_was_written()
    {
        Charter read = Decode(made.Encoded.ToArray());
        Assert.Equal(made.Digest, read.Digest);
        Assert.Equal(made.Encoded, read.Encoded);
        Assert.Equal(made.Digest, Digest.Of(made.Encoded.Span));
        Assert.Empty(CharterDifference.Between(made, read));
        Assert.Equal(made.ToJson().ToJsonString(), read.ToJson().ToJsonString());

        // Made again from the content that was read, with nothing of the bytes at hand.
        Assert.Equal(made.Encoded, MadeCharter.Of(read.Content).Encoded);
    }

    [Fact]
    public void The_readable_form_leads_to_the_same_charter()
    {
        Assert.True(Charter.TryReadJson(Utf8(made.ToJson()), out Charter? read, out _));
        Assert.Equal(made.Digest, read.Digest);
    }

    // RFC 8949 section 4.2.1: preferred lengths, no indefinite ones, keys in the order of their encoded bytes.
    [Fact]
    public void The_encoding_is_the_deterministic_one_of_RFC_8949()
    {
        CborReader reader = new(made.Encoded, CborConformanceMode.Canonical);
        reader.SkipValue();
        Assert.Equal(0, reader.BytesRemaining);
        List<byte[]> keys = [];
        reader = new CborReader(made.Encoded, CborConformanceMode.Lax);
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            keys.Add(reader.ReadEncodedValue().ToArray());
            reader.SkipValue();
        }

        Assert.Equal(16, keys.Count);
        Assert.Equal(keys.OrderBy(Convert.ToHexString, StringComparer.Ordinal), keys);
    }

    [Fact]
    public void Sets_have_one_order_whatever_order_they_were_given_in()
    {
        CharterContent content = MadeCharter.Content();
        IReadOnlyList<CodeReference> references = content.Code["ledger-node"].Platforms["snp"];
        CodeComponent turned = content.Code["ledger-node"] with
        {
            Platforms = content.Code["ledger-node"].Platforms.With("snp", [.. references.Reverse()]),
        };
        CharterContent other = content with
        {
            Code = content.Code.With("ledger-node", turned),
            Members = content.Members.Reverse().ToDictionary(),
            Platforms = content.Platforms with
            {
                Snp = content.Platforms.Snp! with { Vmpls = [0, 0], Providers = [.. content.Platforms.Snp.Providers!] },
            },
        };
        Assert.Equal(made.Digest, MadeCharter.Of(other).Digest);
    }

    // The format does not change by itself: what was signed years ago is read, and has the digest that was signed.
    [Fact]
    public void A_charter_that_was_kept_has_the_digest_that_it_had()
    {
        byte[] encoded = File.ReadAllBytes(Path.Combine(Repository.Root, $"{Golden}.cbor"));
        Charter kept = Decode(encoded);
        Assert.Equal("4b207f57aae2e8a03136e085d01b8aabcc83afea87af5e3cc1a62cce472a10bd", kept.Digest.ToString());
        byte[] json = File.ReadAllBytes(Path.Combine(Repository.Root, $"{Golden}.json"));
        Assert.True(Charter.TryReadJson(json, out Charter? readable, out _));
        Assert.Equal(kept.Digest, readable.Digest);
        Assert.Equal(
            JsonNode.Parse(json)!.ToJsonString(), kept.ToJson().ToJsonString());
    }

    // A field of a policy that charters did not have would be neither signed nor compared. Roots are the program's.
    [Theory]
    [InlineData(typeof(SnpPolicy), "snp")]
    [InlineData(typeof(TdxPolicy), "tdx")]
    [InlineData(typeof(VirtualPolicy), "virtual")]
    public void Every_field_of_a_policy_stands_in_a_charter(Type policy, string platform)
    {
        string[] fields =
        [
            .. policy.GetProperties(BindingFlags.Public | BindingFlags.Instance).Select(one => one.Name)
                .Where(name => name is not (nameof(SnpPolicy.Roots) or nameof(VirtualPolicy.Root)))
                .Select(JsonNamingPolicy.SnakeCaseLower.ConvertName),
        ];
        Assert.NotEmpty(fields);
        Assert.Equal(
            fields.Order(StringComparer.Ordinal),
            made.ToJson()["platforms"]![platform]!.AsObject().Select(field => field.Key).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Each_changed_byte_is_refused_or_is_a_difference()
    {
        // Every kind of field; one certificate, because reading these is what takes time.
        CharterContent content = MadeCharter.Content();
        Charter of = MadeCharter.Of(content with
        {
            Members = content.Members.Where(one => one.Key == "alpha").ToDictionary(),
            Participants = new Dictionary<string, CharterParticipant>(),
            Slots = content.Slots.ToDictionary(one => one.Key, one => one.Value with { Owner = "alpha" }),
            Consensus = content.Consensus with { Operators = 1 },
            Admission = new AdmissionRules(),
            RecoveryThreshold = 1,
        });
        byte[] bytes = of.Encoded.ToArray();
        int accepted = 0;
        for (int at = 0; at < bytes.Length; at++)
        {
            byte flip = (byte)(1 << (at % 8));
            bytes[at] ^= flip;
            if (Charter.TryDecode(bytes, out Charter? other, out CharterRefusal? refusal))
            {
                accepted++;
                Assert.Null(refusal);
                Assert.NotEqual(of.Digest, other.Digest);
                Assert.NotEmpty(CharterDifference.Between(of, other));
                Assert.Equal(bytes, other.Encoded.ToArray());
            }
            else
            {
                Assert.NotNull(refusal);
            }

            bytes[at] ^= flip;
        }

        // Digits of digests and signatures of certificates are other charters; the rest of the bytes is form.
        Assert.InRange(accepted, 300, bytes.Length - 300);
    }

    [Fact]
    public void Each_beginning_of_a_charter_is_refused()
    {
        for (int length = 0; length < made.Encoded.Length; length++)
            Assert.Equal(CharterFault.Malformed, Refuse(made.Encoded[..length].ToArray()).Fault);
    }

    [Fact]
    public void Any_bytes_give_a_charter_or_a_refusal() =>
        Bytes.Around(made.Encoded.ToArray()).Sample(bytes =>
        {
            bool isRead = Charter.TryDecode(bytes, out Charter? charter, out CharterRefusal? refusal);
            return isRead == charter is not null && isRead == refusal is null
                && (!isRead || charter!.Encoded.Span.SequenceEqual(bytes));
        }, iter: 500);

    [Fact]
    public void Any_text_gives_a_charter_or_a_refusal() =>
        Bytes.Around(Utf8(made.ToJson())).Sample(bytes =>
        {
            bool isRead = Charter.TryReadJson(bytes, out Charter? charter, out CharterRefusal? refusal);
            return isRead == charter is not null && isRead == refusal is null;
        }, iter: 300);

    [Theory]
    [InlineData("a26161016161 02", CharterFault.DuplicateField, "")]
    [InlineData("a2616201616102", CharterFault.UnorderedFields, "")]
    [InlineData("a26262620161 6102", CharterFault.UnorderedFields, "")]
    [InlineData("a0", CharterFault.MissingField, "version")]
    [InlineData("a10101", CharterFault.UnexpectedType, "")]
    [InlineData("80", CharterFault.UnexpectedType, "")]
    [InlineData("f6", CharterFault.UnexpectedType, "")]
    [InlineData("c100", CharterFault.UnexpectedType, "")]
    [InlineData("f93c00", CharterFault.UnexpectedType, "")]
    [InlineData("20", CharterFault.UnexpectedType, "")]
    [InlineData("ff", CharterFault.Malformed, "")]
    [InlineData("1c", CharterFault.Malformed, "")]
    [InlineData("5bffffffffffffffff", CharterFault.Malformed, "")]
    [InlineData("9bffffffffffffffff", CharterFault.Malformed, "")]
    [InlineData("8181818181818181818181818180", CharterFault.TooLarge, "[0][0][0][0][0][0][0][0][0][0][0][0][0]")]
    public void What_is_no_charter_at_all_is_refused_by_name(string hex, CharterFault fault, string path)
    {
        CharterRefusal refusal = Refuse(Convert.FromHexString(hex.Replace(" ", "", StringComparison.Ordinal)));
        Assert.Equal((fault, path), (refusal.Fault, refusal.Path));
    }

    [Theory]
    [InlineData("6776657273696f6e01", "6776657273696f6e1801", CharterFault.NotCanonical, "")]
    [InlineData("6776657273696f6e01", "6776657273696f6e02", CharterFault.UnknownVersion, "version")]
    [InlineData("6776657273696f6e01", "6776657273696f6ef5", CharterFault.UnexpectedType, "version")]
    [InlineData("6776657273696f6e01", "6776657273696f6e1a80000000", CharterFault.OutOfBounds, "version")]
    [InlineData("6776657273696f6e01", "6777657273696f6e01", CharterFault.MissingField, "version")]
    [InlineData("646c6f7373 6772656675736564", "646c6f7373 6772656675736565", CharterFault.UnknownValue,
        "consensus.commit_rule.loss")]
    public void What_is_another_form_of_a_charter_is_refused_by_name(
        string from, string to, CharterFault fault, string path)
    {
        CharterRefusal refusal = Refuse(Replace(from, to));
        Assert.Equal((fault, path), (refusal.Fault, refusal.Path));
    }

    [Fact]
    public void An_indefinite_map_is_not_the_one_form() =>
        Assert.Equal(CharterFault.NotCanonical, Refuse([0xBF, .. made.Encoded[1..].Span, 0xFF]).Fault);

    [Fact]
    public void Text_that_is_no_UTF_8_is_not_the_one_form()
    {
        byte[] bytes = made.Encoded.ToArray();
        bytes[bytes.AsSpan().IndexOf("export function"u8)] = 0xFF;
        Assert.Equal(CharterFault.NotCanonical, Refuse(bytes).Fault);
    }

    [Fact]
    public void One_field_more_is_refused()
    {
        byte[] more = [0xB1, .. made.Encoded[1..].Span, 0x78, 30, .. Enumerable.Repeat((byte)'z', 30), 0];
        CharterRefusal refusal = Refuse(more);
        Assert.Equal((CharterFault.UnknownField, new string('z', 30)), (refusal.Fault, refusal.Path));
    }

    [Fact]
    public void Something_behind_the_end_is_refused() =>
        Assert.Equal(CharterFault.TrailingBytes, Refuse([.. made.Encoded.Span, 0]).Fault);

    [Fact]
    public void Too_much_is_refused_unread()
    {
        Assert.Equal(CharterFault.TooLarge, Refuse(new byte[Charter.SizeMax + 1]).Fault);
        Assert.False(Charter.TryReadJson(new byte[2 * Charter.SizeMax + 2], out _, out CharterRefusal? refusal));
        Assert.Equal(CharterFault.TooLarge, refusal.Fault);
        byte[] items = [0x9A, 0, 1, 0, 0, .. new byte[1 << 16]];
        Assert.Equal(CharterFault.TooLarge, Refuse(items).Fault);
    }

    // Certificates take time to read: their number is bounded before.
    [Fact]
    public void More_names_than_anything_has_are_refused_unread()
    {
        JsonObject many = made.ToJson();
        many["participants"] = new JsonObject(Enumerable.Range(0, 1_001).Select(
            number => KeyValuePair.Create($"p{number}", (JsonNode?)JsonValue.Create("no participant"))));
        Assert.False(Charter.TryReadJson(Utf8(many), out _, out CharterRefusal? refusal));
        Assert.Equal((CharterFault.OutOfBounds, "participants"), (refusal.Fault, refusal.Path));
    }

    [Theory]
    [InlineData("", CharterFault.Malformed)]
    [InlineData("{", CharterFault.Malformed)]
    [InlineData("{} {}", CharterFault.Malformed)]
    [InlineData("{\"name\":\"a\",\"name\":\"b\"}", CharterFault.Malformed)]
    [InlineData("{\"name\":\"\\ud800\"}", CharterFault.Malformed)]
    [InlineData("[]", CharterFault.UnexpectedType)]
    [InlineData("{\"name\":null}", CharterFault.UnexpectedType)]
    [InlineData("{\"recovery_threshold\":-1}", CharterFault.UnexpectedType)]
    [InlineData("{}", CharterFault.MissingField)]
    public void What_describes_no_charter_is_refused_by_name(string json, CharterFault fault)
    {
        Assert.False(Charter.TryReadJson(Encoding.UTF8.GetBytes(json), out _, out CharterRefusal? refusal));
        Assert.Equal(fault, refusal.Fault);
    }

    [Fact]
    public void A_field_that_no_charter_has_is_refused_wherever_it_stands()
    {
        List<string> places = [];
        Visit(made.ToJson(), "", places);
        Assert.True(places.Count > 30);
        foreach (string place in places)
        {
            JsonObject changed = made.ToJson();
            JsonObject target = place.Length == 0 ? changed : (JsonObject)Find(changed, place);
            target["Unknown"] = 1;
            Assert.False(Charter.TryReadJson(Utf8(changed), out _, out _), place);
        }

        static void Visit(JsonNode? node, string path, List<string> places)
        {
            if (node is JsonObject fields)
            {
                places.Add(path);
                foreach ((string name, JsonNode? value) in fields) Visit(value, $"{path}/{name}", places);
            }
            else if (node is JsonArray items)
            {
                for (int i = 0; i < items.Count; i++) Visit(items[i], $"{path}/{i}", places);
            }
        }
    }

    // Nothing in the encoding is left to what a program takes for usual.
    [Fact]
    public void What_a_description_leaves_out_stands_in_the_charter()
    {
        JsonObject full = made.ToJson();
        string[] may =
        [
            "participants", "key_period_days", "admission", "lease_hours", "opening", "founders_needed", "terms",
            "consensus",
        ];
        foreach (string name in full.Select(field => field.Key))
        {
            JsonObject less = made.ToJson();
            less.Remove(name);
            bool isRead = Charter.TryReadJson(Utf8(less), out Charter? charter, out CharterRefusal? refusal);
            Assert.True(isRead == (may.Contains(name) || name == "version"), $"{name}: {refusal}");
            if (!isRead) continue;
            Assert.Equal(full.Select(field => field.Key), charter!.ToJson().Select(field => field.Key));
        }
    }

    internal static JsonNode Find(JsonNode node, string place) => place.Split('/').Skip(1).Aggregate(
        node, (at, name) => at is JsonArray items ? items[int.Parse(name)]! : at[name]!);

    internal static byte[] Utf8(JsonNode json) => Encoding.UTF8.GetBytes(json.ToJsonString());

    private static Charter Decode(byte[] bytes)
    {
        Assert.True(Charter.TryDecode(bytes, out Charter? charter, out CharterRefusal? refusal), refusal?.ToString());
        return charter;
    }

    private static CharterRefusal Refuse(byte[] bytes)
    {
        Assert.False(Charter.TryDecode(bytes, out Charter? charter, out CharterRefusal? refusal));
        Assert.Null(charter);
        return refusal;
    }

    private static byte[] Replace(string from, string to)
    {
        string hex = Convert.ToHexStringLower(made.Encoded.Span);
        from = from.Replace(" ", "", StringComparison.Ordinal);
        Assert.Equal(2, hex.Split(from).Length);
        return Convert.FromHexString(hex.Replace(from, to.Replace(" ", "", StringComparison.Ordinal)));
    }
}
