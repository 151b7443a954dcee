using System;
using System.Collections.Generic;
using Curia.Endpoints;
using Curia.Host;
using Curia.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace Curia.Fuzz.Seeding;

/// <summary>Requests and replies between nodes as they are, and what an honest node never writes.</summary>
internal static class ForwardingSeeds
{
    private static readonly TxId seen = new(new View(2), new SeqNo(9));

    public static List<byte[]> Requests()
    {
        byte[] write = Request("POST", "/app/log/private", """{"id":1,"msg":"m"}""", TimeSpan.FromSeconds(3),
            ("Content-Type", "application/json"), ("Prefer", "wait=committed"), ("Idempotency-Key", "k-1"));
        byte[] read = Request("GET", "/app/log/private?id=1", "", patience: null);
        return
        [
            write,
            read,
            Request("GET", "https://node1:8000/node/state", "", TimeSpan.Zero, ("Accept", "*/*"), ("X", "")),
            write[..^1],
            [.. read, 0],
            [1, .. read[1..]],
            Changed(read, count: -1),
            Changed(read, count: 1025),
            Changed(read, count: int.MaxValue),
        ];
    }

    public static List<byte[]> Replies()
    {
        byte[] whole = Reply(Response.Json("m").With("Retry-After", "1").With("ETag", "\"1\""), seen, true);
        return
        [
            whole,
            Reply(Response.NoContent(), TxId.Zero, false),
            Reply(Response.Error(503, "NoPrimary", "No primary."), null, false),
            Reply(Response.Bytes(new byte[300], "application/octet-stream"), seen, false),
            Reply(Response.Empty(307).With("Location", "https://node1:8000/app/log/private"), null, false),
            Reply(WithHeaders(256), null, false),
            whole[..^1],
            [.. whole, 0],
            [1, .. whole[1..]],
        ];
    }

    // As many as may be, each as short as it can be: what is made of them must not grow with their square.
    private static Response WithHeaders(int count)
    {
        Response response = Response.NoContent();
        for (int header = 0; header < count; header++) response = response.With("a", "");
        return response;
    }

    private static byte[] Request(
        string method, string target, string body, TimeSpan? patience, params (string Name, string Value)[] given)
    {
        HeaderDictionary headers = [];
        foreach ((string name, string value) in given) headers[name] = value;
        byte[] certificate = Reference.ServiceCertificate.Der.ToArray();
        return Forwarding.Encode(method, target, headers, certificate, Seeds.Text(body), patience, seen);
    }

    private static byte[] Reply(Response response, TxId? txId, bool waited) =>
        Forwarding.Encode(new Outgoing(response, Route: null, txId, waited));

    // The number of headers stands behind version, method, target, patience and TxID.
    private static byte[] Changed(byte[] request, int count)
    {
        int at = 1;
        for (int text = 0; text < 2; text++) at += 1 + request[at];
        at += sizeof(int);
        at += 1 + request[at];
        byte[] changed = [.. request];
        BitConverter.TryWriteBytes(changed.AsSpan(at), count);
        return changed;
    }
}
