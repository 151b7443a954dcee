using System;
using System.Diagnostics;
using System.Globalization;
using System.IO;

namespace Curia.EndToEnd.Host;

/// <summary>A file system of a few pages over a folder.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string path;

    private SmallDisk(string path) => this.path = path;

    /// <summary>Mounts it, or leaves the test out with its reason: that needs the rights of an administrator.</summary>
    public static SmallDisk MountOrSkip(string folder, int bytes)
    {
        Directory.CreateDirectory(folder);
        if (!OperatingSystem.IsLinux() || !Run("mount", "-t", "tmpfs", "-o", Size(bytes), "tmpfs", folder))
            Assert.Skip("a full disk is tried on a small tmpfs, which this user may not mount");
        return new SmallDisk(folder);
    }

    public void Grow(int bytes) => Assert.True(Run("mount", "-o", $"remount,{Size(bytes)}", path));

    public void Dispose() => Run("umount", "-l", path);

    private static string Size(int bytes) => string.Create(CultureInfo.InvariantCulture, $"size={bytes}");

    private static bool Run(string program, params string[] arguments)
    {
        try
        {
            using Process process =
                Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false; // there is no such program
        }
    }
}
