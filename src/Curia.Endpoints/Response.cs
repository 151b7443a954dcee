using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Curia.Endpoints;

/// <summary>What a handler answers. Immutable.</summary>
/// <remarks>The writes of a handler are applied only when its response is a success (<see cref="IsSuccess"/>): an error
/// leaves the state as it was.</remarks>
public sealed class Response
{
    /// <summary>The content type of JSON bodies, errors included.</summary>
    public const string JsonContentType = "application/json";

    /// <summary>The content type of texts.</summary>
    public const string TextContentType = "text/plain; charset=utf-8";

    private Response(
        int status,
        string? contentType,
        ReadOnlyMemory<byte> body,
        IReadOnlyList<KeyValuePair<string, string>> headers)
    {
        // A final status (RFC 9110 section 15); the interim ones are the shell's affair.
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 200);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(status, 599);
        Status = status;
        ContentType = contentType;
        Body = body;
        Headers = headers;
    }

    /// <summary>The HTTP status, 200 to 599.</summary>
    public int Status { get; }

    /// <summary>The type of the body; null when there is none.</summary>
    public string? ContentType { get; }

    /// <summary>The bytes of the body.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>Further headers, in the order in which they were added.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; }

    /// <summary>Whether the writes of the handler are to be applied: the status is 2xx.</summary>
    public bool IsSuccess => Status is >= 200 and < 300;

    /// <summary>A value as JSON, in the one format of the service (<see cref="JsonFormat"/>).</summary>
    public static Response Json<T>(T value, int status = 200) =>
        new(status, JsonContentType, JsonSerializer.SerializeToUtf8Bytes(value, JsonFormat.Options), []);

    /// <summary>A text in UTF-8.</summary>
    public static Response Text(string text, int status = 200) =>
        new(status, TextContentType, Encoding.UTF8.GetBytes(text), []);

    /// <summary>Bytes of a named type.</summary>
    public static Response Bytes(ReadOnlyMemory<byte> body, string contentType, int status = 200) =>
        new(status, Checked(contentType, nameof(contentType)), body, []);

    /// <summary>204: done, nothing to say.</summary>
    public static Response NoContent() => new(204, null, default, []);

    /// <summary>A status without a body.</summary>
    public static Response Empty(int status) => new(status, null, default, []);

    /// <summary>202: the answer must first be loaded from the ledger; ask again.</summary>
    /// <param name="retryAfterSeconds">When to ask again.</param>
    public static Response Accepted(int retryAfterSeconds) =>
        new Response(202, null, default, []).With(
            "Retry-After", retryAfterSeconds.ToString(CultureInfo.InvariantCulture));

    /// <summary>An error in OData shape: <c>{"error":{"code":"…","message":"…"}}</c>.</summary>
    /// <param name="status">400 to 599.</param>
    /// <param name="code">PascalCase; see <see cref="ErrorCodes"/>.</param>
    /// <param name="message">For people: what, why and what to do.</param>
    public static Response Error(int status, string code, string message)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(status, 400);
        return Json(new ErrorBody(new ErrorDetail(code, message)), status);
    }

    /// <summary>404 with <see cref="ErrorCodes.ResourceNotFound"/>.</summary>
    public static Response NotFound(string message) => Error(404, ErrorCodes.ResourceNotFound, message);

    /// <summary>400 with <see cref="ErrorCodes.InvalidInput"/>.</summary>
    public static Response InvalidInput(string message) => Error(400, ErrorCodes.InvalidInput, message);

    /// <summary>The same response with one more header.</summary>
    /// <exception cref="ArgumentException">The name or the value has a character that no header may have.</exception>
    public Response With(string name, string value) =>
        new(Status, ContentType, Body,
            [.. Headers, new(CheckedName(name), Checked(value, nameof(value)))]);

    // RFC 9110 section 5.5: a line break inside a value would end the header, and start one that nobody wrote.
    private static string Checked(string value, string argument)
    {
        foreach (char character in value)
        {
            bool printable = character is >= ' ' and <= '~';
            if (!printable) throw new ArgumentException("Headers take printable ASCII only.", argument);
        }

        return value;
    }

    // RFC 9110 section 5.6.2, "token".
    private static string CheckedName(string name)
    {
        bool token = name.Length > 0;
        foreach (char character in name)
        {
            token &= char.IsAsciiLetterOrDigit(character)
                || "!#$%&'*+-.^_`|~".Contains(character, StringComparison.Ordinal);
        }

        return token ? name : throw new ArgumentException("This is no name of a header.", nameof(name));
    }
}

/// <summary>The shape of an error body.</summary>
internal sealed record ErrorBody(ErrorDetail Error);

/// <summary>What an error body says.</summary>
internal sealed record ErrorDetail(string Code, string Message);
