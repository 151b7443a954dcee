using System;
using System.IO;
using System.Threading;
using System.Threading.Tasks;
using Curia.Attestation;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Evidence;
using Curia.Governance;
using Curia.Host.Peers;
using Curia.Node;
using Curia.Vocabulary;

namespace Curia.Host;

/// <summary>The shell around one node: everything that the deterministic core may not touch.</summary>
public static class CuriaHost
{
    private const string InsecureWarning =
        "INSECURE: platform 'virtual' is a simulation for development. Nothing protects keys or data from its host.";

    // After the drain time: sealing and storing one block. A disk that needs longer hangs.
    private static readonly TimeSpan LastBlockTime = TimeSpan.FromSeconds(10);

    // For who waits when the node ends by itself: the answer is there, it only has to reach the socket.
    private static readonly TimeSpan LastAnswersTime = TimeSpan.FromSeconds(1);

    // A step takes milliseconds; the digest of a whole state, which a snapshot begins with, may take seconds.
    private static readonly TimeSpan LastStepTime = TimeSpan.FromSeconds(10);

    /// <summary>Runs a node with an application until it is told to stop.</summary>
    /// <param name="args">The command line: <c>--config node.json [--disclose-data-keys FILE]</c>.</param>
    /// <param name="application">The application's endpoints.</param>
    /// <returns>The exit code: 0 drained, 2 wrong usage, 3 the environment failed.</returns>
    public static int Run(string[] args, EndpointTable application)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(application);
        if (args is ["--version"])
        {
            Console.WriteLine(ProgramVersion());
            return 0;
        }

        if (args is ["--help"] or ["-h"])
        {
            Console.WriteLine(HostArguments.Usage);
            return 0;
        }

        if (!HostArguments.TryParse(args, out HostArguments? arguments, out string wrong))
        {
            Console.Error.WriteLine($"Not understood: {wrong}. {HostArguments.Usage}");
            return 2;
        }

        try
        {
            return RunAsync(arguments!, application).GetAwaiter().GetResult();
        }
        catch (InvariantException broken)
        {
            Console.Error.WriteLine($"A promise of the program is broken: {broken.Message}");
            return 3;
        }
        catch (StartFailure failure)
        {
            Console.Error.WriteLine(failure.Message);
            return 3;
        }
    }

    private static async Task<int> RunAsync(HostArguments arguments, EndpointTable application)
    {
        // Read and check everything, and bind the sockets, before the first byte is written.
        NodeConfiguration configuration = NodeConfiguration.Read(arguments.Config);
        Charter? charter = configuration.Establishment is { } establishment ? CharterOf.Read(establishment) : null;
        if (charter is not null) configuration = CharterOf.Apply(charter, configuration);
        GenesisSettings genesis =
            charter is not null ? GenesisSettings.Of(charter) : GenesisMaterial.Read(configuration.Genesis);
        using Shutdown shutdown = new();
        using HostLog log = new(configuration.LogFormat, configuration.LogLevel);
        using HostMetrics metrics = new();
        using IDisposable ledgerLock = StartChecks.LockLedger(configuration.Ledger);
        await using HttpFrontend frontend = await HttpFrontend.BindAsync(configuration, log);
        OutputFiles output = OutputFiles.Prepare(configuration.Output);
        if (arguments.DiscloseDataKeys is string file)
            StartChecks.WritableFolder("data key", Path.GetDirectoryName(Path.GetFullPath(file))!);

        // The node's key, and with it the node: another one at each start.
        SystemEntropy entropy = new();
        EcdsaSigner nodeKey = EcdsaSigner.Generate(entropy);
        await using NodePeers? peers = configuration.Peers is { } listening
            ? await NodePeers.BindAsync(listening, nodeKey, entropy, log)
            : null;
        await using Attesting attesting = new(
            configuration.Attestation, Machine.Local(),
            charter?.Content.Platforms.ToAppraisalPolicy() ?? AppraisalPolicy.Strict, log);
        AttesterEvidence evidence;
        try
        {
            evidence = await AttestAsync(attesting, configuration, charter, nodeKey, shutdown.Token);
        }
        catch (OperationCanceledException)
        {
            return 0;
        }

        PublishedAddresses addresses = new(configuration.Listeners, frontend.Bound);
        if (attesting.Collateral is { } collateral) metrics.ObserveCollateral(collateral);
        if (peers is not null)
        {
            output.WriteIdentity(
                peers.Network.NodeId, peers.Address, addresses.HostsAndPorts, configuration.Consensus.LedgerFormat,
                evidence);
            metrics.ObservePeers(peers);
        }

        // What an earlier process left is read and verified whole before it is touched.
        bool isVirtual = configuration.Genesis.Platform == NodeSetup.VirtualPlatform;
        using SecretBytes? sealingKey = isVirtual ? VirtualPlatform.SealingKey() : null;
        SealedFiles sealedFiles = SealedFiles.Prepare(configuration.SealedSecrets);
        DiskFile disk = DiskFile.Read(configuration.SealedSecrets);
        NodeSetup setup =
            Setup(configuration, genesis, application, nodeKey, entropy, addresses, sealingKey, peers?.Address) with
            {
                Evidence = evidence,
                CurrentEvidence = attesting.Current,
            };
        NodeBeginning? begun = await NodeBeginning.FindAsync(
            configuration, charter, setup, sealedFiles, disk, peers, frontend, log, shutdown);
        if (begun is null)
        {
            output.Withdraw();
            return 0;
        }

        log.Info(attesting.Said);
        Parts parts = new(
            arguments, configuration, setup, nodeKey, frontend, addresses, peers, sealedFiles, output, metrics, log);
        return await ServeAsync(parts, begun, shutdown);
    }

    // The node, and what its effects are performed on.
    private static async Task<int> ServeAsync(Parts parts, NodeBeginning beginning, Shutdown shutdown)
    {
        (HostArguments arguments, NodeConfiguration configuration, NodeSetup setup, EcdsaSigner nodeKey,
            HttpFrontend frontend, PublishedAddresses addresses, NodePeers? peers, SealedFiles sealedFiles,
            OutputFiles output, HostMetrics metrics, HostLog log) = parts;
        SnapshotFiles.Prepare(configuration.Snapshots, beginning.IsNewLedger);
        CuriaNode node = beginning.Node;
        InputQueue inputs = new();
        using LedgerFiles ledger = LedgerFiles.Open(configuration.Ledger, beginning.Files, inputs.Add, metrics, log);
        SnapshotFiles snapshots = new(configuration.Snapshots, configuration.Limits.SnapshotsKept, inputs.Add, log);
        SnapshotSource? others = peers is null ? null : new SnapshotSource(peers, log);
        StateLoader states = new(ledger, snapshots, others, setup, log, inputs.Add);
        bool isOpen = false;
        bool areKeysDisclosed = false;
        NodeLoop loop = new(node, inputs, ledger, snapshots, sealedFiles, peers, states, metrics, log, open =>
        {
            if (arguments.DiscloseDataKeys is string path)
            {
                DataKeyDisclosure.Write(path, node, log);
                areKeysDisclosed = true;
            }

            output.Write(node.View.NodeId, open, addresses, peers?.Address);
            sealedFiles.RemoveOld();
            if (peers is not null) peers.Probed = null;
            frontend.Open(TlsIdentity.Join(open.NodeCertificate.Span, nodeKey));
            isOpen = true;
        });
        SessionMetrics sessions = new(frontend.Sessions);
        Forwarder? forwarder = peers is null ? null : new Forwarder(peers.Network, () => node.View);
        RequestHandling requests =
            new(node, loop, setup.Limits, configuration.Limits, metrics, sessions, log, forwarder);
        frontend.Handle(requests);
        peers?.Serve(new PeerService(node, inputs.TryAddMessage, ledger, snapshots, requests));
        metrics.ObserveNode(node, inputs);
        metrics.ObserveSessions(frontend.Sessions);
        if (setup.Platform == NodeSetup.VirtualPlatform) log.Warning(InsecureWarning);
        loop.Start();
        Task told = beginning.AfterStart(shutdown.Token);
        LoopEnd end = await UntilEndAsync(frontend, loop, shutdown, configuration.Limits, log);
        output.Withdraw();
        await frontend.StopAsync(LastAnswersTime);
        if (told.Exception is { InnerException: { } failure })
            log.Error($"The other nodes were not all told of the epoch: {Fault.Describe(failure)}");
        ClearKeys(loop, snapshots, node, nodeKey);
        if (!isOpen)
        {
            output.WithdrawAll();
            if (arguments.DiscloseDataKeys is string keys && areKeysDisclosed) DurableFiles.Remove(keys);
            ledger.Discard();
        }

        if (end.Reason is null) return 0;
        if (!isOpen)
            throw new StartFailure("The node did not open its service", end.Reason, "Correct this and start it again");
        log.Error(end.Reason);
        return 3;
    }

    private sealed record Parts(
        HostArguments Arguments, NodeConfiguration Configuration, NodeSetup Setup, EcdsaSigner NodeKey,
        HttpFrontend Frontend, PublishedAddresses Addresses, NodePeers? Peers, SealedFiles SealedFiles,
        OutputFiles Output, HostMetrics Metrics, HostLog Log);

    // A thread that does not end may be sealing: it keeps its keys, and the end of the process takes both.
    private static void ClearKeys(NodeLoop loop, SnapshotFiles snapshots, CuriaNode node, EcdsaSigner nodeKey)
    {
        if (!(loop.Stop(LastStepTime) & snapshots.Stop(LastStepTime))) return;
        node.Dispose();
        nodeKey.Dispose();
    }

    private static async Task<LoopEnd> UntilEndAsync(
        HttpFrontend frontend, NodeLoop loop, Shutdown shutdown, LimitsConfiguration limits, HostLog log)
    {
        if (await Task.WhenAny(loop.Ended, shutdown.Requested) == loop.Ended) return await loop.Ended;

        log.Info("The node stops: it takes no more requests, finishes those in flight and stores the last block.");
        await frontend.StopAsync(TimeSpan.FromSeconds(limits.DrainSeconds));
        loop.Drain();
        if (await Task.WhenAny(loop.Ended, Task.Delay(LastBlockTime)) == loop.Ended) return await loop.Ended;
        string time = $"{LastBlockTime.TotalSeconds} seconds";
        return new LoopEnd($"The last block was not stored within {time}; look at the disk");
    }

    private static Task<AttesterEvidence> AttestAsync(
        Attesting attesting, NodeConfiguration configuration, Charter? charter, Signer nodeKey,
        CancellationToken cancel)
    {
        NodeId node = new(Digest.Of(nodeKey.SubjectPublicKeyInfo.Span));
        return attesting.AttestAsync(
            NodeAttestation.ReportDataOf(node, configuration.Join is { Governance: { } approved } join
                ? GovernanceState.BindingOf(join.Network, approved)
                : charter?.Digest),
            configuration.Genesis.Platform,
            configuration.Attestation.Plays ?? (configuration.Join is null ? configuration.Genesis.Plays : null),
            cancel);
    }

    private static NodeSetup Setup(
        NodeConfiguration configuration, GenesisSettings genesis, EndpointTable application, Signer nodeKey,
        Entropy entropy, PublishedAddresses addresses, SecretBytes? sealingKey, string? peerAddress) => new()
        {
            SealingKey = sealingKey,
            NodeKey = nodeKey,
            Entropy = entropy,
            NewSigner = source => EcdsaSigner.Generate(source),
            Application = application,
            Genesis = genesis,
            SubjectAlternativeNames = addresses.AlternativeNames,
            PublishedAddresses = addresses.HostsAndPorts,
            PeerAddress = peerAddress,
            Platform = configuration.Genesis.Platform,
            LedgerFormat = configuration.Consensus.LedgerFormat,
            Limits = new NodeLimits
            {
                SnapshotInterval = (ulong)configuration.Limits.SnapshotTransactions,
                HeartbeatTicks = NodeLoop.TicksOf(configuration.Consensus.HeartbeatMilliseconds),
                ElectionTimeoutTicks = NodeLoop.TicksOf(configuration.Consensus.ElectionTimeoutMilliseconds),
            },
            ProgramVersion = ProgramVersion(),
        };

    private static string ProgramVersion() => typeof(CuriaHost).Assembly.GetName().Version!.ToString(3);
}
