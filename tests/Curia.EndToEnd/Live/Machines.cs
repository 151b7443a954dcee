using System;
using System.Collections.Generic;
using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Threading.Tasks;

namespace Curia.EndToEnd.Live;

/// <summary>Machines with an address each, as network namespaces on one wire. Whatever a killed run has left is removed
/// first, and known by its name: it has the number of the process in it.</summary>
internal sealed class Machines : IDisposable
{
    private const string Prefix = "curia-live-";

    // For measurements of networks (RFC 2544): nobody routes to it.
    private const string Addresses = "198.18";

    private readonly int subnet;

    private Machines(int count, int seed)
    {
        subnet = FreeSubnet();
        Count = count;
        TunDevice[] devices = new TunDevice[count + 1];
        for (int port = 0; port <= count; port++)
        {
            string name = string.Create(CultureInfo.InvariantCulture, $"cu{Environment.ProcessId % 1_000_000}p{port}");
            devices[port] = new TunDevice(name);
            if (port > 0)
            {
                Must("ip", "netns", "add", NamespaceOf(port));
                Must("ip", "link", "set", "dev", name, "netns", NamespaceOf(port));
                Must("ip", "-n", NamespaceOf(port), "link", "set", "dev", "lo", "up");
            }

            string[] within = port > 0 ? ["-n", NamespaceOf(port)] : [];
            Must("ip", [.. within, "addr", "add", $"{AddressOf(port)}/24", "dev", name]);
            Must("ip", [.. within, "link", "set", "dev", name, "mtu", $"{Wire.PacketMax}", "up"]);
        }

        Wire = new Wire(devices, seed);
    }

    /// <summary>How many there are; they are numbered from 1.</summary>
    public int Count { get; }

    public Wire Wire { get; }

    /// <summary>Makes them, or leaves the test out with its reason.</summary>
    public static Machines MakeOrSkip(int count, int seed)
    {
        if (WhyNot() is { } reason) Assert.Skip(reason);
        RemoveLeftovers();
        return new Machines(count, seed);
    }

    /// <summary>A folder for the disks of machines, removed with what a killed run has left.</summary>
    public static string NewFolder() => Directory.CreateTempSubdirectory($"{Prefix}{Environment.ProcessId}-").FullName;

    /// <summary>The address of a machine; 0: the clients.</summary>
    public string AddressOf(int machine) => $"{Addresses}.{subnet}.{Wire.LastByteOf(machine)}";

    /// <summary>A command that runs on a machine.</summary>
    public string[] On(int machine, params string[] command) =>
        ["ip", "netns", "exec", NamespaceOf(machine), .. command];

    public void Dispose()
    {
        Wire.Dispose();
        for (int machine = 1; machine <= Count; machine++) Remove(NamespaceOf(machine));
    }

    /// <summary>Runs a command and waits for its end.</summary>
    /// <returns>What it said when it succeeded; null when it failed, or there is no such program.</returns>
    public static string? Run(string program, params string[] arguments)
    {
        try
        {
            ProcessStartInfo start = new(program, arguments)
            {
                RedirectStandardError = true,
                RedirectStandardOutput = true,
            };
            using Process process = Process.Start(start)!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            _ = errors.Result;
            return process.ExitCode == 0 ? output : null;
        }
        catch (Win32Exception)
        {
            return null;
        }
    }

    private static string? WhyNot()
    {
        if (!OperatingSystem.IsLinux()) return "machines are played by network namespaces, which only Linux has";
        if (!Environment.IsPrivilegedProcess) return "network namespaces are made by root only";
        if (Run("ip", "-V") is null) return "network namespaces are made by ip, which is not there (package iproute2)";
        if (!File.Exists("/dev/net/tun")) return "the wire between machines needs /dev/net/tun, which is not there";
        string probe = $"{Prefix}{Environment.ProcessId}-probe";
        if (Run("ip", "netns", "add", probe) is null) return "network namespaces cannot be made here";
        Run("ip", "netns", "del", probe);
        return null;
    }

    // Only those whose process is gone: others run beside this one.
    private static void RemoveLeftovers()
    {
        foreach (string line in Run("ip", "netns", "list")?.Split('\n') ?? [])
        {
            string name = line.Split(' ')[0];
            if (IsLeft(name)) Remove(name);
        }

        foreach (DirectoryInfo folder in new DirectoryInfo(Path.GetTempPath()).EnumerateDirectories($"{Prefix}*"))
        {
            if (!IsLeft(folder.Name)) continue;
            foreach (DirectoryInfo disk in folder.EnumerateDirectories()) Run("umount", "-l", disk.FullName);
            folder.Delete(recursive: true);
        }
    }

    private static bool IsLeft(string name) => name.StartsWith(Prefix, StringComparison.Ordinal)
        && int.TryParse(name.Split('-')[2], CultureInfo.InvariantCulture, out int process)
        && !IsAlive(process);

    // Its number may be that of another one by now, and one that nobody has waited for has no command line.
    private static bool IsAlive(int process)
    {
        try
        {
            string command = File.ReadAllText($"/proc/{process}/cmdline");
            return command.Contains(typeof(Machines).Assembly.GetName().Name!, StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static void Remove(string name)
    {
        string[] left = Run("ip", "netns", "pids", name)?.Split('\n', StringSplitOptions.RemoveEmptyEntries) ?? [];
        if (left.Length > 0) Run("kill", ["-KILL", .. left]);
        Run("ip", "netns", "del", name);
    }

    private static int FreeSubnet()
    {
        string taken = Run("ip", "-4", "addr", "show") ?? "";
        IEnumerable<int> all = Enumerable.Range(Environment.ProcessId, 255).Select(number => number % 255);
        return all.First(number => !taken.Contains($" {Addresses}.{number}.", StringComparison.Ordinal));
    }

    private static string NamespaceOf(int machine) => $"{Prefix}{Environment.ProcessId}-{machine}";

    private static void Must(string program, params string[] arguments)
    {
        if (Run(program, arguments) is null)
            throw new IOException($"{program} {string.Join(' ', arguments)} failed");
    }
}
