using System;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Networks;
using Curia.Client;

namespace Curia.Cli.Sandbox;

/// <summary>Waits until the nodes of an earlier sandbox, all of them started again, have agreed on their ledgers and
/// serve. A minority may be missing.</summary>
/// <param name="nodes">The nodes, started.</param>
/// <param name="image">The program that they run.</param>
/// <param name="say">Takes a line for people.</param>
/// <param name="remember">Writes down what is known, and gives it.</param>
internal sealed class SandboxRestart(
    IReadOnlyList<LocalNode> nodes, string image, Action<string> say, Func<SandboxFile> remember)
{
    // Reading a ledger back takes as long as it is large; the logs show that it goes on.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(30);

    // Nodes that take part in a restart open together; who has not by then was away when the network went on.
    private static readonly TimeSpan OutsiderAfter = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan StragglerPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);

    private readonly HashSet<LocalNode> open = [];
    private readonly HashSet<LocalNode> missing = [];
    private readonly HashSet<LocalNode> asked = [];

    /// <summary>Waits.</summary>
    /// <param name="onFirst">Takes the first node that is open.</param>
    /// <param name="cancel">Ends it early.</param>
    public async Task WaitAsync(Action<LocalNode> onFirst, CancellationToken cancel)
    {
        long start = Environment.TickCount64;
        long? openSince = null;
        while (open.Count + missing.Count < nodes.Count)
        {
            foreach (LocalNode node in nodes) Look(node, onFirst);
            long now = Environment.TickCount64;
            if (open.Count * 2 > nodes.Count) openSince ??= now;
            if (openSince is long since && now - since > OutsiderAfter.TotalMilliseconds)
                await AdmitOutsidersAsync(cancel).ConfigureAwait(false);
            if (openSince + StragglerPatience.TotalMilliseconds < now) GiveUp();
            if (now - start > Patience.TotalMilliseconds) throw TooLate();
            await Task.Delay(Pause, cancel).ConfigureAwait(false);
        }
    }

    private void Look(LocalNode node, Action<LocalNode> onFirst)
    {
        if (open.Contains(node) || missing.Contains(node)) return;
        if (node.IsOpen)
        {
            if (open.Count == 0) onFirst(node);
            open.Add(node);
            if (nodes.Count > 1) say($"{open.Count} of {nodes.Count} nodes are open: {node.Name}");
            return;
        }

        if (!node.HasEnded) return;
        missing.Add(node);
        string what = $"{node.Name} stopped before it was open. {node.LastWords()}";
        if ((nodes.Count - missing.Count) * 2 <= nodes.Count) throw CommandFailure.Environment(what);
        say($"{what} The others go on without it.");
    }

    // It has no ledger that counts, so it comes in as a new node does. Whom its settings tell it to ask are processes
    // that have ended, so it is told of those of now.
    private async Task AdmitOutsidersAsync(CancellationToken cancel)
    {
        foreach (LocalNode node in nodes.Except(open).Except(missing).Except(asked).ToArray())
        {
            if (node.IsOpen || node.IdentityIfThere() is not { } before) continue;
            asked.Add(node);
            SandboxFile sandbox = remember();
            using CuriaClient client = Network.Of(sandbox).At(open.First().Name).Connect();
            IReadOnlyList<NetworkNode> known = await NetworkNodes.OfAsync(client, cancel).ConfigureAwait(false);
            if (known.Any(one => one.Id == before.Id)) continue;
            NetworkGovernance governance = await NetworkGovernance.OfAsync(client, cancel).ConfigureAwait(false);
            await node.Process!.StopAsync(StopTimeout).ConfigureAwait(false);
            NodeSettings settings = node.Settings();
            NodeIdentity[] living = [.. open.Select(one => one.IdentityIfThere()).OfType<NodeIdentity>()];
            node.Write(settings.Joining(governance, living));
            node.Start(image, isAlone: false);
            NodeIdentity identity = await node.WaitForIdentityAsync(StopTimeout, cancel).ConfigureAwait(false);
            NodeChangeState state = await NodeAdmission.SignAsync(
                client, remember(), $"{governance.Network}", identity, settings, NodeAdmission.Voter, cancel)
                .ConfigureAwait(false);
            say($"{node.Name} was away when the others went on: {state.Approvals} of {sandbox.Members.Count} members "
                + "have admitted it as a new node");
        }
    }

    private void GiveUp()
    {
        foreach (LocalNode node in nodes.Except(open).Except(missing).ToArray())
        {
            missing.Add(node);
            say($"{node.Name} is not open yet; the others go on without it. Its log is {node.LogPath}.");
        }
    }

    private CommandFailure TooLate()
    {
        LocalNode node = nodes.First(one => !open.Contains(one));
        return CommandFailure.Environment(
            $"{node.Name} was not open after {Patience.TotalMinutes:0} minutes. {node.LastWords()}");
    }
}
