using System;
using System.Text;
using Curia.Endpoints;
using Curia.Host;
using Curia.Vocabulary;
using Microsoft.AspNetCore.Http;

namespace Curia.ShellTests.Host;

/// <summary>Requests and answers between nodes, as bytes (docs/node-protocol.md, "What calls ask for").</summary>
public sealed class ForwardingTests
{
    private static readonly TxId seen = new(new View(2), new SeqNo(9));

    [Fact]
    public void A_request_is_read_as_it_was_written()
    {
        Assert.True(Forwarding.TryDecode(Request(), out Forwarding.ForwardedRequest? read));
        Assert.Equal(("POST", "/app/x?a=1"), (read.Method, read.Target));
        Assert.Equal((TimeSpan.FromSeconds(3), seen), (read.Patience, read.Seen));
        Assert.Equal("application/json", read.Headers["content-type"]);
        Assert.Equal("a,b", read.Headers["X-Twice"]);
        Assert.Equal([1, 2, 3], read.Certificate.ToArray());
        Assert.Equal("{}", Encoding.UTF8.GetString(read.Body.Span));
    }

    [Fact]
    public void A_reply_is_read_as_it_was_written()
    {
        Response response = Response.Json("m", 201).With("ETag", "\"1\"").With("Retry-After", "1");
        byte[] bytes = Forwarding.Encode(new Outgoing(response, "/not/told", seen, WaitedForCommit: true));
        Assert.True(Forwarding.TryDecode(bytes, "/app/x", out Outgoing read));
        Assert.Equal(("/app/x", seen, true), (read.Route, read.TxId, read.WaitedForCommit));
        Assert.Equal((201, "application/json"), (read.Response.Status, read.Response.ContentType));
        Assert.Equal(response.Headers, read.Response.Headers);
        Assert.Equal(response.Body.ToArray(), read.Response.Body.ToArray());
    }

    [Fact]
    public void What_the_shell_answers_itself_is_known_again()
    {
        byte[] bytes = Forwarding.Encode(new Outgoing(HostResponses.NoPrimary));
        Assert.True(Forwarding.TryDecode(bytes, null, out Outgoing read));
        Assert.True(read.Is(HostResponses.NoPrimary));
        Assert.False(read.Is(HostResponses.SessionInvalid));
        Assert.False(new Outgoing(Response.Empty(503)).Is(HostResponses.NoPrimary));
        Assert.Null(read.TxId);
    }

    [Fact]
    public void Every_beginning_and_every_byte_behind_is_refused()
    {
        foreach (byte[] whole in (byte[][])[Request(), Reply()])
        {
            for (int length = 0; length < whole.Length; length++)
            {
                Assert.False(Forwarding.TryDecode(whole.AsMemory(0, length), out _), $"{length} bytes");
                Assert.False(Forwarding.TryDecode(whole.AsMemory(0, length), null, out _), $"{length} bytes");
            }

            byte[] longer = [.. whole, 0];
            Assert.False(Forwarding.TryDecode(longer, out _));
            Assert.False(Forwarding.TryDecode(longer, null, out _));
        }
    }

    [Fact]
    public void Another_version_is_refused()
    {
        for (int version = 0; version < 256; version++)
        {
            byte[] bytes = Request();
            bytes[0] = (byte)version;
            Assert.Equal(version == 2, Forwarding.TryDecode(bytes, out _));
        }
    }

    // A length is believed only as far as there are bytes, so that nobody reserves memory for it.
    [Theory]
    [InlineData(-1)]
    [InlineData(257)]
    [InlineData(int.MaxValue)]
    public void A_number_of_headers_that_cannot_be_is_refused_without_memory_for_it(int count)
    {
        byte[] bytes = Reply();
        int at = bytes.Length - 4 - 4 - 1; // before the length of the body and its one letter
        BitConverter.TryWriteBytes(bytes.AsSpan(at), count);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.False(Forwarding.TryDecode(bytes, null, out _));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 100_000);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(199)]
    [InlineData(600)]
    [InlineData(-200)]
    public void A_reply_with_a_status_that_is_none_is_refused(int status)
    {
        byte[] bytes = Reply();
        BitConverter.TryWriteBytes(bytes.AsSpan(1), status);
        Assert.False(Forwarding.TryDecode(bytes, null, out _));
    }

    // RFC 9110 section 5.5: it would begin a header that nobody wrote.
    [Fact]
    public void A_reply_with_a_line_break_in_a_header_is_refused()
    {
        byte[] bytes = Forwarding.Encode(new Outgoing(Response.Text("m").With("ETag", "1-2")));
        Assert.True(Forwarding.TryDecode(bytes, null, out _));
        bytes[bytes.AsSpan().IndexOf("1-2"u8) + 1] = (byte)'\n';
        Assert.False(Forwarding.TryDecode(bytes, null, out _));
    }

    // Its client would be told that there is none, and could not find out what became of its write.
    [Fact]
    public void A_reply_whose_TxID_is_none_is_refused()
    {
        byte[] bytes = Forwarding.Encode(new Outgoing(Response.Text("m"), null, seen));
        Assert.True(Forwarding.TryDecode(bytes, null, out _));
        bytes[bytes.AsSpan().IndexOf("2.9"u8) + 1] = (byte)':';
        Assert.False(Forwarding.TryDecode(bytes, null, out _));
    }

    [Fact]
    public void A_reply_with_a_body_of_no_type_is_refused()
    {
        byte[] untyped = Forwarding.Encode(new Outgoing(Response.NoContent()));
        Assert.True(Forwarding.TryDecode(untyped, null, out _));
        Assert.False(Forwarding.TryDecode((byte[])[.. untyped[..^4], 1, 0, 0, 0, (byte)'m'], null, out _));
    }

    [Fact]
    public void A_request_with_a_header_twice_or_a_time_below_none_is_refused()
    {
        byte[] bytes = Request();
        int at = bytes.AsSpan().IndexOf("X-Twice"u8);
        Assert.True(at > 0);
        byte[] twice = [.. bytes];
        "X-AGAIN"u8.CopyTo(twice.AsSpan(at));
        Assert.False(Forwarding.TryDecode(twice, out _));
        int patience = 1 + 1 + "POST".Length + 1 + "/app/x?a=1".Length;
        Assert.Equal(3000, BitConverter.ToInt32(bytes, patience));
        BitConverter.TryWriteBytes(bytes.AsSpan(patience), -1);
        Assert.True(Forwarding.TryDecode(bytes, out Forwarding.ForwardedRequest? read));
        Assert.Null(read.Patience);
        BitConverter.TryWriteBytes(bytes.AsSpan(patience), -2);
        Assert.False(Forwarding.TryDecode(bytes, out _));
    }

    // Each header copies those before it, so what they cost grows with their square.
    [Fact]
    public void A_reply_has_at_most_256_headers()
    {
        Response response = Response.NoContent();
        for (int header = 0; header < 256; header++) response = response.With("a", "");
        Assert.True(Forwarding.TryDecode(Forwarding.Encode(new Outgoing(response)), null, out Outgoing read));
        Assert.Equal(256, read.Response.Headers.Count);
        byte[] more = Forwarding.Encode(new Outgoing(response.With("a", "")));
        Assert.False(Forwarding.TryDecode(more, null, out _));
    }

    private static byte[] Request()
    {
        HeaderDictionary headers = new()
        {
            ["Content-Type"] = "application/json",
            ["X-Again"] = "",
            ["X-Twice"] = new[] { "a", "b" },
        };
        return Forwarding.Encode(
            "POST", "/app/x?a=1", headers, new byte[] { 1, 2, 3 }, "{}"u8.ToArray(), TimeSpan.FromSeconds(3), seen);
    }

    // One letter and no header.
    private static byte[] Reply() => Forwarding.Encode(new Outgoing(Response.Text("m")));
}
