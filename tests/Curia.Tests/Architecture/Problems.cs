using System.Collections.Generic;
using System.Linq;

namespace Curia.Tests.Architecture;

/// <summary>Says every problem at once, one a line, so that one run is enough to mend them all.</summary>
internal static class Problems
{
    public static void None(IEnumerable<string> problems)
    {
        string[] all = [.. problems.Distinct()];
        Assert.True(all.Length == 0, string.Join('\n', all));
    }
}
