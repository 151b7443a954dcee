using System;
using System.Linq;

namespace Curia.Cli.Sandbox;

/// <summary>A word of a command that is printed to be pasted.</summary>
internal static class ShellWord
{
    /// <summary>The word as a shell reads it; in quotes only where it must be.</summary>
    public static string Quote(string word) =>
        word.All(c => char.IsAsciiLetterOrDigit(c) || "/._-+:@%=".Contains(c, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
