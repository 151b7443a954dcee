using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

namespace Curia.Benchmarks.Runs;

/// <summary>A ledger of many small writes: what the node has in memory with all of them, how fast they are audited, and
/// how fast a process that starts from them is open again; then the same of a network, with fewer.</summary>
internal static class Restart
{
    /// <summary>Writes, measures, and tells.</summary>
    public static async Task RunAsync(RunArguments arguments)
    {
        arguments.Expect("--writes", "--in-flight", "--network-writes");
        int writes = arguments.Number("--writes", 1_000_000);
        string inFlight = $"{arguments.Number("--in-flight", 256)}";
        using RunFolder folder = new();
        await CuriaCommand.OpenSandboxAsync(folder.Path);
        Console.Error.WriteLine($"writing {writes} messages");
        JsonNode load = await CuriaCommand.RunJsonAsync(
            folder.Path, "bench", "--target", "net", "--requests", $"{writes}", "--messages", $"{writes}",
            "--in-flight", inFlight);
        Tell("writes", $"{load["requests"]} at {load["throughput_per_second"]!.GetValue<double>():N0}/s, "
            + $"{inFlight} in flight");
        Tell("messages in the state", $"{await CountAsync(folder.Path)}");
        NodeMemory memory = await NodeMemory.SampleAsync(folder.Path);
        Tell("process memory with them", $"{memory.ResidentMiB:0} MiB resident, GC heap {memory.HeapMiB:0} MiB "
            + $"(committed {memory.CommittedMiB:0} MiB), at its peak {load["peak_memory_mib"]![0]} MiB");
        await CuriaCommand.RunAsync(folder.Path, "sandbox", "stop", "--dir", "net");
        double entries = await AuditAsync(folder.Path);
        await StartAgainAsync(folder.Path, entries);
        await NetworkRestart.RunAsync(arguments.Number("--network-writes", 20_000), inFlight);
    }

    private static async Task<double> AuditAsync(string folder)
    {
        double transactions = 0;
        // Twice: the first one also waits for what is not in memory of the files.
        for (int time = 1; time <= 2; time++)
        {
            long start = Stopwatch.GetTimestamp();
            JsonNode audit = await CuriaCommand.RunJsonAsync(folder, "ledger", "verify", "net", "--unanchored");
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            transactions = audit["transactions"]!.GetValue<double>();
            double bytes = Directory.GetFiles(Path.Combine(folder, "net/node0/ledger"))
                .Sum(file => (double)new FileInfo(file).Length);
            Tell($"ledger verify, run {time}", $"{transactions:N0} entries with {audit["signatures"]} signatures, "
                + $"{bytes / (1 << 20):N0} MiB, in {seconds:0.00} s: {transactions / seconds:N0} entries/s");
        }

        return transactions;
    }

    private static async Task StartAgainAsync(string folder, double entries)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            await CuriaCommand.OpenSandboxAsync(folder);
        }
        catch (InvalidOperationException e)
        {
            Tell("start from the ledger", $"not possible: {e.Message}");
            return;
        }

        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        NodeMemory memory = await NodeMemory.SampleAsync(folder);
        Tell("start from the ledger", $"open after {seconds:0.00} s ({entries / seconds:N0} entries/s) with "
            + $"{await CountAsync(folder)} messages; {memory.ResidentMiB:0} MiB resident, "
            + $"GC heap {memory.HeapMiB:0} MiB");
        await CuriaCommand.RunAsync(folder, "sandbox", "stop", "--dir", "net");
    }

    /// <summary>How many messages the state holds.</summary>
    internal static async Task<long> CountAsync(string folder)
    {
        JsonNode count = await CuriaCommand.RunJsonAsync(
            folder, "call", "GET", "/app/log/private/count", "--as", "user0", "--dir", "net");
        return count["body"]!.GetValue<long>();
    }

    /// <summary>Prints one figure.</summary>
    internal static void Tell(string what, string figures) => Console.WriteLine($"{what}: {figures}");
}
