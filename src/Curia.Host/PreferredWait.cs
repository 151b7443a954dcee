using System;
using System.Globalization;
using Microsoft.Extensions.Primitives;

namespace Curia.Host;

/// <summary>The request header <c>Prefer: wait=committed, timeout=30</c> (RFC 7240; DESIGN 7): reply after
/// commit.</summary>
internal static class PreferredWait
{
    /// <summary>What a client waits that names no time.</summary>
    public static readonly TimeSpan Default = TimeSpan.FromSeconds(10);

    // A waiting request holds memory and a place among those in flight.
    private const int SecondsMax = 120;

    /// <summary>How long to wait for commit; null when the client does not ask for it.</summary>
    /// <remarks>RFC 7240 section 2: what is not understood is ignored, so a malformed time-out is the default
    /// one.</remarks>
    public static TimeSpan? Parse(StringValues header)
    {
        bool wait = false;
        TimeSpan patience = Default;
        foreach (string? line in header)
        {
            ReadOnlySpan<char> text = line;
            foreach (Range range in text.SplitAny(',', ';'))
            {
                ReadOnlySpan<char> preference = text[range].Trim();
                wait |= preference.Equals("wait=committed", StringComparison.OrdinalIgnoreCase);
                if (TryTimeout(preference, out int seconds))
                    patience = TimeSpan.FromSeconds(Math.Min(seconds, SecondsMax));
            }
        }

        return wait ? patience : null;
    }

    private static bool TryTimeout(ReadOnlySpan<char> preference, out int seconds)
    {
        const string name = "timeout=";
        seconds = 0;
        return preference.StartsWith(name, StringComparison.OrdinalIgnoreCase)
            && int.TryParse(preference[name.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out seconds)
            && seconds > 0;
    }
}
