using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Curia.Endpoints;
using Curia.KeyValue;
using Curia.Vocabulary;

namespace Curia.Simulation;

/// <summary>The application under test: each operation of <see cref="Operation"/>, as an author would write
/// it.</summary>
internal static class SimulationApp
{
    private static readonly Map<ulong, ulong> counters = new(Maps.Counters, Codecs.UInt64, Codecs.UInt64);
    private static readonly Map<ulong, ulong> totals = new(Maps.Totals, Codecs.UInt64, Codecs.UInt64);
    private static readonly SortedDictionary<string, Map<ulong, string>> records = new(StringComparer.Ordinal)
    {
        [Maps.Private] = new Map<ulong, string>(Maps.Private, Codecs.UInt64, Codecs.Utf8),
        [Maps.Public] = new Map<ulong, string>(Maps.Public, Codecs.UInt64, Codecs.Utf8),
    };

    public static AuthenticationPolicy Users => AuthenticationPolicy.UserCertificate;

    public static EndpointTable Endpoints { get; } = Build(Users, Add);

    /// <summary>The application with another policy or another way to add: for mutants.</summary>
    public static EndpointTable Build(AuthenticationPolicy users, Func<Request, Transaction, Response> add)
    {
        EndpointTableBuilder app = new("simulation", "1.0.0");
        app.MapPost("/put", users, Put);
        app.MapPost("/fill", users, Fill);
        app.MapPost("/add", users, add);
        app.MapPost("/move", users, Move);
        app.MapPost("/total", users, Total);
        app.MapPost("/fail", users, Fail);
        app.MapDelete("/remove", users, Remove);
        app.MapGet("/get", users, Get);
        app.MapGet("/newest", users, Get).Linearizable();
        app.MapGet("/list", users, List);
        app.Add(new Endpoint(HttpVerb.Get, "/historical", users, new EndpointHandler.Historical(Locate, Historical)));
        return app.Build();
    }

    private static Response Put(Request request, Transaction transaction)
    {
        transaction.Map(records[Text(request, "map")]).Put(Number(request, "key"), Body(request));
        if (Number(request, "claims") == 1) transaction.SetClaims(new ClaimsDigest(Digest.Of(request.Body.Span)));
        return Response.Text("done");
    }

    private static Response Fill(Request request, Transaction transaction)
    {
        MapView<ulong, string> map = transaction.Map(records[Maps.Private]);
        ulong first = Number(request, "key");
        for (ulong n = 0; n < Number(request, "count"); n++) map.Put(first + n, Body(request));
        return Response.Text("done");
    }

    private static Response Remove(Request request, Transaction transaction)
    {
        transaction.Map(records[Text(request, "map")]).Remove(Number(request, "key"));
        return Response.Text("done");
    }

    public static Response Add(Request request, Transaction transaction)
    {
        MapView<ulong, ulong> map = transaction.Map(counters);
        ulong key = Number(request, "key");
        map.TryGet(key, out ulong before);
        map.Put(key, before + Number(request, "amount"));
        return Decimal(map.Get(key));
    }

    private static Response Move(Request request, Transaction transaction)
    {
        MapView<ulong, ulong> map = transaction.Map(counters);
        ulong from = Number(request, "from");
        ulong to = Number(request, "to");
        ulong amount = Number(request, "amount");
        map.TryGet(from, out ulong source);
        if (source < amount) return Response.Error(409, "NotEnough", "There is less than that.");
        map.Put(from, source - amount);
        map.TryGet(to, out ulong target);
        map.Put(to, target + amount);
        return Decimal(source - amount);
    }

    private static Response Total(Request request, Transaction transaction)
    {
        ulong sum = 0;
        foreach (KeyValuePair<ulong, ulong> counter in transaction.Map(counters).Range()) sum += counter.Value;
        transaction.Map(totals).Put(Number(request, "key"), sum);
        return Decimal(sum);
    }

    private static Response Fail(Request request, Transaction transaction)
    {
        transaction.Map(records[Maps.Private]).Put(Number(request, "key"), Body(request));
        return Response.Error(409, "ThoughtBetter", "Nothing was meant.");
    }

    private static Response Get(Request request, ReadOnlyTransaction transaction) =>
        Read(transaction, Text(request, "map"), Number(request, "key")) is { } value
            ? Response.Text(value)
            : Response.NotFound("There is no such key.");

    private static Response List(Request request, ReadOnlyTransaction transaction)
    {
        string name = Text(request, "map");
        return Response.Text(string.Concat(records.TryGetValue(name, out Map<ulong, string>? map)
            ? Lines(transaction.Map(map).Range())
            : Lines(transaction.Map(name == Maps.Counters ? counters : totals).Range())));
    }

    private static IEnumerable<string> Lines<T>(IEnumerable<KeyValuePair<ulong, T>> entries) =>
        entries.Select(entry => $"{entry.Key}={entry.Value};");

    private static HistoricalPosition.At Locate(Request request) =>
        new(new SeqNo(Number(request, "seqno")));

    private static Response Historical(Request request, HistoricalTransaction transaction) =>
        Read(transaction.Writes, Text(request, "map"), Number(request, "key")) is { } value
            ? Response.Text(value)
            : Response.NotFound("This transaction did not write the key.");

    private static string? Read(ReadOnlyTransaction transaction, string map, ulong key)
    {
        if (records.TryGetValue(map, out Map<ulong, string>? texts))
        {
            return transaction.Map(texts).TryGet(key, out string? text) ? text : null;
        }

        return transaction.Map(map == Maps.Counters ? counters : totals).TryGet(key, out ulong number)
            ? number.ToString(CultureInfo.InvariantCulture)
            : null;
    }

    private static Response Decimal(ulong number) => Response.Text(number.ToString(CultureInfo.InvariantCulture));

    private static string Body(Request request) => Encoding.UTF8.GetString(request.Body.Span);

    private static string Text(Request request, string name) =>
        request.Query.TryGet(name, out string? text) ? text : throw new Violation("requests are whole", name);

    private static ulong Number(Request request, string name) =>
        request.Query.TryGetUInt64(name, out ulong number) ? number : throw new Violation("requests are whole", name);
}
