using System;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Curia.Endpoints;

/// <summary>The decoded request target: canonical path and query (RFC 9112 section 3.2, RFC 3986 section 3).</summary>
internal sealed record RequestTarget(string Path, Query Query)
{
    /// <summary>More segments are refused; the deepest template of the service has 7.</summary>
    public const int SegmentsMax = 32;

    /// <summary>Reads a target of any text and any length.</summary>
    public static bool TryParse(
        string text,
        [NotNullWhen(true)] out RequestTarget? target,
        [NotNullWhen(false)] out Response? refusal)
    {
        target = null;
        if (text.Length > Request.TargetLengthMax)
        {
            string message = $"The request target is longer than {Request.TargetLengthMax} characters.";
            refusal = Response.Error(414, ErrorCodes.RequestTargetTooLong, message);
            return false;
        }

        ReadOnlySpan<char> origin = WithoutAuthority(text);
        int question = origin.IndexOf('?');
        ReadOnlySpan<char> path = question < 0 ? origin : origin[..question];
        refusal = null;
        if (!TryCanonicalize(path, out string? canonical, out string wrong))
        {
            refusal = Response.Error(400, ErrorCodes.InvalidResourceName, $"This is no path: {wrong}.");
        }
        else if (!Query.TryParse(question < 0 ? [] : origin[(question + 1)..], out Query query, out wrong))
        {
            refusal = Response.Error(400, ErrorCodes.InvalidQueryParameterValue, $"This is no query: {wrong}.");
        }
        else
        {
            // Most targets are nothing but a path in canonical form.
            target = new RequestTarget(canonical ?? (path.Length == text.Length ? text : path.ToString()), query);
        }

        return refusal is null;
    }

    // RFC 9112 section 3.2.2: a server must accept the absolute form too, though only proxies get it.
    private static ReadOnlySpan<char> WithoutAuthority(ReadOnlySpan<char> text)
    {
        const string Scheme = "https://";
        if (!text.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)) return text;
        int slash = text[Scheme.Length..].IndexOf('/');
        return slash < 0 ? "/" : text[(Scheme.Length + slash)..];
    }

    // The canonical form is null when the path has it already.
    private static bool TryCanonicalize(ReadOnlySpan<char> path, out string? canonical, out string wrong)
    {
        canonical = null;
        wrong = "";
        if (path.IsEmpty || path[0] != '/') wrong = "it does not start with a slash";
        else if (path.Count('/') > SegmentsMax) wrong = $"it has more than {SegmentsMax} segments";
        if (wrong.Length > 0) return false;

        StringBuilder? rebuilt = path.Contains('%') ? new StringBuilder(path.Length) : null;
        ReadOnlySpan<char> rest = path[1..];
        foreach (Range range in rest.Split('/'))
        {
            ReadOnlySpan<char> segment = rest[range];
            string? decoded = null;
            if (!PercentEncoding.IsPlain(segment) && !PercentEncoding.TryDecodeSegment(segment, out decoded))
            {
                wrong = "it is not percent-encoded UTF-8 without control characters";
                return false;
            }

            // RFC 3986 section 3.3: dot segments are for the sender to resolve. Whoever sends them wants to get around
            // a prefix.
            if ((decoded ?? segment) is "." or "..")
            {
                wrong = "it has a dot segment";
                return false;
            }

            if (rebuilt is null) continue;
            rebuilt.Append('/');
            if (decoded is null) rebuilt.Append(segment);
            else PercentEncoding.AppendCanonical(rebuilt, decoded);
        }

        canonical = rebuilt?.ToString();
        return true;
    }
}
