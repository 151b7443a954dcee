using System;
using System.Collections.Generic;
using System.IO;
using System.Threading.Tasks;
using Curia.Cryptography;
using Curia.Endpoints;
using Curia.Ledger;
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
        GenesisSettings genesis = GenesisMaterial.Read(configuration.Genesis);
        using Shutdown shutdown = new();
        using HostLog log = new(configuration.LogFormat, configuration.LogLevel);
        using HostMetrics metrics = new();
        using IDisposable ledgerLock = StartChecks.LockLedger(configuration.Ledger);
        await using HttpFrontend frontend = await HttpFrontend.BindAsync(configuration, log);
        OutputFiles output = OutputFiles.Prepare(configuration.Output);
        if (arguments.DiscloseDataKeys is string file)
            StartChecks.WritableFolder("data key", Path.GetDirectoryName(Path.GetFullPath(file))!);

        // What an earlier process left is read and verified whole before it is touched.
        using SecretBytes sealingKey = VirtualPlatform.SealingKey();
        SealedFiles sealedFiles = SealedFiles.Prepare(configuration.SealedSecrets);
        if (ReadLedger(configuration, genesis, () => sealedFiles.Read(sealingKey), log, shutdown) is not { } reading)
            return 0;
        SnapshotFiles.Prepare(configuration.Snapshots, isNewLedger: reading.Replay is null);
        IReadOnlyList<FinishedChunk> finished = FinishLedger(reading, configuration.Ledger);

        // The node, and what its effects are performed on.
        SystemEntropy entropy = new();
        EcdsaSigner nodeKey = EcdsaSigner.Generate(entropy);
        PublishedAddresses addresses = new(configuration.Listeners, frontend.Bound);
        NodeSetup setup = Setup(configuration, genesis, application, nodeKey, entropy, addresses, sealingKey);
        CuriaNode node = new(setup, reading.Replay);
        using InputQueue inputs = new();
        using LedgerFiles ledger = LedgerFiles.Open(configuration.Ledger, finished, inputs.Add, metrics, log);
        SnapshotFiles snapshots = new(configuration.Snapshots, configuration.Limits.SnapshotsKept, inputs.Add, log);
        bool isOpen = false;
        bool areKeysDisclosed = false;
        NodeLoop loop = new(node, inputs, ledger, snapshots, sealedFiles, metrics, log, open =>
        {
            if (arguments.DiscloseDataKeys is string path)
            {
                DataKeyDisclosure.Write(path, node, log);
                areKeysDisclosed = true;
            }

            output.Write(node.View.NodeId, open, addresses);
            sealedFiles.RemoveOld();
            frontend.Open(TlsIdentity.Join(open.NodeCertificate.Span, nodeKey));
            isOpen = true;
        });
        SessionMetrics sessions = new(frontend.Sessions);
        frontend.Handle(new RequestHandling(node, loop, setup.Limits, configuration.Limits, metrics, sessions, log));
        metrics.ObserveNode(node, inputs);
        metrics.ObserveSessions(frontend.Sessions);
        log.Warning(InsecureWarning);
        loop.Start();
        LoopEnd end = await UntilEndAsync(frontend, loop, shutdown, configuration.Limits, log);
        output.Withdraw();
        await frontend.StopAsync(LastAnswersTime);
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

    // A thread that does not end may be sealing: it keeps its keys, and the end of the process takes both.
    private static void ClearKeys(NodeLoop loop, SnapshotFiles snapshots, CuriaNode node, EcdsaSigner nodeKey)
    {
        if (!(loop.Stop(LastStepTime) & snapshots.Stop(LastStepTime))) return;
        node.Dispose();
        nodeKey.Dispose();
    }

    // Null when the process is asked to end meanwhile.
    private static LedgerReading? ReadLedger(
        NodeConfiguration configuration, GenesisSettings genesis, Func<IReadOnlyList<SealedSecrets>> unseal,
        HostLog log, Shutdown shutdown)
    {
        try
        {
            return LedgerReading.Read(configuration.Ledger, unseal, genesis, configuration.Genesis.Platform, log,
                () => shutdown.Requested.IsCompleted);
        }
        catch (OperationCanceledException asked) when (shutdown.Requested.IsCompleted)
        {
            log.Info(asked.Message);
            return null;
        }
    }

    private static IReadOnlyList<FinishedChunk> FinishLedger(LedgerReading reading, string folder)
    {
        try
        {
            IReadOnlyList<FinishedChunk> finished = reading.Finish();
            if (reading.Replay is null) StartChecks.NothingElse("ledger", folder);
            return finished;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartFailure($"The ledger in {folder} cannot be made good", e.Message.TrimEnd('.'),
                "Look at the disk, make room, or correct permissions");
        }
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

    private static NodeSetup Setup(
        NodeConfiguration configuration, GenesisSettings genesis, EndpointTable application, Signer nodeKey,
        Entropy entropy, PublishedAddresses addresses, SecretBytes sealingKey) => new()
        {
            SealingKey = sealingKey,
            NodeKey = nodeKey,
            Entropy = entropy,
            NewSigner = source => EcdsaSigner.Generate(source),
            Application = application,
            Genesis = genesis,
            SubjectAlternativeNames = addresses.AlternativeNames,
            PublishedAddresses = addresses.HostsAndPorts,
            Platform = configuration.Genesis.Platform,
            Limits = new NodeLimits { SnapshotInterval = (ulong)configuration.Limits.SnapshotTransactions },
            ProgramVersion = ProgramVersion(),
        };

    private static string ProgramVersion() => typeof(CuriaHost).Assembly.GetName().Version!.ToString(3);
}
