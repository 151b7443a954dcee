using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using Curia.Vocabulary;

namespace Curia.Governance;

/// <summary>One field in which two charters differ.</summary>
/// <remarks>Found on the tree that is encoded, so two charters without a difference have one digest, and the other way
/// round. Long values are shown by their SHA-256: that of a certificate is the id of its member.</remarks>
/// <param name="Path">The field: names of the format after dots, names that members gave in brackets, as in
/// <c>members["contoso"].certificate</c>.</param>
/// <param name="Left">What it is in the first charter; null where it is not there.</param>
/// <param name="Right">What it is in the second charter; null where it is not there.</param>
public sealed record CharterDifference(string Path, string? Left, string? Right)
{
    // What fits on a line beside its path; longer values are shown by their digest.
    private const int ShownBytesMax = 48; // a measurement
    private const int ShownTextMax = 100;

    /// <summary>All differences, in the order of the fields.</summary>
    public static IReadOnlyList<CharterDifference> Between(Charter left, Charter right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        List<CharterDifference> found = [];
        Compare(left.Value, right.Value, "", found);
        return found;
    }

    private static void Compare(
        CharterValue? left, CharterValue? right, string path, List<CharterDifference> found)
    {
        switch (left, right)
        {
            case (CharterValue.Fields one, CharterValue.Fields other):
                IEnumerable<string> names = one.Content.Concat(other.Content).Select(field => field.Key).Distinct();
                foreach (string name in one.IsKeyed ? names.Order(StringComparer.Ordinal) : names)
                    Compare(one.Find(name), other.Find(name), Below(path, name, one.IsKeyed), found);
                break;
            case (CharterValue.Items one, CharterValue.Items other) when one.Content.Count == other.Content.Count:
                for (int i = 0; i < one.Content.Count; i++)
                    Compare(one.Content[i], other.Content[i], $"{path}[{i}]", found);
                break;
            case (CharterValue.Text one, CharterValue.Text other) when one != other:
                int line = FirstOtherLine(one.Content, other.Content);
                found.Add(new CharterDifference(path, ShowLine(one.Content, line), ShowLine(other.Content, line)));
                break;
            default:
                if (!IsSame(left, right)) found.Add(new CharterDifference(path, Show(left), Show(right)));
                break;
        }
    }

    private static bool IsSame(CharterValue? left, CharterValue? right) => left is null || right is null
        ? ReferenceEquals(left, right)
        : CharterCbor.Encode(left).AsSpan().SequenceEqual(CharterCbor.Encode(right));

    private static string Below(string path, string name, bool isKeyed) =>
        isKeyed ? $"{path}[\"{name}\"]" : path.Length == 0 ? name : $"{path}.{name}";

    private static string? Show(CharterValue? value) => value switch
    {
        null => null,
        CharterValue.Text text => ShowLine(text.Content, 0),
        CharterValue.Bytes bytes when bytes.Pem is not null || bytes.Content.Length > ShownBytesMax =>
            $"sha256:{Digest.Of(bytes.Content.Span)}",
        CharterValue.Bytes bytes => Convert.ToHexStringLower(bytes.Content.Span),
        CharterValue.Number { IsBits: true } bits => CharterJson.Bits(bits.Content),
        CharterValue.Number number => number.Content.ToString(CultureInfo.InvariantCulture),
        CharterValue.Flag flag => flag.Content ? "true" : "false",
        CharterValue.Items items => $"[{string.Join(", ", items.Content.Select(Show))}]",
        CharterValue.Fields fields =>
            $"{{{string.Join(", ", fields.Content.Select(field => $"{field.Key}: {Show(field.Value)}"))}}}",
        _ => throw new NotSupportedException(value.GetType().Name),
    };

    // A program is not shown whole: its digest, and the line from which on it is another one.
    private static string ShowLine(string text, int line)
    {
        if (text.Length <= ShownTextMax && !text.Contains('\n', StringComparison.Ordinal)) return text;
        string digest = $"sha256:{Digest.Of(Encoding.UTF8.GetBytes(text))}";
        if (line == 0) return digest;
        string shown = LineOf(text, line) is not { } found ? "is not there"
            : found.Length > ShownTextMax ? $"{found[..ShownTextMax]}…" : found;
        return $"{digest}, line {line}: {shown}";
    }

    private static int FirstOtherLine(string one, string other)
    {
        int same = one.AsSpan().CommonPrefixLength(other);
        return one.AsSpan(0, same).Count('\n') + 1;
    }

    private static string? LineOf(string text, int number) =>
        text.Split('\n') is { } lines && number <= lines.Length ? lines[number - 1].Trim() : null;
}
