using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;

namespace Curia.Fuzz.Commands;

/// <summary><c>minimise TARGET FROM TO</c>: copies what shows most of the code that the inputs of a folder show. It
/// wants the instrumented program.</summary>
internal static class MinimiseCommand
{
    // What is larger teaches a fuzzer little and would fill the repository.
    private const int KeptBytesMax = 8 * 1024;

    // A folder of more would be read by nobody.
    private const int KeptFilesMax = 50;

    public static int Execute(FuzzTarget target, string source, string folder)
    {
        CoverageMap map = new();
        List<(byte[] Input, HashSet<int> Edges)> candidates = [];
        foreach (string file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            byte[] input = File.ReadAllBytes(file);
            if (input.Length <= KeptBytesMax && TryRun(target, input, map, out HashSet<int> edges))
                candidates.Add((input, edges));
        }

        Directory.CreateDirectory(folder);
        HashSet<int> shown = [];
        int kept = 0;
        while (kept < KeptFilesMax && Best(candidates, shown) is { } best)
        {
            shown.UnionWith(best.Edges);
            string name = (++kept).ToString("D3", CultureInfo.InvariantCulture);
            File.WriteAllBytes(Path.Combine(folder, name), best.Input);
        }

        int all = candidates.SelectMany(candidate => candidate.Edges).Distinct().Count();
        Console.WriteLine($"{target.Name}: {kept} of {candidates.Count} inputs show {shown.Count} of {all} edges");
        if (all > 0) return 0;
        Console.Error.WriteLine("No edge was seen: this is not the instrumented program.");
        return 1;
    }

    // The one that shows most of what was not shown yet; of two the smaller one.
    private static (byte[] Input, HashSet<int> Edges)? Best(
        List<(byte[] Input, HashSet<int> Edges)> candidates, HashSet<int> shown)
    {
        var ranked = candidates.Select(candidate => (Candidate: candidate, New: candidate.Edges.Count(
            edge => !shown.Contains(edge)))).Where(pair => pair.New > 0);
        return ranked.OrderByDescending(pair => pair.New).ThenBy(pair => pair.Candidate.Input.Length)
            .Select(pair => ((byte[] Input, HashSet<int> Edges)?)pair.Candidate).FirstOrDefault();
    }

    // Twice, because the first run of a piece of code also runs what is run once in a process.
    private static bool TryRun(FuzzTarget target, byte[] input, CoverageMap map, out HashSet<int> edges)
    {
        edges = [];
        for (int i = 0; i < 2; i++)
        {
            map.Clear();
            try
            {
                target.Run(input);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                return false; // a finding belongs into the regressions
            }
        }

        edges = map.Current();
        return true;
    }
}
