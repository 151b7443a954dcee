using System;
using System.Collections.Generic;
using System.IO;

namespace Curia.Simulation;

/// <summary>One line of a scenario that does something.</summary>
/// <param name="Number">Its number in the file, from 1.</param>
/// <param name="Verb">What it does.</param>
/// <param name="Arguments">The fields after the verb, as they are.</param>
internal sealed record ScenarioLine(int Number, string Verb, IReadOnlyList<string> Arguments)
{
    /// <summary>The lines of a file up to its end mark, without comments and empty lines.</summary>
    public static IReadOnlyList<ScenarioLine> Read(string file)
    {
        List<ScenarioLine> lines = [];
        string[] all = File.ReadAllLines(file);
        for (int index = 0; index < all.Length; index++)
        {
            string text = all[index].Split('#', 2)[0].TrimEnd();
            if (text.StartsWith("====", StringComparison.Ordinal)) break;
            if (text.Length == 0) continue;
            string[] fields = text.Split(',');
            lines.Add(new ScenarioLine(index + 1, fields[0], fields[1..]));
        }

        return lines;
    }
}

/// <summary>A line of a scenario could not be carried out, or what it asserts does not hold.</summary>
internal sealed class ScenarioException(string message) : Exception(message);
