using System;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Runtime.InteropServices;

namespace Curia.Cli.Benchmark;

/// <summary>Where a figure was measured: a figure without its place is worth nothing.</summary>
internal static class MachineDescription
{
    /// <summary>Processor, cores, memory, system and framework.</summary>
    public static string Machine()
    {
        double gibibytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / (double)(1 << 30);
        string memory = string.Create(CultureInfo.InvariantCulture, $"{gibibytes:0.#} GiB");
        return $"{Processor()}, {Environment.ProcessorCount} cores, {memory}, {RuntimeInformation.OSDescription}, "
            + RuntimeInformation.FrameworkDescription;
    }

    /// <summary>The commit that the program was built from; null when it does not stand in a repository.</summary>
    public static string? Commit()
    {
        ProcessStartInfo start = new("git")
        {
            WorkingDirectory = AppContext.BaseDirectory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        foreach (string word in (string[])["rev-parse", "--short=12", "HEAD"]) start.ArgumentList.Add(word);
        try
        {
            using Process? git = Process.Start(start);
            string? commit = git?.StandardOutput.ReadToEnd().Trim();
            git?.WaitForExit();
            return git?.ExitCode == 0 ? commit : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static string Processor()
    {
        try
        {
            foreach (string line in File.ReadLines("/proc/cpuinfo"))
            {
                if (line.StartsWith("model name", StringComparison.Ordinal))
                    return line[(line.IndexOf(':') + 1)..].Trim();
            }
        }
        catch (IOException)
        {
            // Not Linux: the architecture has to do.
        }

        return RuntimeInformation.ProcessArchitecture.ToString();
    }
}
