using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Governance;
using Curia.Host.Peers;
using Curia.Ledger;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>What a process begins with: a new network, the ledger that an earlier process left, or the ledger of a
/// network that it joins.</summary>
/// <param name="Node">The node, not started.</param>
/// <param name="Files">The files of its ledger that are there already.</param>
/// <param name="IsNewLedger">Whether it begins a network.</param>
internal sealed record NodeBeginning(CuriaNode Node, IReadOnlyList<FinishedChunk> Files, bool IsNewLedger)
{
    /// <summary>What has to be done once the node has started; ends by itself.</summary>
    public Func<CancellationToken, Task> AfterStart { get; private init; } = _ => Task.CompletedTask;

    /// <summary>Finds out which, and reads and verifies what there is.</summary>
    /// <returns>Null when the process is asked to end meanwhile.</returns>
    /// <exception cref="StartFailure">What is on disk, or what was sent, cannot be believed.</exception>
    public static async Task<NodeBeginning?> FindAsync(
        NodeConfiguration configuration, Charter? charter, NodeSetup setup, SealedFiles sealedFiles, DiskFile disk,
        NodePeers? peers, HttpFrontend frontend, HostLog log, Shutdown shutdown)
    {
        Search search = new(configuration, charter, setup, sealedFiles, disk, peers, frontend, log, shutdown);
        try
        {
            return await search.RunAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException asked) when (shutdown.Requested.IsCompleted)
        {
            log.Info(asked.CancellationToken.IsCancellationRequested
                ? "The node ends before it is part of the network."
                : asked.Message);
            return null;
        }
    }

    private sealed class Search(
        NodeConfiguration configuration, Charter? charter, NodeSetup setup, SealedFiles sealedFiles, DiskFile disk,
        NodePeers? peers, HttpFrontend frontend, HostLog log, Shutdown shutdown)
    {
        // A founder that gives nothing for so long has ended.
        private static readonly TimeSpan FounderTime = TimeSpan.FromMinutes(1);

        private string Folder => configuration.Ledger;

        public async Task<NodeBeginning> RunAsync()
        {
            LedgerReading reading;
            try
            {
                reading = LedgerReading.Read(
                    Folder, () => sealedFiles.Read(RequireSealing()), setup.Genesis, setup.Platform, log,
                    () => shutdown.Requested.IsCompleted);
            }
            catch (StartFailure failure) when (configuration.Join is not null)
            {
                // Of a process that had not been told the secrets, for example: the others have them.
                log.Warning($"{failure.Message} It is fetched from the network instead, as far as it is not there.");
                return await JoinAsync(configuration.Join.Network, configuration.Join.Nodes, cutsFork: false,
                    shutdown.Token).ConfigureAwait(false);
            }

            if (reading.Replay is null && configuration.Join is { } join)
                return await JoinAsync(join.Network, join.Nodes, cutsFork: false, shutdown.Token).ConfigureAwait(false);
            if (reading.Replay is null && charter is not null)
                return await EstablishAsync(reading, charter, shutdown.Token).ConfigureAwait(false);
            RequireFormat(reading.Replay?.Format ?? LedgerFormat.Oldest);
            if (reading.Replay is not { IsAlone: false } replay) return Alone(reading);
            if (peers is null)
            {
                throw new StartFailure($"The node cannot go on with the ledger in {Folder}",
                    "its newest configuration is not the one node whose secrets are here",
                    "Say in peers where this node hears the others");
            }

            return await RestartAsync(reading, replay, shutdown.Token).ConfigureAwait(false);
        }

        private async Task<NodeBeginning> EstablishAsync(
            LedgerReading reading, Charter by, CancellationToken cancel)
        {
            IReadOnlyList<FinishedChunk> files = Finish(reading);
            StartChecks.NothingElse("ledger", Folder);
            sealedFiles.RemoveAll();
            string address = by.Content.Slots[configuration.Establishment!.Slot].Address;
            if (peers!.Address != address)
            {
                throw new StartFailure($"The node cannot found a network in slot {configuration.Establishment.Slot}",
                    $"other nodes look for it at {address}, and it is at {peers.Address}",
                    "Set peers.address, or peers.published, to the address of the slot");
            }

            using Establishing establishing = new(
                peers, by, configuration.Establishment, (EcdsaSigner)setup.NodeKey, setup.Evidence!,
                setup.LedgerFormat, setup.Entropy, log);
            frontend.Show(TlsIdentity.OfNode((EcdsaSigner)setup.NodeKey, setup.Entropy), new(establishing.Report));
            EstablishmentOutcome outcome = await establishing.RunAsync(cancel).ConfigureAwait(false);
            FoundingAgreement agreement = outcome.Agreement;
            Opener[] others = [.. establishing.OthersOf(agreement)];
            disk.Add(peers.Network.NodeId);
            if (outcome is EstablishmentOutcome.Follow follow)
            {
                if (setup.SealingKey is not null) Keep(follow.Told);
                CuriaNode member = new(setup, agreement, follow.Told);
                return new NodeBeginning(member, files, IsNewLedger: true)
                {
                    AfterStart = stop => FirstBeginning().AwaitAsync(
                        others.Single(one => one.Node == agreement.Primary), () => member.View.IsOpen,
                        () => member.View.Primary is not null, stop),
                };
            }

            IReadOnlyList<SecretBytes> contributions = ((EstablishmentOutcome.Lead)outcome).Contributions;
            MixedEntropy mixed = new(setup.Entropy, contributions);
            CuriaNode primary = new(setup with { Entropy = mixed }, agreement, told: null);
            return new NodeBeginning(primary, files, IsNewLedger: true)
            {
                AfterStart = stop => FirstBeginning().TellAsync(
                    others, PeerCalls.Found, primary.SecretsFor, () => primary.View.IsOpen, stop),
            };
        }

        private SecretBytes RequireSealing() => setup.SealingKey ?? throw new StartFailure(
            $"The node cannot go on with the ledger in {Folder}",
            $"on the platform {setup.Platform} nothing is sealed for the next process",
            "Let it join a network that lives: write join, and have members admit it");

        private void RequireFormat(int written)
        {
            if (written <= setup.LedgerFormat) return;
            throw new StartFailure($"The ledger in {Folder} cannot be read",
                $"FormatTooNew: it is written in format {written} and this node reads up to {setup.LedgerFormat}",
                "Start a newer version of the program, or take consensus.ledger_format out of the configuration");
        }

        private NodeBeginning Alone(LedgerReading reading)
        {
            IReadOnlyList<FinishedChunk> finished = Finish(reading);
            bool isNew = reading.Replay is null;
            if (isNew) StartChecks.NothingElse("ledger", Folder);
            if (peers is not null) disk.Add(peers.Network.NodeId);
            return new NodeBeginning(new CuriaNode(setup, reading.Replay), finished, isNew);
        }

        private IReadOnlyList<FinishedChunk> Finish(LedgerReading reading)
        {
            try
            {
                return reading.Finish();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new StartFailure($"The ledger in {Folder} cannot be made good", e.Message.TrimEnd('.'),
                    "Look at the disk, make room, or correct permissions");
            }
        }

        private async Task<NodeBeginning> RestartAsync(
            LedgerReading reading, LedgerReplay replay, CancellationToken cancel)
        {
            IReadOnlyList<FinishedChunk> files = Finish(reading);
            NodeId self = peers!.Network.NodeId;
            peers.Network.SetNetwork(replay.Genesis);
            disk.Add(self);
            NodeId[] earlier = [.. disk.Nodes.Append(replay.Sealed!.NodeId).Distinct()];
            using ColdRestart restart = new(setup, replay, earlier, disk.Promised);
            ColdRestarting restarting = new(peers, restart, disk, Keep, log);
            RestartOutcome outcome = await restarting.RunAsync(cancel).ConfigureAwait(false);
            switch (outcome)
            {
                case RestartOutcome.Found found:
                    CuriaNode founder = new(setup, replay, found.Formation);
                    peers.Expect(found.Formation.Members.Where(one => one.Node != self)
                        .ToDictionary(one => one.Node, one => one.PeerAddress));
                    return new NodeBeginning(founder, files, IsNewLedger: false)
                    {
                        AfterStart = stop => Beginning().TellAsync(
                            found.Formation, founder.SecretsFor, () => founder.View.IsOpen, stop),
                    };
                case RestartOutcome.Follow follow:
                    // They are expected until the first block of the epoch is here: what is fetched before it does not
                    // know them.
                    peers.Expect(follow.Members);
                    if (follow.Founder.Last == replay.Last)
                    {
                        CuriaNode member = new(setup, LedgerSurvey.Of(replay));
                        replay.Dispose();
                        return Following(follow.Founder, new NodeBeginning(member, files, IsNewLedger: false));
                    }

                    replay.Dispose();
                    return Following(follow.Founder, await FetchAsync(
                        restart.Own.Network, [follow.Founder.Node], cutsFork: true, () => { }, cancel, FounderTime)
                        .ConfigureAwait(false));
                case RestartOutcome.Join join:
                    replay.Dispose();
                    log.Info("The network lives; this process joins it as a new node.");
                    return await JoinAsync(restart.Own.Network, join.Nodes, cutsFork: true, cancel)
                        .ConfigureAwait(false);
                default:
                    throw new UnreachableException($"Outcome {outcome.GetType().Name} has no arm");
            }
        }

        private NodeBeginning Following(RestartClaim founder, NodeBeginning begun) => begun with
        {
            AfterStart = stop => Beginning().AwaitAsync(
                founder, () => begun.Node.View.IsOpen, () => begun.Node.View.Primary is not null, stop),
        };

        // As if the process were killed: what it has stored stays, and the next one begins with that.
        private EpochBeginning Beginning() => new(peers!, log, End);

        // What was agreed on has as long as the agreement had, and no longer than other beginnings.
        private EpochBeginning FirstBeginning()
        {
            int most = Math.Min(60, configuration.Establishment!.DeadlineSeconds);
            return new EpochBeginning(peers!, log, End, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(most));
        }

        private void End(string reason)
        {
            log.Error(reason);
            log.Dispose(); // writes what waits
            Environment.Exit(3);
        }

        private void Keep(SealedSecrets told)
        {
            SecretPeriod newest = told.Periods[^1];
            sealedFiles.Write(new Effect.StoreSecrets(
                SealedSecrets.FileName(newest.From, newest.ServiceKeyId),
                told.Seal(RequireSealing(), setup.Entropy)));
        }

        private Task<NodeBeginning> JoinAsync(
            Digest network, IReadOnlyDictionary<NodeId, string> nodes, bool cutsFork, CancellationToken cancel)
        {
            peers!.Probed = null;
            log.Info($"This is node {peers.Network.NodeId}, at {peers.Address} for other nodes. It joins the network "
                + $"{network}.");
            peers.Set(nodes);

            // What was stored and not committed is dropped, once the network has answered: from then on the disk must
            // not count any more for who stored it.
            void Answered() => disk.Reset(peers.Network.NodeId);
            return FetchAsync(network, [.. nodes.Keys], cutsFork, Answered, cancel, asNew: true);
        }

        // Before it takes a secret, or serves anything. Who goes on with a disk of the network is no new node.
        private void RequireApproval(Digest network, LedgerSurvey survey)
        {
            if (survey.FindObjection(configuration.Join?.Governance) is not { } objection) return;
            throw new StartFailure($"The node does not join the network {network}", objection,
                "Its owner looks at it with ./curia charter diff CHARTER --from URL, and writes the digest that it "
                + "shows as join.governance");
        }

        private async Task<NodeBeginning> FetchAsync(
            Digest network, IReadOnlyList<NodeId> sources, bool cutsFork, Action answered, CancellationToken cancel,
            TimeSpan? patience = null, bool asNew = false)
        {
            peers!.Network.SetNetwork(network);
            LedgerSource source = new(peers, sources, log, patience);
            (LedgerSurvey survey, IReadOnlyList<FinishedChunk> files) = await LedgerFetch
                .RunAsync(Folder, network, source.FetchAsync, source.Avoid, cutsFork, answered, log, cancel)
                .ConfigureAwait(false);
            RequireFormat(survey.Format);
            if (asNew) RequireApproval(network, survey);
            return new NodeBeginning(new CuriaNode(setup, survey), files, IsNewLedger: false);
        }
    }
}
