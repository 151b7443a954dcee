using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>Commands against a running network.</summary>
public sealed class NetworkTests(OpenSandbox sandbox) : IClassFixture<OpenSandbox>, IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_call_tells_status_transaction_commit_and_body()
    {
        string txId = await sandbox.WriteAsync(7, "seven");
        ProgramRun run = await sandbox.RunAsync("call", "GET", "/app/log/private?id=7", "--as", "user0", "--json");
        JsonElement read = run.Expect(0).Json;
        Assert.Equal(["status", "txid", "committed", "body"], read.EnumerateObject().Select(property => property.Name));
        Assert.Equal(200, read.GetProperty("status").GetInt32());
        Assert.Equal("seven", read.GetProperty("body").GetProperty("msg").GetString());
        ProgramRun status = await sandbox.RunAsync("call", "GET", $"/app/tx?transaction_id={txId}", "--json");
        Assert.Equal("Committed", status.Expect(0).Json.GetProperty("body").GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_body_can_come_from_a_file()
    {
        File.WriteAllText(folder.File("body.json"), """{"id":8,"msg":"eight"}""");
        ProgramRun run = await sandbox.RunAsync(
            "call", "POST", "/app/log/private", "--data", $"@{folder.File("body.json")}", "--as", "user0", "--json");
        Assert.True(run.Expect(0).Json.GetProperty("body").GetBoolean());
    }

    [Theory]
    [InlineData(401, "GET", "/app/log/private?id=7")]
    [InlineData(404, "GET", "/app/nothing", "--as", "user0")]
    [InlineData(404, "GET", "/app/log/private?id=999999", "--as", "user0")]
    [InlineData(400, "POST", "/app/log/private", "--data", "{", "--as", "user0")]
    public async Task What_the_node_refuses_is_exit_code_1(int status, params string[] words)
    {
        ProgramRun run = await sandbox.RunAsync(["call", .. words, "--json"]);
        Assert.Equal(status, run.Expect(1).Json.GetProperty("status").GetInt32());
        JsonElement error = run.Json.GetProperty("body").GetProperty("error");
        Assert.NotEmpty(error.GetProperty("code").GetString()!);
        Assert.NotEmpty(error.GetProperty("message").GetString()!);
    }

    [Fact]
    public async Task A_node_of_another_service_is_refused()
    {
        await CuriaProgram.RunAsync(folder.Path, "user", "keygen", "--name", "other");
        string other = folder.File("other_cert.pem");
        ProgramRun run = await CuriaProgram.RunAsync(
            folder.Path, "call", "GET", "/app/commit", "--url", sandbox.Url, "--service-cert", other);
        run.Expect(3).SaysOnce("not one of the pinned service");
    }

    [Fact]
    public async Task A_network_is_found_by_its_address_too()
    {
        JsonElement json = (await CuriaProgram.RunAsync(
            folder.Path, "call", "GET", "/app/log/private/count", "--url", sandbox.Url, "--service-cert",
            sandbox.PathOf("service_cert.pem"), "--cert", sandbox.PathOf("user0_cert.pem"), "--key",
            sandbox.PathOf("user0_privk.pem"), "--json")).Expect(0).Json;
        Assert.Equal(JsonValueKind.Number, json.GetProperty("body").ValueKind);
    }

    [Theory]
    [InlineData("json")]
    [InlineData("cose")]
    public async Task A_receipt_is_fetched_and_verifies_for_its_transaction_only(string format)
    {
        string txId = await sandbox.WriteAsync(9, "nine");
        string file = folder.File($"receipt.{format}");
        ProgramRun got = await sandbox.RunAsync("receipt", "get", txId, "--format", format, "--out", file, "--json");
        Assert.Equal(file, got.Expect(0).Json.GetProperty("file").GetString());
        string service = sandbox.PathOf("service_cert.pem");
        ProgramRun valid = await CuriaProgram.RunAsync(
            folder.Path, "receipt", "verify", file, "--service-cert", service, "--txid", txId, "--json");
        Assert.Equal("valid", valid.Expect(0).Json.GetProperty("verdict").GetString());
        Assert.Equal(txId, valid.Json.GetProperty("txid").GetString());
        Assert.Equal(
            ["verdict", "reason", "txid", "receipts"], valid.Json.EnumerateObject().Select(property => property.Name));
        ProgramRun other = await CuriaProgram.RunAsync(
            folder.Path, "receipt", "verify", file, "--service-cert", service, "--txid", "2.999", "--json");
        Assert.Equal("invalid", other.Expect(1).Json.GetProperty("verdict").GetString());
        ProgramRun nobody = await CuriaProgram.RunAsync(folder.Path, "receipt", "verify", file, "--json");
        Assert.Contains(nobody.Expect(1).Json.GetProperty("verdict").GetString(), (string[])["incomplete", "invalid"]);
    }

    [Fact]
    public async Task A_json_receipt_on_stdout_is_the_document()
    {
        string txId = await sandbox.WriteAsync(10, "ten");
        JsonElement receipt = (await sandbox.RunAsync("receipt", "get", txId, "--json")).Expect(0).Json;
        Assert.Equal(JsonValueKind.Array, receipt.GetProperty("proof").ValueKind);
    }

    [Fact]
    public async Task A_receipt_of_a_transaction_that_never_was_is_refused() =>
        (await sandbox.RunAsync("receipt", "get", "2.99999")).Expect(1).SaysOnce("no receipt of 2.99999");

    [Fact]
    public async Task The_listing_shows_public_writes_and_hides_private_ones()
    {
        await sandbox.WriteAsync(11, "read by everybody", "public");
        await sandbox.WriteAsync(11, "read by few");
        ProgramRun run = await CuriaProgram.RunAsync(sandbox.Folder, "ledger", "show", "net/node0/ledger", "--json");
        run.Expect(0);
        JsonElement[] lines = [.. run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Equal("genesis", lines[0].GetProperty("type").GetString());
        Assert.All(lines, line => Assert.Equal(
            ["txid", "type", "public", "private_bytes", "private_sha256"],
            line.EnumerateObject().Select(property => property.Name).Take(5)));
        Assert.Contains("read by everybody", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("read by few", run.Output, StringComparison.Ordinal);
        Assert.Contains(lines, line => line.GetProperty("private_bytes").GetInt32() > 0
            && line.GetProperty("private_sha256").GetString()!.Length == 64);
        ProgramRun part = await CuriaProgram.RunAsync(
            sandbox.Folder, "ledger", "show", "net", "--from", "2", "--to", "3", "--json");
        Assert.Equal(2, part.Expect(0).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
    }

    [Fact]
    public async Task The_bench_measures_what_it_says()
    {
        ProgramRun run = await CuriaProgram.RunAsync(
            sandbox.Folder, "bench", "--target", "net", "--seconds", "1", "--connections", "2", "--in-flight", "4",
            "--workload", "mixed", "--json");
        JsonElement json = run.Expect(0).Json;
        string[] names =
        [
            "workload", "nodes", "connections", "in_flight", "payload_bytes", "seconds", "requests", "errors",
            "throughput_per_second", "latency_ms", "cpu_us_per_request", "peak_memory_mib", "commit", "machine",
        ];
        Assert.All(names, name => Assert.True(json.TryGetProperty(name, out _), $"{name} is missing"));
        Assert.Equal("mixed", json.GetProperty("workload").GetString());
        Assert.True(json.GetProperty("requests").GetInt64() > 0);
        Assert.Equal(0, json.GetProperty("errors").GetInt64());
        double[] latency = [.. ((string[])["p50", "p90", "p99", "max"])
            .Select(name => json.GetProperty("latency_ms").GetProperty(name).GetDouble())];
        Assert.Equal(latency.Order(), latency);
    }

    [Fact]
    public async Task A_second_sandbox_in_the_same_folder_is_refused() =>
        (await CuriaProgram.RunAsync(sandbox.Folder, "sandbox", "--dir", "net", "--port", "0"))
            .Expect(3).SaysOnce("is running");
}
