using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;

namespace Curia.Cli.Sandbox;

/// <summary>The process of a node that this program started or found.</summary>
internal sealed class NodeProcess : IDisposable
{
    private const int SignalTerminate = 15; // POSIX.1-2017, <signal.h>: SIGTERM
    private const string WithoutSpinning = "export DOTNET_ThreadPool_UnfairSemaphoreSpinLimit=0; ";

    private readonly Process process;
    private readonly bool isChild;

    private NodeProcess(Process process, string logPath, bool isChild)
    {
        this.process = process;
        this.isChild = isChild;
        LogPath = logPath;
        Pid = process.Id;
    }

    public int Pid { get; }

    /// <summary>Where it writes; empty when it writes to this terminal.</summary>
    public string LogPath { get; }

    public bool HasExited => process.HasExited;

    /// <summary>How it ended; null where only its parent could know.</summary>
    public int? ExitCode => isChild ? process.ExitCode : null;

    /// <summary>Starts a node that outlives this program and writes to a file.</summary>
    /// <param name="image">The program.</param>
    /// <param name="config">Its settings.</param>
    /// <param name="logPath">The file.</param>
    /// <param name="isAlone">Whether no other node is on this machine. Otherwise a worker that waits for work must not
    /// spin: what it waits for may need its core. Three nodes on two cores: 115 in
    /// place of 140 µs of processor time for a write.</param>
    public static NodeProcess StartInBackground(string image, string config, string logPath, bool isAlone) => Start(
        image, config, logPath, (isAlone ? "" : WithoutSpinning) + "exec \"$@\" >>\"$log\" 2>&1 </dev/null",
        redirect: false);

    /// <summary>Starts a node on this terminal.</summary>
    /// <param name="image">The program.</param>
    /// <param name="config">Its settings.</param>
    /// <param name="hear">Takes the lines of its stderr; null leaves them to the terminal.</param>
    /// <param name="further">Further arguments.</param>
    public static NodeProcess StartInForeground(
        string image, string config, Action<string>? hear, params string[] further)
    {
        NodeProcess node = Start(image, config, "", "exec \"$@\"", hear is not null, further);
        if (hear is null) return node;
        node.process.ErrorDataReceived += (_, line) =>
        {
            if (line.Data is string text) hear(text); // null is the end of the stream
        };
        node.process.BeginErrorReadLine();
        return node;
    }

    /// <summary>The process of a node that an earlier command started.</summary>
    /// <returns>Null when there is none: it ended, or another program has its number now.</returns>
    public static NodeProcess? Find(int pid, string config, string logPath)
    {
        try
        {
            string commandLine = $"/proc/{pid}/cmdline";
            if (Directory.Exists("/proc/self"))
            {
                string[] words = File.ReadAllText(commandLine).Split('\0');
                if (!words.Any(word => word.EndsWith(".json", StringComparison.Ordinal) && SameFile(word, config)))
                    return null;
            }

            return new NodeProcess(Process.GetProcessById(pid), logPath, isChild: false);
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Whether a command of this program still has this process number.</summary>
    public static bool IsCommandAlive(int pid)
    {
        try
        {
            if (Directory.Exists("/proc/self"))
                return File.ReadAllText($"/proc/{pid}/cmdline").Contains("curia.dll", StringComparison.Ordinal);
            using Process found = Process.GetProcessById(pid);
            return !found.HasExited;
        }
        catch (Exception e) when (e is ArgumentException or IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Asks it to finish what it has begun and stop (SIGTERM).</summary>
    public void AskToStop()
    {
        if (!process.HasExited) _ = Kill(Pid, SignalTerminate);
    }

    /// <summary>Asks it to stop, and waits.</summary>
    /// <returns>Whether it ended within the time; otherwise it is killed.</returns>
    public async Task<bool> StopAsync(TimeSpan timeout)
    {
        AskToStop();
        using CancellationTokenSource late = new(timeout);
        try
        {
            await process.WaitForExitAsync(late.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            return false;
        }
    }

    /// <summary>Waits for its end.</summary>
    public async Task<int> WaitForExitAsync(CancellationToken cancel)
    {
        await process.WaitForExitAsync(cancel).ConfigureAwait(false);
        return process.ExitCode;
    }

    /// <summary>The last line that it wrote; null when it wrote none.</summary>
    public string? LastLogLine()
    {
        try
        {
            if (LogPath.Length == 0) return null;
            IEnumerable<string> lines = File.ReadLines(LogPath).Select(line => line.Trim());

            // Of a program that broke, the message says more than the end of its stack trace.
            return lines.LastOrDefault(line => line.Length > 0
                && !line.StartsWith("at ", StringComparison.Ordinal)
                && !line.StartsWith("--- ", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    public void Dispose() => process.Dispose();

    // The shell gives what the framework has no call for: output to a file that stays open when this program ends, and
    // a session of its own, so that Ctrl-C and the end of a terminal reach this program alone, which then asks the node
    // to stop once. exec keeps the process id.
    private static NodeProcess Start(
        string image, string config, string logPath, string last, bool redirect, params string[] further)
    {
        const string session =
            "if command -v setsid >/dev/null 2>&1; then set -- setsid \"$@\"; else trap '' HUP INT; fi; ";
        ProcessStartInfo start = new("/bin/sh") { UseShellExecute = false, RedirectStandardError = redirect };
        string[] words =
        [
            "-c", $"log=$1; shift; {session}{last}", "sh", logPath,
            ProgramFiles.Dotnet, "exec", image, "--config", config, .. further,
        ];
        foreach (string word in words) start.ArgumentList.Add(word);
        try
        {
            Process process = Process.Start(start) ?? throw new InvalidOperationException("no process");
            return new NodeProcess(process, logPath, isChild: true);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            throw CommandFailure.Environment($"cannot start {start.FileName}: {e.Message}", e);
        }
    }

    private static bool SameFile(string left, string right) => Path.GetFullPath(left) == Path.GetFullPath(right);

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int pid, int signal);
}
