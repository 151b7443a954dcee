using System;
using System.Collections.Generic;
using System.Linq;
using System.Text.Json;
using System.Text.Json.Nodes;
using Curia.Cryptography;
using Curia.Governance;

namespace Curia.Tests.Governance;

/// <summary>A mismatch says which field differs (DESIGN 1, "establishment").</summary>
public sealed class CharterDifferenceTests
{
    // Without a commit rule, which would hold the slots to what they are.
    private static readonly CharterContent content = MadeCharter.Content() with { Consensus = new ConsensusRules() };
    private static readonly Charter made = MadeCharter.Of(content);

    // What may stand in a field that has something else now; for each field at least one of them makes a charter.
    private static readonly string[] words =
    [
        "Owner", "Participant", "NonParticipant", "key", "waived", "buffered", "P-384", "at_once", "Milan", "any",
        "OutOfDate", "qe_identity", "alpha", "delta", "virtual-c", "snp", "tdx", "other.example:1", "another text",
    ];

    /// <summary>Every value of the readable form by its place, but the version of the format.</summary>
    public static TheoryData<string> Places
    {
        get
        {
            List<string> places = [];
            Visit(made.ToJson(), "", places);
            Assert.True(places.Count > 80, $"{places.Count} places");
            return [.. places.Where(place => place != "/version")];
        }
    }

    [Theory]
    [MemberData(nameof(Places))]
    public void Each_changed_field_is_exactly_the_one_difference(string place)
    {
        JsonNode now = CharterEncodingTests.Find(made.ToJson(), place);
        List<string> refusals = [];
        foreach (JsonNode other in Others(now))
        {
            JsonObject changed = made.ToJson();
            Set(changed, place, other);
            if (!Charter.TryReadJson(CharterEncodingTests.Utf8(changed), out Charter? charter, out var refusal))
            {
                refusals.Add(refusal.ToString());
                continue;
            }

            CharterDifference difference = Assert.Single(CharterDifference.Between(made, charter));
            Assert.Equal(PathOf(place), difference.Path);
            Assert.NotEqual(difference.Left, difference.Right);
            CharterDifference back = Assert.Single(CharterDifference.Between(charter, made));
            Assert.Equal(
                (difference.Path, difference.Left, difference.Right), (back.Path, back.Right, back.Left));
            return;
        }

        Assert.Fail($"nothing else may stand at {place}:\n{string.Join('\n', refusals)}");
    }

    [Fact]
    public void The_same_charter_has_no_difference() =>
        Assert.Empty(CharterDifference.Between(made, MadeCharter.Of(content)));

    // Each name that a founder's charter has, and another's not.
    [Theory]
    [InlineData("members", "delta")]
    [InlineData("participants", "bank")]
    [InlineData("terms", "agreement")]
    public void What_only_one_charter_has_is_a_difference(string field, string name)
    {
        JsonObject less = made.ToJson();
        ((JsonObject)less[field]!).Remove(name);
        Assert.True(Charter.TryReadJson(CharterEncodingTests.Utf8(less), out Charter? other, out _));
        CharterDifference difference = Assert.Single(CharterDifference.Between(made, other));
        Assert.Equal($"{field}[\"{name}\"]", difference.Path);
        Assert.NotNull(difference.Left);
        Assert.Null(difference.Right);
        difference = Assert.Single(CharterDifference.Between(other, made));
        Assert.Null(difference.Left);
        Assert.NotNull(difference.Right);
    }

    [Fact]
    public void A_look_alike_member_shows_as_another_certificate_of_the_same_name()
    {
        Certificate other = MadeCharter.CertificateOf("beta", EcdsaSigner.Generate(new SystemEntropy()));
        Charter forged = MadeCharter.Of(content with
        {
            Members = content.Members.With("beta", content.Members["beta"] with { Certificate = other }),
        });
        CharterDifference difference = Assert.Single(CharterDifference.Between(made, forged));
        Assert.Equal("members[\"beta\"].certificate", difference.Path);

        // The digest of a certificate is the member's id, which people compare.
        Assert.Equal($"sha256:{content.Members["beta"].Id}", difference.Left);
        Assert.Equal($"sha256:{other.Fingerprint}", difference.Right);
    }

    [Fact]
    public void Another_constitution_shows_the_first_line_that_differs()
    {
        Charter other = MadeCharter.Of(content with
        {
            Constitution = content.Constitution.Replace("Open", "Accepted", StringComparison.Ordinal),
        });
        CharterDifference difference = Assert.Single(CharterDifference.Between(made, other));
        Assert.Equal("constitution", difference.Path);
        Assert.EndsWith(", line 2: return \"Open\";", difference.Left, StringComparison.Ordinal);
        Assert.EndsWith(", line 2: return \"Accepted\";", difference.Right, StringComparison.Ordinal);
        Assert.StartsWith("sha256:", difference.Left, StringComparison.Ordinal);

        Charter longer = MadeCharter.Of(content with { Constitution = content.Constitution + "// more\n" });
        difference = Assert.Single(CharterDifference.Between(made, longer));
        Assert.EndsWith(", line 4: // more", difference.Right, StringComparison.Ordinal);
    }

    [Fact]
    public void All_differences_come_in_the_order_of_the_fields()
    {
        Charter other = MadeCharter.Of(content with
        {
            Slots = content.Slots.With("node0", content.Slots["node0"] with { Address = "other.example:1" }),
            Name = "Another",
            RecoveryThreshold = 3,
            Platforms = content.Platforms with { Snp = content.Platforms.Snp! with { Vmpls = [0, 1] } },
        });
        Assert.Equal(
            [
                new("name", "Made Network", "Another"),
                new("platforms.snp.vmpls", "[0]", "[0, 1]"),
                new("recovery_threshold", "2", "3"),
                new("slots[\"node0\"].address", "node0.alpha.example:9000", "other.example:1"),
            ],
            CharterDifference.Between(made, other));
    }

    private static void Visit(JsonNode? node, string path, List<string> places)
    {
        if (node is JsonObject fields)
        {
            foreach ((string name, JsonNode? value) in fields) Visit(value, $"{path}/{name}", places);
        }
        else if (node is JsonArray items)
        {
            for (int i = 0; i < items.Count; i++) Visit(items[i], $"{path}/{i}", places);
        }
        else
        {
            places.Add(path);
        }
    }

    private static IEnumerable<JsonNode> Others(JsonNode now)
    {
        switch (now.GetValueKind())
        {
            case JsonValueKind.True or JsonValueKind.False:
                yield return !now.GetValue<bool>();
                break;
            case JsonValueKind.Number:
                yield return now.GetValue<ulong>() + 1;
                if (now.GetValue<ulong>() > 0) yield return now.GetValue<ulong>() - 1;
                yield return 8_192;
                break;
            default:
                string text = now.GetValue<string>();
                if (text.Contains("BEGIN CERTIFICATE", StringComparison.Ordinal))
                    yield return MadeCharter.Actor("somebody else").Certificate.ToPem();
                else if (text.Contains("BEGIN PUBLIC KEY", StringComparison.Ordinal))
                    yield return MadeCharter.Rsa(99).ToPem();
                else if (text.StartsWith("0x", StringComparison.Ordinal))
                    foreach (int bit in (int[])[0, 1, 4, 20, 28]) yield return Flipped(text, bit);
                else if (text.Length >= 64 && text.All(char.IsAsciiHexDigit))
                    yield return $"{text[..^1]}{(text[^1] == '0' ? '1' : '0')}";
                else
                    foreach (string word in words.Where(word => word != text)) yield return word;
                break;
        }

        static string Flipped(string bits, int bit) =>
            $"0x{Convert.ToUInt64(bits[2..], 16) ^ (1ul << bit):x}";
    }

    private static void Set(JsonObject whole, string place, JsonNode value)
    {
        int slash = place.LastIndexOf('/');
        JsonNode parent = slash == 0 ? whole : CharterEncodingTests.Find(whole, place[..slash]);
        if (parent is JsonArray items) items[int.Parse(place[(slash + 1)..])] = value;
        else parent[place[(slash + 1)..]] = value;
    }

    // Which maps have names that members gave is what this test says once more, by itself.
    private static string PathOf(string place)
    {
        string[] named =
        [
            "members", "participants", "code", "terms", "slots", "minimum_tcb", "runtime_measurements",
        ];
        string path = "";
        string above = "";
        foreach (string part in place.Split('/').Skip(1))
        {
            bool isKey = named.Contains(above)
                || (above == "platforms" && path.StartsWith("code", StringComparison.Ordinal));
            path += int.TryParse(part, out _) && !isKey ? $"[{part}]"
                : isKey ? $"[\"{part}\"]"
                : path.Length == 0 ? part : $".{part}";
            above = isKey ? "" : part;
        }

        return path;
    }
}
