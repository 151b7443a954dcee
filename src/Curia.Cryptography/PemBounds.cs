using System;

namespace Curia.Cryptography;

/// <summary>The door for PEM (RFC 7468) from outside: what passes here can be searched without fear for time.</summary>
public static class PemBounds
{
    private const string Beginning = "-----BEGIN ";

    /// <summary>Whether no more blocks begin than there may be.</summary>
    /// <remarks>The framework looks for the end of a block up to the end of the text, and then at the next beginning:
    /// a text of beginnings alone takes time with the square of its length, tens of seconds for 1 MiB.</remarks>
    /// <param name="text">Any text.</param>
    /// <param name="blocksMax">The most blocks.</param>
    public static bool Hold(ReadOnlySpan<char> text, int blocksMax) => text.Count(Beginning) <= blocksMax;
}
