using System;
using System.Diagnostics;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>One running network for all tests that only need one.</summary>
public sealed class OpenSandbox : IAsyncLifetime
{
    private readonly int nodes;

    private readonly TemporaryFolder folder = new();

    /// <summary>A network of one node, which most tests are content with.</summary>
    public OpenSandbox() : this(1)
    {
    }

    /// <summary>A network of several nodes.</summary>
    internal OpenSandbox(int nodes) => this.nodes = nodes;

    /// <summary>The folder that commands run in; the sandbox is in <c>net</c> there.</summary>
    public string Folder => folder.Path;

    /// <summary>What sandbox.json says.</summary>
    public JsonElement File { get; private set; }

    public string Url => File.GetProperty("nodes")[0].GetProperty("url").GetString()!;

    public string PathOf(string name) => folder.File($"net/{name}");

    public async ValueTask InitializeAsync()
    {
        string[] arguments =
            ["sandbox", "--nodes", $"{nodes}", "--dir", "net", "--port", "0", "--detach", "--json"];
        (await CuriaProgram.RunAsync(Folder, arguments)).Expect(0);
        ReadFile();
    }

    /// <summary>Reads sandbox.json as it is now.</summary>
    internal JsonElement ReadFile()
    {
        using JsonDocument document = JsonDocument.Parse(System.IO.File.ReadAllText(PathOf("sandbox.json")));
        File = document.RootElement.Clone();
        return File;
    }

    /// <summary>Sends a signal to the process of a node.</summary>
    internal async Task SignalAsync(string name, string signal)
    {
        JsonElement node = ReadFile().GetProperty("nodes").EnumerateArray()
            .Single(one => one.GetProperty("config").GetString() == $"{name}/node.json");
        using Process kill = Process.Start("kill", [signal, $"{node.GetProperty("pid").GetInt32()}"]);
        await kill.WaitForExitAsync();
    }

    /// <summary>Runs a command on this network.</summary>
    internal Task<ProgramRun> RunAsync(params string[] arguments) =>
        CuriaProgram.RunAsync(Folder, [.. arguments, "--dir", "net"]);

    /// <summary>The same, once an election is over: a write on the way meets one when a primary was killed.</summary>
    internal async Task<ProgramRun> RunPastElectionAsync(params string[] arguments)
    {
        ProgramRun run = await RunAsync(arguments);
        for (int again = 0; again < 40 && run.Output.Contains("NoPrimary", StringComparison.Ordinal); again++)
        {
            await Task.Delay(250, TestContext.Current.CancellationToken);
            run = await RunAsync(arguments);
        }

        return run;
    }

    /// <summary>Writes one private message, waits for commit, and gives its TxID.</summary>
    internal async Task<string> WriteAsync(int id, string message, string domain = "private")
    {
        ProgramRun run = await RunPastElectionAsync(
            "call", "POST", $"/app/log/{domain}", "--data", JsonSerializer.Serialize(new { id, msg = message }),
            "--as", "user0", "--wait", "committed", "--json");
        JsonElement json = run.Expect(0).Json;
        Assert.True(json.GetProperty("committed").GetBoolean());
        return json.GetProperty("txid").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        await CuriaProgram.RunAsync(Folder, "sandbox", "stop", "--dir", "net");
        folder.Dispose();
    }
}
