using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Curia.Fuzz.Commands;

/// <summary>The words of a format, as AFL++ reads them: one a line, in quotes, with bytes as <c>\x00</c>.</summary>
internal static class Dictionary
{
    public static IReadOnlyList<byte[]> Of(FuzzTarget target)
    {
        string file = Path.Combine(Folders.Root, "dictionaries", target.Name);
        return File.Exists(file) ? [.. File.ReadLines(file).Select(line => Word(line[1..^1]))] : [];
    }

    private static byte[] Word(string text)
    {
        List<byte> word = [];
        for (int i = 0; i < text.Length; i++)
        {
            bool escaped = text.AsSpan(i).StartsWith("\\x", StringComparison.Ordinal);
            word.Add(escaped
                ? byte.Parse(text.AsSpan(i + 2, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture)
                : (byte)text[i]);
            if (escaped) i += 3;
        }

        return [.. word];
    }
}
