using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>What commands say of a node that hangs, or that ends under them.</summary>
public sealed class LostNodeTests : IAsyncLifetime
{
    private readonly OpenSandbox sandbox = new();

    public ValueTask InitializeAsync() => sandbox.InitializeAsync();

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task A_node_that_hangs_takes_no_connection_and_no_write_is_warned_of()
    {
        Signal("-STOP");
        try
        {
            long start = Stopwatch.GetTimestamp();
            ProgramRun run = await sandbox.RunAsync("call", "GET", "/app/commit");
            run.Expect(3).SaysOnce("took no connection within 5 s. Nothing was sent.");
            Assert.DoesNotContain("A write may have happened", run.Errors, StringComparison.Ordinal);
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(15), "it tried again and again");
        }
        finally
        {
            Signal("-CONT");
        }
    }

    [Fact]
    public async Task Figures_of_a_node_that_ended_are_unknown_and_its_errors_are_said()
    {
        long before = LedgerBytes();
        using Process bench = CuriaProgram.Start(
            sandbox.Folder, "bench", "--target", "net", "--seconds", "2", "--connections", "2", "--in-flight", "4",
            "--json");
        while (LedgerBytes() == before && !bench.HasExited) await Task.Delay(10, TestContext.Current.CancellationToken);
        Signal("-KILL");
        ProgramRun run = await CuriaProgram.EndOfAsync(bench);
        JsonElement json = run.Expect(1).SaysOnce("requests failed").SaysOnce("A node ended").Json;
        Assert.True(json.GetProperty("errors").GetInt64() > 0);
        Assert.Equal(JsonValueKind.Null, json.GetProperty("cpu_us_per_request").GetProperty("nodes").ValueKind);
        Assert.Equal(JsonValueKind.Null, Assert.Single(json.GetProperty("peak_memory_mib").EnumerateArray()).ValueKind);
    }

    private long LedgerBytes() =>
        Directory.GetFiles(sandbox.PathOf("node0/ledger")).Sum(file => new FileInfo(file).Length);

    private void Signal(string signal)
    {
        int pid = sandbox.File.GetProperty("nodes")[0].GetProperty("pid").GetInt32();
        using Process kill = Process.Start("kill", [signal, $"{pid}"]);
        kill.WaitForExit();
    }
}
