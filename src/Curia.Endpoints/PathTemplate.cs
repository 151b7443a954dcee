using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Linq;

namespace Curia.Endpoints;

/// <summary>A path with parameters: <c>/records/{key}</c>. Segments are literal, or one parameter as a whole.</summary>
internal sealed class PathTemplate
{
    private PathTemplate(string text, ImmutableArray<TemplateSegment> segments)
    {
        Text = text;
        Segments = segments;
        HasParameters = segments.Any(segment => segment.IsParameter);
    }

    /// <summary>As the author wrote it.</summary>
    public string Text { get; }

    /// <summary>From left to right.</summary>
    public ImmutableArray<TemplateSegment> Segments { get; }

    /// <summary>Whether any segment is a parameter.</summary>
    public bool HasParameters { get; }

    /// <summary>The names of the parameters, from left to right.</summary>
    public IEnumerable<string> ParameterNames =>
        Segments.Where(segment => segment.IsParameter).Select(segment => segment.Text);

    /// <summary>Reads what an author wrote.</summary>
    /// <exception cref="ArgumentException">It is no template; the text says why.</exception>
    public static PathTemplate Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (!text.StartsWith('/')) throw Wrong(text, "it does not start with a slash");
        string[] parts = text[1..].Split('/');
        bool tooLong = parts.Length > RequestTarget.SegmentsMax;
        if (tooLong) throw Wrong(text, $"it has more than {RequestTarget.SegmentsMax} segments");
        ImmutableArray<TemplateSegment> segments = [.. parts.Select(part => ParseSegment(text, part))];
        string? repeated = segments.Where(segment => segment.IsParameter).GroupBy(segment => segment.Text)
            .FirstOrDefault(group => group.Count() > 1)?.Key;
        return repeated is null ? new PathTemplate(text, segments) : throw Wrong(text, $"it has {{{repeated}}} twice");
    }

    private static TemplateSegment ParseSegment(string text, string part)
    {
        if (part.Length == 0) throw Wrong(text, "it has an empty segment");
        if (part.StartsWith('{') && part.EndsWith('}'))
        {
            string name = part[1..^1];
            bool named = name.Length > 0 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '_');
            if (!named) throw Wrong(text, $"'{part}' names no parameter");
            return new TemplateSegment(name, IsParameter: true);
        }

        // Literals are compared with canonical paths, so they are written in the canonical form.
        bool literal = PercentEncoding.IsPlain(part) && part is not ("." or "..");
        if (!literal) throw Wrong(text, $"'{part}' is no literal segment");
        return new TemplateSegment(part, IsParameter: false);
    }

    private static ArgumentException Wrong(string text, string reason) =>
        new($"'{text}' is no template of a path: {reason}.", nameof(text));
}

/// <summary>One segment of a template.</summary>
/// <param name="Text">The literal, or the name of the parameter.</param>
/// <param name="IsParameter">Whether it takes any text.</param>
internal readonly record struct TemplateSegment(string Text, bool IsParameter);
