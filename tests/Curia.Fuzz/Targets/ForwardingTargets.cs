using System;
using System.Collections.Generic;
using System.Linq;
using Curia.Endpoints;
using Curia.Host;
using Microsoft.AspNetCore.Http;

namespace Curia.Fuzz.Targets;

/// <summary>Requests that one node forwards to another, and the answers (docs/node-protocol.md, "What calls ask
/// for").</summary>
internal static class ForwardingTargets
{
    private const string Route = "/app/log/private";

    public static IEnumerable<FuzzTarget> All =>
    [
        new("forwarded-request", ["Forwarding.TryDecode"], TryRequest),
        new("forwarded-reply", ["Forwarding.TryDecode"], TryReply),
    ];

    private static void TryRequest(ReadOnlyMemory<byte> input)
    {
        if (!Forwarding.TryDecode(input, out Forwarding.ForwardedRequest? read)) return;
        byte[] written = Encode(read);
        bool isRead = Forwarding.TryDecode(written, out Forwarding.ForwardedRequest? again);
        Must.Hold(isRead, "a request that was read is written and read again");
        Must.BeSame(Encode(again!), written, "forwarded request");
        Must.Hold(
            (again!.Method, again.Target, again.Patience, again.Seen)
            == (read.Method, read.Target, read.Patience, read.Seen), "a request is read again as it was");
        Must.BeSame(again.Certificate.Span, read.Certificate.Span, "certificate");
        Must.BeSame(again.Body.Span, read.Body.Span, "body");
        Must.Hold(
            again.Headers.OrderBy(Name, StringComparer.Ordinal)
                .SequenceEqual(read.Headers.OrderBy(Name, StringComparer.Ordinal)), "its headers are the same");

        // What the primary does with it next: it never learns more of the client than this.
        bool isRequest = Request.TryCreate(
            read.Method, read.Target, name => read.Headers.GetValueOrDefault(name), read.Body, read.Certificate,
            out Request? request, out Response? refusal);
        Must.Hold(isRequest == request is not null && isRequest == refusal is null, "it is a request or is refused");
    }

    private static void TryReply(ReadOnlyMemory<byte> input)
    {
        if (!Forwarding.TryDecode(input, Route, out Outgoing read)) return;
        Must.Hold(read.Response.Status is >= 200 and <= 599, "a reply has a final status");
        Must.Hold(read.Route == Route, "the endpoint is the one that was asked, whatever the reply says");
        Must.Hold(
            read.Response.Headers.All(header => IsPrintable(header.Key) && IsPrintable(header.Value)),
            "no header of a reply begins another one");
        byte[] written = Forwarding.Encode(read);
        Must.Hold(Forwarding.TryDecode(written, Route, out Outgoing again), "a reply is written and read again");
        Must.BeSame(Forwarding.Encode(again), written, "forwarded reply");
        Must.Hold(
            (again.Response.Status, again.Response.ContentType, again.TxId, again.WaitedForCommit)
            == (read.Response.Status, read.Response.ContentType, read.TxId, read.WaitedForCommit),
            "a reply is read again as it was");
        Must.BeSame(again.Response.Body.Span, read.Response.Body.Span, "body of a reply");
        Must.Hold(again.Response.Headers.SequenceEqual(read.Response.Headers), "its headers are the same");
    }

    private static byte[] Encode(Forwarding.ForwardedRequest read)
    {
        HeaderDictionary headers = [];
        foreach ((string name, string value) in read.Headers) headers[name] = value;
        return Forwarding.Encode(
            read.Method, read.Target, headers, read.Certificate, read.Body, read.Patience, read.Seen);
    }

    private static string Name(KeyValuePair<string, string> header) => header.Key;

    private static bool IsPrintable(string text) => text.All(character => character is >= ' ' and <= '~');
}
