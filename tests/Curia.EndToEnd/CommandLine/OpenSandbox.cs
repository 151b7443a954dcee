using System.Text.Json;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>One running network for all tests that only need one.</summary>
public sealed class OpenSandbox : IAsyncLifetime
{
    private readonly TemporaryFolder folder = new();

    /// <summary>The folder that commands run in; the sandbox is in <c>net</c> there.</summary>
    public string Folder => folder.Path;

    /// <summary>What sandbox.json says.</summary>
    public JsonElement File { get; private set; }

    public string Url => File.GetProperty("nodes")[0].GetProperty("url").GetString()!;

    public string PathOf(string name) => folder.File($"net/{name}");

    public async ValueTask InitializeAsync()
    {
        string[] arguments = ["sandbox", "--dir", "net", "--port", "0", "--detach", "--json"];
        (await CuriaProgram.RunAsync(Folder, arguments)).Expect(0);
        using JsonDocument document = JsonDocument.Parse(await System.IO.File.ReadAllTextAsync(PathOf("sandbox.json")));
        File = document.RootElement.Clone();
    }

    /// <summary>Runs a command on this network.</summary>
    internal Task<ProgramRun> RunAsync(params string[] arguments) =>
        CuriaProgram.RunAsync(Folder, [.. arguments, "--dir", "net"]);

    /// <summary>Writes one private message, waits for commit, and gives its TxID.</summary>
    internal async Task<string> WriteAsync(int id, string message, string domain = "private")
    {
        ProgramRun run = await RunAsync(
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
