using System;
using System.Net.Http;

namespace Curia.Client;

/// <summary>One request to a node.</summary>
/// <param name="Method">The HTTP method; GET and HEAD count as reads, everything else as a write.</param>
/// <param name="Path">Path and query, from the first slash on: <c>/app/log/private?id=42</c>.</param>
public sealed record CallRequest(HttpMethod Method, string Path)
{
    /// <summary>The body; empty for none.</summary>
    public ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The media type of the body.</summary>
    public string ContentType { get; init; } = "application/json";

    /// <summary>How long to wait until the transaction is committed; null answers as soon as it is ordered.</summary>
    public TimeSpan? CommitWait { get; init; }

    /// <summary>How long to follow 202 answers of a read that must first be loaded from the ledger; null hands out the
    /// 202.</summary>
    public TimeSpan? LoadWait { get; init; }

    /// <summary>The largest reply that is read; a node that was not appraised yet gets less.</summary>
    internal int ReplyBytesMax { get; init; } = 64 << 20; // four times the largest value of a map

    /// <summary>Whether the method promises to change nothing (RFC 9110 section 9.2.1).</summary>
    public bool IsRead => Method == HttpMethod.Get || Method == HttpMethod.Head;

    /// <summary>A read.</summary>
    public static CallRequest Get(string path) => new(HttpMethod.Get, path);

    /// <summary>A write with a JSON body.</summary>
    public static CallRequest Post(string path, ReadOnlyMemory<byte> json) =>
        new(HttpMethod.Post, path) { Body = json };
}
