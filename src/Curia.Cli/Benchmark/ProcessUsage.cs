using System;
using System.Globalization;
using System.IO;

namespace Curia.Cli.Benchmark;

/// <summary>What a process has used, read from /proc (proc(5)); null when it has ended, or
/// where there is no /proc.</summary>
internal static class ProcessUsage
{
    private const double TicksPerSecond = 100; // USER_HZ: 100 on every Linux that .NET runs on

    /// <summary>CPU time in user and kernel mode, in microseconds.</summary>
    public static double? CpuMicroseconds(int pid)
    {
        string stat = Read($"/proc/{pid}/stat");
        int afterName = stat.LastIndexOf(')'); // the name of the program may hold spaces and brackets
        if (afterName < 0) return null;
        string[] fields = stat[(afterName + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool hasEnded = fields is ["Z" or "X", ..]; // nobody has taken note of its end yet
        return !hasEnded && fields.Length > 12
            && double.TryParse(fields[11], CultureInfo.InvariantCulture, out double user)
            && double.TryParse(fields[12], CultureInfo.InvariantCulture, out double system)
            ? (user + system) / TicksPerSecond * 1e6
            : null;
    }

    /// <summary>The most memory that it had resident, in MiB.</summary>
    public static double? PeakMemoryMiB(int pid)
    {
        foreach (string line in Read($"/proc/{pid}/status").Split('\n'))
        {
            if (!line.StartsWith("VmHWM:", StringComparison.Ordinal)) continue;
            string[] words = line.Split((char[])[' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            return words.Length > 1 && double.TryParse(words[1], CultureInfo.InvariantCulture, out double kibibytes)
                ? Math.Round(kibibytes / 1024, 1)
                : null;
        }

        return null;
    }

    private static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
