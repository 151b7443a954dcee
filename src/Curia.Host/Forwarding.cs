using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Runtime.InteropServices;
using System.Text;
using Curia.Endpoints;
using Curia.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace Curia.Host;

/// <summary>A client's request on its way from a backup to the primary, and the answer on its way back, as bytes of a
/// call between nodes (docs/node-protocol.md, "What calls ask for").</summary>
/// <remarks>Whose request it is goes along as the certificate whose key the client has proved to the backup to hold:
/// who can forge it is inside of the trust boundary already, since only attested nodes have such a channel.</remarks>
internal static class Forwarding
{
    private const byte Version = 2;

    // What a request may have of its own is bounded by the listener that took it in.
    private const int HeadersMax = 1024;

    // More than any client of ours reads. Each one copies those before it (Response.With), so they cost their square.
    private const int ReplyHeadersMax = 256;

    // The client does not wait for commit.
    private const int NoPatience = -1;

    /// <summary>A request as it was forwarded.</summary>
    public sealed record ForwardedRequest(
        string Method, string Target, IReadOnlyDictionary<string, string> Headers, ReadOnlyMemory<byte> Certificate,
        ReadOnlyMemory<byte> Body, TimeSpan? Patience, TxId Seen);

    /// <summary>Writes a request.</summary>
    public static byte[] Encode(
        string method, string target, IHeaderDictionary headers, ReadOnlyMemory<byte> certificate,
        ReadOnlyMemory<byte> body, TimeSpan? patience, TxId seen)
    {
        using MemoryStream stream = new(body.Length + 1024);
        using BinaryWriter writer = new(stream);
        writer.Write(Version);
        writer.Write(method);
        writer.Write(target);
        writer.Write(patience is { } time ? (int)time.TotalMilliseconds : NoPatience);
        writer.Write(seen.ToString());
        writer.Write(headers.Count);
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues value) in headers)
        {
            writer.Write(name);
            writer.Write(value.ToString());
        }

        Write(writer, certificate);
        Write(writer, body);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads a request; nothing throws.</summary>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out ForwardedRequest? request)
    {
        request = null;
        try
        {
            using MemoryStream stream = ReadOnly(bytes);
            using BinaryReader reader = new(stream, Encoding.UTF8);
            if (reader.ReadByte() != Version) return false;
            string method = reader.ReadString();
            string target = reader.ReadString();
            int patience = reader.ReadInt32();
            if (patience < NoPatience) return false;
            if (!TxId.TryParse(reader.ReadString(), out TxId seen)) return false;
            int count = reader.ReadInt32();
            if (count is < 0 or > HeadersMax) return false;
            Dictionary<string, string> headers = new(StringComparer.OrdinalIgnoreCase);
            for (int index = 0; index < count; index++)
            {
                if (!headers.TryAdd(reader.ReadString(), reader.ReadString())) return false;
            }

            byte[] certificate = Read(reader);
            byte[] body = Read(reader);
            if (stream.Position != stream.Length) return false;
            request = new ForwardedRequest(method, target, headers, certificate, body,
                patience == NoPatience ? null : TimeSpan.FromMilliseconds(patience), seen);
            return true;
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException)
        {
            return false;
        }
    }

    /// <summary>Writes an answer.</summary>
    public static byte[] Encode(Outgoing outgoing)
    {
        Response response = outgoing.Response;
        using MemoryStream stream = new(response.Body.Length + 256);
        using BinaryWriter writer = new(stream);
        writer.Write(Version);
        writer.Write(response.Status);
        writer.Write(response.ContentType ?? "");
        writer.Write(outgoing.TxId?.ToString() ?? "");
        writer.Write(outgoing.WaitedForCommit);
        writer.Write(response.Headers.Count);
        foreach ((string name, string value) in response.Headers)
        {
            writer.Write(name);
            writer.Write(value);
        }

        Write(writer, response.Body);
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>Reads an answer; nothing throws.</summary>
    /// <param name="bytes">The answer.</param>
    /// <param name="route">The endpoint, for metrics.</param>
    /// <param name="outgoing">What goes to the client.</param>
    public static bool TryDecode(ReadOnlyMemory<byte> bytes, string? route, out Outgoing outgoing)
    {
        outgoing = default;
        try
        {
            using MemoryStream stream = ReadOnly(bytes);
            using BinaryReader reader = new(stream, Encoding.UTF8);
            if (reader.ReadByte() != Version) return false;
            int status = reader.ReadInt32();
            string contentType = reader.ReadString();
            string place = reader.ReadString();
            if (!TxId.TryParse(place, out TxId txId) && place.Length > 0) return false;
            bool waited = reader.ReadBoolean();
            int count = reader.ReadInt32();
            if (count is < 0 or > ReplyHeadersMax) return false;
            List<(string Name, string Value)> headers = [];
            for (int index = 0; index < count; index++) headers.Add((reader.ReadString(), reader.ReadString()));
            byte[] body = Read(reader);
            if (stream.Position != stream.Length || (contentType.Length == 0 && body.Length > 0)) return false;
            Response response = contentType.Length > 0
                ? Response.Bytes(body, contentType, status)
                : Response.Empty(status);
            foreach ((string name, string value) in headers) response = response.With(name, value);
            outgoing = new Outgoing(response, route, place.Length > 0 ? txId : null, waited);
            return true;
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException)
        {
            return false;
        }
    }

    private static void Write(BinaryWriter writer, ReadOnlyMemory<byte> bytes)
    {
        writer.Write(bytes.Length);
        writer.Write(bytes.Span);
    }

    // Over the bytes as they came: a request may have megabytes.
    private static MemoryStream ReadOnly(ReadOnlyMemory<byte> bytes) =>
        MemoryMarshal.TryGetArray(bytes, out ArraySegment<byte> segment)
            ? new MemoryStream(segment.Array!, segment.Offset, segment.Count, writable: false)
            : new MemoryStream(bytes.ToArray(), writable: false);

    private static byte[] Read(BinaryReader reader)
    {
        int length = reader.ReadInt32();
        if (length < 0 || length > reader.BaseStream.Length - reader.BaseStream.Position)
            throw new FormatException("a length goes beyond the end");
        return reader.ReadBytes(length);
    }
}
