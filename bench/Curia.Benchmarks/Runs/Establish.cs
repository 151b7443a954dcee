using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

namespace Curia.Benchmarks.Runs;

/// <summary>How long founders need from the start of their processes to an open network, and a node to join
/// one.</summary>
internal static class Establish
{
    // From the start of the processes on; keys, charter and settings are people's work.
    private static readonly string[] steps = ["evidence", "endorse", "match", "genesis", "open"];

    // What is wanted, by the number of founders; of one alone nothing is.
    private static readonly (int Nodes, double? SecondsWanted)[] networks = [(1, null), (3, 5), (9, 15)];
    private const double JoinSecondsWanted = 3;

    /// <summary>Measures, and prints.</summary>
    public static async Task RunAsync(RunArguments arguments)
    {
        arguments.Expect("--rounds");
        Dictionary<int, List<Dictionary<string, double>>> found = networks.ToDictionary(
            network => network.Nodes, _ => new List<Dictionary<string, double>>());
        List<double> joins = [];
        int rounds = arguments.Number("--rounds", 5);
        for (int round = 0; round < rounds; round++)
        {
            foreach ((int nodes, _) in networks)
            {
                Console.Error.WriteLine($"round {round + 1} of {rounds}: {nodes} nodes");
                using RunFolder folder = new("establish");
                JsonNode opened = await CuriaCommand.RunJsonAsync(
                    folder.Path, "sandbox", "--nodes", $"{nodes}", "--dir", "net", "--port", "0", "--detach");
                try
                {
                    found[nodes].Add(steps.ToDictionary(step => step, step => SecondsOf(opened, step)));
                    if (nodes == 3) joins.Add(await JoinAsync(folder.Path));
                }
                finally
                {
                    await CuriaCommand.RunAsync(folder.Path, "sandbox", "stop", "--dir", "net");
                }
            }
        }

        foreach ((int nodes, double? wanted) in networks)
        {
            double[] totals = [.. found[nodes].Select(round => round.Values.Sum())];
            string parts = string.Join(", ", steps.Select(
                step => $"{step} {Median(found[nodes].Select(round => round[step])):0.00}"));
            Restart.Tell($"{nodes} founders", $"{Spread(totals)} ({parts}){Verdict(totals, wanted)}");
        }

        Restart.Tell("one more joins three", $"{Spread(joins)}{Verdict(joins, JoinSecondsWanted)}");
    }

    private static async Task<double> JoinAsync(string folder)
    {
        long start = Stopwatch.GetTimestamp();
        await CuriaCommand.RunAsync(folder, "node", "add", "--dir", "net");
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static double SecondsOf(JsonNode opened, string step) => opened["steps"]!.AsArray()
        .First(one => one!["name"]!.GetValue<string>() == step)!["ms"]!.GetValue<double>() / 1000;

    private static string Spread(IReadOnlyCollection<double> seconds) =>
        $"{Median(seconds):0.00} s, {seconds.Min():0.00} to {seconds.Max():0.00}";

    private static string Verdict(IReadOnlyCollection<double> seconds, double? wanted) => wanted is { } most
        ? $", {(Median(seconds) <= most ? "below" : "NOT below")} {most:0} s"
        : "";

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
