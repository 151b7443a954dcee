using System;
using System.Linq;
using System.Text;
using CsCheck;
using Curia.Endpoints;

namespace Curia.Tests.Endpoints;

public sealed class RequestTests
{
    [Theory]
    [InlineData("/app/log", "/app/log")]
    [InlineData("/%61pp/log", "/app/log")]
    [InlineData("/app/a%2fb", "/app/a%2Fb")]
    [InlineData("/app/%e2%82%ac", "/app/%E2%82%AC")]
    [InlineData("/app/%25", "/app/%25")]
    [InlineData("/app/a+b:c@d", "/app/a+b:c@d")]
    [InlineData("/app/", "/app/")]
    [InlineData("/", "/")]
    [InlineData("https://node0:8000/app/log", "/app/log")]
    [InlineData("https://node0:8000", "/")]
    public void Spellings_of_one_path_are_one_text(string target, string path) =>
        Assert.Equal(path, Accept(target).Path);

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("app")]
    [InlineData("/a b")]
    [InlineData("/a#b")]
    [InlineData("/a\"b")]
    [InlineData("/a\\b")]
    [InlineData("/ä")]
    [InlineData("/%")]
    [InlineData("/%4")]
    [InlineData("/%4g")]
    [InlineData("/%c3")]
    [InlineData("/%c3/%a4")]
    [InlineData("/%ed%a0%80")]
    [InlineData("/%00")]
    [InlineData("/%0a")]
    [InlineData("/%7f")]
    [InlineData("/app/../node")]
    [InlineData("/app/%2e%2E/node")]
    [InlineData("/app/.")]
    [InlineData("/app/%2e")]
    public void Other_paths_are_refused(string target)
    {
        Response refusal = Refuse(target);
        Assert.Equal((400, ErrorCodes.InvalidResourceName), (refusal.Status, refusal.ErrorCode()));
    }

    [Fact]
    public void Targets_and_segments_are_bounded()
    {
        Assert.Equal(8192, Accept("/" + new string('a', 8191)).Path.Length);
        Assert.Equal(414, Refuse("/" + new string('a', 8192)).Status);
        Accept(string.Concat(Enumerable.Repeat("/a", 32)));
        Assert.Equal(400, Refuse(string.Concat(Enumerable.Repeat("/a", 33))).Status);
        string parameters = string.Join('&', Enumerable.Range(0, 64).Select(number => $"p{number}"));
        Accept("/a?" + parameters);
        Assert.Equal(400, Refuse($"/a?{parameters}&p64").Status);
    }

    [Theory]
    [InlineData("/a?id=42", "id", "42")]
    [InlineData("/a?x=1&id=42&", "id", "42")]
    [InlineData("/a?id", "id", "")]
    [InlineData("/a?id=", "id", "")]
    [InlineData("/a?id=a=b", "id", "a=b")]
    [InlineData("/a?%69d=%e2%82%ac+%2B", "id", "€ +")]
    [InlineData("/a?id=[1]|/?", "id", "[1]|/?")]
    public void Query_values_are_decoded(string target, string name, string value)
    {
        Assert.True(Accept(target).Query.TryGet(name, out string? decoded));
        Assert.Equal(value, decoded);
    }

    [Theory]
    [InlineData("/a?id=1&id=1")]
    [InlineData("/a?id=1&%69d=2")]
    [InlineData("/a?=1")]
    [InlineData("/a?id=%")]
    [InlineData("/a?id=%zz")]
    [InlineData("/a?id=%ff")]
    [InlineData("/a?id=a b")]
    [InlineData("/a?id=€")]
    [InlineData("/a?id=#")]
    public void Other_queries_are_refused(string target)
    {
        Response refusal = Refuse(target);
        Assert.Equal((400, ErrorCodes.InvalidQueryParameterValue), (refusal.Status, refusal.ErrorCode()));
    }

    [Theory]
    [InlineData("18446744073709551615", true)]
    [InlineData("0", true)]
    [InlineData("18446744073709551616", false)]
    [InlineData("-1", false)]
    [InlineData("%2B1", false)]
    [InlineData("+1", false)]
    [InlineData("1.0", false)]
    [InlineData("0x1", false)]
    [InlineData("", false)]
    [InlineData("%D9%A1", false)]
    public void Numbers_in_queries_are_digits(string text, bool isNumber) =>
        Assert.Equal(isNumber, Accept("/a?n=" + text).Query.TryGetUInt64("n", out _));

    [Theory]
    [InlineData("OPTIONS")]
    [InlineData("get")]
    [InlineData("")]
    public void Other_methods_are_refused(string method)
    {
        Assert.False(Request.TryCreate(method, "/", _ => null, default, default, out _, out Response? refusal));
        Assert.Equal((405, ErrorCodes.UnsupportedHttpVerb), (refusal.Status, refusal.ErrorCode()));
    }

    [Fact]
    public void Any_text_is_a_request_or_a_refusal()
    {
        Gen<string> pieces = Gen.OneOf("/", "%", "%2", "%2e", "..", "?", "&", "=", "#", "%c3%a4", "%ff", "a", "\0");
        Gen<string> texts = Gen.OneOf(Gen.String, pieces.Array[0, 40].Select(string.Concat), Gen.String[8000, 9000]);
        Gen.OneOf(texts, texts.Select(text => "/" + text)).Sample(target =>
        {
            bool accepted = Request.TryCreate(
                "GET", target, _ => null, default, default, out Request? request, out Response? refusal);
            Assert.Equal(accepted, refusal is null);
            if (!accepted) return;
            Assert.Equal(request!.Path, Accept(request.Path).Path); // canonical already
        }, iter: 2000);
    }

    [Fact]
    public void What_was_encoded_is_what_is_decoded()
    {
        Gen<string> texts = Gen.OneOf(Gen.Char['\0', '\uD7FF'], Gen.Char['\uE000', '\uFFFF']).Array[0, 20]
            .Select(characters => new string(characters));
        Gen.Select(texts, texts).Sample((name, value) =>
        {
            Request request = Accept($"/?x{Uri.EscapeDataString(name)}={Uri.EscapeDataString(value)}");
            Assert.True(request.Query.TryGet("x" + name, out string? decoded));
            Assert.Equal(value, decoded);
        }, iter: 1000);
    }

    [Fact]
    public void Headers_of_responses_take_no_line_breaks()
    {
        Assert.Throws<ArgumentException>(() => Response.NoContent().With("Location", "/a\r\nSet-Cookie: b"));
        Assert.Throws<ArgumentException>(() => Response.NoContent().With("Bad Name", "a"));
        Assert.Throws<ArgumentException>(() => Response.NoContent().With("", "a"));
        Assert.Throws<ArgumentException>(() => Response.Bytes(Encoding.UTF8.GetBytes("a"), "text/plain\n"));
    }

    private static Request Accept(string target)
    {
        bool accepted = Request.TryCreate(
            "GET", target, _ => null, default, default, out Request? request, out Response? refusal);
        Assert.True(accepted, refusal?.Text());
        return request!;
    }

    private static Response Refuse(string target)
    {
        Assert.False(Request.TryCreate("GET", target, _ => null, default, default, out _, out Response? refusal));
        return refusal;
    }
}
