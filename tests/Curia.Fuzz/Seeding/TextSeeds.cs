using System.Collections.Generic;
using System.Linq;

namespace Curia.Fuzz.Seeding;

/// <summary>Texts: identifiers, names of files, requests, JSON.</summary>
internal static class TextSeeds
{
    private const string Digits = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeFF";

    private const string Everything = $$"""
        {"id":18446744073709551615,"text":"a\u00e4\ud83d\ude00","at":"2.15","of":"{{Digits}}","seqno":7,"view":2,
        "member":"{{Digits}}","claims":"{{Digits}}","colour":"Red","maybe":null,"real":1.5e3,"list":["a",""],
        "named":{"a":-1},"inner":null}
        """;

    public static List<byte[]> Texts() => Of(
        "2.15", "0.0", "18446744073709551615.18446744073709551615", Digits, "ce:2.15:" + Digits.ToLowerInvariant(),
        "ledger_1", "ledger_1-57.committed", "ledger_18446744073709551615-18446744073709551615.committed",
        "sealed_7_" + Digits.ToLowerInvariant(),
        "snapshot_9_10", "snapshot_9_10.committed", "CURIALED\u0001\0\0\0\0\0\0\0\u0001");

    public static List<byte[]> Codecs() => Of(
        "", "text", "12345678", "0123456789abcdef0123456789abcdef", """{"Id":1,"Text":"a","More":["b",null]}""",
        """{"Text":"\ud800","Id":18446744073709551615}""");

    public static List<byte[]> Requests() => Of(
        "GET /places/a?from=1&flag=true", "GET /places/%C3%A4%2F/of/2.15?delta=-1&colour=Red&seqno=5",
        "GET /places/a?at=2.1&of=" + Digits + "&node=" + Digits + "&small=255",
        "POST /everything", "HEAD /log/private/count", "GET /log/private/all?from=1&limit=10",
        "GET /log/public/historical?id=1&seqno=2", "DELETE https://example.com/log/private?id=1",
        "GET /places/a+b?name=a+b&x=%20", "PATCH /", "GET /%2e/a", "GET /a//b/?&&=");

    public static List<byte[]> Bodies() => Of(
        "\0" + Everything,
        "\u0001[{\"name\":\"a\",\"at\":\"2.1\",\"small\":255},{\"name\":\"b\",\"colour\":\"Green\",\"node\":null}]",
        "\u0002{\"id\":42,\"msg\":\"a message\"}", "\u0003{\"msg\":\"\\ud800\",\"id\":1}", "\u0003{\"id\":1,\"id\":1}",
        "\0null", "\u0001[]");

    private static List<byte[]> Of(params string[] texts) => [.. texts.Select(Seeds.Text)];
}
