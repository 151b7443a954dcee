using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.EndToEnd.CommandLine;

/// <summary>What a run of the program left behind.</summary>
internal sealed record ProgramRun(int ExitCode, string Output, string Errors)
{
    /// <summary>The one document on stdout.</summary>
    public JsonElement Json
    {
        get
        {
            using JsonDocument document = JsonDocument.Parse(Output);
            return document.RootElement.Clone();
        }
    }

    /// <summary>Asserts the exit code, and shows everything when it is another.</summary>
    public ProgramRun Expect(int exitCode)
    {
        string all = $"stdout: {Output}\nstderr: {Errors}";
        Assert.True(ExitCode == exitCode, $"exit code {ExitCode} instead of {exitCode}\n{all}");
        return this;
    }

    /// <summary>Asserts that there is one line of error, which holds a text.</summary>
    public ProgramRun SaysOnce(string text)
    {
        string line = Assert.Single(Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(text, line, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", Errors, StringComparison.Ordinal);
        return this;
    }
}

/// <summary>The built program, as <c>./curia</c> starts it. Every test runs it from a folder of its own.</summary>
internal static class CuriaProgram
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(90);
    private static readonly Lazy<Task> built = new(BuildAsync);

    /// <summary>The root of the repository.</summary>
    public static string Repository { get; } = FindRepository();

    /// <summary>The program that runs JavaScript; null where there is none.</summary>
    public static string? JavaScript { get; } = new[] { "node", "nodejs" }
        .SelectMany(name => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name)))
        .FirstOrDefault(File.Exists);

    /// <summary>Runs <c>./curia</c> with arguments and waits for its end.</summary>
    public static async Task<ProgramRun> RunAsync(string folder, params string[] arguments)
    {
        await BuiltAsync();
        using Process process = Start(folder, arguments);
        return await EndOfAsync(process);
    }

    /// <summary>Waits for the end of a program that was started.</summary>
    public static async Task<ProgramRun> EndOfAsync(Process process)
    {
        using CancellationTokenSource late = new(Timeout);
        Task<string> output = process.StandardOutput.ReadToEndAsync(late.Token);
        Task<string> errors = process.StandardError.ReadToEndAsync(late.Token);
        try
        {
            await process.WaitForExitAsync(late.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException(
                $"{process.StartInfo.FileName} {string.Join(' ', process.StartInfo.ArgumentList)} did not end in time");
        }

        return new ProgramRun(process.ExitCode, await output, await errors);
    }

    /// <summary>Waits until the program is built, so that no test measures or reads what a build says.</summary>
    public static Task BuiltAsync() => built.Value;

    /// <summary>Starts <c>./curia</c> with its output redirected.</summary>
    public static Process Start(string folder, params IEnumerable<string> arguments) =>
        StartProgram(Path.Combine(Repository, "curia"), folder, arguments);

    /// <summary>Starts any program with its output redirected.</summary>
    public static Process StartProgram(string program, string folder, params IEnumerable<string> arguments)
    {
        ProcessStartInfo start = new(program)
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        return Process.Start(start)!;
    }

    private static async Task BuildAsync()
    {
        using Process process = Start(Repository, "--version");
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        string errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, $"./curia --version failed: {await output} {errors}");
    }

    private static string FindRepository()
    {
        DirectoryInfo? folder = new(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(Path.Combine(folder.FullName, "Curia.slnx"))) folder = folder.Parent;
        return folder?.FullName ?? throw new DirectoryNotFoundException("no Curia.slnx above the test program");
    }
}

/// <summary>A folder that is removed with everything in it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder() => Path = Directory.CreateTempSubdirectory("curia-e2e-").FullName;

    public string Path { get; }

    public string File(string name) => System.IO.Path.Combine(Path, name);

    public void Dispose()
    {
        try
        {
            Directory.Delete(Path, recursive: true);
        }
        catch (IOException)
        {
            // A process that is just ending still writes; the system clears its temporary files itself.
        }
    }
}
