using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace Curia.Cli.Benchmark.Load;

/// <summary>A request whose only part that changes is the number of a message.</summary>
/// <param name="Method">GET or POST.</param>
/// <param name="Path">The path; it ends with the number where the request has no body.</param>
/// <param name="Body">The body, with the number at <paramref name="NumberInBody"/>; empty where there is none.</param>
/// <param name="NumberInBody">Where in the body.</param>
/// <param name="Fields">Further header fields, in lower case.</param>
internal sealed record LoadRequest(
    string Method, string Path, byte[] Body, int NumberInBody, IReadOnlyList<(string Name, string Value)> Fields)
{
    /// <summary>The fewest of the numbers; all have as many digits.</summary>
    public const int FirstNumber = 1_000_000;

    /// <summary>How many numbers there are.</summary>
    public const int NumbersMax = 9_000_000;

    /// <summary>How a number looks before a request takes its own.</summary>
    public const string Placeholder = "1000000";
}

/// <summary>A request as bytes, encoded once: nothing is left to do for each one but to copy it and to write the
/// number.</summary>
internal sealed class RequestForm
{
    private readonly byte[] head;
    private readonly int numberInHead;
    private readonly byte[] body;
    private readonly int numberInBody;

    private RequestForm(LoadRequest request, byte[] head, int numberInHead)
    {
        this.head = head;
        this.numberInHead = numberInHead;
        body = request.Body;
        numberInBody = request.NumberInBody;
    }

    /// <summary>Bytes before the body: a field block, or a whole header of HTTP/1.1.</summary>
    public int HeadBytes => head.Length;

    /// <summary>Bytes of the body.</summary>
    public int BodyBytes => body.Length;

    /// <summary>For HTTP/1.1 (RFC 9112).</summary>
    public static RequestForm OfHttp1(LoadRequest request, string authority)
    {
        StringBuilder text = new($"{request.Method} {request.Path}");
        int end = text.Length;
        text.Append(CultureInfo.InvariantCulture, $" HTTP/1.1\r\nhost: {authority}\r\n");
        foreach ((string name, string value) in FieldsOf(request))
            text.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        byte[] head = Encoding.ASCII.GetBytes(text.Append("\r\n").ToString());
        return new RequestForm(request, head, end - LoadRequest.Placeholder.Length);
    }

    /// <summary>For HTTP/2 (RFC 9113), without a dynamic table.</summary>
    public static RequestForm OfHttp2(LoadRequest request, string scheme, string authority)
    {
        // Indices of RFC 7541 appendix A.
        const int get = 2, post = 3, http = 6, https = 7; // with their values
        const int authorityName = 1, pathName = 4, lengthName = 28, typeName = 31;
        ArrayBufferWriter<byte> block = new();
        HeaderBlock.WriteIndexed(block, request.Method == "GET" ? get : post);
        HeaderBlock.WriteIndexed(block, scheme == "https" ? https : http);
        HeaderBlock.WriteLiteral(block, pathName, request.Path);
        int end = block.WrittenCount;
        HeaderBlock.WriteLiteral(block, authorityName, authority);
        foreach ((string name, string value) in FieldsOf(request))
        {
            int known = name switch { "content-length" => lengthName, "content-type" => typeName, _ => 0 };
            if (known > 0) HeaderBlock.WriteLiteral(block, known, value);
            else HeaderBlock.WriteLiteral(block, name, value);
        }

        return new RequestForm(request, block.WrittenSpan.ToArray(), end - LoadRequest.Placeholder.Length);
    }

    /// <summary>Copies the head.</summary>
    public void WriteHead(Span<byte> target, int number)
    {
        head.CopyTo(target);
        if (body.Length == 0) WriteNumber(target[numberInHead..], number);
    }

    /// <summary>Copies a part of the body.</summary>
    public void WriteBody(Span<byte> target, int from, int number)
    {
        body.AsSpan(from, target.Length).CopyTo(target);
        int at = numberInBody - from;
        if (at >= 0 && at + LoadRequest.Placeholder.Length <= target.Length) WriteNumber(target[at..], number);
    }

    private static IEnumerable<(string Name, string Value)> FieldsOf(LoadRequest request)
    {
        foreach ((string, string) field in request.Fields) yield return field;
        if (request.Body.Length > 0)
            yield return ("content-length", request.Body.Length.ToString(CultureInfo.InvariantCulture));
    }

    private static void WriteNumber(Span<byte> target, int number)
    {
        for (int at = LoadRequest.Placeholder.Length - 1; at >= 0; at--)
        {
            target[at] = (byte)('0' + (number % 10));
            number /= 10;
        }
    }
}
