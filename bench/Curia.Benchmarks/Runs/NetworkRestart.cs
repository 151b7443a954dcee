using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

namespace Curia.Benchmarks.Runs;

/// <summary>How long a network of three nodes takes to be back with its data: the time of <c>./curia sandbox</c> on its
/// folder, as a user waits for it.</summary>
internal static class NetworkRestart
{
    private const int Nodes = 3;

    // What is wanted; a figure above it is told and fails nothing.
    private const double SecondsWanted = 10;

    /// <summary>Writes, ends all nodes in two ways, and tells.</summary>
    public static async Task RunAsync(int writes, string inFlight)
    {
        using RunFolder folder = new("network");
        await CuriaCommand.OpenSandboxAsync(folder.Path, Nodes);
        Console.Error.WriteLine($"writing {writes} messages to {Nodes} nodes");
        await CuriaCommand.RunJsonAsync(
            folder.Path, "bench", "--target", "net", "--requests", $"{writes}", "--messages", $"{writes}",
            "--in-flight", inFlight);
        long messages = await Restart.CountAsync(folder.Path);
        await CuriaCommand.RunAsync(folder.Path, "sandbox", "stop", "--dir", "net");
        await ReopenAsync(folder.Path, "all stopped", messages);
        foreach (int pid in await PidsAsync(folder.Path))
        {
            using Process process = Process.GetProcessById(pid);
            process.Kill();
            await process.WaitForExitAsync();
        }

        await ReopenAsync(folder.Path, "kill -9 of all", messages);
        await CuriaCommand.RunAsync(folder.Path, "sandbox", "stop", "--dir", "net");
    }

    private static async Task ReopenAsync(string folder, string after, long messages)
    {
        long start = Stopwatch.GetTimestamp();
        await CuriaCommand.OpenSandboxAsync(folder, Nodes);
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        long found = await Restart.CountAsync(folder);
        if (found != messages) throw new InvalidOperationException($"{found} messages are back of {messages}");
        Restart.Tell(
            $"{Nodes} nodes after {after}",
            $"back after {seconds:0.00} s with {found} messages ({(seconds < SecondsWanted ? "below" : "NOT below")} "
                + $"{SecondsWanted:0} s)");
    }

    private static async Task<List<int>> PidsAsync(string folder)
    {
        string file = await File.ReadAllTextAsync(Path.Combine(folder, "net/sandbox.json"));
        List<int> pids = [];
        foreach (JsonNode? node in JsonNode.Parse(file)!["nodes"]!.AsArray()) pids.Add(node!["pid"]!.GetValue<int>());
        return pids;
    }
}
