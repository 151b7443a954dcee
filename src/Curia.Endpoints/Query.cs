using System;
using System.Collections.Generic;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Curia.Endpoints;

/// <summary>The decoded query of a request: names, each at most once, and their values.</summary>
public sealed class Query
{
    /// <summary>More parameters are refused: no endpoint has that many, and looking one up is a walk over
    /// them.</summary>
    public const int ParametersMax = 64;

    private readonly ImmutableArray<KeyValuePair<string, string>> parameters;

    private Query(ImmutableArray<KeyValuePair<string, string>> parameters) => this.parameters = parameters;

    /// <summary>No parameters.</summary>
    public static Query Empty { get; } = new([]);

    /// <summary>All parameters, in the order of the request.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Parameters => parameters;

    /// <summary>Reads the part of a request target after the question mark.</summary>
    /// <param name="text">Any text.</param>
    /// <param name="query">The parameters, or <see cref="Empty"/>.</param>
    /// <param name="wrong">What is wrong when false is returned, for the sender.</param>
    /// <returns>False for a broken percent-encoding, text that is not UTF-8, a name that is empty or there twice, and
    /// too many parameters; nothing throws.</returns>
    /// <remarks>The encoding is that of forms and of URLSearchParams (WHATWG URL section 5.1), where a plus is a space:
    /// the common client libraries send that.</remarks>
    public static bool TryParse(ReadOnlySpan<char> text, out Query query, out string wrong)
    {
        query = Empty;
        wrong = "";
        if (text.IsEmpty) return true;
        ImmutableArray<KeyValuePair<string, string>>.Builder read =
            ImmutableArray.CreateBuilder<KeyValuePair<string, string>>();
        foreach (Range range in text.Split('&'))
        {
            ReadOnlySpan<char> part = text[range];
            if (part.IsEmpty) continue;
            bool full = read.Count == ParametersMax;
            if (full) return Refuse($"the query has more than {ParametersMax} parameters", out wrong);
            int equals = part.IndexOf('=');
            if (!PercentEncoding.TryDecodeForm(equals < 0 ? part : part[..equals], out string name)
                || !PercentEncoding.TryDecodeForm(equals < 0 ? [] : part[(equals + 1)..], out string value))
            {
                return Refuse("the query is not percent-encoded UTF-8", out wrong);
            }

            if (name.Length == 0) return Refuse("the query has a value without a name", out wrong);
            if (Find(read, name) is not null) return Refuse($"the query has '{name}' twice", out wrong);
            read.Add(new(name, value));
        }

        query = new Query(read.ToImmutable());
        return true;
    }

    /// <summary>The value of a parameter.</summary>
    public bool TryGet(string name, [NotNullWhen(true)] out string? value)
    {
        value = Find(parameters, name);
        return value is not null;
    }

    /// <summary>The value of a parameter that is there and is an unsigned number: digits only, no sign, no
    /// space.</summary>
    public bool TryGetUInt64(string name, out ulong value)
    {
        value = 0;
        // The framework lets NUL characters stand behind a number.
        return TryGet(name, out string? text) && !text.AsSpan().ContainsAnyExceptInRange('0', '9')
            && ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
    }

    private static string? Find(IReadOnlyList<KeyValuePair<string, string>> parameters, string name)
    {
        foreach (KeyValuePair<string, string> parameter in parameters)
        {
            if (parameter.Key == name) return parameter.Value;
        }

        return null;
    }

    private static bool Refuse(string reason, out string wrong)
    {
        wrong = reason;
        return false;
    }
}
