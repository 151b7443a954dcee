using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cli.Networks;
using Curia.Client;

namespace Curia.Cli.Sandbox;

/// <summary>Nodes that join and leave a sandbox while it is open.</summary>
/// <param name="sandbox">The sandbox.</param>
/// <param name="say">Takes a line for people.</param>
/// <param name="cancel">Ends it early.</param>
internal sealed class SandboxMembership(SandboxFile sandbox, Action<string> say, CancellationToken cancel)
{
    // The new node fetches the whole ledger; its log shows that it goes on.
    private static readonly TimeSpan JoinTimeout = TimeSpan.FromMinutes(30);
    private static readonly TimeSpan IdentityTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan RetireTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    /// <summary>Starts another node and has the members admit it.</summary>
    /// <returns>What sandbox.json says of it.</returns>
    public async Task<SandboxNode> AddAsync(string role)
    {
        Network network = Network.Of(sandbox);
        (NetworkGovernance governance, IReadOnlyList<NetworkNode> known) = await network.OnAnyNodeAsync(async client =>
            (await NetworkGovernance.OfAsync(client, cancel).ConfigureAwait(false),
                await NetworkNodes.OfAsync(client, cancel).ConfigureAwait(false))).ConfigureAwait(false);
        int number = Enumerable.Range(0, int.MaxValue)
            .First(one => !Directory.Exists(sandbox.PathOf(LocalNode.NameOf(one))));
        using LocalNode node = new(sandbox.Folder, LocalNode.NameOf(number));
        node.Write(SettingsOf(node.Name, number, governance, known));
        bool isAdmitted = false;
        try
        {
            node.Start(ProgramFiles.ApplicationImage(sandbox.App), isAlone: false);
            NodeIdentity identity = await node.WaitForIdentityAsync(IdentityTimeout, cancel).ConfigureAwait(false);
            Remember(file => [.. file.Nodes, node.Entry()]); // from now on whoever stops the sandbox finds it
            say($"{node.Name} has made its key: it is node {identity.Id}");
            NodeChangeState state = await network.OnAnyNodeAsync(client => NodeAdmission.SignAsync(
                client, sandbox, $"{governance.Network}", identity, node.Settings(), role, cancel))
                .ConfigureAwait(false);
            isAdmitted = true;
            say($"{state.Approvals} of {sandbox.Members.Count} members have admitted it; it fetches the ledger");
            await node.WaitUntilOpenAsync(JoinTimeout, cancel).ConfigureAwait(false);
            if (role == NodeAdmission.Voter) await WaitUntilItVotesAsync(network, identity.Id).ConfigureAwait(false);
            TellFounder(governance, identity);
            SandboxNode entry = node.Entry();
            Remember(file => [.. file.Nodes.Where(one => one.Name != entry.Name), entry]);
            return entry;
        }
        catch (CommandFailure e) when (isAdmitted)
        {
            throw CommandFailure.Environment(
                $"{e.Message} The members have admitted it, so it counts: mend what {node.LogPath} says, or be rid of "
                + $"it with ./curia node retire {node.Name} --dir {sandbox.Folder}.", e);
        }
        catch (Exception) when (!isAdmitted)
        {
            await GiveUpAsync(node).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Has the members retire a node, waits until the others go on without it, and stops its
    /// process.</summary>
    /// <param name="asked">Its name in the sandbox, its id, or how its id begins.</param>
    /// <returns>Its id.</returns>
    public async Task<string> RetireAsync(string asked)
    {
        SandboxNode? entry = sandbox.Nodes.FirstOrDefault(node => node.Name == asked);
        Network network = Network.Of(sandbox);
        IReadOnlyList<NetworkNode> known = await network
            .OnAnyNodeAsync(client => NetworkNodes.OfAsync(client, cancel)).ConfigureAwait(false);
        if (entry is null && asked.StartsWith(LocalNode.Prefix, StringComparison.Ordinal))
            throw CommandFailure.Refused(
                $"the sandbox in {sandbox.Folder} has no {asked}, only "
                + $"{string.Join(", ", sandbox.Nodes.Select(one => one.Name))}.");
        NetworkNode? node =
            entry is null ? known.Find(asked) : known.FirstOrDefault(one => one.Id == entry.Id);
        entry ??= sandbox.Nodes.FirstOrDefault(one => one.Id == node?.Id);

        // The one that leaves is asked last: it is the least likely to answer.
        if (entry is not null && network.Nodes.Count > 1)
        {
            network = network with
            {
                Nodes = [.. network.Nodes.Where(one => one.Name != entry.Name), .. network.At(entry.Name).Nodes],
            };
        }

        if (node is { IsRetired: false })
        {
            NodeChangeState state = await network.OnAnyNodeAsync(async client => await NodeChange
                .Retire(await NetworkNodes.NetworkAsync(client, cancel).ConfigureAwait(false), node.Id)
                .SignAsync(client, sandbox, cancel).ConfigureAwait(false)).ConfigureAwait(false);
            say($"{state.Approvals} of {sandbox.Members.Count} members have retired it");
            await network.OnAnyNodeAsync(client => WaitUntilRetiredAsync(client, node.Id)).ConfigureAwait(false);
        }

        if (entry is not null) await StopAsync(entry).ConfigureAwait(false);
        return node?.Id ?? entry!.Id;
    }

    private NodeSettings SettingsOf(
        string name, int number, NetworkGovernance governance, IReadOnlyList<NetworkNode> known)
    {
        LocalNode[] living = [.. sandbox.Nodes
            .Where(entry => known.Any(node => node.Id == entry.Id && node.IsTrusted))
            .Select(entry => new LocalNode(sandbox.Folder, entry.Name))];
        NodeIdentity[] identities = [.. living.Select(node => node.IdentityIfThere()).OfType<NodeIdentity>()];
        if (identities.Length == 0)
            throw CommandFailure.Environment(
                $"no node of the sandbox in {sandbox.Folder} says where it hears others: its identity.json is missing. "
                + "Stop the sandbox and start it again.");
        NodeSettings like = living[0].Settings();
        int[] taken = [.. sandbox.Nodes.Select(entry => new LocalNode(sandbox.Folder, entry.Name).Settings().Port)];
        int next = like.Port + number - NumberOf(living[0].Name);
        int port = Ports.IsFree(next) && !taken.Contains(next) ? next : Ports.Free(1)[0];
        foreach (LocalNode node in living) node.Dispose();
        return like.Joiner(name, port, Ports.Free(1)[0], governance, identities);
    }

    // Should the founder lose its ledger, it must not found another network.
    private void TellFounder(NetworkGovernance governance, NodeIdentity joined)
    {
        foreach (SandboxNode entry in sandbox.Nodes)
        {
            using LocalNode node = new(sandbox.Folder, entry.Name);
            NodeSettings settings = node.Settings();
            if (settings.IsFounder) node.Write(settings.Joining(governance, [joined]));
        }
    }

    private static int NumberOf(string name) =>
        int.TryParse(name.AsSpan(LocalNode.Prefix.Length), out int number) ? number : 0;

    // It serves a moment before: who relied on it then would find the others without it.
    private async Task WaitUntilItVotesAsync(Network network, string id)
    {
        long deadline = Environment.TickCount64 + (long)JoinTimeout.TotalMilliseconds;
        while (Environment.TickCount64 < deadline)
        {
            IReadOnlyList<NetworkNode> known = await network
                .OnAnyNodeAsync(client => NetworkNodes.OfAsync(client, cancel)).ConfigureAwait(false);
            if (known.Any(one => one.Id == id && one.IsTrusted)) return;
            await Task.Delay(Pause, cancel).ConfigureAwait(false);
        }

        throw CommandFailure.Environment(
            $"node {id} serves, and has no vote after {JoinTimeout.TotalSeconds:0} s. Do more than half of the others "
            + "live? ./curia call GET /node/network/nodes tells.");
    }

    private async Task<bool> WaitUntilRetiredAsync(CuriaClient client, string id)
    {
        long deadline = Environment.TickCount64 + (long)RetireTimeout.TotalMilliseconds;
        while (true)
        {
            IReadOnlyList<NetworkNode> known = await NetworkNodes.OfAsync(client, cancel).ConfigureAwait(false);
            bool isGone = known.Any(node => node.Id == id && node.IsRetired)
                && await NetworkNodes.MayStopAsync(client, id, cancel).ConfigureAwait(false);
            if (isGone) return true;
            if (Environment.TickCount64 > deadline)
                throw CommandFailure.Environment(
                    $"the members have retired {id}, and after {RetireTimeout.TotalSeconds:0} s the network has not "
                    + "let it go. Do more than half of the nodes live? ./curia call GET /node/network/nodes tells.");
            await Task.Delay(Pause, cancel).ConfigureAwait(false);
        }
    }

    private async Task StopAsync(SandboxNode entry)
    {
        // Whoever stays with the sandbox must not take its end for a loss.
        Remember(file => [.. file.Nodes.Where(node => node.Name != entry.Name)]);
        using NodeProcess? process = NodeProcess.Find(entry.Pid, sandbox.PathOf(entry.Config), "");
        if (process is not { HasExited: false }) return;
        if (!await process.StopAsync(StopTimeout).ConfigureAwait(false))
            say($"{entry.Name}, process {entry.Pid}, did not stop within {StopTimeout.TotalSeconds:0} s and was "
                + "killed.");
    }

    private async Task GiveUpAsync(LocalNode node)
    {
        Remember(file => [.. file.Nodes.Where(one => one.Name != node.Name)]);
        if (node.Process is { HasExited: false }) await node.Process.StopAsync(StopTimeout).ConfigureAwait(false);
        try
        {
            Directory.Delete(node.Folder, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The failure that brought us here is the one to tell.
        }
    }

    // From the file as it is now: another command may have changed it meanwhile.
    private void Remember(Func<SandboxFile, IReadOnlyList<SandboxNode>> nodes)
    {
        SandboxFile file = SandboxFile.Read(sandbox.Folder);
        (file with { Nodes = nodes(file) }).Write();
    }
}
