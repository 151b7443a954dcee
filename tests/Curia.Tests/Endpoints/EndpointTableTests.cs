using System;
using System.Collections.Generic;
using System.Linq;
using CsCheck;
using Curia.Endpoints;

namespace Curia.Tests.Endpoints;

public sealed class EndpointTableTests
{
    private static readonly EndpointTable Table = Build(
        (HttpVerb.Get, "/log"),
        (HttpVerb.Post, "/log"),
        (HttpVerb.Get, "/log/all"),
        (HttpVerb.Get, "/log/{id}"),
        (HttpVerb.Delete, "/log/{id}"),
        (HttpVerb.Get, "/a/{x}/c"),
        (HttpVerb.Get, "/a/b/d"),
        (HttpVerb.Put, "/a/{x}/c/{y}"));

    [Theory]
    [InlineData(HttpVerb.Get, "/log", "GET /log")]
    [InlineData(HttpVerb.Head, "/log", "GET /log")]
    [InlineData(HttpVerb.Post, "/log", "POST /log")]
    [InlineData(HttpVerb.Get, "/log/all", "GET /log/all")]
    [InlineData(HttpVerb.Get, "/log/42", "GET /log/{id} id=42")]
    [InlineData(HttpVerb.Get, "/log/a%2Fb", "GET /log/{id} id=a/b")]
    [InlineData(HttpVerb.Delete, "/log/all", "DELETE /log/{id} id=all")]
    [InlineData(HttpVerb.Get, "/a/b/d", "GET /a/b/d")]
    [InlineData(HttpVerb.Get, "/a/b/c", "GET /a/{x}/c x=b")]
    [InlineData(HttpVerb.Put, "/a/1/c/2", "PUT /a/{x}/c/{y} x=1 y=2")]
    [InlineData(HttpVerb.Put, "/log", "405 GET, POST, HEAD")]
    [InlineData(HttpVerb.Post, "/log/all", "405 GET, DELETE, HEAD")]
    [InlineData(HttpVerb.Post, "/log/1", "405 GET, DELETE, HEAD")]
    [InlineData(HttpVerb.Get, "/a/1/c/2", "405 PUT")]
    [InlineData(HttpVerb.Get, "/", "404")]
    [InlineData(HttpVerb.Get, "", "404")]
    [InlineData(HttpVerb.Get, "log", "404")]
    [InlineData(HttpVerb.Get, "/Log", "404")]
    [InlineData(HttpVerb.Get, "/log/", "404")]
    [InlineData(HttpVerb.Get, "//log", "404")]
    [InlineData(HttpVerb.Get, "/log/1/", "404")]
    [InlineData(HttpVerb.Get, "/log/%zz", "404")]
    [InlineData(HttpVerb.Get, "/log/{id}", "404")]
    [InlineData(HttpVerb.Get, "/a//c", "404")]
    public void A_request_finds_its_endpoint(HttpVerb verb, string path, string expected) =>
        Assert.Equal(expected, Describe(Table.Match(verb, path)));

    [Fact]
    public void A_wrong_verb_is_405_and_names_the_right_ones()
    {
        EndpointMatch match = Table.Match(HttpVerb.Put, "/log");
        Response response = Assert.IsType<EndpointMatch.MethodNotAllowed>(match).ToResponse();
        Assert.Equal((405, ErrorCodes.UnsupportedHttpVerb), (response.Status, response.ErrorCode()));
        Assert.Contains(new KeyValuePair<string, string>("Allow", "GET, POST, HEAD"), response.Headers);
    }

    [Theory]
    [InlineData("")]
    [InlineData("log")]
    [InlineData("/")]
    [InlineData("/a//b")]
    [InlineData("/a/")]
    [InlineData("/a/..")]
    [InlineData("/{}")]
    [InlineData("/{a b}")]
    [InlineData("/a{b}")]
    [InlineData("/{a}/{a}")]
    [InlineData("/%61")]
    [InlineData("/a b")]
    [InlineData("/ä")]
    public void A_wrong_template_is_refused_at_start(string path) =>
        Assert.Throws<ArgumentException>(() => Build((HttpVerb.Get, path)));

    [Fact]
    public void Two_endpoints_for_the_same_requests_are_refused_at_start()
    {
        Assert.Throws<ArgumentException>(() => Build((HttpVerb.Get, "/a"), (HttpVerb.Get, "/a")));
        Assert.Throws<ArgumentException>(() => Build((HttpVerb.Get, "/{a}"), (HttpVerb.Get, "/{b}")));
        EndpointTable table = Build((HttpVerb.Get, "/a"));
        Assert.Throws<ArgumentException>(() => new EndpointTableBuilder("t", "1").Add(table).Add(table).Build());
    }

    [Fact]
    public void A_GET_endpoint_cannot_write()
    {
        EndpointHandler writes = new EndpointHandler.ReadWrite((_, _) => Response.NoContent());
        Assert.Throws<ArgumentException>(() => new Endpoint(HttpVerb.Get, "/a", AuthenticationPolicy.None, writes));
    }

    [Fact]
    public void Who_answers_an_endpoint_is_its_own_choice_and_outlives_what_is_said_of_it_later()
    {
        static void Describe(EndpointTableBuilder endpoints) => endpoints.WithSummary("Does it.").WithResult(204, null);
        EndpointTableBuilder builder = new("test", "1.0.0");
        builder.MapGet("/local", AuthenticationPolicy.None, (_, _) => Response.NoContent());
        Describe(builder.MapGet("/newest", AuthenticationPolicy.None, (_, _) => Response.NoContent()).Linearizable());
        Describe(builder.MapGet("/there", AuthenticationPolicy.None, (_, _) => Response.NoContent())
            .Redirected().Linearizable());
        builder.MapPost("/write", AuthenticationPolicy.None, (_, _) => Response.NoContent());
        EndpointTable table = builder.Build();
        Assert.Equal(
            [(false, false, false), (true, false, true), (true, true, true), (false, false, true)],
            table.Endpoints.Select(one => (one.IsLinearizable, one.IsRedirected, one.NeedsPrimary)));
        string document = table.ToOpenApi("test", "1.0.0");
        Assert.Equal(2, document.Split("Linearisable").Length - 1);
        Assert.Equal(1, document.Split("\"307\"").Length - 1);
    }

    // A write is ordered anyway, and what is past does not change.
    [Fact]
    public void Only_what_reads_the_newest_state_is_linearisable()
    {
        EndpointTableBuilder builder = new("test", "1.0.0");
        Assert.Throws<InvalidOperationException>(builder.Linearizable);
        builder.MapPost("/write", AuthenticationPolicy.None, (_, _) => Response.NoContent());
        Assert.Throws<ArgumentException>(builder.Linearizable);
        builder.Redirected();
    }

    [Fact]
    public void Matching_agrees_with_trying_every_template()
    {
        string[] names = ["a", "b", "{x}"];
        Gen<string> templates = Gen.OneOf(names).Array[1, 4].Select(parts => string.Concat(
            parts.Select((part, index) => "/" + part.Replace("x", $"x{index}", StringComparison.Ordinal))));
        Gen<string> paths = Gen.OneOf("a", "b", "c", "").Array[0, 5].Select(parts => "/" + string.Join('/', parts));
        Gen<HttpVerb> verbs = Gen.OneOf(HttpVerb.Get, HttpVerb.Post);
        Gen.Select(Gen.Select(verbs, templates).Array[1, 8], verbs, paths).Sample((endpoints, verb, path) =>
        {
            (HttpVerb, string)[] distinct = [.. endpoints.DistinctBy(endpoint => endpoint)];
            EndpointMatch match = Build(distinct).Match(verb, path);
            string[] fitting = [.. distinct.Where(endpoint => Fits(endpoint.Item2, path))
                .Select(endpoint => endpoint.Item1.ToString())];
            if (fitting.Length == 0) Assert.IsType<EndpointMatch.NotFound>(match);
            else if (!fitting.Contains(verb.ToString())) Assert.IsType<EndpointMatch.MethodNotAllowed>(match);
            else Assert.True(Fits(Assert.IsType<EndpointMatch.Found>(match).Endpoint.Path, path));
        }, iter: 2000);
    }

    [Fact]
    public void Any_path_finds_an_endpoint_or_none()
    {
        Gen<string> pieces = Gen.OneOf("/", "log", "a", "b", "%", "%2F", "\0", "é", "{id}", "c");
        Gen.OneOf(Gen.String, pieces.Array[0, 60].Select(string.Concat), Gen.String[0, 20_000])
            .Sample(path => Assert.NotNull(Table.Match(HttpVerb.Get, path)), iter: 2000);
    }

    private static bool Fits(string template, string path)
    {
        string[] expected = template.Split('/');
        string[] actual = path.Split('/');
        return expected.Length == actual.Length
            && expected.Zip(actual).Skip(1).All(pair => Fits(pair));
    }

    private static bool Fits((string Expected, string Actual) segment) =>
        segment.Expected == segment.Actual || (segment.Expected.StartsWith('{') && segment.Actual != "");

    private static string Describe(EndpointMatch match) => match switch
    {
        EndpointMatch.Found found => string.Join(' ', found.PathValues.Select(value => $"{value.Key}={value.Value}")
            .Prepend(found.Endpoint.ToString())),
        EndpointMatch.MethodNotAllowed other =>
            "405 " + string.Join(", ", other.Allowed.Select(verb => verb.ToString().ToUpperInvariant())),
        _ => "404",
    };

    private static EndpointTable Build(params (HttpVerb Verb, string Path)[] endpoints)
    {
        EndpointTableBuilder builder = new("test", "1.0.0");
        EndpointHandler handler = new EndpointHandler.ReadOnly((_, _) => Response.NoContent());
        foreach ((HttpVerb verb, string path) in endpoints)
        {
            builder.Add(new Endpoint(verb, path, AuthenticationPolicy.None, handler));
        }

        return builder.Build();
    }
}
