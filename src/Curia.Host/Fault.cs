using System;
using System.Diagnostics;
using System.Linq;

namespace Curia.Host;

/// <summary>An exception that nobody expected, as far as a log may tell it.</summary>
internal static class Fault
{
    private const int PlacesMax = 8;

    /// <summary>Its type and the methods it came through. Not its text, which may quote what a client sent.</summary>
    public static string Describe(Exception e)
    {
        string places = string.Join(" < ", new StackTrace(e).GetFrames().Take(PlacesMax)
            .Select(frame => $"{frame.GetMethod()?.DeclaringType?.Name}.{frame.GetMethod()?.Name}"));
        return $"{e.GetType().Name} at {places}";
    }
}
