using System;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>A sandbox of an application that is not <c>logging</c>: here the node without any endpoint of its own,
/// which stands among the applications under another name.</summary>
public sealed class OtherApplicationTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task The_tour_shows_what_every_network_has_and_calls_no_endpoint_of_logging()
    {
        await InstallAsync();
        ProgramRun run = await RunAsync("sandbox", "--nodes", "1", "--app", "plain", "--once", "--port", "0", "--json");
        JsonElement[] steps = [.. run.Expect(0).Json.GetProperty("steps").EnumerateArray()];
        Assert.All(steps, step => Assert.True(step.GetProperty("ok").GetBoolean()));
        Assert.Equal(
            [
                "keys", "charter", "settings", "evidence", "endorse", "match", "genesis", "open", "identity", "network",
                "commit", "receipt-json", "receipt-cose", "changed-receipt-refused", "stop", "audit",
            ],
            steps.Select(step => step.GetProperty("name").GetString()));
        Assert.DoesNotContain("/app/log", run.Errors, StringComparison.Ordinal);
        (await RunAsync(
            "ledger", "verify", "sandbox", "--service-cert", "sandbox/service_cert.pem", "--receipt",
            "sandbox/receipts/2.1.json")).Expect(0);
    }

    [Fact]
    public async Task Its_hint_is_its_own_interface_and_the_bench_names_the_application_that_it_needs()
    {
        await InstallAsync();
        ProgramRun run = await RunAsync("sandbox", "--nodes", "1", "--app", "plain", "--detach", "--port", "0");
        try
        {
            Assert.Contains("./curia call GET /app/api", run.Expect(0).Output, StringComparison.Ordinal);
            Assert.DoesNotContain("/app/log", run.Output, StringComparison.Ordinal);
            Assert.DoesNotContain("bench", run.Output, StringComparison.Ordinal);
            (await RunAsync("call", "GET", "/app/api")).Expect(0);
            (await RunAsync("bench", "--target", "sandbox", "--seconds", "1"))
                .Expect(1).SaysOnce("bench needs the application logging");
        }
        finally
        {
            await RunAsync("sandbox", "stop");
        }
    }

    // The programs as ./curia publishes them, with curiad as one more application.
    private async Task InstallAsync()
    {
        await CuriaProgram.BuiltAsync();
        string published = Path.Combine(CuriaProgram.Repository, "artifacts/curia");
        Copy(Path.Combine(published, "cli"), folder.File("cli"));
        string plain = folder.File("apps/plain");
        Copy(Path.Combine(published, "curiad"), plain);
        foreach (string ending in (string[])["dll", "deps.json", "runtimeconfig.json"])
            File.Copy(Path.Combine(plain, $"curiad.{ending}"), Path.Combine(plain, $"plain.Image.{ending}"));
    }

    private Task<ProgramRun> RunAsync(params string[] arguments) => CuriaProgram.EndOfAsync(
        CuriaProgram.StartProgram("dotnet", folder.Path, [folder.File("cli/curia.dll"), .. arguments]));

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (string file in Directory.GetFiles(from)) File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
    }
}
