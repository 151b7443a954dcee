using System;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>A figure is worth nothing if the requests behind it were not executed: what the load counts is compared
/// with what the node has ordered and the ledger holds.</summary>
public sealed class BenchTests : IAsyncLifetime
{
    private readonly OpenSandbox sandbox = new();

    public ValueTask InitializeAsync() => sandbox.InitializeAsync();

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task Every_write_that_is_counted_is_in_the_ledger()
    {
        long before = await OrderedAsync();
        string[] writes = ["--warm-up", "0", "--requests", "3000", "--messages", "3000"];
        JsonElement multiplexed = (await BenchAsync([.. writes, "--in-flight", "64"])).Expect(0).Json;
        AssertCounts(multiplexed, requests: 3000, errors: 0);
        Assert.Equal(3000, await OrderedAsync() - before);
        Assert.Equal("3000", await CountAsync());
        JsonElement spread = (await BenchAsync([.. writes, "--http", "1.1", "--connections", "16"])).Expect(0).Json;
        AssertCounts(spread, requests: 3000, errors: 0);
        Assert.Equal(("1.1", 16), (spread.GetProperty("http").GetString(), spread.GetProperty("in_flight").GetInt32()));
        Assert.Equal(6000, await OrderedAsync() - before);
        Assert.Equal("3000", await CountAsync()); // the same messages again
        (await CuriaProgram.RunAsync(sandbox.Folder, "sandbox", "stop", "--dir", "net")).Expect(0);
        JsonElement audit = (await CuriaProgram.RunAsync(
            sandbox.Folder, "ledger", "verify", "net", "--unanchored", "--json")).Expect(0).Json;
        long written = audit.GetProperty("transactions").GetInt64() - audit.GetProperty("signatures").GetInt64();
        Assert.True(written >= 6000, $"the ledger holds {written} transactions beside signatures");
    }

    [Theory]
    [InlineData("2")]
    [InlineData("1.1")]
    public async Task What_the_node_refuses_counts_as_an_error_and_the_first_one_is_said(string http)
    {
        ProgramRun run = await BenchAsync(
            "--http", http, "--connections", "2", "--in-flight", "2", "--warm-up", "0", "--requests", "50",
            "--payload", "0");
        run.Expect(1).SaysOnce("50 requests failed; the first one: 400 InvalidInput The message is empty");
        AssertCounts(run.Json, requests: 0, errors: 50);
        Assert.Equal("0", await CountAsync());
    }

    [Theory]
    [InlineData("2")]
    [InlineData("1.1")]
    public async Task Echo_and_reads_are_answered_and_order_nothing(string http)
    {
        string[] load = ["--http", http, "--connections", "2", "--in-flight", "2", "--requests", "200"];
        AssertCounts((await BenchAsync([.. load, "--workload", "read"])).Expect(0).Json, requests: 200, errors: 0);
        long before = await OrderedAsync();
        AssertCounts((await BenchAsync([.. load, "--workload", "echo"])).Expect(0).Json, requests: 200, errors: 0);
        Assert.Equal(before, await OrderedAsync());
    }

    [Fact]
    public async Task Messages_beyond_a_window_of_HTTP2_arrive_whole()
    {
        ProgramRun run = await BenchAsync(
            "--connections", "1", "--in-flight", "8", "--warm-up", "0", "--requests", "24", "--messages", "24",
            "--payload", "1000000");
        AssertCounts(run.Expect(0).Json, requests: 24, errors: 0);
        ProgramRun read = await sandbox.RunAsync(
            "call", "GET", "/app/log/private?id=1000007", "--as", "user0", "--json");
        Assert.Equal(
            new string('x', 1_000_000), read.Expect(0).Json.GetProperty("body").GetProperty("msg").GetString());
        Assert.Equal("24", await CountAsync());
    }

    [Fact]
    public async Task More_at_a_time_than_a_connection_takes_is_refused() =>
        (await BenchAsync("--connections", "1", "--in-flight", "101")).Expect(3)
            .SaysOnce("takes 100 requests at a time on a connection");

    [Fact]
    public async Task Memory_that_requests_allocate_is_told()
    {
        JsonElement json = (await BenchAsync("--requests", "2000", "--in-flight", "32")).Expect(0).Json;
        double bytes = json.GetProperty("allocated_bytes_per_request").GetDouble();
        Assert.True(bytes > 100, $"{bytes} bytes for each write"); // the message alone is as long
    }

    private static void AssertCounts(JsonElement json, long requests, long errors) => Assert.Equal(
        (requests, errors), (json.GetProperty("requests").GetInt64(), json.GetProperty("errors").GetInt64()));

    private Task<ProgramRun> BenchAsync(params string[] arguments) =>
        CuriaProgram.RunAsync(sandbox.Folder, ["bench", "--target", "net", "--json", .. arguments]);

    private async Task<string> CountAsync()
    {
        ProgramRun run = await sandbox.RunAsync("call", "GET", "/app/log/private/count", "--as", "user0");
        return run.Expect(0).Output.Trim();
    }

    // An exporter may answer from what it told a moment ago.
    private async Task<long> OrderedAsync()
    {
        await Task.Delay(TimeSpan.FromMilliseconds(500), TestContext.Current.CancellationToken);
        string metrics = (await sandbox.RunAsync("call", "GET", "/metrics")).Expect(0).Output;
        string line = metrics.Split('\n').Single(
            line => line.StartsWith("curia_transactions_ordered_total", StringComparison.Ordinal));
        return long.Parse(line[(line.LastIndexOf('}') + 1)..].Trim().Split(' ')[0]);
    }
}
