using System.Collections.Generic;

namespace Curia.Simulation;

/// <summary>What scenarios of others expect and ours does otherwise on purpose.</summary>
internal static class KnownDifferences
{
    /// <summary>A file that is not to pass as it is.</summary>
    /// <param name="Lines">The lines that do not hold. All others must, and these must not: so an entry goes when it is
    /// no longer true.</param>
    /// <param name="Reason">Why.</param>
    internal sealed record Difference(IReadOnlyList<int> Lines, string Reason);

    /// <summary>By the name of the file without its suffix.</summary>
    public static readonly IReadOnlyDictionary<string, Difference> All = new SortedDictionary<string, Difference>
    {
    };
}
