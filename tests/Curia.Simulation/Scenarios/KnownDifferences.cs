using System.Collections.Generic;

namespace Curia.Simulation;

/// <summary>What scenarios of others expect and ours does otherwise on purpose.</summary>
internal static class KnownDifferences
{
    /// <summary>A file that is not to pass as it is. The lines that are named must fail and all others hold, so that an
    /// entry goes when it is no longer true.</summary>
    /// <param name="Lines">The lines that do not hold.</param>
    /// <param name="Reason">Why.</param>
    internal sealed record Difference(IReadOnlyList<int> Lines, string Reason);

    /// <summary>By the name of the file without its suffix.</summary>
    public static readonly IReadOnlyDictionary<string, Difference> All = new SortedDictionary<string, Difference>
    {
        ["retire_one"] = new Difference(
            [78, 81],
            "lines 78 and 81 want that a removed node does not hear of the commit that lets it go; here it is told, so "
                + "that it can end"),
    };
}
