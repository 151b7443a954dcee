using System;
using System.Diagnostics;
using System.IO;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Tasks;
using Curia.EndToEnd.Host;

namespace Curia.EndToEnd.CommandLine;

/// <summary><c>curia node start</c>, and what only a disclosed key shows.</summary>
public sealed class NodeStartTests : IDisposable
{
    private readonly NodeFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_node_in_the_foreground_serves_until_it_is_told_to_stop()
    {
        await CuriaProgram.BuiltAsync();
        using Process node = CuriaProgram.Start(
            folder.Path, "node", "start", "--config", folder.WriteConfiguration(), "--app", "logging",
            "--disclose-data-keys", "keys.json");
        Task<string> output = node.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = node.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string url = await UrlAsync(node);
        File.WriteAllText(folder.At("key.pem"), folder.User.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem());
        string[] network =
            ["--url", url, "--service-cert", "service_cert.pem", "--cert", "user0_cert.pem", "--key", "key.pem"];
        const string data = """{"id":3,"msg":"under seal"}""";
        (await CuriaProgram.RunAsync(
            folder.Path, ["call", "POST", "/app/log/private", "--data", data, "--wait", "committed", .. network]))
                .Expect(0);
        using Process kill = Process.Start("kill", ["-TERM", $"{node.Id}"]);
        await node.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(node.ExitCode == 0, $"exit code {node.ExitCode}: {await output} {await errors}");

        ProgramRun closed = await CuriaProgram.RunAsync(folder.Path, "ledger", "show", "node0/ledger", "--json");
        Assert.DoesNotContain("under seal", closed.Expect(0).Output, StringComparison.Ordinal);
        ProgramRun opened = await CuriaProgram.RunAsync(
            folder.Path, "ledger", "show", "node0/ledger", "--keys", "keys.json", "--json");
        Assert.Contains("under seal", opened.Expect(0).Output, StringComparison.Ordinal);
        File.WriteAllText(folder.At("keys.json"), "{}");
        (await CuriaProgram.RunAsync(folder.Path, "ledger", "show", "node0/ledger", "--keys", "keys.json"))
            .Expect(3).SaysOnce("it has no field version");
    }

    [Fact]
    public async Task A_node_that_cannot_start_says_why_and_ends_with_exit_code_3()
    {
        Directory.CreateDirectory(folder.Ledger);
        File.WriteAllText(folder.At("node0/ledger/ledger_1"), "something");
        ProgramRun run = await CuriaProgram.RunAsync(
            folder.Path, "node", "start", "--config", folder.WriteConfiguration(), "--app", "logging");
        run.Expect(3).SaysOnce("ledger");
        ProgramRun document = await CuriaProgram.RunAsync(
            folder.Path, "node", "start", "--config", folder.WriteConfiguration(), "--app", "logging", "--json");
        JsonElement error = document.Expect(3).SaysOnce("ledger").Json.GetProperty("error");
        Assert.Equal("EnvironmentFailed", error.GetProperty("code").GetString());
        Assert.Equal(document.Errors.Trim(), error.GetProperty("message").GetString());
    }

    private async Task<string> UrlAsync(Process node)
    {
        string addresses = folder.At("node0/addresses.json");
        while (!File.Exists(addresses))
        {
            Assert.False(node.HasExited, "the node ended before it was open");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(addresses));
        return document.RootElement.GetProperty("listeners")[0].GetProperty("url").GetString()!;
    }
}
