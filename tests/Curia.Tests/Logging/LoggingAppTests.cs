using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using CsCheck;
using Curia.Endpoints;
using Curia.Tests.Endpoints;
using Curia.Vocabulary;
using Logging;

namespace Curia.Tests.Logging;

/// <summary>The surface that DESIGN section 7 and apps/logging/README.md promise.</summary>
public sealed class LoggingAppTests
{
    private readonly ApplicationRun run = new(LoggingApp.Endpoints);

    public static TheoryData<string> Paths => ["/log/private", "/log/public"];

    [Theory]
    [MemberData(nameof(Paths))]
    public void A_message_is_written_read_replaced_and_removed(string path)
    {
        Assert.Equal("true", run.Post(path, """{"id":42,"msg":"häy\u0000"}""").Text());
        Assert.Equal("""{"msg":"häy\u0000"}""", run.Get($"{path}?id=42").Text());
        Assert.Equal("true", run.Post(path, """{"msg":"again","id":42}""").Text());
        Assert.Equal("""{"msg":"again"}""", run.Get($"{path}?id=42").Text());
        Assert.Equal("1", run.Get($"{path}/count").Text());
        Assert.Equal("true", run.Delete($"{path}?id=42").Text());
        Assert.Equal("0", run.Get($"{path}/count").Text());
        NotFound(run.Get($"{path}?id=42"));
        NotFound(run.Delete($"{path}?id=42"));
    }

    [Fact]
    public void Private_and_public_messages_are_apart()
    {
        run.Post("/log/private", """{"id":1,"msg":"secret"}""");
        NotFound(run.Get("/log/public?id=1"));
        Assert.Equal(["records"], run.Store.Current.MapNames);
        run.Post("/log/public", """{"id":1,"msg":"open"}""");
        Assert.Equal("""{"msg":"secret"}""", run.Get("/log/private?id=1").Text());
        Assert.Equal(["public:records", "records"], run.Store.Current.MapNames.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Echo_refuses_what_a_write_refuses_and_writes_nothing()
    {
        Assert.Equal("true", run.Post("/log/echo", """{"id":42,"msg":"hello"}""").Text());
        foreach (string body in new[] { "", """{"id":42}""", """{"id":42,"msg":""}""" })
        {
            Response refusal = run.Post("/log/echo", body);
            Assert.Equal(
                (refusal.Status, refusal.ErrorCode()),
                (run.Post("/log/private", body).Status, ErrorCodes.InvalidInput));
        }

        Assert.Equal(TxId.Zero, run.LastTxId);
        Assert.Empty(run.Store.Current.MapNames);
        NotFound(run.Get("/log/private?id=42"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("""{"id":1}""")]
    [InlineData("""{"msg":"a"}""")]
    [InlineData("""{"id":"1","msg":"a"}""")]
    [InlineData("""{"id":-1,"msg":"a"}""")]
    [InlineData("""{"id":1.5,"msg":"a"}""")]
    [InlineData("""{"id":18446744073709551616,"msg":"a"}""")]
    [InlineData("""{"id":null,"msg":"a"}""")]
    [InlineData("""{"id":1,"msg":1}""")]
    [InlineData("""{"id":1,"msg":null}""")]
    [InlineData("""{"id":1,"msg":""}""")]
    [InlineData("""{"id":1,"msg":"a","more":true}""")]
    [InlineData("""{"id":1,"id":1,"msg":"a"}""")]
    [InlineData("""{"id":1,"msg":"a"}{}""")]
    [InlineData("""{"id":1,"msg":"a""")]
    public void Another_body_is_InvalidInput(string body)
    {
        Response response = run.Post("/log/private", body);
        Assert.Equal((400, ErrorCodes.InvalidInput), (response.Status, response.ErrorCode()));
        Assert.Equal(TxId.Zero, run.LastTxId);
    }

    [Theory]
    [InlineData(1 << 20, "a", 200)]
    [InlineData((1 << 20) + 1, "a", 400)]
    [InlineData(1 << 19, "ä", 200)]
    [InlineData((1 << 19) + 1, "ä", 400)]
    [InlineData(1 << 18, "\U0001F980", 200)]
    [InlineData((1 << 18) + 1, "\U0001F980", 400)]
    public void A_message_has_at_most_one_MiB_in_UTF8(int characters, string character, int status)
    {
        string message = string.Concat(Enumerable.Repeat(character, characters));
        Response response = run.Post("/log/public", $$"""{"id":1,"msg":"{{message}}"}""");
        Assert.Equal(status, response.Status);
        if (status == 400) Assert.Equal(ErrorCodes.InvalidInput, response.ErrorCode());
    }

    [Theory]
    [InlineData("PUT", "/log/private?id=1", 405)]
    [InlineData("PATCH", "/log/private", 405)]
    [InlineData("POST", "/log/private/count", 405)]
    [InlineData("DELETE", "/log/private/all", 405)]
    [InlineData("GET", "/log", 404)]
    [InlineData("GET", "/log/private/", 404)]
    [InlineData("GET", "/log/private", 400)]
    [InlineData("GET", "/log/private?id=", 400)]
    [InlineData("GET", "/log/private?id=-1", 400)]
    [InlineData("GET", "/log/private?id=0x1", 400)]
    [InlineData("GET", "/log/private?id=18446744073709551616", 400)]
    [InlineData("GET", "/log/private?id=1&id=1", 400)]
    [InlineData("GET", "/log/private?id=1&x=1", 400)]
    [InlineData("DELETE", "/log/private", 400)]
    [InlineData("GET", "/log/private/count?x=1", 400)]
    [InlineData("GET", "/log/private/all?limit=0", 400)]
    [InlineData("GET", "/log/private/all?limit=-1", 400)]
    [InlineData("GET", "/log/private/all?from=a", 400)]
    [InlineData("GET", "/log/private/historical?id=1", 400)]
    [InlineData("GET", "/log/private/historical?seqno=1", 400)]
    [InlineData("GET", "/log/private/historical?id=1&seqno=0", 400)]
    [InlineData("GET", "/log/private/historical_receipt?id=1&seqno=2.1", 400)]
    [InlineData("POST", "/log/private", 415)]
    public void Other_requests_have_their_status(string method, string target, int status)
    {
        Response response = run.Send(method, target, """{"id":1,"msg":"a"}""", "text/plain");
        Assert.Equal(status, response.Status);
        if (status >= 400) response.ErrorCode();
    }

    [Theory]
    [InlineData("0")]
    [InlineData("9007199254740993")]
    [InlineData("18446744073709551615")]
    public void Every_unsigned_number_of_64_bits_is_an_id(string id)
    {
        run.Post("/log/private", $$"""{"id":{{id}},"msg":"edge"}""");
        Assert.Equal("""{"msg":"edge"}""", run.Get($"/log/private?id={id}").Text());
        Assert.Equal(
            $$"""{"entries":[{"id":{{id}},"msg":"edge"}],"next":null}""",
            run.Get($"/log/private/all?from={id}").Text());
    }

    [Fact]
    public void All_is_in_order_of_id_and_next_leads_on()
    {
        int[] ids = [300, 2, 10, 256, 1];
        foreach (int id in ids) run.Post("/log/private", $$"""{"id":{{id}},"msg":"m{{id}}"}""");
        Assert.Equal(
            """{"entries":[{"id":1,"msg":"m1"},{"id":2,"msg":"m2"}],"next":10}""",
            run.Get("/log/private/all?limit=2").Text());
        Assert.Equal(
            """{"entries":[{"id":256,"msg":"m256"},{"id":300,"msg":"m300"}],"next":null}""",
            run.Get("/log/private/all?from=11&limit=2").Text());
        Assert.Equal("""{"entries":[],"next":null}""", run.Get("/log/private/all?from=301").Text());
    }

    [Fact]
    public void A_page_has_at_most_a_thousand_entries_whatever_the_limit()
    {
        for (int id = 0; id <= 1000; id++) run.Post("/log/private", $$"""{"id":{{id}},"msg":"m"}""");
        foreach (string target in new[] { "/log/private/all", "/log/private/all?limit=4294967295" })
        {
            JsonElement page = run.Get(target).Json();
            Assert.Equal(1000, page.GetProperty("entries").GetArrayLength());
            Assert.Equal(1000, page.GetProperty("next").GetInt32());
        }
    }

    [Fact]
    public void A_page_of_long_messages_ends_early_and_leads_on()
    {
        string message = new('x', 1 << 20);
        for (int id = 0; id < 6; id++) run.Post("/log/private", $$"""{"id":{{id}},"msg":"{{message}}"}""");
        JsonElement page = run.Get("/log/private/all").Json();
        Assert.Equal((4, 4), (page.GetProperty("entries").GetArrayLength(), page.GetProperty("next").GetInt32()));
        page = run.Get("/log/private/all?from=4").Json();
        Assert.Equal(2, page.GetProperty("entries").GetArrayLength());
        Assert.Equal(JsonValueKind.Null, page.GetProperty("next").ValueKind);
    }

    [Fact]
    public void Pages_put_together_are_all_messages()
    {
        Gen.Select(Gen.ULong[0, 40].Array[0, 30], Gen.Int[1, 12]).Sample((ids, limit) =>
        {
            ApplicationRun fresh = new(LoggingApp.Endpoints);
            foreach (ulong id in ids) fresh.Post("/log/public", $$"""{"id":{{id}},"msg":"m"}""");
            List<ulong> read = [];
            string? from = "0";
            while (from is not null)
            {
                JsonElement page = fresh.Get($"/log/public/all?from={from}&limit={limit}").Json();
                read.AddRange(page.GetProperty("entries").EnumerateArray()
                    .Select(entry => entry.GetProperty("id").GetUInt64()));
                JsonElement next = page.GetProperty("next");
                from = next.ValueKind == JsonValueKind.Null ? null : next.GetRawText();
            }

            Assert.Equal(ids.Distinct().Order(), read);
        }, iter: 100);
    }

    [Theory]
    [MemberData(nameof(Paths))]
    public void The_past_is_read_by_seqno(string path)
    {
        run.Post(path, """{"id":1,"msg":"first"}""");
        TxId first = run.LastTxId;
        run.Post(path, """{"id":1,"msg":"second"}""");
        TxId second = run.LastTxId;
        run.Delete($"{path}?id=1");
        Assert.Equal("""{"msg":"first"}""", run.Get($"{path}/historical?id=1&seqno={first.SeqNo}").Text());
        Assert.Equal("""{"msg":"second"}""", run.Get($"{path}/historical?id=1&seqno={second.SeqNo}").Text());
        Assert.Equal(
            $$$"""{"msg":"first","receipt":{"txid":"{{{first}}}"}}""",
            run.Get($"{path}/historical_receipt?id=1&seqno={first.SeqNo}").Text());
        foreach (string kind in new[] { "historical", "historical_receipt" })
        {
            NotFound(run.Get($"{path}/{kind}?id=2&seqno={first.SeqNo}"));
            NotFound(run.Get($"{path}/{kind}?id=1&seqno={run.LastTxId.SeqNo}"));
            Assert.Equal(202, run.Get($"{path}/{kind}?id=1&seqno=99").Status);
        }
    }

    [Fact]
    public void Public_messages_claim_their_digest_and_private_ones_nothing()
    {
        run.Post("/log/public", """{"id":1,"msg":"\u00e4"}""");
        Assert.Equal(Digest.Of(Encoding.UTF8.GetBytes("ä")), run.ClaimsOf(run.LastTxId).Value);
        run.Post("/log/private", """{"id":1,"msg":"ä"}""");
        Assert.Equal(ClaimsDigest.None, run.ClaimsOf(run.LastTxId));
    }

    [Fact]
    public void Every_endpoint_asks_for_a_user_certificate() =>
        Assert.All(LoggingApp.Endpoints.Endpoints, endpoint => Assert.Equal(
            [AuthenticationMethod.UserCertificate], endpoint.Policy.Methods));

    private static void NotFound(Response response) =>
        Assert.Equal((404, ErrorCodes.ResourceNotFound), (response.Status, response.ErrorCode()));
}
