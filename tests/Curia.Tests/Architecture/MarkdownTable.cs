using System;
using System.Collections.Generic;
using System.Linq;

namespace Curia.Tests.Architecture;

/// <summary>A table of a page: the tests read what people read.</summary>
internal static class MarkdownTable
{
    /// <summary>The rows of the first table whose header holds all these columns; each row by column name.</summary>
    public static IReadOnlyList<IReadOnlyDictionary<string, string>> Read(string page, params string[] columns)
    {
        string[] lines = Repository.Lines(page);
        for (int start = 0; start < lines.Length; start++)
        {
            if (!lines[start].StartsWith('|')) continue;
            string[] header = Cells(lines[start]);
            if (!columns.All(column => header.Contains(column))) continue;
            return [.. lines.Skip(start + 2).TakeWhile(line => line.StartsWith('|')).Select(
                line => Row(page, header, line))];
        }

        throw new InvalidOperationException($"{page} has no table with the columns {string.Join(", ", columns)}.");
    }

    /// <summary>What is written `like this` in a cell.</summary>
    public static IEnumerable<string> Code(string cell) => cell.Split('`').Where((_, index) => index % 2 == 1);

    private static Dictionary<string, string> Row(string page, string[] header, string line)
    {
        string[] cells = Cells(line);
        if (cells.Length != header.Length) throw new InvalidOperationException(
            $"{page}: {line} has {cells.Length} cells.");
        return header.Zip(cells).ToDictionary(pair => pair.First, pair => pair.Second, StringComparer.Ordinal);
    }

    private static string[] Cells(string line) => [.. line.Trim().Trim('|').Split('|').Select(cell => cell.Trim())];
}
