using System;
using System.Globalization;
using System.IO;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using Curia.Benchmarks.References;

namespace Curia.Benchmarks.Runs;

/// <summary>Measures the node beside its references: echo on the same server, etcd, one flush, one signature. Round by
/// round, so that a disturbance of the machine meets all of them.</summary>
internal static class Comparison
{
    public const string EchoSpread = "echo, spread";
    public const string WriteSpread = "write, spread";
    public const string ReadSpread = "read, spread";
    public const string EchoMultiplexed = "echo, multiplexed";
    public const string WriteMultiplexed = "write, multiplexed";
    public const string ReadMultiplexed = "read, multiplexed";
    public const string EtcdMultiplexed = "etcd put, multiplexed";
    public const string EchoOne = "echo, one client";
    public const string WriteOne = "write, one client";
    public const string EtcdOne = "etcd put, one client";
    public const string Flush = "append and fsync";
    public const string Signature = "P-256 signature";

    private const int PayloadBytes = 100;
    private const double QuietLoadMax = 1; // the build that the script has just made may still show

    /// <summary>Runs all of it and writes the page.</summary>
    public static async Task RunAsync(RunArguments arguments)
    {
        ComparisonSettings settings = ComparisonSettings.Of(arguments);
        string loadBefore = LoadAverage();
        if (!IsQuiet(loadBefore)) Console.Error.WriteLine($"the machine is not quiet (load average {loadBefore})");
        using RunFolder folder = new();
        Figures figures = new();
        using EtcdServer? etcd = await EtcdServer.StartAsync(folder.Path);
        if (etcd is null) Console.Error.WriteLine("etcd is not installed (Debian: etcd-server); going on without it.");
        await CuriaCommand.OpenSandboxAsync(folder.Path);
        try
        {
            // What is compiled while it runs must not count: the first seconds of a node are its slowest.
            Console.Error.WriteLine("warming up");
            foreach (string workload in (string[])["write", "read", "echo"])
                await BenchAsync(folder.Path, settings with { Seconds = 5 }, workload, []);
            for (int round = 1; round <= settings.Rounds; round++)
                await RunRoundAsync(folder.Path, settings, etcd, figures, $"round {round} of {settings.Rounds}");
        }
        finally
        {
            await CuriaCommand.RunAsync(folder.Path, "sandbox", "stop", "--dir", "net");
        }

        string page = ComparisonPage.Write(settings, figures, loadBefore, LoadAverage());
        string path = arguments.Text("--out") ?? ComparisonPage.DefaultPath();
        await File.WriteAllTextAsync(path, page);
        Console.WriteLine(page);
        Console.Error.WriteLine($"written to {Path.GetRelativePath(CuriaCommand.Root, path)}");
    }

    /// <summary>The machine's load averages, as /proc/loadavg tells them.</summary>
    public static string LoadAverage() => File.Exists("/proc/loadavg")
        ? string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3])
        : "unknown";

    /// <summary>Whether nothing else wanted to run in the last minute.</summary>
    public static bool IsQuiet(string loadAverage) =>
        double.TryParse(loadAverage.Split(' ')[0], CultureInfo.InvariantCulture, out double load)
        && load <= QuietLoadMax;

    private static async Task RunRoundAsync(
        string folder, ComparisonSettings settings, EtcdServer? etcd, Figures figures, string title)
    {
        string[] spread = ["--http", "1.1", "--in-flight", $"{settings.InFlight}"];
        string[] multiplexed = ["--connections", $"{settings.Connections}", "--in-flight", $"{settings.InFlight}"];
        string[] one = ["--connections", "1", "--in-flight", "1"];
        await CellAsync(EchoSpread, () => BenchAsync(folder, settings, "echo", spread));
        await CellAsync(WriteSpread, () => BenchAsync(folder, settings, "write", spread));
        await CellAsync(ReadSpread, () => BenchAsync(folder, settings, "read", spread));
        await CellAsync(EchoMultiplexed, () => BenchAsync(folder, settings, "echo", multiplexed));
        await CellAsync(WriteMultiplexed, () => BenchAsync(folder, settings, "write", multiplexed));
        if (etcd is not null)
            await CellAsync(
                EtcdMultiplexed, () => EtcdAsync(folder, settings, etcd, settings.Connections, settings.InFlight));
        await CellAsync(ReadMultiplexed, () => BenchAsync(folder, settings, "read", multiplexed));
        await CellAsync(EchoOne, () => BenchAsync(folder, settings, "echo", one));
        await CellAsync(WriteOne, () => BenchAsync(folder, settings, "write", one));
        if (etcd is not null) await CellAsync(EtcdOne, () => EtcdAsync(folder, settings, etcd, 1, 1));
        await CellAsync(Flush, () => CuriaCommand.RunOwnAsync(folder, "flush"));
        await CellAsync(Signature, () => CuriaCommand.RunOwnAsync(folder, "signature"));

        async Task CellAsync(string name, Func<Task<JsonNode>> measure)
        {
            Figure figure = Figure.Of(await measure());
            figures.Add(name, figure);
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{title}: {name}: {figure.Throughput:N0}/s, p50 {figure.P50:0.000} ms, p99 {figure.P99:0.000} ms"));
        }
    }

    /// <summary>Puts to etcd.</summary>
    public static Task<JsonNode> EtcdAsync(
        string folder, ComparisonSettings settings, EtcdServer etcd, int over, int inFlight) =>
        CuriaCommand.RunOwnAsync(
            folder, "etcd", "--url", etcd.Url.OriginalString, "--pid", etcd.Pids, "--connections", $"{over}",
            "--in-flight", $"{inFlight}", "--seconds", $"{settings.Seconds}", "--warm-up", $"{settings.WarmUp}");

    /// <summary>A workload of <c>curia bench</c> on the sandbox of a folder.</summary>
    public static Task<JsonNode> BenchAsync(
        string folder, ComparisonSettings settings, string workload, string[] further) => CuriaCommand.RunJsonAsync(
            folder,
            [
                "bench", "--target", "net", "--workload", workload, "--payload", $"{PayloadBytes}",
                "--seconds", $"{settings.Seconds}", "--warm-up", $"{settings.WarmUp}", .. further,
            ]);
}

/// <summary>How long and how much.</summary>
internal sealed record ComparisonSettings(int Seconds, int WarmUp, int Rounds, int Connections, int InFlight)
{
    /// <summary>From the arguments of a comparison, which takes no others.</summary>
    public static ComparisonSettings Of(RunArguments arguments)
    {
        arguments.Expect("--seconds", "--rounds", "--warm-up", "--connections", "--in-flight", "--out");
        return new ComparisonSettings(
            arguments.Number("--seconds", 5),
            arguments.Number("--warm-up", 8),
            arguments.Number("--rounds", 3),
            arguments.Number("--connections", 16),
            arguments.Number("--in-flight", 256));
    }
}
