using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Curia.Endpoints;
using Curia.Vocabulary;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary>What an operation must answer and write, given the state before it.</summary>
internal sealed record Expected(int Status, string Body, IReadOnlyList<ModelWrite> Writes)
{
    public static Expected Ok(string body, params ModelWrite[] writes) => new(200, body, writes);

    public static Expected Error(int status) => new(status, "", []);
}

/// <summary>What a simulated client asks for: the request, and what the naive model says of it.</summary>
internal abstract record Operation(string Method, string Target)
{
    public virtual string Body => "";

    /// <summary>The claims digest that its transaction must carry.</summary>
    public virtual ClaimsDigest Claims => ClaimsDigest.None;

    public abstract Expected On(NaiveModel.ModelState state);

    /// <summary>A blind write: never conflicts.</summary>
    internal sealed record Put(string Map, ulong Key, string Value, bool WithClaims)
        : Operation("POST", Invariant($"/app/put?map={Name(Map)}&key={Key}&claims={(WithClaims ? 1 : 0)}"))
    {
        public override string Body => Value;

        public override ClaimsDigest Claims =>
            WithClaims ? new ClaimsDigest(Digest.Of(Encoding.UTF8.GetBytes(Value))) : ClaimsDigest.None;

        public override Expected On(NaiveModel.ModelState state) =>
            Expected.Ok("done", new ModelWrite(Map, Key, Value));
    }

    /// <summary>One value under many keys: a transaction that is larger than the others.</summary>
    internal sealed record Fill(ulong First, int Count, string Value)
        : Operation("POST", Invariant($"/app/fill?key={First}&count={Count}"))
    {
        public override string Body => Value;

        public override Expected On(NaiveModel.ModelState state) => new(200, "done", Writes());

        private List<ModelWrite> Writes() =>
            [.. Enumerable.Range(0, Count).Select(n => new ModelWrite(Maps.Private, First + (ulong)n, Value))];
    }

    internal sealed record Remove(string Map, ulong Key)
        : Operation("DELETE", Invariant($"/remove?map={Name(Map)}&key={Key}"))
    {
        public override Expected On(NaiveModel.ModelState state) => Expected.Ok("done", new ModelWrite(Map, Key, null));
    }

    /// <summary>Reads and writes one counter: a lost update would show in its answer.</summary>
    internal sealed record Add(ulong Key, ulong Amount)
        : Operation("POST", Invariant($"/app/add?key={Key}&amount={Amount}"))
    {
        public override Expected On(NaiveModel.ModelState state)
        {
            string sum = Invariant($"{state.Counter(Key) + Amount}");
            return Expected.Ok(sum, new ModelWrite(Maps.Counters, Key, sum));
        }
    }

    /// <summary>Moves from one counter to another, or answers 409 and has no effect.</summary>
    internal sealed record Move(ulong From, ulong To, ulong Amount)
        : Operation("POST", Invariant($"/app/move?from={From}&to={To}&amount={Amount}"))
    {
        public override Expected On(NaiveModel.ModelState state)
        {
            ulong source = state.Counter(From);
            if (source < Amount) return Expected.Error(409);
            string rest = Invariant($"{source - Amount}");
            string sum = Invariant($"{(From == To ? source - Amount : state.Counter(To)) + Amount}");
            return Expected.Ok(rest, new ModelWrite(Maps.Counters, From, rest), new ModelWrite(Maps.Counters, To, sum));
        }
    }

    /// <summary>Reads all counters and writes their sum: conflicts with every counter that is changed or born
    /// meanwhile.</summary>
    internal sealed record Total(ulong Key) : Operation("POST", Invariant($"/app/total?key={Key}"))
    {
        public override Expected On(NaiveModel.ModelState state)
        {
            ulong sum = 0;
            foreach ((ulong _, string value) in state.All(Maps.Counters))
            {
                sum += ulong.Parse(value, CultureInfo.InvariantCulture);
            }

            return Expected.Ok(Invariant($"{sum}"), new ModelWrite(Maps.Totals, Key, Invariant($"{sum}")));
        }
    }

    /// <summary>Writes and then answers an error: nothing may be left of it.</summary>
    internal sealed record Fail(ulong Key, string Value) : Operation("POST", Invariant($"/app/fail?key={Key}"))
    {
        public override string Body => Value;

        public override Expected On(NaiveModel.ModelState state) => Expected.Error(409);
    }

    internal sealed record Get(string Map, ulong Key, bool IsLinearizable = false)
        : Operation(
            "GET", Invariant($"/app/{(IsLinearizable ? "newest" : "get")}?map={Name(Map)}&key={Key}"))
    {
        public override Expected On(NaiveModel.ModelState state) =>
            state.Get(Map, Key) is { } value ? Expected.Ok(value) : Expected.Error(404);
    }

    internal sealed record List(string Map) : Operation("GET", $"/app/list?map={Name(Map)}")
    {
        public override Expected On(NaiveModel.ModelState state) =>
            Expected.Ok(string.Concat(state.All(Map).Select(entry => Invariant($"{entry.Key}={entry.Value};"))));
    }

    /// <summary>The request as it comes over the network.</summary>
    public Request ToRequest(ReadOnlyMemory<byte> certificate) =>
        Requests.Make(Method, Target, Encoding.UTF8.GetBytes(Body), certificate);

    private static string Name(string map) => Uri.EscapeDataString(map);
}

/// <summary>Requests as the shell makes them.</summary>
internal static class Requests
{
    public static Request Make(
        string method,
        string target,
        ReadOnlyMemory<byte> body = default,
        ReadOnlyMemory<byte> certificate = default)
    {
        return Request.TryCreate(method, target, _ => null, body, certificate, out Request? request, out _)
            ? request
            : throw new Violation(Rules.NodeHolds, $"a request was refused that is not wrong: {method} {target}");
    }
}
