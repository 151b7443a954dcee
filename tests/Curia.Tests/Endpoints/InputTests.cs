using System;
using System.Linq;
using System.Text;
using System.Text.Json.Serialization;
using System.Threading.Tasks;
using CsCheck;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Tests.Endpoints;

public sealed class InputTests
{
    private static readonly AuthenticationPolicy Everyone = AuthenticationPolicy.None;

    private static readonly EndpointTable Table = new EndpointTableBuilder("test", "1.0.0")
        .MapPost("/body", Everyone, (Body body, Transaction _) => body.Id)
        .MapPost("/raw", Everyone, (request, _) => Response.Bytes(request.Body, request.ContentType ?? "none"))
        .MapPost("/number", Everyone, (ulong number, Transaction _) => number)
        .MapPost("/tree", Everyone, (Tree tree, Transaction _) => true)
        .MapPost("/period", Everyone, (Period period, Transaction _) => period.Last - period.First)
        .MapPut("/both/{key}", Everyone, (Key at, Body body, Request _, Transaction _) => at.Name + at.Times + body.Msg)
        .MapGet("/search/{number}", Everyone, (Search search, ReadOnlyTransaction _) => search)
        .MapGet("/nothing", Everyone, (Nothing _, ReadOnlyTransaction _) => true)
        .MapGet("/caller", Everyone, (Nothing _, Request request, ReadOnlyTransaction _) => request.Caller.ToString())
        .Build();

    private readonly ApplicationRun run = new(Table);

    [Theory]
    [InlineData("""{"id":1,"msg":"a"}""", "application/json")]
    [InlineData("""{"id":1,"msg":"a"}""", "APPLICATION/JSON; charset=UTF-8")]
    [InlineData("""{"id":1,"msg":"a"}""", "application/json;charset=\"utf-8\"")]
    [InlineData(" {\n\"msg\" : \"\\u00e4\", \"id\":1}\r\n", "application/json")]
    public void A_body_that_fits_reaches_the_handler(string body, string contentType)
    {
        Response response = run.Send("POST", "/body", body, contentType);
        Assert.Equal((200, "1"), (response.Status, response.Text()));
    }

    [Theory]
    [InlineData("", "empty")]
    [InlineData(" ", "not valid JSON")]
    [InlineData("null", "id, msg")]
    [InlineData("[]", "id, msg")]
    [InlineData("true", "id, msg")]
    [InlineData("{}", "'id' is missing")]
    [InlineData("""{"id":1}""", "'msg' is missing")]
    [InlineData("""{"id":1,"msg":null}""", "$.msg is not a string")]
    [InlineData("""{"id":1,"msg":2}""", "$.msg is not a string")]
    [InlineData("""{"id":"1","msg":"a"}""", "$.id is not an unsigned integer of 64 bits")]
    [InlineData("""{"id":-1,"msg":"a"}""", "$.id is not an unsigned integer of 64 bits")]
    [InlineData("""{"id":1.5,"msg":"a"}""", "$.id is not an unsigned integer of 64 bits")]
    [InlineData("""{"id":1e2,"msg":"a"}""", "$.id is not an unsigned integer of 64 bits")]
    [InlineData("""{"id":18446744073709551616,"msg":"a"}""", "$.id is not an unsigned integer of 64 bits")]
    [InlineData("""{"id":1,"msg":"a","x":0}""", "a member 'x'")]
    [InlineData("""{"Id":1,"msg":"a"}""", "a member 'Id'")]
    [InlineData("""{"id":1,"id":2,"msg":"a"}""", "'id'")]
    [InlineData("""{"id":1,"\u0069d":2,"msg":"a"}""", "'id'")]
    [InlineData("""{"id":1,"msg":"a"} {}""", "not valid JSON at line 1, byte 20")]
    [InlineData("""{"id":1,"msg":"a",}""", "not valid JSON at line 1, byte 19")]
    [InlineData("""{"id":1,/**/"msg":"a"}""", "not valid JSON")]
    [InlineData("""{"id":1,"msg":"a""", "not valid JSON")]
    [InlineData("""{"id":01,"msg":"a"}""", "not valid JSON")]
    [InlineData("""{"id":1,"msg":"\ud800"}""", "msg")]
    [InlineData("\uFEFF{\"id\":1,\"msg\":\"a\"}", "not valid JSON")]
    public void Another_body_is_refused_and_the_answer_says_why(string body, string reason)
    {
        Response response = run.Post("/body", body);
        Assert.Equal((400, ErrorCodes.InvalidInput), (response.Status, response.ErrorCode()));
        Assert.Contains(reason, response.ErrorMessage(), StringComparison.Ordinal);
        Assert.DoesNotContain("Curia.Tests", response.ErrorMessage(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/jsonp")]
    public void Another_content_type_is_415(string? contentType)
    {
        Response response = run.Send("POST", "/body", """{"id":1,"msg":"a"}""", contentType);
        Assert.Equal((415, ErrorCodes.UnsupportedContentType), (response.Status, response.ErrorCode()));
    }

    [Fact]
    public void Text_that_is_not_UTF8_is_refused()
    {
        byte[] body = Encoding.UTF8.GetBytes("""{"id":1,"msg":"?"}""");
        body[^3] = 0xff;
        Assert.Equal(400, run.Send("POST", "/body", body, "application/json").Status);
        body = Encoding.UTF8.GetBytes("""{"id":1,"?":"a"}""");
        body[9] = 0xff;
        Assert.Equal(400, run.Send("POST", "/body", body, "application/json").Status);
    }

    [Theory]
    [InlineData(32, 200)]
    [InlineData(33, 400)]
    [InlineData(100_000, 400)]
    public void Nesting_is_bounded(int depth, int status)
    {
        string body = string.Concat(Enumerable.Repeat("""{"inner":""", depth)) + "null" + new string('}', depth);
        Assert.Equal(status, run.Post("/tree", body).Status);
    }

    [Fact]
    public void A_record_may_check_its_own_values()
    {
        Assert.Equal("4", run.Post("/period", """{"first":1,"last":5}""").Text());
        Response response = run.Post("/period", """{"first":5,"last":1}""");
        Assert.Equal((400, ErrorCodes.InvalidInput), (response.Status, response.ErrorCode()));
        Assert.Contains("ends before it begins", response.ErrorMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_body_need_not_be_an_object()
    {
        Assert.Equal("7", run.Post("/number", "7").Text());
        Assert.Contains("unsigned integer", run.Post("/number", "\"7\"").ErrorMessage(), StringComparison.Ordinal);
        Assert.Equal("any bytes", run.Send("POST", "/raw", "any bytes", "text/plain").Text());
    }

    [Fact]
    public void Path_query_and_body_come_together()
    {
        Assert.Equal("\"k3m\"", run.Put("/both/3?name=k", """{"id":1,"msg":"m"}""").Text());
        Assert.Equal(400, run.Put("/both/x?name=k", """{"id":1,"msg":"m"}""").Status);
        Assert.Equal(400, run.Put("/both/3?name=k", "{}").Status);
    }

    [Fact]
    public void Parameters_have_types_and_defaults()
    {
        Assert.Equal(
            """{"number":-5,"text":"","flag":null,"tx":null,"seqno":null,"kind":null}""", run.Get("/search/-5").Text());
        string all = $"/search/0?text=%7B%22%0A&flag=true&tx=2.15&seqno=15&kind=Private";
        Assert.Equal(
            """{"number":0,"text":"{\"\n","flag":true,"tx":"2.15","seqno":15,"kind":"Private"}""", run.Get(all).Text());
    }

    [Theory]
    [InlineData("/search/a", ErrorCodes.InvalidResourceName, "'number' is not an integer of 32 bits")]
    [InlineData("/search/2147483648", ErrorCodes.InvalidResourceName, "'number' is not an integer of 32 bits")]
    [InlineData("/search/1?flag=yes", ErrorCodes.InvalidQueryParameterValue, "'flag' is not true or false")]
    [InlineData("/search/1?flag=null", ErrorCodes.InvalidQueryParameterValue, "'flag' is not true or false")]
    [InlineData("/search/1?tx=2.015", ErrorCodes.InvalidQueryParameterValue, "'tx' is not a TxID")]
    [InlineData("/search/1?seqno=-1", ErrorCodes.InvalidQueryParameterValue, "'seqno' is not an unsigned integer")]
    [InlineData("/search/1?seqno=01", ErrorCodes.InvalidQueryParameterValue, "'seqno' is not an unsigned integer")]
    [InlineData("/search/1?seqno=1%7D", ErrorCodes.InvalidQueryParameterValue, "'seqno' is not an unsigned integer")]
    [InlineData("/search/1?kind=0", ErrorCodes.InvalidQueryParameterValue, "'kind' is not one of Public, Private")]
    [InlineData("/search/1?kind=Secret", ErrorCodes.InvalidQueryParameterValue, "'kind' is not one of Public, Private")]
    [InlineData("/search/1?limit=1", ErrorCodes.InvalidQueryParameterValue, "no query parameter 'limit'")]
    [InlineData("/search/1?number=1", ErrorCodes.InvalidQueryParameterValue, "no query parameter 'number'")]
    [InlineData("/nothing?x", ErrorCodes.InvalidQueryParameterValue, "no query parameter 'x'; it takes no query")]
    [InlineData("/both/1", ErrorCodes.InvalidQueryParameterValue, "'name' is missing")]
    public void Other_parameters_are_refused_by_name(string target, string code, string reason)
    {
        Response response = target == "/both/1" ? run.Put(target, "{}") : run.Get(target);
        Assert.Equal((400, code), (response.Status, response.ErrorCode()));
        Assert.Contains(reason, response.ErrorMessage(), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_bytes_are_a_value_or_a_refusal()
    {
        Gen<byte[]> valid = Gen.Const(Encoding.UTF8.GetBytes("""{"id":1234,"msg":"a\u00e4\"b"}"""));
        Gen<byte[]> truncated = Gen.Select(valid, Gen.Int[0, 27], (bytes, length) => bytes[..length]);
        Gen<byte[]> changed = Gen.Select(valid, Gen.Int[0, 27], Gen.Byte, (bytes, at, value) =>
        {
            byte[] copy = [.. bytes];
            copy[at] = value;
            return copy;
        });
        Gen<byte[]> trailing = Gen.Select(valid, Gen.Byte.Array[0, 8], (bytes, tail) => bytes.Concat(tail).ToArray());
        Gen<byte[]> tokens = Gen.OneOf("{", "}", "[", "]", "\"", ":", ",", "id", "msg", "1", "\\u", "null", "e9", "\0")
            .Array[0, 60].Select(parts => Encoding.UTF8.GetBytes(string.Concat(parts)));
        string[] targets = ["/body", "/tree", "/number", "/period"];
        Gen.Select(Gen.OneOf(targets), Gen.OneOf(Gen.Byte.Array[0, 200], truncated, changed, trailing, tokens))
            .Sample((target, body) =>
            {
                int status = run.Send("POST", target, body, "application/json").Status;
                Assert.True(status is 200 or 400, $"{status}");
            }, iter: 5000);
    }

    [Fact]
    public void Any_parameter_is_a_value_or_a_refusal()
    {
        Gen<string> names = Gen.OneOf("text", "flag", "tx", "seqno", "kind", "x");
        Gen<string> values = Gen.OneOf(
            Gen.OneOf("1", "-1", "true", "2.15", "Public", "\"", "}", "null", "1e9", "--1", "-", ""), Gen.String);
        Gen.Select(names, values, values).Sample((name, value, number) =>
        {
            // An unpaired surrogate cannot be encoded; it becomes a replacement character.
            string target = $"/search/{Encode(number)}?{name}={Encode(value)}";
            int status = run.Get(target).Status;
            Assert.True(status is 200 or 400 or 404, $"{status}");
        }, iter: 2000);
    }

    [Fact]
    public void A_type_that_cannot_be_read_is_refused_at_start()
    {
        RefusedAtStart(table => table.MapGet("/a", Everyone, (Tree tree, ReadOnlyTransaction _) => true));
        RefusedAtStart(table => table.MapGet("/a", Everyone, (ulong id, ReadOnlyTransaction _) => true));
        RefusedAtStart(table => table.MapGet("/a/{id}", Everyone, (Nothing _, ReadOnlyTransaction _) => true));
    }

    [Fact]
    public void A_handler_that_does_not_answer_at_once_is_refused_at_start() =>
        RefusedAtStart(table => table.MapGet("/a", Everyone, (ReadOnlyTransaction _) => Task.FromResult(1)));

    [Fact]
    public void The_handler_knows_the_caller()
    {
        UserId user = new(Digest.Of("certificate"u8));
        run.Caller = new Caller.User(user, default);
        Assert.Contains(user.ToString(), run.Get("/caller").Text(), StringComparison.Ordinal);
    }

    private static void RefusedAtStart(Action<EndpointTableBuilder> map) =>
        Assert.Throws<ArgumentException>(() => map(new EndpointTableBuilder("test", "1.0.0")));

    private static string Encode(string text) =>
        Uri.EscapeDataString(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)));

    private sealed record Body(ulong Id, string Msg);

    private sealed record Tree(Tree? Inner, int Size = 0);

    private sealed record Nothing;

    private sealed record Key([property: JsonPropertyName("key")] int Times, string Name);

    private sealed record Search(
        int Number,
        string Text = "",
        bool? Flag = null,
        TxId? Tx = null,
        [property: JsonPropertyName("seqno")] SeqNo? SeqNo = null,
        Domain? Kind = null);

    private sealed record Period
    {
        public Period(int first, int last)
        {
            if (last < first) throw new ArgumentException("The period ends before it begins.");
            First = first;
            Last = last;
        }

        public int First { get; }

        public int Last { get; }
    }
}
