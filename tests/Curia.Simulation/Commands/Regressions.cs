using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Curia.Simulation;

/// <summary>Seeds that once failed. Those of consensus alone are in files whose names begin with
/// <c>core-</c>.</summary>
internal static class Regressions
{
    /// <summary>The seeds of files with such names; what follows a <c>#</c> says what a seed once found.</summary>
    public static IEnumerable<ulong> Of(string files) =>
        from file in Directory.GetFiles(Folder("tests/Curia.Simulation/regressions"), files)
            .Order(StringComparer.Ordinal)
        from line in File.ReadLines(file)
        let digits = line.Split('#')[0].Trim()
        where digits.Length > 0
        select ulong.Parse(digits, CultureInfo.InvariantCulture);

    /// <summary>A folder of the repository.</summary>
    public static string Folder(string path)
    {
        string folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Curia.slnx")))
        {
            folder = Path.GetDirectoryName(folder)
                ?? throw new DirectoryNotFoundException("The program is not inside of the repository.");
        }

        return Path.Combine(folder, path);
    }
}
