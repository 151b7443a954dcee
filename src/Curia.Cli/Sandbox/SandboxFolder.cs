using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using Curia.Cli.Networks;

namespace Curia.Cli.Sandbox;

/// <summary>What may stand in the folder of a sandbox before it is made or gone on with.</summary>
internal static class SandboxFolder
{
    /// <summary>The sandbox of a folder, with which no command stays; null for a new or empty folder.</summary>
    public static SandboxFile? FindUnattended(string folder)
    {
        if (File.Exists(folder)) throw CommandFailure.Environment($"{folder} is a file. Choose a folder with --dir.");
        if (!Directory.Exists(folder) || !Directory.EnumerateFileSystemEntries(folder).Any()) return null;
        if (!SandboxFile.ExistsIn(folder))
            throw CommandFailure.Environment($"{folder} is not empty. Choose a new folder with --dir.");
        SandboxFile sandbox = SandboxFile.Read(folder);
        if (sandbox.Nodes.Count == 0) throw CommandFailure.Environment($"the sandbox in {folder} has no node.");
        bool isLost = sandbox.AttachedPid is int command && !NodeProcess.IsCommandAlive(command);
        if (isLost) return sandbox;
        foreach (SandboxNode node in sandbox.Nodes)
        {
            using NodeProcess? running = NodeProcess.Find(node.Pid, sandbox.PathOf(node.Config), "");
            if (running is { HasExited: false })
            {
                throw CommandFailure.Environment(
                    $"the sandbox in {folder} is running ({node.Name} is process {node.Pid}). Stop it with "
                    + $"./curia sandbox stop --dir {folder}, or choose another folder with --dir.");
            }
        }

        if (!File.Exists(sandbox.PathOf(sandbox.ServiceCertificate)))
        {
            throw CommandFailure.Environment(
                $"the network of the sandbox in {folder} is not founded yet: its nodes are started by hand, as "
                + "--prepare has printed. Or choose another folder with --dir.");
        }

        return sandbox;
    }

    /// <summary>Refuses what an earlier sandbox is not.</summary>
    public static void RefuseOtherShape(SandboxOptions options, SandboxFile earlier)
    {
        string? other = options.Members is int members && members != earlier.Members.Count ? $"--members {members}"
            : options.Users is int users && users != earlier.Users.Count ? $"--users {users}"
            : options.App is string app && app != earlier.App ? $"--app {app}"
            : options.Nodes is int nodes && nodes != earlier.Nodes.Count ? $"--nodes {nodes}"
            : null;
        if (other is null) return;
        throw CommandFailure.WrongUsage(
            $"{other}: the sandbox in {earlier.Folder} has {earlier.Nodes.Count} nodes, {earlier.Members.Count} "
            + $"members, {earlier.Users.Count} users and the application {earlier.App}. Leave it out to go on with "
            + "that, or choose another folder with --dir. Nodes come and go with ./curia node add and retire.");
    }

    /// <summary>Ends nodes whose command was killed: nobody is left who would, and they hold ledgers and
    /// ports.</summary>
    /// <returns>Their processes.</returns>
    public static IReadOnlyList<int> EndLostNodes(SandboxFile sandbox, TimeSpan patience)
    {
        List<NodeProcess> lost = [];
        foreach (SandboxNode node in sandbox.Nodes)
        {
            NodeProcess? process = NodeProcess.Find(node.Pid, sandbox.PathOf(node.Config), "");
            if (process is { HasExited: false }) lost.Add(process);
            else process?.Dispose();
        }

        Task.WhenAll(lost.Select(process => process.StopAsync(patience))).GetAwaiter().GetResult();
        int[] pids = [.. lost.Select(process => process.Pid)];
        lost.ForEach(process => process.Dispose());
        return pids;
    }

    /// <summary>Copies a file, whole or not at all; one that is not there is passed over.</summary>
    public static void Copy(string from, string to)
    {
        if (!File.Exists(from) || Path.GetFullPath(from) == Path.GetFullPath(to)) return;
        string next = $"{to}.{Environment.ProcessId}";
        try
        {
            File.Copy(from, next, overwrite: true);
            File.Move(next, to, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CommandFailure.File("write", to, e);
        }
    }
}
