using System;
using System.Diagnostics;
using System.IO;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Tasks;

namespace Curia.Benchmarks.Runs;

/// <summary>The program under test, as a user starts it: <c>./curia</c>, or this program itself for a reference. Every
/// measurement has a process of its own, so that all of them begin equally cold.</summary>
internal static class CuriaCommand
{
    /// <summary>The root of the repository.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Runs <c>./curia</c> and gives what it printed.</summary>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static Task<string> RunAsync(string folder, params string[] arguments) =>
        RunProgramAsync(Path.Combine(Root, "curia"), folder, arguments);

    /// <summary>Runs <c>./curia … --json</c>.</summary>
    public static async Task<JsonNode> RunJsonAsync(string folder, params string[] arguments) =>
        JsonNode.Parse(await RunAsync(folder, [.. arguments, "--json"]))!;

    /// <summary>Runs one verb of this program, which prints JSON.</summary>
    public static async Task<JsonNode> RunOwnAsync(string folder, params string[] arguments) =>
        JsonNode.Parse(await RunProgramAsync(
            "dotnet", folder, [typeof(CuriaCommand).Assembly.Location, .. arguments]))!;

    /// <summary>Opens a sandbox in <c>net</c> below a folder.</summary>
    public static Task OpenSandboxAsync(string folder, int nodes = 1) =>
        RunAsync(folder, "sandbox", "--nodes", $"{nodes}", "--dir", "net", "--port", "0", "--detach");

    /// <summary>The process of its node.</summary>
    public static int PidOf(string folder)
    {
        using JsonDocument sandbox = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "net/sandbox.json")));
        return sandbox.RootElement.GetProperty("nodes")[0].GetProperty("pid").GetInt32();
    }

    private static async Task<string> RunProgramAsync(string program, string folder, string[] arguments)
    {
        ProcessStartInfo start = new(program) { WorkingDirectory = folder, RedirectStandardOutput = true };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output
            : throw new InvalidOperationException(
                $"{Path.GetFileName(program)} {string.Join(' ', arguments)} ended with {process.ExitCode}: {output}");
    }

    private static string FindRoot()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Curia.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("no Curia.slnx above the program");
    }
}

/// <summary>A folder for one run, on the disk of the repository: a folder for temporary files is often in memory.
/// Removed at its end.</summary>
internal sealed class RunFolder : IDisposable
{
    public RunFolder(string name = "run")
    {
        Path = System.IO.Path.Combine(CuriaCommand.Root, "artifacts", "bench", $"{name}-{Environment.ProcessId}");
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}

/// <summary>The arguments of a run: <c>--name N</c>, and nothing else.</summary>
internal sealed class RunArguments(string[] arguments)
{
    /// <summary>The number of an option.</summary>
    public int Number(string name, int standard)
    {
        int at = Array.IndexOf(arguments, name);
        if (at < 0) return standard;
        return at + 1 < arguments.Length && int.TryParse(arguments[at + 1], out int value) && value > 0
            ? value
            : throw new ArgumentException($"{name} needs a number");
    }

    /// <summary>The text of an option; null when it is not given.</summary>
    public string? Text(string name)
    {
        int at = Array.IndexOf(arguments, name);
        return at >= 0 && at + 1 < arguments.Length ? arguments[at + 1] : null;
    }

    /// <summary>Refuses what is not in a list.</summary>
    public void Expect(params string[] names)
    {
        for (int at = 0; at < arguments.Length; at += 2)
        {
            if (Array.IndexOf(names, arguments[at]) < 0)
                throw new ArgumentException($"{arguments[at]} is not an option; there is {string.Join(", ", names)}");
        }
    }
}
