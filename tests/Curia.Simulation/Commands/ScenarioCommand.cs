using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Curia.Vocabulary;
using static System.FormattableString;

namespace Curia.Simulation;

/// <summary><c>scenario FILE|DIR</c>: consensus alone, driven by text (docs/consensus.md, "How it is
/// tested").</summary>
internal static class ScenarioCommand
{
    private const string Suffix = ".scenario";

    private enum Outcome
    {
        Ok,
        Failed,
        NotApplicable,
    }

    /// <returns>0 when no file failed, 1 when one did, 2 when there is nothing to read.</returns>
    public static int Execute(string path)
    {
        string[] files = [path];
        if (Directory.Exists(path)) files = Directory.GetFiles(path, $"*{Suffix}");
        else if (!File.Exists(path)) files = [];
        if (files.Length == 0)
        {
            Console.Error.WriteLine($"{path} is neither a file nor a folder with *{Suffix} files.");
            return 2;
        }

        List<Outcome> outcomes = [];
        foreach (string file in files.Order(StringComparer.Ordinal))
        {
            if (!TryRead(file, out IReadOnlyList<ScenarioLine> lines)) return 2;
            outcomes.Add(Run(NameOf(file), lines));
        }

        int failed = outcomes.Count(outcome => outcome == Outcome.Failed);
        int leftOut = outcomes.Count(outcome => outcome == Outcome.NotApplicable);
        Console.Out.WriteLine(Invariant(
            $"{outcomes.Count - failed - leftOut} passed, {failed} failed, {leftOut} not applicable"));
        return failed == 0 ? 0 : 1;
    }

    private static string NameOf(string file) => Path.GetFileName(file).Replace(Suffix, "", StringComparison.Ordinal);

    private static bool TryRead(string file, out IReadOnlyList<ScenarioLine> lines)
    {
        try
        {
            lines = ScenarioLine.Read(file);
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{file} cannot be read: {failure.Message}");
            lines = [];
            return false;
        }
    }

    private static Outcome Run(string name, IReadOnlyList<ScenarioLine> lines)
    {
        KnownDifferences.All.TryGetValue(name, out KnownDifferences.Difference? known);
        if (FirstFailure(lines, known) is { } failure)
        {
            Console.Out.WriteLine($"{name}: failed: {failure}");
            return Outcome.Failed;
        }

        Console.Out.WriteLine(known is null ? $"{name}: ok" : $"{name}: not applicable: {known.Reason}");
        return known is null ? Outcome.Ok : Outcome.NotApplicable;
    }

    private static string? FirstFailure(IReadOnlyList<ScenarioLine> lines, KnownDifferences.Difference? known)
    {
        ScenarioRun run = new();
        foreach (ScenarioLine line in lines)
        {
            bool mayHold = known is null || !known.Lines.Contains(line.Number);
            string? failure = Failure(() => run.Execute(line));
            if (mayHold && failure is not null) return Invariant($"line {line.Number}: {failure}");
            if (!mayHold && failure is null) return Invariant($"line {line.Number}: holds, and is listed as different");
        }

        return Failure(run.LoopUntilSync) is { } last ? $"after the last line: {last}" : null;
    }

    private static string? Failure(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception failure) when (failure is ScenarioException or InvariantException)
        {
            return failure.Message;
        }
    }
}
