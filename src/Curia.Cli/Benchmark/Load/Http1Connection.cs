using System;
using System.Buffers.Text;
using System.IO;
using System.Net.Sockets;
using System.Text;

namespace Curia.Cli.Benchmark.Load;

/// <summary>A connection of HTTP/1.1 (RFC 9112) with one request in flight.</summary>
internal sealed class Http1Connection(Socket socket, Stream stream) : LoadConnection(socket, stream)
{
    private const int StatusFrom = 9; // after "HTTP/1.1 "

    private long start;
    private int status;
    private long bodyLeft = -1; // below zero: the header of an answer is still to come

    protected override void Begin(long now)
    {
        if (Phase!.Next(now, out int number) is not RequestForm form) return;
        form.WriteHead(Append(form.HeadBytes), number);
        form.WriteBody(Append(form.BodyBytes), 0, number);
        start = now;
        InFlight = 1;
    }

    protected override void Receive(long now)
    {
        if (InFlight == 0 && !Input.IsEmpty) throw new LoadFailure("it answered what nobody asked");
        if (bodyLeft < 0 && !TryReadHeader()) return;
        int count = (int)Math.Min(bodyLeft, Input.Length);
        if (status != 200) HearRefusal(1, Input[..count]);
        Consume(count);
        bodyLeft -= count;
        if (bodyLeft > 0) return;
        bodyLeft = -1;
        InFlight = 0;
        Count(1, start, now, status == 200, status);
        Begin(now);
    }

    private bool TryReadHeader()
    {
        int end = Input.IndexOf("\r\n\r\n"u8);
        if (end < 0) return false;
        ReadOnlySpan<byte> header = Input[..(end + 2)];
        if (!header.StartsWith("HTTP/1.1 "u8) || header.Length < StatusFrom + 3
            || !Utf8Parser.TryParse(header.Slice(StatusFrom, 3), out status, out _))
        {
            throw new LoadFailure("it did not answer in HTTP/1.1");
        }

        bodyLeft = status == 204 ? 0 : ReadLength(header);
        Consume(end + 4);
        return true;
    }

    private static long ReadLength(ReadOnlySpan<byte> header)
    {
        ReadOnlySpan<byte> name = "content-length:"u8;
        for (int line = header.IndexOf("\r\n"u8) + 2; line < header.Length;)
        {
            ReadOnlySpan<byte> field = header[line..];
            if (field.Length > name.Length && Ascii.EqualsIgnoreCase(field[..name.Length], name)
                && Utf8Parser.TryParse(field[name.Length..].TrimStart((byte)' '), out long length, out _))
            {
                return length;
            }

            line += field.IndexOf("\r\n"u8) + 2;
        }

        throw new LoadFailure("it sent an answer without a length");
    }
}
