using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Curia.Host.Peers;
using Curia.Node;

namespace Curia.Host;

/// <summary>What a process begins with: a new network, the ledger that an earlier process left, or the ledger of a
/// network that it joins.</summary>
/// <param name="Node">The node, not started.</param>
/// <param name="Files">The files of its ledger that are there already.</param>
/// <param name="IsNewLedger">Whether it begins a network.</param>
internal sealed record NodeBeginning(CuriaNode Node, IReadOnlyList<FinishedChunk> Files, bool IsNewLedger)
{
    /// <summary>Finds out which, and reads and verifies what there is.</summary>
    /// <returns>Null when the process is asked to end meanwhile.</returns>
    /// <exception cref="StartFailure">What is on disk, or what was sent, cannot be believed.</exception>
    public static async Task<NodeBeginning?> FindAsync(
        NodeConfiguration configuration, NodeSetup setup, SealedFiles sealedFiles, NodePeers? peers, HostLog log,
        Shutdown shutdown)
    {
        try
        {
            return configuration.Join is { } join
                ? await JoinAsync(configuration.Ledger, join, setup, peers!, log, shutdown).ConfigureAwait(false)
                : GoOn(configuration, setup, sealedFiles, log, shutdown);
        }
        catch (OperationCanceledException asked) when (shutdown.Requested.IsCompleted)
        {
            log.Info(asked is TaskCanceledException
                ? "The node ends before it has joined the network."
                : asked.Message);
            return null;
        }
    }

    private static NodeBeginning GoOn(
        NodeConfiguration configuration, NodeSetup setup, SealedFiles sealedFiles, HostLog log, Shutdown shutdown)
    {
        LedgerReading reading = LedgerReading.Read(
            configuration.Ledger, () => sealedFiles.Read(setup.SealingKey!), setup.Genesis, setup.Platform, log,
            () => shutdown.Requested.IsCompleted);
        bool isNew = reading.Replay is null;
        try
        {
            IReadOnlyList<FinishedChunk> finished = reading.Finish();
            if (isNew) StartChecks.NothingElse("ledger", configuration.Ledger);
            return new NodeBeginning(new CuriaNode(setup, reading.Replay), finished, isNew);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"The ledger in {configuration.Ledger} cannot be made good",
                e.Message.TrimEnd('.'), "Look at the disk, make room, or correct permissions");
        }
    }

    private static async Task<NodeBeginning> JoinAsync(
        string folder, JoinConfiguration join, NodeSetup setup, NodePeers peers, HostLog log, Shutdown shutdown)
    {
        using CancellationTokenSource ending = new();
        Task asked = shutdown.Requested.ContinueWith(
            _ => ending.Cancel(), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously,
            TaskScheduler.Default);
        peers.Set(join.Nodes);
        peers.Network.SetNetwork(join.Network);
        LedgerSource source = new(peers, [.. join.Nodes.Keys], log);
        log.Info($"This is node {peers.Network.NodeId}, at {peers.Address} for other nodes. It joins the network "
            + $"{join.Network}.");
        (LedgerSurvey survey, IReadOnlyList<FinishedChunk> files) = await LedgerFetch
            .RunAsync(folder, join.Network, source.FetchAsync, log, ending.Token).ConfigureAwait(false);
        if (asked.IsCompleted) ending.Token.ThrowIfCancellationRequested();
        return new NodeBeginning(new CuriaNode(setup, survey), files, IsNewLedger: false);
    }
}
