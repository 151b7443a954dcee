using System.ComponentModel;
using System.Diagnostics;

namespace Curia.EndToEnd.Host;

/// <summary>Whether strace is there and may trace, so that system calls can be made to fail.</summary>
internal static class Tracing
{
    public static bool IsPossible()
    {
        try
        {
            using Process process = Process.Start(
                new ProcessStartInfo("strace", ["-o", "/dev/null", "true"]) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (Win32Exception)
        {
            return false; // there is no such program
        }
    }
}
