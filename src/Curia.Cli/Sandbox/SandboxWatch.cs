using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Networks;
using Curia.Client;

namespace Curia.Cli.Sandbox;

/// <summary>Stays with the nodes of a sandbox: tells of those that end, and takes up those that other commands add and
/// retire.</summary>
/// <param name="setup">The nodes.</param>
/// <param name="folder">The folder of the sandbox.</param>
/// <param name="dir">How the sandbox is named in commands.</param>
/// <param name="say">Takes a line for people.</param>
internal sealed class SandboxWatch(SandboxSetup setup, string folder, string dir, Action<string> say)
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);

    private readonly HashSet<LocalNode> lost = [];
    private readonly HashSet<LocalNode> stopped = [];
    private DateTime read;

    /// <summary>Watches until it is cancelled, or all nodes were stopped by somebody.</summary>
    /// <exception cref="CommandFailure">No majority of the nodes lives.</exception>
    public async Task UntilEndAsync(CancellationToken cancel)
    {
        try
        {
            while (setup.Nodes.Any(node => !node.HasEnded))
            {
                await Task.Delay(Pause, cancel).ConfigureAwait(false);
                TakeUpChanges();
                foreach (LocalNode node in setup.Nodes.Where(node => node.HasEnded).ToArray())
                    await TellAsync(node, cancel).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Ctrl-C: the normal end.
        }
    }

    /// <summary>Takes up what other commands have changed.</summary>
    public void TakeUpChanges()
    {
        string path = Path.Combine(folder, SandboxFile.Name);
        DateTime written = File.GetLastWriteTimeUtc(path);
        if (written == read || !File.Exists(path)) return;
        read = written;
        setup.TakeUp(SandboxFile.Read(folder), say);
    }

    private async Task TellAsync(LocalNode node, CancellationToken cancel)
    {
        if (lost.Contains(node) || stopped.Contains(node)) return;
        SandboxFile sandbox = SandboxFile.Read(folder);
        IReadOnlyList<NetworkNode> known = await KnownAsync(sandbox, cancel).ConfigureAwait(false);
        string id = IdOf(node, sandbox);
        if (id.Length == 0 || known.Any(one => one.Id == id && one.IsRetired))
        {
            stopped.Add(node);
            say($"{node.Name} has left the network.");
            return;
        }

        if (node.Process?.ExitCode == ExitCode.Done)
        {
            stopped.Add(node);
            if (setup.Nodes.Count > 1) say($"{node.Name} was stopped.");
            return;
        }

        lost.Add(node);
        LocalNode[] voters = [.. setup.Nodes.Where(one => Votes(one, sandbox, known))];
        int alive = voters.Count(one => !one.HasEnded);
        string how = node.Process?.ExitCode is int code ? $" with exit code {code}" : "";
        string what = $"{node.Name} ended by itself{how}.";
        if (alive * 2 <= voters.Length)
            throw CommandFailure.Environment(setup.Nodes.Count == 1
                ? what
                : $"{what} {alive} of {voters.Length} nodes that vote live: no majority, so nothing can commit.");
        say($"{what} The network goes on with {alive} of {voters.Length} nodes. Replace it: ./curia node add{dir} && "
            + $"./curia node retire {node.Name}{dir}");
    }

    private static string IdOf(LocalNode node, SandboxFile sandbox) =>
        sandbox.Nodes.FirstOrDefault(entry => entry.Name == node.Name)?.Id ?? "";

    // Where no node is left that could tell, all count.
    private static bool Votes(LocalNode node, SandboxFile sandbox, IReadOnlyList<NetworkNode> known) =>
        known.Count == 0 || known.Any(one => one.IsTrusted && one.Id == IdOf(node, sandbox));

    // Who has retired is not lost. Whichever node lives can tell.
    private async Task<IReadOnlyList<NetworkNode>> KnownAsync(SandboxFile sandbox, CancellationToken cancel)
    {
        foreach (LocalNode node in setup.Nodes.Where(node => !node.HasEnded))
        {
            if (sandbox.Nodes.All(entry => entry.Name != node.Name)) continue;
            try
            {
                using CuriaClient client = Network.Of(sandbox).At(node.Name).Connect();
                return await NetworkNodes.OfAsync(client, cancel).ConfigureAwait(false);
            }
            catch (Exception e) when (e is CuriaClientException or CommandFailure)
            {
                // The next one may answer.
            }
        }

        return [];
    }
}
