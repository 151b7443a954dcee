using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;

namespace Curia.Fuzz.Commands;

/// <summary><c>replay</c>: takes the inputs that are kept, in this process, and says which ones fail.</summary>
internal static class ReplayCommand
{
    /// <summary>Corpus and regressions of every target, and whether every decoder has a target.</summary>
    public static int ExecuteAll()
    {
        int broken = 0;
        int inputs = 0;
        foreach (FuzzTarget target in FuzzTargets.All)
        {
            List<string> files = Files(target, Folders.Corpus);
            if (files.Count == 0)
            {
                broken++;
                Console.WriteLine($"{target.Name}: there is no corpus");
            }

            files.AddRange(Files(target, Folders.Regressions));
            inputs += files.Count;
            broken += Replay(target, files);
        }

        foreach (string problem in DecoderList.FindProblems().Concat(StrayFolders()))
        {
            broken++;
            Console.WriteLine(problem);
        }

        Console.WriteLine(broken == 0
            ? $"{FuzzTargets.All.Count} targets, {inputs} inputs: nothing found"
            : $"{FuzzTargets.All.Count} targets, {inputs} inputs: {broken} findings");
        return broken == 0 ? 0 : 1;
    }

    /// <summary>Corpus and regressions of one target.</summary>
    public static int Execute(FuzzTarget target) =>
        Replay(target, [.. Files(target, Folders.Corpus), .. Files(target, Folders.Regressions)]) == 0 ? 0 : 1;

    /// <summary>A file or the files of a folder.</summary>
    public static int Execute(FuzzTarget target, string path) =>
        Replay(target, Directory.Exists(path) ? InOrder(path) : [path]) == 0 ? 0 : 1;

    private static int Replay(FuzzTarget target, List<string> files)
    {
        int broken = 0;
        Stopwatch watch = Stopwatch.StartNew();
        foreach (string file in files)
        {
            try
            {
                target.Run(File.ReadAllBytes(file));
            }
            catch (Exception e) when (e is not IOException and not UnauthorizedAccessException)
            {
                broken++;
                Console.WriteLine($"{target.Name}: {file}: {(files.Count == 1 ? e.ToString() : e.Message)}");
            }
        }

        Console.WriteLine($"{target.Name}: {files.Count} inputs, {broken} broke a rule, "
            + $"{watch.Elapsed.TotalSeconds:F2} s");
        return broken;
    }

    private static List<string> Files(FuzzTarget target, string kind)
    {
        string folder = Path.Combine(Folders.Root, kind, target.Name);
        return Directory.Exists(folder) ? InOrder(folder) : [];
    }

    // Inputs of a target that was renamed would be replayed by nobody.
    private static IEnumerable<string> StrayFolders() =>
        from kind in new[] { Folders.Corpus, Folders.Regressions }
        from folder in Directory.Exists(Path.Combine(Folders.Root, kind))
            ? Directory.EnumerateDirectories(Path.Combine(Folders.Root, kind)) : []
        where FuzzTargets.All.All(target => target.Name != Path.GetFileName(folder))
        select $"{kind}/{Path.GetFileName(folder)} is the folder of no target";

    private static List<string> InOrder(string folder) =>
        [.. Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal)];
}
